// RUN: dlc-opt %s --split-input-file --dlc-choose-schedules | FileCheck %s
// RUN: dlc-opt %s --split-input-file --dlc-choose-schedules=winograd=false | FileCheck %s --check-prefix=OFF

module attributes {dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>} {
// CHECK-LABEL: func.func @wide
func.func @wide(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w64: !dlc.tensor<64 x 3 x 1 x 1 x f32>, %w48: !dlc.tensor<48 x 3 x 1 x 1 x f32>,
                %w17: !dlc.tensor<17 x 3 x 1 x 1 x f32>, %w9: !dlc.tensor<9 x 3 x 1 x 1 x f32>, %w3: !dlc.tensor<3 x 3 x 1 x 1 x f32>) {
  // CHECK: schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 4, 1], rows = 6>
  %0 = dlc.kernel anchor (%x, %w64) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<64 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x W x f32>
  }
  // Three vectors at a time, so that no panel is half empty.
  // CHECK: schedule <direct_conv, lanes = 16, channels = 48, pixels = [9, 4, 1], rows = 3>
  %2 = dlc.kernel anchor (%x, %w48) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<48 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 48 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<48 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<48 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 48 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 48 x H x W x f32>
  }
  // Planar results have at most sixteen accumulators.
  // CHECK: schedule <direct_conv, lanes = 16, channels = 16, pixels = [16, 4, 1], rows = 3>
  %3 = dlc.kernel anchor (%x, %w9) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<9 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 9 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<9 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<9 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 9 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 9 x H x W x f32>
  }
  // CHECK: schedule <row_conv, lanes = 16, channels = 3, pixels = [128, 16], rows = 1>
  %4 = dlc.kernel anchor (%x, %w3) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<3 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x H x W x f32>
  }
  // A row with gaps between its pixels cannot be loaded as vectors.
  // CHECK: schedule <direct_conv, lanes = 16, channels = 16,
  %5 = dlc.kernel anchor (%x, %w3) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x floordiv(W + 1, 2) x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<3 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x floordiv(W + 1, 2) x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x H x floordiv(W + 1, 2) x f32>
  }
  // CHECK: schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 16>
  %6 = dlc.kernel loops (%x) : (!dlc.tensor<1 x 3 x H x W x f32>) -> !dlc.tensor<1 x 3 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>):
    dlc.yield %a : !dlc.tensor<1 x 3 x H x W x f32>
  }
  return
}

// Rows whose width is known are cut into tiles of nearly equal width.
// CHECK-LABEL: func.func @known_width
func.func @known_width(%x: !dlc.tensor<1 x 3 x 7 x 20 x f32>, %w: !dlc.tensor<64 x 3 x 1 x 1 x f32>, %y: !dlc.tensor<1 x 3 x 7 x 29 x f32>,
                       %m: !dlc.tensor<N x 8 x f32>, %r: !dlc.tensor<8 x K x f32>) {
  // CHECK: pixels = [10, 1]
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 3 x 7 x 20 x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 7 x 20 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x 7 x 20 x f32>, %b: !dlc.tensor<64 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x 7 x 20 x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 7 x 20 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x 7 x 20 x f32>
  }
  // CHECK: pixels = [10, 9, 1]
  %2 = dlc.kernel anchor (%y, %w) : (!dlc.tensor<1 x 3 x 7 x 29 x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 7 x 29 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x 7 x 29 x f32>, %b: !dlc.tensor<64 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x 7 x 29 x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 7 x 29 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x 7 x 29 x f32>
  }
  // 63 vectors of columns, three at a time.
  // CHECK: schedule <direct_conv, lanes = 16, channels = 48, pixels = [9, 4, 1], rows = 32>
  %v = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 32000>, shape = [1000, 8], type = f32> -> !dlc.tensor<1000 x 8 x f32>
  %3 = dlc.kernel anchor (%m, %v) : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<1000 x 8 x f32>) -> !dlc.tensor<N x 1000 x f32> {
  ^bb0(%a: !dlc.tensor<N x 8 x f32>, %b: !dlc.tensor<1000 x 8 x f32>):
    %1 = dlc.matmul %a, %b transpose_rhs : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<1000 x 8 x f32>) -> !dlc.tensor<N x 1000 x f32>
    dlc.yield %1 : !dlc.tensor<N x 1000 x f32>
  }
  // A right operand that only the run knows.
  // CHECK: schedule <matmul, lanes = 16, channels = 64, pixels = [6, 4, 1], rows = 48>
  %4 = dlc.kernel anchor (%m, %r) : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x K x f32>) -> !dlc.tensor<N x K x f32> {
  ^bb0(%a: !dlc.tensor<N x 8 x f32>, %b: !dlc.tensor<8 x K x f32>):
    %1 = dlc.matmul %a, %b : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x K x f32>) -> !dlc.tensor<N x K x f32>
    dlc.yield %1 : !dlc.tensor<N x K x f32>
  }
  return
}

