// RUN: dlc-opt %s --dlc-codegen-pipeline | FileCheck %s

// A CPU of 2009: vectors of four lanes, and products and sums as two steps. After the phase there is `llvm` alone.

// CHECK-NOT: {{(scf|arith|vector|cf|func|ub|dlc)\.[a-z_]+ %}}
// CHECK-NOT: vector<{{[0-9]+}}xf32>{{.*}}intr.fma
// CHECK: llvm.func internal @conv
// CHECK: llvm.fmul %{{.*}} : vector<4xf32>
// CHECK: llvm.fadd %{{.*}} : vector<4xf32>
// CHECK-NOT: vector<{{8|16}}x
// CHECK: llvm.func internal @dlc_run

!x = !dlc.tensor<1 x 2 x N x N x f32>
!f = !dlc.tensor<3 x 2 x 1 x 1 x f32>
!y = !dlc.tensor<1 x 3 x N x N x f32>
!panels = !dlc.tensor<3 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>
module attributes {
    dlc.target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>, dlc.weights = [],
    dlc.signature = {symbols = ["N"], inputs = [{name = "x", type = !x}, {name = "f", type = !f}], outputs = [{name = "y", type = !y}]}} {
  func.func private @conv(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 4, channels = 4, pixels = [4, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f) -> !y
    dlc.write %2, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func @main(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!y>) attributes {dlc.workspace = #dlc.expr<0>} {
    dlc.launch @conv tasks <N> (%in, %filter, %out) : !dlc.buffer<!x>, !dlc.buffer<!panels>, !dlc.buffer<!y>
    return
  }
}
