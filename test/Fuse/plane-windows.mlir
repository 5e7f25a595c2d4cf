// Windows of planes, in boxes of the convolutions that read them.
// RUN: dlc-opt %s --dlc-fuse | FileCheck %s
// RUN: dlc-opt %s --dlc-fuse=rules=conv-elementwise,elementwise | FileCheck %s --check-prefix=OFF
// OFF-LABEL: func.func @padded
// OFF: dlc.pad constant %arg
// OFF: dlc.kernel anchor
// OFF-NEXT: ^bb0
// OFF-NEXT: dlc.conv %arg

!x = !dlc.tensor<D x 8 x H x W x f32>
!y = !dlc.tensor<D x 16 x H x W x f32>
!w = !dlc.tensor<16 x 24 x 3 x 3 x f32>
!apart = !dlc.tensor<1 x D x 1 x 8 x H x W x f32>
!wide = !dlc.tensor<1 x D + 2 x 1 x 8 x H x W x f32>
!joined = !dlc.tensor<1 x D x 1 x 24 x H x W x f32>
#w = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 13824>, shape = [16, 24, 3, 3], type = f32>
#0 = #dlc.expr<0>
module attributes {dlc.target = #dlc.target<cpu = "x86-64-v3", features = "", lanes = 8, registers = 16, fma = true>} {
// CHECK-LABEL: func.func @padded
// CHECK-NOT: dlc.pad
// CHECK: dlc.kernel anchor(%arg0, %{{.*}}) : (!dlc.tensor<D x 8 x H x W x f32>, {{.*}} -> !dlc.tensor<D x 16 x H x W x f32> {
// CHECK: dlc.view
// CHECK-NEXT: dlc.pad
// CHECK-COUNT-3: dlc.slice
// CHECK-NEXT: dlc.concat
// CHECK-NEXT: dlc.view
// CHECK-NEXT: dlc.conv
// CHECK-NEXT: dlc.relu
// CHECK-NEXT: dlc.yield
func.func @padded(%x: !x) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.view %x : <D x 8 x H x W x f32> -> <1 x D x 1 x 8 x H x W x f32>
  %1 = dlc.pad constant %0 low [#0, #dlc.expr<1>, #0, #0, #0, #0] high [#0, #dlc.expr<1>, #0, #0, #0, #0] : (!apart) -> !wide
  %2 = dlc.slice %1 starts [#0, #0, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!wide) -> !apart
  %3 = dlc.slice %1 starts [#0, #dlc.expr<1>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!wide) -> !apart
  %4 = dlc.slice %1 starts [#0, #dlc.expr<2>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!wide) -> !apart
  %5 = dlc.concat %2, %3, %4 axis 3 : (!apart, !apart, !apart) -> !joined
  %6 = dlc.view %5 : <1 x D x 1 x 24 x H x W x f32> -> <D x 24 x H x W x f32>
  %7 = dlc.conv %6, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<D x 24 x H x W x f32>, !w) -> !y
  %8 = dlc.relu %7 : (!y) -> !y
  return %8 : !y
}

// Two convolutions by the same windows, each of which has them in its box; what lies in another shape becomes images.
// CHECK-LABEL: func.func @shared
// CHECK: %[[IMAGES:.*]] = dlc.view %arg0 : <D x 8 x H x W x 1 x f32> -> <D x 8 x H x W x f32>
// CHECK: dlc.kernel anchor(%[[IMAGES]], %{{.*}})
// CHECK: dlc.concat
// CHECK: dlc.kernel anchor(%[[IMAGES]], %{{.*}})
// CHECK: dlc.concat
// CHECK-NOT: dlc.concat
func.func @shared(%x: !dlc.tensor<D x 8 x H x W x 1 x f32>) -> (!y, !y) {
  %w = dlc.constant #w -> !w
  %0 = dlc.view %x : <D x 8 x H x W x 1 x f32> -> <1 x D x 1 x 8 x H x W x f32>
  %1 = dlc.pad constant %0 low [#0, #dlc.expr<1>, #0, #0, #0, #0] high [#0, #dlc.expr<3>, #0, #0, #0, #0] : (!apart) -> !dlc.tensor<1 x D + 4 x 1 x 8 x H x W x f32>
  %2 = dlc.slice %1 starts [#0, #0, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 4 x 1 x 8 x H x W x f32>) -> !apart
  %3 = dlc.slice %1 starts [#0, #dlc.expr<2>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 4 x 1 x 8 x H x W x f32>) -> !apart
  %4 = dlc.slice %1 starts [#0, #dlc.expr<4>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 4 x 1 x 8 x H x W x f32>) -> !apart
  %5 = dlc.concat %2, %3, %4 axis 3 : (!apart, !apart, !apart) -> !joined
  %6 = dlc.view %5 : <1 x D x 1 x 24 x H x W x f32> -> <D x 24 x H x W x f32>
  %7 = dlc.conv %6, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<D x 24 x H x W x f32>, !w) -> !y
  %8 = dlc.conv %6, %w strides [1, 1] pads [2, 2, 2, 2] dilations [2, 2] group 1 : (!dlc.tensor<D x 24 x H x W x f32>, !w) -> !y
  return %7, %8 : !y, !y
}

// Planes 0, 1 and 3 are not at equal distances: what joins them has a kernel of its own.
// CHECK-LABEL: func.func @uneven
// CHECK: dlc.kernel loops
// CHECK: dlc.concat
// CHECK: dlc.kernel anchor
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.conv %arg
func.func @uneven(%x: !x) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.view %x : <D x 8 x H x W x f32> -> <1 x D x 1 x 8 x H x W x f32>
  %1 = dlc.pad constant %0 low [#0, #dlc.expr<1>, #0, #0, #0, #0] high [#0, #dlc.expr<2>, #0, #0, #0, #0] : (!apart) -> !dlc.tensor<1 x D + 3 x 1 x 8 x H x W x f32>
  %2 = dlc.slice %1 starts [#0, #0, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 3 x 1 x 8 x H x W x f32>) -> !apart
  %3 = dlc.slice %1 starts [#0, #dlc.expr<1>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 3 x 1 x 8 x H x W x f32>) -> !apart
  %4 = dlc.slice %1 starts [#0, #dlc.expr<3>, #0, #0, #0, #0] sizes [#dlc.expr<1>, #dlc.expr<D>, #dlc.expr<1>, #dlc.expr<8>, #dlc.expr<H>, #dlc.expr<W>] steps [1, 1, 1, 1, 1, 1] : (!dlc.tensor<1 x D + 3 x 1 x 8 x H x W x f32>) -> !apart
  %5 = dlc.concat %2, %3, %4 axis 3 : (!apart, !apart, !apart) -> !joined
  %6 = dlc.view %5 : <1 x D x 1 x 24 x H x W x f32> -> <D x 24 x H x W x f32>
  %7 = dlc.conv %6, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<D x 24 x H x W x f32>, !w) -> !y
  return %7 : !y
}
}
