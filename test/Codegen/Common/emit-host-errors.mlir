// RUN: dlc-opt %s --dlc-emit-host --verify-diagnostics --split-input-file

// expected-error @below {{expected a host program '@main' of one block}}
module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  // expected-error @below {{expected the attribute 'dlc.workspace'}}
  func.func @main() {
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  // expected-error @below {{expected one argument for each input, and one argument or result for each output of the signature}}
  func.func @main(%x: !dlc.buffer<!dlc.tensor<f32>>) attributes {dlc.workspace = #dlc.expr<0>} {
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  // expected-error @below {{expected a symbol of the signature, found 'N'}}
  func.func @main() attributes {dlc.workspace = #dlc.expr<N>} {
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() attributes {dlc.workspace = #dlc.expr<0>} {
    %0 = dlc.slot <0> : !dlc.buffer<!dlc.tensor<f32>>
    // expected-error @below {{expected a kernel function 'nothing'}}
    dlc.launch @nothing tasks <1> (%0) : !dlc.buffer<!dlc.tensor<f32>>
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() attributes {dlc.workspace = #dlc.expr<0>} {
    // expected-error @below {{expected a buffer that has a place}}
    %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<f32>>
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() attributes {dlc.workspace = #dlc.expr<0>} {
    // expected-error @below {{expected only ops of the host program}}
    %0 = dlc.constant dense<1.0> : tensor<f32> -> !dlc.tensor<f32>
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() attributes {dlc.workspace = #dlc.expr<0>} {
    // expected-error @below {{attribute 'map' has no form that a library op reads}}
    %0 = dlc.library_call "add"() {map = affine_map<(d0) -> (d0)>} : () -> !dlc.value
    return
  }
}

// -----

module attributes {dlc.weights = [], dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func @main() attributes {dlc.workspace = #dlc.expr<0>} {
    %0 = dlc.slot <0> : !dlc.buffer<!dlc.tensor<f8E3M4>>
    // expected-error @below {{expected elements that the run knows, found 'f8E3M4'}}
    %1 = dlc.wrap %0 : !dlc.buffer<!dlc.tensor<f8E3M4>> -> !dlc.value
    return
  }
}
