// RUN: dlc-opt %s --dlc-hoist-batch-norm | FileCheck %s

!x = !dlc.tensor<1 x 8 x H x W x f32>
!w = !dlc.tensor<24 x 8 x 1 x 1 x f32>
!conv = !dlc.tensor<1 x 24 x H x W x f32>
!apart = !dlc.tensor<1 x 2 x 3 x 4 x H x W x f32>
!moved = !dlc.tensor<1 x 4 x H x 2 x W x 3 x f32>
!y = !dlc.tensor<1 x 4 x 2*H x 3*W x f32>
!v = !dlc.tensor<4 x f32>
#w = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 768>, shape = [24, 8, 1, 1], type = f32>

// CHECK-LABEL: func.func @documented
// CHECK: %[[CONV:.*]] = dlc.conv
// CHECK: %[[REPEATED:.*]] = dlc.broadcast %{{.*}} : <4 x f32> -> <6 x 4 x f32>
// CHECK: %[[SCALE:.*]] = dlc.view %[[REPEATED]] : <6 x 4 x f32> -> <24 x f32>
// CHECK: %[[NORM:.*]] = dlc.batch_norm %[[CONV]], %[[SCALE]], {{.*}} epsilon {{.*}} -> !dlc.tensor<1 x 24 x H x W x f32>
// CHECK: %[[APART:.*]] = dlc.view %[[NORM]]
// CHECK: %[[MOVED:.*]] = dlc.transpose %[[APART]]
// CHECK: %[[Y:.*]] = dlc.view %[[MOVED]]
// CHECK: return %[[Y]]
func.func @documented(%x: !x) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.view %0 : <1 x 24 x H x W x f32> -> <1 x 2 x 3 x 4 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %3 = dlc.view %2 : <1 x 4 x H x 2 x W x 3 x f32> -> <1 x 4 x 2*H x 3*W x f32>
  %scale = dlc.constant dense<2.0> : tensor<4xf32> -> !v
  %shift = dlc.constant dense<3.0> : tensor<4xf32> -> !v
  %mean = dlc.constant dense<4.0> : tensor<4xf32> -> !v
  %variance = dlc.constant dense<5.0> : tensor<4xf32> -> !v
  %4 = dlc.batch_norm %3, %scale, %shift, %mean, %variance epsilon 1.0e-05 : (!y, !v, !v, !v, !v) -> !y
  return %4 : !y
}

// Others read the pixels as they are.
// CHECK-LABEL: func.func @read_twice
// CHECK: dlc.batch_norm {{.*}} -> !dlc.tensor<1 x 4 x 2*H x 3*W x f32>
func.func @read_twice(%x: !x) -> (!y, !y) {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.view %0 : <1 x 24 x H x W x f32> -> <1 x 2 x 3 x 4 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %3 = dlc.view %2 : <1 x 4 x H x 2 x W x 3 x f32> -> <1 x 4 x 2*H x 3*W x f32>
  %v = dlc.constant dense<2.0> : tensor<4xf32> -> !v
  %4 = dlc.batch_norm %3, %v, %v, %v, %v epsilon 1.0e-05 : (!y, !v, !v, !v, !v) -> !y
  return %4, %3 : !y, !y
}

// A convolution that cannot take it, and factors that the run computes, stay.
// CHECK-LABEL: func.func @variables
// CHECK-COUNT-2: dlc.batch_norm {{.*}} -> !dlc.tensor<1 x 4 x 2*H x 3*W x f32>
func.func @variables(%x: !x, %variable: !w, %scale: !v) -> (!y, !y) {
  %w = dlc.constant #w -> !w
  %v = dlc.constant dense<2.0> : tensor<4xf32> -> !v
  %0 = dlc.conv %x, %variable strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.view %0 : <1 x 24 x H x W x f32> -> <1 x 2 x 3 x 4 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %3 = dlc.view %2 : <1 x 4 x H x 2 x W x 3 x f32> -> <1 x 4 x 2*H x 3*W x f32>
  %4 = dlc.batch_norm %3, %v, %v, %v, %v epsilon 1.0e-05 : (!y, !v, !v, !v, !v) -> !y
  %5 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %6 = dlc.view %5 : <1 x 24 x H x W x f32> -> <1 x 2 x 3 x 4 x H x W x f32>
  %7 = dlc.transpose %6 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %8 = dlc.view %7 : <1 x 4 x H x 2 x W x 3 x f32> -> <1 x 4 x 2*H x 3*W x f32>
  %9 = dlc.batch_norm %8, %scale, %v, %v, %v epsilon 1.0e-05 : (!y, !v, !v, !v, !v) -> !y
  return %4, %9 : !y, !y
}
