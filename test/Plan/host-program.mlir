// RUN: dlc-opt %s --dlc-plan-pipeline | FileCheck %s
// RUN: dlc-opt %s --dlc-plan-pipeline --dlc-verify-phase=phase=plan

!v = !dlc.tensor<N x f32>
!n = !dlc.tensor<n x f32>

// CHECK: dlc.signature = {entry_symbols = ["a"], inputs =
// CHECK-SAME: {name = "s", read_at_entry, type = !dlc.tensor<2 x i64>}, {handle = array<i64: 1, 8>, name = "h"}]
// CHECK-SAME: late_symbols = ["n"]
// CHECK-SAME: symbols = ["N"]

// What binds an entry symbol has a copy of all that it needs. The guard without late symbols moves.
// CHECK-LABEL: func.func @entry(
// CHECK-SAME: %[[X:.*]]: !dlc.buffer<<N x f32>>, %[[S:.*]]: !dlc.buffer<<2 x i64>>, %[[H:.*]]: !dlc.value) {
// CHECK-NEXT: %[[VIEW:.*]] = dlc.reinterpret %[[S]]
// CHECK-NEXT: %[[NEG:.*]] = dlc.alloc : <<2 x 1 x i64>>
// CHECK-NEXT: dlc.library_call "neg"(%[[VIEW]]) outs(%[[NEG]]) {}
// CHECK-NEXT: dlc.bind %[[NEG]] as ["a", ""]
// CHECK-NEXT: dlc.guard <N> equals <a>
// CHECK-NEXT: return

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: !dlc.buffer<<N x f32>>, %[[S:.*]]: !dlc.buffer<<2 x i64>>, %[[H:.*]]: !dlc.value, %[[Y:.*]]: !dlc.buffer<<N x f32>>, %[[E:.*]]: !dlc.buffer<<a x f32>>) -> (!dlc.value, !dlc.value)
// CHECK: %[[NEG:.*]] = dlc.slot <0> : <<2 x 1 x i64>>
// CHECK-NEXT: dlc.library_call "neg"
// CHECK-NEXT: %[[OBJECT:.*]] = dlc.library_call "nonzero"(%[[X]]) {}
// CHECK-NEXT: %[[FOUND:.*]] = dlc.match %[[OBJECT]] binds ["n"]
// CHECK-NEXT: dlc.guard <N> equals <n + 1>
// CHECK-NEXT: %[[HANDLE:.*]], %[[BUFFER:.*]] = dlc.new_tensor : !dlc.value, <<n x f32>>
// CHECK-NEXT: dlc.launch @relu_0 tasks <1>(%[[FOUND]], %[[BUFFER]])
// The elements of an object are a use of it.
// CHECK-NEXT: dlc.release %[[OBJECT]]
// CHECK-NEXT: %[[SIZES:.*]] = dlc.slot <64> : <<1 x i64>>
// CHECK-NEXT: dlc.store_sizes [#dlc.expr<N>], %[[SIZES]]
// CHECK-NEXT: dlc.library_call "iota"(%[[SIZES]], %[[NEG]]) outs(%[[E]])
// CHECK-NEXT: dlc.copy %[[X]], %[[Y]]
// The input belongs to the caller.
// CHECK-NEXT: %[[KEPT:.*]] = dlc.retain %[[H]]
// CHECK-NEXT: return %[[HANDLE]], %[[KEPT]]
func.func @main(%x: !v {dlc.name = "x"}, %s: !dlc.tensor<2 x i64> {dlc.name = "s"},
                %h: !dlc.value {dlc.name = "h", dlc.handle = array<i64: 1, 8>})
    -> (!v {dlc.name = "y"}, !n {dlc.name = "late"}, !dlc.value {dlc.name = "handle"}, !dlc.tensor<a x f32> {dlc.name = "e"}) {
  %u = dlc.view %s : !dlc.tensor<2 x i64> -> !dlc.tensor<2 x 1 x i64>
  %0 = dlc.library_call "neg"(%u) {} : (!dlc.tensor<2 x 1 x i64>) -> !dlc.tensor<2 x 1 x i64>
  dlc.bind %0 as ["a", ""] : !dlc.tensor<2 x 1 x i64>
  dlc.guard <N> equals <a>
  %1 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
  %2 = dlc.match %1 binds ["n"] : !dlc.value -> !n
  dlc.guard <N> equals <n + 1>
  %3 = dlc.kernel loops (%2) schedule <loops, lanes = 4, channels = 1, pixels = [4], rows = 1> : (!n) -> !n {
  ^bb0(%k: !n):
    %r = dlc.relu %k : (!n) -> !n
    dlc.yield %r : !n
  }
  %sizes = dlc.sizes [#dlc.expr<N>] : !dlc.tensor<1 x i64>
  %4 = dlc.library_call "iota"(%sizes, %0) {} : (!dlc.tensor<1 x i64>, !dlc.tensor<2 x 1 x i64>) -> !dlc.tensor<a x f32>
  return %x, %3, %h, %4 : !v, !n, !dlc.value, !dlc.tensor<a x f32>
}
