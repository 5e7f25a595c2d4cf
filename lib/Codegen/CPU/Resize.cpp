// Cubic interpolation. Coordinates and weights are computed in f32 by the very operations of ONNX
// Runtime, so that each output takes the same neighbours. The weights of the rows are the same for
// a whole vector; its lanes lie next to each other in the input too, where the image grows: then
// one window of each row holds all neighbours, and lanes pick theirs from the weighted sum of the
// four windows. Otherwise each neighbour is gathered.

#include "Loops.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/Codegen/Codegen.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

static constexpr int taps = 4;

namespace {
/// One direction of the interpolation, for a scalar or vector of output indices.
struct Axis {
  Value first; ///< the first neighbour (i32), not clamped
  Value weights[taps];
};

class ResizeEmitter {
public:
  ResizeEmitter(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Site &site);

  Value emit();

private:
  Axis emitAxis(Value index, unsigned dim);
  Value emitCoordinate(Value index, unsigned dim);
  void emitWeights(Value fraction, Value (&weights)[taps]);
  Value emitWindows(const Axis &vertical, const Axis &horizontal, StringRef permute);
  Value emitGathers(const Axis &vertical, const Axis &horizontal);
  Value blendRows(const Axis &vertical, Site::Lanes lanes, Value inner, Value mask);
  Value getScale(Type type, unsigned dim);
  std::optional<StringRef> getPermutation();
  Value emitWithRunTimeScale(const Axis &vertical, const Axis &horizontal, StringRef permute);

  Value clamp(Value value, Value low, Value high) {
    return arith::MinSIOp::create(b, arith::MaxSIOp::create(b, value, low), high);
  }
  Value narrow(Value size) { return arith::TruncIOp::create(b, b.getI32Type(), size); }
  Value widen(Value index) { return arith::ExtSIOp::create(b, b.getI64Type(), index); }
  Value i32(int32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(value)); }
  Value like(Type type, float value) {
    return isa<VectorType>(type) ? b.splat(value) : b.f32(value);
  }
  Value multiply(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs); }

  KernelBuilder &b;
  Evaluator &evaluator;
  ResizeOp op;
  const Site &site;
  PlannedType inputType, outputType;
  int64_t rank;
  SmallVector<float> scales; ///< empty where the kernel reads them
};
} // namespace

static LogicalResult matchScales(ResizeOp op, SmallVectorImpl<float> &scales) {
  DenseFPElementsAttr constant;
  if (!matchPattern(op.getScales(), m_Constant(&constant)) || !constant.getElementType().isF32() ||
      constant.getNumElements() != op.getInput().getType().getRank())
    return failure();
  scales.assign(constant.value_begin<float>(), constant.value_end<float>());
  return success();
}

LogicalResult dlc::verifyResize(ResizeOp op) {
  SmallVector<float> scales;
  bool reads = op.getScales().getDefiningOp<ReadOp>() != nullptr;
  if (op.getInput().getType().getRank() < 2 || (!reads && failed(matchScales(op, scales))))
    return op.emitError("expected scales that are constant or read from a buffer, and at least two "
                        "dims");
  return success();
}

ResizeEmitter::ResizeEmitter(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Site &site)
    : b(b), evaluator(evaluator), op(op), site(site), inputType(op.getInput().getType()),
      outputType(op.getType()), rank(inputType.getRank()) {
  LogicalResult found = matchScales(op, scales);
  assert((succeeded(found) || op.getScales().getDefiningOp<ReadOp>()) &&
         "the op has been verified");
  (void)found;
}

Value ResizeEmitter::getScale(Type type, unsigned dim) {
  if (!scales.empty())
    return like(type, scales[dim]);
  Value address = b.getAddress(op.getScales().getDefiningOp<ReadOp>().getBuffer());
  Value scale = b.load(b.offset(address, dim), b.getF32Type());
  return isa<VectorType>(type) ? b.splat(scale) : scale;
}

//===----------------------------------------------------------------------===//
// Coordinates and weights
//===----------------------------------------------------------------------===//

