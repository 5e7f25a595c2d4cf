// RUN: split-file %s %t
// RUN: dlc-opt %t/import.mlir --dlc-verify-phase=phase=import --verify-diagnostics
// RUN: dlc-opt %t/graph.mlir --dlc-verify-phase=phase=graph --verify-diagnostics --split-input-file
// RUN: dlc-opt %t/fuse.mlir --dlc-verify-phase=phase=fuse --verify-diagnostics --split-input-file
// RUN: dlc-opt %t/schedule.mlir --dlc-verify-phase=phase=schedule --verify-diagnostics --split-input-file
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

// -----

// One symbol, one binder: not an input and an op,
func.func @main(%x: !dlc.tensor<N x f32>, %h: !dlc.value) {
  // expected-error @below {{symbol 'N' is bound more than once}}
  %0 = dlc.match %h binds ["N"] : !dlc.value -> !dlc.tensor<N x f32>
  return
}

// -----

// nor two branches, of which only one runs,
func.func @main(%h: !dlc.value, %c: !dlc.tensor<i1>) {
  dlc.if %c : (!dlc.tensor<i1>) -> () {
    %0 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<n x f32>
    dlc.yield
  } else {
    // expected-error @below {{symbol 'n' is bound more than once}}
    %0 = dlc.match %h binds ["n"] : !dlc.value -> !dlc.tensor<n x f32>
    dlc.yield
  }
  return
}

// -----

// nor two loops.
func.func @main() {
  dlc.loop "i" trip <3> () : () -> () {
    dlc.yield
  }
  // expected-error @below {{symbol 'i' is bound more than once}}
  dlc.loop "i" trip <3> () : () -> () {
    dlc.yield
  }
  return
}

// -----

// A version knows the symbols of its own inputs, not those of the general one,
func.func @main_1(%x: !dlc.tensor<8 x f32>) attributes {dlc.when = {N = 8 : i64}} {
  // expected-error @below {{symbol 'N' is bound neither by an input nor by an op before this one}}
  dlc.guard <N> equals <8>
  return
}
func.func @main(%x: !dlc.tensor<N x f32>) {
  return
}

// -----

// is for sizes that there are,
// expected-error @below {{expected a version for sizes of inputs of 'main', found 'M'}}
func.func @main_1(%x: !dlc.tensor<8 x f32>) attributes {dlc.when = {M = 8 : i64}} {
  return
}
func.func @main(%x: !dlc.tensor<N x f32>) {
  return
}

// -----

// and may be.
module attributes {dlc.ranges = {N = array<i64: 1, 4>}} {
  // expected-error @below {{expected a version for sizes in their ranges, found 'N' = 8}}
  func.func @main_1(%x: !dlc.tensor<8 x f32>) attributes {dlc.when = {N = 8 : i64}} {
    return
  }
  func.func @main(%x: !dlc.tensor<N x f32>) {
    return
  }
}

// -----

// Weights lie in files that the module lists,
func.func @main() {
  // expected-error @below {{expected weights in one of the module's 0 sources, found #dlc.range<file = 0, offset = 0, length = 16>}}
  %0 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 16>, shape = [4], type = f32> -> <4 x f32>
  return
}

// -----

// within their size, also those that recipes name.
module attributes {dlc.sources = [#dlc.source<hash = "00", size = 24>]} {
  func.func @main() {
    // expected-error @below {{expected weights in one of the module's 1 sources, found #dlc.range<file = 0, offset = 12, length = 16>}}
    %0 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 8, length = 16>, shape = [4], type = f32,
        recipe = [#dlc.combine<add, #dlc.weight<source = #dlc.range<file = 0, offset = 12, length = 16>, shape = [4], type = f32>>]> -> <4 x f32>
    return
  }
}

// -----

func.func @main() {
  // expected-error @below {{expected no recipe that packs a weight after phase graph}}
  %0 = dlc.constant #dlc.weight<source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32, recipe = [#dlc.pack<#dlc.padded_layout<16>>]>
      -> <4 x f32>
  return
}

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

// -----

// A constant lies as its recipe stores it,
func.func @main() {
  // expected-error @below {{expected the layout that the recipe packs in, found '!dlc.tensor<4 x f32>'}}
  %0 = dlc.constant #dlc.weight<source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32, recipe = [#dlc.pack<#dlc.padded_layout<16>>]>
      -> <4 x f32>
  return
}

// -----

// or has no layout,
func.func @main() {
  // expected-error @below {{expected the layout that the recipe packs in, found '!dlc.tensor<4 x f32, #dlc.padded_layout<16>>'}}
  %0 = dlc.constant dense<0.0> : tensor<4xf32> -> <4 x f32, #dlc.padded_layout<16>>
  return
}

// -----

// and nothing else has a weight's layout.
func.func @main(%x: !dlc.tensor<4 x f32>) -> !dlc.tensor<4 x f32, #dlc.padded_layout<16>> {
  // expected-error @below {{expected the layout of a weight on constants alone, found '!dlc.tensor<4 x f32, #dlc.padded_layout<16>>'}}
  %0 = dlc.kernel loops (%x) schedule <loops, lanes = 4, channels = 1, pixels = [4], rows = 1>
      : (!dlc.tensor<4 x f32>) -> !dlc.tensor<4 x f32, #dlc.padded_layout<16>> {
  ^bb0(%a: !dlc.tensor<4 x f32>):
    dlc.yield %a : !dlc.tensor<4 x f32>
  }
  return %0 : !dlc.tensor<4 x f32, #dlc.padded_layout<16>>
}

