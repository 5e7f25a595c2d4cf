// RUN: dlc-opt %s --dlc-assign-layouts | FileCheck %s

!x = !dlc.tensor<N x 3 x 16 x 16 x f32>
!y = !dlc.tensor<N x 24 x 16 x 16 x f32>
!z = !dlc.tensor<N x 12 x 16 x 16 x f32>
!v = !dlc.tensor<N x 24 x f32>
!wa = !dlc.tensor<24 x 3 x 1 x 1 x f32>
!wb = !dlc.tensor<12 x 24 x 1 x 1 x f32>
!m = !dlc.tensor<24 x 24 x f32>

module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>,
                   dlc.device = #dlc.device<architecture = 80, precision = fp16>} {

// Between kernels: channels last where 16 bytes of them lie side by side, else rows of narrow elements.
// CHECK-LABEL: func.func @images
func.func @images(%x: !x, %a: !wa, %b: !wb) -> !z {
  // CHECK: dlc.kernel anchor{{.*}} -> !dlc.tensor<N x 24 x 16 x 16 x f32, #dlc.device_layout<f16, channels_last>>
  %0 = dlc.kernel anchor (%x, %a) : (!x, !wa) -> !y {
  ^bb0(%p: !x, %q: !wa):
    %r = dlc.conv %p, %q strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !wa) -> !y
    dlc.yield %r : !y
  }
  // CHECK: dlc.kernel anchor{{.*}} -> !dlc.tensor<N x 12 x 16 x 16 x f32, #dlc.device_layout<f16>>
  %1 = dlc.kernel anchor (%0, %b) : (!y, !wb) -> !z {
  ^bb0(%p: !y, %q: !wb):
    %r = dlc.conv %p, %q strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!y, !wb) -> !z
    dlc.yield %r : !z
  }
  // What is given back is f32.
  // CHECK: dlc.kernel loops{{.*}} -> !dlc.tensor<N x 12 x 16 x 16 x f32> {
  %2 = dlc.kernel loops (%1) : (!z) -> !z {
  ^bb0(%p: !z):
    %r = dlc.relu %p : (!z) -> !z
    dlc.yield %r : !z
  }
  return %2 : !z
}

// Views show what they show in its type. What no product is beside is f32.
// CHECK-LABEL: func.func @rows
func.func @rows(%v: !v, %m: !m) -> !v {
  // CHECK: dlc.kernel loops{{.*}} -> !dlc.tensor<N x 24 x f32> {
  %0 = dlc.kernel loops (%v) : (!v) -> !v {
  ^bb0(%p: !v):
    %r = dlc.relu %p : (!v) -> !v
    dlc.yield %r : !v
  }
  // CHECK: dlc.kernel loops{{.*}} -> !dlc.tensor<N x 24 x f32, #dlc.device_layout<f16>> {
  %1 = dlc.kernel loops (%0) : (!v) -> !v {
  ^bb0(%p: !v):
    %r = dlc.relu %p : (!v) -> !v
    dlc.yield %r : !v
  }
  // CHECK: dlc.view {{.*}} : <N x 24 x f32, #dlc.device_layout<f16>> -> <N x 1 x 24 x f32, #dlc.device_layout<f16>>
  %2 = dlc.view %1 : !v -> !dlc.tensor<N x 1 x 24 x f32>
  // CHECK: dlc.kernel anchor{{.*}} -> !dlc.tensor<N x 1 x 24 x f32> {
  %3 = dlc.kernel anchor (%2, %m) : (!dlc.tensor<N x 1 x 24 x f32>, !m) -> !dlc.tensor<N x 1 x 24 x f32> {
  ^bb0(%p: !dlc.tensor<N x 1 x 24 x f32>, %q: !m):
    %r = dlc.matmul %p, %q : (!dlc.tensor<N x 1 x 24 x f32>, !m) -> !dlc.tensor<N x 1 x 24 x f32>
    dlc.yield %r : !dlc.tensor<N x 1 x 24 x f32>
  }
  %4 = dlc.view %3 : !dlc.tensor<N x 1 x 24 x f32> -> !v
  return %4 : !v
}
}
