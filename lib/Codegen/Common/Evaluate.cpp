// Values of a kernel at a tile of indices, with no value in between stored: loads, elementwise ops,
// and what the other files add to them.

#include "Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

Tile Tile::withoutIndices() const {
  Tile tile;
  tile.rows = rows;
  tile.mask = mask;
  tile.count = count;
  tile.inside = inside;
  return tile;
}

void Tile::addCondition(KernelBuilder &b, Value condition) {
  bool isOfLanes = isa<VectorType>(condition.getType());
  Value &known = isOfLanes ? mask : inside;
  known = known ? b.both(known, condition) : condition;
  if (isOfLanes)
    count = Value();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Evaluator::Memory Evaluator::getDenseMemory(Value base, PlannedType type) {
  int64_t rank = type.getRank();
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(rank));
  if (hasChannelsLast(type))
    order = {0, 2, 3, 1};
  bool hasWholeRows =
      rank < 2 || type.getDim(order.back()).getConstant().value_or(1) % b.getLanes() == 0;
  Memory memory = {base, SmallVector<Value>(rank), type.getMemoryType(), hasWholeRows};
  Value stride = b.i64(1);
  for (int64_t i = rank; i-- != 0;) {
    memory.strides[order[i]] = stride;
    ExprAttr dim = type.getDim(order[i]);
    if (order[i] == 1 && hasChannelsLast(type)) {
      int64_t chunk = cast<DeviceLayoutAttr>(type.getLayout()).getChunk();
      dim = ceilDiv(dim, chunk) * chunk;
    }
    if (i != 0)
      stride = b.mul(stride, b.size(dim));
  }
  return memory;
}

Evaluator::Memory Evaluator::getMemory(Value buffer) {
  PlannedType type = getTensor(buffer);
  if (!type.getLayout() || isa<DeviceLayoutAttr>(type.getLayout()))
    return getDenseMemory(b.getAddress(buffer), type);
  Image image = b.getImage(buffer);
  Value zero = b.i64(0);
  return {b.offset(image, zero, zero, zero, zero),
          {image.imagePitch, image.planePitch, image.rowPitch, b.i64(image.block)},
          type.getElementType(),
          /*hasWholeRows=*/false,
          image.block};
}

Value Evaluator::getRow(Value buffer, ValueRange outer) {
  Memory memory = getMemory(buffer);
  Value start = b.i64(0);
  for (auto [index, stride] : llvm::zip_first(outer, memory.strides))
    start = b.add(start, b.mul(index, stride));
  return b.offset(memory.base, start, memory.elementType);
}

Value Evaluator::getLaneIndices(const Index &index) {
  Type lanes = VectorType::get(b.getLanes(), b.getI64Type());
  if (!index.isScalar())
    return index.start.getType() == lanes ? index.start
                                          : arith::ExtSIOp::create(b, lanes, index.start);
  Value start = b.splat(index.start);
  if (index.lane == 0)
    return start;
  return b.createOrFold<arith::AddIOp>(start, b.laneMultiples(b.i64(index.lane)));
}

Evaluator::Address Evaluator::getAddress(const Memory &memory, const Tile &tile, int64_t row) {
  Address address = {b.i64(0), b.i64(0), Value(), Value()};
  for (auto [i, index] : llvm::enumerate(tile.indices)) {
    Value stride = memory.strides[i];
    bool isLast = i + 1 == tile.indices.size();
    if (i == 1 && memory.block != 1) { // the lanes, if they differ, are those of a block
      address.row = b.add(address.row, b.mul(b.div(index.start, b.i64(memory.block)), stride));
      if (index.lane != 0)
        address.laneStride = b.i64(1);
      continue;
    }
    if (!index.isScalar()) {
      Value offsets = b.createOrFold<arith::MulIOp>(getLaneIndices(index), b.splat(stride));
      address.laneOffsets = address.laneOffsets
                                ? b.createOrFold<arith::AddIOp>(address.laneOffsets, offsets)
                                : offsets;
      continue;
    }
    Value start = b.add(index.start, index.row * row);
    Value &sum = isLast ? address.inner : address.row;
    sum = b.add(sum, b.mul(start, stride));
    if (index.lane == 0)
      continue;
    Value step = b.mul(stride, index.lane);
    address.laneStride = address.laneStride ? b.add(address.laneStride, step) : step;
  }
  if (address.laneStride && !address.laneOffsets)
    address.laneStep = getConstantIntValue(address.laneStride).value_or(0);
  return address;
}

/// Loads of places that may not exist read zeros from the artifact.
static Value selectAddress(KernelBuilder &b, Value inside, Value address) {
  if (!inside)
    return address;
  auto zeros = DenseElementsAttr::get(RankedTensorType::get({b.getLanes()}, b.getF64Type()), 0.0);
  return b.select(inside, address, b.getGlobal(zeros));
}

