// Random numbers. An op keeps no state: element i of a call is a function of the seed and i alone,
// so that a run gives the same numbers as any other.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

/// From 0 to less than 1: 53 bits of SplitMix64 (Steele, Lea and Flood, 2014) at a place of the
/// sequence.
static double uniformAt(uint64_t seed, uint64_t place) {
  uint64_t bits = seed + (place + 1) * 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  return double(bits >> 11) * 0x1p-53;
}

/// Of mean 0 and deviation 1, by Box and Muller's transform of two uniform ones.
static double normalAt(uint64_t seed, uint64_t place) {
  double radius = sqrt(-2 * log(1 - uniformAt(seed, 2 * place)));
  return radius * cos(2 * 0x1.921fb54442d18p+1 * uniformAt(seed, 2 * place + 1));
}

static uint64_t seedOf(OpCall &call) { return uint64_t(call.intAttribute("seed", 0)); }

/// A tensor of the dims that operand 0 holds, element i of it compute(i).
template <typename Compute> static Status fillRandom(OpCall &call, Compute compute) {
  Dims dims;
  int32_t dtype = int32_t(call.intAttribute("dtype", DLC_DTYPE_F32));
  if (!call.integerList(0, dims))
    return stopped;
  if (!isIn(dtype, floats))
    return call.fail("expected random numbers of a float type, found %s", dtypeName(dtype));
  dlc_value *result = call.output(0, dtype, dims);
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < result->count; ++i)
    storeReal(result, i, compute(i));
  return done;
}

DLC_LIBRARY_OP(random_uniform) {
  double low = call.floatAttribute("low", 0), high = call.floatAttribute("high", 1);
  uint64_t seed = seedOf(call);
  return fillRandom(call, [&](uint64_t i) { return low + (high - low) * uniformAt(seed, i); });
}

DLC_LIBRARY_OP(random_normal) {
  double mean = call.floatAttribute("mean", 0), scale = call.floatAttribute("scale", 1);
  uint64_t seed = seedOf(call);
  return fillRandom(call, [&](uint64_t i) { return mean + scale * normalAt(seed, i); });
}

/// Places in rows of logarithms of weights, drawn by these weights.
DLC_LIBRARY_OP(multinomial) {
  const dlc_value *input = call.tensor(0, floats);
  int64_t samples = call.intAttribute("sample_size", 1);
  int32_t dtype = int32_t(call.intAttribute("dtype", DLC_DTYPE_I32));
  uint64_t seed = seedOf(call);
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
  for (int64_t row = 0; row < dims[0]; ++row) {
    double most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < classes; ++k)
      most = larger(loadReal(input, row * classes + k), most);
    for (int64_t k = 0; k < classes; ++k)
      sum += exp(loadReal(input, row * classes + k) - most);
    for (int64_t i = row * samples; i < (row + 1) * samples; ++i) {
      double left = uniformAt(seed, uint64_t(i)) * sum;
      int64_t found = 0;
      for (; found + 1 < classes; ++found)
        if ((left -= exp(loadReal(input, row * classes + found) - most)) < 0)
          break;
      storeInteger(result, i, found);
    }
  }
  return done;
}
