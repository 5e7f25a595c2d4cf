// RUN: split-file %s %t
// RUN: dlc-opt %t/import.mlir --dlc-verify-phase=phase=import --verify-diagnostics
// RUN: dlc-opt %t/graph.mlir --dlc-verify-phase=phase=graph --verify-diagnostics --split-input-file
// RUN: dlc-opt %t/fuse.mlir --dlc-verify-phase=phase=fuse --verify-diagnostics
// RUN: dlc-opt %t/schedule.mlir --dlc-verify-phase=phase=schedule --verify-diagnostics
// RUN: dlc-opt %t/plan.mlir --dlc-verify-phase=phase=plan --verify-diagnostics --split-input-file
// RUN: dlc-opt %t/codegen.mlir --dlc-verify-phase=phase=codegen --verify-diagnostics
// RUN: dlc-opt %t/phase.mlir --dlc-verify-phase=phase=run --verify-diagnostics

//--- import.mlir
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  // expected-error @below {{'dlc.kernel' is not expected after phase import}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%a: !dlc.tensor<N x f32>):
    // expected-error @below {{'dlc.yield' is not expected after phase import}}
    dlc.yield %a : !dlc.tensor<N x f32>
  }
  return %0 : !dlc.tensor<N x f32>
}

//--- graph.mlir
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<* x f32> {
  // expected-error @below {{expected a known shape after phase graph}}
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// -----

func.func @main(%x: !dlc.tensor<2*N x f32>) -> !dlc.tensor<2*N x f32> {
  // expected-error @below {{symbol 'N' is bound neither by an input nor by an op before this one}}
  %0 = dlc.relu %x : (!dlc.tensor<2*N x f32>) -> !dlc.tensor<2*N x f32>
  return %0 : !dlc.tensor<2*N x f32>
}

// -----

// expected-error @below {{expected a function 'main'}}
module {}

//--- fuse.mlir
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  // expected-error @below {{'dlc.relu' is not expected after phase fuse}}
  %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return %0 : !dlc.tensor<N x f32>
}

//--- schedule.mlir
func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  // expected-error @below {{expected a schedule after phase schedule}}
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%a: !dlc.tensor<N x f32>):
    dlc.yield %a : !dlc.tensor<N x f32>
  }
  return %0 : !dlc.tensor<N x f32>
}

//--- plan.mlir
func.func @main(%x: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // expected-error @below {{'dlc.alloc' is not expected after phase plan}}
  %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<N x f32>>
  return
}

// -----

// expected-error @below {{symbol 'M' is bound neither by an input nor by an op before this one}}
func.func @main(%x: !dlc.buffer<!dlc.tensor<N x f32>>) attributes {dlc.workspace = #dlc.expr<M>} {
  return
}

//--- codegen.mlir
// expected-error @below {{'func.func' is not expected after phase codegen}}
func.func private @main()

//--- phase.mlir
// expected-error @below {{expected a phase on IR, found 'run'}}
module {}
