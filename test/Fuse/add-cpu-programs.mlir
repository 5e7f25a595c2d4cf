// RUN: dlc-opt %s --split-input-file --dlc-add-cpu-programs | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-fuse-pipeline --dlc-choose-schedules | FileCheck %s --check-prefix=SCHEDULED

!x = !dlc.tensor<N x f32>

module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>, dlc.with_cpu,
                   dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {

// CHECK-LABEL: func.func @main_cpu_1(%arg0: !dlc.tensor<1 x f32>) -> !dlc.tensor<1 x f32>
// CHECK-SAME: attributes {dlc.on_cpu, dlc.when = {N = 1 : i64}}
// CHECK: dlc.relu
// CHECK-LABEL: func.func @main_cpu(%arg0: !dlc.tensor<N x f32>)
// CHECK-SAME: attributes {dlc.on_cpu, dlc.when = {}}
// CHECK: dlc.relu
// CHECK-LABEL: func.func @main_1(%arg0: !dlc.tensor<1 x f32>) -> !dlc.tensor<1 x f32>
// CHECK-SAME: attributes {dlc.when = {N = 1 : i64}}
// CHECK: dlc.relu
// CHECK-LABEL: func.func @main(%arg0: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
// CHECK: dlc.relu

// Each runs where it is for.
// SCHEDULED-LABEL: func.func @main_cpu_1(
// SCHEDULED: schedule <loops, lanes = 8
// SCHEDULED-LABEL: func.func @main_cpu(
// SCHEDULED: schedule <loops, lanes = 8
// SCHEDULED-LABEL: func.func @main_1(
// SCHEDULED: schedule <cuda_loops
// SCHEDULED-LABEL: func.func @main(
// SCHEDULED: schedule <cuda_loops
func.func @main_1(%x: !dlc.tensor<1 x f32>) -> !dlc.tensor<1 x f32> attributes {dlc.when = {N = 1 : i64}} {
  %0 = dlc.relu %x : (!dlc.tensor<1 x f32>) -> !dlc.tensor<1 x f32>
  return %0 : !dlc.tensor<1 x f32>
}
func.func @main(%x: !x) -> !x {
  %0 = dlc.relu %x : (!x) -> !x
  return %0 : !x
}
}

// -----

// Nothing asks for the CPU.
module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>,
                   dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
// CHECK-NOT: @main_cpu
// CHECK-LABEL: func.func @main(
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return %0 : !dlc.tensor<N x f32>
}
}