// 3 x 3 filters of many channels in Winograd's form, with all outputs in one task where there are enough of them. Where the
// weights take longer to load than the direct sums to compute, they are not spread out to factors.
// CHECK-LABEL: func.func @winograd
func.func @winograd(%x: !dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, %w: !dlc.tensor<64 x 64 x 3 x 3 x f32>,
                    %y: !dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, %v: !dlc.tensor<512 x 512 x 3 x 3 x f32>,
                    %z: !dlc.tensor<1 x 256 x 14 x 14 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, %u: !dlc.tensor<256 x 256 x 3 x 3 x f32>) {
  // CHECK: schedule <winograd, lanes = 16, channels = 64, pixels = [13, 4, 1], rows = 26>
  // OFF-NOT: schedule <winograd
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x W x f32>, %b: !dlc.tensor<64 x 64 x 3 x 3 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 64 x H x W x f32>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x W x f32>
  }
  // CHECK: schedule <direct_conv, lanes = 16, channels = 32, pixels = [7, 1], rows = 4>
  %2 = dlc.kernel anchor (%y, %v) : (!dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 512 x 7 x 7 x f32>, %b: !dlc.tensor<512 x 512 x 3 x 3 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 512 x 7 x 7 x f32>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<1 x 512 x 7 x 7 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 512 x 7 x 7 x f32>
  }
  // Sixteen tiles are one block: tasks share the outputs.
  // CHECK: schedule <winograd, lanes = 16, channels = 64, pixels = [8, 4, 1], rows = 8>
  %3 = dlc.kernel anchor (%z, %u) : (!dlc.tensor<1 x 256 x 14 x 14 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<256 x 256 x 3 x 3 x f32>) -> !dlc.tensor<1 x 256 x 14 x 14 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 256 x 14 x 14 x f32>, %b: !dlc.tensor<256 x 256 x 3 x 3 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 256 x 14 x 14 x f32>, !dlc.tensor<256 x 256 x 3 x 3 x f32>) -> !dlc.tensor<1 x 256 x 14 x 14 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 256 x 14 x 14 x f32>
  }
  return
}

