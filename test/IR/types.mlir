// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// Dims are polynomials in normal form: sorted, merged, with floordiv, min and max as factors.

// CHECK-LABEL: func.func private @dims(
// CHECK-SAME: !dlc.tensor<f32>,
// CHECK-SAME: !dlc.tensor<* x i64>,
// CHECK-SAME: !dlc.tensor<0 x 3 x f32>,
// CHECK-SAME: !dlc.tensor<3*H*W + 2*H + 5 x f32>,
// CHECK-SAME: !dlc.tensor<H x f32>,
// CHECK-SAME: !dlc.tensor<-1*H + W x f32>
func.func private @dims(!dlc.tensor<f32>, !dlc.tensor<* x i64>, !dlc.tensor<0 x 3 x f32>,
                        !dlc.tensor<1 + H + 3*W*H + H + 4 x f32>, !dlc.tensor<H + W - W x f32>,
                        !dlc.tensor<W - H x f32>)

// CHECK-LABEL: func.func private @quotients(
// CHECK-SAME: !dlc.tensor<H + floordiv(H, 2) + 2 x f32>,
// CHECK-SAME: !dlc.tensor<floordiv(H, 6) x f32>,
// CHECK-SAME: !dlc.tensor<floordiv(H + 1, 2) - 1 x f32>,
// CHECK-SAME: !dlc.tensor<H + floordiv(H + 1, 2) x f32>
func.func private @quotients(!dlc.tensor<floordiv(3*H + 4, 2) x f32>, !dlc.tensor<floordiv(floordiv(H, 2), 3) x f32>,
                             !dlc.tensor<floordiv(H - 1, 2) x f32>, !dlc.tensor<floordiv(6*H + 3, 4) x f32>)

// CHECK-LABEL: func.func private @extrema(
// CHECK-SAME: !dlc.tensor<H + 2 x f32>,
// CHECK-SAME: !dlc.tensor<H x f32>,
// CHECK-SAME: !dlc.tensor<2*max(H, W) x f32>
func.func private @extrema(!dlc.tensor<max(H, H + 2) x f32>, !dlc.tensor<min(H, H + 2) x f32>,
                           !dlc.tensor<max(W, H) + max(H, W) x f32>)

// Symbols that are no plain identifiers, or that the parser would read as something else, are quoted.

// CHECK-LABEL: func.func private @names(
// CHECK-SAME: !dlc.tensor<"batch size" x "f32" x "x" x seq_len x i64>
func.func private @names(!dlc.tensor<"batch size" x "f32" x "x" x "seq_len" x i64>)

// CHECK-LABEL: func.func private @layouts(
// CHECK-SAME: !dlc.buffer<<1 x 17 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 2, 3, 4]>>>,
// CHECK-SAME: !dlc.tensor<3 x 17 x 5 x 5 x f32, #dlc.filter_layout<outputs = 16, inputs = 16>>,
// CHECK-SAME: !dlc.tensor<3 x f32, #dlc.padded_layout<16>>,
// CHECK-SAME: !dlc.buffer<<N x 7 x 512 x f32, #dlc.row_layout<pitch = 528>>>,
// CHECK-SAME: !dlc.tensor<N x 8 x H x W x f32, #dlc.device_layout<f16, channels_last>>,
// CHECK-SAME: !dlc.tensor<N x f32, #dlc.device_layout<tf32>>
func.func private @layouts(!dlc.buffer<!dlc.tensor<1 x 17 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 2, 3, 4]>>>,
                           !dlc.tensor<3 x 17 x 5 x 5 x f32, #dlc.filter_layout<outputs = 16, inputs = 16>>,
                           !dlc.tensor<3 x f32, #dlc.padded_layout<16>>,
                           !dlc.buffer<!dlc.tensor<N x 7 x 512 x f32, #dlc.row_layout<pitch = 528>>>,
                           !dlc.tensor<N x 8 x H x W x f32, #dlc.device_layout<f16, channels_last>>,
                           !dlc.tensor<N x f32, #dlc.device_layout<tf32>>)

// The recipe of a filter of a convolution that a normalization follows, and of a matrix.

// CHECK-LABEL: func.func private @recipes(
// CHECK-SAME: folded = #dlc.weight<source = #dlc.range<file = 0, offset = 3, length = 72>, shape = [3, 1, 2, 3], type = f32,
// CHECK-SAME: recipe = [#dlc.combine<mul, #dlc.weight<source = dense<[5.000000e-01, 1.000000e+00, 2.000000e+00]> : tensor<3xf32>, shape = [3], type = f32,
// CHECK-SAME: recipe = [#dlc.combine<mul, #dlc.weight<source = #dlc.range<file = 0, offset = 75, length = 12>, shape = [3], type = f32,
// CHECK-SAME: recipe = [#dlc.rsqrt<1.000000e-03 : f32>]>>]>>,
// CHECK-SAME: #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]>
// CHECK-SAME: matrix = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 24>, shape = [2, 3], type = f32,
// CHECK-SAME: recipe = [#dlc.combine<sub, #dlc.weight<source = dense<1.000000e+00> : tensor<2xf32>, shape = [2], type = f32>>,
// CHECK-SAME: #dlc.transpose, #dlc.combine<add, #dlc.weight<source = dense<2.000000e+00> : tensor<3xf32>, shape = [3], type = f32>>,
// CHECK-SAME: #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]>
func.func private @recipes() attributes {
  folded = #dlc.weight<source = #dlc.range<file = 0, offset = 3, length = 72>, shape = [3, 1, 2, 3], type = f32, recipe = [
    #dlc.combine<mul, #dlc.weight<source = dense<[0.5, 1.0, 2.0]> : tensor<3xf32>, shape = [3], type = f32, recipe = [
      #dlc.combine<mul, #dlc.weight<source = #dlc.range<file = 0, offset = 75, length = 12>, shape = [3], type = f32,
                                    recipe = [#dlc.rsqrt<1.0e-3 : f32>]>>]>>,
    #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]>,
  matrix = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 24>, shape = [2, 3], type = f32, recipe = [
    #dlc.combine<sub, #dlc.weight<source = dense<1.0> : tensor<2xf32>, shape = [2], type = f32>>, #dlc.transpose,
    #dlc.combine<add, #dlc.weight<source = dense<2.0> : tensor<3xf32>, shape = [3], type = f32>>,
    #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>]>
}

// What may be negative beside sizes, which are not.
// CHECK-LABEL: func.func private @integers(
// CHECK-SAME: !dlc.tensor<max(0, integer(a)) x f32>,
// CHECK-SAME: !dlc.tensor<H x f32>,
// CHECK-SAME: !dlc.tensor<"integer" + 1 x f32>
func.func private @integers(!dlc.tensor<max(integer(a), 0) x f32>, !dlc.tensor<max(H, 0) x f32>, !dlc.tensor<"integer" + 1 x f32>)
