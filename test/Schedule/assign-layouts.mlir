// RUN: dlc-opt %s --dlc-assign-layouts | FileCheck %s

!x3 = !dlc.tensor<1 x 3 x H x W x f32>
!x8 = !dlc.tensor<1 x 32 x H x W x f32>
!w = !dlc.tensor<32 x 3 x 3 x 3 x f32>
!w1 = !dlc.tensor<32 x 32 x 3 x 3 x f32>

module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>} {

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
  // The input is the caller's, and stays as it is: the convolution clips its windows.
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>
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

// Rows that a dilated filter has outside of the image are left out, and columns that none of a tile's pixels has in it; each
// channel by itself leaves nothing out.
// CHECK-LABEL: func.func @dilations
func.func @dilations(%x: !x3, %w: !w, %w1: !w1, %deep: !dlc.tensor<32 x 1 x 3 x 3 x f32>) -> (!x8, !x8) {
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 15, 0, 15]>>
  %0 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel anchor({{.*}}, %arg2) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [24, 24, 24, 24]>>
  %1 = dlc.kernel anchor (%0, %w1) : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [24, 24, 24, 24] dilations [24, 24] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel anchor({{.*}}, %arg3) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 2, 1, 2]>>
  %2 = dlc.kernel anchor (%1, %deep) : (!x8, !dlc.tensor<32 x 1 x 3 x 3 x f32>) -> !x8 {
  ^bb0(%a: !x8, %b: !dlc.tensor<32 x 1 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [24, 24, 24, 24] dilations [24, 24] group 32 : (!x8, !dlc.tensor<32 x 1 x 3 x 3 x f32>) -> !x8
    dlc.yield %r : !x8
  }
  %3 = dlc.kernel anchor (%2, %w1) : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 2, 1, 2] dilations [1, 2] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  return %3, %3 : !x8, !x8
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

