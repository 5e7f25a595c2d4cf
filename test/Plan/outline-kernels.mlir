// RUN: dlc-opt %s --dlc-outline-kernels | FileCheck %s

!x = !dlc.tensor<N x 8 x H x W x f32>
!h = !dlc.tensor<N x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>
!w = !dlc.tensor<8 x 8 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>
!wl = !dlc.tensor<8 x 8 x 3 x 3 x f32>

// CHECK: module attributes
// CHECK-SAME: dlc.kernels = [{name = "relu_0", nodes = "r (Relu)"}, {name = "conv_1", nodes = ""}, {name = "conv_2", nodes = ""}]
// CHECK-SAME: dlc.signature = {inputs = [{name = "input", type = !dlc.tensor<N x 8 x H x W x f32>}], outputs = [{name = "output", type = !dlc.tensor<N x 8 x H x W x f32>}, {name = "again", type = !dlc.tensor<N x 8 x H x W x f32>}], symbols = ["N", "H", "W"]}
// Equal weights are stored once.
// CHECK-SAME: dlc.weights = [{offset = 0 : i64, weight = #dlc.weight<{{[^,]*}}, offset = 64, length = 2304>, {{.*}}>}]

// CHECK: func.func @main(%[[IN:.*]]: !dlc.buffer<{{.*}}>, %[[OUT:.*]]: !dlc.buffer<{{.*}}>, %[[AGAIN:.*]]: !dlc.buffer<{{.*}}>) {
// CHECK: %[[ALLOC:.*]] = dlc.alloc : <<N x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>>
// CHECK: dlc.launch @relu_0 tasks <8*H*N>(%[[IN]], %[[ALLOC]])
// CHECK: %[[W:.*]] = dlc.weight_slot 0,
// CHECK: dlc.launch @conv_1 tasks <N*floordiv(H + 1, 2)>(%[[ALLOC]], %[[W]], %[[OUT]])
// CHECK: dlc.launch @conv_2 tasks <H*N>(%[[ALLOC]], %{{.*}}, %[[AGAIN]])
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
