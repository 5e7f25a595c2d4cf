// Random inputs, the same on every machine.
#ifndef DLC_RUN_RANDOM_H
#define DLC_RUN_RANDOM_H

#include "Tensor.h"

namespace dlc::run {

/// Fills an allocated tensor of numbers: floats are evenly spread from -1 to 1, integers from 0 to
/// 9, bools are 0 or 1. Seed and number of the input alone decide the elements.
void fillRandom(uint64_t seed, uint32_t input, Tensor &tensor);

} // namespace dlc::run

#endif
