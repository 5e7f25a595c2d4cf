// RUN: dlc-opt %s --dlc-emit-images --verify-diagnostics

module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>} {
  // expected-error @+1 {{device code calls a function that no device has: .extern .func}}
  module @device {
    llvm.func @missing(f32) -> f32
    llvm.func @calls(%x: f32, %out: !llvm.ptr) attributes {nvvm.kernel} {
      %0 = llvm.call @missing(%x) : (f32) -> f32
      llvm.store %0, %out : f32, !llvm.ptr
      llvm.return
    }
  }
}
