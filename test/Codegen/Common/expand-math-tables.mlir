// RUN: dlc-opt %s --split-input-file --dlc-expand-math | FileCheck %s --implicit-check-not=math.exp

module attributes {dlc.target = #dlc.target<cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, fma = true>} {
  // With AVX-512 a table of roots of 2 and an instruction that scales take the place of half of the polynomial.
  // CHECK-LABEL: func.func @whole
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
  // CHECK-NOT: arith.shli
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
  // CHECK-NOT: arith.shli
  // CHECK: return
  func.func @whole(%x: vector<16xf32>) -> vector<16xf32> {
    %0 = math.exp %x : vector<16xf32>
    return %0 : vector<16xf32>
  }

  // Half as long a vector finds the entries in two.
  // CHECK-LABEL: func.func @half
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.256"
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.256"
  func.func @half(%x: vector<8xf32>) -> vector<8xf32> {
    %0 = math.exp %x : vector<8xf32>
    return %0 : vector<8xf32>
  }

  // CHECK-LABEL: func.func @others
  // CHECK-NOT: llvm.call_intrinsic
  // CHECK: return
  func.func @others(%x: vector<4xf32>, %y: f32) -> (vector<4xf32>, f32) {
    %0 = math.exp %x : vector<4xf32>
    %1 = math.exp %y : f32
    return %0, %1 : vector<4xf32>, f32
  }
}

// -----

module attributes {dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
  // CHECK-LABEL: func.func @older
  // CHECK-NOT: llvm.call_intrinsic
  // CHECK: arith.shli
  func.func @older(%x: vector<8xf32>) -> vector<8xf32> {
    %0 = math.exp %x : vector<8xf32>
    return %0 : vector<8xf32>
  }
}
