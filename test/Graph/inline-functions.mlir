// RUN: dlc-opt %s --dlc-inline-functions | FileCheck %s --implicit-check-not=call --implicit-check-not=private

!any = !dlc.tensor<* x f32>
!x = !dlc.tensor<N x f32>

func.func private @twice(%t: !any) -> !any {
  %0 = dlc.add %t, %t : (!any, !any) -> !any
  return %0 : !any
}

// Functions call functions, and may stand behind their callers.
// CHECK-LABEL: func.func @documented
// CHECK: %[[R:.*]] = dlc.relu %arg0
// CHECK: %[[T:.*]] = dlc.add %[[R]], %[[R]]
// CHECK: %[[S:.*]] = dlc.sub %[[T]], %[[R]]
// CHECK: %[[U:.*]] = dlc.add %[[S]], %[[S]]
// CHECK: return %[[U]], %[[R]]
func.func @documented(%x: !any) -> (!any, !any) {
  %0:2 = call @nested(%x) : (!any) -> (!any, !any)
  %1 = call @twice(%0#0) : (!any) -> !any
  return %1, %0#1 : !any, !any
}

func.func private @nested(%t: !any) -> (!any, !any) {
  %0 = dlc.relu %t : (!any) -> !any
  %1 = call @twice(%0) : (!any) -> !any
  %2 = dlc.sub %1, %0 : (!any, !any) -> !any
  return %2, %0 : !any, !any
}

// CHECK-LABEL: func.func @argument_is_returned
// CHECK-NEXT: return %arg0
func.func @argument_is_returned(%x: !any) -> !any {
  %0 = call @same(%x) : (!any) -> !any
  return %0 : !any
}

func.func private @same(%t: !any) -> !any {
  return %t : !any
}
