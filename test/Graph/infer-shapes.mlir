// RUN: dlc-opt %s --dlc-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK-SAME: -> !dlc.tensor<N x 8 x f32>
func.func @documented(%x: !dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32> {
  // CHECK: dlc.relu %{{.*}} : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
  %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @conv_keeps_size_with_same_padding
// CHECK: -> !dlc.tensor<N x 8 x H x W x f32>
func.func @conv_keeps_size_with_same_padding(%x: !dlc.tensor<N x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 5 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [1, 1] pads [1, 2, 1, 2] dilations [1, 1] group 1
      : (!dlc.tensor<N x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 5 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @conv_with_stride_and_dilation
// CHECK: -> !dlc.tensor<1 x 8 x floordiv(H + 1, 2) x floordiv(W + 1, 3) x f32>
func.func @conv_with_stride_and_dilation(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [2, 3] pads [1, 1, 1, 2] dilations [1, 2] group 1
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @static_conv
// CHECK: -> !dlc.tensor<1 x 8 x 112 x 112 x f32>
func.func @static_conv(%x: !dlc.tensor<1 x 3 x 224 x 224 x f32>, %w: !dlc.tensor<8 x 3 x 7 x 7 x f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.conv %x, %w strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] group 1
      : (!dlc.tensor<1 x 3 x 224 x 224 x f32>, !dlc.tensor<8 x 3 x 7 x 7 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @reduction_over_known_axes
// CHECK: dlc.reduce sum %{{.*}} axes [1] keep_dims : {{.*}} -> !dlc.tensor<N x 1 x f32>
// CHECK: dlc.reduce max %{{.*}} : {{.*}} -> !dlc.tensor<f32>
// CHECK: dlc.reduce l1 %{{.*}} axes [] : {{.*}} -> !dlc.tensor<N x 8 x f32>
func.func @reduction_over_known_axes(%x: !dlc.tensor<N x 8 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  %axes = dlc.constant dense<-1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %none = dlc.constant dense<> : tensor<0xi64> -> !dlc.tensor<0 x i64>
  %0 = dlc.dynamic_reduce sum %x, %axes keep_dims : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %1 = dlc.dynamic_reduce max %x, %none : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<0 x i64>) -> !dlc.tensor<* x f32>
  %2 = dlc.dynamic_reduce l1 %x, %none keep_all : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<0 x i64>) -> !dlc.tensor<* x f32>
  return %0, %1, %2 : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @reduction_over_late_axes
// CHECK: dlc.match %{{.*}} -> !dlc.tensor<dynamic_reduce_1 x f32>
// CHECK: dlc.match %{{.*}} -> !dlc.tensor<dynamic_reduce_2 x dynamic_reduce_3 x f32>
func.func @reduction_over_late_axes(%x: !dlc.tensor<N x 8 x f32>, %axes: !dlc.tensor<1 x i64>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  %0 = dlc.dynamic_reduce sum %x, %axes : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %1 = dlc.dynamic_reduce sum %x, %axes keep_dims : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  return %0, %1 : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @broadcast
// CHECK: dlc.add {{.*}} -> !dlc.tensor<N x 3 x W x f32>
// CHECK: dlc.mul {{.*}} -> !dlc.tensor<N x 3 x W x f32>
func.func @broadcast(%a: !dlc.tensor<N x 1 x W x f32>, %b: !dlc.tensor<3 x 1 x f32>, %s: !dlc.tensor<f32>) -> !dlc.tensor<* x f32> {
  %0 = dlc.add %b, %a : (!dlc.tensor<3 x 1 x f32>, !dlc.tensor<N x 1 x W x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.mul %s, %0 : (!dlc.tensor<f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  return %1 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @resize
// CHECK: dlc.resize {{.*}} -> !dlc.tensor<1 x 3 x 3*H x W + floordiv(W, 2) x f32>
// CHECK: dlc.resize {{.*}} -> !dlc.tensor<1 x 3 x 30 x 7 x f32>
func.func @resize(%x: !dlc.tensor<1 x 3 x H x W x f32>, %y: !dlc.tensor<1 x 3 x 10 x 10 x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  %0 = dlc.constant dense<[1.0, 1.0, 3.0, 1.5]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  %1 = dlc.resize %x scales %0 mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.constant dense<[1.0, 1.0, 3.0, 0.7]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  %3 = dlc.resize %y scales %2 mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0
      : (!dlc.tensor<1 x 3 x 10 x 10 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return %1, %3 : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @windows
// CHECK: dlc.pool max {{.*}} -> !dlc.tensor<N x 4 x floordiv(H + 1, 2) x 3 x f32>
// CHECK: dlc.pool max {{.*}} ceil {{.*}} -> !dlc.tensor<N x 4 x floordiv(H, 2) + 1 x 4 x f32>
// CHECK: dlc.reduce mean {{.*}} -> !dlc.tensor<N x 4 x 1 x 1 x f32>
// CHECK: dlc.reduce sum {{.*}} -> !dlc.tensor<N x 4 x f32>
// CHECK: dlc.global_pool mean {{.*}} -> !dlc.tensor<N x 4 x 1 x 1 x f32>
func.func @windows(%x: !dlc.tensor<N x 4 x H x 6 x f32>) {
  %0 = dlc.pool max %x kernel [3, 2] strides [2, 2] pads [1, 0, 1, 0] dilations [1, 1] : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.pool max %x kernel [2, 2] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.reduce mean %x axes [-1, 2] keep_dims : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %3 = dlc.reduce sum %x axes [3, 2] : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  %4 = dlc.global_pool mean %x : (!dlc.tensor<N x 4 x H x 6 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @products
// CHECK: dlc.matmul {{.*}} -> !dlc.tensor<N x M x 5 x f32>
// CHECK: dlc.batch_norm {{.*}} -> !dlc.tensor<N x 4 x H x f32>
func.func @products(%x: !dlc.tensor<N x M x 4 x f32>, %w: !dlc.tensor<5 x 4 x f32>, %b: !dlc.tensor<5 x f32>, %y: !dlc.tensor<N x 4 x H x f32>, %v: !dlc.tensor<4 x f32>) {
  %0 = dlc.matmul %x, %w, %b transpose_rhs : (!dlc.tensor<N x M x 4 x f32>, !dlc.tensor<5 x 4 x f32>, !dlc.tensor<5 x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.batch_norm %y, %v, %v, %v, %v epsilon 1.0e-05 : (!dlc.tensor<N x 4 x H x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @views
// CHECK: dlc.view {{.*}} -> <batch x 512 x f32>
// CHECK: dlc.view {{.*}} -> <batch x 2 x 256 x f32>
// CHECK: dlc.view {{.*}} -> <1 x 512*batch x f32>
// CHECK: dlc.view {{.*}} -> <batch x 512 x f32>
func.func @views(%x: !dlc.tensor<batch x 512 x 1 x 1 x f32>) {
  %a = dlc.constant dense<[-1, 512]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  %0 = dlc.reshape %x, %a : (!dlc.tensor<batch x 512 x 1 x 1 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %b = dlc.constant dense<[0, 2, -1]> : tensor<3xi64> -> !dlc.tensor<3 x i64>
  %1 = dlc.reshape %x, %b : (!dlc.tensor<batch x 512 x 1 x 1 x f32>, !dlc.tensor<3 x i64>) -> !dlc.tensor<* x f32>
  %2 = dlc.flatten %x axis 0 : (!dlc.tensor<batch x 512 x 1 x 1 x f32>) -> !dlc.tensor<* x f32>
  %3 = dlc.flatten %x axis -3 : (!dlc.tensor<batch x 512 x 1 x 1 x f32>) -> !dlc.tensor<* x f32>
  return
}

// Sizes that a run may satisfy are compared when it does: N may be even, or 0.
// CHECK-LABEL: func.func @views_of_unknown_sizes
// CHECK: dlc.guard <6*N> equals <4*N + 4*floordiv(N, 2)>
// CHECK: dlc.view {{.*}} -> <N + floordiv(N, 2) x 4 x f32>
// CHECK: dlc.guard <6*N> equals <5*N>
// CHECK: dlc.view {{.*}} -> <N x 5 x f32>
func.func @views_of_unknown_sizes(%x: !dlc.tensor<N x 6 x f32>) {
  %b = dlc.constant dense<[-1, 4]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  %0 = dlc.reshape %x, %b : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %c = dlc.constant dense<[0, 5]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  %1 = dlc.reshape %x, %c : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @broadcasts
// CHECK: dlc.guard <N> equals_or_one <broadcast(M, N)>
// CHECK: dlc.guard <M> equals_or_one <broadcast(M, N)>
// CHECK: dlc.add %arg0, %arg1 {{.*}} -> !dlc.tensor<broadcast(M, N) x f32>
// CHECK-NEXT: dlc.guard <N> equals_or_one <4>
// CHECK-NEXT: dlc.add %arg0, %arg2 {{.*}} -> !dlc.tensor<4 x f32>
// CHECK-NEXT: dlc.guard <min(N, 4)> equals_or_one <N>
// CHECK-NEXT: dlc.add %arg0, %arg3 {{.*}} -> !dlc.tensor<N x f32>
func.func @broadcasts(%n: !dlc.tensor<N x f32>, %m: !dlc.tensor<M x f32>, %c: !dlc.tensor<4 x f32>, %r: !dlc.tensor<min(N, 4) x f32>) {
  %0 = dlc.add %n, %m : (!dlc.tensor<N x f32>, !dlc.tensor<M x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.add %n, %c : (!dlc.tensor<N x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.add %n, %r : (!dlc.tensor<N x f32>, !dlc.tensor<min(N, 4) x f32>) -> !dlc.tensor<* x f32>
  return
}

// Sizes of one symbol: equal wherever they broadcast, or one of them never 1, or each alone.
// CHECK-LABEL: func.func @broadcasts_of_one_symbol
// CHECK: dlc.guard <N> equals_or_one <2*floordiv(N, 2)>
// CHECK-NEXT: dlc.add {{.*}} -> !dlc.tensor<2*floordiv(N, 2) x f32>
// CHECK-NEXT: dlc.guard <N> equals_or_one <broadcast(N, N + 1)>
// CHECK-NEXT: dlc.guard <N + 1> equals_or_one <broadcast(N, N + 1)>
// CHECK-NEXT: dlc.add {{.*}} -> !dlc.tensor<broadcast(N, N + 1) x f32>
func.func @broadcasts_of_one_symbol(%n: !dlc.tensor<N x f32>, %even: !dlc.tensor<2*floordiv(N, 2) x f32>, %more: !dlc.tensor<N + 1 x f32>) {
  %0 = dlc.add %n, %even : (!dlc.tensor<N x f32>, !dlc.tensor<2*floordiv(N, 2) x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.add %n, %more : (!dlc.tensor<N x f32>, !dlc.tensor<N + 1 x f32>) -> !dlc.tensor<* x f32>
  return
}

// What exporters write for a shape: [dim 0, 2 * dim 1 - 1, -1].
// CHECK-LABEL: func.func @shape_arithmetic
// CHECK: dlc.sizes [#dlc.expr<N>, #dlc.expr<2*C - 1>, #dlc.expr<-1>]
// CHECK: dlc.view {{.*}} -> <N x 2*C - 1 x 4 x f32>
func.func @shape_arithmetic(%x: !dlc.tensor<N x C x f32>, %y: !dlc.tensor<N x 2*C - 1 x 2 x 2 x f32>) {
  %shape = dlc.shape %x : (!dlc.tensor<N x C x f32>) -> !dlc.tensor<* x i64>
  %zero = dlc.constant dense<0> : tensor<i64> -> !dlc.tensor<i64>
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %two = dlc.constant dense<2> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %last = dlc.constant dense<-1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %n = dlc.gather %shape, %zero axis 0 : (!dlc.tensor<* x i64>, !dlc.tensor<i64>) -> !dlc.tensor<* x i64>
  %axes = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %0 = dlc.unsqueeze %n, %axes : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %c = dlc.dynamic_slice %shape from %one to %two : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %1 = dlc.mul %c, %two : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %2 = dlc.sub %1, %one : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %3 = dlc.concat %0, %2, %last axis 0 : (!dlc.tensor<* x i64>, !dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %4 = dlc.reshape %y, %3 : (!dlc.tensor<N x 2*C - 1 x 2 x 2 x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @slices
// CHECK: dlc.slice %arg0 starts [#dlc.expr<0>, #dlc.expr<max(0, H - 2)>] sizes [#dlc.expr<3>, #dlc.expr<min(H, 2)>] steps [1, 1]
// CHECK: dlc.slice %arg0 starts [#dlc.expr<2>, #dlc.expr<0>] sizes [#dlc.expr<3>, #dlc.expr<H>] steps [-1, 1]
func.func @slices(%x: !dlc.tensor<3 x H x f32>) {
  %a = dlc.constant dense<-2> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %end = dlc.constant dense<9223372036854775807> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %0 = dlc.dynamic_slice %x from %a to %end axes %one : (!dlc.tensor<3 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %last = dlc.constant dense<-1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %begin = dlc.constant dense<-9223372036854775807> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %zero = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %1 = dlc.dynamic_slice %x from %last to %begin axes %zero steps %last : (!dlc.tensor<3 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  return
}

// A library op finds what 0 and -1 stand for, and its result binds the sizes.
// CHECK-LABEL: func.func @reshape_at_run_time
// CHECK: %[[DIMS:.*]] = dlc.sizes [#dlc.expr<N>, #dlc.expr<6>]
// CHECK: %[[SHAPE:.*]] = dlc.library_call "reshape_sizes"(%[[DIMS]], %arg1)
// CHECK: dlc.bind %[[SHAPE]] as ["reshape_sizes_1", "reshape_sizes_2"]
// CHECK: dlc.guard <6*N> equals <reshape_sizes_1*reshape_sizes_2>
// CHECK: dlc.view {{.*}} -> <reshape_sizes_1 x reshape_sizes_2 x f32>
func.func @reshape_at_run_time(%x: !dlc.tensor<N x 6 x f32>, %s: !dlc.tensor<2 x i64>) {
  %0 = dlc.reshape %x, %s : (!dlc.tensor<N x 6 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @resize_at_run_time
// CHECK: %[[SIZES:.*]] = dlc.library_call "resize_sizes"(%{{.*}}, %arg1, %{{.*}})
// CHECK: dlc.bind %[[SIZES]] as ["resize_sizes_1", "resize_sizes_2", "resize_sizes_3"]
// CHECK: dlc.guard <resize_sizes_1> equals <3>
// CHECK: dlc.resize {{.*}} -> !dlc.tensor<3 x resize_sizes_2 x resize_sizes_3 x f32>
func.func @resize_at_run_time(%x: !dlc.tensor<3 x H x W x f32>, %s: !dlc.tensor<3 x f32>) {
  %0 = dlc.resize %x scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<3 x H x W x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @late
// CHECK: %[[HANDLE:.*]] = dlc.library_call "nonzero"(%arg0) {} : (!dlc.tensor<N x 4 x f32>) -> !dlc.value
// CHECK: dlc.match %[[HANDLE]] binds ["nonzero_1"] : !dlc.value -> !dlc.tensor<2 x nonzero_1 x i64>
// CHECK: return {{.*}} : !dlc.tensor<2 x nonzero_1 x i64>
func.func @late(%x: !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x i64> {
  %0 = dlc.library_call "nonzero"(%x) {} : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x i64>
  return %0 : !dlc.tensor<* x i64>
}

// A tensor whose rank only the run knows stays a handle, and so does what is computed from it; the
// signature keeps the element type (1: f32).
// CHECK-LABEL: func.func @late_rank
// CHECK-SAME: -> (!dlc.value {dlc.handle = array<i64: 0, 1>})
// CHECK: %[[SUM:.*]] = dlc.library_call "add"(%arg0, %arg1) {} : (!dlc.value, !dlc.tensor<4 x f32>) -> !dlc.value
// CHECK: return %[[SUM]] : !dlc.value
func.func @late_rank(%h: !dlc.value, %x: !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32> {
  %t = dlc.match %h binds [] : !dlc.value -> !dlc.tensor<* x f32>
  %0 = dlc.add %t, %x : (!dlc.tensor<* x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// Branches that agree in all dims have a planned result, others a handle of what they agree in.
// CHECK-LABEL: func.func @branches
// CHECK: dlc.if %arg1 : (!dlc.tensor<i1>) -> !dlc.tensor<N x 4 x f32>
// CHECK: %[[OTHER:.*]] = dlc.if %arg1 : (!dlc.tensor<i1>) -> !dlc.value
// CHECK: dlc.match %[[OTHER]] binds ["if_1"] : !dlc.value -> !dlc.tensor<if_1 x 4 x f32>
func.func @branches(%x: !dlc.tensor<N x 4 x f32>, %c: !dlc.tensor<i1>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  %0 = dlc.if %c : (!dlc.tensor<i1>) -> !dlc.tensor<* x f32> {
    %1 = dlc.relu %x : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32>
    dlc.yield %1 : !dlc.tensor<* x f32>
  } else {
    dlc.yield %x : !dlc.tensor<N x 4 x f32>
  }
  %2 = dlc.if %c : (!dlc.tensor<i1>) -> !dlc.tensor<* x f32> {
    %3 = dlc.concat %x, %x axis 0 : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32>
    dlc.yield %3 : !dlc.tensor<* x f32>
  } else {
    dlc.yield %x : !dlc.tensor<N x 4 x f32>
  }
  return %0, %2 : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
}

// What is known of a late result stays known behind the branch.
// CHECK-LABEL: func.func @late_branch
// CHECK: %[[IF:.*]] = dlc.if %arg1 : (!dlc.tensor<i1>) -> !dlc.value
// CHECK: dlc.match %[[IF]] binds ["[[DIM:if_.]]"] : !dlc.value -> !dlc.tensor<2 x [[DIM]] x i64>
func.func @late_branch(%x: !dlc.tensor<N x 4 x f32>, %c: !dlc.tensor<i1>, %y: !dlc.tensor<2 x M x i64>) -> !dlc.tensor<* x i64> {
  %0 = dlc.if %c : (!dlc.tensor<i1>) -> !dlc.tensor<* x i64> {
    %1 = dlc.library_call "nonzero"(%x) {} : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x i64>
    dlc.yield %1 : !dlc.tensor<* x i64>
  } else {
    dlc.yield %y : !dlc.tensor<2 x M x i64>
  }
  return %0 : !dlc.tensor<* x i64>
}

// CHECK-LABEL: func.func @loop_of_one_shape
// CHECK: dlc.loop "i" trip <N>(%arg0) : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
// CHECK-NEXT: ^bb0(%{{.*}}: !dlc.tensor<N x 4 x f32>):
func.func @loop_of_one_shape(%x: !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32> {
  %n = dlc.size %x : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x i64>
  %four = dlc.constant dense<4> : tensor<i64> -> !dlc.tensor<i64>
  %trip = dlc.div %n, %four : (!dlc.tensor<* x i64>, !dlc.tensor<i64>) -> !dlc.tensor<* x i64>
  %0 = dlc.loop "i" max_trip %trip (%x) : (!dlc.tensor<* x i64>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32> {
  ^bb0(%a: !dlc.tensor<* x f32>):
    %1 = dlc.relu %a : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
    dlc.yield %1 : !dlc.tensor<* x f32>
  }
  return %0 : !dlc.tensor<* x f32>
}

// A value that grows is carried as a handle; the dim that stays is known all the time.
// CHECK-LABEL: func.func @loop_that_grows
// CHECK: dlc.bind %arg1 as ["value_1"]
// CHECK: %[[INIT:.*]] = dlc.wrap %arg0
// CHECK: %[[END:.*]] = dlc.loop "i" trip <max(0, integer(value_1))>(%[[INIT]]) : (!dlc.value) -> !dlc.value
// CHECK-NEXT: ^bb0(%[[ARG:.*]]: !dlc.value):
// CHECK-NEXT: %[[STATE:.*]] = dlc.match %[[ARG]] binds ["[[SIZE:state_.*]]"] : !dlc.value -> !dlc.tensor<[[SIZE]] x 4 x f32>
// CHECK-NEXT: %[[NEXT:.*]] = dlc.concat %[[STATE]], %arg0 {{.*}} -> !dlc.tensor<N + [[SIZE]] x 4 x f32>
// CHECK-NEXT: %[[YIELD:.*]] = dlc.wrap %[[NEXT]]
// CHECK-NEXT: dlc.yield %[[YIELD]]
// CHECK: dlc.match %[[END]] binds ["loop_1"] : !dlc.value -> !dlc.tensor<loop_1 x 4 x f32>
func.func @loop_that_grows(%x: !dlc.tensor<N x 4 x f32>, %n: !dlc.tensor<i64>) -> !dlc.tensor<* x f32> {
  %0 = dlc.loop "i" max_trip %n (%x) : (!dlc.tensor<i64>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32> {
  ^bb0(%a: !dlc.tensor<* x f32>):
    %1 = dlc.concat %a, %x axis 0 : (!dlc.tensor<* x f32>, !dlc.tensor<N x 4 x f32>) -> !dlc.tensor<* x f32>
    dlc.yield %1 : !dlc.tensor<* x f32>
  }
  return %0 : !dlc.tensor<* x f32>
}

// Three tries: the first carried value forgets its size in the second one, the other in the third.
// CHECK-LABEL: func.func @loop_that_spreads
// CHECK: dlc.loop "i" trip <3>(%{{.*}}, %{{.*}}) : (!dlc.value, !dlc.value) -> (!dlc.value, !dlc.value)
func.func @loop_that_spreads(%x: !dlc.tensor<N x f32>) {
  %n = dlc.constant dense<3> : tensor<i64> -> !dlc.tensor<i64>
  %0:2 = dlc.loop "i" max_trip %n (%x, %x) : (!dlc.tensor<i64>, !dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) {
  ^bb0(%a: !dlc.tensor<* x f32>, %b: !dlc.tensor<* x f32>):
    %1 = dlc.concat %a, %x axis 0 : (!dlc.tensor<* x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<* x f32>
    dlc.yield %1, %a : !dlc.tensor<* x f32>, !dlc.tensor<* x f32>
  }
  return
}

// A library call takes a tensor whose rank only the run knows as the handle that it is in.
// CHECK-LABEL: func.func @call_of_late_rank
// CHECK: dlc.library_call "sequence_insert"(%arg0, %arg1) {} : (!dlc.value, !dlc.value) -> !dlc.value
func.func @call_of_late_rank(%s: !dlc.value, %h: !dlc.value) -> !dlc.value {
  %t = dlc.match %h binds [] : !dlc.value -> !dlc.tensor<* x f32>
  %0 = dlc.library_call "sequence_insert"(%s, %t) {} : (!dlc.value, !dlc.tensor<* x f32>) -> !dlc.value
  return %0 : !dlc.value
}

// The dim that is joined may differ.
// CHECK-LABEL: func.func @joined
// CHECK-NOT: dlc.guard
// CHECK: dlc.concat {{.*}} axis -1 {{.*}} -> !dlc.tensor<N x 5 x f32>
func.func @joined(%x: !dlc.tensor<N x 2 x f32>, %y: !dlc.tensor<N x 3 x f32>) {
  %0 = dlc.concat %x, %y axis -1 : (!dlc.tensor<N x 2 x f32>, !dlc.tensor<N x 3 x f32>) -> !dlc.tensor<* x f32>
  return
}

// How exporters make the target of an Expand: a size is never -1, which keeps its dim.
// CHECK-LABEL: func.func @expand_target
// CHECK-NOT: dlc.bind
// CHECK: return %{{.*}} : !dlc.tensor<N x 1 x M x f32>
func.func @expand_target(%x: !dlc.tensor<N x 1 x 1 x f32>, %y: !dlc.tensor<M x f32>) -> !dlc.tensor<* x f32> {
  %n = dlc.shape %x {end = 1 : i64} : (!dlc.tensor<N x 1 x 1 x f32>) -> !dlc.tensor<* x i64>
  %m = dlc.shape %y : (!dlc.tensor<M x f32>) -> !dlc.tensor<* x i64>
  %keep = dlc.constant dense<-1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %target = dlc.concat %n, %keep, %m axis 0 : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  %keeps = dlc.equal %target, %keep : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i1>
  %shape = dlc.select %keeps, %one, %target : (!dlc.tensor<* x i1>, !dlc.tensor<1 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  %r = dlc.expand %x, %shape : (!dlc.tensor<N x 1 x 1 x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  return %r : !dlc.tensor<* x f32>
}

// A dim that repeats lies beside a new one for the repetitions, and both become one.
// CHECK-LABEL: func.func @repeated
// CHECK: %[[APART:.*]] = dlc.view %arg0 : <N x 3 x f32> -> <1 x N x 1 x 3 x f32>
// CHECK-NEXT: %[[OFTEN:.*]] = dlc.broadcast %[[APART]] : <1 x N x 1 x 3 x f32> -> <N x N x 3 x 3 x f32>
// CHECK-NEXT: dlc.view %[[OFTEN]] : <N x N x 3 x 3 x f32> -> <N*N x 9 x f32>
// CHECK-NEXT: dlc.broadcast %arg1 : <f32> -> <N x 3 x f32>
func.func @repeated(%x: !dlc.tensor<N x 3 x f32>, %s: !dlc.tensor<f32>) {
  %shape = dlc.shape %x : (!dlc.tensor<N x 3 x f32>) -> !dlc.tensor<* x i64>
  %0 = dlc.tile %x, %shape : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  %1 = dlc.constant_of_shape %shape, %s : (!dlc.tensor<* x i64>, !dlc.tensor<f32>) -> !dlc.tensor<* x f32>
  return
}

// Which dims stay must not depend on the run: what may be 1 stays, and must not be.
// CHECK-LABEL: func.func @squeeze_of_all
// CHECK: dlc.guard <N> differs_from <1>
// CHECK-NEXT: dlc.guard <2*M> differs_from <1>
// CHECK-NEXT: dlc.view {{.*}} -> <N x 3 x 2*M x f32>
func.func @squeeze_of_all(%x: !dlc.tensor<N x 1 x 3 x 2*M x f32>) {
  %0 = dlc.squeeze %x : (!dlc.tensor<N x 1 x 3 x 2*M x f32>) -> !dlc.tensor<* x f32>
  return
}

// A size of 0 stands for the input's own dim, also where it is a factor of the elements.
// CHECK-LABEL: func.func @reshape_to_products
// CHECK: dlc.guard <min(H*W, min(C, 1))> equals <min(C, 1)>
// CHECK-NEXT: dlc.guard <min(C, min(H, 1))> equals <min(H, 1)>
// CHECK-NEXT: dlc.view {{.*}} -> <N x H*W x C x f32>
// CHECK: dlc.guard <min(C, min(H*W, 1))> equals <min(H*W, 1)>
// CHECK-NEXT: dlc.guard <min(H, min(C, 1))> equals <min(C, 1)>
// CHECK-NEXT: dlc.guard <min(W, 1)> equals <1>
// CHECK-NEXT: dlc.view {{.*}} -> <N x C x H x W x f32>
func.func @reshape_to_products(%x: !dlc.tensor<N x C x H x W x f32>, %n: !dlc.tensor<N x H*W x C x f32>) {
  %dims = dlc.shape %n : (!dlc.tensor<N x H*W x C x f32>) -> !dlc.tensor<* x i64>
  %0 = dlc.reshape %x, %dims : (!dlc.tensor<N x C x H x W x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  %xs = dlc.shape %x : (!dlc.tensor<N x C x H x W x f32>) -> !dlc.tensor<* x i64>
  %1 = dlc.reshape %n, %xs : (!dlc.tensor<N x H*W x C x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  return
}

// Sizes from data are not negative; other integers may be.
// CHECK-LABEL: func.func @sizes_from_data
// CHECK: dlc.bind %arg1 as ["[[START:value_[0-9]+]]"]
// CHECK-NEXT: dlc.bind %arg0 as ["[[ROWS:value_[0-9]+]]", "[[COLUMNS:value_[0-9]+]]"]
// CHECK-NEXT: dlc.guard <[[ROWS]]> at_least <0>
// CHECK-NEXT: dlc.guard <[[COLUMNS]]> at_least <0>
// CHECK-NEXT: dlc.broadcast {{.*}} -> <[[ROWS]] x [[COLUMNS]] x f32>
// CHECK: dlc.iota <integer([[START]])> step <1> : <max(0, -1*integer([[START]]) + 5) x i64>
func.func @sizes_from_data(%shape: !dlc.tensor<2 x i64>, %start: !dlc.tensor<i64>, %x: !dlc.tensor<f32>) {
  %0 = dlc.expand %x, %shape : (!dlc.tensor<f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %five = dlc.constant dense<5> : tensor<i64> -> !dlc.tensor<i64>
  %one = dlc.constant dense<1> : tensor<i64> -> !dlc.tensor<i64>
  %1 = dlc.range %start, %five, %one : (!dlc.tensor<i64>, !dlc.tensor<i64>, !dlc.tensor<i64>) -> !dlc.tensor<* x i64>
  return
}
