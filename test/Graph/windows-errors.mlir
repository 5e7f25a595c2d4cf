// RUN: dlc-opt %s --split-input-file --verify-diagnostics --dlc-infer-shapes

func.func @channels(%x: !dlc.tensor<N x 6 x H x W x f32>, %w: !dlc.tensor<8 x 4 x 2 x 2 x f32>) {
  // expected-error @below {{expected filter dim 0 (8) to equal input channels (6), a multiple of group (1)}}
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!dlc.tensor<N x 6 x H x W x f32>, !dlc.tensor<8 x 4 x 2 x 2 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @kernel(%x: !dlc.tensor<N x 8 x H x W x f32>, %w: !dlc.tensor<8 x 4 x 0 x 2 x f32>) {
  // expected-error @below {{expected input and filter of the same rank, at least 3, and a filter with positive spatial dims}}
  %0 = dlc.conv_transpose given %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 0] output_shape [] group 1
      : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<8 x 4 x 0 x 2 x f32>) -> !dlc.tensor<* x f32>
  return
}
