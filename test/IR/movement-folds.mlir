// RUN: dlc-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @transpositions
// CHECK: dlc.transpose %{{.*}} perm [1, 2, 0]
// CHECK-NOT: dlc.transpose
// CHECK: dlc.view
func.func @transpositions(%x: !dlc.tensor<2 x 3 x 4 x f32>, %y: !dlc.tensor<2 x 1 x 4 x f32>) -> (!dlc.tensor<3 x 4 x 2 x f32>, !dlc.tensor<2 x 4 x 1 x f32>) {
  %0 = dlc.transpose %x perm [1, 0, 2] : (!dlc.tensor<2 x 3 x 4 x f32>) -> !dlc.tensor<3 x 2 x 4 x f32>
  %1 = dlc.transpose %0 perm [0, 2, 1] : (!dlc.tensor<3 x 2 x 4 x f32>) -> !dlc.tensor<3 x 4 x 2 x f32>
  %2 = dlc.transpose %y perm [0, 2, 1] : (!dlc.tensor<2 x 1 x 4 x f32>) -> !dlc.tensor<2 x 4 x 1 x f32>
  return %1, %2 : !dlc.tensor<3 x 4 x 2 x f32>, !dlc.tensor<2 x 4 x 1 x f32>
}

// -----

// Constant indices at equal distances are a slice; others, and one that is out of range, are not.
// CHECK-LABEL: func.func @gathers
// CHECK: %[[LAST:.*]] = dlc.slice %{{.*}} starts [#dlc.expr<2>, #dlc.expr<0>] sizes [#dlc.expr<1>, #dlc.expr<N>] steps [1, 1]
// CHECK: dlc.view %[[LAST]] : <1 x N x f32> -> <N x f32>
// CHECK: dlc.slice %{{.*}} starts [#dlc.expr<2>, #dlc.expr<0>] sizes [#dlc.expr<2>, #dlc.expr<N>] steps [-2, 1]
// CHECK-COUNT-2: dlc.gather
func.func @gathers(%x: !dlc.tensor<3 x N x f32>) -> (!dlc.tensor<N x f32>, !dlc.tensor<2 x N x f32>, !dlc.tensor<3 x N x f32>, !dlc.tensor<N x f32>) {
  %last = dlc.constant dense<-1> : tensor<i64> -> <i64>
  %back = dlc.constant dense<[2, 0]> : tensor<2xi32> -> <2 x i32>
  %mixed = dlc.constant dense<[2, 0, 1]> : tensor<3xi64> -> <3 x i64>
  %none = dlc.constant dense<3> : tensor<i64> -> <i64>
  %0 = dlc.gather %x, %last axis 0 : (!dlc.tensor<3 x N x f32>, !dlc.tensor<i64>) -> !dlc.tensor<N x f32>
  %1 = dlc.gather %x, %back axis 0 : (!dlc.tensor<3 x N x f32>, !dlc.tensor<2 x i32>) -> !dlc.tensor<2 x N x f32>
  %2 = dlc.gather %x, %mixed axis 0 : (!dlc.tensor<3 x N x f32>, !dlc.tensor<3 x i64>) -> !dlc.tensor<3 x N x f32>
  %3 = dlc.gather %x, %none axis 0 : (!dlc.tensor<3 x N x f32>, !dlc.tensor<i64>) -> !dlc.tensor<N x f32>
  return %0, %1, %2, %3 : !dlc.tensor<N x f32>, !dlc.tensor<2 x N x f32>, !dlc.tensor<3 x N x f32>, !dlc.tensor<N x f32>
}

// -----

// What is split and joined again is what it was.
// CHECK-LABEL: func.func @slices
// CHECK-SAME: %[[X:.*]]: !dlc.tensor<6 x N x f32>
// CHECK: dlc.slice %[[X]] starts [#dlc.expr<4>, #dlc.expr<0>] sizes [#dlc.expr<2>, #dlc.expr<N>]
// CHECK: %[[ALL:.*]] = dlc.concat %[[X]], %{{.*}} axis 0
// CHECK: return %{{.*}}, %[[ALL]]
func.func @slices(%x: !dlc.tensor<6 x N x f32>) -> (!dlc.tensor<2 x N x f32>, !dlc.tensor<8 x N x f32>) {
  %0 = dlc.slice %x starts [#dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<3>, #dlc.expr<N>] steps [1, 1] : (!dlc.tensor<6 x N x f32>) -> !dlc.tensor<3 x N x f32>
  %1 = dlc.slice %x starts [#dlc.expr<3>, #dlc.expr<0>] sizes [#dlc.expr<3>, #dlc.expr<N>] steps [1, 1] : (!dlc.tensor<6 x N x f32>) -> !dlc.tensor<3 x N x f32>
  %2 = dlc.slice %1 starts [#dlc.expr<1>, #dlc.expr<0>] sizes [#dlc.expr<2>, #dlc.expr<N>] steps [1, 1] : (!dlc.tensor<3 x N x f32>) -> !dlc.tensor<2 x N x f32>
  %3 = dlc.concat %0, %1, %2 axis 0 : (!dlc.tensor<3 x N x f32>, !dlc.tensor<3 x N x f32>, !dlc.tensor<2 x N x f32>) -> !dlc.tensor<8 x N x f32>
  return %2, %3 : !dlc.tensor<2 x N x f32>, !dlc.tensor<8 x N x f32>
}

// -----

// Parts of what is joined are parts of the operands, or joined parts; a view of the rest of the dims does not matter.
// CHECK-LABEL: func.func @joined
// CHECK-SAME: %[[A:.*]]: !dlc.tensor<2 x 3 x 4 x f32>, %[[B:.*]]: !dlc.tensor<5 x 3 x 4 x f32>
// CHECK-NOT: dlc.slice
// CHECK: %[[VIEW:.*]] = dlc.view %[[B]] : <5 x 3 x 4 x f32> -> <5 x 12 x f32>
// CHECK: %[[LOW:.*]] = dlc.slice %[[A]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>]
// CHECK: %[[HIGH:.*]] = dlc.slice %[[B]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>]
// CHECK: %[[ALL:.*]] = dlc.concat %[[LOW]], %[[HIGH]] axis 0
// CHECK: return %[[VIEW]], %[[ALL]]
func.func @joined(%a: !dlc.tensor<2 x 3 x 4 x f32>, %b: !dlc.tensor<5 x 3 x 4 x f32>) -> (!dlc.tensor<5 x 12 x f32>, !dlc.tensor<7 x 3 x 2 x f32>) {
  %0 = dlc.concat %a, %b axis 0 : (!dlc.tensor<2 x 3 x 4 x f32>, !dlc.tensor<5 x 3 x 4 x f32>) -> !dlc.tensor<7 x 3 x 4 x f32>
  %1 = dlc.view %0 : !dlc.tensor<7 x 3 x 4 x f32> -> !dlc.tensor<7 x 12 x f32>
  %2 = dlc.slice %1 starts [#dlc.expr<2>, #dlc.expr<0>] sizes [#dlc.expr<5>, #dlc.expr<12>] steps [1, 1]
     : (!dlc.tensor<7 x 12 x f32>) -> !dlc.tensor<5 x 12 x f32>
  %3 = dlc.slice %0 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>] sizes [#dlc.expr<7>, #dlc.expr<3>, #dlc.expr<2>] steps [1, 1, 1]
     : (!dlc.tensor<7 x 3 x 4 x f32>) -> !dlc.tensor<7 x 3 x 2 x f32>
  return %2, %3 : !dlc.tensor<5 x 12 x f32>, !dlc.tensor<7 x 3 x 2 x f32>
}