// -----

// Kernels read weights in panels.
func.func @main(%x: !dlc.tensor<1 x 1 x H x W x f32>) -> !dlc.tensor<1 x 4 x H x W x f32> {
  %w = dlc.constant dense<0.0> : tensor<4x1x1x1xf32> -> <4 x 1 x 1 x 1 x f32>
  %0 = dlc.kernel anchor(%x, %w) schedule <direct_conv, lanes = 4, channels = 4, pixels = [1], rows = 1>
      : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<4 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 4 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 1 x H x W x f32>, %b: !dlc.tensor<4 x 1 x 1 x 1 x f32>):
    // expected-error @below {{expected packed weights after phase schedule, but 'filter' is not}}
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
        : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<4 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 4 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 4 x H x W x f32>
  }
  return %0 : !dlc.tensor<1 x 4 x H x W x f32>
}

//--- plan.mlir
!n = !dlc.buffer<!dlc.tensor<N x f32>>

module attributes {dlc.weights = [], dlc.signature = {symbols = ["N"], inputs = [{name = "x", type = !dlc.tensor<N x f32>}], outputs = []}} {
  func.func @main(%x: !n) {
    // expected-error @below {{'dlc.alloc' is not expected after phase plan}}
    %0 = dlc.alloc : !n
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [{name = "x", type = !dlc.tensor<i1>}], outputs = []}} {
  func.func @main(%x: !dlc.buffer<!dlc.tensor<i1>>) {
    // expected-error @below {{expected buffers and handles after phase plan}}
    %0 = dlc.library_call "make"(%x) {} : (!dlc.buffer<!dlc.tensor<i1>>) -> !dlc.tensor<i1>
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [{name = "h", handle = array<i64: 0, 0>}], outputs = []}} {
  func.func @entry(%h: !dlc.value) {
    // expected-error @below {{'dlc.release' is not expected after phase plan}}
    dlc.release %h : !dlc.value
    return
  }
  func.func @main(%h: !dlc.value) {
    return
  }
}

// -----

!n = !dlc.buffer<!dlc.tensor<N x f32>>

module attributes {dlc.weights = [], dlc.signature = {symbols = ["N"], inputs = [{name = "x", type = !dlc.tensor<N x f32>}], outputs = []}} {
  // expected-error @below {{symbol 'M' is bound neither by an input nor by an op before this one}}
  func.func @main(%x: !n) attributes {dlc.workspace = #dlc.expr<M>} {
    return
  }
}

// -----

!n = !dlc.buffer<!dlc.tensor<N x f32>>

// A dim of an output is no binder.
module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = [{name = "y", type = !dlc.tensor<N x f32>}]}} {
  // expected-error @below {{symbol 'N' is bound neither by an input nor by an op before this one}}
  func.func @main(%y: !n) attributes {dlc.workspace = #dlc.expr<N>} {
    return
  }
}

// -----

!n = !dlc.buffer<!dlc.tensor<N x f32>>

// Symbols and signature agree, in both directions.
module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [{name = "x", type = !dlc.tensor<N x f32>}], outputs = []}} {
  // expected-error @below {{symbol 'N' is not among the shape symbols of the signature}}
  func.func @main(%x: !n) {
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], late_symbols = ["a"], inputs = [{name = "x", type = !dlc.tensor<1 x i64>}], outputs = []}} {
  func.func @entry(%x: !dlc.buffer<!dlc.tensor<1 x i64>>) {
    // expected-error @below {{symbol 'a' is not among the entry symbols of the signature}}
    dlc.bind %x as ["a"] : !dlc.buffer<!dlc.tensor<1 x i64>>
    return
  }
  func.func @main(%x: !dlc.buffer<!dlc.tensor<1 x i64>>) {
    return
  }
}

// -----

// expected-error @below {{symbol 'a' of the signature is never bound}}
module attributes {dlc.weights = [], dlc.signature = {symbols = [], entry_symbols = ["a"], inputs = [], outputs = []}} {
  func.func @main() {
    return
  }
}

// -----

// The weights section holds what the slots say,
module attributes {dlc.weights = [{offset = 64 : i64, weight = #dlc.weight<source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32>}],
    dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() {
    // expected-error @below {{expected this weight at offset 0 of the module's weights}}
    %0 = dlc.weight_slot 0, <source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32> : <<4 x f32>>
    return
  }
}

// -----

// in the form that the slots have.
module attributes {dlc.weights = [{offset = 0 : i64, weight = #dlc.weight<source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32>}],
    dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() {
    // expected-error @below {{expected the shape and element type that the recipe gives, found '!dlc.tensor<5 x f32>'}}
    %0 = dlc.weight_slot 0, <source = dense<0.0> : tensor<4xf32>, shape = [4], type = f32> : <<5 x f32>>
    return
  }
}

//--- codegen.mlir
// expected-error @below {{'func.func' is not expected after phase codegen}}
func.func private @main()

//--- phase.mlir
// expected-error @below {{expected a phase on IR, found 'run'}}
module {}
