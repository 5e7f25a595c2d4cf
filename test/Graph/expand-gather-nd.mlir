// RUN: dlc-opt %s --dlc-expand-gather-nd | FileCheck %s

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
