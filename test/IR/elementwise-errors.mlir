// RUN: dlc-opt %s --verify-diagnostics --split-input-file

func.func @bool_sum(%c: !dlc.tensor<N x i1>) {
  // expected-error @below {{operand #0 must be dlc tensor of floats or integers}}
  %0 = dlc.add %c, %c : (!dlc.tensor<N x i1>, !dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  return
}

// -----

func.func @unsigned_neg(%u: !dlc.tensor<N x ui8>) {
  // expected-error @below {{operand #0 must be dlc tensor of floats or signed integers}}
  %0 = dlc.neg %u : (!dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  return
}

// -----

func.func @integer_sine(%i: !dlc.tensor<N x i64>) {
  // expected-error @below {{operand #0 must be dlc tensor of f16, bf16, f32 or f64}}
  %0 = dlc.sin %i : (!dlc.tensor<N x i64>) -> !dlc.tensor<N x i64>
  return
}

// -----

func.func @compared_types(%a: !dlc.tensor<N x i32>, %b: !dlc.tensor<N x i64>) {
  // expected-error @below {{expected operands of one element type, found 'i32' and 'i64'}}
  %0 = dlc.less %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<N x i64>) -> !dlc.tensor<N x i1>
  return
}

// -----

func.func @comparison_result(%a: !dlc.tensor<N x i32>) {
  // expected-error @below {{result #0 must be dlc tensor of i1}}
  %0 = dlc.less %a, %a : (!dlc.tensor<N x i32>, !dlc.tensor<N x i32>) -> !dlc.tensor<N x i32>
  return
}

// -----

func.func @float_bits(%a: !dlc.tensor<N x f32>) {
  // expected-error @below {{operand #0 must be dlc tensor of i1 or integers}}
  %0 = dlc.and %a, %a : (!dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return
}

// -----

func.func @bool_shift(%a: !dlc.tensor<N x i1>) {
  // expected-error @below {{operand #0 must be dlc tensor of integers}}
  %0 = dlc.shift_left %a, %a : (!dlc.tensor<N x i1>, !dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  return
}

// -----

func.func @power(%a: !dlc.tensor<N x f32>, %i: !dlc.tensor<N x i32>) {
  // expected-error @below {{expected base and result of one element type, found 'f32' and 'i32'}}
  %0 = dlc.pow %a, %i : (!dlc.tensor<N x f32>, !dlc.tensor<N x i32>) -> !dlc.tensor<N x i32>
  return
}

// -----

func.func @condition(%a: !dlc.tensor<N x f32>) {
  // expected-error @below {{operand #0 must be dlc tensor of i1}}
  %0 = dlc.select %a, %a, %a : (!dlc.tensor<N x f32>, !dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return
}

// -----

func.func @choices(%c: !dlc.tensor<N x i1>, %a: !dlc.tensor<N x f32>, %b: !dlc.tensor<N x f64>) {
  // expected-error @below {{expected lhs, rhs and result of one element type, found 'f32', 'f64' and 'f32'}}
  %0 = dlc.select %c, %a, %b : (!dlc.tensor<N x i1>, !dlc.tensor<N x f32>, !dlc.tensor<N x f64>) -> !dlc.tensor<N x f32>
  return
}
