// RUN: dlc-opt %s --split-input-file --dlc-recognize-composites | FileCheck %s

!t = !dlc.tensor<N x 4 x f32>
!row = !dlc.tensor<N x 1 x f32>
!v = !dlc.tensor<4 x f32>
!s = !dlc.tensor<f32>

// CHECK-LABEL: func.func @documented
// CHECK-NEXT: %[[NORM:.*]] = dlc.layer_norm %arg0 scale %arg1 axis 1 epsilon 9.99999974E-6 :
// CHECK-NEXT: return %[[NORM]]
func.func @documented(%x: !t, %scale: !v) -> !t {
  %epsilon = dlc.constant dense<1.0e-5> : tensor<f32> -> !s
  %0 = dlc.reduce mean %x axes [-1] keep_dims : (!t) -> !row
  %1 = dlc.sub %x, %0 : (!t, !row) -> !t
  %2 = dlc.mul %1, %1 : (!t, !t) -> !t
  %3 = dlc.reduce mean %2 axes [-1] keep_dims : (!t) -> !row
  %4 = dlc.add %3, %epsilon : (!row, !s) -> !row
  %5 = dlc.sqrt %4 : (!row) -> !row
  %6 = dlc.div %1, %5 : (!t, !row) -> !t
  %7 = dlc.mul %6, %scale : (!t, !v) -> !t
  return %7 : !t
}

// -----

!t = !dlc.tensor<N x 3 x 4 x f32>
!row = !dlc.tensor<N x 1 x 1 x f32>
!v = !dlc.tensor<3 x 4 x f32>
!s = !dlc.tensor<f32>

// A power, a constant with a rank, operands the other way round, a bias, two dims.
// CHECK-LABEL: func.func @other_forms
// CHECK-NEXT: %[[NORM:.*]] = dlc.layer_norm %arg0 scale %arg1 bias %arg2 axis 1 epsilon 9.99999974E-6 :
// CHECK-NEXT: return %[[NORM]]
func.func @other_forms(%x: !t, %scale: !v, %bias: !v) -> !t {
  %epsilon = dlc.constant dense<1.0e-5> : tensor<1xf32> -> !dlc.tensor<1 x f32>
  %two = dlc.constant dense<2.0> : tensor<1xf32> -> !dlc.tensor<1 x f32>
  %half = dlc.constant dense<0.5> : tensor<f32> -> !s
  %0 = dlc.reduce mean %x axes [1, 2] keep_dims : (!t) -> !row
  %1 = dlc.sub %x, %0 : (!t, !row) -> !t
  %2 = dlc.pow %1, %two : (!t, !dlc.tensor<1 x f32>) -> !t
  %3 = dlc.reduce mean %2 axes [-1, -2] keep_dims : (!t) -> !row
  %4 = dlc.add %epsilon, %3 : (!dlc.tensor<1 x f32>, !row) -> !row
  %5 = dlc.pow %4, %half : (!row, !s) -> !row
  %6 = dlc.div %1, %5 : (!t, !row) -> !t
  %7 = dlc.mul %scale, %6 : (!v, !t) -> !t
  %8 = dlc.add %bias, %7 : (!v, !t) -> !t
  return %8 : !t
}

// -----

!t = !dlc.tensor<N x 4 x f32>
!row = !dlc.tensor<N x 1 x f32>
!v = !dlc.tensor<4 x f32>
!s = !dlc.tensor<f32>

// CHECK-LABEL: func.func @root_mean_square
// CHECK-NEXT: %[[NORM:.*]] = dlc.layer_norm %arg0 scale %arg1 axis 1 epsilon 9.99999974E-6 rms :
// CHECK-NEXT: return %[[NORM]]
func.func @root_mean_square(%x: !t, %scale: !v) -> !t {
  %epsilon = dlc.constant dense<1.0e-5> : tensor<f32> -> !s
  %one = dlc.constant dense<1.0> : tensor<f32> -> !s
  %0 = dlc.mul %x, %x : (!t, !t) -> !t
  %1 = dlc.reduce mean %0 axes [1] keep_dims : (!t) -> !row
  %2 = dlc.add %1, %epsilon : (!row, !s) -> !row
  %3 = dlc.sqrt %2 : (!row) -> !row
  %4 = dlc.div %one, %3 : (!s, !row) -> !row
  %5 = dlc.mul %x, %4 : (!t, !row) -> !t
  %6 = dlc.mul %5, %scale : (!t, !v) -> !t
  return %6 : !t
}

