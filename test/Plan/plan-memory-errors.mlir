// RUN: dlc-opt %s --dlc-plan-memory --verify-diagnostics --split-input-file

// expected-error @below {{expected a function 'main'}}
module {}

// -----

!b = !dlc.buffer<!dlc.tensor<4611686018427387904 x f32>>

func.func @main(%x: !b) {
  // expected-error @below {{expected a buffer of less than 2^63 bytes}}
  %0 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0) : !b, !b
  return
}

// -----

!b = !dlc.buffer<!dlc.tensor<2305843009213693936 x f32>>

// expected-error @below {{expected an arena of less than 2^63 bytes}}
func.func @main(%x: !b) {
  %0 = dlc.alloc : !b
  %1 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%x, %0, %1) : !b, !b, !b
  return
}
