// Channels that become pixels, in boxes of the convolutions that compute them.
// RUN: dlc-opt %s --dlc-fuse | FileCheck %s
// RUN: dlc-opt %s --dlc-fuse=rules=conv-elementwise,elementwise | FileCheck %s --check-prefix=OFF
// OFF-COUNT-7: dlc.transpose %arg
// OFF-NOT: dlc.transpose

!x = !dlc.tensor<1 x 8 x H x W x f32>
!w = !dlc.tensor<96 x 8 x 1 x 1 x f32>
!conv = !dlc.tensor<1 x 96 x H x W x f32>
!apart = !dlc.tensor<1 x 2 x 3 x 16 x H x W x f32>
!moved = !dlc.tensor<1 x 16 x H x 2 x W x 3 x f32>
!y = !dlc.tensor<1 x 16 x 2*H x 3*W x f32>
#w = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 3072>, shape = [96, 8, 1, 1], type = f32>
module attributes {dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
// Ops before the shuffle and behind it join, and what those behind it read lies as the result.
// CHECK-LABEL: func.func @between
// CHECK: %[[BOX:.*]] = dlc.kernel anchor(%arg0, %{{.*}}, %arg1) : {{.*}} -> !dlc.tensor<1 x 16 x 2*H x 3*W x f32> {
// CHECK: dlc.conv
// CHECK-NEXT: dlc.relu
// CHECK-NEXT: dlc.view
// CHECK-NEXT: dlc.transpose
// CHECK-NEXT: %[[SHUFFLED:.*]] = dlc.view
// CHECK-NEXT: %[[SUM:.*]] = dlc.add %[[SHUFFLED]], %arg{{.*}}
// CHECK-NEXT: dlc.neg %[[SUM]]
// CHECK-NEXT: dlc.yield
// CHECK: return %[[BOX]]
func.func @between(%x: !x, %other: !y) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.relu %0 : (!conv) -> !conv
  %2 = dlc.view %1 : <1 x 96 x H x W x f32> -> <1 x 2 x 3 x 16 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  %5 = dlc.add %4, %other : (!y, !y) -> !y
  %6 = dlc.neg %5 : (!y) -> !y
  return %6 : !y
}

// What else reads the convolution needs it as it is.
// CHECK-LABEL: func.func @read_twice
// CHECK: %[[CONV:.*]] = dlc.kernel anchor(%arg0, %{{.*}}) : {{.*}} -> !dlc.tensor<1 x 96 x H x W x f32>
// CHECK: dlc.kernel loops
func.func @read_twice(%x: !x) -> (!y, !conv) {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %2 = dlc.view %0 : <1 x 96 x H x W x f32> -> <1 x 2 x 3 x 16 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  return %4, %0 : !y, !conv
}

// What an op before the shuffle reads lies otherwise.
// CHECK-LABEL: func.func @sum_before
// CHECK: dlc.kernel anchor(%arg0, %{{.*}}, %arg1) : {{.*}} -> !dlc.tensor<1 x 96 x H x W x f32>
// CHECK: dlc.kernel loops
func.func @sum_before(%x: !x, %other: !conv) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %1 = dlc.add %0, %other : (!conv, !conv) -> !conv
  %2 = dlc.view %1 : <1 x 96 x H x W x f32> -> <1 x 2 x 3 x 16 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  return %4 : !y
}

// Neighbours among the channels have to be channels of one pixel, and fill vectors.
// CHECK-LABEL: func.func @pixels_first
// CHECK: dlc.kernel anchor(%arg0, %{{.*}}) : {{.*}} -> !dlc.tensor<1 x 96 x H x W x f32>
// CHECK: dlc.kernel loops
func.func @pixels_first(%x: !x) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %2 = dlc.view %0 : <1 x 96 x H x W x f32> -> <1 x 16 x 2 x 3 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 1, 4, 2, 5, 3] : (!dlc.tensor<1 x 16 x 2 x 3 x H x W x f32>) -> !moved
  %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  return %4 : !y
}

// CHECK-LABEL: func.func @few_channels
// CHECK: dlc.kernel anchor(%arg0, %{{.*}}) : {{.*}} -> !dlc.tensor<1 x 96 x H x W x f32>
// CHECK: dlc.kernel loops
func.func @few_channels(%x: !x) -> !dlc.tensor<1 x 6 x 4*H x 4*W x f32> {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %2 = dlc.view %0 : <1 x 96 x H x W x f32> -> <1 x 4 x 4 x 6 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<1 x 4 x 4 x 6 x H x W x f32>) -> !dlc.tensor<1 x 6 x H x 4 x W x 4 x f32>
  %4 = dlc.view %3 : <1 x 6 x H x 4 x W x 4 x f32> -> <1 x 6 x 4*H x 4*W x f32>
  return %4 : !dlc.tensor<1 x 6 x 4*H x 4*W x f32>
}

// Boxes write what a concatenation joins in its place.
// CHECK-LABEL: func.func @joined
// CHECK-COUNT-2: dlc.kernel anchor
// CHECK-NOT: dlc.kernel
// CHECK: dlc.concat
func.func @joined(%x: !x) -> !dlc.tensor<1 x 32 x 2*H x 3*W x f32> {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %2 = dlc.view %0 : <1 x 96 x H x W x f32> -> <1 x 2 x 3 x 16 x H x W x f32>
  %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  %5 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !conv
  %6 = dlc.view %5 : <1 x 96 x H x W x f32> -> <1 x 2 x 3 x 16 x H x W x f32>
  %7 = dlc.transpose %6 perm [0, 3, 4, 1, 5, 2] : (!apart) -> !moved
  %8 = dlc.view %7 : <1 x 16 x H x 2 x W x 3 x f32> -> <1 x 16 x 2*H x 3*W x f32>
  %9 = dlc.concat %4, %8 axis 1 : (!y, !y) -> !dlc.tensor<1 x 32 x 2*H x 3*W x f32>
  return %9 : !dlc.tensor<1 x 32 x 2*H x 3*W x f32>
}
}
