// RUN: dlc-opt %s --dlc-inline-functions --verify-diagnostics --split-input-file

!any = !dlc.tensor<* x f32>

// expected-error @below {{function 'a' calls itself}}
func.func private @a(%t: !any) -> !any {
  %0 = call @b(%t) : (!any) -> !any
  return %0 : !any
}

func.func private @b(%t: !any) -> !any {
  %0 = call @a(%t) : (!any) -> !any
  return %0 : !any
}

func.func @main(%t: !any) -> !any {
  %0 = call @a(%t) : (!any) -> !any
  return %0 : !any
}

// -----

!any = !dlc.tensor<* x f32>

func.func private @missing(%t: !any) -> !any

func.func @main(%t: !any) -> !any {
  // expected-error @below {{expected a function 'missing'}}
  %0 = call @missing(%t) : (!any) -> !any
  return %0 : !any
}
