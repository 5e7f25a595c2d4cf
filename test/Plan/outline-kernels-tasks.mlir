// RUN: dlc-opt %s --dlc-outline-kernels --split-input-file | FileCheck %s

// The number of tasks by algorithm.

!l = !dlc.tensor<B x M x K x f32>
!r = !dlc.tensor<K x N x f32>
!y = !dlc.tensor<B x M x N x f32>
#matmul = #dlc.schedule<matmul, lanes = 16, channels = 64, pixels = [6, 1], rows = 48>

// A band of rows of a panel of columns of each product.
// CHECK: dlc.launch @matmul_0 tasks <B*floordiv(M + 47, 48)*floordiv(N + 63, 64)>
func.func @main(%l: !l {dlc.name = "l"}, %r: !r {dlc.name = "r"}) -> (!y {dlc.name = "y"}) {
  %0 = dlc.kernel anchor (%l, %r) schedule #matmul : (!l, !r) -> !y {
  ^bb0(%a: !l, %b: !r):
    %p = dlc.matmul %a, %b : (!l, !r) -> !y
    dlc.yield %p : !y
  }
  return %0 : !y
}

// -----

!k = !dlc.tensor<K x f32>
!r = !dlc.tensor<B x K x N x f32>
!y = !dlc.tensor<B x N x f32>
#matmul = #dlc.schedule<matmul, lanes = 16, channels = 64, pixels = [1], rows = 8>

// A vector is one row.
// CHECK: dlc.launch @matmul_0 tasks <B*floordiv(N + 63, 64)>
func.func @main(%k: !k {dlc.name = "k"}, %r: !r {dlc.name = "r"}) -> (!y {dlc.name = "y"}) {
  %0 = dlc.kernel anchor (%k, %r) schedule #matmul : (!k, !r) -> !y {
  ^bb0(%a: !k, %b: !r):
    %p = dlc.matmul %a, %b : (!k, !r) -> !y
    dlc.yield %p : !y
  }
  return %0 : !y
}

// -----

!x = !dlc.tensor<N x 5 x W x f32>
#softmax = #dlc.schedule<rows, lanes = 16, channels = 64, pixels = [16], rows = 4>

// Rows along the last dim, neighbours along another.
// CHECK: dlc.launch @softmax_0 tasks <N + floordiv(N + 3, 4)>
// CHECK: dlc.launch @softmax_1 tasks <N*floordiv(W + 63, 64)>
func.func @main(%x: !x {dlc.name = "x"}) -> (!x {dlc.name = "y"}) {
  %0 = dlc.kernel rows (%x) schedule #softmax : (!x) -> !x {
  ^bb0(%a: !x):
    %p = dlc.softmax %a axis -1 : (!x) -> !x
    dlc.yield %p : !x
  }
  %1 = dlc.kernel rows (%0) schedule #softmax : (!x) -> !x {
  ^bb0(%a: !x):
    %p = dlc.softmax %a axis 1 : (!x) -> !x
    dlc.yield %p : !x
  }
  return %1 : !x
}

// -----

// Rows of several dims; a few sequences of each direction.
// CHECK: dlc.launch @layer_norm_0 tasks <floordiv(N + 3, 4)>
// CHECK: dlc.launch @recurrence_1 tasks <2*floordiv(B + 3, 4)> flops <1600*B*S>
func.func @main(%x: !dlc.tensor<N x 5 x W x f32> {dlc.name = "x"}, %p: !dlc.tensor<S x B x 40 x f32> {dlc.name = "p"}, %w: !dlc.tensor<2 x 20 x 20 x f32> {dlc.name = "w"})
    -> (!dlc.tensor<N x 5 x W x f32> {dlc.name = "y"}, !dlc.tensor<S x 2 x B x 20 x f32> {dlc.name = "s"}, !dlc.tensor<2 x B x 20 x f32> {dlc.name = "l"}) {
  %0 = dlc.kernel rows (%x) schedule <rows, lanes = 16, channels = 64, pixels = [16], rows = 4> : (!dlc.tensor<N x 5 x W x f32>) -> !dlc.tensor<N x 5 x W x f32> {
  ^bb0(%a: !dlc.tensor<N x 5 x W x f32>):
    %r = dlc.layer_norm %a axis 1 epsilon 1.0e-05 : (!dlc.tensor<N x 5 x W x f32>) -> !dlc.tensor<N x 5 x W x f32>
    dlc.yield %r : !dlc.tensor<N x 5 x W x f32>
  }
  %1, %2 = dlc.kernel anchor (%p, %w) schedule <recurrence, lanes = 16, channels = 16, pixels = [4, 1], rows = 4> : (!dlc.tensor<S x B x 40 x f32>, !dlc.tensor<2 x 20 x 20 x f32>) -> (!dlc.tensor<S x 2 x B x 20 x f32>, !dlc.tensor<2 x B x 20 x f32>) {
  ^bb0(%a: !dlc.tensor<S x B x 40 x f32>, %b: !dlc.tensor<2 x 20 x 20 x f32>):
    %y, %h = dlc.recurrence rnn bidirectional %a, %b activations ["Tanh", "Tanh"] alphas [0.0, 0.0] betas [0.0, 0.0] : (!dlc.tensor<S x B x 40 x f32>, !dlc.tensor<2 x 20 x 20 x f32>) -> (!dlc.tensor<S x 2 x B x 20 x f32>, !dlc.tensor<2 x B x 20 x f32>)
    dlc.yield %y, %h : !dlc.tensor<S x 2 x B x 20 x f32>, !dlc.tensor<2 x B x 20 x f32>
  }
  return %0, %1, %2 : !dlc.tensor<N x 5 x W x f32>, !dlc.tensor<S x 2 x B x 20 x f32>, !dlc.tensor<2 x B x 20 x f32>
}

// -----

!x = !dlc.tensor<N x 8 x H x W x f32>
!w = !dlc.tensor<64 x 8 x 1 x 1 x f32>
!y = !dlc.tensor<N x 16 x 2*H x 2*W x f32>
#direct = #dlc.schedule<direct_conv, lanes = 8, channels = 16, pixels = [6, 1], rows = 2>

// Panels and bands of a convolution are of its own channels and rows, whatever pixels its channels become.
// CHECK: dlc.launch @conv_view_transpose_view_0 tasks <4*N*floordiv(H + 1, 2)>
func.func @main(%x: !x {dlc.name = "x"}, %w: !w {dlc.name = "w"}) -> (!y {dlc.name = "y"}) {
  %0 = dlc.kernel anchor (%x, %w) schedule #direct : (!x, !w) -> !y {
  ^bb0(%a: !x, %b: !w):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !dlc.tensor<N x 64 x H x W x f32>
    %2 = dlc.view %1 : <N x 64 x H x W x f32> -> <N x 2 x 2 x 16 x H x W x f32>
    %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<N x 2 x 2 x 16 x H x W x f32>) -> !dlc.tensor<N x 16 x H x 2 x W x 2 x f32>
    %4 = dlc.view %3 : <N x 16 x H x 2 x W x 2 x f32> -> <N x 16 x 2*H x 2*W x f32>
    dlc.yield %4 : !y
  }
  return %0 : !y
}
