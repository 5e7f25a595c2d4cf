/// Windows that move over the spatial dims of N x C x spatial dims: convolution and pooling.
#ifndef DLC_RUNTIME_OPS_WINDOW_H
#define DLC_RUNTIME_OPS_WINDOW_H

#include "Elements.h"

namespace dlc::ops {

struct Window {
  Dims input; // spatial dims alone, as all of these
  Dims kernel, strides, dilations, begins, ends;
  bool ceil = false;

  /// Reads strides, pads, dilations and ceil; the input has at least rank 3. Absent ones are 1, and
  /// 0 for pads.
  bool read(OpCall &call, const dlc_value *value, const Dims &kernelDims);

  /// Appends the dims of the result; reports windows that do not fit.
  bool appendDims(OpCall &call, Dims &dims) const;

  /// The taps of the window at `at` that lie inside of the input or its pads.
  int64_t countWithPads(const Dims &at) const {
    int64_t count = 1;
    for (uint32_t i = 0; i < kernel.rank; ++i) {
      int64_t inside = 0;
      for (int64_t tap = 0; tap < kernel[i]; ++tap)
        inside += at[i + 2] * strides[i] + tap * dilations[i] < begins[i] + input[i] + ends[i];
      count *= inside;
    }
    return count;
  }

  /// Calls visit(place, tap) for each tap inside of the input of the window at `at`, an index of
  /// N x C x spatial dims: offsets in the spatial dims of the input and in the kernel.
  template <typename Visit> void visit(const Dims &at, Visit visit) const {
    int64_t taps = kernel.product(0, kernel.rank);
    Walk walk(kernel);
    for (int64_t tap = 0; tap < taps; ++tap, walk.next()) {
      int64_t place = 0;
      bool isInside = true;
      for (uint32_t i = 0; i < kernel.rank && isInside; ++i) {
        int64_t x = at[i + 2] * strides[i] - begins[i] + walk.index()[i] * dilations[i];
        isInside = x >= 0 && x < input[i];
        place = place * input[i] + x;
      }
      if (isInside)
        visit(place, tap);
    }
  }
};

} // namespace dlc::ops

#endif
