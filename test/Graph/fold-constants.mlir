// RUN: dlc-opt %s --dlc-fold-constants --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK-NEXT: %[[RESULT:.*]] = dlc.constant dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32> -> <2 x f32>
// CHECK-NEXT: return %[[RESULT]]
func.func @documented() -> !dlc.tensor<2 x f32> {
  %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
  %1 = dlc.relu %0 : (!dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32>
  return %1 : !dlc.tensor<2 x f32>
}

// Broadcasts, chains and equal elements.
// CHECK-LABEL: func.func @chain
// CHECK-NEXT: dlc.constant dense<{{\[\[}}-3.000000e+00, -4.000000e+00], [-6.000000e+00, -7.000000e+00{{\]\]}}> : tensor<2x2xf32>
// CHECK-NEXT: return
func.func @chain() -> !dlc.tensor<2 x 2 x f32> {
  %0 = dlc.constant dense<[1.0, 2.0]> : tensor<2xf32> -> <2 x f32>
  %1 = dlc.constant dense<[[2.0], [5.0]]> : tensor<2x1xf32> -> <2 x 1 x f32>
  %2 = dlc.add %0, %1 : (!dlc.tensor<2 x f32>, !dlc.tensor<2 x 1 x f32>) -> !dlc.tensor<2 x 2 x f32>
  %3 = dlc.neg %2 : (!dlc.tensor<2 x 2 x f32>) -> !dlc.tensor<2 x 2 x f32>
  return %3 : !dlc.tensor<2 x 2 x f32>
}

// CHECK-LABEL: func.func @empty
// CHECK-NEXT: dlc.constant dense<> : tensor<2x0xf32> -> <2 x 0 x f32>
// CHECK-NEXT: return
func.func @empty() -> !dlc.tensor<2 x 0 x f32> {
  %0 = dlc.constant dense<> : tensor<2x0xf32> -> <2 x 0 x f32>
  %1 = dlc.relu %0 : (!dlc.tensor<2 x 0 x f32>) -> !dlc.tensor<2 x 0 x f32>
  return %1 : !dlc.tensor<2 x 0 x f32>
}

// Attributes, and an operand that is absent before one that is not.
// CHECK-LABEL: func.func @attributes_and_absent_operands
// CHECK-DAG: %[[LEAKY:.*]] = dlc.constant dense<[1.000000e+00, -5.000000e-01]>
// CHECK-DAG: %[[CLIPPED:.*]] = dlc.constant dense<[5.000000e-01, -2.000000e+00]>
// CHECK: return %[[LEAKY]], %[[CLIPPED]]
func.func @attributes_and_absent_operands() -> (!dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>) {
  %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
  %high = dlc.constant dense<0.5> : tensor<f32> -> <f32>
  %1 = dlc.leaky_relu %0 alpha 0.25 : (!dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32>
  %2 = dlc.clip %0 high %high : (!dlc.tensor<2 x f32>, !dlc.tensor<f32>) -> !dlc.tensor<2 x f32>
  return %1, %2 : !dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>
}

// Integers of all widths keep their types.
// CHECK-LABEL: func.func @integers
// CHECK-DAG: dlc.constant dense<[-128, 0]> : tensor<2xi8>
// CHECK-DAG: dlc.constant dense<[255, 6]> : tensor<2xui8>
// CHECK-DAG: dlc.constant dense<4611686018427387904> : tensor<i64>
func.func @integers() -> (!dlc.tensor<2 x i8>, !dlc.tensor<2 x ui8>, !dlc.tensor<i64>) {
  %0 = dlc.constant dense<[-128, 1]> : tensor<2xi8> -> <2 x i8>
  %1 = dlc.constant dense<[-128, -1]> : tensor<2xi8> -> <2 x i8>
  %2 = dlc.constant dense<[254, 5]> : tensor<2xui8> -> <2 x ui8>
  %3 = dlc.constant dense<1> : tensor<ui8> -> <ui8>
  %4 = dlc.constant dense<2305843009213693952> : tensor<i64> -> <i64>
  %5 = dlc.constant dense<[0, 1]> : tensor<2xi8> -> <2 x i8>
  %6 = dlc.mul %0, %5 : (!dlc.tensor<2 x i8>, !dlc.tensor<2 x i8>) -> !dlc.tensor<2 x i8>
  %7 = dlc.sub %1, %6 : (!dlc.tensor<2 x i8>, !dlc.tensor<2 x i8>) -> !dlc.tensor<2 x i8>
  %8 = dlc.add %7, %5 : (!dlc.tensor<2 x i8>, !dlc.tensor<2 x i8>) -> !dlc.tensor<2 x i8>
  %9 = dlc.add %8, %5 : (!dlc.tensor<2 x i8>, !dlc.tensor<2 x i8>) -> !dlc.tensor<2 x i8>
  %10 = dlc.add %2, %3 : (!dlc.tensor<2 x ui8>, !dlc.tensor<ui8>) -> !dlc.tensor<2 x ui8>
  %11 = dlc.add %4, %4 : (!dlc.tensor<i64>, !dlc.tensor<i64>) -> !dlc.tensor<i64>
  return %9, %10, %11 : !dlc.tensor<2 x i8>, !dlc.tensor<2 x ui8>, !dlc.tensor<i64>
}

// -----

// The source of large results comes after the module's own. What only other folded ops read is not kept: 400 bytes of
// %1 are, and 260 of %3; each begins at a multiple of 64.
// CHECK: module attributes {dlc.sources = [#dlc.source<hash = "00000000000000000000000000000000", size = 9>, #dlc.source<hash = "{{[0-9a-f]+}}", size = 708>]}
module attributes {dlc.sources = [#dlc.source<hash = "00000000000000000000000000000000", size = 9>]} {
  // CHECK-LABEL: func.func @large
  // CHECK-DAG: %[[FIRST:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 1, offset = 0, length = 400>, shape = [100], type = f32> -> <100 x f32>
  // CHECK-DAG: %[[SECOND:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 1, offset = 448, length = 260>, shape = [65], type = i32> -> <65 x i32>
  // CHECK: return %[[FIRST]], %[[SECOND]]
  func.func @large() -> (!dlc.tensor<100 x f32>, !dlc.tensor<65 x i32>) {
    %0 = dlc.constant #dlc.weight<source = dense<-1.5> : tensor<100xf32>, shape = [100], type = f32> -> <100 x f32>
    %1 = dlc.neg %0 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
    %2 = dlc.constant #dlc.weight<source = dense<7> : tensor<65xi32>, shape = [65], type = i32> -> <65 x i32>
    %3 = dlc.neg %2 : (!dlc.tensor<65 x i32>) -> !dlc.tensor<65 x i32>
    %4 = dlc.neg %3 : (!dlc.tensor<65 x i32>) -> !dlc.tensor<65 x i32>
    return %1, %4 : !dlc.tensor<100 x f32>, !dlc.tensor<65 x i32>
  }

  // A view shows the same bytes, of the model's files too, and needs no function.
  // CHECK-LABEL: func.func @views
  // CHECK-DAG: #dlc.weight<source = #dlc.range<file = 0, offset = 3, length = 4>, shape = [1, 4], type = i8> -> <1 x 4 x i8>
  // CHECK-DAG: dlc.constant dense<5> : tensor<1x2xi8> -> <1 x 2 x i8>
  func.func @views() -> (!dlc.tensor<1 x 4 x i8>, !dlc.tensor<1 x 2 x i8>) {
    %0 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 3, length = 4>, shape = [2, 2], type = i8> -> <2 x 2 x i8>
    %1 = dlc.view %0 : !dlc.tensor<2 x 2 x i8> -> !dlc.tensor<1 x 4 x i8>
    %2 = dlc.constant dense<5> : tensor<2xi8> -> <2 x i8>
    %3 = dlc.view %2 : !dlc.tensor<2 x i8> -> !dlc.tensor<1 x 2 x i8>
    return %1, %3 : !dlc.tensor<1 x 4 x i8>, !dlc.tensor<1 x 2 x i8>
  }

  // The file is not at hand.
  // CHECK-LABEL: func.func @unknown_elements_are_left
  // CHECK: dlc.neg
  func.func @unknown_elements_are_left() -> !dlc.tensor<4 x i8> {
    %0 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 3, length = 4>, shape = [4], type = i8> -> <4 x i8>
    %1 = dlc.neg %0 : (!dlc.tensor<4 x i8>) -> !dlc.tensor<4 x i8>
    return %1 : !dlc.tensor<4 x i8>
  }

  // CHECK-LABEL: func.func @ranges_of_no_file_are_left
  // CHECK-COUNT-2: dlc.neg
  func.func @ranges_of_no_file_are_left() -> (!dlc.tensor<4 x i8>, !dlc.tensor<4 x i8>) {
    %0 = dlc.constant #dlc.weight<source = #dlc.range<file = 9, offset = 3, length = 4>, shape = [4], type = i8> -> <4 x i8>
    %1 = dlc.neg %0 : (!dlc.tensor<4 x i8>) -> !dlc.tensor<4 x i8>
    %2 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 6, length = 4>, shape = [4], type = i8> -> <4 x i8>
    %3 = dlc.neg %2 : (!dlc.tensor<4 x i8>) -> !dlc.tensor<4 x i8>
    return %1, %3 : !dlc.tensor<4 x i8>, !dlc.tensor<4 x i8>
  }
}

// -----

// CHECK: module attributes {dlc.sources = [#dlc.source<hash = "{{[0-9a-f]+}}", size = 1424>]}
module {
  // The same of the same is stored once; another attribute or type makes another result.
  // CHECK-LABEL: func.func @equal_ops
  // CHECK-DAG: %[[FIRST:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 400>
  // CHECK-DAG: %[[SECOND:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 448, length = 400>
  // CHECK-DAG: %[[THIRD:.*]] = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 896, length = 528>
  // CHECK: return %[[FIRST]], %[[FIRST]], %[[SECOND]], %[[THIRD]]
  func.func @equal_ops() -> (!dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<132 x i32>) {
    %0 = dlc.constant #dlc.weight<source = dense<-1.5> : tensor<100xf32>, shape = [100], type = f32> -> <100 x f32>
    %1 = dlc.constant #dlc.weight<source = dense<-1.5> : tensor<100xf32>, shape = [100], type = f32> -> <100 x f32>
    %2 = dlc.constant #dlc.weight<source = dense<7> : tensor<132xi32>, shape = [132], type = i32> -> <132 x i32>
    %3 = dlc.leaky_relu %0 alpha 0.5 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
    %4 = dlc.leaky_relu %1 alpha 0.5 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
    %5 = dlc.leaky_relu %0 alpha 0.25 : (!dlc.tensor<100 x f32>) -> !dlc.tensor<100 x f32>
    %6 = dlc.neg %2 : (!dlc.tensor<132 x i32>) -> !dlc.tensor<132 x i32>
    return %3, %4, %5, %6 : !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<100 x f32>, !dlc.tensor<132 x i32>
  }
}

// -----

// CHECK-LABEL: func.func @recipes_are_left
// CHECK: dlc.neg
func.func @recipes_are_left() -> !dlc.tensor<1 x 2 x f32> {
  %0 = dlc.constant #dlc.weight<source = dense<1.0> : tensor<2x1xf32>, shape = [2, 1], type = f32, recipe = [#dlc.transpose]> -> <1 x 2 x f32>
  %1 = dlc.neg %0 : (!dlc.tensor<1 x 2 x f32>) -> !dlc.tensor<1 x 2 x f32>
  return %1 : !dlc.tensor<1 x 2 x f32>
}

// CHECK-LABEL: func.func @other_operands_are_left
// CHECK: dlc.add
func.func @other_operands_are_left(%x: !dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32> {
  %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
  %1 = dlc.add %x, %0 : (!dlc.tensor<2 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32>
  return %1 : !dlc.tensor<2 x f32>
}

// Up to 64 KiB whatever the operands are; beyond that four times their size.
// CHECK-LABEL: func.func @expansions_are_left
// CHECK: #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 65536>
// CHECK: %[[LARGE:.*]] = dlc.add
// CHECK: return %{{.*}}, %[[LARGE]]
func.func @expansions_are_left() -> (!dlc.tensor<128 x 128 x f32>, !dlc.tensor<129 x 128 x f32>) {
  %0 = dlc.constant #dlc.weight<source = dense<1.0> : tensor<128xf32>, shape = [128], type = f32> -> <128 x f32>
  %1 = dlc.constant #dlc.weight<source = dense<1.0> : tensor<128x1xf32>, shape = [128, 1], type = f32> -> <128 x 1 x f32>
  %2 = dlc.constant #dlc.weight<source = dense<1.0> : tensor<129x1xf32>, shape = [129, 1], type = f32> -> <129 x 1 x f32>
  %3 = dlc.add %0, %1 : (!dlc.tensor<128 x f32>, !dlc.tensor<128 x 1 x f32>) -> !dlc.tensor<128 x 128 x f32>
  %4 = dlc.add %0, %2 : (!dlc.tensor<128 x f32>, !dlc.tensor<129 x 1 x f32>) -> !dlc.tensor<129 x 128 x f32>
  return %3, %4 : !dlc.tensor<128 x 128 x f32>, !dlc.tensor<129 x 128 x f32>
}

// Nobody computes it either.
// CHECK-LABEL: func.func @unused_failures_vanish
// CHECK-NEXT: return
func.func @unused_failures_vanish() {
  %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
  %1 = dlc.constant dense<[1.0, -2.0, 3.0]> : tensor<3xf32> -> <3 x f32>
  %2 = dlc.add %0, %1 : (!dlc.tensor<2 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<3 x f32>
  return
}

// A region may never be entered.
// CHECK-LABEL: func.func @failures_in_regions_are_left
// CHECK: dlc.kernel
// CHECK: dlc.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: dlc.add
func.func @failures_in_regions_are_left() -> (!dlc.tensor<3 x f32>, !dlc.tensor<2 x f32>) {
  %0, %1 = dlc.kernel loops() : () -> (!dlc.tensor<3 x f32>, !dlc.tensor<2 x f32>) {
    %2 = dlc.constant dense<[1.0, 2.0]> : tensor<2xf32> -> <2 x f32>
    %3 = dlc.constant dense<[1.0, -2.0, 3.0]> : tensor<3xf32> -> <3 x f32>
    %4 = dlc.add %2, %3 : (!dlc.tensor<2 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<3 x f32>
    %5 = dlc.relu %2 : (!dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32>
    dlc.yield %4, %5 : !dlc.tensor<3 x f32>, !dlc.tensor<2 x f32>
  }
  return %0, %1 : !dlc.tensor<3 x f32>, !dlc.tensor<2 x f32>
}

// -----

// What expands is cheaper to compute than to read; but kernels take filters only as constants.
// CHECK-LABEL: func.func @filter
// CHECK: %[[FILTER:.*]] = dlc.constant #dlc.weight<{{.*}} -> <64 x 64 x 3 x 3 x f32>
// CHECK: dlc.conv %arg0, %[[FILTER]]
// CHECK: %[[OTHER:.*]] = dlc.broadcast
// CHECK: dlc.add %{{.*}}, %[[OTHER]]
func.func @filter(%x: !dlc.tensor<1 x 64 x 20 x 20 x f32>) -> !dlc.tensor<1 x 64 x 18 x 18 x f32> {
  %0 = dlc.constant dense<0.02> : tensor<f32> -> <f32>
  %1 = dlc.broadcast %0 : <f32> -> <64 x 64 x 3 x 3 x f32>
  %2 = dlc.conv %x, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 64 x 20 x 20 x f32>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x 18 x 18 x f32>
  %3 = dlc.broadcast %0 : <f32> -> <1 x 64 x 18 x 18 x f32>
  %4 = dlc.add %2, %3 : (!dlc.tensor<1 x 64 x 18 x 18 x f32>, !dlc.tensor<1 x 64 x 18 x 18 x f32>) -> !dlc.tensor<1 x 64 x 18 x 18 x f32>
  return %4 : !dlc.tensor<1 x 64 x 18 x 18 x f32>
}
