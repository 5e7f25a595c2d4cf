// RUN: dlc-opt %s --dlc-crop-filters | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK: %[[MIDDLE:.*]] = dlc.slice %arg1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>, #dlc.expr<1>] sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<1>, #dlc.expr<1>] steps [1, 1, 1, 1]
// CHECK: dlc.conv %arg0, %[[MIDDLE]] strides [1, 1] pads [0, 0, 0, 0] dilations [24, 24] group 1
func.func @documented(%x: !dlc.tensor<N x 8 x 20 x 20 x f32>, %filter: !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<N x 4 x 20 x 20 x f32> {
  %0 = dlc.conv %x, %filter strides [1, 1] pads [24, 24, 24, 24] dilations [24, 24] group 1 : (!dlc.tensor<N x 8 x 20 x 20 x f32>, !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<N x 4 x 20 x 20 x f32>
  return %0 : !dlc.tensor<N x 4 x 20 x 20 x f32>
}

// Causal: the last tap alone. And a long filter, whose first and last 4 taps are never over the image.
// CHECK-LABEL: func.func @one_dim
// CHECK: %[[LAST:.*]] = dlc.slice %arg1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<2>] sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<1>]
// CHECK: dlc.conv %arg0, %[[LAST]] strides [1] pads [0, 0] dilations [16] group 1
// CHECK: %[[LONG:.*]] = dlc.slice %arg2 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<4>] sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<32>]
// CHECK: dlc.conv %arg0, %[[LONG]] strides [1] pads [16, 16] dilations [1] group 1
func.func @one_dim(%x: !dlc.tensor<1 x 8 x 16 x f32>, %causal: !dlc.tensor<4 x 8 x 3 x f32>, %long: !dlc.tensor<4 x 8 x 40 x f32>) -> (!dlc.tensor<1 x 4 x 16 x f32>, !dlc.tensor<1 x 4 x 16 x f32>, !dlc.tensor<1 x 4 x 17 x f32>) {
  %0 = dlc.conv %x, %causal strides [1] pads [32, 0] dilations [16] group 1 : (!dlc.tensor<1 x 8 x 16 x f32>, !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 16 x f32>
  %1 = dlc.conv %x, %long strides [1] pads [20, 20] dilations [1] group 1 : (!dlc.tensor<1 x 8 x 16 x f32>, !dlc.tensor<4 x 8 x 40 x f32>) -> !dlc.tensor<1 x 4 x 17 x f32>
  return %0, %0, %1 : !dlc.tensor<1 x 4 x 16 x f32>, !dlc.tensor<1 x 4 x 16 x f32>, !dlc.tensor<1 x 4 x 17 x f32>
}

// Each dim by itself: the height is not known.
// CHECK-LABEL: func.func @known_width
// CHECK: %[[FILTER:.*]] = dlc.slice %arg1 {{.*}} sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<3>, #dlc.expr<1>]
// CHECK: dlc.conv %arg0, %[[FILTER]] strides [1, 1] pads [24, 0, 24, 0]
func.func @known_width(%x: !dlc.tensor<1 x 8 x H x 20 x f32>, %filter: !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<1 x 4 x H x 20 x f32> {
  %0 = dlc.conv %x, %filter strides [1, 1] pads [24, 24, 24, 24] dilations [24, 24] group 1 : (!dlc.tensor<1 x 8 x H x 20 x f32>, !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<1 x 4 x H x 20 x f32>
  return %0 : !dlc.tensor<1 x 4 x H x 20 x f32>
}

// Without the first tap the pads would be 20 - 24.
// CHECK-LABEL: func.func @fewer_pads
// CHECK-NOT: dlc.slice
func.func @fewer_pads(%x: !dlc.tensor<1 x 8 x 20 x f32>, %filter: !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 12 x f32> {
  %0 = dlc.conv %x, %filter strides [1] pads [20, 20] dilations [24] group 1 : (!dlc.tensor<1 x 8 x 20 x f32>, !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 12 x f32>
  return %0 : !dlc.tensor<1 x 4 x 12 x f32>
}

// A stride of two reaches what a stride of three, from where it starts, steps over.
// CHECK-LABEL: func.func @strides
// CHECK-NOT: dlc.slice
// CHECK: dlc.conv %arg0, %arg1 strides [2]
// CHECK: %[[FILTER:.*]] = dlc.slice %arg1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>] sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<2>]
// CHECK: dlc.conv %arg0, %[[FILTER]] strides [3] pads [0, 2]
func.func @strides(%x: !dlc.tensor<1 x 8 x 2 x f32>, %filter: !dlc.tensor<4 x 8 x 3 x f32>) -> (!dlc.tensor<1 x 4 x 2 x f32>, !dlc.tensor<1 x 4 x 1 x f32>) {
  %0 = dlc.conv %x, %filter strides [2] pads [1, 2] dilations [1] group 1 : (!dlc.tensor<1 x 8 x 2 x f32>, !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 2 x f32>
  %1 = dlc.conv %x, %filter strides [3] pads [1, 2] dilations [1] group 1 : (!dlc.tensor<1 x 8 x 2 x f32>, !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 1 x f32>
  return %0, %1 : !dlc.tensor<1 x 4 x 2 x f32>, !dlc.tensor<1 x 4 x 1 x f32>
}

// One tap stays where none reaches an image without elements, or all outputs lie in the pads.
// CHECK-LABEL: func.func @nowhere
// CHECK: dlc.slice %arg1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<2>] sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<1>]
// CHECK: dlc.conv {{.*}} strides [1] pads [1, 3]
func.func @nowhere(%x: !dlc.tensor<1 x 8 x 0 x f32>, %filter: !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 4 x f32> {
  %0 = dlc.conv %x, %filter strides [1] pads [3, 3] dilations [1] group 1 : (!dlc.tensor<1 x 8 x 0 x f32>, !dlc.tensor<4 x 8 x 3 x f32>) -> !dlc.tensor<1 x 4 x 4 x f32>
  return %0 : !dlc.tensor<1 x 4 x 4 x f32>
}
