// RUN: dlc-opt %s --split-input-file --dlc-outline-kernels | FileCheck %s

!x = !dlc.tensor<N x 8 x H x W x f32>
!h = !dlc.tensor<N x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>
!w = !dlc.tensor<8 x 8 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>
!wl = !dlc.tensor<8 x 8 x 3 x 3 x f32>

// CHECK: module attributes
// CHECK-SAME: dlc.signature = {inputs = [{name = "input", type = !dlc.tensor<N x 8 x H x W x f32>}], outputs = [{name = "output", type = !dlc.tensor<N x 8 x H x W x f32>}, {name = "again", type = !dlc.tensor<N x 8 x H x W x f32>}], symbols = ["N", "H", "W"]}
// Equal weights are stored once.
// CHECK-SAME: dlc.weights = [{offset = 0 : i64, weight = #dlc.weight<{{[^,]*}}, offset = 64, length = 2304>, {{.*}}>}]

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IN:.*]]: !dlc.buffer<{{.*}}>, %[[OUT:.*]]: !dlc.buffer<{{.*}}>, %[[AGAIN:.*]]: !dlc.buffer<{{.*}}>) {
// CHECK: %[[ALLOC:.*]] = dlc.alloc : <<N x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>>
// An image without rows still has a halo to fill.
// CHECK: dlc.launch @relu_0 tasks <max(8*H*N, 1)>(%[[IN]], %[[ALLOC]])
// CHECK: %[[W:.*]] = dlc.weight_slot 0,
// CHECK: dlc.launch @conv_1 tasks <N*floordiv(H + 1, 2)> flops <1152*H*N*W>(%[[ALLOC]], %[[W]], %[[OUT]])
// CHECK: dlc.launch @conv_2 tasks <H*N> flops <1152*H*N*W>(%[[ALLOC]], %{{.*}}, %[[AGAIN]])
// CHECK: return
func.func @main(%x: !x {dlc.name = "input"}) -> (!x {dlc.name = "output"}, !x {dlc.name = "again"}) {
  %0 = dlc.kernel loops (%x) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> : (!x) -> !h {
  ^bb0(%a: !x):
    %r = dlc.relu %a : (!x) -> !x
    dlc.yield %r : !x
  } loc(#r)
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 2304>, shape = [8, 8, 3, 3], type = f32, recipe = [#dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]> -> !w
  %1 = dlc.kernel anchor (%0, %w) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 2> : (!h, !w) -> !x {
  ^bb0(%a: !x, %b: !wl):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !wl) -> !x
    dlc.yield %r : !x
  }
  %w2 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 2304>, shape = [8, 8, 3, 3], type = f32, recipe = [#dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]> -> !w
  %2 = dlc.kernel anchor (%0, %w2) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 1> : (!h, !w) -> !x {
  ^bb0(%a: !x, %b: !wl):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!x, !wl) -> !x
    dlc.yield %r : !x
  }
  return %1, %2 : !x, !x
}

// CHECK: func.func private @relu_0(%[[A:.*]]: !dlc.buffer<<N x 8 x H x W x f32>>, %[[B:.*]]: !dlc.buffer<<N x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>>)
// CHECK-SAME: attributes {dlc.schedule = #dlc.schedule<loops,
// CHECK: %[[V:.*]] = dlc.read %[[A]]
// CHECK: %[[R:.*]] = dlc.relu %[[V]]
// CHECK: dlc.write %[[R]], %[[B]]
// CHECK: return

#model = loc("model.onnx":0:0)
#r = loc(fused<{node = "r", op = "Relu", opset = 14 : i64}>[#model])

// -----

!m = !dlc.tensor<N x 8 x f32>
!i = !dlc.tensor<N x 8 x 1 x 1 x f32>
!w = !dlc.tensor<40 x 8 x f32, #dlc.filter_layout<outputs = 16, inputs = 8>>
!wl = !dlc.tensor<40 x 8 x f32>
!y = !dlc.tensor<N x 40 x f32>
!v = !dlc.tensor<N x 5 x 8 x f32>

// A view is its operand's buffer in another shape; an output that is a view is written through one.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IN:.*]]: !dlc.buffer<<N x 8 x 1 x 1 x f32>>, %[[OUT:.*]]: !dlc.buffer<<N x 5 x 8 x f32>>)
// CHECK: %[[RESULT:.*]] = dlc.reinterpret %[[OUT]] : <<N x 5 x 8 x f32>> -> <<N x 40 x f32>>
// CHECK: %[[MATRIX:.*]] = dlc.reinterpret %[[IN]] : <<N x 8 x 1 x 1 x f32>> -> <<N x 8 x f32>>
// A task for each panel of columns and band of 14 rows.
// CHECK: dlc.launch @matmul_0 tasks <3*floordiv(N + 13, 14)> flops <640*N>(%[[MATRIX]], %{{.*}}, %[[RESULT]])
func.func @main(%x: !i {dlc.name = "x"}) -> (!v {dlc.name = "y"}) {
  %m = dlc.view %x : !i -> !m
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 1280>, shape = [40, 8], type = f32, recipe = [#dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 8>>]> -> !w
  %0 = dlc.kernel anchor (%m, %w) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 14> : (!m, !w) -> !y {
  ^bb0(%a: !m, %b: !wl):
    %r = dlc.matmul %a, %b transpose_rhs : (!m, !wl) -> !y
    dlc.yield %r : !y
  }
  %v = dlc.view %0 : !y -> !v
  return %v : !v
}

// -----

!x = !dlc.tensor<N x 24 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>
!xl = !dlc.tensor<N x 24 x H x W x f32>
!y = !dlc.tensor<N x 24 x 1 x 1 x f32>

// CHECK-LABEL: func.func @main
// CHECK: dlc.launch @reduce_1 tasks <2*N>
func.func @main(%i: !xl {dlc.name = "x"}) -> (!y {dlc.name = "y"}) {
  %x = dlc.kernel loops (%i) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> : (!xl) -> !x {
  ^bb0(%a: !xl):
    dlc.yield %a : !xl
  }
  %0 = dlc.kernel pool (%x) schedule <pool, lanes = 16, channels = 16, pixels = [16], rows = 1> : (!x) -> !y {
  ^bb0(%a: !xl):
    %r = dlc.reduce mean %a axes [2, 3] keep_dims : (!xl) -> !y
    dlc.yield %r : !y
  }
  return %0 : !y
}

// -----

!x = !dlc.tensor<N x 4 x f32>
!two = !dlc.tensor<2 x 4 x f32>
!four = !dlc.tensor<4 x 4 x f32>

// A part is an offset into its operand's buffer. What is computed for a concatenation is written where it belongs; only
// what lies elsewhere is copied.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: !dlc.buffer<<N x 4 x f32>>, %[[OUT:.*]]: !dlc.buffer<<4 x 4 x f32>>)
// CHECK: %[[TOP:.*]] = dlc.reinterpret %[[OUT]] from <0> : <<4 x 4 x f32>> -> <<2 x 4 x f32>>
// CHECK: %[[PART:.*]] = dlc.reinterpret %[[X]] from <4*N - 8> : <<N x 4 x f32>> -> <<2 x 4 x f32>>
// CHECK: dlc.launch @relu_0 tasks <2>(%[[PART]], %[[TOP]])
// CHECK: %[[BOTTOM:.*]] = dlc.reinterpret %[[OUT]] from <8> : <<4 x 4 x f32>> -> <<2 x 4 x f32>>
// CHECK: dlc.copy %[[PART]], %[[BOTTOM]]
func.func @main(%x: !x {dlc.name = "x"}) -> (!four {dlc.name = "y"}) {
  %0 = dlc.slice %x starts [#dlc.expr<N - 2>, #dlc.expr<0>] sizes [#dlc.expr<2>, #dlc.expr<4>] steps [1, 1] : (!x) -> !two
  %1 = dlc.kernel loops (%0) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> : (!two) -> !two {
  ^bb0(%a: !two):
    %r = dlc.relu %a : (!two) -> !two
    dlc.yield %r : !two
  }
  %2 = dlc.concat %1, %0 axis 0 : (!two, !two) -> !four
  return %2 : !four
}
