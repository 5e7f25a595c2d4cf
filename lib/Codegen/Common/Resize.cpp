// Interpolation. Coordinates and weights are computed in f32 by the very operations of ONNX
// Runtime, so that each output takes the same neighbours. Along dims in which all lanes of a vector
// have one index they are scalars. In the last dim lanes may differ; they lie next to each other in
// the input too, where the image grows: then one window of each row holds all neighbours, and lanes
// pick theirs from the weighted sum of the windows. Otherwise each neighbour is gathered.

#include "Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// One direction of the interpolation, for a scalar or vector of output indices.
struct Axis {
  int64_t dim;
  Value first;                ///< the first neighbour (i32), not clamped
  SmallVector<Value> weights; ///< one for each neighbour; empty for a single one
};

class ResizeEmitter {
public:
  ResizeEmitter(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Tile &tile);

  Value emit();

private:
  Axis emitAxis(Value index, const ResizeOp::ResizedDim &dim);
  Value emitCoordinate(Value index, const ResizeOp::ResizedDim &dim);
  Value emitRounded(Value whole, Value fraction, Value scale);
  void emitWeights(Value fraction, SmallVectorImpl<Value> &weights);
  Value emitWindows(const Axis &inner, StringRef permute);
  Value emitGathers(const Axis &inner);
  Value blend(const Index &inner, Value mask);
  Value blend(ArrayRef<Axis> axes, Tile place);
  Value sumTaps(const Axis &inner, function_ref<Value(int64_t tap)> evaluate);
  Value loadScale(int64_t element);
  Value getScale(Type type, const ResizeOp::ResizedDim &dim);
  std::optional<StringRef> getPermutation();
  Value emitWithRunTimeScale(const ResizeOp::ResizedDim &dim, const Axis &inner, StringRef permute);

  Value clamp(Value value, Value low, Value high) {
    return arith::MinSIOp::create(b, arith::MaxSIOp::create(b, value, low), high);
  }
  Value narrow(Value size) { return arith::TruncIOp::create(b, b.getI32Type(), size); }
  Value widen(Value index) { return arith::ExtSIOp::create(b, b.getI64Type(), index); }
  Value i32(int32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(value)); }
  Value toFloat(Type type, Value size) {
    Value value = arith::SIToFPOp::create(b, b.getF32Type(), size);
    return isa<VectorType>(type) ? b.splat(value) : value;
  }
  Value add(Value lhs, Value rhs) { return arith::AddFOp::create(b, lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return arith::SubFOp::create(b, lhs, rhs); }
  Value multiply(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs); }
  Value divide(Value lhs, Value rhs) { return arith::DivFOp::create(b, lhs, rhs); }
  Value lastOf(int64_t dim) { return b.sub(b.size(inputType.getDim(dim)), b.i64(1)); }

  KernelBuilder &b;
  Evaluator &evaluator;
  ResizeOp op;
  const Tile &tile;
  PlannedType inputType, outputType;
  int64_t rank, taps;
  SmallVector<Axis> shared; ///< by all lanes; the last dim first
};
} // namespace

LogicalResult dlc::verifyResize(ResizeOp op) {
  PlannedType input = op.getInput().getType();
  bool reads = op.getScales() && op.getScales().getDefiningOp<ReadOp>();
  std::optional<SmallVector<float>> scales = op.getConstantScales();
  std::optional<SmallVector<int64_t>> axes = op.getNormalizedAxes();
  bool knowsScales = !op.getScales() || reads || (axes && scales && scales->size() == axes->size());
  if (input.getRank() == 0 || !axes || !knowsScales || op.getRoi() || op.getSizes())
    return op.emitError("expected scales that are constant or read from a buffer, or none, and at "
                        "least one dim");
  return success();
}

ResizeEmitter::ResizeEmitter(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Tile &tile)
    : b(b), evaluator(evaluator), op(op), tile(tile), inputType(op.getInput().getType()),
      outputType(op.getType()), rank(inputType.getRank()), taps(op.getTaps()) {}

