// RUN: dlc-opt %s --dlc-expand-math | FileCheck %s

// What LLVM has an operation for stays; it becomes a call then.
// CHECK-LABEL: func.func @doubles
// CHECK-COUNT-4: llvm.call @erf
// CHECK: math.exp
func.func @doubles(%x: vector<4xf64>) -> vector<4xf64> {
  %0 = math.erf %x : vector<4xf64>
  %1 = math.exp %0 : vector<4xf64>
  return %1 : vector<4xf64>
}
