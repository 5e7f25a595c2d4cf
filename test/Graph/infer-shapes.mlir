// RUN: dlc-opt %s --dlc-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK-SAME: -> !dlc.tensor<N x 8 x f32>
func.func @documented(%x: !dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32> {
  // CHECK: dlc.relu %{{.*}} : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
  %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @conv_keeps_size_with_same_padding
// CHECK: -> !dlc.tensor<N x 8 x H x W x f32>
func.func @conv_keeps_size_with_same_padding(%x: !dlc.tensor<N x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 5 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 2, 1, 2] dilations [1, 1] group 1
      : (!dlc.tensor<N x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 5 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @conv_with_stride_and_dilation
// CHECK: -> !dlc.tensor<1 x 8 x floordiv(H + 1, 2) x floordiv(W + 1, 3) x f32>
func.func @conv_with_stride_and_dilation(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [2, 3] pads [1, 1, 1, 2] dilations [1, 2] group 1
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @static_conv
// CHECK: -> !dlc.tensor<1 x 8 x 112 x 112 x f32>
func.func @static_conv(%x: !dlc.tensor<1 x 3 x 224 x 224 x f32>, %w: !dlc.tensor<8 x 3 x 7 x 7 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x 224 x 224 x f32>, !dlc.tensor<8 x 3 x 7 x 7 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @broadcast
// CHECK: dlc.add {{.*}} -> !dlc.tensor<N x 3 x W x f32>
// CHECK: dlc.mul {{.*}} -> !dlc.tensor<N x 3 x W x f32>
func.func @broadcast(%a: !dlc.tensor<N x 1 x W x f32>, %b: !dlc.tensor<3 x 1 x f32>, %s: !dlc.tensor<f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.add %b, %a : (!dlc.tensor<3 x 1 x f32>, !dlc.tensor<N x 1 x W x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.mul %s, %0 : (!dlc.tensor<f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  return %1 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @resize
// CHECK: dlc.resize {{.*}} -> !dlc.tensor<1 x 3 x 3*H x W + floordiv(W, 2) x f32>
// CHECK: dlc.resize {{.*}} -> !dlc.tensor<1 x 3 x 30 x 7 x f32>
func.func @resize(%x: !dlc.tensor<1 x 3 x H x W x f32>, %y: !dlc.tensor<1 x 3 x 10 x 10 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  %0 = dlc.constant dense<[1.0, 1.0, 3.0, 1.5]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  %1 = dlc.resize %x, %0 coordinates half_pixel cubic_coeff -0.75
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.constant dense<[1.0, 1.0, 3.0, 0.7]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  %3 = dlc.resize %y, %2 coordinates half_pixel cubic_coeff -0.75
      : (!dlc.tensor<1 x 3 x 10 x 10 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return %1, %3 : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @windows
// CHECK: dlc.max_pool {{.*}} -> !dlc.tensor<N x 4 x floordiv(H + 1, 2) x 3 x f32>
// CHECK: dlc.max_pool {{.*}} ceil {{.*}} -> !dlc.tensor<N x 4 x floordiv(H, 2) + 1 x 4 x f32>
// CHECK: dlc.reduce mean {{.*}} -> !dlc.tensor<N x 4 x 1 x 1 x f32>
// CHECK: dlc.reduce sum {{.*}} -> !dlc.tensor<N x 4 x f32>
// CHECK: dlc.global_pool mean {{.*}} -> !dlc.tensor<N x 4 x 1 x 1 x f32>
func.func @windows(%x: !dlc.tensor<N x 4 x H x 6 x f32>) {
  %0 = dlc.max_pool %x kernel [3, 2] strides [2, 2] pads [1, 0, 1, 0] dilations [1, 1] : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.max_pool %x kernel [2, 2] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.reduce mean %x axes [-1, 2] keep_dims : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %3 = dlc.reduce sum %x axes [3, 2] : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %4 = dlc.global_pool mean %x : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @products
// CHECK: dlc.matmul {{.*}} -> !dlc.tensor<N x M x 5 x f32>
// CHECK: dlc.batch_norm {{.*}} -> !dlc.tensor<N x 4 x H x f32>
func.func @products(%x: !dlc.tensor<N x M x 4 x f32>, %w: !dlc.tensor<5 x 4 x f32>, %b: !dlc.tensor<5 x f32>, %y: !dlc.tensor<N x 4 x H x f32>, %v: !dlc.tensor<4 x f32>) {
  %0 = dlc.matmul %x, %w, %b transpose_rhs : (!dlc.tensor<N x M x 4 x f32>, !dlc.tensor<5 x 4 x f32>, !dlc.tensor<5 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.batch_norm %y, %v, %v, %v, %v epsilon 1.0e-05 : (!dlc.tensor<N x 4 x H x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @views
// CHECK: dlc.reshape {{.*}} -> !dlc.tensor<batch x 512 x f32>
// CHECK: dlc.reshape {{.*}} -> !dlc.tensor<batch x 2 x 256 x f32>
// CHECK: dlc.flatten {{.*}} axis 0 {{.*}} -> !dlc.tensor<1 x 512*batch x f32>
// CHECK: dlc.flatten {{.*}} axis -3 {{.*}} -> !dlc.tensor<batch x 512 x f32>
func.func @views(%x: !dlc.tensor<batch x 512 x 1 x 1 x f32>) {
  %a = dlc.constant dense<[-1, 512]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  %0 = dlc.reshape %x, %a : (!dlc.tensor<batch x 512 x 1 x 1 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %b = dlc.constant dense<[0, 2, -1]> : tensor<3xi64> -> !dlc.tensor<3 x i64>
  %1 = dlc.reshape %x, %b : (!dlc.tensor<batch x 512 x 1 x 1 x f32>, !dlc.tensor<3 x i64>) -> !dlc.tensor<* x f32>
  %2 = dlc.flatten %x axis 0 : (!dlc.tensor<batch x 512 x 1 x 1 x f32>) -> !dlc.tensor<* x f32>
  %3 = dlc.flatten %x axis -3 : (!dlc.tensor<batch x 512 x 1 x 1 x f32>) -> !dlc.tensor<* x f32>
  return
}
