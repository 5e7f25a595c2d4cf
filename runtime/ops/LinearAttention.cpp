// Linear attention: a state that is carried from one step to the next.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

namespace {
/// A recurrence over the steps of each batch and head of keys. Its state is a matrix keySize x
/// valueSize.
struct Recurrence {
  const dlc_value *query, *key, *value;
  const dlc_value *past, *decay, *beta; // each may be null
  int64_t heads, queryHeads, steps, batch;
  int64_t keySize, valueSize;
  double scale;
  double *state, *change; // of one head; what a step writes, for each place in a value

  bool read(OpCall &call);
  /// Steps through the sequence of one head.
  void run(int64_t b, int64_t head, dlc_value *output);

private:
  bool readSizes(OpCall &call);
  bool checkGates(OpCall &call) const;
  void update(int64_t row, int64_t head);
};
} // namespace

/// The element type of an operand whose dims are batch x steps x something.
static const dlc_value *readRows(OpCall &call, uint32_t i, const dlc_value *like) {
  const dlc_value *value = like ? call.tensorLike(i, like) : call.tensor(i, floats);
  if (!value || !call.expectRank(i, value, 3))
    return nullptr;
  if (like && (value->dims[0] != like->dims[0] || value->dims[1] != like->dims[1])) {
    call.fail("expected operand %u of %ld x %ld rows, found dims %s", i, long(like->dims[0]),
              long(like->dims[1]), DimsText(Dims(value)).text);
    return nullptr;
  }
  return value;
}

bool Recurrence::readSizes(OpCall &call) {
  batch = query->dims[0], steps = query->dims[1];
  heads = call.intAttribute("kv_num_heads", 0), queryHeads = call.intAttribute("q_num_heads", 0);
  bool fits = heads > 0 && queryHeads > 0 && queryHeads % heads == 0 &&
              query->dims[2] % queryHeads == 0 && value->dims[2] % heads == 0 &&
              query->dims[2] / queryHeads * heads == key->dims[2];
  if (!fits)
    return call.fail("queries of dims %s, keys of %s and values of %s do not fit %ld heads of "
                     "queries and %ld of keys",
                     DimsText(Dims(query)).text, DimsText(Dims(key)).text,
                     DimsText(Dims(value)).text, long(queryHeads), long(heads)),
           false;
  keySize = query->dims[2] / queryHeads, valueSize = value->dims[2] / heads;
  scale = call.floatAttribute("scale", 0);
  scale = scale == 0 ? 1 / sqrt(double(keySize)) : scale;
  return true;
}

bool Recurrence::checkGates(OpCall &call) const {
  if (decay && decay->dims[2] != heads && decay->dims[2] != heads * keySize)
    return call.fail("expected a decay for each head or each place in a key, found dims %s",
                     DimsText(Dims(decay)).text),
           false;
  if (beta && beta->dims[2] != heads && beta->dims[2] != 1)
    return call.fail("expected one beta, or one for each head, found dims %s",
                     DimsText(Dims(beta)).text),
           false;
  if (!past)
    return true;
  bool fits = past->rank == 4 && past->dims[0] == batch && past->dims[1] == heads &&
              past->dims[2] == keySize && past->dims[3] == valueSize;
  return fits || (call.fail("expected a state of dims [%ld, %ld, %ld, %ld], found %s", long(batch),
                            long(heads), long(keySize), long(valueSize), DimsText(Dims(past)).text),
                  false);
}

bool Recurrence::read(OpCall &call) {
  uint32_t rule;
  if (!call.keyword("update_rule", "gated_delta", "linear gated delta gated_delta", rule))
    return false;
  bool isGated = rule & 1, corrects = rule & 2;
  if (isGated != (call.input(4) != nullptr) || corrects != (call.input(5) != nullptr))
    return call.fail("the update rule %s a decay and %s a beta", isGated ? "needs" : "has not",
                     corrects ? "needs" : "has not"),
           false;
  query = readRows(call, 0, nullptr);
  key = query ? readRows(call, 1, query) : nullptr;
  value = key ? readRows(call, 2, query) : nullptr;
  if (!value || !readSizes(call))
    return false;
  past = decay = beta = nullptr;
  if ((call.input(3) && !(past = call.tensor(3, floats))) ||
      (isGated && !(decay = readRows(call, 4, query))) ||
      (corrects && !(beta = readRows(call, 5, query))) || !checkGates(call))
    return false;
  state = call.scratch<double>(keySize * valueSize);
  change = call.scratch<double>(valueSize);
  return state && change;
}

/// One step: the state fades, and the key's part of it moves towards the value.
void Recurrence::update(int64_t row, int64_t head) {
  bool perPlace = decay && decay->dims[2] != heads;
  for (int64_t k = 0; k < keySize && decay; ++k) {
    double fade =
        exp(loadReal(decay, perPlace ? (row * heads + head) * keySize + k : row * heads + head));
    for (int64_t m = 0; m < valueSize; ++m)
      state[k * valueSize + m] *= fade;
  }
  const int64_t keys = (row * heads + head) * keySize;
  for (int64_t m = 0; m < valueSize; ++m) {
    change[m] = loadReal(value, (row * heads + head) * valueSize + m);
    if (!beta)
      continue;
    for (int64_t k = 0; k < keySize; ++k)
      change[m] -= state[k * valueSize + m] * loadReal(key, keys + k);
    change[m] *= loadReal(beta, beta->dims[2] == 1 ? row : row * heads + head);
  }
  for (int64_t k = 0; k < keySize; ++k)
    for (int64_t m = 0; m < valueSize; ++m)
      state[k * valueSize + m] += loadReal(key, keys + k) * change[m];
}

void Recurrence::run(int64_t b, int64_t head, dlc_value *output) {
  int64_t size = keySize * valueSize, group = queryHeads / heads;
  for (int64_t i = 0; i < size; ++i)
    state[i] = past ? loadReal(past, (b * heads + head) * size + i) : 0;
  for (int64_t t = 0; t < steps; ++t) {
    int64_t row = b * steps + t;
    update(row, head);
    for (int64_t q = head * group; q < (head + 1) * group; ++q)
      for (int64_t m = 0; m < valueSize; ++m) {
        double sum = 0;
        for (int64_t k = 0; k < keySize; ++k)
          sum += loadReal(query, (row * queryHeads + q) * keySize + k) * state[k * valueSize + m];
        storeReal(output, (row * queryHeads + q) * valueSize + m, scale * sum);
      }
  }
}

DLC_LIBRARY_OP(linear_attention) {
  Recurrence recurrence;
  if (!recurrence.read(call))
    return stopped;
  const Recurrence &r = recurrence;
  Dims dims(r.query), stateDims;
  dims[2] = r.queryHeads * r.valueSize;
  stateDims.push(r.batch);
  stateDims.push(r.heads);
  stateDims.push(r.keySize);
  stateDims.push(r.valueSize);
  dlc_value *output = call.output(0, r.query->dtype, dims), *present = nullptr;
  int32_t dtype = r.past ? r.past->dtype : r.query->dtype;
  if (!output || (call.wants(1) && !(present = call.output(1, dtype, stateDims))))
    return stopped;
  int64_t size = r.keySize * r.valueSize;
  for (int64_t i = 0; i < r.batch * r.heads; ++i) {
    recurrence.run(i / r.heads, i % r.heads, output);
    for (int64_t k = 0; present && k < size; ++k)
      storeReal(present, i * size + k, r.state[k]);
  }
  return done;
}
