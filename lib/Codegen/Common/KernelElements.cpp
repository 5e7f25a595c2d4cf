// How elements of any type lie in memory, and which scalars they are in code.

#include "KernelBuilder.h"

#include "dlc/IR/SmallFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

static unsigned getAlignment(Type storedType) { return storedType.getIntOrFloatBitWidth() / 8; }

/// `element`, or a vector of it where `like` is one.
static Type getLike(Value like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return vector.clone(element);
  return element;
}

Value KernelBuilder::fromStored(Value value, Type elementType) {
  if (isBool(elementType))
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::ne, value,
                                 createFill(*this, getLoc(), value.getType(), 0));
  if (elementType.isF16() && machine.hasHalfConversions) {
    Value half = arith::BitcastOp::create(*this, getLike(value, getF16Type()), value);
    return arith::ExtFOp::create(*this, getLike(value, getF32Type()), half);
  }
  if (elementType.isF16() || elementType.isBF16())
    return unpackSmallFloat(*this, getLoc(), value, elementType);
  return value;
}

Value KernelBuilder::toStored(Value value, Type elementType) {
  if (isBool(elementType))
    return arith::ExtUIOp::create(*this, getLike(value, getI8Type()), value);
  if (elementType.isF16() && machine.hasHalfConversions) {
    Value half = arith::TruncFOp::create(*this, getLike(value, getF16Type()), value);
    return arith::BitcastOp::create(*this, getLike(value, getI16Type()), half);
  }
  if (elementType.isF16() || elementType.isBF16())
    return packSmallFloat(*this, getLoc(), value, elementType);
  if (elementType.isTF32())
    return roundToTf32(value);
  return value;
}

/// To nearest, of two to the one further from zero, as cvt.rna.tf32 does. NaNs stay what they are.
Value KernelBuilder::roundToTf32(Value value) {
  constexpr int64_t dropped = 13;
  Type integer = getLike(value, getI32Type());
  auto fillBits = [&](int64_t bits) { return createFill(*this, getLoc(), integer, bits); };
  Value bits = arith::BitcastOp::create(*this, integer, value);
  bits = arith::AddIOp::create(*this, bits, fillBits(1 << (dropped - 1)));
  bits = arith::AndIOp::create(*this, bits, fillBits(-(1 << dropped)));
  Value isNan = arith::CmpFOp::create(*this, arith::CmpFPredicate::UNO, value, value);
  return select(isNan, value, arith::BitcastOp::create(*this, value.getType(), bits));
}

Value KernelBuilder::loadElement(Value address, Type elementType) {
  Type stored = getStoredType(elementType);
  return fromStored(LLVM::LoadOp::create(*this, stored, address, getAlignment(stored)),
                    elementType);
}

void KernelBuilder::storeElement(Value value, Value address, Type elementType) {
  LLVM::StoreOp::create(*this, toStored(value, elementType), address,
                        getAlignment(getStoredType(elementType)));
}

Value KernelBuilder::loadElements(Value address, Type elementType, Value mask, bool whole) {
  Type stored = getStoredType(elementType), vector = VectorType::get(getLanes(), stored);
  unsigned alignment = getAlignment(stored) * (whole ? getLanes() : 1);
  if (!mask)
    return fromStored(LLVM::LoadOp::create(*this, vector, address, alignment), elementType);
  Value zeros = createFill(*this, getLoc(), vector, 0);
  return fromStored(LLVM::MaskedLoadOp::create(*this, vector, address, mask, zeros, alignment),
                    elementType);
}

Value KernelBuilder::loadReversed(Value address, Type elementType) {
  Type stored = getStoredType(elementType);
  Value value = LLVM::LoadOp::create(*this, VectorType::get(getLanes(), stored), address,
                                     getAlignment(stored));
  SmallVector<int64_t> lanes = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(getLanes())));
  return fromStored(vector::ShuffleOp::create(*this, value, value, lanes), elementType);
}

SmallVector<Value> KernelBuilder::loadTransposed(ArrayRef<Value> addresses, Type elementType) {
  Type stored = getStoredType(elementType), type = VectorType::get(getLanes(), stored);
  SmallVector<Value> rows;
  for (Value address : addresses)
    rows.push_back(LLVM::LoadOp::create(*this, type, address, getAlignment(stored)));
  // Each round exchanges blocks beside the diagonal, of half the width of the last round's.
  for (int64_t width = getLanes() / 2; width != 0; width /= 2) {
    SmallVector<int64_t> upper, lower;
    for (int64_t lane = 0; lane != getLanes(); ++lane) {
      upper.push_back(lane & width ? lane - width + getLanes() : lane);
      lower.push_back(lane & width ? lane + getLanes() : lane + width);
    }
    for (int64_t row = 0; row != getLanes(); ++row) {
      if (row & width)
        continue;
      Value first = rows[row], second = rows[row + width];
      rows[row] = vector::ShuffleOp::create(*this, first, second, upper);
      rows[row + width] = vector::ShuffleOp::create(*this, first, second, lower);
    }
  }
  for (Value &row : rows)
    row = fromStored(row, elementType);
  return rows;
}

Value KernelBuilder::gatherElements(Value address, Value indices, Type elementType, Value mask) {
  Type stored = getStoredType(elementType), vector = VectorType::get(getLanes(), stored);
  auto pointers = VectorType::get(getLanes(), address.getType());
  Value places =
      LLVM::GEPOp::create(*this, pointers, stored, address, ArrayRef<LLVM::GEPArg>{indices},
                          LLVM::GEPNoWrapFlags::inbounds);
  if (!mask)
    mask = createFill(*this, getLoc(), VectorType::get(getLanes(), getI1Type()), 1);
  Value zeros = createFill(*this, getLoc(), vector, 0);
  return fromStored(LLVM::masked_gather::create(*this, vector, places, mask, ValueRange(zeros),
                                                getAlignment(stored)),
                    elementType);
}

void KernelBuilder::storeElements(Value value, Value address, Type elementType, Value mask,
                                  bool whole) {
  unsigned alignment =
      getAlignment(getStoredType(elementType)) * (whole ? static_cast<unsigned>(getLanes()) : 1);
  Value stored = toStored(value, elementType);
  if (mask)
    LLVM::MaskedStoreOp::create(*this, stored, address, mask, alignment);
  else
    LLVM::StoreOp::create(*this, stored, address, alignment);
}

/// No access is wider than 16 bytes.
static unsigned getWideAlignment(Type storedType, int64_t count) {
  return std::min(16u, getAlignment(storedType) * static_cast<unsigned>(count));
}

Value KernelBuilder::loadNeighbours(Value address, Type elementType, int64_t count) {
  Type stored = getStoredType(elementType);
  return fromStored(LLVM::LoadOp::create(*this, VectorType::get(count, stored), address,
                                         getWideAlignment(stored, count)),
                    elementType);
}

void KernelBuilder::storeNeighbours(Value value, Value address, Type elementType) {
  Value stored = toStored(value, elementType);
  int64_t count = cast<VectorType>(stored.getType()).getNumElements();
  LLVM::StoreOp::create(*this, stored, address,
                        getWideAlignment(getStoredType(elementType), count));
}
