// RUN: dlc-opt %s --dlc-fuse | FileCheck %s

!joined = !dlc.tensor<N x S x 24 x f32>
!split = !dlc.tensor<N x S x 3 x 2 x 4 x f32>
!parts = !dlc.tensor<3 x N x 2 x S x 4 x f32>
!part = !dlc.tensor<1 x N x 2 x S x 4 x f32>
!heads = !dlc.tensor<N x 2 x S x 4 x f32>

// Heads are strides of what all three come from.
// CHECK-LABEL: func.func @strides
// CHECK: dlc.kernel anchor(%arg0) : (!dlc.tensor<N x S x 24 x f32>)
// CHECK-NOT: dlc.kernel
func.func @strides(%joined: !joined) -> !heads {
  %0 = dlc.view %joined : <N x S x 24 x f32> -> <N x S x 3 x 2 x 4 x f32>
  %1 = dlc.transpose %0 perm [2, 0, 3, 1, 4] : (!split) -> !parts
  %2 = dlc.slice %1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<1>, #dlc.expr<N>, #dlc.expr<2>, #dlc.expr<S>, #dlc.expr<4>] steps [1, 1, 1, 1, 1] : (!parts) -> !part
  %q = dlc.view %2 : <1 x N x 2 x S x 4 x f32> -> <N x 2 x S x 4 x f32>
  %3 = dlc.slice %1 starts [#dlc.expr<1>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<1>, #dlc.expr<N>, #dlc.expr<2>, #dlc.expr<S>, #dlc.expr<4>] steps [1, 1, 1, 1, 1] : (!parts) -> !part
  %k = dlc.view %3 : <1 x N x 2 x S x 4 x f32> -> <N x 2 x S x 4 x f32>
  %4 = dlc.attention %q, %k, %q scale 1.0 : (!heads, !heads, !heads) -> !heads
  return %4 : !heads
}

// Keys whose batch and heads were one dim are strides of the transposed parts alone: the queries are too, then.
// CHECK-LABEL: func.func @separate
// CHECK: %[[PARTS:.*]] = dlc.kernel loops(%{{.*}})
// CHECK: dlc.kernel anchor(%[[PARTS]]) : (!dlc.tensor<3 x N x 2 x S x 4 x f32>)
func.func @separate(%joined: !joined) -> !heads {
  %0 = dlc.view %joined : <N x S x 24 x f32> -> <N x S x 3 x 2 x 4 x f32>
  %1 = dlc.transpose %0 perm [2, 0, 3, 1, 4] : (!split) -> !parts
  %2 = dlc.slice %1 starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<1>, #dlc.expr<N>, #dlc.expr<2>, #dlc.expr<S>, #dlc.expr<4>] steps [1, 1, 1, 1, 1] : (!parts) -> !part
  %q = dlc.view %2 : <1 x N x 2 x S x 4 x f32> -> <N x 2 x S x 4 x f32>
  %3 = dlc.slice %1 starts [#dlc.expr<1>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<1>, #dlc.expr<N>, #dlc.expr<2>, #dlc.expr<S>, #dlc.expr<4>] steps [1, 1, 1, 1, 1] : (!parts) -> !part
  %merged = dlc.view %3 : <1 x N x 2 x S x 4 x f32> -> <2*N x S x 4 x f32>
  %k = dlc.view %merged : <2*N x S x 4 x f32> -> <N x 2 x S x 4 x f32>
  %4 = dlc.attention %q, %k, %q scale 1.0 : (!heads, !heads, !heads) -> !heads
  return %4 : !heads
}
