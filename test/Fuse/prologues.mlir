// RUN: dlc-opt %s --split-input-file --dlc-fuse | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-fuse=rules=elementwise,norm-elementwise | FileCheck %s --check-prefix=OFF

!rows = !dlc.tensor<N x S x 8 x f32>
!row = !dlc.tensor<8 x f32>

// A sum that the next residual reads too is a second result.
// CHECK-LABEL: func.func @residual_norm
// CHECK: %[[BOX:.*]]:2 = dlc.kernel rows(%arg0, %arg1, %arg2)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[SUM:.*]] = dlc.add
// CHECK-NEXT: %[[NORM:.*]] = dlc.layer_norm %[[SUM]]
// CHECK-NEXT: dlc.yield %[[NORM]], %[[SUM]]
// CHECK: dlc.kernel anchor(%[[BOX]]#0, %{{.*}}, %[[BOX]]#1)
// CHECK-NOT: dlc.kernel
// OFF-LABEL: func.func @residual_norm
// OFF: dlc.kernel loops
// OFF: dlc.kernel rows
func.func @residual_norm(%x: !rows, %y: !rows, %scale: !row) -> !rows {
  %w = dlc.constant dense<1.0> : tensor<8x8xf32> -> !dlc.tensor<8 x 8 x f32>
  %0 = dlc.add %x, %y : (!rows, !rows) -> !rows
  %1 = dlc.layer_norm %0 scale %scale axis -1 epsilon 1.0e-05 : (!rows, !row) -> !rows
  %2 = dlc.matmul %1, %w : (!rows, !dlc.tensor<8 x 8 x f32>) -> !rows
  %3 = dlc.add %2, %0 : (!rows, !rows) -> !rows
  return %3 : !rows
}

// -----

!rows = !dlc.tensor<N x S x 8 x f32>

// Tables that are looked up, scalars, and a sum that the epilogue reads as well; nobody else reads it.
// CHECK-LABEL: func.func @embeddings
// CHECK: %[[BOX:.*]] = dlc.kernel rows(%arg0, %arg1, %arg2)
// CHECK: dlc.gather
// CHECK: %[[SUM:.*]] = dlc.add
// CHECK: %[[NORM:.*]] = dlc.layer_norm %[[SUM]]
// CHECK: %[[LAST:.*]] = dlc.mul %[[NORM]], %[[SUM]]
// CHECK: dlc.yield %[[LAST]] :
// CHECK-NOT: dlc.kernel
// CHECK: return %[[BOX]]
func.func @embeddings(%table: !dlc.tensor<7 x 8 x f32>, %ids: !dlc.tensor<N x S x i64>, %places: !dlc.tensor<S x 8 x f32>) -> !rows {
  %half = dlc.constant dense<0.5> : tensor<f32> -> !dlc.tensor<f32>
  %0 = dlc.gather %table, %ids axis 0 : (!dlc.tensor<7 x 8 x f32>, !dlc.tensor<N x S x i64>) -> !rows
  %1 = dlc.mul %0, %half : (!rows, !dlc.tensor<f32>) -> !rows
  %2 = dlc.add %1, %places : (!rows, !dlc.tensor<S x 8 x f32>) -> !rows
  %3 = dlc.layer_norm %2 axis -1 epsilon 1.0e-05 rms : (!rows) -> !rows
  %4 = dlc.mul %3, %2 : (!rows, !rows) -> !rows
  return %4 : !rows
}

// -----

!scores = !dlc.tensor<N x S x S x f32>

// CHECK-LABEL: func.func @masked_softmax
// CHECK: dlc.kernel rows(%arg1, %arg0)
// CHECK: dlc.select
// CHECK-NEXT: dlc.softmax
// CHECK-NOT: dlc.kernel
func.func @masked_softmax(%x: !scores, %mask: !dlc.tensor<S x S x i1>) -> !scores {
  %least = dlc.constant dense<-1.0e4> : tensor<f32> -> !dlc.tensor<f32>
  %0 = dlc.select %mask, %x, %least : (!dlc.tensor<S x S x i1>, !scores, !dlc.tensor<f32>) -> !scores
  %1 = dlc.softmax %0 axis -1 : (!scores) -> !scores
  return %1 : !scores
}

