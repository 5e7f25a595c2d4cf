// RUN: dlc-opt %s --dlc-expand-einsum | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK: %[[X:.*]] = dlc.transpose %arg0 perm [1, 0, 2, 3] : {{.*}} -> !dlc.tensor<H x B x W x C x f32>
// CHECK: %[[LEFT:.*]] = dlc.view %[[X]] : {{.*}} -> <H x B*W x C x f32>
// CHECK: %[[RIGHT:.*]] = dlc.transpose %arg1 perm [0, 2, 1] : {{.*}} -> !dlc.tensor<H x C x K x f32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[LEFT]], %[[RIGHT]] : {{.*}} -> !dlc.tensor<H x B*W x K x f32>
// CHECK: %[[SPLIT:.*]] = dlc.view %[[PRODUCT]] : {{.*}} -> <H x B x W x K x f32>
// CHECK: %[[RESULT:.*]] = dlc.transpose %[[SPLIT]] perm [1, 0, 2, 3] : {{.*}} -> !dlc.tensor<B x H x W x K x f32>
// CHECK: return %[[RESULT]]
func.func @documented(%x: !dlc.tensor<B x H x W x C x f32>, %y: !dlc.tensor<H x K x C x f32>) -> !dlc.tensor<B x H x W x K x f32> {
  %0 = dlc.library_call "einsum"(%x, %y) {equation = "bhwc, hkc -> bhwk"} : (!dlc.tensor<B x H x W x C x f32>, !dlc.tensor<H x K x C x f32>) -> !dlc.tensor<B x H x W x K x f32>
  return %0 : !dlc.tensor<B x H x W x K x f32>
}

// Without a result its labels are those of one term, in order.
// CHECK-LABEL: func.func @implicit
// CHECK: dlc.matmul %arg0, %arg1 : {{.*}} -> !dlc.tensor<M x N x f32>
// CHECK-NOT: dlc.transpose
func.func @implicit(%x: !dlc.tensor<M x K x f32>, %y: !dlc.tensor<K x N x f32>) -> !dlc.tensor<M x N x f32> {
  %0 = dlc.library_call "einsum"(%x, %y) {equation = "ij,jk"} : (!dlc.tensor<M x K x f32>, !dlc.tensor<K x N x f32>) -> !dlc.tensor<M x N x f32>
  return %0 : !dlc.tensor<M x N x f32>
}

// A diagonal, a sum over a dim of one term, an ellipsis, three terms, integers, and sizes that may broadcast stay calls.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-6: dlc.library_call "einsum"
func.func @others(%s: !dlc.tensor<N x N x f32>, %x: !dlc.tensor<M x N x f32>, %v: !dlc.tensor<N x f32>, %i: !dlc.tensor<M x N x i32>, %o: !dlc.tensor<1 x f32>)
    -> (!dlc.tensor<N x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x i32>, !dlc.tensor<M x f32>) {
  %0 = dlc.library_call "einsum"(%s, %v) {equation = "ii,i->i"} : (!dlc.tensor<N x N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %1 = dlc.library_call "einsum"(%x, %v) {equation = "mn,k->m"} : (!dlc.tensor<M x N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<M x f32>
  %2 = dlc.library_call "einsum"(%x, %v) {equation = "...n,n->..."} : (!dlc.tensor<M x N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<M x f32>
  %3 = dlc.library_call "einsum"(%x, %v, %v) {equation = "mn,n,n->m"} : (!dlc.tensor<M x N x f32>, !dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<M x f32>
  %4 = dlc.library_call "einsum"(%i, %i) {equation = "mn,mn->m"} : (!dlc.tensor<M x N x i32>, !dlc.tensor<M x N x i32>) -> !dlc.tensor<M x i32>
  %5 = dlc.library_call "einsum"(%x, %o) {equation = "mn,n->m"} : (!dlc.tensor<M x N x f32>, !dlc.tensor<1 x f32>) -> !dlc.tensor<M x f32>
  return %0, %1, %2, %3, %4, %5 : !dlc.tensor<N x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x f32>, !dlc.tensor<M x i32>, !dlc.tensor<M x f32>
}
