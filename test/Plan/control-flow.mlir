// RUN: dlc-opt %s --split-input-file --dlc-plan-pipeline | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-plan-pipeline --dlc-verify-phase=phase=plan

!v = !dlc.tensor<N x f32>
!c = !dlc.tensor<i1>

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: !dlc.buffer<<N x f32>>, %[[C:.*]]: !dlc.buffer<<i1>>, %[[H:.*]]: !dlc.value, %[[Y:.*]]: !dlc.buffer<<N x f32>>, %[[Z:.*]]: !dlc.buffer<<N x f32>>) -> !dlc.value
// An output is written in the branches themselves, where an op computes it, else by a copy.
// CHECK: %[[RESULT:.*]] = dlc.if %[[C]] : (!dlc.buffer<<i1>>) -> !dlc.value {
// CHECK-NEXT: dlc.library_call "relu"(%[[X]]) outs(%[[Y]])
// CHECK-NEXT: %[[NEW:.*]] = dlc.library_call "copy"
// CHECK-NEXT: dlc.copy %[[Y]], %[[Z]]
// CHECK-NEXT: dlc.yield %[[NEW]]
// CHECK-NEXT: } else {
// CHECK-NEXT: dlc.library_call "abs"(%[[X]]) outs(%[[Z]])
// CHECK-NEXT: dlc.copy %[[X]], %[[Y]]
// CHECK-NEXT: %[[KEPT:.*]] = dlc.retain %[[H]]
// CHECK-NEXT: dlc.yield %[[KEPT]]
// CHECK-NEXT: }
// CHECK-NEXT: return %[[RESULT]]
func.func @main(%x: !v {dlc.name = "x"}, %c: !c {dlc.name = "c"}, %h: !dlc.value {dlc.name = "h"})
    -> (!v {dlc.name = "y"}, !v {dlc.name = "z"}, !dlc.value {dlc.name = "r"}) {
  %0:3 = dlc.if %c : (!c) -> (!v, !v, !dlc.value) {
    %1 = dlc.library_call "relu"(%x) {} : (!v) -> !v
    %2 = dlc.library_call "copy"(%x) {} : (!v) -> !dlc.value
    dlc.yield %1, %1, %2 : !v, !v, !dlc.value
  } else {
    %1 = dlc.library_call "abs"(%x) {} : (!v) -> !v
    dlc.yield %x, %1, %h : !v, !v, !dlc.value
  }
  return %0#0, %0#1, %0#2 : !v, !v, !dlc.value
}

// -----

!v = !dlc.tensor<N x f32>

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: !dlc.buffer<<N x f32>>, %[[H:.*]]: !dlc.value, %[[Y:.*]]: !dlc.buffer<<N x f32>>)
// The loop is the last to use the init: its memory is that of the carried value.
// CHECK: dlc.library_call "abs"(%[[X]]) outs(%[[A:.*]]) {}
// CHECK: dlc.copy %[[X]], %[[B:.*]] : <<N x f32>>
// CHECK: dlc.copy %[[X]], %[[D:.*]] : <<N x f32>>
// The condition lives in a buffer as well.
// CHECK: %[[FIRST:.*]] = dlc.match %[[H]] single binds []
// CHECK-NEXT: dlc.copy %[[FIRST]], %[[GO:.*]] : <<i1>>
// CHECK-NEXT: dlc.loop "i" trip <N> while %[[GO]]() : (!dlc.buffer<<i1>>) -> () {
// CHECK: dlc.library_call "add"(%[[A]], %[[D]]) outs(%[[SUM:.*]]) {}
// Nobody reads the last value of %[[D]] any more.
// CHECK: dlc.library_call "exp"(%[[SUM]]) outs(%[[D]]) {}
// CHECK: %[[OBJECT:.*]] = dlc.library_call "less"(%[[SUM]]) {}
// CHECK-NEXT: %[[NEXT:.*]] = dlc.match %[[OBJECT]] single binds []
// CHECK-NEXT: dlc.copy %[[NEXT]], %[[GO]]
// CHECK-NEXT: dlc.release %[[OBJECT]]
// Two values change places.
// CHECK: dlc.copy %[[A]], %[[T:.*]] : <<N x f32>>
// CHECK-NEXT: dlc.copy %[[B]], %[[A]]
// CHECK-NEXT: dlc.copy %[[T]], %[[B]]
// CHECK-NEXT: dlc.yield %[[GO]]
// CHECK: dlc.library_call "add"(%[[A]], %[[B]]) outs(%[[Y]])
func.func @main(%x: !v {dlc.name = "x"}, %h: !dlc.value {dlc.name = "h"}) -> (!v {dlc.name = "y"}) {
  %init = dlc.library_call "abs"(%x) {} : (!v) -> !v
  %r:3 = dlc.loop "i" trip <N> while %h (%init, %x, %x) : (!dlc.value, !v, !v, !v) -> (!v, !v, !v) {
  ^bb0(%a: !v, %b: !v, %d: !v):
    %sum = dlc.library_call "add"(%a, %d) {} : (!v, !v) -> !v
    %next = dlc.library_call "exp"(%sum) {} : (!v) -> !v
    %go = dlc.library_call "less"(%sum) {} : (!v) -> !dlc.value
    dlc.yield %go, %b, %a, %next : !dlc.value, !v, !v, !v
  }
  %last = dlc.library_call "add"(%r#0, %r#1) {} : (!v, !v) -> !v
  return %last : !v
}

// -----

!v = !dlc.tensor<N x f32>

// Equal kernels of all regions are one function.
// CHECK-LABEL: func.func @main(
// CHECK-COUNT-2: dlc.launch @relu_0
// CHECK: func.func private @relu_0
// CHECK-NOT: func.func private
func.func @main(%x: !v {dlc.name = "x"}, %c: !dlc.tensor<i1> {dlc.name = "c"}) -> (!v {dlc.name = "y"}) {
  %0 = dlc.if %c : (!dlc.tensor<i1>) -> !v {
    %1 = dlc.kernel loops (%x) schedule <loops, lanes = 4, channels = 1, pixels = [4], rows = 1> : (!v) -> !v {
    ^bb0(%k: !v):
      %r = dlc.relu %k : (!v) -> !v
      dlc.yield %r : !v
    }
    dlc.yield %1 : !v
  } else {
    %1 = dlc.kernel loops (%x) schedule <loops, lanes = 4, channels = 1, pixels = [4], rows = 1> : (!v) -> !v {
    ^bb0(%k: !v):
      %r = dlc.relu %k : (!v) -> !v
      dlc.yield %r : !v
    }
    dlc.yield %1 : !v
  }
  return %0 : !v
}
