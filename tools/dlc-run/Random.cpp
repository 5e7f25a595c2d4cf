#include "Random.h"

#include "Elements.h"

using namespace dlc::run;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
static uint64_t next(uint64_t &state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void dlc::run::fillRandom(uint64_t seed, uint32_t input, Tensor &tensor) {
  uint64_t state = seed;
  state = next(state) + input;
  const size_t elementSize = dlc_dtype_size(tensor.dtype);
  const uint64_t numIntegers = tensor.dtype == DLC_BOOL ? 2 : 10;
  for (size_t at = 0; at < tensor.data.size(); at += elementSize) {
    const uint64_t bits = next(state);
    // 24 bits: exact in f32, so that only the 16-bit types round.
    const double value = isFloat(tensor.dtype)
                             ? static_cast<double>(bits >> 40) * 0x1p-23 - 1
                             : static_cast<double>((bits >> 32) * numIntegers >> 32);
    storeElement(tensor.dtype, value, tensor.data.data() + at);
  }
}
