// RUN: dlc-opt %s --split-input-file --dlc-recognize-attention | FileCheck %s

!q = !dlc.tensor<N x 2 x S x 4 x f32>
!k = !dlc.tensor<N x 2 x T x 4 x f32>
!s = !dlc.tensor<N x 2 x S x T x f32>

// CHECK-LABEL: func.func @documented
// CHECK-NEXT: %[[RESULT:.*]] = dlc.attention %arg0, %arg1, %arg2 scale 5.000000e-01 nan_blocked :
// CHECK-NEXT: return %[[RESULT]]
func.func @documented(%q: !q, %k: !k, %v: !k) -> !q {
  %half = dlc.constant dense<0.5> : tensor<f32> -> <f32>
  %0 = dlc.mul %q, %half : (!q, !dlc.tensor<f32>) -> !q
  %1 = dlc.matmul %0, %k transpose_rhs : (!q, !k) -> !s
  %2 = dlc.softmax %1 axis -1 : (!s) -> !s
  %3 = dlc.matmul %2, %v : (!s, !k) -> !q
  return %3 : !q
}

// Keys that are transposed before the product; a scale behind it, by division; a sum with a mask.
// CHECK-LABEL: func.func @transposed_keys
// CHECK: %[[BACK:.*]] = dlc.transpose %arg1 perm [0, 1, 3, 2] : {{.*}} -> !dlc.tensor<N x 2 x T x 4 x f32>
// CHECK: dlc.attention %arg0, %[[BACK]], %arg2 mask %arg3 scale 2.500000e-01 nan_blocked :
func.func @transposed_keys(%q: !q, %k: !dlc.tensor<N x 2 x 4 x T x f32>, %v: !k, %m: !dlc.tensor<N x 1 x 1 x T x f32>) -> !q {
  %four = dlc.constant dense<4.0> : tensor<f32> -> <f32>
  %0 = dlc.matmul %q, %k : (!q, !dlc.tensor<N x 2 x 4 x T x f32>) -> !s
  %1 = dlc.div %0, %four : (!s, !dlc.tensor<f32>) -> !s
  %2 = dlc.add %m, %1 : (!dlc.tensor<N x 1 x 1 x T x f32>, !s) -> !s
  %3 = dlc.softmax %2 axis 3 : (!s) -> !s
  %4 = dlc.matmul %3, %v : (!s, !k) -> !q
  return %4 : !q
}

// Masks by a choice: of pairs that are left out, then of those that count. Zeros in the place of NaNs.
// CHECK-LABEL: func.func @chosen
// CHECK: %[[ALLOWED:.*]] = dlc.not %arg3
// CHECK: dlc.attention %arg0, %arg1, %arg2 mask %[[ALLOWED]] scale 1.000000e+00 nan_blocked :
// CHECK: dlc.attention %arg0, %arg1, %arg2 mask %arg3 scale 1.000000e+00 :
func.func @chosen(%q: !q, %k: !k, %v: !k, %m: !dlc.tensor<S x T x i1>) -> (!q, !q) {
  %infinity = dlc.constant dense<0xFF800000> : tensor<f32> -> <f32>
  %zero = dlc.constant dense<0.0> : tensor<f32> -> <f32>
  %0 = dlc.matmul %q, %k transpose_rhs : (!q, !k) -> !s
  %1 = dlc.select %m, %infinity, %0 : (!dlc.tensor<S x T x i1>, !dlc.tensor<f32>, !s) -> !s
  %2 = dlc.softmax %1 axis -1 : (!s) -> !s
  %3 = dlc.matmul %2, %v : (!s, !k) -> !q
  %4 = dlc.matmul %q, %k transpose_rhs : (!q, !k) -> !s
  %5 = dlc.select %m, %4, %infinity : (!dlc.tensor<S x T x i1>, !s, !dlc.tensor<f32>) -> !s
  %6 = dlc.softmax %5 axis -1 : (!s) -> !s
  %7 = dlc.is_nan %6 : (!s) -> !dlc.tensor<N x 2 x S x T x i1>
  %8 = dlc.select %7, %zero, %6 : (!dlc.tensor<N x 2 x S x T x i1>, !dlc.tensor<f32>, !s) -> !s
  %9 = dlc.matmul %8, %v : (!s, !k) -> !q
  return %3, %9 : !q, !q
}

