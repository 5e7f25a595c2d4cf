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
// CHECK-SAME: !dlc.tensor<3 x f32, #dlc.padded_layout<16>>
func.func private @layouts(!dlc.buffer<!dlc.tensor<1 x 17 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 2, 3, 4]>>>,
                           !dlc.tensor<3 x 17 x 5 x 5 x f32, #dlc.filter_layout<outputs = 16, inputs = 16>>,
                           !dlc.tensor<3 x f32, #dlc.padded_layout<16>>)
