// RUN: dlc-opt %s --dlc-fold-batch-norm --verify-diagnostics

func.func @computed(%x: !dlc.tensor<N x 2 x H x f32>, %v: !dlc.tensor<2 x f32>) {
  // expected-error @below {{a batch normalization whose parameters are not constants is not supported}}
  %1 = dlc.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-03 : (!dlc.tensor<N x 2 x H x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<N x 2 x H x f32>
  return
}
