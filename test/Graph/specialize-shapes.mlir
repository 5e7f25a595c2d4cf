// RUN: dlc-opt %s --dlc-specialize-shapes="shapes={{x=1,H,W},{y=M}} ranges=H=1:1024" --dlc-infer-shapes | FileCheck %s
// RUN: dlc-opt %s --dlc-specialize-shapes | FileCheck %s --check-prefix=SAME

// CHECK: module attributes {dlc.ranges = {H = array<i64: 1, 1024>}}
// A name stands for one size wherever it occurs: giving N one dim gives it to all.
// CHECK: func.func @main(%arg0: !dlc.tensor<1 x H x W x f32> {dlc.name = "x"}, %arg1: !dlc.tensor<M x f32> {dlc.name = "y"}, %arg2: !dlc.tensor<1 x 3 x f32> {dlc.name = "z"}) -> (!dlc.tensor<1 x H x W x f32> {dlc.name = "r"})
// SAME: func.func @main(%arg0: !dlc.tensor<N x A x B x f32>
func.func @main(%x: !dlc.tensor<N x A x B x f32> {dlc.name = "x"}, %y: !dlc.tensor<K x f32> {dlc.name = "y"},
                %z: !dlc.tensor<N x 3 x f32> {dlc.name = "z"}) -> (!dlc.tensor<* x f32> {dlc.name = "r"}) {
  %0 = dlc.relu %x : (!dlc.tensor<N x A x B x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// RUN: dlc-opt %s --dlc-specialize-shapes="versions={N=1,8},{K=4} hints=A=64,B=32" | FileCheck %s --check-prefix=VERSIONS
// VERSIONS: module attributes {dlc.hints = {A = 64 : i64, B = 32 : i64}}
// VERSIONS: func.func @main_1(%arg0: !dlc.tensor<1 x A x B x f32> {dlc.name = "x"}, %arg1: !dlc.tensor<4 x f32> {{.*}} attributes {dlc.when = {K = 4 : i64, N = 1 : i64}}
// VERSIONS: func.func @main_2(%arg0: !dlc.tensor<8 x A x B x f32> {dlc.name = "x"}, %arg1: !dlc.tensor<4 x f32>
// VERSIONS: func.func @main(%arg0: !dlc.tensor<N x A x B x f32> {dlc.name = "x"}, %arg1: !dlc.tensor<K x f32>
