// Binds that do not run at entry.
// RUN: dlc-opt %s --split-input-file --dlc-outline-kernels | FileCheck %s

// What a late symbol's object holds.
// CHECK: entry_symbols = ["a"]
// CHECK-SAME: late_symbols = ["n", "b"]
// CHECK-LABEL: func.func @entry
// CHECK: dlc.bind %{{.*}} as ["a"]
// CHECK-NOT: dlc.bind
// CHECK: return
// CHECK-LABEL: func.func @main
// CHECK-NOT: dlc.bind %{{.*}} as ["a"]
// CHECK: dlc.bind %{{.*}} as ["b"]
func.func @main(%x: !dlc.tensor<1 x i64> {dlc.name = "x"}, %h: !dlc.value {dlc.name = "h"}) {
  %0 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<n x i64>
  %1 = dlc.library_call "sum"(%0) {} : (!dlc.tensor<n x i64>) -> !dlc.tensor<1 x i64>
  dlc.bind %1 as ["b"] : !dlc.tensor<1 x i64>
  dlc.bind %x as ["a"] : !dlc.tensor<1 x i64>
  return
}

// -----

// A tensor that does not fit the stack; a size that is not constant.
// CHECK-NOT: entry_symbols
// CHECK: late_symbols = ["a", "b"]
// CHECK-NOT: func.func @entry
// CHECK-LABEL: func.func @main
func.func @main(%x: !dlc.tensor<N x i64> {dlc.name = "x"}) {
  %0 = dlc.library_call "large"(%x) {} : (!dlc.tensor<N x i64>) -> !dlc.tensor<513 x i64>
  %1 = dlc.library_call "small"(%0) {} : (!dlc.tensor<513 x i64>) -> !dlc.tensor<1 x i64>
  dlc.bind %1 as ["a"] : !dlc.tensor<1 x i64>
  %2 = dlc.library_call "same"(%x) {} : (!dlc.tensor<N x i64>) -> !dlc.tensor<N x i64>
  %3 = dlc.library_call "small"(%2) {} : (!dlc.tensor<N x i64>) -> !dlc.tensor<1 x i64>
  dlc.bind %3 as ["b"] : !dlc.tensor<1 x i64>
  return
}

// -----

// A bind in a loop, an attribute with a late symbol; the guard with an iteration stays.
// CHECK: late_symbols = ["i", "a", "c", "b"]
// CHECK-NOT: func.func @entry
// CHECK-LABEL: func.func @main
// CHECK: dlc.loop "i"
// CHECK: dlc.guard <N> equals <i>
func.func @main(%x: !dlc.tensor<1 x i64> {dlc.name = "x"}, %v: !dlc.tensor<N x f32> {dlc.name = "v"}) {
  dlc.loop "i" trip <N> () : () -> () {
    dlc.bind %x as ["a"] : !dlc.tensor<1 x i64>
    dlc.guard <N> equals <i>
    dlc.yield
  }
  %h = dlc.library_call "make"(%x) {} : (!dlc.tensor<1 x i64>) -> !dlc.value
  %1 = dlc.match %h binds ["c"] : !dlc.value -> !dlc.tensor<c x i64>
  %0 = dlc.library_call "make"(%x) {size = #dlc.expr<c>} : (!dlc.tensor<1 x i64>) -> !dlc.tensor<1 x i64>
  dlc.bind %0 as ["b"] : !dlc.tensor<1 x i64>
  return
}
