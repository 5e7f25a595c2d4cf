// RUN: dlc-opt %s --dlc-emit-cuda-kernels | FileCheck %s

!x = !dlc.buffer<!dlc.tensor<N x 8 x f32>, device>
module attributes {
    dlc.target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>,
    dlc.device = #dlc.device<architecture = 80, precision = fp32>,
    dlc.signature = {symbols = ["M", "N"], inputs = [{name = "x", type = !dlc.tensor<N x 8 x f32>}], outputs = [{name = "y", type = !dlc.tensor<N x 8 x f32>}]}} {
  func.func private @relu(%in: !x, %out: !x)
      attributes {dlc.schedule = #dlc.schedule<cuda_loops, lanes = 4, channels = 1, pixels = [4], rows = 256>} {
    %0 = dlc.read %in : !x -> !dlc.tensor<N x 8 x f32>
    %1 = dlc.relu %0 : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    dlc.write %1, %out : !dlc.tensor<N x 8 x f32>, !x
    return
  }
  func.func private @norm(%x: !x, %y: !x, %out: !x, %sums: !x)
      attributes {dlc.schedule = #dlc.schedule<cuda_rows, lanes = 1, channels = 1, pixels = [1], rows = 32>} {
    %0 = dlc.read %x : !x -> !dlc.tensor<N x 8 x f32>
    %1 = dlc.read %y : !x -> !dlc.tensor<N x 8 x f32>
    %2 = dlc.add %0, %1 : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    %3 = dlc.layer_norm %2 axis 1 epsilon 1.0e-05 : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    dlc.write %3, %out : !dlc.tensor<N x 8 x f32>, !x
    dlc.write %2, %sums : !dlc.tensor<N x 8 x f32>, !x
    return
  }
  func.func private @host(%in: !dlc.buffer<!dlc.tensor<N x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    return
  }
}

// The declaration says how it is launched; kernels of the host stay.
// CHECK: llvm.func @relu() attributes {dlc.schedule = {{.*}}, dlc.shared_memory = 0 : i64, dlc.symbols = ["N"], dlc.threads = 256 : i64}
// CHECK: func.func private @host(
// CHECK-LABEL: module @device
// CHECK: llvm.func @relu(%[[IN:.*]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %[[OUT:.*]]: !llvm.ptr, %[[N:.*]]: i64, %{{.*}}: !llvm.ptr, %{{.*}}: i64) attributes
// CHECK-SAME: nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>
// CHECK-DAG: nvvm.read.ptx.sreg.ctaid.x
// CHECK-DAG: nvvm.read.ptx.sreg.tid.x
// Whole vectors where all buffers are aligned, which the kernel finds out.
// CHECK: llvm.ptrtoint %[[IN]]
// CHECK: scf.if
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<4xf32>
// CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xf32>
// CHECK: else
// CHECK: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>

// A thread keeps what it has of a short row, here at most one element: it is computed once.
// CHECK-LABEL: llvm.func @norm(
// CHECK-NOT: scf.for
// CHECK: %[[ELEMENT:.*]] = scf.if
// CHECK: llvm.load
// CHECK: llvm.load
// CHECK: arith.addf
// CHECK: nvvm.shfl
// CHECK-NOT: llvm.load
// CHECK: math.sqrt
// CHECK-NOT: llvm.load
// CHECK: llvm.store %[[ELEMENT]]
// CHECK: llvm.store
// CHECK: llvm.return
