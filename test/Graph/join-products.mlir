// RUN: dlc-opt %s --dlc-join-products | FileCheck %s

!x = !dlc.tensor<N x S x 2 x f32>
!w = !dlc.tensor<2 x 4 x f32>
!y = !dlc.tensor<N x S x 4 x f32>
!heads = !dlc.tensor<N x S x 2 x 2 x f32>

// Weights that lie transposed and others; a product with a bias is not joined to these.
// CHECK-LABEL: func.func @documented
// CHECK: %[[W:.*]] = dlc.constant #dlc.weight<{{.*}}recipe = [#dlc.transpose, #dlc.join<#dlc.weight<source = {{.*}}>>]> -> <8 x 2 x f32>
// CHECK: %[[JOINED:.*]] = dlc.matmul %arg0, %[[W]] transpose_rhs : {{.*}} -> !dlc.tensor<N x S x 8 x f32>
// CHECK: %[[Q:.*]] = dlc.slice %[[JOINED]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<0>] {{.*}} -> !dlc.tensor<N x S x 4 x f32>
// CHECK: %[[K:.*]] = dlc.slice %[[JOINED]] starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<4>] {{.*}} -> !dlc.tensor<N x S x 4 x f32>
// CHECK: dlc.matmul %arg0, %{{.*}}, %{{.*}} :
// CHECK-DAG: dlc.view %[[Q]]
// CHECK-DAG: dlc.view %[[K]]
func.func @documented(%x: !x) -> !heads {
  %wq = dlc.constant dense<1.0> : tensor<2x4xf32> -> <2 x 4 x f32>
  %wk = dlc.constant dense<2.0> : tensor<4x2xf32> -> <4 x 2 x f32>
  %wv = dlc.constant dense<3.0> : tensor<2x4xf32> -> <2 x 4 x f32>
  %bias = dlc.constant dense<4.0> : tensor<4xf32> -> <4 x f32>
  %0 = dlc.matmul %x, %wq : (!x, !w) -> !y
  %1 = dlc.matmul %x, %wk transpose_rhs : (!x, !dlc.tensor<4 x 2 x f32>) -> !y
  %2 = dlc.matmul %x, %wv, %bias : (!x, !w, !dlc.tensor<4 x f32>) -> !y
  %3 = dlc.view %0 : <N x S x 4 x f32> -> <N x S x 2 x 2 x f32>
  %4 = dlc.view %1 : <N x S x 4 x f32> -> <N x S x 2 x 2 x f32>
  %5 = dlc.view %2 : <N x S x 4 x f32> -> <N x S x 2 x 2 x f32>
  %6 = dlc.attention %3, %4, %5 scale 1.0 : (!heads, !heads, !heads) -> !heads
  return %6 : !heads
}

// What something else reads would have to be copied.
// CHECK-LABEL: func.func @other_readers
// CHECK-COUNT-2: -> !dlc.tensor<N x S x 4 x f32>
// CHECK-NOT: dlc.slice
func.func @other_readers(%x: !x) -> (!y, !heads) {
  %w = dlc.constant dense<1.0> : tensor<2x4xf32> -> <2 x 4 x f32>
  %v = dlc.constant dense<2.0> : tensor<2x4xf32> -> <2 x 4 x f32>
  %0 = dlc.matmul %x, %w : (!x, !w) -> !y
  %1 = dlc.matmul %x, %v : (!x, !w) -> !y
  %2 = dlc.view %1 : <N x S x 4 x f32> -> <N x S x 2 x 2 x f32>
  %3 = dlc.attention %2, %2, %2 scale 1.0 : (!heads, !heads, !heads) -> !heads
  return %0, %3 : !y, !heads
}
