// RUN: dlc-opt %s --split-input-file --dlc-fuse --canonicalize | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-fuse=rules=matmul-elementwise --canonicalize | FileCheck %s --check-prefix=ONLY-MATMUL

!image = !dlc.tensor<1 x 3 x H x W x f32>
!filter = !dlc.tensor<3 x 3 x 3 x 3 x f32>

// CHECK-LABEL: func.func @documented
// CHECK-SAME: (%[[X:.*]]: !dlc.tensor
func.func @documented(%x: !image) -> !image {
  // CHECK: %[[W:.*]] = dlc.constant #dlc.weight
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 324>, shape = [3, 3, 3, 3], type = f32> -> !filter
  // CHECK-NEXT: %[[BOX:.*]] = dlc.kernel anchor(%[[X]], %[[W]]) :
  // CHECK-NEXT: ^bb0(%[[A:.*]]: !dlc.tensor<1 x 3 x H x W x f32>, %[[B:.*]]: !dlc.tensor<3 x 3 x 3 x 3 x f32>):
  // CHECK-NEXT: %[[CONV:.*]] = dlc.conv %[[A]], %[[B]] strides
  // CHECK-NEXT: %[[RELU:.*]] = dlc.relu %[[CONV]]
  // CHECK-NEXT: dlc.yield %[[RELU]]
  // CHECK-NEXT: }
  // CHECK-NEXT: return %[[BOX]]
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.relu %0 : (!image) -> !image
  return %1 : !image
}

// ONLY-MATMUL-LABEL: func.func @documented
// ONLY-MATMUL: dlc.kernel anchor
// ONLY-MATMUL: dlc.kernel loops
// ONLY-MATMUL-NEXT: ^bb0
// ONLY-MATMUL-NEXT: dlc.relu

// -----

!image = !dlc.tensor<1 x 3 x H x W x f32>
!filter = !dlc.tensor<3 x 3 x 3 x 3 x f32>

// Scalar bounds become part of the kernel.
// CHECK-LABEL: func.func @conv_clip
// CHECK: dlc.kernel anchor(%{{[^,]*}}, %{{[^,]*}}) :
// CHECK-NEXT: ^bb0
// CHECK-DAG: dlc.constant dense<0.000000e+00>
// CHECK-DAG: dlc.conv
// CHECK: dlc.clip
// CHECK-NEXT: dlc.yield
// CHECK-NEXT: }
// CHECK-NEXT: return
func.func @conv_clip(%x: !image) -> !image {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 324>, shape = [3, 3, 3, 3], type = f32> -> !filter
  %low = dlc.constant dense<0.0> : tensor<f32> -> !dlc.tensor<f32>
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.clip %0 low %low : (!image, !dlc.tensor<f32>) -> !image
  return %1 : !image
}

// -----

!image = !dlc.tensor<1 x 3 x H x W x f32>
!filter = !dlc.tensor<3 x 3 x 3 x 3 x f32>

// CHECK-LABEL: func.func @conv_with_two_uses_is_not_fused
// CHECK: %[[CONV:.*]] = dlc.kernel anchor
// CHECK: %[[RELU:.*]] = dlc.kernel loops(%[[CONV]])
// CHECK: return %[[CONV]], %[[RELU]]
func.func @conv_with_two_uses_is_not_fused(%x: !image) -> (!image, !image) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 324>, shape = [3, 3, 3, 3], type = f32> -> !filter
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.relu %0 : (!image) -> !image
  return %0, %1 : !image, !image
}

// -----

!image = !dlc.tensor<1 x 3 x H x W x f32>
!filter = !dlc.tensor<3 x 3 x 3 x 3 x f32>

// A bound that is computed at run time is no immediate.
// CHECK-LABEL: func.func @clip_with_computed_bound_is_not_fused
// CHECK: dlc.kernel anchor
// CHECK: dlc.kernel loops(%{{[^,]*}}, %{{[^,]*}})
func.func @clip_with_computed_bound_is_not_fused(%x: !image, %low: !dlc.tensor<f32>) -> !image {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 324>, shape = [3, 3, 3, 3], type = f32> -> !filter
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.clip %0 low %low : (!image, !dlc.tensor<f32>) -> !image
  return %1 : !image
}

// -----

// CHECK-LABEL: func.func @resize_takes_its_scales_along
// CHECK: dlc.kernel loops(%arg0) :
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.constant
// CHECK-NEXT: dlc.resize
func.func @resize_takes_its_scales_along(%x: !dlc.tensor<H x W x f32>) -> !dlc.tensor<2*H x 2*W x f32> {
  %s = dlc.constant dense<2.0> : tensor<2xf32> -> !dlc.tensor<2 x f32>
  %0 = dlc.resize %x scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<H x W x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<2*H x 2*W x f32>
  return %0 : !dlc.tensor<2*H x 2*W x f32>
}

