// Sums of products: matrix product and convolution. Floats are summed in double and rounded once.

#include "Elements.h"
#include "Window.h"

#include <algorithm>

using namespace dlc::ops;

/// Operand 2: absent, or a vector of `size` elements of the type of `other`.
static bool readBias(OpCall &call, const dlc_value *other, int64_t size, const dlc_value *&bias) {
  bias = nullptr;
  if (!call.input(2))
    return true;
  bias = call.tensorLike(2, other);
  if (bias && (bias->rank != 1 || bias->dims[0] != size))
    return call.fail("expected a bias of %ld elements, found dims %s", long(size),
                     DimsText(Dims(bias)).text),
           false;
  return bias != nullptr;
}

//===----------------------------------------------------------------------===//
// Matrix product
//===----------------------------------------------------------------------===//

namespace {
/// An operand of a matrix product, with its rank at least 2.
struct Matrix {
  const dlc_value *value;
  Dims dims;                   // ... x rows x columns
  int64_t row = 0, column = 0; // strides
  bool isVector;
};
} // namespace

/// A vector is a row on the left and a column on the right.
static Matrix asMatrix(const dlc_value *value, bool isLeft, bool transpose) {
  Matrix matrix{value, Dims(value), 0, 0, value->rank == 1};
  Dims &dims = matrix.dims;
  if (matrix.isVector) {
    dims.push(1);
    if (isLeft)
      dims[1] = dims[0], dims[0] = 1;
  }
  uint32_t rank = dims.rank;
  matrix.row = dims[rank - 1], matrix.column = 1;
  if (transpose && !matrix.isVector) {
    matrix.row = 1, matrix.column = dims[rank - 1];
    int64_t rows = dims[rank - 2];
    dims[rank - 2] = dims[rank - 1], dims[rank - 1] = rows;
  }
  return matrix;
}

static Dims batchOf(const Matrix &matrix) {
  Dims batch = matrix.dims;
  batch.rank -= 2;
  return batch;
}

/// Tiles of a result have as many rows and columns, whose sums stay in registers.
static constexpr int64_t tileSize = 4;
/// Columns that are packed at a time.
static constexpr int64_t blockSize = 64;

template <typename T> using TileRow __attribute__((vector_size(tileSize * sizeof(T)))) = T;

/// `lines` rows or columns of `depth` elements, so that a tile finds next to each other what it
/// multiplies at a time; zeros where a tile has more than there are.
template <typename T>
static void pack(const dlc_value *value, int64_t first, int64_t line, int64_t step, int64_t lines,
                 int64_t depth, T *row, T *packed) {
  for (int64_t i = 0; i < lines || i % tileSize != 0; ++i) {
    bool exists = i < lines;
    const T *elements = exists ? readRow(value, first + i * line, step, depth, row) : nullptr;
    T *to = packed + i / tileSize * tileSize * depth + i % tileSize;
    for (int64_t k = 0; k < depth; ++k)
      to[k * tileSize] = exists ? T(elements[k]) : 0;
  }
}

/// Each sum goes through the products in their order.
template <typename T>
static void multiplyTile(const T *lhs, const T *rhs, int64_t depth, T (*sums)[tileSize]) {
  TileRow<T> local[tileSize];
  memcpy(local, sums, sizeof(local));
  for (int64_t k = 0; k < depth; ++k) {
    TileRow<T> right;
    memcpy(&right, rhs + k * tileSize, sizeof(right));
    for (int64_t i = 0; i < tileSize; ++i)
      local[i] += lhs[k * tileSize + i] * right;
  }
  memcpy(sums, local, sizeof(local));
}

template <typename T>
static Status multiply(OpCall &call, const Matrix &lhs, const Matrix &rhs, const dlc_value *bias,
                       const Dims &batch, dlc_value *result) {
  if (result->count == 0)
    return done;
  int64_t rows = lhs.dims[lhs.dims.rank - 2], depth = lhs.dims[lhs.dims.rank - 1];
  int64_t columns = rhs.dims[rhs.dims.rank - 1];
  T *row = call.scratch<T>(depth);
  auto *left = row ? call.scratch<T>(tileSize * depth) : nullptr;
  auto *right = left ? call.scratch<T>(blockSize * depth) : nullptr;
  if (!right)
    return stopped;
  Walk walk(batch);
  walk.follow(batchOf(lhs));
  walk.follow(batchOf(rhs));
  for (int64_t b = 0, end = batch.product(0, batch.rank); b < end; ++b, walk.next()) {
    int64_t leftBase = walk.offset(0) * rows * depth, rightBase = walk.offset(1) * depth * columns;
    for (int64_t block = 0; block < columns; block += blockSize) {
      int64_t width = std::min(blockSize, columns - block);
      pack(rhs.value, rightBase + block * rhs.column, rhs.column, rhs.row, width, depth, row,
           right);
      for (int64_t y = 0; y < rows; y += tileSize) {
        int64_t height = std::min(tileSize, rows - y);
        pack(lhs.value, leftBase + y * lhs.row, lhs.row, lhs.column, height, depth, row, left);
        for (int64_t x = 0; x < width; x += tileSize) {
          int64_t size = std::min(tileSize, width - x), column = block + x;
          T sums[tileSize][tileSize] = {};
          for (int64_t i = 0; bias && i < tileSize * size; ++i)
            sums[i / size][i % size] = T(load<T>(bias, column + i % size));
          multiplyTile(left, right + x * depth, depth, sums);
          for (int64_t i = 0; i < height; ++i)
            storeRow(result, ((b * rows) + y + i) * columns + column, size, sums[i]);
        }
      }
    }
  }
  return done;
}

