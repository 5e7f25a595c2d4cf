// Sizes that exporters compute, by themselves and in declared ranges.
// RUN: dlc-opt %s --dlc-infer-shapes --split-input-file | FileCheck %s

// An integer quotient is rounded towards 0: of H - 1, which may be -1, it is not less than 0.
// CHECK-LABEL: func.func @strided_size
// CHECK: dlc.view {{.*}} -> <1 x 8 x floordiv(max(0, H - 1), 2) + 1 x f32>
func.func @strided_size(%x: !dlc.tensor<1 x 3 x H x f32>, %y: !dlc.tensor<1 x 8*floordiv(H + 1, 2) x f32>) {
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %two = dlc.constant dense<2> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %eight = dlc.constant dense<8> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %h = dlc.shape %x {start = 2 : i64} : (!dlc.tensor<1 x 3 x H x f32>) -> !dlc.tensor<* x i64>
  %less = dlc.sub %h, %one : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %half = dlc.div %less, %two : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %size = dlc.add %half, %one : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %shape = dlc.concat %one, %eight, %size axis 0 : (!dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  %0 = dlc.reshape %y, %shape : (!dlc.tensor<1 x 8*floordiv(H + 1, 2) x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  return
}

// Of a shape that only the run knows, constants and expressions that stand for themselves are dims.
// CHECK-LABEL: func.func @partly_late_reshape
// CHECK: dlc.guard <min(N, min(M, 1))> equals <min(M, 1)>
// CHECK: %[[SHAPE:.*]] = dlc.library_call "reshape_sizes"
// CHECK: dlc.bind %[[SHAPE]] as ["reshape_sizes_1", "reshape_sizes_2", "reshape_sizes_3", "reshape_sizes_4"]
// CHECK: dlc.view {{.*}} -> <N x 8 x reshape_sizes_3 x reshape_sizes_4 x f32>
// CHECK: dlc.view {{.*}} -> <M x reshape_sizes_6 x reshape_sizes_7 x 2 x f32>
func.func @partly_late_reshape(%x: !dlc.tensor<M x 24 x f32>, %y: !dlc.tensor<N x f32>, %late: !dlc.tensor<1 x i64>) {
  %keep = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %two = dlc.constant dense<2> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %eight = dlc.constant dense<8> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %rest = dlc.constant dense<-1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %n = dlc.shape %y : (!dlc.tensor<N x f32>) -> !dlc.tensor<* x i64>
  %a = dlc.concat %n, %eight, %late, %rest axis 0 : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %0 = dlc.reshape %x, %a : (!dlc.tensor<M x 24 x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  %b = dlc.concat %keep, %late, %rest, %two axis 0 : (!dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %1 = dlc.reshape %x, %b : (!dlc.tensor<M x 24 x f32>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
  return
}

// What expands has the size or 1.
// CHECK-LABEL: func.func @expand_to_late_sizes
// CHECK: dlc.guard <min(S, 512)> equals_or_one <S>
// CHECK-NEXT: dlc.broadcast {{.*}} : <1 x min(S, 512) x i64> -> <B x S x i64>
// CHECK: dlc.guard <M> equals_or_one <broadcast(B, M)>
// CHECK-NEXT: dlc.guard <B> equals_or_one <broadcast(B, M)>
// CHECK-NEXT: dlc.guard <S> equals_or_one <4>
// CHECK-NEXT: dlc.broadcast {{.*}} : <M x 4 x i64> -> <broadcast(B, M) x 4 x i64>
func.func @expand_to_late_sizes(%ids: !dlc.tensor<B x S x i64>, %table: !dlc.tensor<1 x 512 x i64>, %m: !dlc.tensor<M x 4 x i64>) {
  %zero = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %shape = dlc.shape %ids : (!dlc.tensor<B x S x i64>) -> !dlc.tensor<* x i64>
  %s = dlc.shape %ids {start = 1 : i64} : (!dlc.tensor<B x S x i64>) -> !dlc.tensor<* x i64>
  %first = dlc.dynamic_slice %table from %zero to %s axes %one : (!dlc.tensor<1 x 512 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
  %0 = dlc.expand %first, %shape : (!dlc.tensor<* x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  %1 = dlc.expand %m, %shape : (!dlc.tensor<M x 4 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  return
}

// CHECK-LABEL: func.func @columns_to_image
// CHECK: dlc.library_call "col2im"{{.*}} -> !dlc.tensor<N x C x 1 x W x f32>
func.func @columns_to_image(%x: !dlc.tensor<N x 15*C x L x f32>, %w: !dlc.tensor<W x f32>) {
  %one = dlc.constant dense<1> : tensor<1xi64> -> !dlc.tensor<1 x i64>
  %width = dlc.shape %w : (!dlc.tensor<W x f32>) -> !dlc.tensor<* x i64>
  %image = dlc.concat %one, %width axis 0 : (!dlc.tensor<1 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
  %block = dlc.constant dense<[3, 5]> : tensor<2xi64> -> !dlc.tensor<2 x i64>
  %0 = dlc.library_call "col2im"(%x, %image, %block) {} : (!dlc.tensor<N x 15*C x L x f32>, !dlc.tensor<* x i64>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// Defaults for each spatial dim, where import does not know how many there are.
// CHECK-LABEL: func.func @defaults_of_late_rank
// CHECK: dlc.conv {{.*}} strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
func.func @defaults_of_late_rank(%x: !dlc.tensor<N x 3 x H x W x f32>, %w: !dlc.tensor<8 x 3 x 3 x 3 x f32>) {
  %0 = dlc.relu %x : (!dlc.tensor<N x 3 x H x W x f32>) -> !dlc.tensor<* x f32>
  %1 = dlc.relu %w : (!dlc.tensor<8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.conv %0, %1 strides [] pads [] dilations [] group 1 : (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
  return
}

// -----

// Declared ranges decide signs and minima.
module attributes {dlc.ranges = {H = array<i64: 4, 1024>, S = array<i64: 1, 512>}} {
  // CHECK-LABEL: func.func @sizes_in_ranges
  // CHECK: dlc.sizes [#dlc.expr<floordiv(H, 2) - 1>, #dlc.expr<S>, #dlc.expr<512>]
  // CHECK: dlc.slice {{.*}} sizes [#dlc.expr<S>]
  func.func @sizes_in_ranges(%x: !dlc.tensor<H x S x f32>, %table: !dlc.tensor<512 x f32>) -> (!dlc.tensor<* x i64>, !dlc.tensor<* x f32>) {
    %two = dlc.constant dense<2> : tensor<1xi64> -> !dlc.tensor<1 x i64>
    %zero = dlc.constant dense<0> : tensor<1xi64> -> !dlc.tensor<1 x i64>
    %most = dlc.constant dense<512> : tensor<1xi64> -> !dlc.tensor<1 x i64>
    %h = dlc.shape %x {end = 1 : i64} : (!dlc.tensor<H x S x f32>) -> !dlc.tensor<* x i64>
    %s = dlc.shape %x {start = 1 : i64} : (!dlc.tensor<H x S x f32>) -> !dlc.tensor<* x i64>
    %less = dlc.sub %h, %two : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
    %half = dlc.div %less, %two : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
    %min = dlc.min %s, %most : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
    %max = dlc.max %s, %most : (!dlc.tensor<* x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x i64>
    %all = dlc.concat %half, %min, %max axis 0 : (!dlc.tensor<* x i64>, !dlc.tensor<* x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x i64>
    %first = dlc.dynamic_slice %table from %zero to %s : (!dlc.tensor<512 x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<* x i64>) -> !dlc.tensor<* x f32>
    return %all, %first : !dlc.tensor<* x i64>, !dlc.tensor<* x f32>
  }
}
