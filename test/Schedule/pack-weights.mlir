// RUN: dlc-opt %s --dlc-pack-weights --canonicalize | FileCheck %s

!x = !dlc.tensor<1 x 64 x H x W x f32>
!xb = !dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>
!w = !dlc.tensor<32 x 64 x 1 x 1 x f32>
!y = !dlc.tensor<1 x 32 x H x W x f32>

// One weight, read by two kernels: each gets the form it needs.
// CHECK-LABEL: func.func @documented
// CHECK-DAG: dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 8192>, shape = [32, 64, 1, 1], type = f32, recipe = [#dlc.pack<#dlc.filter_layout<outputs = 32, inputs = 1>>]>
// CHECK-DAG: dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 8192>, shape = [32, 64, 1, 1], type = f32, recipe = [#dlc.pack<#dlc.filter_layout<outputs = 32, inputs = 16>>]>
// CHECK-DAG: dlc.constant #dlc.weight<source = dense<1.000000e+00> : tensor<32xf32>, shape = [32], type = f32, recipe = [#dlc.pack<#dlc.padded_layout<32>>]>
func.func @documented(%x: !x, %xb: !xb) -> (!y, !y) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 8192>, shape = [32, 64, 1, 1], type = f32> -> !w
  %bias = dlc.constant dense<1.0> : tensor<32xf32> -> !dlc.tensor<32 x f32>
  %0 = dlc.kernel anchor (%x, %w, %bias) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!x, !w, !dlc.tensor<32 x f32>) -> !y {
  ^bb0(%a: !x, %b: !w, %c: !dlc.tensor<32 x f32>):
    %r = dlc.conv %a, %b, %c strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w, !dlc.tensor<32 x f32>) -> !y
    dlc.yield %r : !y
  }
  %1 = dlc.kernel anchor (%xb, %w) schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1> : (!xb, !w) -> !y {
  ^bb0(%a: !x, %b: !w):
    %r = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !y
    dlc.yield %r : !y
  }
  return %0, %1 : !y, !y
}

// A matrix K x N is transposed first; afterwards the product reads N x K.
// CHECK-LABEL: func.func @matmul
// CHECK-DAG: dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 1280>, shape = [8, 40], type = f32, recipe = [#dlc.transpose, #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 8>>]> -> <40 x 8 x f32, #dlc.filter_layout<outputs = 16, inputs = 8>>
// CHECK: ^bb0(%[[A:.*]]: !dlc.tensor<N x 8 x f32>, %[[B:.*]]: !dlc.tensor<40 x 8 x f32>):
// CHECK-NEXT: dlc.matmul %[[A]], %[[B]] transpose_rhs
func.func @matmul(%x: !dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 40 x f32> {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 1280>, shape = [8, 40], type = f32> -> !dlc.tensor<8 x 40 x f32>
  %0 = dlc.kernel anchor (%x, %w) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 1> : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 40 x f32>) -> !dlc.tensor<N x 40 x f32> {
  ^bb0(%a: !dlc.tensor<N x 8 x f32>, %b: !dlc.tensor<8 x 40 x f32>):
    %r = dlc.matmul %a, %b : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 40 x f32>) -> !dlc.tensor<N x 40 x f32>
    dlc.yield %r : !dlc.tensor<N x 40 x f32>
  }
  return %0 : !dlc.tensor<N x 40 x f32>
}

// The matrices of a recurrence, by gates.
// CHECK-LABEL: func.func @recurrence
// CHECK: dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 2400>, shape = [2, 30, 10], type = f32, recipe = [#dlc.pack<#dlc.gate_layout<gates = 3, lanes = 8>>]> -> <2 x 30 x 10 x f32, #dlc.gate_layout<gates = 3, lanes = 8>>
func.func @recurrence(%x: !dlc.tensor<S x B x 60 x f32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 2400>, shape = [2, 30, 10], type = f32> -> !dlc.tensor<2 x 30 x 10 x f32>
  %0, %1 = dlc.kernel anchor (%x, %w) schedule <recurrence, lanes = 8, channels = 24, pixels = [4, 3, 2, 1], rows = 4> : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>) {
  ^bb0(%a: !dlc.tensor<S x B x 60 x f32>, %b: !dlc.tensor<2 x 30 x 10 x f32>):
    %y, %h = dlc.recurrence gru bidirectional %a, %b activations ["Sigmoid", "Tanh", "Sigmoid", "Tanh"] alphas [0.0, 0.0, 0.0, 0.0] betas [0.0, 0.0, 0.0, 0.0] linear_before_reset : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>)
    dlc.yield %y, %h : !dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>
  }
  return %0, %1 : !dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>
}
