// RUN: dlc-opt %s | dlc-opt | FileCheck %s

!b = !dlc.buffer<!dlc.tensor<n x f32>>

// CHECK-LABEL: func.func @handles
func.func @handles(%h: !dlc.value, %x: !dlc.tensor<N x f32>) {
  // CHECK: dlc.absent : !dlc.value
  %0 = dlc.absent : !dlc.value
  // CHECK: dlc.wrap %{{.*}} : !dlc.tensor<N x f32> -> !dlc.value
  %1 = dlc.wrap %x : !dlc.tensor<N x f32> -> !dlc.value
  // CHECK: dlc.match %{{.*}} binds ["n"] : !dlc.value -> !dlc.tensor<2 x n x i64>
  %2 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<2 x n x i64>
  // CHECK: dlc.match %{{.*}} single binds [] : !dlc.value -> !dlc.tensor<i1>
  %3 = dlc.match %h single binds [] : !dlc.value -> !dlc.tensor<i1>
  return
}

// CHECK-LABEL: func.func @symbols
func.func @symbols(%x: !dlc.tensor<2 x i64>, %y: !dlc.tensor<N x M x f32>) {
  // CHECK: dlc.bind %{{.*}} as ["rows", ""] : !dlc.tensor<2 x i64>
  dlc.bind %x as ["rows", ""] : !dlc.tensor<2 x i64>
  // CHECK: dlc.sizes [#dlc.expr<N>, #dlc.expr<3*rows>] : <2 x i64>
  %0 = dlc.sizes [#dlc.expr<N>, #dlc.expr<3*rows>] : !dlc.tensor<2 x i64>
  // CHECK: dlc.guard <N> equals <M>
  dlc.guard <N> equals <M>
  // CHECK: dlc.guard <N> equals_or_one <2*M>
  dlc.guard <N> equals_or_one <2*M>
  return
}

// CHECK-LABEL: func.func @calls
func.func @calls(%x: !dlc.tensor<N x f32>, %b: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // CHECK: dlc.library_call "nonzero"(%{{.*}}) {} : (!dlc.tensor<N x f32>) -> !dlc.value
  %0 = dlc.library_call "nonzero"(%x) {} : (!dlc.tensor<N x f32>) -> !dlc.value
  // CHECK: dlc.library_call "topk"(%{{.*}}) {axis = -1 : i64, k = #dlc.expr<2*N>} : (!dlc.tensor<N x f32>) -> (!dlc.value, !dlc.value)
  %1:2 = dlc.library_call "topk"(%x) {axis = -1, k = #dlc.expr<2*N>} : (!dlc.tensor<N x f32>) -> (!dlc.value, !dlc.value)
  // CHECK: dlc.library_call "erf"(%{{.*}}) outs(%{{.*}}) {} : (!dlc.buffer<<N x f32>>, !dlc.buffer<<N x f32>>) -> ()
  dlc.library_call "erf"(%b) outs(%b) {} : (!dlc.buffer<!dlc.tensor<N x f32>>, !dlc.buffer<!dlc.tensor<N x f32>>) -> ()
  return
}

// CHECK-LABEL: func.func @branches
func.func @branches(%c: !dlc.tensor<i1>, %x: !dlc.tensor<N x f32>, %h: !dlc.value) -> (!dlc.tensor<N x f32>, !dlc.value) {
  // CHECK: %[[R:.*]]:2 = dlc.if %{{.*}} : (!dlc.tensor<i1>) -> (!dlc.tensor<N x f32>, !dlc.value) {
  // CHECK:   dlc.yield %{{.*}}, %{{.*}} : !dlc.tensor<N x f32>, !dlc.value
  // CHECK: } else {
  // CHECK:   dlc.yield %{{.*}}, %{{.*}} : !dlc.tensor<N x f32>, !dlc.value
  // CHECK: return %[[R]]#0, %[[R]]#1
  %0:2 = dlc.if %c : (!dlc.tensor<i1>) -> (!dlc.tensor<N x f32>, !dlc.value) {
    %1 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
    dlc.yield %1, %h : !dlc.tensor<N x f32>, !dlc.value
  } else {
    dlc.yield %x, %h : !dlc.tensor<N x f32>, !dlc.value
  }
  return %0#0, %0#1 : !dlc.tensor<N x f32>, !dlc.value
}

// CHECK-LABEL: func.func @loops
func.func @loops(%n: !dlc.tensor<i64>, %c: !dlc.tensor<i1>, %x: !dlc.tensor<N x f32>) {
  // CHECK: dlc.loop "i" max_trip %{{.*}} while %{{.*}}(%{{.*}}) : (!dlc.tensor<i64>, !dlc.tensor<i1>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  // CHECK-NEXT: ^bb0(%[[STATE:.*]]: !dlc.tensor<N x f32>):
  // CHECK-NEXT: dlc.yield %{{.*}}, %[[STATE]] : !dlc.tensor<i1>, !dlc.tensor<N x f32>
  %0 = dlc.loop "i" max_trip %n while %c (%x) : (!dlc.tensor<i64>, !dlc.tensor<i1>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%state: !dlc.tensor<N x f32>):
    dlc.yield %c, %state : !dlc.tensor<i1>, !dlc.tensor<N x f32>
  }
  // CHECK: dlc.loop "j" trip <2*N>() : () -> () {
  // CHECK-NEXT: dlc.yield
  dlc.loop "j" trip <2*N> () : () -> () {
    dlc.yield
  }
  return
}

// CHECK-LABEL: func.func @memory
func.func @memory(%h: !dlc.value, %sizes: !dlc.buffer<!dlc.tensor<2 x i64>>) {
  // CHECK: dlc.store_sizes [#dlc.expr<n>, #dlc.expr<0>], %{{.*}} : <<2 x i64>>
  dlc.store_sizes [#dlc.expr<n>, #dlc.expr<0>], %sizes : !dlc.buffer<!dlc.tensor<2 x i64>>
  // CHECK: %[[HANDLE:.*]], %[[BUFFER:.*]] = dlc.new_tensor : !dlc.value, <<n x f32>>
  %handle, %buffer = dlc.new_tensor : !dlc.value, !b
  // CHECK: dlc.copy %[[BUFFER]], %[[BUFFER]] : <<n x f32>>, <<n x f32>>
  dlc.copy %buffer, %buffer : !b, !b
  // CHECK: dlc.retain %[[HANDLE]] : !dlc.value
  %0 = dlc.retain %handle : !dlc.value
  // CHECK: dlc.release %{{.*}} : !dlc.value
  dlc.release %0 : !dlc.value
  return
}
