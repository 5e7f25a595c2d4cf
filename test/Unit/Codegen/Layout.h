// Images as kernels see them, and as tests do: dense.
#ifndef DLC_TEST_UNIT_CODEGEN_LAYOUT_H
#define DLC_TEST_UNIT_CODEGEN_LAYOUT_H

#include "Program.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <array>

namespace dlc::test {

/// An image in its layout, and what each element stands for.
struct Layout {
  int64_t n, c, h, w, block;
  std::array<int64_t, 4> halo;

  int64_t size() const {
    return n * llvm::divideCeil(c, block) * (h + halo[0] + halo[2]) * (w + halo[1] + halo[3]) *
           block;
  }
  /// Calls visit(place, index in the dense value or -1).
  template <typename Visit> void forEach(Visit visit) const {
    int64_t place = 0;
    for (int64_t i = 0; i != n; ++i)
      for (int64_t plane = 0; plane != static_cast<int64_t>(llvm::divideCeil(c, block)); ++plane)
        for (int64_t y = -halo[0]; y != h + halo[2]; ++y)
          for (int64_t x = -halo[1]; x != w + halo[3]; ++x)
            for (int64_t lane = 0; lane != block; ++lane) {
              int64_t channel = plane * block + lane;
              bool inside = channel < c && y >= 0 && y < h && x >= 0 && x < w;
              visit(place++, inside ? ((i * c + channel) * h + y) * w + x : -1);
            }
  }
};

inline std::string list(llvm::ArrayRef<int64_t> values) {
  std::string text;
  for (int64_t value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

inline std::string getImageLayout(const Layout &layout) {
  return llvm::formatv("#dlc.image_layout<block = {0}, halo = {1}>", layout.block,
                       list(layout.halo));
}

} // namespace dlc::test

#endif
