// Attention, rotary embedding and the update of a cache. What attention's definition names as a
// step of its own is rounded to the type that the step has.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

/// The nearest value of a float type.
static double roundTo(int32_t dtype, double value) {
  switch (dtype) {
  case DLC_DTYPE_F32:
    return float(value);
  case DLC_DTYPE_F16:
    return halfToDouble(doubleToHalf(value));
  case DLC_DTYPE_BF16:
    return bfloatToDouble(doubleToBfloat(value));
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

namespace {
/// Rows of `size` elements for each batch, head and place in a sequence: a tensor batch x heads x
/// length x size, or batch x length x heads * size.
struct Heads {
  const dlc_value *value = nullptr;
  int64_t batch = 0, heads = 0, length = 0, size = 0;
  bool isJoined = false; // the second form

  int64_t indexOf(int64_t b, int64_t head, int64_t row, int64_t i) const {
    return (isJoined ? (b * length + row) * heads + head : (b * heads + head) * length + row) *
               size +
           i;
  }
  double at(int64_t b, int64_t head, int64_t row, int64_t i) const {
    return loadReal(value, indexOf(b, head, row, i));
  }
};

/// Heads of the past, then those of this step.
struct Cache {
  Heads past, current;

  int64_t length() const { return past.length + current.length; }
  double at(int64_t b, int64_t head, int64_t row, int64_t i) const {
    return row < past.length ? past.at(b, head, row, i) : current.at(b, head, row - past.length, i);
  }
};
} // namespace

static bool readHeads(OpCall &call, uint32_t i, const dlc_value *value, const char *attribute,
                      Heads &result) {
  Dims dims(value);
  result.value = value;
  result.isJoined = value->rank == 3;
  if (value->rank == 4) {
    result.batch = dims[0], result.heads = dims[1], result.length = dims[2], result.size = dims[3];
    return true;
  }
  int64_t heads = call.intAttribute(attribute, 0);
  if (value->rank != 3 || heads < 1 || dims[2] % heads != 0)
    return call.fail(
               "expected operand %u of rank 4, or of rank 3 and a multiple of %s (%ld) in its "
               "last dim, found dims %s",
               i, attribute, long(heads), DimsText(dims).text),
           false;
  result.batch = dims[0], result.heads = heads, result.length = dims[1];
  result.size = dims[2] / heads;
  return true;
}

/// Operand `current`, and operand `past` where it is there.
static bool readCache(OpCall &call, uint32_t current, uint32_t past, Cache &cache) {
  const dlc_value *value = call.tensor(current, floats);
  if (!value || !readHeads(call, current, value, "kv_num_heads", cache.current))
    return false;
  cache.past = cache.current;
  cache.past.length = 0;
  if (!call.input(past))
    return true;
  const dlc_value *before = call.tensorLike(past, value);
  if (!before || !call.expectRank(past, before, 4) ||
      !readHeads(call, past, before, "kv_num_heads", cache.past))
    return false;
  const Heads &now = cache.current, &then = cache.past;
  if (then.batch == now.batch && then.heads == now.heads && then.size == now.size)
    return true;
  return call.fail("a past of dims %s does not fit operand %u of dims %s",
                   DimsText(Dims(before)).text, current, DimsText(Dims(value)).text),
         false;
}

static Dims makeDims(int64_t a, int64_t b, int64_t c, int64_t d) {
  Dims dims;
  dims.push(a);
  dims.push(b);
  dims.push(c);
  dims.push(d);
  return dims;
}

/// Output `number`, where it is wanted: past and present rows.
static bool writePresent(OpCall &call, uint32_t number, const Cache &cache) {
  if (!call.wants(number))
    return true;
  const Heads &now = cache.current;
  return moveElements(call, number, now.value->dtype,
                      makeDims(now.batch, now.heads, cache.length(), now.size),
                      [&](const Dims &at, int64_t) {
                        const Heads &from = at[2] < cache.past.length ? cache.past : now;
                        int64_t row = at[2] < cache.past.length ? at[2] : at[2] - cache.past.length;
                        return Element{from.value, from.indexOf(at[0], at[1], row, at[3])};
                      }) == done;
}

//===----------------------------------------------------------------------===//
// What a query may attend to
//===----------------------------------------------------------------------===//

namespace {
class Bias {
public:
  bool read(OpCall &call, const Heads &query, const Cache &key);
  /// Changes the score of a query and a key; false where it may not attend.
  bool apply(double &score, int64_t b, int64_t head, int64_t row, int64_t column) const;

private:
  bool readMask(OpCall &call, const Dims &scores);

  const dlc_value *mask = nullptr, *lengths = nullptr;
  int64_t maskStrides[4] = {}, columns = 0; // columns the mask has
  int64_t queries = 0, past = 0, left = -1, right = -1;
  double blocked = 0; // the score of what a mask of booleans blocks
  bool isCausal = false;
};
} // namespace

/// A mask may end before the last key: no query attends to those behind it.
bool Bias::readMask(OpCall &call, const Dims &scores) {
  columns = scores[3];
  if (!call.input(3))
    return true;
  mask = call.tensor(3, numbers | booleans);
  if (!mask)
    return false;
  Dims dims(mask), strides = stridesOf(dims);
  bool fits = dims.rank >= 1 && dims.rank <= 4;
  for (uint32_t i = 0; fits && i < dims.rank; ++i) {
    uint32_t to = 4 - dims.rank + i;
    bool pads = to == 3 && call.flag("pad_mask") && dims[i] < scores[3];
    fits = dims[i] == scores[to] || dims[i] == 1 || pads;
    maskStrides[to] = dims[i] == 1 ? 0 : strides[i];
    if (pads)
      columns = dims[i];
  }
  return fits || (call.fail("a mask of dims %s does not broadcast to %s", DimsText(dims).text,
                            DimsText(scores).text),
                  false);
}

bool Bias::read(OpCall &call, const Heads &query, const Cache &key) {
  queries = query.length, past = key.past.length;
  isCausal = call.flag("is_causal");
  blocked = call.floatAttribute("blocked", -__builtin_inff());
  left = call.intAttribute("left_window_size", -1);
  right = call.intAttribute("right_window_size", -1);
  if (left < -1 || right < -1)
    return call.fail("expected window sizes of at least -1, found %ld and %ld", long(left),
                     long(right)),
           false;
  if (!readMask(call, makeDims(query.batch, query.heads, queries, key.length())))
    return false;
  if (!call.input(6))
    return true;
  lengths = call.tensor(6, i64Only);
  if (!lengths || !call.expectRank(6, lengths, 1))
    return false;
  if (lengths->dims[0] != query.batch)
    return call.fail("expected %ld lengths of the batch, found %ld", long(query.batch),
                     long(lengths->dims[0])),
           false;
  return !call.input(4) || (call.fail("a past and lengths of the batch exclude each other"), false);
}

bool Bias::apply(double &score, int64_t b, int64_t head, int64_t row, int64_t column) const {
  constexpr double infinity = __builtin_inf();
  int64_t length = lengths ? loadInteger(lengths, b) : 0;
  int64_t distance = row + (lengths ? length - queries : past) - column;
  if ((isCausal && distance < 0) || (left >= 0 && distance > left) ||
      (right >= 0 && -distance > right) || (lengths && column >= length) || column >= columns) {
    score -= infinity;
    return false;
  }
  if (!mask)
    return true;
  int64_t index =
      b * maskStrides[0] + head * maskStrides[1] + row * maskStrides[2] + column * maskStrides[3];
  if (mask->dtype != DLC_DTYPE_BOOL) {
    double added = loadReal(mask, index);
    score += added;
    return added != -infinity;
  }
  if (loadInteger(mask, index))
    return true;
  score = blocked == -infinity ? score - infinity : blocked;
  return blocked != -infinity;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// The scores of one query.
struct Scores {
  enum Step { product, capped, biased, weights };

  OpCall &call;
  const Heads &query;
  const Cache &key;
  const Bias &bias;
  int32_t dtype, softmaxDtype;
  double factor, cap; // the factor of each side of the product
  double *row;
  dlc_value *shown; // one of the steps, where it is wanted
  int64_t shownStep;

  void compute(int64_t b, int64_t head, int64_t i);

private:
  void show(Step step, int64_t b, int64_t head, int64_t i) const;
  void normalize(bool isBlocked);
};
} // namespace

void Scores::show(Step step, int64_t b, int64_t head, int64_t i) const {
  if (!shown || shownStep != step)
    return;
  int64_t begin = ((b * query.heads + head) * query.length + i) * key.length();
  for (int64_t j = 0; j < key.length(); ++j)
    storeReal(shown, begin + j, row[j]);
}

/// Softmax; a query that may attend to nothing has no weights, unless `nan_blocked` asks for NaNs.
void Scores::normalize(bool isBlocked) {
  double most = -__builtin_inf(), sum = 0;
  for (int64_t j = 0; j < key.length(); ++j) {
    row[j] = roundTo(softmaxDtype, row[j]);
    most = larger(most, row[j]);
  }
  isBlocked = (isBlocked || most == -__builtin_inf()) && !call.flag("nan_blocked");
  for (int64_t j = 0; j < key.length() && !isBlocked; ++j)
    sum += row[j] = roundTo(softmaxDtype, exp(roundTo(softmaxDtype, row[j] - most)));
  sum = roundTo(softmaxDtype, sum);
  for (int64_t j = 0; j < key.length(); ++j)
    row[j] = isBlocked ? 0 : roundTo(dtype, roundTo(softmaxDtype, row[j] / sum));
}

void Scores::compute(int64_t b, int64_t head, int64_t i) {
  int64_t keyHead = head / (query.heads / key.current.heads);
  for (int64_t j = 0; j < key.length(); ++j) {
    double sum = 0;
    for (int64_t k = 0; k < query.size; ++k)
      sum += roundTo(dtype, query.at(b, head, i, k) * factor) *
             roundTo(dtype, key.at(b, keyHead, j, k) * factor);
    row[j] = roundTo(dtype, sum);
  }
  show(product, b, head, i);
  for (int64_t j = 0; cap > 0 && j < key.length(); ++j)
    row[j] = roundTo(dtype, roundTo(dtype, tanh(roundTo(dtype, row[j] / cap))) * cap);
  show(capped, b, head, i);
  bool isBlocked = true;
  for (int64_t j = 0; j < key.length(); ++j) {
    isBlocked = !bias.apply(row[j], b, head, i, j) && isBlocked;
    row[j] = roundTo(dtype, row[j]);
  }
  show(biased, b, head, i);
  normalize(isBlocked);
  show(weights, b, head, i);
}

static bool checkHeads(OpCall &call, const Heads &query, const Cache &key, const Cache &value) {
  const Heads &k = key.current, &v = value.current;
  bool fits = k.heads > 0 && query.heads % k.heads == 0 && k.heads == v.heads &&
              query.batch == k.batch && query.batch == v.batch && query.size == k.size &&
              key.length() == value.length();
  if (fits)
    return true;
  return call.fail("queries of dims %s, keys of %s and values of %s do not fit each other",
                   DimsText(Dims(query.value)).text, DimsText(Dims(k.value)).text,
                   DimsText(Dims(v.value)).text),
         false;
}

static void attend(Scores &scores, const Cache &value, dlc_value *result) {
  const Heads &query = scores.query;
  Heads to = query; // where a row of the result is
  to.size = value.current.size;
  for (int64_t b = 0; b < query.batch; ++b)
    for (int64_t head = 0; head < query.heads; ++head)
      for (int64_t i = 0; i < query.length; ++i) {
        scores.compute(b, head, i);
        int64_t valueHead = head / (query.heads / value.current.heads);
        for (int64_t k = 0; k < to.size; ++k) {
          double sum = 0;
          for (int64_t j = 0; j < value.length(); ++j)
            sum += scores.row[j] * value.at(b, valueHead, j, k);
          storeReal(result, to.indexOf(b, head, i, k), sum);
        }
      }
}

/// Q, K, V, mask, past key, past value, lengths of the batch without pads; the result, present key,
/// present value, and the scores after step `qk_matmul_output_mode`.
DLC_LIBRARY_OP(attention) {
  const dlc_value *first = call.tensor(0, floats);
  Heads query;
  Cache key, value;
  if (!first || !readHeads(call, 0, first, "q_num_heads", query) || !readCache(call, 1, 4, key) ||
      !readCache(call, 2, 5, value) || !call.tensorLike(1, first) ||
      !checkHeads(call, query, key, value))
    return stopped;
  Bias bias;
  int64_t mode = call.intAttribute("qk_matmul_output_mode", 0);
  int64_t precision = call.intAttribute("softmax_precision", first->dtype);
  if (mode < 0 || mode > 3)
    return call.fail("expected qk_matmul_output_mode from 0 to 3, found %ld", long(mode));
  if (precision < 0 || precision > 31 || !isIn(int32_t(precision), floats))
    return call.fail("softmax_precision %ld is no float type", long(precision));
  if (!bias.read(call, query, key) || !writePresent(call, 1, key) || !writePresent(call, 2, value))
    return stopped;
  Dims dims = query.isJoined ? Dims(first) : makeDims(query.batch, query.heads, query.length, 0);
  dims[dims.rank - 1] = query.isJoined ? query.heads * value.current.size : value.current.size;
  dlc_value *result = call.output(0, first->dtype, dims), *shown = nullptr;
  Dims square = makeDims(query.batch, query.heads, query.length, key.length());
  if (!result || (call.wants(3) && !(shown = call.output(3, first->dtype, square))))
    return stopped;
  double scale =
      call.hasAttribute("scale") ? call.floatAttribute("scale", 1) : 1 / sqrt(double(query.size));
  double *row = call.scratch<double>(key.length());
  if (!row)
    return stopped;
  Scores scores{call,
                query,
                key,
                bias,
                first->dtype,
                int32_t(precision),
                roundTo(first->dtype, sqrt(scale)),
                call.floatAttribute("softcap", 0),
                row,
                shown,
                mode};
  attend(scores, value, result);
  return done;
}

//===----------------------------------------------------------------------===//
// Rotary embedding
//===----------------------------------------------------------------------===//

namespace {
/// The angles of a position, as cosines and sines.
struct Angles {
  const dlc_value *cosines, *sines, *positions; // positions may be null
  int64_t half;                                 // angles of each position

  bool check(OpCall &call, const Heads &input) const;
  int64_t indexOf(int64_t place) const {
    if (!positions)
      return place * half;
    int64_t position = loadInteger(positions, place);
    return (position < 0 ? position + cosines->dims[0] : position) * half;
  }
};
} // namespace

bool Angles::check(OpCall &call, const Heads &input) const {
  Dims dims(cosines);
  bool fits =
      dims == Dims(sines) && dims.rank == (positions ? 2 : 3) && dims[dims.rank - 1] == half;
  if (fits && !positions)
    fits = dims[0] == input.batch && dims[1] == input.length;
  if (!fits)
    return call.fail("cosines of dims %s and sines of dims %s do not fit an input of dims %s that "
                     "has %ld angles",
                     DimsText(dims).text, DimsText(Dims(sines)).text,
                     DimsText(Dims(input.value)).text, long(half)),
           false;
  if (!positions)
    return true;
  if (positions->rank != 2 || positions->dims[0] != input.batch ||
      positions->dims[1] != input.length)
    return call.fail("positions of dims %s do not fit an input of dims %s",
                     DimsText(Dims(positions)).text, DimsText(Dims(input.value)).text),
           false;
  for (uint64_t i = 0; i < positions->count; ++i)
    if (int64_t position = loadInteger(positions, i); position < -dims[0] || position >= dims[0])
      return call.fail("position %ld is out of range for %ld angles", long(position),
                       long(dims[0])),
             false;
  return true;
}

/// Pairs of elements of each head are turned by the angles of their position.
DLC_LIBRARY_OP(rotary_embedding) {
  const dlc_value *value = call.tensor(0, floats);
  Angles angles = {};
  if (!value || !(angles.cosines = call.tensorLike(1, value)) ||
      !(angles.sines = call.tensorLike(2, value)))
    return stopped;
  if (call.input(3) && !(angles.positions = call.tensor(3, i64Only)))
    return stopped;
  Heads input;
  if (!readHeads(call, 0, value, "num_heads", input))
    return stopped;
  int64_t turned = call.intAttribute("rotary_embedding_dim", 0);
  turned = turned ? turned : input.size;
  if (turned < 0 || turned > input.size || turned % 2 != 0)
    return call.fail("expected an even number of at most %ld elements to turn, found %ld",
                     long(input.size), long(turned));
  angles.half = turned / 2;
  if (!angles.check(call, input))
    return stopped;
  dlc_value *result = call.output(0, value->dtype, Dims(value));
  if (!result)
    return stopped;
  bool interleaved = call.flag("interleaved");
  for (int64_t row = 0; row < input.batch * input.heads * input.length; ++row) {
    int64_t at = row % input.length, head = row / input.length % input.heads;
    int64_t b = row / input.length / input.heads, from = angles.indexOf(b * input.length + at);
    for (int64_t i = 0; i < angles.half; ++i) {
      int64_t real = input.indexOf(b, head, at, interleaved ? 2 * i : i);
      int64_t imaginary = real + (interleaved ? 1 : angles.half);
      double x = loadReal(value, real), y = loadReal(value, imaginary);
      double c = loadReal(angles.cosines, from + i), s = loadReal(angles.sines, from + i);
      storeReal(result, real, c * x - s * y);
      storeReal(result, imaginary, s * x + c * y);
    }
    for (int64_t i = turned; i < input.size; ++i) {
      int64_t place = input.indexOf(b, head, at, i);
      storeReal(result, place, loadReal(value, place));
    }
  }
  return done;
}

//===----------------------------------------------------------------------===//
// Cache update
//===----------------------------------------------------------------------===//

/// A cache in which `update` stands from a place on that each batch has for itself.
DLC_LIBRARY_OP(tensor_scatter) {
  const dlc_value *cache = call.tensor(0), *starts = nullptr;
  const dlc_value *update = cache ? call.tensorLike(1, cache) : nullptr;
  uint32_t axis, mode;
  if (!update || !call.normalizeAxis(call.intAttribute("axis", -2), cache->rank, axis) ||
      !call.keyword("mode", "linear", "linear circular", mode) ||
      (call.input(2) && !(starts = call.tensor(2, indices))))
    return stopped;
  bool fits = axis > 0 && update->rank == cache->rank;
  for (uint32_t i = 0; fits && i < cache->rank; ++i)
    fits = i == axis ? update->dims[i] <= cache->dims[i] : update->dims[i] == cache->dims[i];
  if (!fits)
    return call.fail("an update of dims %s does not fit a cache of dims %s along axis %u",
                     DimsText(Dims(update)).text, DimsText(Dims(cache)).text, axis);
  if (starts && (starts->rank != 1 || starts->dims[0] != cache->dims[0]))
    return call.fail("expected %ld places to write to, found dims %s", long(cache->dims[0]),
                     DimsText(Dims(starts)).text);
  int64_t size = cache->dims[axis], length = update->dims[axis];
  for (int64_t b = 0; starts && mode == 0 && b < cache->dims[0]; ++b)
    if (int64_t start = loadInteger(starts, b); start < 0 || start > size - length)
      return call.fail("an update of %ld rows at place %ld leaves a cache of %ld", long(length),
                       long(start), long(size));
  Dims strides = stridesOf(Dims(update));
  return moveElements(call, 0, cache->dtype, Dims(cache), [&](const Dims &at, int64_t i) {
    int64_t start = starts ? loadInteger(starts, at[0]) : 0;
    int64_t place = mode == 0 ? at[axis] - start : (at[axis] - start % size + 2 * size) % size;
    if (place < 0 || place >= length)
      return Element{cache, i};
    Dims from = at;
    from[axis] = place;
    return Element{update, offsetOf(from, strides)};
  });
}
