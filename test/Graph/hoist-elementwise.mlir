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