// CHECK-LABEL: func.func @output_that_is_also_read_stays_dense
func.func @output_that_is_also_read_stays_dense(%x: !x3, %w: !w, %w1: !w1) -> (!x8, !x8) {
  // CHECK: %[[OUT:.*]] = dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  // CHECK: dlc.kernel anchor(%[[OUT]], %arg2)
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

// Pooling keeps the blocks, a sum with a shortcut too, and the mean over pixels reads them.
// CHECK-LABEL: func.func @residual_network
func.func @residual_network(%x: !x3, %w: !w, %w1: !w1) -> !dlc.tensor<1 x 32 x 1 x 1 x f32> {
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>
  %0 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: %[[POOL:.*]] = dlc.kernel pool({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>
  %1 = dlc.kernel pool (%0) : (!x8) -> !x8 {
  ^bb0(%a: !x8):
    %r = dlc.pool max %a kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!x8) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel anchor(%[[POOL]], %arg2, %[[POOL]]) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>
  %2 = dlc.kernel anchor (%1, %w1, %1) : (!x8, !w1, !x8) -> !x8 {
  ^bb0(%a: !x8, %b: !w1, %c: !x8):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    %s = dlc.add %r, %c : (!x8, !x8) -> !x8
    dlc.yield %s : !x8
  }
  // CHECK: dlc.kernel pool({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x 1 x 1 x f32> {
  %3 = dlc.kernel pool (%2) : (!x8) -> !dlc.tensor<1 x 32 x 1 x 1 x f32> {
  ^bb0(%a: !x8):
    %r = dlc.reduce mean %a axes [2, 3] keep_dims : (!x8) -> !dlc.tensor<1 x 32 x 1 x 1 x f32>
    dlc.yield %r : !dlc.tensor<1 x 32 x 1 x 1 x f32>
  }
  return %3 : !dlc.tensor<1 x 32 x 1 x 1 x f32>
}

// A resize of height and width keeps the blocks, and writes the halo that its reader wants; one of channels does not.
// CHECK-LABEL: func.func @resizes
func.func @resizes(%x: !x3, %w: !w, %w1: !w1) -> (!dlc.tensor<1 x 32 x 2*H x 2*W x f32>, !dlc.tensor<1 x 64 x H x W x f32>) {
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>
  %0 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel loops({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x 2*H x 2*W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>
  %1 = dlc.kernel loops (%0) : (!x8) -> !dlc.tensor<1 x 32 x 2*H x 2*W x f32> {
  ^bb0(%a: !x8):
    %s = dlc.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    %r = dlc.resize %a scales %s mode nearest coordinates asymmetric rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!x8, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 32 x 2*H x 2*W x f32>
    dlc.yield %r : !dlc.tensor<1 x 32 x 2*H x 2*W x f32>
  }
  %2 = dlc.kernel anchor (%1, %w1) : (!dlc.tensor<1 x 32 x 2*H x 2*W x f32>, !w1) -> !dlc.tensor<1 x 32 x 2*H x 2*W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 32 x 2*H x 2*W x f32>, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 32 x 2*H x 2*W x f32>, !w1) -> !dlc.tensor<1 x 32 x 2*H x 2*W x f32>
    dlc.yield %r : !dlc.tensor<1 x 32 x 2*H x 2*W x f32>
  }
  // CHECK: dlc.kernel anchor(%arg0, %arg1) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %3 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel loops({{.*}}) {{.*}} -> !dlc.tensor<1 x 64 x H x W x f32> {
  %4 = dlc.kernel loops (%3) : (!x8) -> !dlc.tensor<1 x 64 x H x W x f32> {
  ^bb0(%a: !x8):
    %s = dlc.constant dense<[1.0, 2.0, 1.0, 1.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    %r = dlc.resize %a scales %s mode nearest coordinates asymmetric rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!x8, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    dlc.yield %r : !dlc.tensor<1 x 64 x H x W x f32>
  }
  %5 = dlc.kernel loops (%4) : (!dlc.tensor<1 x 64 x H x W x f32>) -> !dlc.tensor<1 x 64 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x W x f32>):
    %r = dlc.relu %a : (!dlc.tensor<1 x 64 x H x W x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    dlc.yield %r : !dlc.tensor<1 x 64 x H x W x f32>
  }
  return %2, %5 : !dlc.tensor<1 x 32 x 2*H x 2*W x f32>, !dlc.tensor<1 x 64 x H x W x f32>
}

// A shortcut that is an output keeps the sum out of blocks, and the pooling that reads it as well.
// CHECK-LABEL: func.func @planar_spreads_over_sums_and_pooling
func.func @planar_spreads_over_sums_and_pooling(%x: !x3, %w: !w, %w1: !w1) -> (!x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>) {
  // CHECK: dlc.kernel anchor({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %0 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel anchor({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %2 = dlc.kernel anchor (%0, %w1, %0) : (!x8, !w1, !x8) -> !x8 {
  ^bb0(%a: !x8, %b: !w1, %c: !x8):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    %s = dlc.add %r, %c : (!x8, !x8) -> !x8
    dlc.yield %s : !x8
  }
  // CHECK: dlc.kernel pool({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %3 = dlc.kernel pool (%2) : (!x8) -> !x8 {
  ^bb0(%a: !x8):
    %r = dlc.pool max %a kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!x8) -> !x8
    dlc.yield %r : !x8
  }
  %4 = dlc.kernel pool (%3) : (!x8) -> !dlc.tensor<1 x 32 x 1 x 1 x f32> {
  ^bb0(%a: !x8):
    %r = dlc.reduce mean %a axes [2, 3] keep_dims : (!x8) -> !dlc.tensor<1 x 32 x 1 x 1 x f32>
    dlc.yield %r : !dlc.tensor<1 x 32 x 1 x 1 x f32>
  }
  return %0, %4 : !x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>
}

