// RUN: dlc-opt %s --dlc-infer-shapes --verify-diagnostics --split-input-file

// All problems are reported at once; an op whose operands are unknown adds none.
func.func @all_problems(%x: !dlc.tensor<1 x 4 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>,
                        %a: !dlc.tensor<* x f32>, %n: !dlc.tensor<N x 3 x f32>, %m: !dlc.tensor<M x 4 x f32>) -> !dlc.tensor<* x f32> {
  %u = dlc.relu %x : (!dlc.tensor<1 x 4 x H x W x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected filter channels * group (3 * 1) to equal input channels (4)}}
  %0 = dlc.conv %u, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<* x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.relu %0 : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected dims that broadcast, found 3 and 4}}
  %2 = dlc.add %n, %m : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<M x 4 x f32>) -> !dlc.tensor<* x f32>
  return %1 : !dlc.tensor<* x f32>
}

// -----

func.func @negative_size(%x: !dlc.tensor<1 x 3 x 2 x 2 x f32>, %w: !dlc.tensor<8 x 3 x 5 x 5 x f32>) -> !dlc.tensor<* x f32> {
  // expected-error @below {{expected a result of positive size, found -2 in dimension 2}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x 2 x 2 x f32>, !dlc.tensor<8 x 3 x 5 x 5 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @overflow(%x: !dlc.tensor<1 x 3 x 9223372036854775807 x 2 x f32>, %w: !dlc.tensor<8 x 3 x 1 x 1 x f32>) -> !dlc.tensor<* x f32> {
  // expected-error @below {{expected dims of 64 bits, but dimension 2 leaves them}}
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x 9223372036854775807 x 2 x f32>, !dlc.tensor<8 x 3 x 1 x 1 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @resize_c1(%x: !dlc.tensor<1 x 3 x H x W x f32>, %s: !dlc.tensor<3 x f32>) -> !dlc.tensor<* x f32> {
  // expected-error @below {{expected a vector of 4 scales of f32, one for each resized dim}}
  %0 = dlc.resize %x scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @resize_c1_negative(%x: !dlc.tensor<H x W x f32>) -> !dlc.tensor<* x f32> {
  %s = dlc.constant dense<[1.0, -1.0]> : tensor<2xf32> -> !dlc.tensor<2 x f32>
  // expected-error @below {{expected positive scales, found -1}}
  %0 = dlc.resize %x scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<H x W x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @resize_overflow(%x: !dlc.tensor<H x 4611686018427387904 x f32>) -> !dlc.tensor<* x f32> {
  %s = dlc.constant dense<[1.0, 4.0]> : tensor<2xf32> -> !dlc.tensor<2 x f32>
  // expected-error @below {{expected dims of 64 bits}}
  %0 = dlc.resize %x scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<H x 4611686018427387904 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @reshape(%x: !dlc.tensor<N x 6 x f32>, %s: !dlc.tensor<2 x i32>, %f: !dlc.tensor<3 x 4 x f32>) {
  // expected-error @below {{expected a vector of i64 as shape}}
  %0 = dlc.reshape %x, %s : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i32>) -> !dlc.tensor<* x f32>
  %a = dlc.constant dense<[-1, -1]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  // expected-error @below {{expected dims that are not negative and at most one -1, found -1}}
  %1 = dlc.reshape %x, %a : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %b5 = dlc.constant dense<[-1, 5]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  // expected-error @below {{expected as many elements as}}
  %2 = dlc.reshape %f, %b5 : (!dlc.tensor<3 x 4 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %c = dlc.constant dense<[0, 5]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  // expected-error @below {{expected as many elements as}}
  %3 = dlc.reshape %f, %c : (!dlc.tensor<3 x 4 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %d = dlc.constant dense<[1, 1, 0]> : tensor<3xi64> -> !dlc.tensor<3 x i64>
  // expected-error @below {{expected a dim 2 of the input to keep}}
  %4 = dlc.reshape %x, %d : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<3 x i64>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @axes(%x: !dlc.tensor<N x 6 x f32>) {
  // expected-error @below {{expected axes to be dims of}}
  %0 = dlc.reduce sum %x axes [2] : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected axes to be dims of}}
  %1 = dlc.reduce sum %x axes [1, -1] : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected axis to be a dim of '!dlc.tensor<N x 6 x f32>', found -3}}
  %s = dlc.softmax %x axis -3 : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected axis to be a dim of '!dlc.tensor<N x 6 x f32>', found 2}}
  %l1 = dlc.layer_norm %x axis 2 epsilon 1.0e-05 : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  %scale = dlc.constant dense<1.0> : tensor<5xf32> -> !dlc.tensor<5 x f32>
  // expected-error @below {{expected scale and bias to broadcast to '!dlc.tensor<N x 6 x f32>', found '!dlc.tensor<5 x f32>'}}
  %l2 = dlc.layer_norm %x scale %scale axis 1 epsilon 1.0e-05 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<5 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected products and weights of rank 3}}
  %r0, %r1 = dlc.recurrence rnn forward %x, %x activations ["Tanh"] alphas [0.0] betas [0.0] : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<N x 6 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  %products = dlc.view %x : !dlc.tensor<N x 6 x f32> -> !dlc.tensor<1 x N x 6 x f32>
  %gates = dlc.constant dense<1.0> : tensor<1x5x5xf32> -> !dlc.tensor<1 x 5 x 5 x f32>
  // expected-error @below {{expected dims '!dlc.tensor<1 x N x 5 x f32>', found '!dlc.tensor<1 x N x 6 x f32>'}}
  %r2, %r3 = dlc.recurrence rnn forward %products, %gates activations ["Tanh"] alphas [0.0] betas [0.0] : (!dlc.tensor<1 x N x 6 x f32>, !dlc.tensor<1 x 5 x 5 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  // expected-error @below {{expected axis from -2 to 2, found 3}}
  %2 = dlc.flatten %x axis 3 : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected an input with spatial dims}}
  %3 = dlc.global_pool max %x : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @batch_norm_c1(%x: !dlc.tensor<N x 6 x f32>, %v: !dlc.tensor<5 x f32>) {
  // expected-error @below {{expected vectors with one element for each channel of}}
  %0 = dlc.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-05 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<5 x f32>, !dlc.tensor<5 x f32>, !dlc.tensor<5 x f32>, !dlc.tensor<5 x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @movement(%x: !dlc.tensor<N x 6 x f32>, %i: !dlc.tensor<2 x i64>, %f: !dlc.tensor<2 x f32>) {
  // expected-error @below {{expected a permutation of the dims of}}
  %0 = dlc.transpose %x perm [0, 0] : (!dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected an axis of}}
  %1 = dlc.concat %x, %x axis 2 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<N x 6 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected inputs of one rank}}
  %2 = dlc.concat %x, %f axis 0 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected indices of i32 or i64}}
  %3 = dlc.gather %x, %f axis 0 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected an axis of}}
  %4 = dlc.gather %x, %i axis -3 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %axes = dlc.constant dense<[0, 2]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  // expected-error @below {{expected axes from -2 to 1, found 2}}
  %5 = dlc.dynamic_reduce sum %x, %axes : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  // expected-error @below {{expected a dim of 1 to remove, found dimension 1}}
  %6 = dlc.squeeze %x, %one : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %zero = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  // expected-error @below {{expected steps other than 0}}
  %7 = dlc.dynamic_slice %x from %zero to %one axes %zero steps %zero : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %parts = dlc.constant dense<[2, 3]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  // expected-error @below {{expected 2 sizes that add up to 6}}
  %8:2 = dlc.split %x sizes %parts axis 1 : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  // expected-error @below {{expected 4 pads, found 2}}
  %9 = dlc.dynamic_pad constant %x pads %parts : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// -----

func.func @control_flow(%x: !dlc.tensor<N x f32>, %y: !dlc.tensor<N x i64>, %c: !dlc.tensor<2 x i1>, %b: !dlc.tensor<i1>, %h: !dlc.value) {
  // expected-error @below {{expected a condition of one element}}
  %0 = dlc.if %c : (!dlc.tensor<2 x i1>) -> !dlc.tensor<* x f32> {
    dlc.yield %x : !dlc.tensor<N x f32>
  } else {
    dlc.yield %x : !dlc.tensor<N x f32>
  }
  return
}

// -----

func.func @attention(%x: !dlc.tensor<N x 2 x S x 4 x f32>, %m: !dlc.tensor<S x S x f32>) {
  // expected-error @below {{expected a mask of i1 with the score of blocked pairs}}
  %0 = dlc.attention %x, %x, %x mask %m scale 0.5 blocked -1.0 : (!dlc.tensor<N x 2 x S x 4 x f32>, !dlc.tensor<N x 2 x S x 4 x f32>, !dlc.tensor<N x 2 x S x 4 x f32>, !dlc.tensor<S x S x f32>) -> !dlc.tensor<* x f32>
  return
}