// A filter that several convolutions share, as those of two versions do, is stored once: in Winograd's form where no
// version is slower for it, as one whose large images gain more than its small ones lose.
// CHECK-LABEL: func.func @levels
func.func @levels(%large: !dlc.tensor<1 x 64 x 32 x 32 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, %small: !dlc.tensor<1 x 64 x 2 x 2 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 18874368, length = 147456>, shape = [64, 64, 3, 3], type = f32> -> <64 x 64 x 3 x 3 x f32>
  // CHECK: schedule <winograd
  %0 = dlc.kernel anchor (%large, %w) : (!dlc.tensor<1 x 64 x 32 x 32 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x 32 x 32 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x 32 x 32 x f32>, %b: !dlc.tensor<64 x 64 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 64 x 32 x 32 x f32>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x 32 x 32 x f32>
    dlc.yield %r : !dlc.tensor<1 x 64 x 32 x 32 x f32>
  }
  // CHECK: schedule <winograd
  %1 = dlc.kernel anchor (%small, %w) : (!dlc.tensor<1 x 64 x 2 x 2 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x 2 x 2 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x 2 x 2 x f32>, %b: !dlc.tensor<64 x 64 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 64 x 2 x 2 x f32>, !dlc.tensor<64 x 64 x 3 x 3 x f32>) -> !dlc.tensor<1 x 64 x 2 x 2 x f32>
    dlc.yield %r : !dlc.tensor<1 x 64 x 2 x 2 x f32>
  }
  return
}
// CHECK-LABEL: func.func @alone
func.func @alone(%x8: !dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 9437184>, shape = [512, 512, 3, 3], type = f32> -> <512 x 512 x 3 x 3 x f32>
  // CHECK: schedule <winograd
  %8 = dlc.kernel anchor (%x8, %w) : (!dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<8 x 512 x 7 x 7 x f32>, %b: !dlc.tensor<512 x 512 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<8 x 512 x 7 x 7 x f32>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<8 x 512 x 7 x 7 x f32>
    dlc.yield %r : !dlc.tensor<8 x 512 x 7 x 7 x f32>
  }
  return
}
// CHECK-LABEL: func.func @version_of_one
func.func @version_of_one(%x1: !dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 9437184, length = 9437184>, shape = [512, 512, 3, 3], type = f32> -> <512 x 512 x 3 x 3 x f32>
  // CHECK: schedule <direct_conv
  %1 = dlc.kernel anchor (%x1, %w) : (!dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<1 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 512 x 7 x 7 x f32>, %b: !dlc.tensor<512 x 512 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<1 x 512 x 7 x 7 x f32>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<1 x 512 x 7 x 7 x f32>
    dlc.yield %r : !dlc.tensor<1 x 512 x 7 x 7 x f32>
  }
  return
}
// CHECK-LABEL: func.func @version_of_eight
func.func @version_of_eight(%x8: !dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 9437184, length = 9437184>, shape = [512, 512, 3, 3], type = f32> -> <512 x 512 x 3 x 3 x f32>
  // CHECK: schedule <direct_conv
  %8 = dlc.kernel anchor (%x8, %w) : (!dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<8 x 512 x 7 x 7 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<8 x 512 x 7 x 7 x f32>, %b: !dlc.tensor<512 x 512 x 3 x 3 x f32>):
    %r = dlc.conv %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : (!dlc.tensor<8 x 512 x 7 x 7 x f32>, !dlc.tensor<512 x 512 x 3 x 3 x f32>) -> !dlc.tensor<8 x 512 x 7 x 7 x f32>
    dlc.yield %r : !dlc.tensor<8 x 512 x 7 x 7 x f32>
  }
  return
}

