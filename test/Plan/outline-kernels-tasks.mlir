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