// Of heads without a batch.
// CHECK-LABEL: func.func @rank_3
// CHECK: %[[MASK:.*]] = dlc.view %arg3 : {{.*}} -> <8 x 1 x 1 x T x f32>
// CHECK: dlc.attention {{.*}} mask %[[MASK]] {{.*}} -> !dlc.tensor<8 x 1 x S x 4 x f32>
// CHECK: dlc.view {{.*}} -> <8 x S x 4 x f32>
func.func @rank_3(%q: !dlc.tensor<8 x S x 4 x f32>, %k: !dlc.tensor<8 x T x 4 x f32>, %v: !dlc.tensor<8 x T x 4 x f32>,
                  %m: !dlc.tensor<8 x 1 x T x f32>) -> !dlc.tensor<8 x S x 4 x f32> {
  %0 = dlc.matmul %q, %k transpose_rhs : (!dlc.tensor<8 x S x 4 x f32>, !dlc.tensor<8 x T x 4 x f32>) -> !dlc.tensor<8 x S x T x f32>
  %1 = dlc.add %0, %m : (!dlc.tensor<8 x S x T x f32>, !dlc.tensor<8 x 1 x T x f32>) -> !dlc.tensor<8 x S x T x f32>
  %2 = dlc.softmax %1 axis -1 : (!dlc.tensor<8 x S x T x f32>) -> !dlc.tensor<8 x S x T x f32>
  %3 = dlc.matmul %2, %v : (!dlc.tensor<8 x S x T x f32>, !dlc.tensor<8 x T x 4 x f32>) -> !dlc.tensor<8 x S x 4 x f32>
  return %3 : !dlc.tensor<8 x S x 4 x f32>
}

// A call: without a scale it is that of the size, and a query without a key gets zeros.
// CHECK-LABEL: func.func @call
// CHECK-NEXT: dlc.attention %arg0, %arg1, %arg2 mask %arg3 scale 5.000000e-01 softcap 2.000000e+00 causal :
func.func @call(%q: !q, %k: !k, %v: !k, %mask: !dlc.tensor<N x 1 x S x T x i1>) -> !q {
  %0 = dlc.library_call "attention"(%q, %k, %v, %mask) {is_causal = 1 : i64, softcap = 2.0 : f32}
     : (!q, !k, !k, !dlc.tensor<N x 1 x S x T x i1>) -> !q
  return %0 : !q
}

// Joined heads are split, and joined again; two of the queries share one of the keys.
// CHECK-LABEL: func.func @joined
// CHECK-DAG: dlc.view %arg0 : {{.*}} -> <N x S x 4 x 2 x f32>
// CHECK-DAG: dlc.view %arg1 : {{.*}} -> <N x T x 2 x 2 x f32>
// CHECK: %[[RESULT:.*]] = dlc.attention {{.*}} -> !dlc.tensor<N x 4 x S x 3 x f32>
// CHECK: %[[ROWS:.*]] = dlc.transpose %[[RESULT]] perm [0, 2, 1, 3] : {{.*}} -> !dlc.tensor<N x S x 4 x 3 x f32>
// CHECK: dlc.view %[[ROWS]] : {{.*}} -> <N x S x 12 x f32>
func.func @joined(%q: !dlc.tensor<N x S x 8 x f32>, %k: !dlc.tensor<N x T x 4 x f32>, %v: !dlc.tensor<N x T x 6 x f32>)
    -> !dlc.tensor<N x S x 12 x f32> {
  %0 = dlc.library_call "attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
     : (!dlc.tensor<N x S x 8 x f32>, !dlc.tensor<N x T x 4 x f32>, !dlc.tensor<N x T x 6 x f32>) -> !dlc.tensor<N x S x 12 x f32>
  return %0 : !dlc.tensor<N x S x 12 x f32>
}

// Heads that are merged with the batch, transposed and split again are transposed by themselves.
// CHECK-LABEL: func.func @merged
// CHECK-NEXT: %[[KEYS:.*]] = dlc.transpose %arg0 perm [0, 1, 3, 2] : {{.*}} -> !dlc.tensor<N x 2 x 4 x T x f32>
// CHECK-NEXT: return %[[KEYS]]
func.func @merged(%k: !k) -> !dlc.tensor<N x 2 x 4 x T x f32> {
  %0 = dlc.view %k : <N x 2 x T x 4 x f32> -> <2*N x T x 4 x f32>
  %1 = dlc.transpose %0 perm [0, 2, 1] : (!dlc.tensor<2*N x T x 4 x f32>) -> !dlc.tensor<2*N x 4 x T x f32>
  %2 = dlc.view %1 : <2*N x 4 x T x f32> -> <N x 2 x 4 x T x f32>
  return %2 : !dlc.tensor<N x 2 x 4 x T x f32>
}

