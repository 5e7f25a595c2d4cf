// Convolution kernels against sums in double.
#ifndef DLC_TEST_UNIT_CODEGEN_CONVCHECK_H
#define DLC_TEST_UNIT_CODEGEN_CONVCHECK_H

#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <vector>

namespace dlc::test {

/// A kernel of one convolution and what follows it.
struct Conv {
  int64_t n = 1, c = 3, h = 5, w = 17, m = 8, kh = 3, kw = 3;
  std::array<int64_t, 2> strides = {1, 1}, dilations = {1, 1};
  std::array<int64_t, 4> pads = {1, 1, 1, 1}, outputHalo = {0, 0, 0, 0};
  int64_t extraHalo = 0; ///< of the input, over the pads; where it is less windows are clipped
  std::array<int64_t, 4> mostHalo = {100, 100, 100, 100};
  std::array<int64_t, 2> shuffle = {1, 1}; ///< height and width of what channels become
  bool shortcut = false;                   ///< adds an image with another halo
  bool blockedInput = false, blockedOutput = false, bias = true, relu = true;
  bool rowConv = false;
  std::vector<int64_t> vectors = {2}; ///< pixels of tiles: for row_conv in vectors
  int64_t channelVectors = 2;         ///< row_conv: channels
  int64_t rows = 1;
  bool knowsWidth = false; ///< when it is compiled

  int64_t outputSize(int axis) const {
    int64_t size = axis ? w : h, kernel = axis ? kw : kh;
    int64_t extent = size + pads[axis] + pads[axis + 2] - (kernel - 1) * dilations[axis] - 1;
    return extent < 0 ? 0 : extent / strides[axis] + 1;
  }
  int64_t parts() const { return shuffle[0] * shuffle[1]; }
};

/// Runs the kernel on all CPUs that this one can stand for.
void check(const Conv &conv);

/// Instructions of the kernel that move whole vectors to or from the stack.
int64_t countSpills(const Conv &conv, llvm::StringRef cpu, int64_t lanes);

} // namespace dlc::test

#endif
