// RUN: dlc-opt %s --dlc-split-volumes --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-split-volumes | FileCheck %s --check-prefix=NOCANON

!x = !dlc.tensor<1 x 8 x D x H x W x f32>
!y = !dlc.tensor<1 x 4 x D x H x W x f32>
!w = !dlc.tensor<4 x 8 x 3 x 3 x 3 x f32>
#w = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 3456>, shape = [4, 8, 3, 3, 3], type = f32>

// CHECK-LABEL: func.func @documented
// CHECK-DAG: %[[PLANES:.*]] = dlc.transpose %arg0 perm [0, 2, 1, 3, 4] {{.*}} -> !dlc.tensor<1 x D x 8 x H x W x f32>
// CHECK-DAG: %[[GROUPS:.*]] = dlc.view %[[PLANES]] : <1 x D x 8 x H x W x f32> -> <1 x D x 1 x 8 x H x W x f32>
// CHECK-DAG: %[[PADDED:.*]] = dlc.pad constant %[[GROUPS]] low [#dlc.expr<0>, #dlc.expr<1>, {{.*}}] high [#dlc.expr<0>, #dlc.expr<1>, {{.*}} -> !dlc.tensor<1 x D + 2 x 1 x 8 x H x W x f32>
// CHECK-DAG: %[[FIRST:.*]] = dlc.slice %[[PADDED]] starts [#dlc.expr<0>, #dlc.expr<0>, {{.*}} -> !dlc.tensor<1 x D x 1 x 8 x H x W x f32>
// CHECK-DAG: %[[SECOND:.*]] = dlc.slice %[[PADDED]] starts [#dlc.expr<0>, #dlc.expr<1>,
// CHECK-DAG: %[[THIRD:.*]] = dlc.slice %[[PADDED]] starts [#dlc.expr<0>, #dlc.expr<2>,
// CHECK-DAG: %[[JOINED:.*]] = dlc.concat %[[FIRST]], %[[SECOND]], %[[THIRD]] axis 3 {{.*}} -> !dlc.tensor<1 x D x 1 x 24 x H x W x f32>
// CHECK-DAG: %[[IMAGES:.*]] = dlc.view %[[JOINED]] : <1 x D x 1 x 24 x H x W x f32> -> <D x 24 x H x W x f32>
// CHECK-DAG: %[[MOVED:.*]] = dlc.transpose %{{.*}} perm [0, 2, 1, 3, 4] : (!dlc.tensor<4 x 8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<4 x 3 x 8 x 3 x 3 x f32>
// CHECK-DAG: %[[FILTER:.*]] = dlc.view %[[MOVED]] : <4 x 3 x 8 x 3 x 3 x f32> -> <4 x 24 x 3 x 3 x f32>
// CHECK: %[[CONV:.*]] = dlc.conv %[[IMAGES]], %[[FILTER]] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 {{.*}} -> !dlc.tensor<D x 4 x H x W x f32>
// CHECK: %[[APART:.*]] = dlc.view %[[CONV]] : <D x 4 x H x W x f32> -> <1 x D x 4 x H x W x f32>
// CHECK: %[[VOLUME:.*]] = dlc.transpose %[[APART]] perm [0, 2, 1, 3, 4] {{.*}} -> !dlc.tensor<1 x 4 x D x H x W x f32>
// CHECK: return %[[VOLUME]]
func.func @documented(%x: !x) -> !y {
  %w = dlc.constant #w -> !w
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [1, 1, 1, 1, 1, 1] dilations [1, 1, 1] group 1 : (!x, !w) -> !y
  return %0 : !y
}

!v = !dlc.tensor<N x 4 x D x H x W x f32>
!flat = !dlc.tensor<4 x 4 x 1 x 3 x 3 x f32>
!along = !dlc.tensor<4 x 2 x 3 x 1 x 1 x f32>
!half = !dlc.tensor<N x 4 x floordiv(D + 1, 2) x H x W x f32>
#flat = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 576>, shape = [4, 4, 1, 3, 3], type = f32>
#along = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 96>, shape = [4, 2, 3, 1, 1], type = f32>

