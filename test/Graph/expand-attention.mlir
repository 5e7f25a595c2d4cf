// RUN: dlc-opt %s --split-input-file --dlc-expand-attention | FileCheck %s

!q = !dlc.tensor<N x 2 x S x 4 x f32>
!k = !dlc.tensor<N x 2 x T x 4 x f32>

// CHECK-LABEL: func.func @documented
// CHECK-DAG: %[[HALF:.*]] = dlc.constant dense<5.000000e-01>
// CHECK: %[[SCALED:.*]] = dlc.mul %arg0, %[[HALF]]
// CHECK-NEXT: %[[SCORES:.*]] = dlc.matmul %[[SCALED]], %arg1 transpose_rhs : {{.*}} -> !dlc.tensor<N x 2 x S x T x f32>
// CHECK-NEXT: %[[WEIGHTS:.*]] = dlc.softmax %[[SCORES]] axis -1
// CHECK-NEXT: %[[RESULT:.*]] = dlc.matmul %[[WEIGHTS]], %arg2 : {{.*}} -> !dlc.tensor<N x 2 x S x 4 x f32>
// CHECK-NEXT: return %[[RESULT]]
func.func @documented(%q: !q, %k: !k, %v: !k) -> !q {
  %0 = dlc.library_call "attention"(%q, %k, %v) {scale = 0.5 : f32} : (!q, !k, !k) -> !q
  return %0 : !q
}

// Without a scale it is that of the size. A query without a key gets zeros.
// CHECK-LABEL: func.func @mask
// CHECK-DAG: dlc.constant dense<5.000000e-01>
// CHECK-DAG: %[[BLOCKED:.*]] = dlc.constant dense<0xFF800000>
// CHECK: %[[BIAS:.*]] = dlc.select %arg3, %{{.*}}, %{{.*}} : {{.*}} -> !dlc.tensor<N x 1 x S x T x f32>
// CHECK: dlc.add %{{.*}}, %[[BIAS]] : {{.*}} -> !dlc.tensor<N x 2 x S x T x f32>
// CHECK: %[[MOST:.*]] = dlc.reduce max %[[BIAS]] axes [-1] keep_dims : {{.*}} -> !dlc.tensor<N x 1 x S x 1 x f32>
// CHECK: %[[IS:.*]] = dlc.equal %[[MOST]],
// CHECK: dlc.select %[[IS]], %{{.*}}, %{{.*}} -> !dlc.tensor<N x 2 x S x 4 x f32>
func.func @mask(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<N x 1 x S x T x i1>) -> !q {
  %0 = dlc.library_call "attention"(%q, %k, %v, %mask) {is_causal = 0 : i64, softcap = 0.0 : f32}
     : (!q, !k, !k, !dlc.tensor<N x 1 x S x T x i1>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @causal
// CHECK-DAG: %[[QUERY:.*]] = dlc.iota <0> step <1> : <S x i64>
// CHECK-DAG: %[[KEY:.*]] = dlc.iota <0> step <1> : <T x i64>
// CHECK: %[[PLACES:.*]] = dlc.view %[[QUERY]] : {{.*}} -> <S x 1 x i64>
// CHECK: %[[BEFORE:.*]] = dlc.less_equal %[[KEY]], %[[PLACES]] : {{.*}} -> !dlc.tensor<S x T x i1>
// CHECK: dlc.select %[[BEFORE]], %arg3, %{{.*}} : {{.*}} -> !dlc.tensor<S x T x f32>
func.func @causal(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<T x f32>) -> !q {
  %0 = dlc.library_call "attention"(%q, %k, %v, %mask) {is_causal = 1 : i64, scale = 1.0 : f32}
     : (!q, !k, !k, !dlc.tensor<T x f32>) -> !q
  return %0 : !q
}

// -----

!q = !dlc.tensor<N x 4 x S x 4 x f32>
!k = !dlc.tensor<N x 2 x T x 4 x f32>

// Heads that share keys, a mask that may broadcast or end early, a cap, a window, another result.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-6: dlc.library_call "attention"
// CHECK-NOT: dlc.matmul
func.func @stays(%q: !q, %k: !k, %m: !dlc.tensor<M x 1 x S x T x i1>, %short: !dlc.tensor<1 x i1>) -> (!q, !k, !k, !k, !k, !k) {
  %0 = dlc.library_call "attention"(%q, %k, %k) {} : (!q, !k, !k) -> !q
  %1 = dlc.library_call "attention"(%k, %k, %k, %m) {} : (!k, !k, !k, !dlc.tensor<M x 1 x S x T x i1>) -> !k
  %2 = dlc.library_call "attention"(%k, %k, %k, %short) {} : (!k, !k, !k, !dlc.tensor<1 x i1>) -> !k
  %3 = dlc.library_call "attention"(%k, %k, %k) {softcap = 2.0 : f32} : (!k, !k, !k) -> !k
  %4 = dlc.library_call "attention"(%k, %k, %k) {left_window_size = 1 : i64} : (!k, !k, !k) -> !k
  %5:2 = dlc.library_call "attention"(%k, %k, %k) {} : (!k, !k, !k) -> (!k, !k)
  return %0, %1, %2, %3, %4, %5#1 : !q, !k, !k, !k, !k, !k
}