// -----

!t = !dlc.tensor<N x 4 x f32>
!row = !dlc.tensor<N x 1 x f32>
!column = !dlc.tensor<1 x 4 x f32>
!s = !dlc.tensor<f32>

// The mean over other dims than the variance.
// CHECK-LABEL: func.func @other_mean
// CHECK: dlc.reduce mean %arg0
// CHECK: dlc.sub
// CHECK: dlc.layer_norm {{.*}} rms
func.func @other_mean(%x: !t) -> !t {
  %epsilon = dlc.constant dense<1.0e-5> : tensor<f32> -> !s
  %0 = dlc.reduce mean %x axes [0] keep_dims : (!t) -> !column
  %1 = dlc.sub %x, %0 : (!t, !column) -> !t
  %2 = dlc.mul %1, %1 : (!t, !t) -> !t
  %3 = dlc.reduce mean %2 axes [1] keep_dims : (!t) -> !row
  %4 = dlc.add %3, %epsilon : (!row, !s) -> !row
  %5 = dlc.sqrt %4 : (!row) -> !row
  %6 = dlc.div %1, %5 : (!t, !row) -> !t
  return %6 : !t
}

// -----

!t = !dlc.tensor<N x 4 x f32>
!column = !dlc.tensor<1 x 4 x f32>
!s = !dlc.tensor<f32>

// Rows are along the last dims.
// CHECK-LABEL: func.func @along_another_dim
// CHECK-NOT: dlc.layer_norm
func.func @along_another_dim(%x: !t) -> !t {
  %epsilon = dlc.constant dense<1.0e-5> : tensor<f32> -> !s
  %2 = dlc.mul %x, %x : (!t, !t) -> !t
  %3 = dlc.reduce mean %2 axes [0] keep_dims : (!t) -> !column
  %4 = dlc.add %3, %epsilon : (!column, !s) -> !column
  %5 = dlc.sqrt %4 : (!column) -> !column
  %6 = dlc.div %x, %5 : (!t, !column) -> !t
  return %6 : !t
}

// -----

!t = !dlc.tensor<N x 4 x f32>
!row = !dlc.tensor<N x 1 x f32>

// CHECK-LABEL: func.func @softmax
// CHECK-NEXT: %[[RESULT:.*]] = dlc.softmax %arg0 axis 1 :
// CHECK-NEXT: return %[[RESULT]]
func.func @softmax(%x: !t) -> !t {
  %0 = dlc.reduce max %x axes [-1] keep_dims : (!t) -> !row
  %1 = dlc.sub %x, %0 : (!t, !row) -> !t
  %2 = dlc.exp %1 : (!t) -> !t
  %3 = dlc.reduce sum %2 axes [1] keep_dims : (!t) -> !row
  %4 = dlc.div %2, %3 : (!t, !row) -> !t
  return %4 : !t
}

// -----

!t = !dlc.tensor<N x 4 x f32>
!row = !dlc.tensor<N x 1 x f32>

// Without the largest element exponentials overflow, which a softmax does not.
// CHECK-LABEL: func.func @exponentials
// CHECK-NOT: dlc.softmax
func.func @exponentials(%x: !t) -> !t {
  %2 = dlc.exp %x : (!t) -> !t
  %3 = dlc.reduce sum %2 axes [1] keep_dims : (!t) -> !row
  %4 = dlc.div %2, %3 : (!t, !row) -> !t
  return %4 : !t
}

// -----