/// The coordinate in the input of output index `index` (f32).
Value ResizeEmitter::emitCoordinate(Value index, unsigned dim) {
  Type type = index.getType();
  Value half = like(type, 0.5f), zero = like(type, 0.0f), scale = getScale(type, dim);
  auto toFloat = [&](Value size) {
    Value value = arith::SIToFPOp::create(b, b.getF32Type(), size);
    return isa<VectorType>(type) ? b.splat(value) : value;
  };
  Value length = b.size(outputType.getDim(dim));
  Value isOne = b.equal(length, b.i64(1));
  auto unlessOne = [&](Value value) -> Value {
    return arith::SelectOp::create(b, isOne, zero, value);
  };
  auto halfPixel = [&]() -> Value {
    Value shifted = arith::AddFOp::create(b, index, half);
    return arith::SubFOp::create(b, arith::DivFOp::create(b, shifted, scale), half);
  };
  switch (op.getCoordinates()) {
  case ResizeCoordinates::half_pixel:
    return halfPixel();
  case ResizeCoordinates::pytorch_half_pixel:
    return unlessOne(halfPixel());
  case ResizeCoordinates::align_corners: {
    Value inputLast = toFloat(b.sub(b.size(inputType.getDim(dim)), b.i64(1)));
    Value outputLast = toFloat(b.sub(length, b.i64(1)));
    return unlessOne(arith::DivFOp::create(b, multiply(index, inputLast), outputLast));
  }
  case ResizeCoordinates::asymmetric:
    return arith::DivFOp::create(b, index, scale);
  }
  llvm_unreachable("all cases are handled");
}

/// Keys' kernel at the distances of the four neighbours, in the order of operations of ONNX
/// Runtime.
void ResizeEmitter::emitWeights(Value fraction, Value (&weights)[taps]) {
  Type type = fraction.getType();
  float a = op.getCubicCoeff().convertToFloat();
  auto add = [&](Value lhs, Value rhs) -> Value { return arith::AddFOp::create(b, lhs, rhs); };
  auto sub = [&](Value lhs, Value rhs) -> Value { return arith::SubFOp::create(b, lhs, rhs); };
  auto number = [&](float value) { return like(type, value); };
  // ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  auto outer = [&](Value d) {
    Value sum = sub(multiply(number(a), d), number(5 * a));
    sum = add(multiply(sum, d), number(8 * a));
    return sub(multiply(sum, d), number(4 * a));
  };
  // ((a + 2) * d - (a + 3)) * d * d + 1
  auto inner = [&](Value d) {
    Value sum = sub(multiply(number(a + 2), d), number(a + 3));
    return add(multiply(multiply(sum, d), d), number(1));
  };
  weights[0] = outer(add(fraction, number(1)));
  weights[1] = inner(fraction);
  weights[2] = inner(sub(number(1), fraction));
  weights[3] = outer(sub(number(2), fraction));
}

/// `index` is i32 or a vector of it.
Axis ResizeEmitter::emitAxis(Value index, unsigned dim) {
  Type floats = b.getF32Type(), integers = index.getType();
  if (isa<VectorType>(integers))
    floats = b.getVectorType();
  Value coordinate = emitCoordinate(arith::SIToFPOp::create(b, floats, index), dim);
  // floor: conversion rounds towards 0, which is one too much for a negative fraction.
  Value whole = arith::FPToSIOp::create(b, integers, coordinate);
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                      arith::SIToFPOp::create(b, floats, whole), coordinate);
  whole = arith::AddIOp::create(b, whole, arith::ExtSIOp::create(b, integers, above));
  Value fraction = arith::SubFOp::create(b, coordinate, arith::SIToFPOp::create(b, floats, whole));
  Axis axis;
  emitWeights(fraction, axis.weights);
  Value one = i32(1);
  axis.first = arith::SubIOp::create(b, whole, isa<VectorType>(integers) ? b.splat(one) : one);
  return axis;
}

//===----------------------------------------------------------------------===//
// Interpolation
//===----------------------------------------------------------------------===//

/// The sum of the four rows of the input, each with its weight, at the given places of a row.
Value ResizeEmitter::blendRows(const Axis &vertical, Site::Lanes lanes, Value inner, Value mask) {
  Value last = b.sub(b.size(inputType.getDim(rank - 2)), b.i64(1)), sum;
  for (int tap = 0; tap != taps; ++tap) {
    Site row;
    row.outer = site.outer;
    row.outer.back() = clamp(b.add(widen(vertical.first), tap), b.i64(0), last);
    row.lanes = lanes;
    row.inner = inner;
    row.mask = mask;
    Value value = evaluator.evaluate(op.getInput(), row), weight = b.splat(vertical.weights[tap]);
    sum = sum ? b.fma(value, weight, sum) : multiply(value, weight);
  }
  return sum;
}

