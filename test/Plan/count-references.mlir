// RUN: dlc-opt %s --split-input-file --dlc-count-references | FileCheck %s

!b = !dlc.buffer<!dlc.tensor<n x f32>>

// An object that nobody uses is given back at once; one whose elements are used in a loop, behind it.
// CHECK-LABEL: func.func @main
// CHECK: %[[UNUSED:.*]] = dlc.library_call "unused"
// CHECK-NEXT: dlc.release %[[UNUSED]]
// CHECK-NEXT: %[[HANDLE:.*]], %[[BUFFER:.*]] = dlc.new_tensor
// CHECK-NEXT: %[[VIEW:.*]] = dlc.reinterpret %[[BUFFER]]
// CHECK-NEXT: dlc.loop
// CHECK: dlc.launch @k tasks <1>(%[[VIEW]])
// CHECK-NEXT: dlc.yield
// CHECK-NEXT: }
// CHECK-NEXT: dlc.release %[[HANDLE]]
func.func @main() {
  %0 = dlc.library_call "unused"() {} : () -> !dlc.value
  %handle, %buffer = dlc.new_tensor : !dlc.value, !b
  %view = dlc.reinterpret %buffer : !b -> !dlc.buffer<!dlc.tensor<n x 1 x f32>>
  dlc.loop "i" trip <3> () : () -> () {
    dlc.launch @k tasks <1> (%view) : !dlc.buffer<!dlc.tensor<n x 1 x f32>>
    dlc.yield
  }
  return
}

// -----

// Of two yields of one object the first takes the block's reference over.
// CHECK-LABEL: func.func @main(%arg0: !dlc.value
// CHECK: %[[R:.*]]:3 = dlc.if
// CHECK: %[[NEW:.*]] = dlc.library_call
// CHECK-NEXT: %[[AGAIN:.*]] = dlc.retain %[[NEW]]
// CHECK-NEXT: %[[INPUT:.*]] = dlc.retain %arg0
// CHECK-NEXT: dlc.yield %[[NEW]], %[[AGAIN]], %[[INPUT]]
// CHECK: } else {
// CHECK-COUNT-3: dlc.retain %arg0
// CHECK: dlc.yield
// CHECK: dlc.release %[[R]]#2
// CHECK: dlc.release %[[R]]#1
// CHECK-NEXT: return %[[R]]#0
func.func @main(%h: !dlc.value, %c: !dlc.buffer<!dlc.tensor<i1>>) -> !dlc.value {
  %r:3 = dlc.if %c : (!dlc.buffer<!dlc.tensor<i1>>) -> (!dlc.value, !dlc.value, !dlc.value) {
    %0 = dlc.library_call "new"(%h) {} : (!dlc.value) -> !dlc.value
    dlc.yield %0, %0, %h : !dlc.value, !dlc.value, !dlc.value
  } else {
    dlc.yield %h, %h, %h : !dlc.value, !dlc.value, !dlc.value
  }
  return %r#0 : !dlc.value
}

// -----

// A loop takes its inits over: the first has no other use, the second is read in the body, the
// third behind the loop. An argument that is handed on is not given back.
// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = dlc.library_call "a"
// CHECK-NEXT: %[[B:.*]] = dlc.library_call "b"
// CHECK-NEXT: %[[C:.*]] = dlc.library_call "c"
// CHECK-NEXT: %[[B2:.*]] = dlc.retain %[[B]]
// CHECK-NEXT: %[[C2:.*]] = dlc.retain %[[C]]
// CHECK-NEXT: %[[R:.*]]:3 = dlc.loop "i" trip <3>(%[[A]], %[[B2]], %[[C2]])
// CHECK-NEXT: ^bb0(%[[P:.*]]: !dlc.value, %[[Q:.*]]: !dlc.value, %[[S:.*]]: !dlc.value):
// CHECK-NEXT: dlc.release %[[S]]
// CHECK-NEXT: %[[NEXT:.*]] = dlc.library_call "next"(%[[P]], %[[B]])
// CHECK-NEXT: dlc.release %[[P]]
// CHECK-NEXT: %[[Q2:.*]] = dlc.retain %[[Q]]
// CHECK-NEXT: dlc.yield %[[NEXT]], %[[Q]], %[[Q2]]
// CHECK-NEXT: }
// CHECK-DAG: dlc.release %[[R]]#0
// CHECK-DAG: dlc.release %[[R]]#1
// CHECK-DAG: dlc.release %[[R]]#2
// CHECK-DAG: dlc.release %[[B]]
// CHECK: dlc.library_call "last"(%[[C]])
// CHECK: dlc.release %[[C]]
func.func @main() {
  %a = dlc.library_call "a"() {} : () -> !dlc.value
  %b = dlc.library_call "b"() {} : () -> !dlc.value
  %c = dlc.library_call "c"() {} : () -> !dlc.value
  %r:3 = dlc.loop "i" trip <3> (%a, %b, %c) : (!dlc.value, !dlc.value, !dlc.value) -> (!dlc.value, !dlc.value, !dlc.value) {
  ^bb0(%p: !dlc.value, %q: !dlc.value, %s: !dlc.value):
    %next = dlc.library_call "next"(%p, %b) {} : (!dlc.value, !dlc.value) -> !dlc.value
    dlc.yield %next, %q, %q : !dlc.value, !dlc.value, !dlc.value
  }
  %last, %buffer = dlc.new_tensor : !dlc.value, !dlc.buffer<!dlc.tensor<f32>>
  dlc.library_call "last"(%c) outs(%buffer) {} : (!dlc.value, !dlc.buffer<!dlc.tensor<f32>>) -> ()
  return
}
