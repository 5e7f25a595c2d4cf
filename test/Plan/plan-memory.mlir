// RUN: dlc-opt %s --split-input-file --dlc-plan-memory | FileCheck %s

!b = !dlc.buffer<!dlc.tensor<16*H x f32>>
!c = !dlc.buffer<!dlc.tensor<16*H + 1 x f32>>

// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.slots = {host = [{offset = #dlc.expr<0>, size = #dlc.expr<64*H + 4>, values = 2 : i64},
// CHECK-SAME: {offset = #dlc.expr<64*H + 64>, size = #dlc.expr<64*H>, values = 1 : i64}]}
// CHECK-SAME: dlc.workspace = #dlc.expr<128*H + 64>
// A buffer takes over the slot of one that is done, which grows for it.
// CHECK-DAG: %[[A:.*]] = dlc.slot <0> : <<16*H x f32>>
// CHECK-DAG: %[[B:.*]] = dlc.slot <64*H + 64> : <<16*H x f32>>
// CHECK-DAG: %[[C:.*]] = dlc.slot <0> : <<16*H + 1 x f32>>
// CHECK-DAG: dlc.launch @k tasks <1>(%arg0, %[[A]])
// CHECK-DAG: dlc.launch @k tasks <1>(%[[A]], %[[B]])
// CHECK-DAG: dlc.launch @k tasks <1>(%[[B]], %[[C]])
// CHECK-DAG: dlc.launch @k tasks <1>(%[[C]], %arg1)
func.func @main(%x: !b, %y: !b) {
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  %1 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%0, %1) : !b, !b
  %2 = dlc.alloc : !c
  dlc.launch @k tasks <1> (%1, %2) : !b, !c
  dlc.launch @k tasks <1> (%2, %y) : !c, !b
  return
}

// -----

!b = !dlc.buffer<!dlc.tensor<16*H x f32>>
!c = !dlc.buffer<!dlc.tensor<16*W x f32>>

// Which of the two is larger depends on the run: no slot for both.
// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.workspace = #dlc.expr<128*H + 64*W>
func.func @main(%x: !b, %y: !c) {
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  %1 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%0, %1) : !b, !b
  %2 = dlc.alloc : !c
  dlc.launch @k tasks <1> (%1, %2) : !b, !c
  dlc.launch @k tasks <1> (%2, %y) : !c, !c
  return
}

// -----

!b = !dlc.buffer<!dlc.tensor<H x f32>>

// Slots start at multiples of 64 bytes.
// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.workspace = #dlc.expr<64*floordiv(H + 15, 16)>
// CHECK: dlc.slot <0>
func.func @main(%x: !b, %y: !b) {
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  dlc.launch @k tasks <1> (%0, %y) : !b, !b
  return
}

// -----

!small = !dlc.buffer<!dlc.tensor<16 x f32>>
!large = !dlc.buffer<!dlc.tensor<1600 x f32>>

// A small buffer takes no place that a large one could have: the large ones share two slots.
// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.workspace = #dlc.expr<12864>
func.func @main(%x: !large, %y: !large) {
  %0 = dlc.alloc : !large
  dlc.launch @k tasks <1> (%x, %0) : !large, !large
  %1 = dlc.alloc : !small
  dlc.launch @k tasks <1> (%0, %1) : !large, !small
  %2 = dlc.alloc : !large
  dlc.launch @k tasks <1> (%1, %2) : !small, !large
  %3 = dlc.alloc : !large
  dlc.launch @k tasks <1> (%2, %1, %3) : !large, !small, !large
  dlc.launch @k tasks <1> (%3, %y) : !large, !large
  return
}

// -----

!b = !dlc.buffer<!dlc.tensor<16 x f32>>

// Values of the two branches share a slot, and so does what a branch needs with what was done before.
// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.workspace = #dlc.expr<128>
func.func @main(%x: !b, %c: !dlc.buffer<!dlc.tensor<i1>>) {
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  %1 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%0, %1) : !b, !b
  dlc.if %c : (!dlc.buffer<!dlc.tensor<i1>>) -> () {
    %2 = dlc.alloc : !b
    dlc.launch @k tasks <1> (%1, %2) : !b, !b
    dlc.yield
  } else {
    %2 = dlc.alloc : !b
    dlc.launch @k tasks <1> (%1, %2) : !b, !b
    dlc.yield
  }
  return
}

// -----

!b = !dlc.buffer<!dlc.tensor<16 x f32>>

// %0 is read in every iteration: nothing in the loop takes its place, though nothing in the text
// behind its last use reads it. %1 and %3 share one.
// CHECK-LABEL: func.func @main
// CHECK-SAME: dlc.workspace = #dlc.expr<192>
func.func @main(%x: !b) {
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  dlc.loop "i" trip <3> () : () -> () {
    %1 = dlc.alloc : !b
    dlc.launch @k tasks <1> (%0, %1) : !b, !b
    %2 = dlc.alloc : !b
    dlc.launch @k tasks <1> (%1, %2) : !b, !b
    %3 = dlc.alloc : !b
    dlc.launch @k tasks <1> (%2, %3) : !b, !b
    dlc.yield
  }
  return
}
