// A copy of the operand and two results of 400 bytes each fit into the budget; a third one, before which another copy might
// be needed, may not.
// RUN: dlc-opt %s --dlc-fold-constants=budget=1800 | FileCheck %s

// CHECK: size = 848
// CHECK: %[[FIRST:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0
// CHECK: %[[SECOND:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 448
// CHECK: %[[THIRD:.*]] = dlc.sqrt
// CHECK: %[[SMALL:.*]] = dlc.constant dense<-2.000000e+00>
// CHECK: return %[[FIRST]], %[[SECOND]], %[[THIRD]], %[[SMALL]]
func.func @main() -> (!dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<f32>) {
  %0 = dlc.constant #dlc.weight<source = dense<4.0> : tensor<100xf32>, shape = [100], type = f32> -> <100 x f32>
  %1 = dlc.constant dense<2.0> : tensor<f32> -> <f32>
  %2 = dlc.neg %0 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
  %3 = dlc.relu %0 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
  %4 = dlc.sqrt %0 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
  %5 = dlc.neg %1 : (!dlc.tensor<f32>) -> !dlc.tensor<f32>
  return %2, %3, %4, %5 : !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<f32>
}
