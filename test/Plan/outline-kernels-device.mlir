// RUN: dlc-opt %s --dlc-outline-kernels | FileCheck %s

// An op finds its operands in the memory of the machine that it runs on: copies bring them over, once.

!x = !dlc.tensor<N x 8 x f32>
#device = #dlc.schedule<cuda_loops, lanes = 4, channels = 1, pixels = [4], rows = 256>
#host = #dlc.schedule<loops, lanes = 16, channels = 1, pixels = [16], rows = 16>
module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>,
                   dlc.device = #dlc.device<architecture = 80, precision = fp32>} {
// CHECK: func.func @main(%[[X:[a-z0-9]*]]: !dlc.buffer<<N x 8 x f32>, device>
func.func @main(%x: !x {dlc.name = "x"}) -> (!x {dlc.name = "y"}, !x {dlc.name = "z"}) {
  // A block has 256 threads of four neighbours.
  // CHECK: dlc.launch @relu_0 tasks <floordiv(N + 127, 128)>(%[[X]], %[[A:.*]])
  %0 = dlc.kernel loops(%x) schedule #device : (!x) -> !x {
  ^bb0(%a: !x):
    %1 = dlc.relu %a : (!x) -> !x
    dlc.yield %1 : !x
  }
  // CHECK: dlc.copy %[[A]], %[[HOST:.*]] : <<N x 8 x f32>, device>, <<N x 8 x f32>>
  // CHECK-NOT: dlc.copy
  // CHECK: dlc.launch @tan_1 {{.*}}(%[[HOST]], %[[B:.*]])
  %2 = dlc.kernel loops(%0) schedule #host : (!x) -> !x {
  ^bb0(%a: !x):
    %1 = dlc.tan %a : (!x) -> !x
    dlc.yield %1 : !x
  }
  // CHECK: dlc.launch @tan_1 {{.*}}(%[[HOST]],
  %3 = dlc.kernel loops(%0) schedule #host : (!x) -> !x {
  ^bb0(%a: !x):
    %1 = dlc.tan %a : (!x) -> !x
    dlc.yield %1 : !x
  }
  // CHECK: dlc.copy %{{.*}}, %{{.*}} : <<N x 8 x f32>>, <<N x 8 x f32>, device>
  // CHECK: dlc.launch @add_2
  %4 = dlc.kernel loops(%2, %3) schedule #device : (!x, !x) -> !x {
  ^bb0(%a: !x, %b: !x):
    %1 = dlc.add %a, %b : (!x, !x) -> !x
    dlc.yield %1 : !x
  }
  return %0, %4 : !x, !x
}
}
