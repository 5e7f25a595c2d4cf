// RUN: dlc-opt %s --dlc-hoist-elementwise | FileCheck %s

!x = !dlc.tensor<S x 8 x f32>
!w = !dlc.tensor<8 x 4 x f32>
!y = !dlc.tensor<S x 4 x f32>
!t = !dlc.tensor<4 x S x f32>
!v = !dlc.tensor<2 x 2 x S x f32>
!s = !dlc.tensor<f32>

// CHECK-LABEL: func.func @documented
// CHECK: %[[PRODUCT:.*]] = dlc.matmul
// CHECK-NEXT: %[[RELU:.*]] = dlc.relu %[[PRODUCT]] : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
// CHECK-NEXT: %[[MOVED:.*]] = dlc.transpose %[[RELU]] perm [1, 0]
// CHECK-NEXT: return %[[MOVED]]
func.func @documented(%x: !x, %w: !w) -> !t {
  %0 = dlc.matmul %x, %w : (!x, !w) -> !y
  %1 = dlc.transpose %0 perm [1, 0] : (!y) -> !t
  %2 = dlc.relu %1 : (!t) -> !t
  return %2 : !t
}

// One op after the other, over two moves; bounds that are computed after the product; another type of elements.
// CHECK-LABEL: func.func @chain
// CHECK: %[[PRODUCT:.*]] = dlc.matmul
// CHECK-NEXT: %[[BOUND:.*]] = dlc.exp %arg2
// CHECK-NEXT: %[[CLIP:.*]] = dlc.clip %[[PRODUCT]] low %[[BOUND]] : (!dlc.tensor<S x 4 x f32>, !dlc.tensor<f32>) -> !dlc.tensor<S x 4 x f32>
// CHECK-NEXT: %[[CAST:.*]] = dlc.cast %[[CLIP]] : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<S x 4 x i32>
// CHECK-NEXT: %[[MOVED:.*]] = dlc.transpose %[[CAST]] perm [1, 0] : (!dlc.tensor<S x 4 x i32>) -> !dlc.tensor<4 x S x i32>
// CHECK-NEXT: %[[VIEW:.*]] = dlc.view %[[MOVED]] : <4 x S x i32> -> <2 x 2 x S x i32>
// CHECK-NEXT: return %[[VIEW]]
func.func @chain(%x: !x, %w: !w, %scalar: !s) -> !dlc.tensor<2 x 2 x S x i32> {
  %0 = dlc.matmul %x, %w : (!x, !w) -> !y
  %1 = dlc.transpose %0 perm [1, 0] : (!y) -> !t
  %2 = dlc.view %1 : <4 x S x f32> -> <2 x 2 x S x f32>
  %bound = dlc.exp %scalar : (!s) -> !s
  %3 = dlc.clip %2 low %bound : (!v, !s) -> !v
  %4 = dlc.cast %3 : (!v) -> !dlc.tensor<2 x 2 x S x i32>
  return %4 : !dlc.tensor<2 x 2 x S x i32>
}

// A moved value that something else reads too stays; so does an op of two values, and one behind what is no product.
// CHECK-LABEL: func.func @others
// CHECK: %[[MOVED:.*]] = dlc.transpose
// CHECK: dlc.relu %[[MOVED]]
// CHECK: %[[ADDED:.*]] = dlc.transpose
// CHECK: dlc.add %[[ADDED]], %arg2
// CHECK: %[[INPUT:.*]] = dlc.transpose %arg3
// CHECK: dlc.relu %[[INPUT]]
func.func @others(%x: !x, %w: !w, %z: !t, %input: !y) -> (!t, !t, !t, !t) {
  %0 = dlc.matmul %x, %w : (!x, !w) -> !y
  %1 = dlc.transpose %0 perm [1, 0] : (!y) -> !t
  %2 = dlc.relu %1 : (!t) -> !t
  %3 = dlc.matmul %x, %w : (!x, !w) -> !y
  %4 = dlc.transpose %3 perm [1, 0] : (!y) -> !t
  %5 = dlc.add %4, %z : (!t, !t) -> !t
  %6 = dlc.transpose %input perm [1, 0] : (!y) -> !t
  %7 = dlc.relu %6 : (!t) -> !t
  return %1, %2, %5, %7 : !t, !t, !t, !t
}

// Both uses of a product behind a view, and a value that is shown in the same way: all are computed before it.
// CHECK-LABEL: func.func @views
// CHECK: %[[PRODUCT:.*]] = dlc.matmul
// CHECK-DAG: %[[ERF:.*]] = dlc.erf %[[PRODUCT]] : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
// CHECK: %[[MUL:.*]] = dlc.mul %[[PRODUCT]], %[[ERF]] : (!dlc.tensor<S x 4 x f32>, !dlc.tensor<S x 4 x f32>)
// CHECK: %[[SUM:.*]] = dlc.add %[[MUL]], %arg2 : (!dlc.tensor<S x 4 x f32>, !dlc.tensor<S x 4 x f32>)
// CHECK: %[[VIEW:.*]] = dlc.view %[[SUM]] : <S x 4 x f32> -> <S x 2 x 2 x f32>
// CHECK: return %[[VIEW]]
func.func @views(%x: !x, %w: !w, %other: !y) -> !dlc.tensor<S x 2 x 2 x f32> {
  %0 = dlc.matmul %x, %w : (!x, !w) -> !y
  %1 = dlc.view %0 : <S x 4 x f32> -> <S x 2 x 2 x f32>
  %2 = dlc.view %other : <S x 4 x f32> -> <S x 2 x 2 x f32>
  %3 = dlc.erf %1 : (!dlc.tensor<S x 2 x 2 x f32>) -> !dlc.tensor<S x 2 x 2 x f32>
  %4 = dlc.mul %1, %3 : (!dlc.tensor<S x 2 x 2 x f32>, !dlc.tensor<S x 2 x 2 x f32>) -> !dlc.tensor<S x 2 x 2 x f32>
  %5 = dlc.add %4, %2 : (!dlc.tensor<S x 2 x 2 x f32>, !dlc.tensor<S x 2 x 2 x f32>) -> !dlc.tensor<S x 2 x 2 x f32>
  return %5 : !dlc.tensor<S x 2 x 2 x f32>
}

// Values that are shown from other shapes stay where they are, and so does what no product is behind.
// CHECK-LABEL: func.func @other_views
// CHECK: dlc.add %{{.*}} : (!dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>)
// CHECK: dlc.add %{{.*}} : (!dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>)
func.func @other_views(%x: !dlc.tensor<2 x 8 x f32>, %w: !dlc.tensor<8 x 2 x f32>, %a: !dlc.tensor<1 x 4 x f32>) -> !dlc.tensor<4 x f32> {
  %0 = dlc.matmul %x, %w : (!dlc.tensor<2 x 8 x f32>, !dlc.tensor<8 x 2 x f32>) -> !dlc.tensor<2 x 2 x f32>
  %1 = dlc.view %0 : <2 x 2 x f32> -> <4 x f32>
  %2 = dlc.view %a : <1 x 4 x f32> -> <4 x f32>
  %3 = dlc.add %2, %2 : (!dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<4 x f32>
  %4 = dlc.add %1, %3 : (!dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<4 x f32>
  return %4 : !dlc.tensor<4 x f32>
}
