// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func.func @numbers
func.func @numbers(%f: !dlc.tensor<N x f16>, %d: !dlc.tensor<f64>, %e: !dlc.tensor<2 x N x f64>, %u: !dlc.tensor<N x ui8>, %i: !dlc.tensor<N x i64>) {
  // CHECK: dlc.abs %{{.*}} : (!dlc.tensor<N x f16>) -> !dlc.tensor<N x f16>
  %0 = dlc.abs %f : (!dlc.tensor<N x f16>) -> !dlc.tensor<N x f16>
  // CHECK: dlc.floor
  %1 = dlc.floor %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.ceil
  %2 = dlc.ceil %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.round
  %3 = dlc.round %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.log
  %4 = dlc.log %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.sin
  %5 = dlc.sin %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.cos
  %6 = dlc.cos %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.sign %{{.*}} : (!dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  %7 = dlc.sign %u : (!dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  // CHECK: dlc.mod %{{.*}}, %{{.*}} : (!dlc.tensor<N x i64>
  %8 = dlc.mod %i, %i : (!dlc.tensor<N x i64>, !dlc.tensor<N x i64>) -> !dlc.tensor<N x i64>
  // CHECK: dlc.mod %{{.*}}, %{{.*}} fmod : (!dlc.tensor<f64>
  %9 = dlc.mod %d, %d fmod : (!dlc.tensor<f64>, !dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.pow %{{.*}}, %{{.*}} : (!dlc.tensor<2 x N x f64>, !dlc.tensor<N x i64>) -> !dlc.tensor<2 x N x f64>
  %10 = dlc.pow %e, %i : (!dlc.tensor<2 x N x f64>, !dlc.tensor<N x i64>) -> !dlc.tensor<2 x N x f64>
  // CHECK: dlc.min
  %11 = dlc.min %u, %u : (!dlc.tensor<N x ui8>, !dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  // CHECK: dlc.max
  %12 = dlc.max %u, %u : (!dlc.tensor<N x ui8>, !dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  // CHECK: dlc.acos
  %13 = dlc.acos %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.acosh
  %14 = dlc.acosh %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.asin
  %15 = dlc.asin %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.asinh
  %16 = dlc.asinh %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.atan
  %17 = dlc.atan %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.atanh
  %18 = dlc.atanh %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.cosh
  %19 = dlc.cosh %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.sinh
  %20 = dlc.sinh %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.tan
  %21 = dlc.tan %d : (!dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.shift_left %{{.*}}, %{{.*}} : (!dlc.tensor<N x ui8>
  %22 = dlc.shift_left %u, %u : (!dlc.tensor<N x ui8>, !dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  // CHECK: dlc.shift_right %{{.*}}, %{{.*}} : (!dlc.tensor<N x ui8>
  %23 = dlc.shift_right %u, %u : (!dlc.tensor<N x ui8>, !dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  // CHECK: dlc.mod %{{.*}}, %{{.*}} : (!dlc.tensor<f64>
  %24 = dlc.mod %d, %d : (!dlc.tensor<f64>, !dlc.tensor<f64>) -> !dlc.tensor<f64>
  // CHECK: dlc.not %{{.*}} : (!dlc.tensor<N x ui8>
  %25 = dlc.not %u : (!dlc.tensor<N x ui8>) -> !dlc.tensor<N x ui8>
  return
}

// CHECK-LABEL: func.func @truth
func.func @truth(%a: !dlc.tensor<N x i32>, %b: !dlc.tensor<i32>, %c: !dlc.tensor<N x i1>, %f: !dlc.tensor<N x bf16>) {
  // CHECK: dlc.equal %{{.*}}, %{{.*}} : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  %0 = dlc.equal %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.less
  %1 = dlc.less %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.less_equal
  %2 = dlc.less_equal %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.greater
  %3 = dlc.greater %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.greater_equal
  %4 = dlc.greater_equal %a, %b : (!dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.and
  %5 = dlc.and %0, %c : (!dlc.tensor<N x i1>, !dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.or
  %6 = dlc.or %1, %c : (!dlc.tensor<N x i1>, !dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.xor
  %7 = dlc.xor %2, %c : (!dlc.tensor<N x i1>, !dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.not
  %8 = dlc.not %3 : (!dlc.tensor<N x i1>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.is_nan %{{.*}} : (!dlc.tensor<N x bf16>) -> !dlc.tensor<N x i1>
  %9 = dlc.is_nan %f : (!dlc.tensor<N x bf16>) -> !dlc.tensor<N x i1>
  // CHECK: dlc.select %{{.*}}, %{{.*}}, %{{.*}} : (!dlc.tensor<N x i1>, !dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i32>
  %10 = dlc.select %c, %a, %b : (!dlc.tensor<N x i1>, !dlc.tensor<N x i32>, !dlc.tensor<i32>) -> !dlc.tensor<N x i32>
  // CHECK: dlc.cast %{{.*}} : (!dlc.tensor<N x i32>) -> !dlc.tensor<N x bf16>
  %11 = dlc.cast %a : (!dlc.tensor<N x i32>) -> !dlc.tensor<N x bf16>
  return
}
