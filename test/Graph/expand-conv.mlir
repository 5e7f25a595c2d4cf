// RUN: dlc-opt %s --dlc-expand-conv | FileCheck %s

module attributes {dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
// CHECK-LABEL: func.func @taps
// CHECK: %[[PADDED:.*]] = dlc.pad {{.*}} -> !dlc.tensor<N x 8 x H + 1 x W x f32>
// CHECK: %[[TOP:.*]] = dlc.slice %[[PADDED]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>]
// CHECK-SAME: sizes [#dlc.expr<N>, #dlc.expr<8>, #dlc.expr<floordiv(H, 2)>, #dlc.expr<W>] steps [1, 1, 2, 1]
// CHECK: %[[FIRST:.*]] = dlc.view %[[TOP]] {{.*}} -> <N x 2 x 4 x 1 x floordiv(H, 2) x W x f32>
// CHECK: dlc.slice %[[PADDED]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>, #dlc.expr<0>]
// CHECK: %[[SECOND:.*]] = dlc.view
// CHECK: %[[TAPS:.*]] = dlc.concat %[[FIRST]], %[[SECOND]] axis 3
// CHECK: %[[COLUMNS:.*]] = dlc.view %[[TAPS]] {{.*}} -> <N x 2 x 8 x W*floordiv(H, 2) x f32>
// CHECK: %[[ROWS:.*]] = dlc.view %arg1 : <6 x 4 x 2 x 1 x f32> -> <2 x 3 x 8 x f32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[ROWS]], %[[COLUMNS]]
// CHECK: %[[RESULT:.*]] = dlc.view %[[PRODUCT]] {{.*}} -> <N x 6 x floordiv(H, 2) x W x f32>
// CHECK: return %[[RESULT]]
func.func @taps(%x: !dlc.tensor<N x 8 x H x W x f32>, %w: !dlc.tensor<6 x 4 x 2 x 1 x f32>) -> !dlc.tensor<N x 6 x floordiv(H, 2) x W x f32> {
  %0 = dlc.conv %x, %w strides [2, 1] pads [0, 0, 1, 0] dilations [1, 1] group 2
    : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<6 x 4 x 2 x 1 x f32>) -> !dlc.tensor<N x 6 x floordiv(H, 2) x W x f32>
  return %0 : !dlc.tensor<N x 6 x floordiv(H, 2) x W x f32>
}

// A filter that is a constant stays, and so does one whose size the run finds. A bias is added.
// CHECK-LABEL: func.func @others
// CHECK: %[[FILTER:.*]] = dlc.constant
// CHECK: %[[BIAS:.*]] = dlc.view %arg1 : <2 x f32> -> <2 x 1 x 1 x f32>
// CHECK: %[[SUM:.*]] = dlc.conv %arg0, %[[FILTER]] strides
// CHECK: dlc.add %[[SUM]], %[[BIAS]]
// CHECK: dlc.conv %arg0, %arg2
func.func @others(%x: !dlc.tensor<1 x 1 x H x W x f32>, %bias: !dlc.tensor<2 x f32>, %w: !dlc.tensor<2 x 1 x 1 x K x f32>)
    -> (!dlc.tensor<1 x 2 x H x W x f32>, !dlc.tensor<1 x 2 x H x W - K + 1 x f32>) {
  %filter = dlc.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32> -> <2 x 1 x 1 x 1 x f32>
  %0 = dlc.conv %x, %filter, %bias strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
    : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<2 x 1 x 1 x 1 x f32>, !dlc.tensor<2 x f32>) -> !dlc.tensor<1 x 2 x H x W x f32>
  %1 = dlc.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
    : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<2 x 1 x 1 x K x f32>) -> !dlc.tensor<1 x 2 x H x W - K + 1 x f32>
  return %0, %1 : !dlc.tensor<1 x 2 x H x W x f32>, !dlc.tensor<1 x 2 x H x W - K + 1 x f32>
}
}