// Groups: whole blocks as one group is, each channel by itself in blocks, all else along rows.
// CHECK-LABEL: func.func @groups
func.func @groups(%x: !dlc.tensor<1 x 64 x H x 56 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>, %y: !dlc.tensor<1 x 64 x H x 56 x f32>,
                  %w: !dlc.tensor<32 x 32 x 1 x 1 x f32>, %d: !dlc.tensor<64 x 1 x 1 x 1 x f32>, %e: !dlc.tensor<64 x 1 x 7 x 7 x f32>, %z: !dlc.tensor<1 x 64 x 14 x 14 x f32>, %g: !dlc.tensor<24 x 8 x 1 x 1 x f32>) {
  // CHECK: schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 6>
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 64 x H x 56 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>, !dlc.tensor<32 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 32 x H x 56 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x 56 x f32>, %b: !dlc.tensor<32 x 32 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<32 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 32 x H x 56 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 32 x H x 56 x f32>
  }
  // CHECK: schedule <depthwise, lanes = 16, channels = 16, pixels = [8, 1], rows = 1>
  %2 = dlc.kernel anchor (%x, %d) : (!dlc.tensor<1 x 64 x H x 56 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>, !dlc.tensor<64 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x 56 x f32>, %b: !dlc.tensor<64 x 1 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 64 : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<64 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x 56 x f32>
  }
  // CHECK: schedule <row_conv, lanes = 16, channels = 1, pixels = [128, 16], rows = 1>
  %3 = dlc.kernel anchor (%y, %d) : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<64 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x 56 x f32>, %b: !dlc.tensor<64 x 1 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 64 : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<64 x 1 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x 56 x f32>
  }
  // Rows share what they load where a channel alone would load a vector for each multiplication.
  // CHECK: schedule <row_conv, lanes = 16, channels = 1, pixels = [16], rows = 8>
  %5 = dlc.kernel anchor (%y, %e) : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<64 x 1 x 7 x 7 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x 56 x f32>, %b: !dlc.tensor<64 x 1 x 7 x 7 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [3, 3, 3, 3] dilations [1, 1] group 64 : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<64 x 1 x 7 x 7 x f32>) -> !dlc.tensor<1 x 64 x H x 56 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x 56 x f32>
  }
  // CHECK: schedule <row_conv, lanes = 16, channels = 1, pixels = [16], rows = 7>
  %6 = dlc.kernel anchor (%z, %e) : (!dlc.tensor<1 x 64 x 14 x 14 x f32>, !dlc.tensor<64 x 1 x 7 x 7 x f32>) -> !dlc.tensor<1 x 64 x 14 x 14 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 64 x 14 x 14 x f32>, %b: !dlc.tensor<64 x 1 x 7 x 7 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [3, 3, 3, 3] dilations [1, 1] group 64 : (!dlc.tensor<1 x 64 x 14 x 14 x f32>, !dlc.tensor<64 x 1 x 7 x 7 x f32>) -> !dlc.tensor<1 x 64 x 14 x 14 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x 14 x 14 x f32>
  }
  // Panels of the three outputs of a group.
  // CHECK: schedule <row_conv, lanes = 16, channels = 3,
  %4 = dlc.kernel anchor (%y, %g) : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<24 x 8 x 1 x 1 x f32>) -> !dlc.tensor<1 x 24 x H x 56 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 64 x H x 56 x f32>, %b: !dlc.tensor<24 x 8 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 8 : (!dlc.tensor<1 x 64 x H x 56 x f32>, !dlc.tensor<24 x 8 x 1 x 1 x f32>) -> !dlc.tensor<1 x 24 x H x 56 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 24 x H x 56 x f32>
  }
  return
}

// CHECK-LABEL: func.func @sums
func.func @sums(%x: !dlc.tensor<N x 100 x f32>) {
  // CHECK: dlc.kernel pool(%arg0) schedule <loops, lanes = 16, channels = 1, pixels = [64, 16], rows = 1>
  %0 = dlc.kernel pool (%x) : (!dlc.tensor<N x 100 x f32>) -> !dlc.tensor<100 x f32> {
  ^bb0(%a: !dlc.tensor<N x 100 x f32>):
    %1 = dlc.reduce sum %a axes [0] : (!dlc.tensor<N x 100 x f32>) -> !dlc.tensor<100 x f32>
    dlc.yield %1 : !dlc.tensor<100 x f32>
  }
  // CHECK: dlc.kernel rows(%arg0) schedule <rows, lanes = 16, channels = 64, pixels = [16], rows = 40>
  %2 = dlc.kernel rows (%x) : (!dlc.tensor<N x 100 x f32>) -> !dlc.tensor<N x 100 x f32> {
  ^bb0(%a: !dlc.tensor<N x 100 x f32>):
    %1 = dlc.softmax %a axis 1 : (!dlc.tensor<N x 100 x f32>) -> !dlc.tensor<N x 100 x f32>
    dlc.yield %1 : !dlc.tensor<N x 100 x f32>
  }
  return
}