/// Where the function begins: behind stores nobody knows that it is still the same.
Value ResizeEmitter::loadScale(int64_t element) {
  Value address = b.getAddress(op.getScales().getDefiningOp<ReadOp>().getBuffer());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(address);
  return b.loadScalar(b.offset(address, element));
}

Value ResizeEmitter::getScale(Type type, const ResizeOp::ResizedDim &dim) {
  if (dim.scale)
    return b.fill(type, *dim.scale);
  if (!op.getScales())
    return divide(toFloat(type, b.size(outputType.getDim(dim.dim))),
                  toFloat(type, b.size(inputType.getDim(dim.dim))));
  Value scale = loadScale(dim.element);
  return isa<VectorType>(type) ? b.splat(scale) : scale;
}

//===----------------------------------------------------------------------===//
// Coordinates and weights
//===----------------------------------------------------------------------===//

/// The coordinate in the input of output index `index` (f32).
Value ResizeEmitter::emitCoordinate(Value index, const ResizeOp::ResizedDim &dim) {
  Type type = index.getType();
  Value half = b.fill(type, 0.5f), one = b.fill(type, 1.0f), zero = b.fill(type, 0.0f);
  Value scale = getScale(type, dim), size = b.size(outputType.getDim(dim.dim));
  Value from = toFloat(type, b.size(inputType.getDim(dim.dim)));
  Value isOne = b.equal(size, b.i64(1));
  // What the scale makes of the size, before it is made whole.
  Value length = op.getScales() ? multiply(from, scale) : toFloat(type, size);
  auto unlessOne = [&](Value value) { return b.select(isOne, zero, value); };
  auto halfPixel = [&]() { return sub(divide(add(index, half), scale), half); };
  switch (op.getCoordinates()) {
  case ResizeCoordinates::half_pixel:
    return halfPixel();
  case ResizeCoordinates::pytorch_half_pixel:
    return unlessOne(halfPixel());
  case ResizeCoordinates::align_corners:
    return unlessOne(divide(multiply(index, sub(from, one)), sub(length, one)));
  case ResizeCoordinates::asymmetric:
    return divide(index, scale);
  case ResizeCoordinates::half_pixel_symmetric: {
    Value excess = sub(one, divide(toFloat(type, size), length));
    return sub(add(multiply(multiply(from, half), excess), divide(add(index, half), scale)), half);
  }
  case ResizeCoordinates::tf_half_pixel_for_nn:
    return divide(add(index, half), scale);
  case ResizeCoordinates::tf_crop_and_resize:
    break;
  }
  llvm_unreachable("Emitters.cpp takes no other");
}

/// Keys' kernel at the distances of the four neighbours, in the order of operations of ONNX
/// Runtime; for two neighbours the distances themselves.
void ResizeEmitter::emitWeights(Value fraction, SmallVectorImpl<Value> &weights) {
  Type type = fraction.getType();
  float a = op.getCubicCoeff().convertToFloat();
  auto number = [&](float value) { return b.fill(type, value); };
  Value rest = sub(number(1), fraction);
  if (taps == 2) {
    weights.assign({rest, fraction});
    return;
  }
  // ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  auto outside = [&](Value d) {
    Value sum = sub(multiply(number(a), d), number(5 * a));
    sum = add(multiply(sum, d), number(8 * a));
    return sub(multiply(sum, d), number(4 * a));
  };
  // ((a + 2) * d - (a + 3)) * d * d + 1
  auto inside = [&](Value d) {
    Value sum = sub(multiply(number(a + 2), d), number(a + 3));
    return add(multiply(multiply(sum, d), d), number(1));
  };
  weights.assign({outside(add(fraction, number(1))), inside(fraction), inside(rest),
                  outside(sub(number(2), fraction))});
}

