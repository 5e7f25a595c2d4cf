// RUN: dlc-opt %s --dlc-assign-layouts | FileCheck %s

!x3 = !dlc.tensor<1 x 3 x H x W x f32>
!x8 = !dlc.tensor<1 x 32 x H x W x f32>
!w = !dlc.tensor<32 x 3 x 3 x 3 x f32>
!w1 = !dlc.tensor<32 x 32 x 3 x 3 x f32>

// CHECK-LABEL: func.func @documented
func.func @documented(%x: !x3, %w: !w) -> !x8 {
  // The producer writes the halo that the convolution reads.
  // CHECK: dlc.kernel loops(%arg0) {{.*}} -> !dlc.tensor<1 x 3 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 2, 1, 2]>>
  %0 = dlc.kernel loops (%x) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> : (!x3) -> !x3 {
  ^bb0(%a: !x3):
    %r = dlc.relu %a : (!x3) -> !x3
    dlc.yield %r : !x3
  }
  // An output stays dense.
  // CHECK: dlc.kernel anchor({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %1 = dlc.kernel anchor (%0, %w) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 2, 1, 2] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  return %1 : !x8
}

// CHECK-LABEL: func.func @blocks_between_direct_convolutions
func.func @blocks_between_direct_convolutions(%x: !x3, %w: !w, %w1: !w1) -> !x8 {
  // The input is the caller's: a box copies it into a buffer with a halo.
  // CHECK: %[[COPY:.*]] = dlc.kernel loops(%arg0) schedule <loops, lanes = 16, {{.*}} -> !dlc.tensor<1 x 3 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>
  // CHECK: dlc.kernel anchor(%[[COPY]], %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>
  %0 = dlc.kernel anchor (%x, %w) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  %1 = dlc.kernel anchor (%0, %w1) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  return %1 : !x8
}

// CHECK-LABEL: func.func @planar_where_other_boxes_read
func.func @planar_where_other_boxes_read(%x: !x3, %w: !w, %w1: !w1) -> (!x8, !x8) {
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>
  %0 = dlc.kernel anchor (%x, %w) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  %1 = dlc.kernel anchor (%0, %w1) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  %2 = dlc.kernel loops (%0) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> : (!x8) -> !x8 {
  ^bb0(%a: !x8):
    %r = dlc.relu %a : (!x8) -> !x8
    dlc.yield %r : !x8
  }
  return %1, %2 : !x8, !x8
}

// CHECK-LABEL: func.func @output_that_is_also_read_is_copied
func.func @output_that_is_also_read_is_copied(%x: !x3, %w: !w, %w1: !w1) -> (!x8, !x8) {
  // CHECK: %[[OUT:.*]] = dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  // CHECK: %[[COPY:.*]] = dlc.kernel loops(%[[OUT]]) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>
  // CHECK: dlc.kernel anchor(%[[COPY]], %arg2)
  %0 = dlc.kernel anchor (%x, %w) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  %1 = dlc.kernel anchor (%0, %w1) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: return %[[OUT]],
  return %0, %1 : !x8, !x8
}
