// RUN: dlc-opt %s --dlc-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @products
func.func @products(%a: !dlc.tensor<M x K x f32>, %b: !dlc.tensor<K x N x f32>, %k: !dlc.tensor<K x f32>, %s: !dlc.tensor<B x 1 x M x K x f32>,
                    %t: !dlc.tensor<5 x N x K x f32>, %c: !dlc.tensor<7 x 3 x f32>) {
  // CHECK: dlc.matmul {{.*}} -> !dlc.tensor<M x N x f32>
  %0 = dlc.matmul %a, %b : (!dlc.tensor<M x K x f32>, !dlc.tensor<K x N x f32>) -> !dlc.tensor<* x f32>
  // A row, a column, both.
  // CHECK: dlc.matmul {{.*}} -> !dlc.tensor<N x f32>
  %1 = dlc.matmul %k, %b : (!dlc.tensor<K x f32>, !dlc.tensor<K x N x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.matmul {{.*}} -> !dlc.tensor<B x 1 x M x f32>
  %2 = dlc.matmul %s, %k : (!dlc.tensor<B x 1 x M x K x f32>, !dlc.tensor<K x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.matmul {{.*}} -> !dlc.tensor<f32>
  %3 = dlc.matmul %k, %k : (!dlc.tensor<K x f32>, !dlc.tensor<K x f32>) -> !dlc.tensor<* x f32>
  // Batches broadcast.
  // CHECK: dlc.matmul {{.*}} transpose_rhs : {{.*}} -> !dlc.tensor<B x 5 x M x N x f32>
  %4 = dlc.matmul %s, %t transpose_rhs : (!dlc.tensor<B x 1 x M x K x f32>, !dlc.tensor<5 x N x K x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.matmul {{.*}} transpose_lhs transpose_rhs : {{.*}} -> !dlc.tensor<N x M x f32>
  %5 = dlc.matmul %b, %a transpose_lhs transpose_rhs : (!dlc.tensor<K x N x f32>, !dlc.tensor<M x K x f32>) -> !dlc.tensor<* x f32>
  // Sizes that only the run can compare.
  // CHECK: dlc.guard
  // CHECK: dlc.matmul {{.*}} -> !dlc.tensor<M x 3 x f32>
  %6 = dlc.matmul %a, %c : (!dlc.tensor<M x K x f32>, !dlc.tensor<7 x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @sums
func.func @sums(%x: !dlc.tensor<N x 4 x W x f32>) {
  // CHECK: dlc.reduce sum {{.*}} axes [0, -1] keep_dims : {{.*}} -> !dlc.tensor<1 x 4 x 1 x f32>
  %0 = dlc.reduce sum %x axes [0, -1] keep_dims : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.reduce prod {{.*}} -> !dlc.tensor<f32>
  %1 = dlc.reduce prod %x : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.reduce l1 {{.*}} axes [] : {{.*}} -> !dlc.tensor<N x 4 x W x f32>
  %2 = dlc.reduce l1 %x axes [] : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.softmax {{.*}} -> !dlc.tensor<N x 4 x W x f32>
  %3 = dlc.softmax %x axis 0 : (!dlc.tensor<N x 4 x W x f32>) -> !dlc.tensor<* x f32>
  return
}
