// RUN: dlc-opt %s --dlc-join-pixel-channels | FileCheck %s

!x = !dlc.tensor<1 x 8 x H x W x f32>
!w = !dlc.tensor<64 x 8 x 3 x 3 x f32>
!b = !dlc.tensor<64 x f32>
!conv = !dlc.tensor<1 x 64 x H x W x f32>
!apart = !dlc.tensor<1 x 16 x 2 x 2 x H x W x f32>
!moved = !dlc.tensor<1 x 16 x H x 2 x W x 2 x f32>
#w = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 18432>, shape = [64, 8, 3, 3], type = f32>
#b = #dlc.weight<source = #dlc.range<file = 0, offset = 18432, length = 256>, shape = [64], type = f32>

// CHECK-LABEL: func.func @documented
// CHECK: %[[W:.*]] = dlc.constant #{{.*}} -> <64 x 8 x 3 x 3 x f32>
// CHECK: %[[WV:.*]] = dlc.view %[[W]] : <64 x 8 x 3 x 3 x f32> -> <16 x 4 x 72 x f32>
// CHECK: %[[WT:.*]] = dlc.transpose %[[WV]] perm [1, 0, 2]
// CHECK: %[[FILTER:.*]] = dlc.view %[[WT]] : <4 x 16 x 72 x f32> -> <64 x 8 x 3 x 3 x f32>
// CHECK: %[[BT:.*]] = dlc.transpose %{{.*}} perm [1, 0, 2] : (!dlc.tensor<16 x 4 x 1 x f32>)
// CHECK: %[[BIAS:.*]] = dlc.view %[[BT]] : <4 x 16 x 1 x f32> -> <64 x f32>
// CHECK: %[[CONV:.*]] = dlc.conv %arg0, %[[FILTER]], %[[BIAS]]
// CHECK: %[[APART:.*]] = dlc.view %[[CONV]] : <1 x 64 x H x W x f32> -> <1 x 2 x 2 x 16 x H x W x f32>
// CHECK: dlc.transpose %[[APART]] perm [0, 3, 4, 1, 5, 2]
func.func @documented(%x: !x) -> !moved {
  %w = dlc.constant #w -> !w
  %b = dlc.constant #b -> !b
  %0 = dlc.conv %x, %w, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !w, !b) -> !conv
  %1 = dlc.view %0 : <1 x 64 x H x W x f32> -> <1 x 16 x 2 x 2 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 1, 4, 2, 5, 3] : (!apart) -> !moved
  return %2 : !moved
}

// Others read the channels in their order.
// CHECK-LABEL: func.func @read_twice
// CHECK: dlc.transpose %{{.*}} perm [0, 1, 4, 2, 5, 3]
func.func @read_twice(%x: !x) -> (!moved, !conv) {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.view %0 : <1 x 64 x H x W x f32> -> <1 x 16 x 2 x 2 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 1, 4, 2, 5, 3] : (!apart) -> !moved
  return %2, %0 : !moved, !conv
}

// The order of weights that are no constants would cost something.
// CHECK-LABEL: func.func @variable
// CHECK: dlc.conv %arg0, %arg1
// CHECK: dlc.transpose %{{.*}} perm [0, 1, 4, 2, 5, 3]
func.func @variable(%x: !x, %w: !w) -> !moved {
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.view %0 : <1 x 64 x H x W x f32> -> <1 x 16 x 2 x 2 x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 1, 4, 2, 5, 3] : (!apart) -> !moved
  return %2 : !moved
}

// The same dims moved otherwise, of pixels that are no channels.
// CHECK-LABEL: func.func @cut_rows
// CHECK: dlc.transpose %{{.*}} perm [0, 1, 4, 2, 5, 3]
func.func @cut_rows(%x: !dlc.tensor<1 x 8 x 4 x W x f32>) -> !dlc.tensor<1 x 64 x 2 x 2 x W x 1 x f32> {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 8 x 4 x W x f32>, !w) -> !dlc.tensor<1 x 64 x 4 x W x f32>
  %1 = dlc.view %0 : <1 x 64 x 4 x W x f32> -> <1 x 64 x 2 x 1 x 2 x W x f32>
  %2 = dlc.transpose %1 perm [0, 1, 4, 2, 5, 3] : (!dlc.tensor<1 x 64 x 2 x 1 x 2 x W x f32>) -> !dlc.tensor<1 x 64 x 2 x 2 x W x 1 x f32>
  return %2 : !dlc.tensor<1 x 64 x 2 x 2 x W x 1 x f32>
}