/// The nearest of two neighbours: `whole` (integers), or the one behind it.
Value ResizeEmitter::emitRounded(Value whole, Value fraction, Value scale) {
  Type type = fraction.getType();
  auto compare = [&](arith::CmpFPredicate predicate, Value lhs, float rhs) -> Value {
    return arith::CmpFOp::create(b, predicate, lhs, b.fill(type, rhs));
  };
  Value moves;
  switch (op.getRounding()) {
  case ResizeRounding::round_prefer_floor:
    moves = compare(arith::CmpFPredicate::OGT, fraction, 0.5f);
    break;
  case ResizeRounding::round_prefer_ceil:
    moves = compare(arith::CmpFPredicate::OGE, fraction, 0.5f);
    break;
  case ResizeRounding::floor:
    return whole;
  case ResizeRounding::ceil:
    moves = compare(arith::CmpFPredicate::OGT, fraction, 0.0f);
    break;
  case ResizeRounding::floor_or_ceil:
    moves = arith::AndIOp::create(b, compare(arith::CmpFPredicate::OLT, scale, 1.0f),
                                  compare(arith::CmpFPredicate::OGT, fraction, 0.0f));
    break;
  }
  return arith::AddIOp::create(b, whole, arith::ExtUIOp::create(b, whole.getType(), moves));
}

/// `index` is i32 or a vector of it.
Axis ResizeEmitter::emitAxis(Value index, const ResizeOp::ResizedDim &dim) {
  Type floats = b.getF32Type(), integers = index.getType();
  if (isa<VectorType>(integers))
    floats = b.getVectorType();
  Value coordinate = emitCoordinate(arith::SIToFPOp::create(b, floats, index), dim);
  // floor: conversion rounds towards 0, which is one too much for a negative fraction.
  Value whole = arith::FPToSIOp::create(b, integers, coordinate);
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                      arith::SIToFPOp::create(b, floats, whole), coordinate);
  whole = arith::AddIOp::create(b, whole, arith::ExtSIOp::create(b, integers, above));
  Value fraction = sub(coordinate, arith::SIToFPOp::create(b, floats, whole));
  Axis axis;
  axis.dim = dim.dim;
  if (taps == 1) {
    axis.first = emitRounded(whole, fraction, getScale(floats, dim));
    return axis;
  }
  emitWeights(fraction, axis.weights);
  Value before = i32(static_cast<int32_t>(taps / 2 - 1));
  axis.first =
      arith::SubIOp::create(b, whole, isa<VectorType>(integers) ? b.splat(before) : before);
  return axis;
}

//===----------------------------------------------------------------------===//
// Interpolation
//===----------------------------------------------------------------------===//

/// The weighted sum of the neighbours along the shared axes, at places `inner` of the last dim
/// unless that is one of them.
Value ResizeEmitter::blend(const Index &inner, Value mask) {
  Tile place;
  place.indices = tile.indices;
  place.indices.back() = inner;
  place.mask = mask;
  return blend(shared, place);
}

Value ResizeEmitter::blend(ArrayRef<Axis> axes, Tile place) {
  if (axes.empty())
    return evaluator.evaluate(op.getInput(), place).front();
  const Axis &axis = axes.front();
  Value sum;
  for (int64_t tap = 0; tap != taps; ++tap) {
    place.indices[axis.dim] = {clamp(b.add(widen(axis.first), tap), b.i64(0), lastOf(axis.dim))};
    Value value = blend(axes.drop_front(), place);
    if (taps == 1)
      return value;
    Value weight = b.splat(axis.weights[tap]);
    sum = sum ? b.fma(value, weight, sum) : multiply(value, weight);
  }
  return sum;
}

/// The sum of the neighbours along the innermost dim, each times its weight.
Value ResizeEmitter::sumTaps(const Axis &inner, function_ref<Value(int64_t tap)> evaluate) {
  if (taps == 1)
    return evaluate(0);
  Value sum;
  for (int64_t tap = 0; tap != taps; ++tap) {
    Value value = evaluate(tap);
    sum = sum ? b.fma(value, inner.weights[tap], sum) : multiply(value, inner.weights[tap]);
  }
  return sum;
}

