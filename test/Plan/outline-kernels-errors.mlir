// RUN: dlc-opt %s --dlc-outline-kernels --verify-diagnostics --split-input-file

// expected-error @below {{expected a function 'main'}}
module {}

// -----

// expected-error @below {{expected attribute 'dlc.name' of argument 0}}
func.func @main(%x: !dlc.tensor<N x f32>) {
  return
}

// -----

func.func @main(%x: !dlc.tensor<N x f32> {dlc.name = "x"}) -> (!dlc.tensor<N x f32> {dlc.name = "y"}) {
  // expected-error @below {{expected a schedule}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%a: !dlc.tensor<N x f32>):
    dlc.yield %a : !dlc.tensor<N x f32>
  }
  return %0 : !dlc.tensor<N x f32>
}

// -----

func.func @main(%x: !dlc.tensor<N x f32> {dlc.name = "x"}) {
  // expected-error @below {{expected a box or an op of the host program}}
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return
}
