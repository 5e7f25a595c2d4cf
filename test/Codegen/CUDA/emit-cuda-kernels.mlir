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
