// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func.func @views
func.func @views(%x: !dlc.tensor<N x 1 x 3 x f32>, %axes: !dlc.tensor<1 x i64>) {
  // CHECK: dlc.squeeze %{{.*}} : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<* x f32>
  %0 = dlc.squeeze %x : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.squeeze %{{.*}}, %{{.*}} : (!dlc.tensor<N x 1 x 3 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<N x 3 x f32>
  %1 = dlc.squeeze %x, %axes : (!dlc.tensor<N x 1 x 3 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.unsqueeze %{{.*}}, %{{.*}} : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %2 = dlc.unsqueeze %1, %axes : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: !dlc.tensor<N x 1 x 3 x f32>) {
  // CHECK: dlc.shape %{{.*}} : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<3 x i64>
  %0 = dlc.shape %x : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<3 x i64>
  // CHECK: dlc.shape %{{.*}} {end = 2 : i64, start = -2 : i64} : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<* x i64>
  %1 = dlc.shape %x {start = -2 : i64, end = 2 : i64} : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<* x i64>
  // CHECK: dlc.size %{{.*}} : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<i64>
  %2 = dlc.size %x : (!dlc.tensor<N x 1 x 3 x f32>) -> !dlc.tensor<i64>
  return
}

// CHECK-LABEL: func.func @broadcasts
func.func @broadcasts(%x: !dlc.tensor<1 x 3 x f32>, %s: !dlc.tensor<f32>, %two: !dlc.tensor<2 x i64>) {
  // CHECK: dlc.broadcast %{{.*}} : <1 x 3 x f32> -> <N x 3 x f32>
  %0 = dlc.broadcast %x : !dlc.tensor<1 x 3 x f32> -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.expand %{{.*}}, %{{.*}} : (!dlc.tensor<1 x 3 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %1 = dlc.expand %x, %two : (!dlc.tensor<1 x 3 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.constant_of_shape %{{.*}}, %{{.*}} : (!dlc.tensor<2 x i64>, !dlc.tensor<f32>) -> !dlc.tensor<* x f32>
  %2 = dlc.constant_of_shape %two, %s : (!dlc.tensor<2 x i64>, !dlc.tensor<f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.tile %{{.*}}, %{{.*}} : (!dlc.tensor<1 x 3 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  %3 = dlc.tile %x, %two : (!dlc.tensor<1 x 3 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @parts
func.func @parts(%x: !dlc.tensor<6 x H x f32>, %a: !dlc.tensor<1 x i64>, %two: !dlc.tensor<2 x i64>) {
  // CHECK: dlc.dynamic_slice %{{.*}} from %{{.*}} to %{{.*}} : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %0 = dlc.dynamic_slice %x from %a to %a : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.dynamic_slice %{{.*}} from %{{.*}} to %{{.*}} axes %{{.*}} steps %{{.*}} :
  %1 = dlc.dynamic_slice %x from %a to %a axes %a steps %a
      : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.dynamic_slice %{{.*}} from %{{.*}} to %{{.*}} steps %{{.*}} :
  %2 = dlc.dynamic_slice %x from %a to %a steps %a
      : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.split %{{.*}} sizes %{{.*}} axis 0 : (!dlc.tensor<6 x H x f32>, !dlc.tensor<2 x i64>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  %3:2 = dlc.split %x sizes %two axis 0 : (!dlc.tensor<6 x H x f32>, !dlc.tensor<2 x i64>) -> (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>)
  // CHECK: dlc.split %{{.*}} axis -2 : (!dlc.tensor<6 x H x f32>) -> (!dlc.tensor<3 x H x f32>, !dlc.tensor<3 x H x f32>)
  %4:2 = dlc.split %x axis -2 : (!dlc.tensor<6 x H x f32>) -> (!dlc.tensor<3 x H x f32>, !dlc.tensor<3 x H x f32>)
  return
}

// CHECK-LABEL: func.func @paddings
func.func @paddings(%x: !dlc.tensor<6 x H x f32>, %s: !dlc.tensor<f32>, %pads: !dlc.tensor<4 x i64>, %axes: !dlc.tensor<2 x i64>) {
  // CHECK: dlc.pad constant %{{.*}} value %{{.*}} low [#dlc.expr<1>, #dlc.expr<0>] high [#dlc.expr<0>, #dlc.expr<H>] :
  // CHECK-SAME: (!dlc.tensor<6 x H x f32>, !dlc.tensor<f32>) -> !dlc.tensor<7 x 2*H x f32>
  %0 = dlc.pad constant %x value %s low [#dlc.expr<1>, #dlc.expr<0>] high [#dlc.expr<0>, #dlc.expr<H>]
      : (!dlc.tensor<6 x H x f32>, !dlc.tensor<f32>) -> !dlc.tensor<7 x 2*H x f32>
  // CHECK: dlc.pad edge %{{.*}} low
  %1 = dlc.pad edge %x low [#dlc.expr<1>, #dlc.expr<0>] high [#dlc.expr<0>, #dlc.expr<-1>] : (!dlc.tensor<6 x H x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.pad reflect %{{.*}} low
  %2 = dlc.pad reflect %x low [#dlc.expr<1>, #dlc.expr<0>] high [#dlc.expr<0>, #dlc.expr<0>] : (!dlc.tensor<6 x H x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.pad wrap %{{.*}} low
  %3 = dlc.pad wrap %x low [#dlc.expr<1>, #dlc.expr<0>] high [#dlc.expr<0>, #dlc.expr<0>] : (!dlc.tensor<6 x H x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.dynamic_pad reflect %{{.*}} pads %{{.*}} : (!dlc.tensor<6 x H x f32>, !dlc.tensor<4 x i64>) -> !dlc.tensor<* x f32>
  %4 = dlc.dynamic_pad reflect %x pads %pads : (!dlc.tensor<6 x H x f32>, !dlc.tensor<4 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.dynamic_pad constant %{{.*}} pads %{{.*}} value %{{.*}} axes %{{.*}} :
  %5 = dlc.dynamic_pad constant %x pads %pads value %s axes %axes
      : (!dlc.tensor<6 x H x f32>, !dlc.tensor<4 x i64>, !dlc.tensor<f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: !dlc.tensor<6 x H x f32>, %axes: !dlc.tensor<1 x i64>) {
  // CHECK: dlc.dynamic_reduce mean %{{.*}}, %{{.*}} keep_dims : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %0 = dlc.dynamic_reduce mean %x, %axes keep_dims : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.dynamic_reduce sum %{{.*}}, %{{.*}} keep_all : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  %1 = dlc.dynamic_reduce sum %x, %axes keep_all : (!dlc.tensor<6 x H x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @counting
func.func @counting(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x i64> {
  // CHECK: dlc.iota <N - 1> step <-1> : <N x i64>
  %0 = dlc.iota <N - 1> step <-1> : !dlc.tensor<N x i64>
  return %0 : !dlc.tensor<N x i64>
}
