// RUN: dlc-opt %s --dlc-fuse --verify-diagnostics --split-input-file

// Everything that no emitter takes is reported at once.
func.func @all_obstacles(%a: !dlc.tensor<1 x 4 x H x H x H x f32>, %w: !dlc.tensor<8 x 4 x 3 x 1 x 1 x f32>,
                         %b: !dlc.tensor<1 x 4 x H x W x f32>, %v: !dlc.tensor<4 x 4 x 3 x 3 x f32>,
                         %c: !dlc.tensor<N x i64>, %d: !dlc.tensor<N x f32>) {
  // expected-error @below {{convolution over 3 dims is not supported, only over 2}}
  %0 = dlc.conv %a, %w strides [1, 1, 1] pads [1, 0, 0, 1, 0, 0] dilations [1, 1, 1] group 1 : (!dlc.tensor<1 x 4 x H x H x H x f32>, !dlc.tensor<8 x 4 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 8 x H x H x H x f32>
  // expected-error @below {{a filter or bias that is not a constant is not supported}}
  %1 = dlc.conv %b, %v strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 4 x H x W x f32>, !dlc.tensor<4 x 4 x 3 x 3 x f32>) -> !dlc.tensor<1 x 4 x H x W x f32>
  // expected-error @below {{elements of type i64 are not supported, only f32}}
  %2 = dlc.relu %c : (!dlc.tensor<N x i64>) -> !dlc.tensor<N x i64>
  %s = dlc.constant dense<2.0> : tensor<1xf32> -> !dlc.tensor<1 x f32>
  // expected-error @below {{a resize of fewer than 2 dims is not supported}}
  %3 = dlc.resize %d, %s coordinates half_pixel cubic_coeff -0.75 : (!dlc.tensor<N x f32>, !dlc.tensor<1 x f32>) -> !dlc.tensor<2*N x f32>
  return
}

// -----

func.func @windows(%x: !dlc.tensor<N x 4 x W x f32>) {
  // expected-error @below {{pooling over 1 dims is not supported, only over 2}}
  %0 = dlc.max_pool %x kernel [3] strides [1] pads [1, 1] dilations [1] : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<N x 4 x W x f32>
  return
}

// -----

func.func @output(%x: !dlc.tensor<N x i64> {dlc.name = "x"}) -> (!dlc.tensor<N x i64> {dlc.name = "y"}) {
  // expected-error @below {{output 'y': elements of type 'i64' are not supported, only f32}}
  return %x : !dlc.tensor<N x i64>
}

// -----

func.func @before_inference(%x: !dlc.tensor<* x f32>) {
  // expected-error @below {{expected known shapes, which the graph phase finds}}
  %0 = dlc.relu %x : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  return
}