// -----

!image = !dlc.tensor<1 x 3 x H x W x f32>
!filter = !dlc.tensor<3 x 3 x 3 x 3 x f32>

// The shortcut of a residual block becomes an operand of the second convolution's box.
// CHECK-LABEL: func.func @residual_block
// CHECK: %[[FIRST:.*]] = dlc.kernel anchor(%arg0, %{{.*}})
// CHECK: dlc.kernel anchor(%[[FIRST]], %{{[^,]*}}, %arg0) :
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.conv
// CHECK-NEXT: dlc.add
// CHECK-NEXT: dlc.relu
// CHECK-NEXT: dlc.yield
func.func @residual_block(%x: !image) -> !image {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 324>, shape = [3, 3, 3, 3], type = f32> -> !filter
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %1 = dlc.relu %0 : (!image) -> !image
  %2 = dlc.conv %1, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!image, !filter) -> !image
  %3 = dlc.add %2, %x : (!image, !image) -> !image
  %4 = dlc.relu %3 : (!image) -> !image
  return %4 : !image
}

// -----

!image = !dlc.tensor<N x 4 x H x W x f32>

// Views need no box.
// CHECK-LABEL: func.func @views
// CHECK: dlc.kernel pool(%arg0)
// CHECK: dlc.kernel pool(%{{.*}})
// CHECK: %[[MATRIX:.*]] = dlc.view
// CHECK: dlc.kernel anchor(%[[MATRIX]], %{{.*}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.matmul
// CHECK-NEXT: dlc.relu
// CHECK: %[[OUT:.*]] = dlc.view
// CHECK: return %[[OUT]]
func.func @views(%x: !image) -> !dlc.tensor<N x 2 x 4 x f32> {
  %0 = dlc.pool max %x kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!image) -> !image
  %1 = dlc.reduce mean %0 axes [2, 3] keep_dims : (!image) -> !dlc.tensor<N x 4 x 1 x 1 x f32>
  %2 = dlc.view %1 : !dlc.tensor<N x 4 x 1 x 1 x f32> -> !dlc.tensor<N x 4 x f32>
  %w = dlc.constant dense<1.0> : tensor<8x4xf32> -> !dlc.tensor<8 x 4 x f32>
  %3 = dlc.matmul %2, %w transpose_rhs : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<8 x 4 x f32>) -> !dlc.tensor<N x 8 x f32>
  %4 = dlc.relu %3 : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
  %5 = dlc.view %4 : !dlc.tensor<N x 8 x f32> -> !dlc.tensor<N x 2 x 4 x f32>
  return %5 : !dlc.tensor<N x 2 x 4 x f32>
}

// -----

// Boxes are drawn in branches and loops too, and never across their borders.
// CHECK-LABEL: func.func @regions
// CHECK: dlc.kernel loops
// CHECK: dlc.loop
// CHECK: dlc.kernel loops
// CHECK: dlc.if
// CHECK-NEXT: dlc.kernel loops
// CHECK: else
// CHECK-NEXT: dlc.yield
func.func @regions(%x: !dlc.tensor<N x f32>, %c: !dlc.tensor<i1>) -> !dlc.tensor<N x f32> {
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  %1 = dlc.loop "i" trip <3> (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%a: !dlc.tensor<N x f32>):
    %2 = dlc.add %a, %0 : (!dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
    %3 = dlc.if %c : (!dlc.tensor<i1>) -> !dlc.tensor<N x f32> {
      %4 = dlc.relu %2 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
      dlc.yield %4 : !dlc.tensor<N x f32>
    } else {
      dlc.yield %2 : !dlc.tensor<N x f32>
    }
    dlc.yield %3 : !dlc.tensor<N x f32>
  }
  return %1 : !dlc.tensor<N x f32>
}

// -----

// What no emitter takes is a library call.
// CHECK-LABEL: func.func @library_calls
// CHECK: dlc.library_call "conv"(%arg0, %arg1) {dilations = array<i64: 1>, group = 1 : i64, pads = array<i64: 1, 1>, strides = array<i64: 1>} : {{.*}} -> !dlc.tensor<1 x 8 x H x f32>
// CHECK: dlc.library_call "resize"(%arg2, %{{.*}}, %{{.*}}, %{{.*}}) {antialias, coordinates = "half_pixel"
func.func @library_calls(%a: !dlc.tensor<1 x 4 x H x f32>, %w: !dlc.tensor<8 x 4 x 3 x f32>, %d: !dlc.tensor<N x f32>) -> (!dlc.tensor<1 x 8 x H x f32>, !dlc.tensor<2*N x f32>) {
  %0 = dlc.conv %a, %w strides [1] pads [1, 1] dilations [1] group 1 : (!dlc.tensor<1 x 4 x H x f32>, !dlc.tensor<8 x 4 x 3 x f32>) -> !dlc.tensor<1 x 8 x H x f32>
  %s = dlc.constant dense<2.0> : tensor<1xf32> -> !dlc.tensor<1 x f32>
  %1 = dlc.resize %d scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 antialias : (!dlc.tensor<N x f32>, !dlc.tensor<1 x f32>) -> !dlc.tensor<2*N x f32>
  return %0, %1 : !dlc.tensor<1 x 8 x H x f32>, !dlc.tensor<2*N x f32>
}