Value ResizeEmitter::emitGathers(const Axis &vertical, const Axis &horizontal) {
  Value last = narrow(b.sub(b.size(inputType.getDim(rank - 1)), b.i64(1))), sum;
  for (int tap = 0; tap != taps; ++tap) {
    Value index = arith::AddIOp::create(b, horizontal.first, b.splat(i32(tap)));
    index = clamp(index, b.splat(i32(0)), b.splat(last));
    Value value = blendRows(vertical, Site::Lanes::indexed, index, Value());
    sum =
        sum ? b.fma(value, horizontal.weights[tap], sum) : multiply(value, horizontal.weights[tap]);
  }
  return sum;
}

/// An instruction that permutes a vector by indices, where there is one for contiguous lanes.
std::optional<StringRef> ResizeEmitter::getPermutation() {
  if (site.lanes != Site::Lanes::contiguous)
    return std::nullopt;
  uint64_t features = getCpuFeatures(b.getTarget());
  if (b.getLanes() == 16 && (features & DLC_CPU_AVX512F))
    return "llvm.x86.avx512.permvar.sf.512";
  if (b.getLanes() == 8 && (features & DLC_CPU_AVX2))
    return "llvm.x86.avx2.permps";
  return std::nullopt;
}

/// The scale above which the neighbours of all lanes fit one vector. The first neighbours of the
/// first and the last lane are (lanes - 1) / scale from each other, with some room for rounding.
/// With aligned corners an index moves by at most 1 / scale from a scale of 2 on.
static float getLeastScale(KernelBuilder &b, ResizeOp op) {
  auto lanes = static_cast<float>(b.getLanes());
  float least = (lanes - 1) / (lanes - taps - 0x1p-6f);
  return op.getCoordinates() == ResizeCoordinates::align_corners ? std::max(least, 2.0f) : least;
}

Value ResizeEmitter::emitWindows(const Axis &vertical, const Axis &horizontal, StringRef permute) {
  Value width = b.size(inputType.getDim(rank - 1)), last = b.sub(width, b.i64(1));
  Value first = widen(vector::ExtractOp::create(b, horizontal.first, 0));
  Value start = clamp(first, b.i64(0), last);
  Value window =
      blendRows(vertical, Site::Lanes::contiguous, start, b.laneMask(b.sub(width, start)));
  Value end = narrow(b.min(b.sub(last, start), b.i64(b.getLanes() - 1)));
  Value sum;
  for (int tap = 0; tap != taps; ++tap) {
    Value shift = narrow(b.sub(b.i64(tap), start));
    Value lane = arith::AddIOp::create(b, horizontal.first, b.splat(shift));
    lane = clamp(lane, b.splat(i32(0)), b.splat(end));
    Value value = LLVM::CallIntrinsicOp::create(b, Type(b.getVectorType()),
                                                b.getStringAttr(permute), ValueRange{window, lane})
                      .getResult(0);
    sum =
        sum ? b.fma(value, horizontal.weights[tap], sum) : multiply(value, horizontal.weights[tap]);
  }
  return sum;
}

Value ResizeEmitter::emit() {
  Axis vertical = emitAxis(narrow(site.outer.back()), rank - 2);
  Value index = site.inner;
  if (site.lanes != Site::Lanes::indexed)
    index = b.splat(narrow(index));
  if (site.lanes == Site::Lanes::contiguous)
    index = arith::AddIOp::create(b, index, b.laneNumbers());
  Axis horizontal = emitAxis(index, rank - 1);
  std::optional<StringRef> permute = getPermutation();
  if (permute && scales.empty())
    return emitWithRunTimeScale(vertical, horizontal, *permute);
  if (permute && scales[rank - 1] > getLeastScale(b, op))
    return emitWindows(vertical, horizontal, *permute);
  return emitGathers(vertical, horizontal);
}

/// Both ways in one kernel.
Value ResizeEmitter::emitWithRunTimeScale(const Axis &vertical, const Axis &horizontal,
                                          StringRef permute) {
  Value isLarge =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, getScale(b.getF32Type(), rank - 1),
                            b.f32(getLeastScale(b, op)));
  auto choice = scf::IfOp::create(b, TypeRange(Type(b.getVectorType())), isLarge, /*else=*/true);
  OpBuilder::InsertionGuard guard(b);
  auto emitBranch = [&](Block *block, function_ref<Value()> body) {
    b.setInsertionPointToEnd(block);
    scf::YieldOp::create(b, body());
  };
  emitBranch(choice.thenBlock(), [&] { return emitWindows(vertical, horizontal, permute); });
  emitBranch(choice.elseBlock(), [&] { return emitGathers(vertical, horizontal); });
  return choice.getResult(0);
}

Value dlc::emitResize(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Site &site) {
  return ResizeEmitter(b, evaluator, op, site).emit();
}