/// numpy's batches and vectors; bias has one element for each column.
DLC_LIBRARY_OP(matmul) {
  const dlc_value *left = call.tensor(0, numbers);
  const dlc_value *right = left ? call.tensorLike(1, left) : nullptr;
  if (!right || !call.expectRoom(uint64_t(left->rank) + 1) ||
      !call.expectRoom(uint64_t(right->rank) + 1))
    return stopped;
  if (left->rank == 0 || right->rank == 0)
    return call.fail("expected matrices, found dims %s and %s", DimsText(Dims(left)).text,
                     DimsText(Dims(right)).text);
  Matrix lhs = asMatrix(left, true, call.flag("transpose_lhs"));
  Matrix rhs = asMatrix(right, false, call.flag("transpose_rhs"));
  int64_t rows = lhs.dims[lhs.dims.rank - 2], columns = rhs.dims[rhs.dims.rank - 1];
  if (lhs.dims[lhs.dims.rank - 1] != rhs.dims[rhs.dims.rank - 2])
    return call.fail("cannot multiply dims %s and %s", DimsText(Dims(left)).text,
                     DimsText(Dims(right)).text);
  Dims batch;
  if (!call.broadcastDims(batchOf(lhs), batchOf(rhs), batch))
    return stopped;
  const dlc_value *bias;
  if (!readBias(call, left, columns, bias))
    return stopped;
  Dims dims = batch;
  if (!lhs.isVector)
    dims.push(rows);
  if (!rhs.isVector)
    dims.push(columns);
  dlc_value *result = call.output(0, left->dtype, dims);
  if (!result)
    return stopped;
  // The low bits of integers do not depend on a sign.
  return isIn(left->dtype, floats) ? multiply<double>(call, lhs, rhs, bias, batch, result)
                                   : multiply<uint64_t>(call, lhs, rhs, bias, batch, result);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

static bool checkConvolution(OpCall &call, const dlc_value *input, const dlc_value *filter,
                             int64_t group) {
  if (input->rank < 3 || filter->rank != input->rank)
    return call.fail("expected input and filter of one rank, at least 3, found dims %s and %s",
                     DimsText(Dims(input)).text, DimsText(Dims(filter)).text),
           false;
  int64_t channels;
  if (group < 1 || filter->dims[0] % group != 0 ||
      __builtin_mul_overflow(filter->dims[1], group, &channels) || channels != input->dims[1])
    return call.fail("a filter of dims %s does not fit an input of dims %s in %ld groups",
                     DimsText(Dims(filter)).text, DimsText(Dims(input)).text, long(group)),
           false;
  return true;
}

DLC_LIBRARY_OP(conv) {
  const dlc_value *input = call.tensor(0, floats);
  const dlc_value *filter = input ? call.tensorLike(1, input) : nullptr, *bias;
  int64_t group = call.intAttribute("group", 1);
  if (!filter || !checkConvolution(call, input, filter, group) ||
      !readBias(call, input, filter->dims[0], bias))
    return stopped;
  Window window;
  Dims kernel, dims;
  for (uint32_t i = 2; i < filter->rank; ++i)
    kernel.push(filter->dims[i]);
  dims.push(input->dims[0]);
  dims.push(filter->dims[0]);
  if (!window.read(call, input, kernel) || !window.appendDims(call, dims))
    return stopped;
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  int64_t channels = filter->dims[1], perGroup = filter->dims[0] / group;
  int64_t taps = kernel.product(0, kernel.rank), plane = Dims(input).product(2, input->rank);
  Walk walk(dims);
  for (uint64_t i = 0; i < result->count; ++i, walk.next()) {
    int64_t n = walk.index()[0], m = walk.index()[1];
    double sum = bias ? loadReal(bias, m) : 0;
    window.visit(walk.index(), [&](int64_t place, int64_t tap) {
      for (int64_t c = 0; c < channels; ++c)
        sum += loadReal(input, (n * input->dims[1] + m / perGroup * channels + c) * plane + place) *
               loadReal(filter, (m * channels + c) * taps + tap);
    });
    storeReal(result, i, sum);
  }
  return done;
}

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

namespace {
/// Of each spatial dim.
struct Spread {
  Dims input, kernel, strides, dilations, begins, output;

  bool read(OpCall &call, const dlc_value *value, const dlc_value *filter);
};
} // namespace

/// `count` integers from least on, or all `absent` where there are none.
static bool readList(OpCall &call, const char *name, uint64_t count, int64_t least, int64_t absent,
                     Dims &list) {
  List<int64_t> found = call.intsAttribute(name);
  if (found.count && found.count != count)
    return call.fail("expected %lu %s, found %lu", (unsigned long)count, name,
                     (unsigned long)found.count),
           false;
  list = Dims(static_cast<uint32_t>(count), absent);
  for (uint32_t i = 0; i < found.count; ++i) {
    if (found[i] < least)
      return call.fail("%ld is not allowed among the %s", long(found[i]), name), false;
    list[i] = found[i];
  }
  return true;
}

bool Spread::read(OpCall &call, const dlc_value *value, const dlc_value *filter) {
  uint32_t rank = value->rank - 2, mode;
  Dims pads, outputPads, shape;
  bool hasShape = call.intsAttribute("output_shape").count != 0;
  if (!call.expectRoom(2 * uint64_t(rank)) || !readList(call, "strides", rank, 1, 1, strides) ||
      !readList(call, "dilations", rank, 1, 1, dilations) ||
      !readList(call, "pads", 2 * rank, 0, 0, pads) ||
      !readList(call, "output_pads", rank, 0, 0, outputPads) ||
      (hasShape && !readList(call, "output_shape", rank, 0, 0, shape)) ||
      !call.keyword("mode", "given", "given same_upper same_lower", mode))
    return false;
  for (uint32_t i = 0; i < rank; ++i) {
    input.push(value->dims[i + 2]);
    kernel.push(filter->dims[i + 2]);
    if (kernel[i] < 1)
      return call.fail("a filter of dims %s has no elements", DimsText(Dims(filter)).text), false;
    int64_t whole =
        (input[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + outputPads[i];
    int64_t begin = pads[i], size = whole - pads[i] - pads[i + rank];
    if (hasShape || mode != 0) {
      size = hasShape ? shape[i] : input[i] * strides[i];
      int64_t total = whole - size;
      int64_t less = total >= 0 ? total / 2 : -((1 - total) / 2);
      begin = mode == 1 ? less : total - less;
    }
    begins.push(begin);
    output.push(size);
    if (size < 0)
      return call.fail("pads take away more than there is"), false;
  }
  return true;
}

/// Each element of the result is the sum over the windows that reach it.
DLC_LIBRARY_OP(conv_transpose) {
  const dlc_value *input = call.tensor(0, floats);
  const dlc_value *filter = input ? call.tensorLike(1, input) : nullptr, *bias;
  int64_t group = call.intAttribute("group", 1), outputs;
  if (!filter)
    return stopped;
  if (input->rank < 3 || filter->rank != input->rank || group < 1 ||
      filter->dims[0] != input->dims[1] || filter->dims[0] % group != 0 ||
      __builtin_mul_overflow(filter->dims[1], group, &outputs))
    return call.fail("a filter of dims %s does not fit an input of dims %s in %ld groups",
                     DimsText(Dims(filter)).text, DimsText(Dims(input)).text, long(group));
  Spread spread;
  if (!readBias(call, input, outputs, bias) || !spread.read(call, input, filter))
    return stopped;
  Dims dims;
  dims.push(input->dims[0]);
  dims.push(outputs);
  for (int64_t size : spread.output)
    dims.push(size);
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  int64_t channels = input->dims[1] / group, perGroup = filter->dims[1];
  int64_t taps = spread.kernel.product(0, spread.kernel.rank);
  int64_t plane = spread.input.product(0, spread.input.rank);
  Walk walk(dims);
  for (uint64_t i = 0; i < result->count; ++i, walk.next()) {
    int64_t n = walk.index()[0], m = walk.index()[1];
    double sum = bias ? loadReal(bias, m) : 0;
    Walk tap(spread.kernel);
    for (int64_t k = 0; k < taps; ++k, tap.next()) {
      int64_t place = 0;
      bool isReached = true;
      for (uint32_t d = 0; d < spread.kernel.rank && isReached; ++d) {
        int64_t at = walk.index()[d + 2] + spread.begins[d] - tap.index()[d] * spread.dilations[d];
        isReached =
            at >= 0 && at % spread.strides[d] == 0 && at / spread.strides[d] < spread.input[d];
        place = place * spread.input[d] + at / spread.strides[d];
      }
      for (int64_t c = m / perGroup * channels; isReached && c < (m / perGroup + 1) * channels; ++c)
        sum += loadReal(input, (n * input->dims[1] + c) * plane + place) *
               loadReal(filter, (c * perGroup + m % perGroup) * taps + k);
    }
    storeReal(result, i, sum);
  }
  return done;
}
