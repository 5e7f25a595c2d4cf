// Convolution by 3x3 filters in Winograd's form F(4x4, 3x3): a tile of 4x4 outputs takes 36
// multiplications for each channel instead of 144.
//
// Both a tile of 6x6 inputs and the filter are polynomials of degree 5 and 2 along each dim; they
// are evaluated at five points and at infinity, multiplied there, summed over the channels, and the
// sum is interpolated. The points are 0, +-3/4 and +-3/2: all constants of the transforms of inputs
// and outputs are exact in f32, and rounding errors are a third of those at the textbook's points
// 0, +-1 and +-2 (2.7e-6 of the largest output of 256 channels, a direct sum of f32 has 1.2e-6).
#ifndef DLC_IR_WINOGRAD_H
#define DLC_IR_WINOGRAD_H

#include "llvm/ADT/STLExtras.h"

#include <array>
#include <cstdint>

namespace dlc {

struct Winograd {
  /// Whether strides or dilations are those that the form is defined for.
  static bool areOne(llvm::ArrayRef<int64_t> values) {
    return llvm::all_of(values, [](int64_t value) { return value == 1; });
  }

  static constexpr int64_t taps = 3;    ///< of the filter, along a dim
  static constexpr int64_t outputs = 4; ///< of a tile, along a dim
  static constexpr int64_t inputs = outputs + taps - 1;
  static constexpr int64_t factors = inputs * inputs; ///< of a tile and channel

  /// The points p with which -p is one, too; 0 and infinity are the others. The six values along a
  /// dim are those at 0, p0, -p0, p1, -p1, infinity.
  static constexpr std::array<double, 2> points = {0.75, 1.5};

  /// The values of a filter's row at the points, divided by what interpolation divides by.
  static std::array<double, inputs> transformFilter(const std::array<double, taps> &row) {
    const double p = points[0], q = points[1], a = p * p, b = q * q;
    const auto pair = [&](double point, double other) {
      return 2 * point * point * (point * point - other * other);
    };
    const double even0 = (row[0] + row[2] * a) / pair(p, q), odd0 = row[1] * p / pair(p, q);
    const double even1 = (row[0] + row[2] * b) / pair(q, p), odd1 = row[1] * q / pair(q, p);
    return {row[0] / (a * b), even0 + odd0, even0 - odd0, even1 + odd1, even1 - odd1, row[2]};
  }
};

} // namespace dlc

#endif