Value ResizeEmitter::emitGathers(const Axis &inner) {
  Value last = narrow(lastOf(rank - 1));
  return sumTaps(inner, [&](int64_t tap) {
    Value index = arith::AddIOp::create(b, inner.first, b.splat(i32(static_cast<int32_t>(tap))));
    index = clamp(index, b.splat(i32(0)), b.splat(last));
    return blend({index}, Value());
  });
}

/// An instruction that permutes a vector by indices, where there is one for contiguous lanes.
std::optional<StringRef> ResizeEmitter::getPermutation() {
  StringRef permutation = b.getMachine().permutation;
  if (tile.indices.back().lane != 1 || permutation.empty())
    return std::nullopt;
  return permutation;
}

/// The scale above which the neighbours of all lanes fit one vector. The first neighbours of the
/// first and the last lane are (lanes - 1) / scale from each other (with aligned corners, less),
/// with some room for rounding.
static float getLeastScale(KernelBuilder &b, ResizeOp op) {
  auto lanes = static_cast<float>(b.getLanes());
  return (lanes - 1) / (lanes - static_cast<float>(op.getTaps()) - 0x1p-6f);
}

Value ResizeEmitter::emitWindows(const Axis &inner, StringRef permute) {
  Value width = b.size(inputType.getDim(rank - 1)), last = b.sub(width, b.i64(1));
  Value first = widen(vector::ExtractOp::create(b, inner.first, 0));
  Value start = clamp(first, b.i64(0), last);
  Value window = blend({start, 0, 1}, b.laneMask(b.sub(width, start)));
  Value end = narrow(b.min(b.sub(last, start), b.i64(b.getLanes() - 1)));
  return sumTaps(inner, [&](int64_t tap) {
    Value shift = narrow(b.sub(b.i64(tap), start));
    Value lane = arith::AddIOp::create(b, inner.first, b.splat(shift));
    lane = clamp(lane, b.splat(i32(0)), b.splat(end));
    return LLVM::CallIntrinsicOp::create(b, Type(b.getVectorType()), b.getStringAttr(permute),
                                         ValueRange{window, lane})
        .getResult(0);
  });
}

Value ResizeEmitter::emit() {
  SmallVector<ResizeOp::ResizedDim> dims = op.getResizedDims();
  std::optional<ResizeOp::ResizedDim> last;
  for (const ResizeOp::ResizedDim &dim : llvm::reverse(dims))
    if (const Index &index = tile.indices[dim.dim]; index.isEqual())
      shared.push_back(emitAxis(narrow(index.start), dim));
    else
      last = dim;
  const Index &index = tile.indices.back();
  if (!last)
    return blend(index, tile.mask);
  Value lanes = index.start;
  if (index.isScalar())
    lanes = arith::AddIOp::create(b, b.splat(narrow(lanes)), b.laneNumbers());
  Axis inner = emitAxis(lanes, *last);
  std::optional<StringRef> permute = getPermutation();
  if (permute && !last->scale)
    return emitWithRunTimeScale(*last, inner, *permute);
  if (permute && *last->scale > getLeastScale(b, op))
    return emitWindows(inner, *permute);
  return emitGathers(inner);
}

/// Both ways in one kernel.
Value ResizeEmitter::emitWithRunTimeScale(const ResizeOp::ResizedDim &dim, const Axis &inner,
                                          StringRef permute) {
  Value isLarge = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, getScale(b.getF32Type(), dim),
                                        b.f32(getLeastScale(b, op)));
  using Carried = KernelBuilder::Carried;
  return b.chooseValues(
      isLarge, [&] { return Carried{emitWindows(inner, permute)}; },
      [&] { return Carried{emitGathers(inner)}; })[0];
}

Value dlc::emitResize(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Tile &tile) {
  return ResizeEmitter(b, evaluator, op, tile).emit();
}
