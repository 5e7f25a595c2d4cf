// RUN: dlc-opt %s --dlc-widen-halves --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @documented
// CHECK-SAME: (%[[X:.*]]: !dlc.tensor<N x 8 x f16>, %[[W:.*]]: !dlc.tensor<8 x 4 x f16>)
// CHECK-DAG: %[[WX:.*]] = dlc.cast %[[X]] : (!dlc.tensor<N x 8 x f16>) -> !dlc.tensor<N x 8 x f32>
// CHECK-DAG: %[[WW:.*]] = dlc.cast %[[W]] : (!dlc.tensor<8 x 4 x f16>) -> !dlc.tensor<8 x 4 x f32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[WX]], %[[WW]] : {{.*}} -> !dlc.tensor<N x 4 x f32>
// CHECK: %[[RELU:.*]] = dlc.relu %[[PRODUCT]]
// CHECK: %[[HALF:.*]] = dlc.cast %[[RELU]] : {{.*}} -> !dlc.tensor<N x 4 x f16>
// CHECK: return %[[HALF]]
func.func @documented(%x: !dlc.tensor<N x 8 x f16>, %w: !dlc.tensor<8 x 4 x f16>) -> !dlc.tensor<N x 4 x f16> {
  %0 = dlc.matmul %x, %w : (!dlc.tensor<N x 8 x f16>, !dlc.tensor<8 x 4 x f16>) -> !dlc.tensor<N x 4 x f16>
  %1 = dlc.relu %0 : (!dlc.tensor<N x 4 x f16>) -> !dlc.tensor<N x 4 x f16>
  return %1 : !dlc.tensor<N x 4 x f16>
}

// Moves follow what is wide, and stay halves where nothing is; a cast to f32 takes what was not rounded.
// CHECK-LABEL: func.func @moves
// CHECK: %[[TURNED:.*]] = dlc.transpose %arg0 {{.*}} -> !dlc.tensor<8 x N x bf16>
// CHECK: %[[WIDE:.*]] = dlc.cast %[[TURNED]]
// CHECK: %[[SOFTMAX:.*]] = dlc.softmax %[[WIDE]]
// CHECK: %[[BACK:.*]] = dlc.transpose %[[SOFTMAX]] {{.*}} -> !dlc.tensor<N x 8 x f32>
// CHECK: return %[[BACK]]
func.func @moves(%x: !dlc.tensor<N x 8 x bf16>) -> !dlc.tensor<N x 8 x f32> {
  %0 = dlc.transpose %x perm [1, 0] : (!dlc.tensor<N x 8 x bf16>) -> !dlc.tensor<8 x N x bf16>
  %1 = dlc.softmax %0 axis -1 : (!dlc.tensor<8 x N x bf16>) -> !dlc.tensor<8 x N x bf16>
  %2 = dlc.transpose %1 perm [1, 0] : (!dlc.tensor<8 x N x bf16>) -> !dlc.tensor<N x 8 x bf16>
  %3 = dlc.cast %2 : (!dlc.tensor<N x 8 x bf16>) -> !dlc.tensor<N x 8 x f32>
  return %3 : !dlc.tensor<N x 8 x f32>
}

// What the model rounds is rounded: its own casts, and operands of ops whose results jump. What is not a number stays so.
// CHECK-LABEL: func.func @rounded
// CHECK: %[[X:.*]] = dlc.cast %arg0 : {{.*}} -> !dlc.tensor<N x 8 x f16>
// CHECK: %[[WIDE:.*]] = dlc.cast %[[X]] : {{.*}} -> !dlc.tensor<N x 8 x f32>
// CHECK: %[[MEAN:.*]] = dlc.reduce mean %[[WIDE]]
// CHECK: %[[HALF:.*]] = dlc.cast %[[MEAN]] : {{.*}} -> !dlc.tensor<N x 1 x f16>
// CHECK: dlc.floor %[[HALF]] : (!dlc.tensor<N x 1 x f16>)
// CHECK: dlc.less %[[HALF]], %[[HALF]]
// CHECK: dlc.cast %[[HALF]] : (!dlc.tensor<N x 1 x f16>) -> !dlc.tensor<N x 1 x i32>
// CHECK: dlc.is_nan %[[MEAN]]
func.func @rounded(%x: !dlc.tensor<N x 8 x f32>)
    -> (!dlc.tensor<N x 1 x f16>, !dlc.tensor<N x 1 x i1>, !dlc.tensor<N x 1 x i32>, !dlc.tensor<N x 1 x i1>) {
  %0 = dlc.cast %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f16>
  %1 = dlc.reduce mean %0 axes [1] keep_dims : (!dlc.tensor<N x 8 x f16>) -> !dlc.tensor<N x 1 x f16>
  %2 = dlc.floor %1 : (!dlc.tensor<N x 1 x f16>) -> !dlc.tensor<N x 1 x f16>
  %3 = dlc.less %1, %1 : (!dlc.tensor<N x 1 x f16>, !dlc.tensor<N x 1 x f16>) -> !dlc.tensor<N x 1 x i1>
  %4 = dlc.cast %1 : (!dlc.tensor<N x 1 x f16>) -> !dlc.tensor<N x 1 x i32>
  %5 = dlc.is_nan %1 : (!dlc.tensor<N x 1 x f16>) -> !dlc.tensor<N x 1 x i1>
  return %2, %3, %4, %5 : !dlc.tensor<N x 1 x f16>, !dlc.tensor<N x 1 x i1>, !dlc.tensor<N x 1 x i32>, !dlc.tensor<N x 1 x i1>
}
