// RUN: dlc-opt %s --split-input-file --dlc-fuse | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-fuse=rules=conv-elementwise | FileCheck %s --check-prefix=OFF

// A tree with an operand that broadcasts and a value that is read twice is one kernel.
// CHECK-LABEL: func.func @tree
// CHECK-COUNT-1: dlc.kernel loops
// CHECK-NOT: dlc.kernel
// CHECK: dlc.yield
// OFF-LABEL: func.func @tree
// OFF-COUNT-4: dlc.kernel loops
func.func @tree(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 4 x i1> {
  %0 = dlc.add %x, %y : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 4 x f32>
  %1 = dlc.exp %0 : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
  %2 = dlc.mul %0, %1 : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
  %3 = dlc.less %2, %y : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 4 x i1>
  return %3 : !dlc.tensor<N x 4 x i1>
}

// -----

// What is read outside stays a result of its own, and a smaller value is not computed many times.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-3: dlc.kernel loops
// CHECK-NOT: dlc.kernel
func.func @apart(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<4 x f32>) -> (!dlc.tensor<N x 4 x f32>, !dlc.tensor<N x 4 x f32>) {
  %0 = dlc.exp %y : (!dlc.tensor<4 x f32>) -> !dlc.tensor<4 x f32>
  %1 = dlc.add %x, %0 : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 4 x f32>
  %2 = dlc.exp %1 : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
  return %1, %2 : !dlc.tensor<N x 4 x f32>, !dlc.tensor<N x 4 x f32>
}

// -----

// No box has more than 16 ops.
// CHECK-LABEL: func.func @long
// CHECK-COUNT-2: dlc.kernel loops
// CHECK-NOT: dlc.kernel
func.func @long(%v: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  %0 = dlc.tanh %v : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %1 = dlc.tanh %0 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %2 = dlc.tanh %1 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %3 = dlc.tanh %2 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %4 = dlc.tanh %3 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %5 = dlc.tanh %4 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %6 = dlc.tanh %5 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %7 = dlc.tanh %6 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %8 = dlc.tanh %7 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %9 = dlc.tanh %8 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %10 = dlc.tanh %9 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %11 = dlc.tanh %10 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %12 = dlc.tanh %11 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %13 = dlc.tanh %12 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %14 = dlc.tanh %13 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %15 = dlc.tanh %14 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %16 = dlc.tanh %15 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %17 = dlc.tanh %16 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return %17 : !dlc.tensor<N x f32>
}
