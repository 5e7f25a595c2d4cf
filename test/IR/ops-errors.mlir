// RUN: dlc-opt %s --verify-diagnostics --split-input-file

func.func @constant_c1() {
  // expected-error @below {{expected a dense value of at most 64 elements, found 65}}
  %0 = dlc.constant dense<1.0> : tensor<65xf32> -> !dlc.tensor<65 x f32>
  return
}

// -----

func.func @constant_c2() {
  // expected-error @below {{expected the value's shape and element type}}
  %0 = dlc.constant dense<1.0> : tensor<3xf32> -> !dlc.tensor<4 x f32>
  return
}

// -----

func.func @constant_value() {
  // expected-error @below {{expected a dense attribute or a weight}}
  %0 = dlc.constant 3.0 : f32 -> !dlc.tensor<f32>
  return
}

// -----

func.func @constant_shape() {
  // expected-error @below {{expected a static shape}}
  %0 = dlc.constant dense<1.0> : tensor<3xf32> -> !dlc.tensor<N x f32>
  return
}

// -----

func.func @conv_c1(%x: !dlc.tensor<1 x 3 x H x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected input and filter of the same rank, at least 3}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x H x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_c2(%x: !dlc.tensor<* x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected 2 strides and dilations and 4 pads}}
  %0 = dlc.conv %x, %w strides [1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<* x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_c3(%x: !dlc.tensor<* x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected strides and dilations to be positive and pads not to be negative}}
  %0 = dlc.conv %x, %w strides [1, 0] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<* x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_c4(%x: !dlc.tensor<1 x 4 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected filter channels * group (3 * 1) to equal input channels (4)}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 4 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_c5(%x: !dlc.tensor<1 x 9 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected output channels (8) to be a multiple of group (3)}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 3
      : (!dlc.tensor<1 x 9 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_group(%x: !dlc.tensor<1 x 9 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected group to be positive}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 0
      : (!dlc.tensor<1 x 9 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @conv_c6(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>, %b: !dlc.tensor<3 x f32>) {
  // expected-error @below {{expected a bias of 8 elements, found '!dlc.tensor<3 x f32>'}}
  %0 = dlc.conv %x, %w, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @binary_c1(%x: !dlc.tensor<N x f32>, %y: !dlc.tensor<N x i64>) {
  // expected-error @below {{expected operands and result of one element type}}
  %0 = dlc.add %x, %y : (!dlc.tensor<N x f32>, !dlc.tensor<N x i64>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @clip_c1(%x: !dlc.tensor<N x f32>, %low: !dlc.tensor<1 x f32>) {
  // expected-error @below {{expected bounds of rank 0}}
  %0 = dlc.clip %x low %low : (!dlc.tensor<N x f32>, !dlc.tensor<1 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @clip_c2(%x: !dlc.tensor<N x f32>, %low: !dlc.tensor<i64>) {
  // expected-error @below {{expected operands and result of one element type}}
  %0 = dlc.clip %x low %low : (!dlc.tensor<N x f32>, !dlc.tensor<i64>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @kernel_c1(%x: !dlc.tensor<N x f32>) {
  // expected-error @below {{expected block arguments of the operands' types without layout}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%arg0: !dlc.tensor<M x f32>):
    dlc.yield %arg0 : !dlc.tensor<M x f32>
  }
  return
}

// -----

func.func @kernel_c2(%x: !dlc.tensor<N x f32>) {
  // expected-error @below {{expected to yield values of the results' types without layout}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<M x f32> {
  ^bb0(%arg0: !dlc.tensor<N x f32>):
    dlc.yield %arg0 : !dlc.tensor<N x f32>
  }
  return
}

// -----

func.func @kernel_rank(%x: !dlc.tensor<* x f32>) {
  // expected-error @below {{expected operands of known shape}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32> {
  ^bb0(%arg0: !dlc.tensor<* x f32>):
    dlc.yield %arg0 : !dlc.tensor<* x f32>
  }
  return
}

// -----

func.func @read_c1(%b: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // expected-error @below {{expected a value of type}}
  %0 = dlc.read %b : !dlc.buffer<!dlc.tensor<N x f32>> -> !dlc.tensor<M x f32>
  return
}

// -----

func.func @write_c1(%v: !dlc.tensor<M x f32>, %b: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // expected-error @below {{expected a value of type}}
  dlc.write %v, %b : !dlc.tensor<M x f32>, !dlc.buffer<!dlc.tensor<N x f32>>
  return
}

// -----

func.func @matmul_c1(%x: !dlc.tensor<4 x f32>, %w: !dlc.tensor<4 x 3 x f32>) {
  // expected-error @below {{expected matrices or vectors that are not transposed}}
  %0 = dlc.matmul %x, %w transpose_lhs : (!dlc.tensor<4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @matmul_c1_scalar(%x: !dlc.tensor<f32>, %w: !dlc.tensor<4 x 3 x f32>) {
  // expected-error @below {{expected matrices or vectors that are not transposed}}
  %0 = dlc.matmul %x, %w : (!dlc.tensor<f32>, !dlc.tensor<4 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @matmul_c2(%x: !dlc.tensor<N x 4 x f32>, %w: !dlc.tensor<4 x 3 x f32>) {
  // expected-error @below {{expected lhs and rhs to agree in the dim that is summed over, found 4 and 3}}
  %0 = dlc.matmul %x, %w transpose_rhs : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @matmul_c3(%x: !dlc.tensor<2 x 5 x N x 4 x f32>, %w: !dlc.tensor<3 x 1 x 4 x 3 x f32>) {
  // expected-error @below {{expected dims before the last two that broadcast, found 2 and 3}}
  %0 = dlc.matmul %x, %w : (!dlc.tensor<2 x 5 x N x 4 x f32>, !dlc.tensor<3 x 1 x 4 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @matmul_c4(%x: !dlc.tensor<N x 4 x f32>, %w: !dlc.tensor<4 x 3 x f32>) {
  // expected-error @below {{expected a bias of 3 elements}}
  %0 = dlc.matmul %x, %w, %x : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @max_pool_c1(%x: !dlc.tensor<N x 4 x W x f32>) {
  // expected-error @below {{expected kernel, strides and dilations of 2 and pads of 4 elements}}
  %0 = dlc.pool max %x kernel [3, 3] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @max_pool_c2(%x: !dlc.tensor<N x 4 x W x f32>) {
  // expected-error @below {{expected pads from 0 to less than the kernel's extent (3), found 3}}
  %0 = dlc.pool max %x kernel [3] strides [1] pads [3, 0] dilations [1] : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @max_pool_c2_stride(%x: !dlc.tensor<N x 4 x W x f32>) {
  // expected-error @below {{expected kernel, strides and dilations to be positive and below 2^31}}
  %1 = dlc.pool max %x kernel [3] strides [0] pads [0, 0] dilations [1] : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @reinterpret_c1(%x: !dlc.buffer<!dlc.tensor<3 x 4 x f32>>) {
  // expected-error @below {{expected dense buffers of one size}}
  %0 = dlc.reinterpret %x : !dlc.buffer<!dlc.tensor<3 x 4 x f32>> -> !dlc.buffer<!dlc.tensor<3 x 5 x f32>>
  return
}

// -----

func.func @conv_c7(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w: !dlc.tensor<0 x 3 x 3 x 3 x f32>) {
  // expected-error @below {{expected filter dims to be positive}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<0 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @recurrence_c2(%x: !dlc.tensor<S x B x 4 x f32>, %w: !dlc.tensor<1 x 4 x 4 x f64>) {
  // expected-error @below {{expected operands of element type 'f32', found 'f64'}}
  %0, %1 = dlc.recurrence rnn forward %x, %w activations ["Tanh"] alphas [0.0] betas [0.0] : (!dlc.tensor<S x B x 4 x f32>, !dlc.tensor<1 x 4 x 4 x f64>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  return
}

// -----

func.func @recurrence_c3(%x: !dlc.tensor<S x B x 4 x f32>, %w: !dlc.tensor<1 x 4 x 1 x f32>) {
  // expected-error @below {{expected a cell for an lstm, and for no other}}
  %0, %1 = dlc.recurrence lstm forward %x, %w activations ["Tanh", "Tanh", "Tanh"] alphas [0.0, 0.0, 0.0] betas [0.0, 0.0, 0.0] : (!dlc.tensor<S x B x 4 x f32>, !dlc.tensor<1 x 4 x 1 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  return
}

// -----

func.func @recurrence_c4(%x: !dlc.tensor<S x B x 4 x f32>, %w: !dlc.tensor<1 x 4 x 4 x f32>) {
  // expected-error @below {{expected 1 activations, alphas and betas}}
  %0, %1 = dlc.recurrence rnn forward %x, %w activations ["Tanh"] alphas [0.0] betas [0.0, 1.0] : (!dlc.tensor<S x B x 4 x f32>, !dlc.tensor<1 x 4 x 4 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  return
}

// -----

func.func @last_writer_c1(%numbers: !dlc.tensor<U x 1 x i64>) {
  // expected-error @below {{expected vectors of i64, found '!dlc.tensor<U x 1 x i64>'}}
  %0 = dlc.last_writer %numbers : (!dlc.tensor<U x 1 x i64>) -> !dlc.tensor<N x i64>
  return
}
