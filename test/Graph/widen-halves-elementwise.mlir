// Programs of elementwise ops and moves alone have kernels for halves.
// RUN: dlc-opt %s --dlc-widen-halves | FileCheck %s

// CHECK-NOT: f32
func.func @main(%x: !dlc.tensor<N x 8 x f16>, %y: !dlc.tensor<8 x N x f16>) -> !dlc.tensor<N x 8 x f16> {
  %0 = dlc.transpose %y perm [1, 0] : (!dlc.tensor<8 x N x f16>) -> !dlc.tensor<N x 8 x f16>
  %1 = dlc.add %x, %0 : (!dlc.tensor<N x 8 x f16>, !dlc.tensor<N x 8 x f16>) -> !dlc.tensor<N x 8 x f16>
  %2 = dlc.relu %1 : (!dlc.tensor<N x 8 x f16>) -> !dlc.tensor<N x 8 x f16>
  return %2 : !dlc.tensor<N x 8 x f16>
}
