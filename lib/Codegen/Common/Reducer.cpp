#include "Reducer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace dlc;

static constexpr int64_t numAccumulators = 4;

float Reducer::getIdentity() const {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  switch (kind) {
  case ReduceKind::max:
    return -infinity;
  case ReduceKind::min:
    return infinity;
  case ReduceKind::prod:
    return 1.0f;
  default:
    return 0.0f;
  }
}

Value Reducer::accumulate(Value sum, Value element) {
  switch (kind) {
  case ReduceKind::l1:
    return combine(sum, math::AbsFOp::create(b, element));
  case ReduceKind::l2:
  case ReduceKind::sum_square:
    return b.fma(element, element, sum);
  default:
    return combine(sum, element);
  }
}

Value Reducer::combine(Value lhs, Value rhs) {
  if (kind == ReduceKind::prod)
    return arith::MulFOp::create(b, lhs, rhs);
  if (kind != ReduceKind::max && kind != ReduceKind::min)
    return arith::AddFOp::create(b, lhs, rhs);
  auto predicate = kind == ReduceKind::max ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  // One instruction, which takes `rhs` where either is a NaN.
  Value chosen = b.select(arith::CmpFOp::create(b, predicate, lhs, rhs), lhs, rhs);
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, lhs, lhs);
  return b.select(isNan, lhs, chosen);
}

KernelBuilder::Carried Reducer::createAccumulators() {
  return KernelBuilder::Carried(numAccumulators, b.splat(getIdentity()));
}

KernelBuilder::Carried Reducer::reduceRun(Value count, ValueRange sums, LoadVector load) {
  int64_t lanes = b.getLanes(), step = numAccumulators * lanes;
  Value whole = b.mul(b.div(count, b.i64(step)), step);
  KernelBuilder::Carried partial =
      b.loop(b.i64(0), whole, step, sums, [&](Value i, ValueRange carried) {
        KernelBuilder::Carried next;
        for (auto [index, sum] : llvm::enumerate(carried))
          next.push_back(
              accumulate(sum, load(b.add(i, static_cast<int64_t>(index) * lanes), Value())));
        return next;
      });
  return b.loop(whole, count, lanes, partial, [&](Value i, ValueRange carried) {
    Value mask = b.laneMask(b.sub(count, i));
    Value value = load(i, mask);
    KernelBuilder::Carried next = llvm::to_vector(carried);
    next[0] = b.select(mask, accumulate(next[0], value), next[0]);
    return next;
  });
}

KernelBuilder::Carried Reducer::reduceRun(Value address, Value count, ValueRange sums) {
  return reduceRun(count, sums, [&](Value place, Value mask) {
    return b.loadVector(b.offset(address, place), mask);
  });
}

Value Reducer::joinAccumulators(ValueRange sums) {
  SmallVector<Value> values = llvm::to_vector(sums);
  for (; values.size() != 1; values.resize(values.size() / 2))
    for (size_t i = 0, half = values.size() / 2; i != half; ++i)
      values[i] = combine(values[i], values[i + half]);
  return values.front();
}

Value Reducer::joinLanes(Value vector) {
  for (int64_t half = b.getLanes() / 2; half != 0; half /= 2) {
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane != b.getLanes(); ++lane)
      lanes.push_back((lane + half) % b.getLanes());
    vector = combine(vector, vector::ShuffleOp::create(b, vector, vector, lanes));
  }
  return vector::ExtractOp::create(b, vector, int64_t(0));
}

Value Reducer::finish(Value sum, Value count) {
  if (kind == ReduceKind::l2)
    return math::SqrtOp::create(b, sum);
  if (kind == ReduceKind::log_sum)
    return math::LogOp::create(b, sum);
  if (kind != ReduceKind::mean)
    return sum;
  Value divisor = arith::SIToFPOp::create(b, b.getF32Type(), count);
  if (isa<VectorType>(sum.getType()))
    divisor = b.splat(divisor);
  return arith::DivFOp::create(b, sum, divisor);
}
