// RUN: dlc-opt %s --split-input-file --dlc-verify-phase=phase=graph | FileCheck %s

// CHECK-LABEL: func.func @main
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return %0 : !dlc.tensor<N x f32>
}