// -----

!q = !dlc.tensor<N x 3 x S x 4 x f32>
!k = !dlc.tensor<N x 2 x T x 4 x f32>

// Heads that do not share keys, a mask that may broadcast or end early, scores that are wanted, another precision.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-5: dlc.library_call "attention"
// CHECK-NOT: dlc.attention
func.func @stays(%q: !q, %k: !k, %m: !dlc.tensor<M x 1 x S x T x i1>, %short: !dlc.tensor<1 x i1>)
    -> (!q, !k, !k, !dlc.tensor<N x 2 x T x T x f32>, !k) {
  %0 = dlc.library_call "attention"(%q, %k, %k) {} : (!q, !k, !k) -> !q
  %1 = dlc.library_call "attention"(%k, %k, %k, %m) {} : (!k, !k, !k, !dlc.tensor<M x 1 x S x T x i1>) -> !k
  %2 = dlc.library_call "attention"(%k, %k, %k, %short) {} : (!k, !k, !k, !dlc.tensor<1 x i1>) -> !k
  %3:4 = dlc.library_call "attention"(%k, %k, %k) {} : (!k, !k, !k) -> (!k, !k, !k, !dlc.tensor<N x 2 x T x T x f32>)
  %4 = dlc.library_call "attention"(%k, %k, %k) {softmax_precision = 11 : i64} : (!k, !k, !k) -> !k
  return %0, %1, %2, %3#3, %4 : !q, !k, !k, !dlc.tensor<N x 2 x T x T x f32>, !k
}

// A cache lies before the keys and values. Causal queries are behind it; one of them sees all.
// CHECK-LABEL: func.func @cache
// CHECK: %[[KEYS:.*]] = dlc.concat %arg2, %arg1 axis 2
// CHECK: %[[VALUES:.*]] = dlc.concat %arg2, %arg1 axis 2
// CHECK: %[[COLUMNS:.*]] = dlc.iota <0> step <1> : <P + T x i64>
// CHECK: %[[ROWS:.*]] = dlc.iota <P> step <1> : <T x i64>
// CHECK: %[[PLACES:.*]] = dlc.view %[[ROWS]]
// CHECK: %[[BOUNDS:.*]] = dlc.less_equal %[[COLUMNS]], %[[PLACES]]
// CHECK: %[[RESULT:.*]] = dlc.attention %arg1, %[[KEYS]], %[[VALUES]] mask %[[BOUNDS]] scale 5.000000e-01 :
// CHECK: dlc.attention %arg0, %{{.*}}, %{{.*}} scale 5.000000e-01 :
// CHECK: return %[[RESULT]], %[[KEYS]], %[[VALUES]],
!one = !dlc.tensor<N x 2 x 1 x 4 x f32>
!past = !dlc.tensor<N x 2 x P x 4 x f32>
!present = !dlc.tensor<N x 2 x P + T x 4 x f32>
func.func @cache(%q: !one, %k: !k, %past: !past) -> (!k, !present, !present, !one) {
  %a = dlc.absent : !dlc.value
  %0:3 = dlc.library_call "attention"(%k, %k, %k, %a, %past, %past) {is_causal = 1 : i64} : (!k, !k, !k, !dlc.value, !past, !past) -> (!k, !present, !present)
  %1 = dlc.library_call "attention"(%q, %q, %q, %a, %past, %past) {is_causal = 1 : i64} : (!one, !one, !one, !dlc.value, !past, !past) -> !one
  return %0#0, %0#1, %0#2, %1 : !k, !present, !present, !one
}

