// RUN: dlc-opt %s --dlc-expand-math | FileCheck %s --implicit-check-not=math.erf --implicit-check-not=math.exp --implicit-check-not=math.tanh

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
