// RUN: split-file %s %t
// RUN: dlc-opt %t/import.mlir --dlc-verify-phase=phase=import --verify-diagnostics
// RUN: dlc-opt %t/graph.mlir --dlc-verify-phase=phase=graph --verify-diagnostics --split-input-file
// RUN: dlc-opt %t/fuse.mlir --dlc-verify-phase=phase=fuse --verify-diagnostics --split-input-file
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
// expected-error @below {{expected a known shape after phase graph}}
func.func @main(%x: !dlc.tensor<* x f32>) {
  return
}

// -----

func.func @main(%x: !dlc.tensor<4 x f32>) {
  // expected-error @below {{expected no layout after phase graph}}
  %0 = dlc.constant dense<0.0> : tensor<4xf32> -> !dlc.tensor<4 x f32, #dlc.padded_layout<16>>
  return
}

// -----

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

// What a branch binds is not known behind it, nor in the other one.
func.func @main(%h: !dlc.value, %c: !dlc.tensor<i1>) {
  dlc.if %c : (!dlc.tensor<i1>) -> () {
    %0 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<n x f32>
    dlc.guard <n> equals <3>
    dlc.yield
  } else {
    // expected-error @below {{symbol 'n' is bound neither by an input nor by an op before this one}}
    dlc.guard <n> equals <3>
    dlc.yield
  }
  return
}

// -----

func.func @main(%x: !dlc.tensor<2 x i64>) {
  // expected-error @below {{symbol 'a' is bound neither by an input nor by an op before this one}}
  %0 = dlc.library_call "make"() {sizes = [#dlc.expr<2*a>]} : () -> !dlc.value
  dlc.bind %x as ["a", ""] : !dlc.tensor<2 x i64>
  return
}

// -----

func.func @main() {
  dlc.loop "i" trip <3> () : () -> () {
    dlc.guard <i> equals <0>
    dlc.yield
  }
  // expected-error @below {{symbol 'i' is bound neither by an input nor by an op before this one}}
  dlc.guard <i> equals <0>
  return
}

// -----

func.func @main(%c: !dlc.tensor<i1>) -> !dlc.value {
  // expected-error @below {{expected only library calls to leave an operand out}}
  %0 = dlc.absent : !dlc.value
  return %0 : !dlc.value
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

// -----

func.func @main(%x: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  %0 = dlc.kernel loops (%x) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%a: !dlc.tensor<N x f32>):
    // expected-error @below {{'dlc.guard' is not expected in a box}}
    dlc.guard <N> equals <3>
    dlc.yield %a : !dlc.tensor<N x f32>
  }
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

func.func @main(%x: !dlc.buffer<!dlc.tensor<i1>>) {
  // expected-error @below {{expected buffers and handles after phase plan}}
  %0 = dlc.library_call "make"(%x) {} : (!dlc.buffer<!dlc.tensor<i1>>) -> !dlc.tensor<i1>
  return
}

// -----

func.func @entry(%h: !dlc.value) {
  // expected-error @below {{'dlc.release' is not expected after phase plan}}
  dlc.release %h : !dlc.value
  return
}
func.func @main(%h: !dlc.value) {
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
