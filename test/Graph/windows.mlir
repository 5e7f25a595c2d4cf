// Transposed convolutions become convolutions, pads that follow from sizes pads that windows take over.
// RUN: dlc-opt %s --dlc-infer-shapes --canonicalize | FileCheck %s

!x = !dlc.tensor<N x 8 x H x W x f32>

// Channels are ordered by phase, then by output.
// CHECK-LABEL: func.func @tiles
// CHECK: dlc.conv %arg0, %{{.*}}, %{{.*}} strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : {{.*}} -> !dlc.tensor<N x 16 x H x W x f32>
// CHECK: dlc.view %{{.*}} -> <N x 2 x 2 x 4 x H x W x f32>
// CHECK: dlc.transpose %{{.*}} perm [0, 3, 4, 1, 5, 2]
// CHECK: dlc.view %{{.*}} -> <N x 4 x 2*H x 2*W x f32>
// CHECK-NOT: dlc.pad
func.func @tiles(%x: !x, %w: !dlc.tensor<8 x 4 x 2 x 2 x f32>, %b: !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w, %b strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!x, !dlc.tensor<8 x 4 x 2 x 2 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// A window holds what any phase reads; the filter has zeros where a phase reads less.
// CHECK-LABEL: func.func @overlap
// CHECK: dlc.pad constant {{.*}} -> !dlc.tensor<8 x 4 x 6 x 6 x f32>
// CHECK: dlc.slice {{.*}} steps [1, 1, -1, 1, -1, 1]
// CHECK: dlc.transpose %{{.*}} perm [3, 5, 1, 0, 2, 4]
// CHECK: dlc.conv %arg0, {{.*}} strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : {{.*}} -> !dlc.tensor<N x 16 x H x W x f32>
// CHECK: dlc.view %{{.*}} -> <N x 4 x 2*H x 2*W x f32>
// CHECK-NEXT: return
func.func @overlap(%x: !x, %w: !dlc.tensor<8 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!x, !dlc.tensor<8 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// Phases beyond the last output are cut off.
// CHECK-LABEL: func.func @cropped
// CHECK: dlc.conv %arg0, {{.*}} pads [0, 1, 1, 0] dilations [1, 1] group 2 : {{.*}} -> !dlc.tensor<N x 32 x H x W x f32>
// CHECK: dlc.view %{{.*}} -> <N x 2 x 2 x 2 x 4 x H x W x f32>
// CHECK: dlc.transpose %{{.*}} perm [0, 1, 4, 5, 2, 6, 3]
// CHECK: dlc.view %{{.*}} -> <N x 8 x 2*H x 2*W x f32>
// CHECK: dlc.pad constant {{.*}} -> !dlc.tensor<N x 8 x 2*H - 1 x 2*W x f32>
func.func @cropped(%x: !x, %w: !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [1, 0, 1, 1] dilations [1, 1] output_pads [0, 0] output_shape [] group 2
      : (!x, !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @one_phase
// CHECK: dlc.slice {{.*}} steps [1, 1, -1, 1, -1, 1]
// CHECK: dlc.conv {{.*}} pads [3, 3, 3, 3] dilations [2, 2] group 1 : {{.*}} -> !dlc.tensor<N x 4 x H + 2 x W + 2 x f32>
// CHECK-NEXT: return
func.func @one_phase(%x: !x, %w: !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [2, 2] output_pads [0, 0] output_shape [] group 1
      : (!x, !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// What only the run knows of a filter, and what depends on it, is the library's matter.
// CHECK-LABEL: func.func @late_filter
// CHECK: dlc.library_call "conv_transpose"({{.*}} -> !dlc.tensor<N x 2*M x 2*H + K - 3 x L + 2*W - 3 x f32>
func.func @late_filter(%x: !x, %w: !dlc.tensor<C x M x K x L x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 2
      : (!x, !dlc.tensor<C x M x K x L x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// Nor is a filter laid out that has a phase for each of very many outputs.
// CHECK-LABEL: func.func @long_strides
// CHECK: dlc.library_call "conv_transpose"({{.*}} -> !dlc.tensor<1 x 4 x 2147483650 x 3 x f32>
func.func @long_strides(%x: !dlc.tensor<1 x 8 x 2 x 1 x f32>, %w: !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [2147483647, 2147483647] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!dlc.tensor<1 x 8 x 2 x 1 x f32>, !dlc.tensor<8 x 4 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// Over few inputs no window has zeros, and what is in front of the first output is cut off, too.
// CHECK-LABEL: func.func @few_inputs
// CHECK: dlc.conv %arg0, {{.*}} pads [1, 1, 1, 1] {{.*}} !dlc.tensor<16 x 64 x 2 x 2 x f32>) -> !dlc.tensor<1 x 16 x 5 x 5 x f32>
// CHECK: dlc.view %{{.*}} -> <1 x 4 x 10 x 10 x f32>
// CHECK: dlc.pad constant {{.*}} -> !dlc.tensor<1 x 4 x 8 x 8 x f32>
func.func @few_inputs(%x: !dlc.tensor<1 x 64 x 4 x 4 x f32>, %w: !dlc.tensor<64 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!dlc.tensor<1 x 64 x 4 x 4 x f32>, !dlc.tensor<64 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// A single input overlaps with nothing: its window is one pixel.
// CHECK-LABEL: func.func @one_input
// CHECK: dlc.conv %arg0, {{.*}} pads [0, 0, 0, 0] {{.*}} !dlc.tensor<64 x 8 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 1 x 1 x f32>
// CHECK: dlc.view %{{.*}} -> <1 x 4 x 4 x 4 x f32>
// CHECK-NEXT: return
func.func @one_input(%x: !dlc.tensor<1 x 8 x 1 x 1 x f32>, %w: !dlc.tensor<8 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv_transpose given %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!dlc.tensor<1 x 8 x 1 x 1 x f32>, !dlc.tensor<8 x 4 x 4 x 4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @same
// CHECK-NOT: dlc.pad
// CHECK: dlc.conv %arg0, %arg1 strides [2, 2] pads [0, 1, 1, 1] dilations [1, 1] group 1 : {{.*}} -> !dlc.tensor<N x 4 x 4 x 5 x f32>
func.func @same(%x: !dlc.tensor<N x 8 x 8 x 9 x f32>, %w: !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.same_pad %x kernel [3, 3] strides [2, 2] dilations [1, 1] upper : (!dlc.tensor<N x 8 x 8 x 9 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.conv %0, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<* x f32>, !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %1 : !dlc.tensor<* x f32>
}
