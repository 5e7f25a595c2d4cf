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

// -----

!x = !dlc.buffer<!dlc.tensor<2048 x 64 x f32>, device>
!w = !dlc.buffer<!dlc.tensor<64 x 64 x f32, #dlc.device_layout<f16, channels_last>>, device>
module attributes {dlc.device = #dlc.device<architecture = 90, precision = fp16, machine_code = [90], specific = true>,
    dlc.signature = {symbols = [], inputs = [], outputs = []}} {
  func.func private @rounded(%in: !x, %filter: !w, %out: !x)
      attributes {dlc.schedule = #dlc.schedule<cuda_wgmma, lanes = 2, channels = 64, pixels = [64, 64], rows = 64, precision = fp16>} {
    %0 = dlc.read %in : !x -> !dlc.tensor<2048 x 64 x f32>
    %1 = dlc.read %filter : !w -> !dlc.tensor<64 x 64 x f32>
    // expected-error @+1 {{expected operands that lie as tensor cores multiply them}}
    %2 = dlc.matmul %0, %1 transpose_rhs : (!dlc.tensor<2048 x 64 x f32>, !dlc.tensor<64 x 64 x f32>) -> !dlc.tensor<2048 x 64 x f32>
    dlc.write %2, %out : !dlc.tensor<2048 x 64 x f32>, !x
    return
  }
}

// -----

// expected-error @+1 {{expected tiles of 64 rows and at most 256 columns for each four warps, and columns for all of their threads}}
#tall = #dlc.schedule<cuda_wgmma, lanes = 2, channels = 64, pixels = [64, 32], rows = 64, precision = fp16>