!m = !dlc.tensor<N x 3 x f32>
!v = !dlc.tensor<3 x f32>

// CHECK-LABEL: func.func @bias
// CHECK: %[[BIAS:.*]] = dlc.constant dense<2.000000e+00>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %arg0, %arg1, %[[BIAS]] :
// CHECK-NEXT: return %[[PRODUCT]]
func.func @bias(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<4 x 3 x f32>) -> !m {
  %bias = dlc.constant dense<2.0> : tensor<3xf32> -> !v
  %0 = dlc.matmul %x, %y : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !m
  %1 = dlc.add %bias, %0 : (!v, !m) -> !m
  return %1 : !m
}

// -----

!m = !dlc.tensor<N x 3 x f32>
!v = !dlc.tensor<1 x f32>

// A product that is read elsewhere too, and a constant that broadcasts.
// CHECK-LABEL: func.func @no_bias
// CHECK: dlc.matmul %arg0, %arg1 :
// CHECK: dlc.add
// CHECK: dlc.matmul %arg0, %arg1 :
// CHECK: dlc.add
func.func @no_bias(%x: !dlc.tensor<N x 4 x f32>, %y: !dlc.tensor<4 x 3 x f32>) -> (!m, !m, !m) {
  %bias = dlc.constant dense<2.0> : tensor<3xf32> -> !dlc.tensor<3 x f32>
  %one = dlc.constant dense<2.0> : tensor<1xf32> -> !v
  %0 = dlc.matmul %x, %y : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !m
  %1 = dlc.add %bias, %0 : (!dlc.tensor<3 x f32>, !m) -> !m
  %2 = dlc.matmul %x, %y : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !m
  %3 = dlc.add %2, %one : (!m, !v) -> !m
  return %0, %1, %3 : !m, !m, !m
}

// -----

!t = !dlc.tensor<N x f32>

// CHECK-LABEL: func.func @arithmetic
// CHECK-DAG: %[[FACTOR:.*]] = dlc.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[SQUARE:.*]] = dlc.mul %arg0, %arg0
// CHECK: %[[CUBE:.*]] = dlc.mul %[[SQUARE]], %arg0
// CHECK: %[[PRODUCT:.*]] = dlc.mul %[[CUBE]], %[[FACTOR]]
// CHECK: dlc.erf %[[PRODUCT]]
func.func @arithmetic(%x: !t) -> !t {
  %two = dlc.constant dense<2.0> : tensor<f32> -> !dlc.tensor<f32>
  %three = dlc.constant dense<3.0> : tensor<f32> -> !dlc.tensor<f32>
  %0 = dlc.pow %x, %three : (!t, !dlc.tensor<f32>) -> !t
  %1 = dlc.div %0, %two : (!t, !dlc.tensor<f32>) -> !t
  %2 = dlc.erf %1 : (!t) -> !t
  return %2 : !t
}

// -----

!m = !dlc.tensor<N x 1 x 3 x f32>

// A view of rows goes in front of a product with weights, so that what is behind can join it: also one that puts a dim of
// one element in front of the columns.
// CHECK-LABEL: func.func @view_of_product
// CHECK: %[[ROWS:.*]] = dlc.view %arg0 : <N x 4 x f32> -> <N x 1 x 4 x f32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[ROWS]], %{{.*}} -> !dlc.tensor<N x 1 x 3 x f32>
// CHECK: dlc.add %[[PRODUCT]], %arg1
func.func @view_of_product(%x: !dlc.tensor<N x 4 x f32>, %y: !m) -> !m {
  %w = dlc.constant dense<2.0> : tensor<4x3xf32> -> !dlc.tensor<4 x 3 x f32>
  %0 = dlc.matmul %x, %w : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<4 x 3 x f32>) -> !dlc.tensor<N x 3 x f32>
  %1 = dlc.view %0 : !dlc.tensor<N x 3 x f32> -> !m
  %2 = dlc.add %1, %y : (!m, !m) -> !m
  return %2 : !m
}
