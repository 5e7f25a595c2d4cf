// RUN: dlc-opt %s --dlc-expand-math | FileCheck %s --implicit-check-not=math.erf --implicit-check-not=math.exp --implicit-check-not=math.tanh --implicit-check-not=math.log

// CHECK-LABEL: func.func @functions
// CHECK: arith.mulf
// CHECK: math.sqrt
func.func @functions(%x: vector<16xf32>, %y: f32) -> (vector<16xf32>, f32, f32, vector<16xf32>) {
  %0 = math.tanh %x : vector<16xf32>
  %1 = math.exp %y : f32
  %2 = math.erf %1 : f32
  %3 = math.sqrt %0 : vector<16xf32>
  return %0, %1, %2, %3 : vector<16xf32>, f32, f32, vector<16xf32>
}

// CHECK-LABEL: func.func @logarithm
// CHECK: arith.mulf
func.func @logarithm(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.log %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// Huge arguments take a reduction of their own, without the math library.
// CHECK-LABEL: func.func @sine
// CHECK: vector.reduction <or>
// CHECK: scf.if
// CHECK-NOT: math.sin
// CHECK: arith.truncf
func.func @sine(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.sin %x : vector<8xf32>
  return %0 : vector<8xf32>
}
