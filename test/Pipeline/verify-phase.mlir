// RUN: dlc-opt %s --split-input-file --dlc-verify-phase=phase=graph | FileCheck %s

// CHECK-LABEL: func.func @main
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return %0 : !dlc.tensor<N x f32>
}

// -----

// Symbols that the run binds, in branches and loops too.
// CHECK-LABEL: func.func @main
func.func @main(%x: !dlc.tensor<2 x i64>, %h: !dlc.value, %c: !dlc.tensor<i1>) {
  dlc.bind %x as ["a", ""] : !dlc.tensor<2 x i64>
  dlc.loop "i" trip <a> () : () -> () {
    dlc.if %c : (!dlc.tensor<i1>) -> () {
      %0 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<n x a x f32>
      dlc.guard <n> equals <i + a>
      dlc.yield
    } else {
      %0 = dlc.match %h binds ["m"] : !dlc.value -> !dlc.tensor<m x f32>
      dlc.guard <m> equals <i>
      dlc.yield
    }
    dlc.yield
  }
  return
}
