// RUN: dlc-opt %s --dlc-expand-index-tuples | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK: %[[SIZE:.*]] = dlc.iota <M> step <1> : <1 x i64>
// CHECK: dlc.slice %arg1{{.*}} -> !dlc.tensor<L x 1 x i64>
// CHECK: dlc.mul {{.*}} -> !dlc.tensor<L x i64>
// CHECK: %[[ALL:.*]] = dlc.iota <{{M[*]N|N[*]M}}> step <1>
// CHECK: %[[NUMBERS:.*]] = dlc.select {{.*}} -> !dlc.tensor<L x i64>
// CHECK: %[[ROWS:.*]] = dlc.view %arg0 : <N x M x K x f32> -> <{{M[*]N|N[*]M}} x K x f32>
// CHECK: %[[RESULT:.*]] = dlc.gather %[[ROWS]], %[[NUMBERS]] axis 0
// CHECK: return %[[RESULT]]
func.func @documented(%x: !dlc.tensor<N x M x K x f32>, %i: !dlc.tensor<L x 2 x i64>) -> !dlc.tensor<L x K x f32> {
  %0 = dlc.library_call "gather_nd"(%x, %i) {batch_dims = 0 : i64} : (!dlc.tensor<N x M x K x f32>, !dlc.tensor<L x 2 x i64>) -> !dlc.tensor<L x K x f32>
  return %0 : !dlc.tensor<L x K x f32>
}

// Batch dims, and tuples whose length only the run knows, stay calls.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-2: dlc.library_call "gather_nd"
func.func @others(%x: !dlc.tensor<N x M x f32>, %i: !dlc.tensor<N x 1 x i64>, %j: !dlc.tensor<L x R x i64>) -> (!dlc.tensor<N x f32>, !dlc.tensor<L x f32>) {
  %0 = dlc.library_call "gather_nd"(%x, %i) {batch_dims = 1 : i64} : (!dlc.tensor<N x M x f32>, !dlc.tensor<N x 1 x i64>) -> !dlc.tensor<N x f32>
  %1 = dlc.library_call "gather_nd"(%x, %j) {batch_dims = 0 : i64} : (!dlc.tensor<N x M x f32>, !dlc.tensor<L x R x i64>) -> !dlc.tensor<L x f32>
  return %0, %1 : !dlc.tensor<N x f32>, !dlc.tensor<L x f32>
}

// CHECK-LABEL: func.func @scatter
// CHECK: %[[NUMBERS:.*]] = dlc.select {{.*}}, !dlc.tensor<i64>) -> !dlc.tensor<2 x 4 x i64>
// CHECK: %[[FLAT:.*]] = dlc.view %[[NUMBERS]] : <2 x 4 x i64> -> <8 x i64>
// CHECK: %[[WRITER:.*]] = dlc.last_writer %[[FLAT]] : (!dlc.tensor<8 x i64>) -> !dlc.tensor<N x i64>
// CHECK: %[[SOURCE:.*]] = dlc.max %[[WRITER]],
// CHECK: %[[UPDATES:.*]] = dlc.view %arg2 : <2 x 4 x 3 x f32> -> <8 x 3 x f32>
// CHECK: %[[TAKEN:.*]] = dlc.gather %[[UPDATES]], %[[SOURCE]] axis 0 : {{.*}} -> !dlc.tensor<N x 3 x f32>
// CHECK: %[[IS:.*]] = dlc.greater_equal %[[WRITER]],
// CHECK: %[[MASK:.*]] = dlc.view %[[IS]] : <N x i1> -> <N x 1 x i1>
// CHECK: %[[RESULT:.*]] = dlc.select %[[MASK]], %[[TAKEN]], %arg0
// CHECK: return %[[RESULT]]
func.func @scatter(%x: !dlc.tensor<N x 3 x f32>, %i: !dlc.tensor<2 x 4 x 1 x i64>, %u: !dlc.tensor<2 x 4 x 3 x f32>) -> !dlc.tensor<N x 3 x f32> {
  %0 = dlc.library_call "scatter_nd"(%x, %i, %u) {reduction = "none"} : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<2 x 4 x 1 x i64>, !dlc.tensor<2 x 4 x 3 x f32>) -> !dlc.tensor<N x 3 x f32>
  return %0 : !dlc.tensor<N x 3 x f32>
}

// What combines updates, or may have none, stays a call.
// CHECK-LABEL: func.func @other_scatters
// CHECK-COUNT-2: dlc.library_call "scatter_nd"
func.func @other_scatters(%x: !dlc.tensor<N x f32>, %i: !dlc.tensor<4 x 1 x i64>, %j: !dlc.tensor<U x 1 x i64>, %u: !dlc.tensor<4 x f32>, %v: !dlc.tensor<U x f32>) -> (!dlc.tensor<N x f32>, !dlc.tensor<N x f32>) {
  %0 = dlc.library_call "scatter_nd"(%x, %i, %u) {reduction = "add"} : (!dlc.tensor<N x f32>, !dlc.tensor<4 x 1 x i64>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x f32>
  %1 = dlc.library_call "scatter_nd"(%x, %j, %v) {reduction = "none"} : (!dlc.tensor<N x f32>, !dlc.tensor<U x 1 x i64>, !dlc.tensor<U x f32>) -> !dlc.tensor<N x f32>
  return %0, %1 : !dlc.tensor<N x f32>, !dlc.tensor<N x f32>
}
