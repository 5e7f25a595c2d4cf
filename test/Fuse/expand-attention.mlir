// RUN: dlc-opt %s --split-input-file --dlc-expand-attention | FileCheck %s

!q = !dlc.tensor<N x 2 x S x 130 x f32>
!k = !dlc.tensor<N x 2 x T x 130 x f32>

module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>} {

// CHECK-LABEL: func.func @documented
// CHECK-DAG: %[[HALF:.*]] = dlc.constant dense<5.000000e-01>
// CHECK: %[[SCALED:.*]] = dlc.mul %arg0, %[[HALF]]
// CHECK-NEXT: %[[SCORES:.*]] = dlc.matmul %[[SCALED]], %arg1 transpose_rhs : {{.*}} -> !dlc.tensor<N x 2 x S x T x f32>
// CHECK-NEXT: %[[WEIGHTS:.*]] = dlc.softmax %[[SCORES]] axis -1
// CHECK-NEXT: %[[RESULT:.*]] = dlc.matmul %[[WEIGHTS]], %arg2 : {{.*}} -> !dlc.tensor<N x 2 x S x 130 x f32>
// CHECK-NEXT: return %[[RESULT]]
func.func @documented(%q: !q, %k: !k, %v: !k) -> !q {
  %0 = dlc.attention %q, %k, %v scale 0.5 : (!q, !k, !k) -> !q
  return %0 : !q
}

// A query without a key gets zeros.
// CHECK-LABEL: func.func @mask
// CHECK-DAG: %[[BLOCKED:.*]] = dlc.constant dense<0xFF800000>
// CHECK: %[[BIAS:.*]] = dlc.select %arg3, %{{.*}}, %[[BLOCKED]] : {{.*}} -> !dlc.tensor<N x 1 x S x T x f32>
// CHECK: dlc.add %{{.*}}, %[[BIAS]] : {{.*}} -> !dlc.tensor<N x 2 x S x T x f32>
// CHECK: %[[MOST:.*]] = dlc.reduce max %[[BIAS]] axes [-1] keep_dims : {{.*}} -> !dlc.tensor<N x 1 x S x 1 x f32>
// CHECK: %[[IS:.*]] = dlc.equal %[[MOST]],
// CHECK: dlc.select %[[IS]], %{{.*}}, %{{.*}} -> !dlc.tensor<N x 2 x S x 130 x f32>
func.func @mask(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<N x 1 x S x T x i1>) -> !q {
  %0 = dlc.attention %q, %k, %v mask %mask scale 0.5 : (!q, !k, !k, !dlc.tensor<N x 1 x S x T x i1>) -> !q
  return %0 : !q
}

// Or NaNs, which the softmax has anyway.
// CHECK-LABEL: func.func @nan_blocked
// CHECK: dlc.softmax
// CHECK-NEXT: %[[RESULT:.*]] = dlc.matmul
// CHECK-NEXT: return %[[RESULT]]
func.func @nan_blocked(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<N x 1 x S x T x i1>) -> !q {
  %0 = dlc.attention %q, %k, %v mask %mask scale 0.5 nan_blocked : (!q, !k, !k, !dlc.tensor<N x 1 x S x T x i1>) -> !q
  return %0 : !q
}

// Or what is said: no query attends to nothing.
// CHECK-LABEL: func.func @blocked
// CHECK-DAG: %[[LOW:.*]] = dlc.constant dense<-1.000000e+09>
// CHECK: %[[CHOSEN:.*]] = dlc.select %arg3, %{{.*}}, %[[LOW]] : {{.*}} -> !dlc.tensor<N x 2 x S x T x f32>
// CHECK-NEXT: dlc.softmax %[[CHOSEN]]
// CHECK-NEXT: %[[RESULT:.*]] = dlc.matmul
// CHECK-NEXT: return %[[RESULT]]
func.func @blocked(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<N x 1 x S x T x i1>) -> !q {
  %0 = dlc.attention %q, %k, %v mask %mask scale 0.5 blocked -1.0e9 : (!q, !k, !k, !dlc.tensor<N x 1 x S x T x i1>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @causal
// CHECK-DAG: %[[QUERY:.*]] = dlc.iota <0> step <1> : <S x i64>
// CHECK-DAG: %[[KEY:.*]] = dlc.iota <0> step <1> : <T x i64>
// CHECK: %[[PLACES:.*]] = dlc.view %[[QUERY]] : {{.*}} -> <S x 1 x i64>
// CHECK: %[[BEFORE:.*]] = dlc.less_equal %[[KEY]], %[[PLACES]] : {{.*}} -> !dlc.tensor<S x T x i1>
// CHECK: dlc.select %[[BEFORE]], %arg3, %{{.*}} : {{.*}} -> !dlc.tensor<S x T x f32>
func.func @causal(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<1 x f32>) -> !q {
  %0 = dlc.attention %q, %k, %v mask %mask scale 1.0 causal : (!q, !k, !k, !dlc.tensor<1 x f32>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @softcap
// CHECK: %[[PART:.*]] = dlc.div %{{.*}}, %[[CAP:.*]] :
// CHECK-NEXT: %[[CURVE:.*]] = dlc.tanh %[[PART]]
// CHECK-NEXT: %[[CAPPED:.*]] = dlc.mul %[[CURVE]], %[[CAP]]
// CHECK-NEXT: dlc.softmax %[[CAPPED]]
func.func @softcap(%q: !q, %k: !k, %v: !k) -> !q {
  %0 = dlc.attention %q, %k, %v scale 1.0 softcap 2.0 : (!q, !k, !k) -> !q
  return %0 : !q
}

// Two heads of the queries share one of the keys.
// CHECK-LABEL: func.func @shared
// CHECK: %[[QUERIES:.*]] = dlc.view %arg0 : {{.*}} -> <N x 2 x 2 x S x 130 x f32>
// CHECK: %[[KEYS:.*]] = dlc.view %arg1 : {{.*}} -> <N x 2 x 1 x T x 130 x f32>
// CHECK: dlc.matmul %[[QUERIES]], %[[KEYS]] transpose_rhs : {{.*}} -> !dlc.tensor<N x 2 x 2 x S x T x f32>
// CHECK: dlc.softmax %{{.*}} axis -1 : {{.*}} -> !dlc.tensor<N x 4 x S x T x f32>
// CHECK: dlc.matmul {{.*}} -> !dlc.tensor<N x 2 x 2 x S x 130 x f32>
func.func @shared(%q: !dlc.tensor<N x 4 x S x 130 x f32>, %k: !k, %v: !k) -> !dlc.tensor<N x 4 x S x 130 x f32> {
  %0 = dlc.attention %q, %k, %v scale 1.0 : (!dlc.tensor<N x 4 x S x 130 x f32>, !k, !k) -> !dlc.tensor<N x 4 x S x 130 x f32>
  return %0 : !dlc.tensor<N x 4 x S x 130 x f32>
}
}

// -----

// Heads that a device's kernel takes stay.
// CHECK-LABEL: func.func @device
// CHECK: dlc.attention
module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>} {
func.func @device(%q: !dlc.tensor<N x 2 x S x 128 x f32>) -> !dlc.tensor<N x 2 x S x 128 x f32> {
  %0 = dlc.attention %q, %q, %q scale 1.0 : (!dlc.tensor<N x 2 x S x 128 x f32>, !dlc.tensor<N x 2 x S x 128 x f32>, !dlc.tensor<N x 2 x S x 128 x f32>) -> !dlc.tensor<N x 2 x S x 128 x f32>
  return %0 : !dlc.tensor<N x 2 x S x 128 x f32>
}
}

// -----

// For a CPU, what its kernel does not take.
// CHECK-LABEL: func.func @heads
// CHECK: dlc.attention {{.*}} -> !dlc.tensor<N x 2 x S x 512 x f32>
// CHECK-COUNT-2: dlc.softmax
// CHECK-NOT: dlc.attention
func.func @heads(%q: !dlc.tensor<N x 2 x S x 512 x f32>, %large: !dlc.tensor<N x 2 x S x 513 x f32>, %open: !dlc.tensor<N x 2 x S x D x f32>)
    -> (!dlc.tensor<N x 2 x S x 512 x f32>, !dlc.tensor<N x 2 x S x 513 x f32>, !dlc.tensor<N x 2 x S x D x f32>) {
  %0 = dlc.attention %q, %q, %q scale 1.0 : (!dlc.tensor<N x 2 x S x 512 x f32>, !dlc.tensor<N x 2 x S x 512 x f32>, !dlc.tensor<N x 2 x S x 512 x f32>) -> !dlc.tensor<N x 2 x S x 512 x f32>
  %1 = dlc.attention %large, %large, %large scale 1.0 : (!dlc.tensor<N x 2 x S x 513 x f32>, !dlc.tensor<N x 2 x S x 513 x f32>, !dlc.tensor<N x 2 x S x 513 x f32>) -> !dlc.tensor<N x 2 x S x 513 x f32>
  %2 = dlc.attention %open, %open, %open scale 1.0 : (!dlc.tensor<N x 2 x S x D x f32>, !dlc.tensor<N x 2 x S x D x f32>, !dlc.tensor<N x 2 x S x D x f32>) -> !dlc.tensor<N x 2 x S x D x f32>
  return %0, %1, %2 : !dlc.tensor<N x 2 x S x 512 x f32>, !dlc.tensor<N x 2 x S x 513 x f32>, !dlc.tensor<N x 2 x S x D x f32>
}