// Windows and lengths of the batch are a part of the mask.
// CHECK-LABEL: func.func @bounds
// CHECK-DAG: %[[BLOCKED:.*]] = dlc.constant dense<0xFF800000>
// CHECK: %[[RIGHT:.*]] = dlc.less_equal
// CHECK: dlc.iota <-1> step <1>
// CHECK: %[[LEFT:.*]] = dlc.greater_equal
// CHECK: %[[WINDOW:.*]] = dlc.and %[[RIGHT]], %[[LEFT]]
// CHECK: %[[MASK:.*]] = dlc.select %[[WINDOW]], %arg1, %[[BLOCKED]] : {{.*}} -> !dlc.tensor<N x 1 x T x T x f32>
// CHECK: dlc.attention %arg0, %arg0, %arg0 mask %[[MASK]]
// CHECK: %[[ENDS:.*]] = dlc.view %arg2 : <N x i64> -> <N x 1 x 1 x 1 x i64>
// CHECK: %[[BEFORE:.*]] = dlc.view %{{.*}} : <T x i64> -> <T x 1 x i64>
// CHECK: %[[PLACES:.*]] = dlc.add %[[ENDS]], %[[BEFORE]]
// CHECK: %[[CAUSAL:.*]] = dlc.less_equal %{{.*}}, %[[PLACES]] : {{.*}} -> !dlc.tensor<N x 1 x T x T x i1>
// CHECK: %[[EXISTS:.*]] = dlc.less
// CHECK: %[[BOTH:.*]] = dlc.and %[[CAUSAL]], %[[EXISTS]]
// CHECK: dlc.attention %arg0, %arg0, %arg0 mask %[[BOTH]]
func.func @bounds(%k: !k, %m: !dlc.tensor<N x 1 x 1 x T x f32>, %lengths: !dlc.tensor<N x i64>) -> (!k, !k) {
  %a = dlc.absent : !dlc.value
  %0 = dlc.library_call "attention"(%k, %k, %k, %m) {left_window_size = 1 : i64, right_window_size = 2 : i64} : (!k, !k, !k, !dlc.tensor<N x 1 x 1 x T x f32>) -> !k
  %1 = dlc.library_call "attention"(%k, %k, %k, %a, %a, %a, %lengths) {is_causal = 1 : i64} : (!k, !k, !k, !dlc.value, !dlc.value, !dlc.value, !dlc.tensor<N x i64>) -> !k
  return %0, %1 : !k, !k
}

// A score other than -infinity for what is masked.
// CHECK-LABEL: func.func @blocked
// CHECK: dlc.attention %arg0, %arg0, %arg0 mask %arg1 scale 1.000000e+00 blocked -1.000000e+09 nan_blocked :
func.func @blocked(%k: !k, %m: !dlc.tensor<T x T x i1>) -> !k {
  %low = dlc.constant dense<-1.0e9> : tensor<f32> -> <f32>
  %0 = dlc.matmul %k, %k transpose_rhs : (!k, !k) -> !dlc.tensor<N x 2 x T x T x f32>
  %1 = dlc.select %m, %0, %low : (!dlc.tensor<T x T x i1>, !dlc.tensor<N x 2 x T x T x f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %2 = dlc.softmax %1 axis -1 : (!dlc.tensor<N x 2 x T x T x f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %3 = dlc.matmul %2, %k : (!dlc.tensor<N x 2 x T x T x f32>, !k) -> !k
  return %3 : !k
}

// Scores that something else reads, a scale behind the mask, a mask that the scores broadcast to.
// CHECK-LABEL: func.func @other
// CHECK-NOT: dlc.attention
func.func @other(%q: !k, %m: !dlc.tensor<T x T x f32>) -> (!dlc.tensor<N x 2 x T x T x f32>, !k, !k) {
  %half = dlc.constant dense<0.5> : tensor<f32> -> <f32>
  %0 = dlc.matmul %q, %q transpose_rhs : (!k, !k) -> !dlc.tensor<N x 2 x T x T x f32>
  %1 = dlc.softmax %0 axis -1 : (!dlc.tensor<N x 2 x T x T x f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %2 = dlc.matmul %1, %q : (!dlc.tensor<N x 2 x T x T x f32>, !k) -> !k
  %3 = dlc.matmul %q, %q transpose_rhs : (!k, !k) -> !dlc.tensor<N x 2 x T x T x f32>
  %4 = dlc.add %3, %m : (!dlc.tensor<N x 2 x T x T x f32>, !dlc.tensor<T x T x f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %5 = dlc.mul %4, %half : (!dlc.tensor<N x 2 x T x T x f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %6 = dlc.softmax %5 axis -1 : (!dlc.tensor<N x 2 x T x T x f32>) -> !dlc.tensor<N x 2 x T x T x f32>
  %7 = dlc.matmul %6, %q : (!dlc.tensor<N x 2 x T x T x f32>, !k) -> !k
  return %0, %2, %7 : !dlc.tensor<N x 2 x T x T x f32>, !k, !k
}
