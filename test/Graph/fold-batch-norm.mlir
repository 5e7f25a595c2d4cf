// RUN: dlc-opt %s --dlc-fold-batch-norm --canonicalize | FileCheck %s

!image = !dlc.tensor<N x 2 x H x W x f32>
!filter = !dlc.tensor<2 x 2 x 3 x 3 x f32>
!vector = !dlc.tensor<2 x f32>

// CHECK-LABEL: func.func @documented
func.func @documented(%x: !image) -> !image {
  %filter = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 144>, shape = [2, 2, 3, 3], type = f32> -> !filter
  %scale = dlc.constant dense<2.0> : tensor<2xf32> -> !vector
  %shift = dlc.constant dense<3.0> : tensor<2xf32> -> !vector
  %mean = dlc.constant dense<4.0> : tensor<2xf32> -> !vector
  %variance = dlc.constant dense<5.0> : tensor<2xf32> -> !vector
  // CHECK-DAG: %[[FILTER:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 144>, shape = [2, 2, 3, 3], type = f32, recipe = [#dlc.combine<mul, #dlc.weight<source = dense<2.000000e+00> : tensor<2xf32>, shape = [2], type = f32, recipe = [#dlc.combine<mul, #dlc.weight<source = dense<5.000000e+00> : tensor<2xf32>, shape = [2], type = f32, recipe = [#dlc.rsqrt<1.000000e-03 : f32>]>>]>>]> -> <2 x 2 x 3 x 3 x f32>
  // CHECK-DAG: %[[BIAS:.*]] = dlc.constant #dlc.weight<source = dense<3.000000e+00> : tensor<2xf32>, shape = [2], type = f32, recipe = [#dlc.combine<sub, #dlc.weight<source = dense<4.000000e+00> : tensor<2xf32>, shape = [2], type = f32, recipe = [#dlc.combine<mul, {{.*}}>]>>]> -> <2 x f32>
  // CHECK: %[[CONV:.*]] = dlc.conv %arg0, %[[FILTER]], %[[BIAS]] strides
  // CHECK-NEXT: return %[[CONV]]
  %0 = dlc.conv %x, %filter strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.batch_norm %0, %scale, %shift, %mean, %variance epsilon 1.0e-03 : (!image, !vector, !vector, !vector, !vector) -> !image
  return %1 : !image
}

// The bias of the convolution is normalized too: (bias - mean) * factors + shift.
// CHECK-LABEL: func.func @with_bias
// CHECK: dlc.constant #dlc.weight<source = dense<7.000000e+00> : tensor<2xf32>, shape = [2], type = f32, recipe = [#dlc.combine<sub, {{.*}}>, #dlc.combine<mul, {{.*}}>, #dlc.combine<add, #dlc.weight<source = dense<3.000000e+00> : tensor<2xf32>, shape = [2], type = f32>>]>
func.func @with_bias(%x: !image) -> !image {
  %filter = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 144>, shape = [2, 2, 3, 3], type = f32> -> !filter
  %bias = dlc.constant dense<7.0> : tensor<2xf32> -> !vector
  %scale = dlc.constant dense<2.0> : tensor<2xf32> -> !vector
  %shift = dlc.constant dense<3.0> : tensor<2xf32> -> !vector
  %mean = dlc.constant dense<4.0> : tensor<2xf32> -> !vector
  %variance = dlc.constant dense<5.0> : tensor<2xf32> -> !vector
  %0 = dlc.conv %x, %filter, %bias strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter, !vector) -> !image
  %1 = dlc.batch_norm %0, %scale, %shift, %mean, %variance epsilon 1.0e-03 : (!image, !vector, !vector, !vector, !vector) -> !image
  return %1 : !image
}

// CHECK-LABEL: func.func @without_convolution
// CHECK-DAG: %[[FACTORS:.*]] = dlc.constant #dlc.weight<source = dense<2.000000e+00> : tensor<2x1x1xf32>, shape = [2, 1, 1], {{.*}} -> <2 x 1 x 1 x f32>
// CHECK-DAG: %[[OFFSETS:.*]] = dlc.constant #dlc.weight<source = dense<3.000000e+00> : tensor<2x1x1xf32>, shape = [2, 1, 1], {{.*}} -> <2 x 1 x 1 x f32>
// CHECK: %[[PRODUCT:.*]] = dlc.mul %arg0, %[[FACTORS]]
// CHECK: dlc.add %[[PRODUCT]], %[[OFFSETS]]
func.func @without_convolution(%x: !image) -> !image {
  %scale = dlc.constant dense<2.0> : tensor<2xf32> -> !vector
  %shift = dlc.constant dense<3.0> : tensor<2xf32> -> !vector
  %mean = dlc.constant dense<4.0> : tensor<2xf32> -> !vector
  %variance = dlc.constant dense<5.0> : tensor<2xf32> -> !vector
  %1 = dlc.batch_norm %x, %scale, %shift, %mean, %variance epsilon 1.0e-03 : (!image, !vector, !vector, !vector, !vector) -> !image
  return %1 : !image
}

// CHECK-LABEL: func.func @convolution_with_two_uses_is_kept
// CHECK: %[[CONV:.*]] = dlc.conv
// CHECK: dlc.mul %[[CONV]],
func.func @convolution_with_two_uses_is_kept(%x: !image) -> (!image, !image) {
  %filter = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 144>, shape = [2, 2, 3, 3], type = f32> -> !filter
  %scale = dlc.constant dense<2.0> : tensor<2xf32> -> !vector
  %0 = dlc.conv %x, %filter strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.batch_norm %0, %scale, %scale, %scale, %scale epsilon 1.0e-03 : (!image, !vector, !vector, !vector, !vector) -> !image
  return %0, %1 : !image, !image
}

// CHECK-LABEL: func.func @variables
// CHECK: %[[V:.*]] = dlc.view %{{.*}} : <2 x f32> -> <2 x 1 x f32>
// CHECK: %[[E:.*]] = dlc.add %[[V]], %{{.*}} -> !dlc.tensor<2 x 1 x f32>
// CHECK: %[[D:.*]] = dlc.sqrt %[[E]]
// CHECK: %[[C:.*]] = dlc.sub %arg0, %{{.*}} -> !dlc.tensor<N x 2 x H x f32>
// CHECK: %[[R:.*]] = dlc.div %[[C]], %[[D]]
// CHECK: %[[M:.*]] = dlc.mul %[[R]], %{{.*}}
// CHECK: dlc.add %[[M]], %{{.*}}
func.func @variables(%x: !dlc.tensor<N x 2 x H x f32>, %v: !dlc.tensor<2 x f32>) -> !dlc.tensor<N x 2 x H x f32> {
  %0 = dlc.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-03 : (!dlc.tensor<N x 2 x H x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<N x 2 x H x f32>
  return %0 : !dlc.tensor<N x 2 x H x f32>
}