// -----

// Symbols are bound from library calls, which need no arena and no kernel.
// CHECK-LABEL: func.func @size_arithmetic
// CHECK: %[[SUM:.*]] = dlc.library_call "add"(%arg0, %arg0)
// CHECK: dlc.bind %[[SUM]] as ["a", "b"]
func.func @size_arithmetic(%x: !dlc.tensor<2 x i64>) {
  %0 = dlc.add %x, %x : (!dlc.tensor<2 x i64>, !dlc.tensor<2 x i64>) -> !dlc.tensor<2 x i64>
  dlc.bind %0 as ["a", "b"] : !dlc.tensor<2 x i64>
  return
}

// -----

!m = !dlc.tensor<N x 8 x f32>

// An activation that reads the product twice, a comparison in it, and a shortcut.
// CHECK-LABEL: func.func @matmul_activation
// CHECK: %[[BOX:.*]] = dlc.kernel anchor(%arg0, %{{[^,]*}}, %arg1) :
// CHECK: dlc.yield
// CHECK-NEXT: }
// CHECK-NEXT: return %[[BOX]]
func.func @matmul_activation(%x: !dlc.tensor<N x 4 x f32>, %y: !m) -> !m {
  %w = dlc.constant dense<1.0> : tensor<8x4xf32> -> !dlc.tensor<8 x 4 x f32>
  %zero = dlc.constant dense<0.0> : tensor<f32> -> !dlc.tensor<f32>
  %0 = dlc.matmul %x, %w transpose_rhs : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<8 x 4 x f32>) -> !m
  %1 = dlc.less %0, %zero : (!m, !dlc.tensor<f32>) -> !dlc.tensor<N x 8 x i1>
  %2 = dlc.exp %0 : (!m) -> !m
  %3 = dlc.select %1, %2, %0 : (!dlc.tensor<N x 8 x i1>, !m, !m) -> !m
  %4 = dlc.mul %3, %y : (!m, !m) -> !m
  return %4 : !m
}

// -----

!m = !dlc.tensor<N x 8 x f32>

// A box ends before a value that is read outside of it, and before a type that is not its own.
// CHECK-LABEL: func.func @matmul_with_two_readers
// CHECK: %[[SUM:.*]] = dlc.kernel anchor(%arg0, %{{[^,]*}}) :
// CHECK-NEXT: ^bb0
// CHECK: dlc.matmul
// CHECK-NEXT: dlc.tanh
// CHECK-NEXT: dlc.yield
// CHECK: %[[EXP:.*]] = dlc.kernel loops(%[[SUM]])
// CHECK: return %[[SUM]], %[[EXP]]
func.func @matmul_with_two_readers(%x: !dlc.tensor<N x 4 x f32>) -> (!m, !dlc.tensor<N x 8 x i1>) {
  %w = dlc.constant dense<1.0> : tensor<8x4xf32> -> !dlc.tensor<8 x 4 x f32>
  %0 = dlc.matmul %x, %w transpose_rhs : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<8 x 4 x f32>) -> !m
  %1 = dlc.tanh %0 : (!m) -> !m
  %2 = dlc.exp %1 : (!m) -> !m
  %3 = dlc.less %1, %2 : (!m, !m) -> !dlc.tensor<N x 8 x i1>
  return %1, %3 : !m, !dlc.tensor<N x 8 x i1>
}

// -----

// A reset before the product, of a large state: the kernel keeps it in its scratch memory.
// CHECK-LABEL: func.func @large_reset
// CHECK: dlc.kernel anchor(%arg0, %{{.*}})
// CHECK: dlc.recurrence gru forward
func.func @large_reset(%x: !dlc.tensor<S x B x 12288 x f32>) -> !dlc.tensor<S x 1 x B x 4096 x f32> {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 201326592>, shape = [1, 12288, 4096], type = f32> -> !dlc.tensor<1 x 12288 x 4096 x f32>
  %y, %h = dlc.recurrence gru forward %x, %w activations ["Sigmoid", "Tanh"] alphas [0.0, 0.0] betas [0.0, 0.0] : (!dlc.tensor<S x B x 12288 x f32>, !dlc.tensor<1 x 12288 x 4096 x f32>) -> (!dlc.tensor<S x 1 x B x 4096 x f32>, !dlc.tensor<1 x B x 4096 x f32>)
  return %y : !dlc.tensor<S x 1 x B x 4096 x f32>
}
