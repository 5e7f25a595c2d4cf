// RUN: dlc-opt %s --dlc-fold-constants --verify-diagnostics --split-input-file

// Both problems are reported at once.
func.func @failures() -> (!dlc.tensor<3 x f32>, !dlc.tensor<5 x f32>) {
  %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
  %1 = dlc.constant dense<[1.0, -2.0, 3.0]> : tensor<3xf32> -> <3 x f32>
  // expected-error @below {{dims [2] and [3] do not broadcast}}
  %2 = dlc.add %0, %1 : (!dlc.tensor<2 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<3 x f32>
  // expected-error @below {{expected memory for output 0 of f32 [2], found f32 [5]}}
  %3 = dlc.relu %0 : (!dlc.tensor<2 x f32>) -> !dlc.tensor<5 x f32>
  return %2, %3 : !dlc.tensor<3 x f32>, !dlc.tensor<5 x f32>
}

// -----

// expected-error @below {{expected a well-formed module attribute 'dlc.sources'}}
module attributes {dlc.sources = [1]} {}
