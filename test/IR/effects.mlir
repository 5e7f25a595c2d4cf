// RUN: dlc-opt %s --cse --canonicalize | FileCheck %s

!b = !dlc.buffer<!dlc.tensor<N x f32>>

// Two buffers are two buffers, however alike: only dead ones go.
// CHECK-LABEL: func.func @buffers
// CHECK: %[[A:.*]] = dlc.alloc
// CHECK: %[[B:.*]] = dlc.alloc
// CHECK-NOT: dlc.alloc
// CHECK: dlc.launch @k tasks <1>(%[[A]], %[[B]])
func.func @buffers() {
  %0 = dlc.alloc : !b
  %1 = dlc.alloc : !b
  %2 = dlc.alloc : !b
  dlc.launch @k tasks <1> (%0, %1) : !b, !b
  return
}

// A value is read before it is written over.
// CHECK-LABEL: func.func @reads
// CHECK: %[[OLD:.*]] = dlc.read %arg0
// CHECK: dlc.write %{{.*}}, %arg0
// CHECK: %[[NEW:.*]] = dlc.read %arg0
// CHECK: dlc.add %[[OLD]], %[[NEW]]
func.func @reads(%x: !b, %y: !b) {
  %0 = dlc.read %x : !b -> !dlc.tensor<N x f32>
  %1 = dlc.relu %0 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  dlc.write %1, %x : !dlc.tensor<N x f32>, !b
  %2 = dlc.read %x : !b -> !dlc.tensor<N x f32>
  %3 = dlc.add %0, %2 : (!dlc.tensor<N x f32>, !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  dlc.write %3, %y : !dlc.tensor<N x f32>, !b
  return
}