// A filter of one plane joins none. What is the same for all planes needs no volume; what follows meets images.
// CHECK-LABEL: func.func @chain
// CHECK: dlc.transpose %arg0 perm [0, 2, 1, 3, 4]
// CHECK-NOT: perm
// CHECK: %[[FLAT:.*]] = dlc.conv {{.*}} pads [1, 1, 1, 1] {{.*}} -> !dlc.tensor<D*N x 4 x H x W x f32>
// CHECK-NOT: perm
// CHECK: %[[NORM:.*]] = dlc.batch_norm %[[FLAT]]
// CHECK: %[[SLOPE:.*]] = dlc.view %arg1 : <4 x 1 x 1 x 1 x f32> -> <4 x 1 x 1 x f32>
// CHECK: %[[SCALED:.*]] = dlc.mul %[[NORM]], %[[SLOPE]]
// CHECK: %[[SUM:.*]] = dlc.add %[[SCALED]], %[[FLAT]]
// Of each group the planes lie side by side.
// CHECK: dlc.concat {{.*}} axis 3 {{.*}} -> !dlc.tensor<N x floordiv(D + 1, 2) x 2 x 6 x H x W x f32>
// CHECK: dlc.conv {{.*}} group 2 {{.*}} -> !dlc.tensor<N*floordiv(D + 1, 2) x 4 x H x W x f32>
// CHECK: dlc.transpose {{.*}} perm [0, 2, 1, 3, 4] {{.*}} -> !dlc.tensor<N x 4 x floordiv(D + 1, 2) x H x W x f32>
func.func @chain(%x: !v, %slope: !dlc.tensor<4 x 1 x 1 x 1 x f32>) -> !half {
  %w = dlc.constant #flat -> !flat
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [0, 1, 1, 0, 1, 1] dilations [1, 1, 1] group 1 : (!v, !flat) -> !v
  %p = dlc.constant dense<2.0> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  %1 = dlc.batch_norm %0, %p, %p, %p, %p epsilon 1.0e-05 : (!v, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !v
  %2 = dlc.mul %1, %slope : (!v, !dlc.tensor<4 x 1 x 1 x 1 x f32>) -> !v
  %3 = dlc.add %2, %0 : (!v, !v) -> !v
  %a = dlc.constant #along -> !along
  %4 = dlc.conv %3, %a strides [2, 1, 1] pads [1, 0, 0, 1, 0, 0] dilations [1, 1, 1] group 2 : (!v, !along) -> !half
  return %4 : !half
}

!pooled = !dlc.tensor<N x 4 x floordiv(D - 2, 2) + 1 x floordiv(H - 3, 2) + 1 x W - 1 x f32>

// Along the planes, then along the depth.
// CHECK-LABEL: func.func @pools
// CHECK: %[[CONV:.*]] = dlc.conv
// CHECK: %[[PLANES:.*]] = dlc.pool max %[[CONV]] kernel [3, 2] strides [2, 1] pads [0, 0, 0, 0] {{.*}} -> !dlc.tensor<D*N x 4 x {{.*}} x W - 1 x f32>
// CHECK: %[[DEPTH:.*]] = dlc.view %[[PLANES]] {{.*}} -> <N x 1 x D x
// CHECK: dlc.pool max %[[DEPTH]] kernel [2, 1] strides [2, 1] pads [0, 0, 0, 0]
// CHECK: %[[MEANS:.*]] = dlc.reduce mean %[[CONV]] axes [2, 3] {{.*}} -> !dlc.tensor<D*N x 4 x f32>
// CHECK: %[[EACH:.*]] = dlc.view %[[MEANS]] : <D*N x 4 x f32> -> <N x D x 4 x f32>
// CHECK: dlc.reduce mean %[[EACH]] axes [1] {{.*}} -> !dlc.tensor<N x 4 x f32>
func.func @pools(%x: !v) -> (!pooled, !dlc.tensor<N x 4 x 1 x 1 x 1 x f32>) {
  %w = dlc.constant #flat -> !flat
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [0, 1, 1, 0, 1, 1] dilations [1, 1, 1] group 1 : (!v, !flat) -> !v
  %1 = dlc.pool max %0 kernel [2, 3, 2] strides [2, 2, 1] pads [0, 0, 0, 0, 0, 0] dilations [1, 1, 1] : (!v) -> !pooled
  %2 = dlc.reduce mean %0 axes [2, 3, 4] keep_dims : (!v) -> !dlc.tensor<N x 4 x 1 x 1 x 1 x f32>
  return %1, %2 : !pooled, !dlc.tensor<N x 4 x 1 x 1 x 1 x f32>
}

// CHECK-LABEL: func.func @late_filter
// CHECK: dlc.conv %arg0, %arg1 {{.*}} -> !dlc.tensor<1 x 4 x D x H x W x f32>
func.func @late_filter(%x: !x, %w: !w) -> !y {
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [1, 1, 1, 1, 1, 1] dilations [1, 1, 1] group 1 : (!x, !w) -> !y
  return %0 : !y
}

// What differs between planes is no operand of an image.
// CHECK-LABEL: func.func @left_alone
// CHECK: dlc.add {{.*}} -> !dlc.tensor<N x 4 x D x H x W x f32>
func.func @left_alone(%x: !v, %depths: !dlc.tensor<D x 1 x 1 x f32>) -> !v {
  %w = dlc.constant #flat -> !flat
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [0, 1, 1, 0, 1, 1] dilations [1, 1, 1] group 1 : (!v, !flat) -> !v
  %1 = dlc.add %0, %depths : (!v, !dlc.tensor<D x 1 x 1 x f32>) -> !v
  return %1 : !v
}

!few = !dlc.tensor<1 x 3 x D x H x W x f32>
!phases = !dlc.tensor<1 x 32 x D x H x W x f32>
!up = !dlc.tensor<32 x 3 x 1 x 1 x 1 x f32>
!cut = !dlc.tensor<1 x 2 x 2 x 2 x 4 x D x H x W x f32>
!moved = !dlc.tensor<1 x 4 x D x 2 x H x 2 x W x 2 x f32>
#up = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 384>, shape = [32, 3, 1, 1, 1], type = f32>

// As a transposed convolution makes pixels: channels of several planes come first, and are images as they lie.
// CHECK-LABEL: func.func @pixels
// CHECK: %[[CONV:.*]] = dlc.conv {{.*}} -> !dlc.tensor<D x 32 x H x W x f32>
// CHECK: %[[PIXELS:.*]] = dlc.view %[[CONV]] : <D x 32 x H x W x f32> -> <2*D x 2 x 2 x 4 x H x W x f32>
// CHECK: %[[MOVED:.*]] = dlc.transpose %[[PIXELS]] perm [0, 3, 4, 1, 5, 2] {{.*}} -> !dlc.tensor<2*D x 4 x H x 2 x W x 2 x f32>
// CHECK: %[[VOLUME:.*]] = dlc.view %[[MOVED]] : {{.*}} -> <1 x 2*D x 4 x 2*H x 2*W x f32>
// CHECK: dlc.transpose %[[VOLUME]] perm [0, 2, 1, 3, 4] {{.*}} -> !dlc.tensor<1 x 4 x 2*D x 2*H x 2*W x f32>
func.func @pixels(%x: !few) -> !dlc.tensor<1 x 4 x 2*D x 2*H x 2*W x f32> {
  %w = dlc.constant #up -> !up
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [0, 0, 0, 0, 0, 0] dilations [1, 1, 1] group 1 : (!few, !up) -> !phases
  %1 = dlc.view %0 : <1 x 32 x D x H x W x f32> -> <1 x 2 x 2 x 2 x 4 x D x H x W x f32>
  %2 = dlc.transpose %1 perm [0, 4, 5, 1, 6, 2, 7, 3] : (!cut) -> !moved
  %3 = dlc.view %2 : <1 x 4 x D x 2 x H x 2 x W x 2 x f32> -> <1 x 4 x 2*D x 2*H x 2*W x f32>
  return %3 : !dlc.tensor<1 x 4 x 2*D x 2*H x 2*W x f32>
}

// Nothing else than what follows reads the images: who reads a volume that is none any more is gone.
// NOCANON-LABEL: func.func @alone
// NOCANON: dlc.conv
// NOCANON-NEXT: dlc.relu
// NOCANON-NEXT: dlc.view
// NOCANON-NEXT: dlc.transpose
// NOCANON-NEXT: return
func.func @alone(%x: !v) -> !v {
  %w = dlc.constant #flat -> !flat
  %0 = dlc.conv %x, %w strides [1, 1, 1] pads [0, 1, 1, 0, 1, 1] dilations [1, 1, 1] group 1 : (!v, !flat) -> !v
  %1 = dlc.relu %0 : (!v) -> !v
  return %1 : !v
}
