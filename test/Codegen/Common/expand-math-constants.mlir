// RUN: dlc-opt %s --split-input-file --dlc-expand-math | FileCheck %s --implicit-check-not=math.exp

// Vectors of AVX lie in memory, where instructions read them; zeros need none.
// CHECK-DAG: llvm.mlir.global private constant @[[LOG2E:.*]](dense<1.44269{{.*}}> : vector<8xf32>) {{.*}}alignment = 32
module attributes {dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
  // Two factors, of which one is 0 where the product would underflow.
  // CHECK-LABEL: func.func @any
  // CHECK-NOT: arith.constant dense<1.
  // CHECK: %[[PLACE:.*]] = llvm.mlir.addressof @[[LOG2E]]
  // CHECK: llvm.load %[[PLACE]] invariant {alignment = 32 : i64}
  // CHECK: arith.shrsi
  // CHECK: arith.cmpf olt
  // CHECK: arith.select
  // CHECK: return
  func.func @any(%x: vector<8xf32>) -> vector<8xf32> {
    %0 = math.exp %x : vector<8xf32>
    return %0 : vector<8xf32>
  }

  // What is not above 0 has one factor, and a constant that makes up for it.
  // CHECK-LABEL: func.func @falling
  // CHECK-NOT: arith.shrsi
  // CHECK: return
  func.func @falling(%x: vector<8xf32>) -> vector<8xf32> {
    %0 = math.absf %x : vector<8xf32>
    %1 = arith.negf %0 : vector<8xf32>
    %2 = math.exp %1 : vector<8xf32>
    return %2 : vector<8xf32>
  }
}

// -----

// Broadcast constants are operands with AVX-512.
// CHECK-NOT: llvm.mlir.global
module attributes {dlc.target = #dlc.target<cpu = "x86-64-v4", features = "", lanes = 16, registers = 32, fma = true>} {
  // CHECK-LABEL: func.func @whole
  // CHECK: arith.constant dense<
  func.func @whole(%x: vector<16xf32>) -> vector<16xf32> {
    %0 = math.exp %x : vector<16xf32>
    return %0 : vector<16xf32>
  }
}
