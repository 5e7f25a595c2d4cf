// RUN: dlc-opt %s --dlc-insert-reorders | FileCheck %s

!x = !dlc.tensor<1 x 48 x H x W x f32>
!w = !dlc.tensor<48 x 48 x 3 x 3 x f32>
!few = !dlc.tensor<1 x 4 x H x W x f32>
!wfew = !dlc.tensor<4 x 48 x 1 x 1 x f32>
module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>} {
// The program's image is copied once for both convolutions that read it; who reads planar images has a copy of the result.
// CHECK-LABEL: func.func @copies
func.func @copies(%x: !x, %w: !w, %v: !wfew) -> !few {
  // CHECK: %[[X:.*]] = dlc.kernel loops(%arg0)
  // CHECK-NEXT: ^bb0(%[[A:.*]]: !dlc.tensor<1 x 48 x H x W x f32>):
  // CHECK-NEXT: dlc.yield %[[A]]
  // CHECK: %[[FIRST:.*]] = dlc.kernel anchor(%[[X]], %arg1)
  %0 = dlc.kernel anchor (%x, %w) : (!x, !w) -> !x {
  ^bb0(%a: !x, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !w) -> !x
    dlc.yield %r : !x
  }
  // The shortcut lies as the result does.
  // CHECK: %[[SECOND:.*]] = dlc.kernel anchor(%[[FIRST]], %arg1, %[[X]])
  %1 = dlc.kernel anchor (%0, %w, %x) : (!x, !w, !x) -> !x {
  ^bb0(%a: !x, %b: !w, %c: !x):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !w) -> !x
    %s = dlc.add %r, %c : (!x, !x) -> !x
    dlc.yield %s : !x
  }
  // CHECK: %[[PLANAR:.*]] = dlc.kernel loops(%[[SECOND]])
  // CHECK: dlc.kernel anchor(%[[PLANAR]], %arg2)
  %2 = dlc.kernel anchor (%1, %v) : (!x, !wfew) -> !few {
  ^bb0(%a: !x, %b: !wfew):
    %r = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !wfew) -> !few
    dlc.yield %r : !few
  }
  return %2 : !few
}

// Strides have no such form, but planes that lie whole pages apart cost more than a copy. The result is planar as before.
// CHECK-LABEL: func.func @pages
// CHECK: %[[X:.*]] = dlc.kernel loops(%arg0)
// CHECK: %[[BOX:.*]] = dlc.kernel anchor(%[[X]], %arg1)
// CHECK: return %[[BOX]]
func.func @pages(%x: !dlc.tensor<1 x 48 x 64 x 64 x f32>, %w: !w) -> !dlc.tensor<1 x 48 x 32 x 32 x f32> {
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 48 x 64 x 64 x f32>, !w) -> !dlc.tensor<1 x 48 x 32 x 32 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 48 x 64 x 64 x f32>, %b: !w):
    %r = dlc.conv %a, %b strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 48 x 64 x 64 x f32>, !w) -> !dlc.tensor<1 x 48 x 32 x 32 x f32>
    dlc.yield %r : !dlc.tensor<1 x 48 x 32 x 32 x f32>
  }
  return %0 : !dlc.tensor<1 x 48 x 32 x 32 x f32>
}

// Elsewhere the same few products are not worth one.
// CHECK-LABEL: func.func @no_pages
// CHECK-NOT: dlc.kernel loops
func.func @no_pages(%x: !dlc.tensor<1 x 48 x 60 x 60 x f32>, %w: !w) -> !dlc.tensor<1 x 48 x 30 x 30 x f32> {
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 48 x 60 x 60 x f32>, !w) -> !dlc.tensor<1 x 48 x 30 x 30 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 48 x 60 x 60 x f32>, %b: !w):
    %r = dlc.conv %a, %b strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 48 x 60 x 60 x f32>, !w) -> !dlc.tensor<1 x 48 x 30 x 30 x f32>
    dlc.yield %r : !dlc.tensor<1 x 48 x 30 x 30 x f32>
  }
  return %0 : !dlc.tensor<1 x 48 x 30 x 30 x f32>
}

// Where channels become pixels the result lies in blocks, and so does what is added to it; the program has a copy.
// CHECK-LABEL: func.func @pixels
// CHECK: %[[ADDED:.*]] = dlc.kernel loops(%arg2)
// CHECK: %[[BOX:.*]] = dlc.kernel anchor(%arg0, %arg1, %[[ADDED]])
// CHECK: %[[PLANAR:.*]] = dlc.kernel loops(%[[BOX]])
// CHECK: return %[[PLANAR]]
func.func @pixels(%x: !x, %w: !dlc.tensor<64 x 48 x 1 x 1 x f32>, %s: !dlc.tensor<1 x 16 x 2*H x 2*W x f32>) -> !dlc.tensor<1 x 16 x 2*H x 2*W x f32> {
  %0 = dlc.kernel anchor (%x, %w, %s) : (!x, !dlc.tensor<64 x 48 x 1 x 1 x f32>, !dlc.tensor<1 x 16 x 2*H x 2*W x f32>) -> !dlc.tensor<1 x 16 x 2*H x 2*W x f32> {
  ^bb0(%a: !x, %b: !dlc.tensor<64 x 48 x 1 x 1 x f32>, %c: !dlc.tensor<1 x 16 x 2*H x 2*W x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !dlc.tensor<64 x 48 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    %2 = dlc.view %1 : <1 x 64 x H x W x f32> -> <1 x 2 x 2 x 16 x H x W x f32>
    %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<1 x 2 x 2 x 16 x H x W x f32>) -> !dlc.tensor<1 x 16 x H x 2 x W x 2 x f32>
    %4 = dlc.view %3 : <1 x 16 x H x 2 x W x 2 x f32> -> <1 x 16 x 2*H x 2*W x f32>
    %5 = dlc.add %4, %c : (!dlc.tensor<1 x 16 x 2*H x 2*W x f32>, !dlc.tensor<1 x 16 x 2*H x 2*W x f32>) -> !dlc.tensor<1 x 16 x 2*H x 2*W x f32>
    dlc.yield %5 : !dlc.tensor<1 x 16 x 2*H x 2*W x f32>
  }
  return %0 : !dlc.tensor<1 x 16 x 2*H x 2*W x f32>
}
}