// Where an image lies decides who reduces it.
// CHECK-LABEL: func.func @windows
func.func @windows(%x: !dlc.tensor<1 x 3 x H x W x f32>, %y: !dlc.tensor<1 x 3 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>) {
  // CHECK: dlc.kernel pool(%arg0) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1>
  %0 = dlc.kernel pool (%x) : (!dlc.tensor<1 x 3 x H x W x f32>) -> !dlc.tensor<1 x 3 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>):
    %1 = dlc.reduce max %a axes [2, 3] : (!dlc.tensor<1 x 3 x H x W x f32>) -> !dlc.tensor<1 x 3 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x f32>
  }
  // CHECK: dlc.kernel pool(%arg1) schedule <pool, lanes = 16, channels = 16, pixels = [8], rows = 1>
  %2 = dlc.kernel pool (%y) : (!dlc.tensor<1 x 3 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>) -> !dlc.tensor<1 x 3 x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>):
    %1 = dlc.reduce max %a axes [2, 3] : (!dlc.tensor<1 x 3 x H x W x f32>) -> !dlc.tensor<1 x 3 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x f32>
  }
  // CHECK: dlc.kernel loops(%arg0) schedule <loops, lanes = 16, channels = 1, pixels = [64, 16], rows = 8>
  %4 = dlc.kernel loops (%x) : (!dlc.tensor<1 x 3 x H x W x f32>) -> !dlc.tensor<1 x 3 x 2*H x 2*W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>):
    %s = dlc.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    %1 = dlc.resize %a scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 3 x 2*H x 2*W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x 2*H x 2*W x f32>
  }
  // CHECK: dlc.kernel loops(%arg1) schedule <blocks, lanes = 16, channels = 16, pixels = [4, 1], rows = 8>
  %5 = dlc.kernel loops (%y) : (!dlc.tensor<1 x 3 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>) -> !dlc.tensor<1 x 3 x 2*H x 2*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>):
    %s = dlc.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    %1 = dlc.resize %a scales %s mode cubic coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 3 x 2*H x 2*W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x 2*H x 2*W x f32>
  }
  return
}
}

// -----

module attributes {dlc.target = #dlc.target<cpu = "haswell", features = "", lanes = 8, registers = 16, fma = true>} {
// Tiles of six pixels run over the ends of rows of seven; rows of eighteen are three of them. What the panels of channels read
// of a band stays in the L2 cache: half of the first image.
// CHECK-LABEL: func.func @joined_rows
func.func @joined_rows(%x: !dlc.tensor<1 x 1024 x 12 x 7 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, %w: !dlc.tensor<512 x 1024 x 1 x 1 x f32>,
                       %y: !dlc.tensor<1 x 64 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, %v: !dlc.tensor<512 x 64 x 1 x 1 x f32>) {
  // CHECK: schedule <direct_conv, lanes = 8, channels = 16, pixels = [6, 1], rows = 6>
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 1024 x 12 x 7 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, !dlc.tensor<512 x 1024 x 1 x 1 x f32>) -> !dlc.tensor<1 x 512 x 12 x 7 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 1024 x 12 x 7 x f32>, %b: !dlc.tensor<512 x 1024 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 1024 x 12 x 7 x f32>, !dlc.tensor<512 x 1024 x 1 x 1 x f32>) -> !dlc.tensor<1 x 512 x 12 x 7 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 512 x 12 x 7 x f32>
  }
  // CHECK: schedule <direct_conv, lanes = 8, channels = 16, pixels = [6, 1], rows = 18>
  %2 = dlc.kernel anchor (%y, %v) : (!dlc.tensor<1 x 64 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, !dlc.tensor<512 x 64 x 1 x 1 x f32>) -> !dlc.tensor<1 x 512 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 64 x 18 x 18 x f32>, %b: !dlc.tensor<512 x 64 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 64 x 18 x 18 x f32>, !dlc.tensor<512 x 64 x 1 x 1 x f32>) -> !dlc.tensor<1 x 512 x 18 x 18 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 512 x 18 x 18 x f32>
  }
  return
}

// Of thirteen vectors the last panel has one. Panels do not depend on the image, so that versions for others share them.
// CHECK-LABEL: func.func @narrow_last_panel
func.func @narrow_last_panel(%x: !dlc.tensor<1 x 32 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, %w: !dlc.tensor<104 x 32 x 1 x 1 x f32>,
                             %y: !dlc.tensor<1 x 32 x 1 x 1 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, %v: !dlc.tensor<64 x 32 x 1 x 1 x f32>) {
  // CHECK: schedule <direct_conv, lanes = 8, channels = 16, pixels = [6, 1],
  %0 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<1 x 32 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, !dlc.tensor<104 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 104 x 18 x 18 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 32 x 18 x 18 x f32>, %b: !dlc.tensor<104 x 32 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 32 x 18 x 18 x f32>, !dlc.tensor<104 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 104 x 18 x 18 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 104 x 18 x 18 x f32>
  }
  // CHECK: schedule <direct_conv, lanes = 8, channels = 16, pixels = [1],
  %2 = dlc.kernel anchor (%y, %v) : (!dlc.tensor<1 x 32 x 1 x 1 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>>, !dlc.tensor<64 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 1 x 1 x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 32 x 1 x 1 x f32>, %b: !dlc.tensor<64 x 32 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 32 x 1 x 1 x f32>, !dlc.tensor<64 x 32 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 1 x 1 x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x 1 x 1 x f32>
  }
  return
}

