// RUN: dlc-opt %s --dlc-emit-cuda-kernels --split-input-file --verify-diagnostics

!x = !dlc.buffer<!dlc.tensor<N x 6 x f32>, device>
module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>,
    dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  // expected-error @+1 {{expected rows of whole vectors of 4}}
  func.func private @tail(%in: !x, %out: !x)
      attributes {dlc.schedule = #dlc.schedule<cuda_loops, lanes = 4, channels = 1, pixels = [4], rows = 256>} {
    %0 = dlc.read %in : !x -> !dlc.tensor<N x 6 x f32>
    dlc.write %0, %out : !dlc.tensor<N x 6 x f32>, !x
    return
  }
}

// -----

!halo = !dlc.buffer<!dlc.tensor<1 x 1 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>>, device>
module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>,
    dlc.signature = {symbols = ["H", "W"], inputs = [], outputs = []}} {
  // expected-error @+1 {{expected dense values on the device, found #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>}}
  func.func private @halo(%in: !halo, %out: !halo)
      attributes {dlc.schedule = #dlc.schedule<cuda_loops, lanes = 1, channels = 1, pixels = [1], rows = 256>} {
    %0 = dlc.read %in : !halo -> !dlc.tensor<1 x 1 x H x W x f32>
    dlc.write %0, %out : !dlc.tensor<1 x 1 x H x W x f32>, !halo
    return
  }
}