Value Evaluator::loadRow(const Memory &memory, const Tile &tile, int64_t row) {
  Type elementType = memory.elementType;
  Address address = getAddress(memory, tile, row);
  Value base = b.offset(memory.base, address.row, elementType);
  Value place = b.offset(base, address.inner, elementType);
  if (!address.laneStride && !address.laneOffsets)
    return b.splat(b.loadElement(selectAddress(b, tile.inside, place), elementType));
  if (address.laneStep == 1) {
    bool isWhole = llvm::any_of(tile.indices, [&](const Index &index) {
      return index.lane != 0 && isAligned(index.start);
    });
    return b.loadElements(selectAddress(b, tile.inside, place), elementType, tile.mask,
                          memory.hasWholeRows && isWhole);
  }
  if (address.laneStep == -1 && !tile.mask) {
    Value first = b.offset(place, b.i64(1 - b.getLanes()), elementType);
    return b.loadReversed(selectAddress(b, tile.inside, first), elementType);
  }
  Value mask = tile.mask;
  if (tile.inside)
    mask = mask ? b.both(mask, b.splat(tile.inside)) : b.splat(tile.inside);
  // Indices of lanes in a row as they are: narrow ones make a cheaper gather.
  if (!tile.indices.empty() && !tile.indices.back().isScalar() && !address.laneStride &&
      llvm::all_of(ArrayRef(tile.indices).drop_back(),
                   [](const Index &index) { return index.isScalar(); }))
    return b.gatherElements(base, tile.indices.back().start, elementType, mask);
  Value offsets = address.laneOffsets;
  if (address.laneStride) {
    Value steps = b.laneMultiples(address.laneStride);
    offsets = offsets ? b.createOrFold<arith::AddIOp>(offsets, steps) : steps;
  }
  return b.gatherElements(place, offsets, elementType, mask);
}

/// Whether the rows of `tile` run along the value's last dim and its lanes do not, so that rows of
/// lanes are columns of what lies side by side.
static bool isTransposed(const Tile &tile, int64_t lanes) {
  if (tile.rows != lanes || tile.indices.empty() || (tile.mask && !tile.count))
    return false;
  const Index &last = tile.indices.back();
  auto outer = ArrayRef(tile.indices).drop_back();
  auto isRowless = [](const Index &index) { return index.isScalar() && index.row == 0; };
  return last.isEqual() && last.row == 1 && llvm::all_of(outer, isRowless) &&
         llvm::any_of(outer, [](const Index &index) { return index.lane != 0; });
}

Evaluator::Rows Evaluator::loadTransposed(const Memory &memory, const Tile &tile) {
  Address address = getAddress(memory, tile, 0);
  Value base = b.offset(memory.base, address.row, memory.elementType);
  base = b.offset(base, address.inner, memory.elementType);
  SmallVector<Value> columns;
  for (int64_t lane = 0; lane != b.getLanes(); ++lane) {
    Value existing = b.i64(lane);
    if (tile.count) // of lanes that do not exist nobody sees the copy of the last one
      existing = b.min(existing, b.sub(tile.count, b.i64(1)));
    columns.push_back(selectAddress(
        b, tile.inside, b.offset(base, b.mul(existing, address.laneStride), memory.elementType)));
  }
  return b.loadTransposed(columns, memory.elementType);
}

