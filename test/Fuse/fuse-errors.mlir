// RUN: dlc-opt %s --dlc-fuse --verify-diagnostics --split-input-file

// Everything that neither an emitter nor the op library computes is reported at once.
func.func @before_inference(%x: !dlc.tensor<* x f32>, %y: !dlc.tensor<* x i64>) {
  // expected-error @below {{expected known shapes, which the graph phase finds}}
  %0 = dlc.relu %x : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  // expected-error @below {{expected known shapes, which the graph phase finds}}
  %1 = dlc.relu %y : (!dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  return
}

// -----

// Elements that the library does not have either.
func.func @small_floats(%x: !dlc.tensor<N x f8E3M4>) {
  // expected-error @below {{elements of type f8E3M4 are not supported}}
  %0 = dlc.cast %x : (!dlc.tensor<N x f8E3M4>) -> !dlc.tensor<N x f32>
  return
}