// CHECK-LABEL: func.func @sixteen_registers
func.func @sixteen_registers(%x: !dlc.tensor<1 x 3 x H x W x f32>, %w64: !dlc.tensor<64 x 3 x 1 x 1 x f32>, %w3: !dlc.tensor<3 x 3 x 1 x 1 x f32>) {
  // CHECK: schedule <direct_conv, lanes = 8, channels = 16, pixels = [6, 4, 1], rows = 11>
  %0 = dlc.kernel anchor (%x, %w64) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 8, halo = [0, 0, 0, 0]>> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<64 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<64 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 64 x H x W x f32>
  }
  // CHECK: schedule <row_conv, lanes = 8, channels = 3, pixels = [32, 8], rows = 1>
  %4 = dlc.kernel anchor (%x, %w3) : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x W x f32> {
  ^bb0(%a: !dlc.tensor<1 x 3 x H x W x f32>, %b: !dlc.tensor<3 x 3 x 1 x 1 x f32>):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<3 x 3 x 1 x 1 x f32>) -> !dlc.tensor<1 x 3 x H x W x f32>
    dlc.yield %1 : !dlc.tensor<1 x 3 x H x W x f32>
  }
  return
}

// Four sequences share the weights; those of different lengths are walked along one by one.
// CHECK-LABEL: func.func @recurrences
func.func @recurrences(%x: !dlc.tensor<S x B x 60 x f32>, %l: !dlc.tensor<B x i32>) {
  %w = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 2400>, shape = [2, 30, 10], type = f32> -> !dlc.tensor<2 x 30 x 10 x f32>
  // CHECK: dlc.kernel anchor(%arg0, %{{.*}}) schedule <recurrence, lanes = 8, channels = 24, pixels = [4, 3, 2, 1], rows = 4>
  %0, %1 = dlc.kernel anchor (%x, %w) : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>) {
  ^bb0(%a: !dlc.tensor<S x B x 60 x f32>, %b: !dlc.tensor<2 x 30 x 10 x f32>):
    %y, %h = dlc.recurrence gru bidirectional %a, %b activations ["Sigmoid", "Tanh", "Sigmoid", "Tanh"] alphas [0.0, 0.0, 0.0, 0.0] betas [0.0, 0.0, 0.0, 0.0] linear_before_reset : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>)
    dlc.yield %y, %h : !dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>
  }
  // CHECK: dlc.kernel anchor(%arg0, %{{.*}}, %arg1) schedule <recurrence, lanes = 8, channels = 24, pixels = [1], rows = 1>
  %2, %3 = dlc.kernel anchor (%x, %w, %l) : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>, !dlc.tensor<B x i32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>) {
  ^bb0(%a: !dlc.tensor<S x B x 60 x f32>, %b: !dlc.tensor<2 x 30 x 10 x f32>, %c: !dlc.tensor<B x i32>):
    %y, %h = dlc.recurrence gru bidirectional %a, %b lengths %c activations ["Sigmoid", "Tanh", "Sigmoid", "Tanh"] alphas [0.0, 0.0, 0.0, 0.0] betas [0.0, 0.0, 0.0, 0.0] : (!dlc.tensor<S x B x 60 x f32>, !dlc.tensor<2 x 30 x 10 x f32>, !dlc.tensor<B x i32>) -> (!dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>)
    dlc.yield %y, %h : !dlc.tensor<S x 2 x B x 10 x f32>, !dlc.tensor<2 x B x 10 x f32>
  }
  return
}

}