Evaluator::Rows Evaluator::load(const Memory &memory, const Tile &tile) {
  if (isTransposed(tile, b.getLanes()))
    return loadTransposed(memory, tile);
  if (llvm::all_of(tile.indices, [](const Index &index) { return index.row == 0; }))
    return Rows(tile.rows, loadRow(memory, tile, 0));
  Rows rows;
  for (int64_t row = 0; row != tile.rows; ++row)
    rows.push_back(loadRow(memory, tile, row));
  return rows;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// A constant of one element as a vector of it.
static Value splatConstant(KernelBuilder &b, DenseElementsAttr elements) {
  Type scalar = getScalarType(elements.getElementType());
  TypedAttr value;
  if (auto integer = dyn_cast<DenseIntElementsAttr>(elements)) {
    value = b.getIntegerAttr(scalar, *integer.value_begin<APInt>());
  } else {
    APFloat number = *elements.value_begin<APFloat>();
    bool losesInfo;
    number.convert(cast<FloatType>(scalar).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
    value = b.getFloatAttr(scalar, number);
  }
  auto type = VectorType::get(b.getLanes(), scalar);
  return arith::ConstantOp::create(b, type, DenseElementsAttr::get(type, value));
}

/// A constant of one element becomes an immediate.
Evaluator::Rows Evaluator::evaluateConstant(ConstantOp op, const Tile &tile) {
  auto elements = cast<DenseElementsAttr>(op.getValue());
  if (elements.getNumElements() == 1)
    return Rows(tile.rows, splatConstant(b, elements));
  return load(getDenseMemory(b.getGlobal(elements), op.getType()), tile);
}

/// The index into a dim of size `dim` for an index into the dim of size `to` that it broadcasts to.
Index Evaluator::broadcastIndex(const Index &index, ExprAttr dim, ExprAttr to) {
  if (dim == ExprAttr::constant(b.getContext(), 1))
    return {b.i64(0)};
  if (!mayBroadcast || !broadcastsAtRunTime(dim, to))
    return index;
  Value isOne = b.equal(b.size(dim), b.i64(1));
  if (index.isEqual())
    return {b.select(isOne, b.i64(0), index.start)};
  Value lanes = getLaneIndices(index);
  return {b.select(isOne, createFill(b, b.getLoc(), lanes.getType(), 0), lanes)};
}

/// The tile of an operand of type `operand` for a result of type `type`, where broadcasting makes
/// it another than the result's.
std::optional<Tile> Evaluator::getOperandTile(PlannedType operand, PlannedType type,
                                              const Tile &tile) {
  if (operand.getDims() == type.getDims())
    return std::nullopt;
  Tile result = tile.withoutIndices();
  int64_t missing = type.getRank() - operand.getRank();
  for (auto [i, dim] : llvm::enumerate(operand.getDims()))
    result.indices.push_back(
        broadcastIndex(tile.indices[i + missing], dim, type.getDim(i + missing)));
  return result;
}

Evaluator::Rows Evaluator::evaluateElementwise(ElementwiseOpInterface op, Tile &tile) {
  auto type = cast<PlannedType>(op->getResult(0).getType());
  SmallVector<Rows> operands;
  for (Value operand : op->getOperands()) {
    std::optional<Tile> other = getOperandTile(cast<PlannedType>(operand.getType()), type, tile);
    operands.push_back(evaluate(operand, other ? *other : tile));
  }
  Rows rows;
  for (int64_t row = 0; row != tile.rows; ++row) {
    SmallVector<Value> vectors =
        llvm::map_to_vector(operands, [&](const Rows &operand) { return operand[row]; });
    rows.push_back(op.emitScalar(b, op.getLoc(), vectors));
  }
  return rows;
}

/// A tile of one row as a site; its outer indices are scalars.
static Site getSite(const Tile &tile) {
  Site site;
  for (const Index &index : ArrayRef(tile.indices).drop_back())
    site.outer.push_back(index.start);
  const Index &last = tile.indices.back();
  site.inner = last.start;
  site.lanes = !last.isScalar() ? Site::Lanes::indexed
               : last.lane == 0 ? Site::Lanes::equal
                                : Site::Lanes::contiguous;
  site.mask = tile.mask;
  return site;
}

Evaluator::Rows Evaluator::evaluateOp(Operation *op, Tile &tile) {
  return TypeSwitch<Operation *, Rows>(op)
      .Case([&](ReadOp read) { return load(getMemory(read.getBuffer()), tile); })
      .Case([&](ConstantOp constant) { return evaluateConstant(constant, tile); })
      .Case([&](ResizeOp resize) { return Rows{emitResize(b, *this, resize, tile)}; })
      .Case([&](PoolOp pool) { return Rows{emitWindow(b, *this, pool, getSite(tile))}; })
      .Case([&](BroadcastOp broadcast) { return evaluateBroadcast(broadcast, tile); })
      .Case([&](TransposeOp transpose) { return evaluateTranspose(transpose, tile); })
      .Case([&](ViewOp view) { return evaluateView(view, tile); })
      .Case([&](SliceOp slice) { return evaluateSlice(slice, tile); })
      .Case([&](PadOp pad) { return evaluatePad(pad, tile); })
      .Case([&](ConcatOp concat) { return evaluateConcat(concat, tile); })
      .Case([&](GatherOp gather) { return evaluateGather(gather, tile); })
      .Case([&](IotaOp iota) { return evaluateIota(iota, tile); })
      .Default([&](Operation *other) {
        return evaluateElementwise(cast<ElementwiseOpInterface>(other), tile);
      });
}

Evaluator::Rows Evaluator::evaluate(Value value, Tile &tile) {
  auto known = tile.values.find(value);
  if (known != tile.values.end())
    return known->second;
  Rows rows = evaluateOp(value.getDefiningOp(), tile);
  tile.values[value] = rows;
  return rows;
}

Value Evaluator::evaluate(Value value, const Site &site) {
  Tile tile;
  for (Value index : site.outer)
    tile.indices.push_back({index});
  tile.indices.push_back({site.inner, 0, site.lanes == Site::Lanes::contiguous});
  tile.mask = site.mask;
  return evaluate(value, tile).front();
}
