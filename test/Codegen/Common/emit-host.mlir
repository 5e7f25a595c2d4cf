// RUN: dlc-opt %s --dlc-emit-kernels --dlc-emit-host | FileCheck %s

!x = !dlc.buffer<!dlc.tensor<N x f32>>
module attributes {
    dlc.target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>,
    dlc.weights = [{offset = 0 : i64, weight = #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32>}],
    dlc.signature = {symbols = ["N"], inputs = [{name = "x", type = !dlc.tensor<N x f32>}], outputs = [{name = "y", type = !dlc.tensor<N x f32>}]}} {
  func.func private @copy(%in: !x, %out: !x)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !x -> !dlc.tensor<N x f32>
    dlc.write %0, %out : !dlc.tensor<N x f32>, !x
    return
  }
  func.func @main(%in: !x, %out: !x) attributes {dlc.workspace = #dlc.expr<64*N>} {
    %0 = dlc.slot <0> : !x
    dlc.launch @copy tasks <1> (%in, %0) : !x, !x
    dlc.launch @copy tasks <1> (%0, %out) : !x, !x
    return
  }
}

// CHECK-LABEL: llvm.func internal @copy(
// CHECK-NOT: func.func

// CHECK-LABEL: llvm.func internal @dlc_run(%arg0: !llvm.ptr) -> i32
// CHECK: llvm.alloca %{{.*}} x !llvm.ptr
// CHECK: llvm.alloca %{{.*}} x !llvm.struct<(i32, i32, ptr, ptr, i64, i64)>
// CHECK: llvm.mlir.addressof @copy
// CHECK: %[[RESULT:.*]] = llvm.call %{{.*}}(%{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> i32
// CHECK: %[[OK:.*]] = llvm.icmp "eq" %[[RESULT]]
// CHECK: llvm.cond_br %[[OK]], ^[[NEXT:.*]], ^[[STOP:.*]]
// CHECK: ^[[STOP]]:
// CHECK-NEXT: llvm.mlir.constant(3 : i32)
// CHECK-NEXT: llvm.return
// CHECK: ^[[NEXT]]:
// CHECK: llvm.call

// Sizes are computed in checked arithmetic: of dims there is only N, then 64*N and 4*N.
// CHECK-LABEL: llvm.func internal @dlc_plan(
// CHECK: llvm.icmp "slt"
// CHECK-COUNT-2: llvm.intr.smul.with.overflow
// CHECK-NOT: llvm.intr.smul.with.overflow

// CHECK: llvm.mlir.global external hidden constant @dlc_weights() {{.*}}dso_local} : !llvm.array<0 x i8>
// CHECK: llvm.mlir.global internal constant @dlc_program()
// CHECK: llvm.mlir.constant(96 : i32)
// CHECK: llvm.mlir.addressof @dlc_plan
// CHECK: llvm.mlir.addressof @dlc_run
// CHECK: llvm.mlir.addressof @dlc_weights
// CHECK: llvm.mlir.constant(12 : i64)
// CHECK-COUNT-2: llvm.mlir.constant(1 : i32)

// CHECK-LABEL: llvm.func @dlc_query(%arg0: i32) -> !llvm.ptr