// A gate for each channel takes an image as it lies, unless its result is seen.
// CHECK-LABEL: func.func @gates
func.func @gates(%x: !x3, %w: !w, %w1: !w1, %gate: !dlc.tensor<1 x 32 x 1 x 1 x f32>) -> (!x8, !x8) {
  %0 = dlc.kernel anchor (%x, %w) : (!x3, !w) -> !x8 {
  ^bb0(%a: !x3, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x3, !w) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel loops({{.*}}, %arg3) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>
  %1 = dlc.kernel loops (%0, %gate) : (!x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>) -> !x8 {
  ^bb0(%a: !x8, %b: !dlc.tensor<1 x 32 x 1 x 1 x f32>):
    %r = dlc.mul %a, %b : (!x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel anchor({{.*}}) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %2 = dlc.kernel anchor (%1, %w1) : (!x8, !w1) -> !x8 {
  ^bb0(%a: !x8, %b: !w1):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x8, !w1) -> !x8
    dlc.yield %r : !x8
  }
  // CHECK: dlc.kernel loops({{.*}}, %arg3) {{.*}} -> !dlc.tensor<1 x 32 x H x W x f32> {
  %3 = dlc.kernel loops (%2, %gate) : (!x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>) -> !x8 {
  ^bb0(%a: !x8, %b: !dlc.tensor<1 x 32 x 1 x 1 x f32>):
    %r = dlc.mul %a, %b : (!x8, !dlc.tensor<1 x 32 x 1 x 1 x f32>) -> !x8
    dlc.yield %r : !x8
  }
  return %2, %3 : !x8, !x8
}

// Rows of products that others read lie a line more than half a page apart, unless all of them fit
// the cache's places anyhow, or anybody else sees them.
// CHECK-LABEL: func.func @rows
func.func @rows(%x: !dlc.tensor<N x 8 x f32>, %few: !dlc.tensor<8 x 8 x f32>)
    -> (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 8 x f32>, !dlc.tensor<N x 512 x f32>) {
  %up = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 16384>, shape = [8, 512], type = f32> -> <8 x 512 x f32>
  %down = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 16384>, shape = [512, 8], type = f32> -> <512 x 8 x f32>
  // CHECK: dlc.kernel anchor(%arg0, {{.*}}) {{.*}} -> !dlc.tensor<N x 512 x f32, #dlc.row_layout<pitch = 528>>
  %0 = dlc.kernel anchor (%x, %up) : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<N x 512 x f32> {
  ^bb0(%a: !dlc.tensor<N x 8 x f32>, %b: !dlc.tensor<8 x 512 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<N x 512 x f32>
    %s = dlc.relu %r : (!dlc.tensor<N x 512 x f32>) -> !dlc.tensor<N x 512 x f32>
    dlc.yield %s : !dlc.tensor<N x 512 x f32>
  }
  // CHECK: dlc.kernel anchor({{.*}}) {{.*}} -> !dlc.tensor<N x 8 x f32> {
  %1 = dlc.kernel anchor (%0, %down) : (!dlc.tensor<N x 512 x f32>, !dlc.tensor<512 x 8 x f32>) -> !dlc.tensor<N x 8 x f32> {
  ^bb0(%a: !dlc.tensor<N x 512 x f32>, %b: !dlc.tensor<512 x 8 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<N x 512 x f32>, !dlc.tensor<512 x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    dlc.yield %r : !dlc.tensor<N x 8 x f32>
  }
  // CHECK: dlc.kernel anchor(%arg1, {{.*}}) {{.*}} -> !dlc.tensor<8 x 512 x f32> {
  %2 = dlc.kernel anchor (%few, %up) : (!dlc.tensor<8 x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<8 x 512 x f32> {
  ^bb0(%a: !dlc.tensor<8 x 8 x f32>, %b: !dlc.tensor<8 x 512 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<8 x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<8 x 512 x f32>
    dlc.yield %r : !dlc.tensor<8 x 512 x f32>
  }
  %3 = dlc.kernel anchor (%2, %down) : (!dlc.tensor<8 x 512 x f32>, !dlc.tensor<512 x 8 x f32>) -> !dlc.tensor<8 x 8 x f32> {
  ^bb0(%a: !dlc.tensor<8 x 512 x f32>, %b: !dlc.tensor<512 x 8 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<8 x 512 x f32>, !dlc.tensor<512 x 8 x f32>) -> !dlc.tensor<8 x 8 x f32>
    dlc.yield %r : !dlc.tensor<8 x 8 x f32>
  }
  // CHECK: dlc.kernel anchor(%arg0, {{.*}}) {{.*}} -> !dlc.tensor<N x 512 x f32> {
  %4 = dlc.kernel anchor (%x, %up) : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<N x 512 x f32> {
  ^bb0(%a: !dlc.tensor<N x 8 x f32>, %b: !dlc.tensor<8 x 512 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 512 x f32>) -> !dlc.tensor<N x 512 x f32>
    dlc.yield %r : !dlc.tensor<N x 512 x f32>
  }
  return %1, %3, %4 : !dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 8 x f32>, !dlc.tensor<N x 512 x f32>
}
}
