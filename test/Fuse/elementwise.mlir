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

// -----

// Moves and arithmetic on both sides of them are one kernel.
// CHECK-LABEL: func.func @moves
// CHECK-COUNT-1: dlc.kernel loops
// CHECK-NOT: dlc.kernel
func.func @moves(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<1 x N x f32>) -> !dlc.tensor<8 x N x f32> {
  %0 = dlc.exp %x : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
  %1 = dlc.transpose %0 perm [1, 0] : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<4 x N x f32>
  %2 = dlc.broadcast %y : !dlc.tensor<1 x N x f32> -> !dlc.tensor<4 x N x f32>
  %3 = dlc.concat %1, %2 axis 0 : (!dlc.tensor<4 x N x f32>, !dlc.tensor<4 x N x f32>) -> !dlc.tensor<8 x N x f32>
  %4 = dlc.tanh %3 : (!dlc.tensor<8 x N x f32>) -> !dlc.tensor<8 x N x f32>
  return %4 : !dlc.tensor<8 x N x f32>
}

// -----

// What would be computed many times, or checked for fewer indices, stays by itself.
// CHECK-LABEL: func.func @repeated
// CHECK-COUNT-3: dlc.kernel loops
// CHECK-NOT: dlc.kernel
func.func @repeated(%x: !dlc.tensor<1 x 4 x f32>, %i: !dlc.tensor<N x i64>) -> !dlc.tensor<N x 2 x f32> {
  %0 = dlc.exp %x : (!dlc.tensor<1 x 4 x f32>) -> !dlc.tensor<1 x 4 x f32>
  %1 = dlc.broadcast %0 : !dlc.tensor<1 x 4 x f32> -> !dlc.tensor<N x 4 x f32>
  %2 = dlc.gather %1, %i axis 0 : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<N x i64>) -> !dlc.tensor<N x 4 x f32>
  %3 = dlc.slice %2 starts [#dlc.expr<0>, #dlc.expr<1>] sizes [#dlc.expr<N>, #dlc.expr<2>] steps [1, 1]
     : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 2 x f32>
  return %3 : !dlc.tensor<N x 2 x f32>
}

// -----

// A part of another value needs no kernel, nor does a concatenation of what anchors write where they are told.
// CHECK-LABEL: func.func @parts
// CHECK: %[[PART:.*]] = dlc.slice
// CHECK: %[[PRODUCT:.*]] = dlc.kernel anchor(%[[PART]], %{{.*}})
// CHECK: dlc.concat %[[PRODUCT]], %[[PART]] axis 0
// CHECK-NOT: dlc.kernel
func.func @parts(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<4 x 4 x f32>) -> !dlc.tensor<4 x 4 x f32> {
  %0 = dlc.slice %x starts [#dlc.expr<N - 2>, #dlc.expr<0>] sizes [#dlc.expr<2>, #dlc.expr<4>] steps [1, 1]
     : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<2 x 4 x f32>
  %1 = dlc.matmul %0, %y : (!dlc.tensor<2 x 4 x f32>, !dlc.tensor<4 x 4 x f32>) -> !dlc.tensor<2 x 4 x f32>
  %2 = dlc.concat %1, %0 axis 0 : (!dlc.tensor<2 x 4 x f32>, !dlc.tensor<2 x 4 x f32>) -> !dlc.tensor<4 x 4 x f32>
  return %2 : !dlc.tensor<4 x 4 x f32>
}

// -----

// So does what may follow an anchor in its box.
// CHECK-LABEL: func.func @follower
// CHECK: %[[PRODUCT:.*]] = dlc.kernel anchor
// CHECK: dlc.relu
// CHECK: dlc.concat %[[PRODUCT]], %{{.*}} axis 0
func.func @follower(%x: !dlc.tensor<2 x 4 x f32>, %y: !dlc.tensor<4 x 4 x f32>) -> !dlc.tensor<4 x 4 x f32> {
  %0 = dlc.matmul %x, %y : (!dlc.tensor<2 x 4 x f32>, !dlc.tensor<4 x 4 x f32>) -> !dlc.tensor<2 x 4 x f32>
  %1 = dlc.relu %0 : (!dlc.tensor<2 x 4 x f32>) -> !dlc.tensor<2 x 4 x f32>
  %2 = dlc.concat %1, %x axis 0 : (!dlc.tensor<2 x 4 x f32>, !dlc.tensor<2 x 4 x f32>) -> !dlc.tensor<4 x 4 x f32>
  return %2 : !dlc.tensor<4 x 4 x f32>
}

// -----

// A view between moves is an index map, as long as rows stay rows of the result; else it stays outside, and needs no code.
// CHECK-LABEL: func.func @views
// CHECK: dlc.kernel loops
// CHECK: dlc.concat
// CHECK: dlc.view
// CHECK: dlc.transpose
// CHECK: dlc.yield
// CHECK: dlc.view
// CHECK: dlc.kernel loops
// CHECK-NOT: dlc.kernel
func.func @views(%x: !dlc.tensor<6 x N x f32>, %y: !dlc.tensor<6 x M x f32>) -> !dlc.tensor<N + M x 6 x f32> {
  %0 = dlc.concat %x, %y axis 1 : (!dlc.tensor<6 x N x f32>, !dlc.tensor<6 x M x f32>) -> !dlc.tensor<6 x N + M x f32>
  %1 = dlc.view %0 : !dlc.tensor<6 x N + M x f32> -> !dlc.tensor<2 x 3 x N + M x f32>
  %2 = dlc.transpose %1 perm [1, 0, 2] : (!dlc.tensor<2 x 3 x N + M x f32>) -> !dlc.tensor<3 x 2 x N + M x f32>
  %3 = dlc.view %2 : !dlc.tensor<3 x 2 x N + M x f32> -> !dlc.tensor<N + M x 6 x f32>
  %4 = dlc.exp %3 : (!dlc.tensor<N + M x 6 x f32>) -> !dlc.tensor<N + M x 6 x f32>
  return %4 : !dlc.tensor<N + M x 6 x f32>
}
