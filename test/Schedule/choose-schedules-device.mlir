// RUN: dlc-opt %s --split-input-file --dlc-choose-schedules | FileCheck %s

!m = !dlc.tensor<2048 x 768 x f32>
!stored = !dlc.tensor<2048 x 768 x f32, #dlc.device_layout<tf32>>
!exact = !dlc.tensor<2048 x 768 x f32, #dlc.device_layout<f32>>
!one = !dlc.tensor<1 x 3072 x f32>
!lhs = !dlc.tensor<4 x M x 64 x f32>
!rhs = !dlc.tensor<4 x 64 x 200 x f32>
!x = !dlc.tensor<N x 8 x 9 x 12 x f32>
!q = !dlc.tensor<1 x 12 x 128 x 64 x f32>
!many = !dlc.tensor<16 x 12 x 128 x 64 x f32>
!wide = !dlc.tensor<N x 12 x S x 128 x f32>
module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>,
                   dlc.device = #dlc.device<architecture = 80, precision = tf32>} {
// CHECK-LABEL: func.func @products
func.func @products(%x: !stored, %exact: !exact, %m: !m, %row: !one, %l: !lhs, %r: !rhs) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 2359296>, shape = [768, 768], type = f32> -> <768 x 768 x f32>
  %v = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 9437184>, shape = [3072, 768], type = f32> -> <3072 x 768 x f32>
  // Large tiles, which read less, where there are enough of them; else small ones, or some blocks that share a tile.
  // CHECK: schedule <cuda_gemm, lanes = 2, channels = 128, pixels = [128, 64], rows = 32, precision = tf32>
  %0 = dlc.kernel anchor(%x, %w) : (!stored, !dlc.tensor<768 x 768 x f32>) -> !m {
  ^bb0(%a: !m, %b: !dlc.tensor<768 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!m, !dlc.tensor<768 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  // What is rounded on its way takes registers that sums would have.
  // CHECK: schedule <cuda_gemm, lanes = 2, channels = 64, pixels = [64, 32], rows = 32, precision = tf32>
  %rounded = dlc.kernel anchor(%m, %w) : (!m, !dlc.tensor<768 x 768 x f32>) -> !m {
  ^bb0(%a: !m, %b: !dlc.tensor<768 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!m, !dlc.tensor<768 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  // What lies as f32 is not rounded: its words are two each in registers.
  // CHECK: schedule <cuda_gemm, lanes = 2, channels = 64, pixels = [64, 32], rows = 32, precision = tf32x3>
  %pairs = dlc.kernel anchor(%exact, %w) : (!exact, !dlc.tensor<768 x 768 x f32>) -> !m {
  ^bb0(%a: !m, %b: !dlc.tensor<768 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!m, !dlc.tensor<768 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  // CHECK: schedule <cuda_gemm, lanes = 2, channels = 32, pixels = [32, 16], rows = 32, precision = tf32, slices = 11>
  %2 = dlc.kernel anchor(%row, %v) : (!one, !dlc.tensor<3072 x 768 x f32>) -> !dlc.tensor<1 x 768 x f32> {
  ^bb0(%a: !one, %b: !dlc.tensor<3072 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!one, !dlc.tensor<3072 x 768 x f32>) -> !dlc.tensor<1 x 768 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 768 x f32>
  }
  // Rows whose number is not known may be few.
  // CHECK: schedule <cuda_matmul, lanes = 2,
  // CHECK-NOT: slices
  // CHECK: dlc.matmul
  %3 = dlc.kernel anchor(%l, %r) : (!lhs, !rhs) -> !dlc.tensor<4 x M x 200 x f32> {
  ^bb0(%a: !lhs, %b: !rhs):
    %1 = dlc.matmul %a, %b : (!lhs, !rhs) -> !dlc.tensor<4 x M x 200 x f32>
    dlc.yield %1 : !dlc.tensor<4 x M x 200 x f32>
  }
  return
}

// CHECK-LABEL: func.func @others
func.func @others(%x: !x, %r: !dlc.tensor<N x 300 x f32>, %w: !dlc.tensor<8 x 1 x 3 x 3 x f32>, %p: !dlc.tensor<1 x 2 x 8 x f32>,
                  %g: !dlc.tensor<1 x 8 x 2 x f32>) {
  // Threads of four neighbours; as many elements as a vector divides.
  // CHECK: schedule <cuda_loops, lanes = 4, channels = 1, pixels = [4], rows = 256>
  %0 = dlc.kernel loops(%x) : (!x) -> !x {
  ^bb0(%a: !x):
    %1 = dlc.relu %a : (!x) -> !x
    dlc.yield %1 : !x
  }
  // CHECK: schedule <cuda_window, lanes = 1, channels = 1, pixels = [1], rows = 256>
  %2 = dlc.kernel anchor(%x, %w) : (!x, !dlc.tensor<8 x 1 x 3 x 3 x f32>) -> !x {
  ^bb0(%a: !x, %b: !dlc.tensor<8 x 1 x 3 x 3 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 : (!x, !dlc.tensor<8 x 1 x 3 x 3 x f32>) -> !x
    dlc.yield %1 : !x
  }
  // A block for each row, with a thread for eight elements.
  // CHECK: schedule <cuda_rows, lanes = 1, channels = 1, pixels = [1], rows = 64>
  %3 = dlc.kernel rows(%r) : (!dlc.tensor<N x 300 x f32>) -> !dlc.tensor<N x 300 x f32> {
  ^bb0(%a: !dlc.tensor<N x 300 x f32>):
    %1 = dlc.softmax %a axis -1 : (!dlc.tensor<N x 300 x f32>) -> !dlc.tensor<N x 300 x f32>
    dlc.yield %1 : !dlc.tensor<N x 300 x f32>
  }
  // What has no device code runs on the CPU, with a schedule of it.
  // CHECK: schedule <loops, lanes = 16,
  %4 = dlc.kernel loops(%r) : (!dlc.tensor<N x 300 x f32>) -> !dlc.tensor<N x 300 x f32> {
  ^bb0(%a: !dlc.tensor<N x 300 x f32>):
    %1 = dlc.mod %a, %a : (!dlc.tensor<N x 300 x f32>, !dlc.tensor<N x 300 x f32>) -> !dlc.tensor<N x 300 x f32>
    dlc.yield %1 : !dlc.tensor<N x 300 x f32>
  }
  return
}

// CHECK-LABEL: func.func @attentions
func.func @attentions(%q: !q, %m: !many, %w: !wide) {
  // Few queries: warps share them, and each has keys of its own.
  // CHECK: schedule <cuda_attention, lanes = 1, channels = 64, pixels = [16], rows = 128, precision = tf32>
  %0 = dlc.kernel anchor(%q) : (!q) -> !q {
  ^bb0(%a: !q):
    %1 = dlc.attention %a, %a, %a scale 1.250000e-01 : (!q, !q, !q) -> !q
    dlc.yield %1 : !q
  }
  // CHECK: schedule <cuda_attention, lanes = 1, channels = 64, pixels = [64], rows = 128, precision = tf32>
  %2 = dlc.kernel anchor(%m) : (!many) -> !many {
  ^bb0(%a: !many):
    %1 = dlc.attention %a, %a, %a scale 1.250000e-01 : (!many, !many, !many) -> !many
    dlc.yield %1 : !many
  }
  // Large heads leave memory and registers for fewer keys.
  // CHECK: schedule <cuda_attention, lanes = 1, channels = 16, pixels = [32], rows = 128, precision = tf32>
  %3 = dlc.kernel anchor(%w) : (!wide) -> !wide {
  ^bb0(%a: !wide):
    %1 = dlc.attention %a, %a, %a scale 1.250000e-01 : (!wide, !wide, !wide) -> !wide
    dlc.yield %1 : !wide
  }
  return
}
}

// -----

!halves = !dlc.tensor<2048 x 768 x f32, #dlc.device_layout<f16>>
!odd = !dlc.tensor<2048 x 12 x f32, #dlc.device_layout<f16>>
!m = !dlc.tensor<2048 x 768 x f32>
!image = !dlc.tensor<16 x 64 x 56 x 56 x f32, #dlc.device_layout<f16, channels_last>>
!planes = !dlc.tensor<16 x 64 x 56 x 56 x f32>
module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>,
                   dlc.device = #dlc.device<architecture = 90, precision = fp16, machine_code = [90], specific = true>} {
// CHECK-LABEL: func.func @warpgroups
func.func @warpgroups(%x: !halves, %m: !m, %odd: !odd, %image: !image) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 2359296>, shape = [768, 768], type = f32> -> <768 x 768 x f32>
  %v = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 36864>, shape = [12, 768], type = f32> -> <12 x 768 x f32>
  %f = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 147456>, shape = [64, 64, 3, 3], type = f32> -> <64 x 64 x 3 x 3 x f32>
  // CHECK: schedule <cuda_wgmma, lanes = 2, {{.*}} rows = 64, precision = fp16>
  %0 = dlc.kernel anchor(%x, %w) : (!halves, !dlc.tensor<768 x 768 x f32>) -> !m {
  ^bb0(%a: !m, %b: !dlc.tensor<768 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!m, !dlc.tensor<768 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  // CHECK: schedule <cuda_wgmma, lanes = 2, channels = 64, pixels = [128, 64], rows = 64, precision = fp16>
  %2 = dlc.kernel anchor(%image, %f) : (!image, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !planes {
  ^bb0(%a: !planes, %b: !dlc.tensor<64 x 64 x 3 x 3 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!planes, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !planes
    dlc.yield %1 : !planes
  }
  // Operands that are rounded on their way, or lie in no chunks, come through registers.
  // CHECK: schedule <cuda_gemm,
  %3 = dlc.kernel anchor(%m, %w) : (!m, !dlc.tensor<768 x 768 x f32>) -> !m {
  ^bb0(%a: !m, %b: !dlc.tensor<768 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!m, !dlc.tensor<768 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  // CHECK: schedule <cuda_gemm,
  %4 = dlc.kernel anchor(%odd, %v) : (!odd, !dlc.tensor<12 x 768 x f32>) -> !m {
  ^bb0(%a: !dlc.tensor<2048 x 12 x f32>, %b: !dlc.tensor<12 x 768 x f32>):
    %1 = dlc.matmul %a, %b : (!dlc.tensor<2048 x 12 x f32>, !dlc.tensor<12 x 768 x f32>) -> !m
    dlc.yield %1 : !m
  }
  return
}
}