// -----

!scores = !dlc.tensor<N x S x S x f32>

// The rows of a box are those of the last dim, as they lie.
// CHECK-LABEL: func.func @other_rows
// CHECK-COUNT-3: dlc.kernel loops
// CHECK-COUNT-3: dlc.kernel rows
// CHECK-NOT: dlc.kernel
func.func @other_rows(%x: !scores) -> (!scores, !scores, !scores) {
  %0 = dlc.tanh %x : (!scores) -> !scores
  %1 = dlc.tanh %x : (!scores) -> !scores
  %2 = dlc.transpose %x perm [0, 2, 1] : (!scores) -> !scores
  %3 = dlc.softmax %0 axis 1 : (!scores) -> !scores
  %4 = dlc.layer_norm %1 axis 1 epsilon 1.0e-05 : (!scores) -> !scores
  %5 = dlc.softmax %2 axis 2 : (!scores) -> !scores
  return %3, %4, %5 : !scores, !scores, !scores
}

// -----

!rows = !dlc.tensor<N x 8 x f32>

// What reads the sum in front of the box would wait for it, and the box for that.
// CHECK-LABEL: func.func @read_before
// CHECK: dlc.kernel loops
// CHECK: dlc.kernel rows
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.softmax
// CHECK: dlc.kernel rows
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.layer_norm
// CHECK-NEXT: dlc.add
func.func @read_before(%x: !rows, %y: !rows) -> !rows {
  %0 = dlc.add %x, %y : (!rows, !rows) -> !rows
  %1 = dlc.softmax %0 axis 0 : (!rows) -> !rows
  %2 = dlc.layer_norm %0 axis -1 epsilon 1.0e-05 : (!rows) -> !rows
  %3 = dlc.add %2, %1 : (!rows, !rows) -> !rows
  return %3 : !rows
}

// -----

!rows = !dlc.tensor<N x 8 x f32>

// What a product takes stays there, and what has no device code keeps no normalization from a device.
// CHECK-LABEL: func.func @elsewhere
// CHECK: dlc.kernel anchor
// CHECK: dlc.add
// CHECK: dlc.kernel rows
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.layer_norm
// CHECK: dlc.kernel loops
// CHECK: dlc.exp
// CHECK: dlc.kernel rows
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.layer_norm
func.func @elsewhere(%x: !rows, %y: !dlc.tensor<N x 8 x f64>) -> (!rows, !rows) {
  %w = dlc.constant dense<1.0> : tensor<8x8xf32> -> !dlc.tensor<8 x 8 x f32>
  %0 = dlc.matmul %x, %w : (!rows, !dlc.tensor<8 x 8 x f32>) -> !rows
  %1 = dlc.add %0, %x : (!rows, !rows) -> !rows
  %2 = dlc.layer_norm %1 axis -1 epsilon 1.0e-05 : (!rows) -> !rows
  %3 = dlc.exp %y : (!dlc.tensor<N x 8 x f64>) -> !dlc.tensor<N x 8 x f64>
  %4 = dlc.cast %3 : (!dlc.tensor<N x 8 x f64>) -> !rows
  %5 = dlc.layer_norm %4 axis -1 epsilon 1.0e-05 : (!rows) -> !rows
  return %2, %5 : !rows, !rows
}

// -----

!row = !dlc.tensor<N x f32>

// CHECK-LABEL: func.func @scaled_by_itself
// CHECK: dlc.kernel loops
// CHECK: dlc.kernel rows
func.func @scaled_by_itself(%x: !row) -> !row {
  %0 = dlc.tanh %x : (!row) -> !row
  %1 = dlc.layer_norm %0 scale %0 axis 0 epsilon 1.0e-05 : (!row, !row) -> !row
  return %1 : !row
}
