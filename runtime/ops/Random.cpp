// Random numbers. An op keeps no state: a call draws the numbers that follow from its seed, so that
// a run gives the same ones as any other. They are those of NumPy's RandomState, with which ONNX's
// reference evaluator draws.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

namespace {
/// MT19937 (Matsumoto and Nishimura, 1998).
class Generator {
public:
  explicit Generator(uint32_t seed) {
    for (uint32_t i = 0; i < size; ++i) {
      state[i] = seed;
      seed = 1812433253 * (seed ^ (seed >> 30)) + i + 1;
    }
  }

  /// From 0 to less than 1, of 53 bits.
  double uniform() {
    uint32_t high = draw() >> 5, low = draw() >> 6;
    return (high * 0x1p26 + low) * 0x1p-53;
  }

  /// Of mean 0 and deviation 1, by Marsaglia's polar method, which makes two.
  double normal() {
    if (hasOther) {
      hasOther = false;
      return other;
    }
    double x, y, square;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = sqrt(-2 * log(square) / square);
    hasOther = true;
    other = factor * x;
    return factor * y;
  }

private:
  static constexpr uint32_t size = 624, shift = 397;

  uint32_t draw() {
    if (next == size)
      renew();
    uint32_t bits = state[next++];
    bits ^= bits >> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return bits ^ (bits >> 18);
  }

  void renew() {
    for (uint32_t i = 0; i < size; ++i) {
      uint32_t bits = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
      state[i] = state[(i + shift) % size] ^ (bits >> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    next = 0;
  }

  uint32_t state[size], next = size;
  bool hasOther = false;
  double other = 0;
};
} // namespace

static uint32_t seedOf(OpCall &call) { return uint32_t(call.intAttribute("seed", 0)); }

/// A tensor of the dims that operand 0 holds, each element of it draw(generator).
template <typename Draw> static Status fillRandom(OpCall &call, Draw draw) {
  Dims dims;
  int32_t dtype = int32_t(call.intAttribute("dtype", DLC_DTYPE_F32));
  if (!call.integerList(0, dims))
    return stopped;
  if (!isIn(dtype, floats))
    return call.fail("expected random numbers of a float type, found %s", dtypeName(dtype));
  dlc_value *result = call.output(0, dtype, dims);
  if (!result)
    return stopped;
  Generator generator(seedOf(call));
  for (uint64_t i = 0; i < result->count; ++i)
    storeReal(result, i, draw(generator));
  return done;
}

DLC_LIBRARY_OP(random_uniform) {
  double low = call.floatAttribute("low", 0), high = call.floatAttribute("high", 1);
  return fillRandom(call, [&](Generator &from) { return low + (high - low) * from.uniform(); });
}

DLC_LIBRARY_OP(random_normal) {
  double mean = call.floatAttribute("mean", 0), scale = call.floatAttribute("scale", 1);
  return fillRandom(call, [&](Generator &from) { return mean + scale * from.normal(); });
}

/// Places in rows of logarithms of weights, drawn by these weights.
DLC_LIBRARY_OP(multinomial) {
  const dlc_value *input = call.tensor(0, floats);
  int64_t samples = call.intAttribute("sample_size", 1);
  int32_t dtype = int32_t(call.intAttribute("dtype", DLC_DTYPE_I32));
  if (!input || !call.expectRank(0, input, 2))
    return stopped;
  int64_t classes = input->dims[1];
  if (samples < 0 || !isIn(dtype, indices) || classes < 1)
    return call.fail("expected samples of type i32 or i64, of at least one class");
  Dims dims(input);
  dims[1] = samples;
  dlc_value *result = call.output(0, dtype, dims);
  if (!result)
    return stopped;
  Generator generator(seedOf(call));
  for (int64_t row = 0; row < dims[0]; ++row) {
    double most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < classes; ++k)
      most = larger(loadReal(input, row * classes + k), most);
    for (int64_t k = 0; k < classes; ++k)
      sum += exp(loadReal(input, row * classes + k) - most);
    for (int64_t i = row * samples; i < (row + 1) * samples; ++i) {
      double left = generator.uniform() * sum;
      int64_t found = 0;
      for (; found + 1 < classes; ++found)
        if ((left -= exp(loadReal(input, row * classes + found) - most)) < 0)
          break;
      storeInteger(result, i, found);
    }
  }
  return done;
}
