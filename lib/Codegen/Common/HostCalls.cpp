// Handles and library calls of the host program.

#include "HostEmitter.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/ABI/Program.h"
#include "dlc/IR/Expr.h"

#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace dlc;

using SiteKind = HostProgram::SiteKind;

FailureOr<int32_t> HostEmitter::getDtype(Operation *op, PlannedType type) {
  if (std::optional<int32_t> dtype = dlc::getDtype(type.getElementType()))
    return *dtype;
  return op->emitError("expected elements that the run knows, found ") << type.getElementType();
}

/// Fills `record` with a dlc_value that describes a buffer.
LogicalResult HostEmitter::describe(Operation *op, Value buffer, Value record) {
  PlannedType type = getTensor(buffer);
  FailureOr<int32_t> dtype = getDtype(op, type);
  FailureOr<Value> count = emitSize(type.getBufferElements());
  if (failed(dtype) || failed(count))
    return failure();
  Value dims = take(Area::numbers, type.getRank());
  for (auto [index, dim] : llvm::enumerate(type.getDims())) {
    FailureOr<Value> size = emitSize(dim);
    if (failed(size))
      return failure();
    store(*size, element(dims, i64, static_cast<int32_t>(index)));
  }
  Value fields[] = {constant(i32, sizeof(dlc_value)),
                    constant(i32, DLC_VALUE_TENSOR),
                    constant(i32, *dtype),
                    constant(i32, 0),
                    constant(i32, type.getRank()),
                    constant(i32, 0),
                    dims,
                    *count,
                    getAddress(buffer)};
  for (auto [index, value] : llvm::enumerate(fields))
    store(value, field(record, valueType, static_cast<int32_t>(index)));
  return success();
}

//===----------------------------------------------------------------------===//
// Handles
//===----------------------------------------------------------------------===//

Value HostEmitter::keep(Value address) { return callForObject(Service::keep, address); }

LogicalResult HostEmitter::emitWrap(WrapOp op) {
  Value record = take(Area::values, 1);
  if (failed(describe(op, op.getInput(), record)))
    return failure();
  addresses[op.getHandle()] = keep(record);
  return success();
}

/// A buffer with a layout is a vector to the runtime.
LogicalResult HostEmitter::emitNewTensor(NewTensorOp op) {
  PlannedType type = op.getBuffer().getType().getTensor();
  ExprAttr elements = type.getBufferElements();
  FailureOr<int32_t> dtype = getDtype(op, type);
  if (failed(dtype))
    return failure();
  if (!elements)
    return op.emitError("expected a buffer of less than 2^63 elements");
  SmallVector<ExprAttr> dims(type.getDims());
  if (type.getLayout())
    dims = {elements};
  FailureOr<SmallVector<Value>> sizes = emitChecked(dims);
  if (failed(sizes))
    return failure();
  Value memory = take(Area::numbers, dims.size());
  for (auto [index, size] : llvm::enumerate(*sizes))
    store(size, element(memory, i64, static_cast<int32_t>(index)));
  int64_t site = program.addSite(op, SiteKind::tensor, llvm::to_string(type.withoutLayout()));
  Value object = callForObject(Service::newTensor, {constant(i32, site), constant(i32, *dtype),
                                                    constant(i32, dims.size()), memory});
  addresses[op.getHandle()] = object;
  addresses[op.getBuffer()] = load(field(object, valueType, valueData));
  return success();
}

/// Whatever its rank, the tensor must have one element: all dims are 1.
LogicalResult HostEmitter::emitSingleMatch(MatchOp op) {
  PlannedType type = getTensor(op.getResult());
  FailureOr<int32_t> dtype = getDtype(op, type);
  if (failed(dtype))
    return failure();
  constexpr int64_t maxRank = DLC_MANIFEST_MAX_RANK;
  Value object = getAddress(op.getHandle());
  Value rank = LLVM::UMinOp::create(builder, loc, load(field(object, valueType, valueRank), i32),
                                    constant(i32, maxRank));
  SmallVector<int64_t> ones(maxRank, 1);
  StringRef bytes(reinterpret_cast<const char *>(ones.data()), maxRank * sizeof(int64_t));
  int64_t site = program.addSite(op, SiteKind::match,
                                 "one element of " + llvm::to_string(type.getElementType()));
  callStatus(Service::match, {constant(i32, site), object, constant(i32, *dtype), rank,
                              addressOf(program.getConstant(bytes))});
  addresses[op.getResult()] = load(field(object, valueType, valueData));
  return success();
}

/// Dims that the match itself binds are left to the service; others that hold their symbols, or
/// that may be negative, are compared behind it.
LogicalResult HostEmitter::emitMatch(MatchOp op) {
  if (op.getSingle())
    return emitSingleMatch(op);
  PlannedType type = getTensor(op.getResult());
  FailureOr<int32_t> dtype = getDtype(op, type);
  if (failed(dtype))
    return failure();
  SmallVector<StringRef> bound(op.getBinds().getAsValueRange<StringAttr>());
  Value object = getAddress(op.getHandle()), memory;
  auto dimAddress = [&](size_t axis) { return element(memory, i64, static_cast<int32_t>(axis)); };
  SmallVector<ExprAttr> known;
  SmallVector<size_t> knownAxes, compared;
  for (auto [axis, dim] : llvm::enumerate(type.getDims())) {
    bool isBound = false;
    dim.walkSymbols([&](StringRef symbol) { isBound |= llvm::is_contained(bound, symbol); });
    if (!isBound) {
      known.push_back(dim);
      knownAxes.push_back(axis);
    }
    if (isBound || !isKnownNonNegative(dim))
      compared.push_back(axis);
  }
  FailureOr<SmallVector<Value>> sizes = emitChecked(known);
  if (failed(sizes))
    return failure();
  memory = take(Area::numbers, type.getRank());
  for (size_t axis = 0, rank = type.getRank(); axis != rank; ++axis)
    if (!llvm::is_contained(knownAxes, axis))
      store(constant(i64, -1), dimAddress(axis));
  for (auto [axis, size] : llvm::zip_equal(knownAxes, *sizes))
    store(size, dimAddress(axis));
  int64_t site = program.addSite(op, SiteKind::match, llvm::to_string(type));
  callStatus(Service::match, {constant(i32, site), object, constant(i32, *dtype),
                              constant(i32, type.getRank()), memory});
  for (StringRef symbol : bound) {
    const auto *binder =
        llvm::find_if(type.getDims(), [&](ExprAttr dim) { return dim.getSymbol() == symbol; });
    size_t axis = binder - type.getDims().begin();
    storeSymbol(symbol, load(dimAddress(axis), i64));
    llvm::erase(compared, axis);
  }
  for (size_t axis : compared) {
    FailureOr<SmallVector<Value>> expected = emitChecked({type.getDim(axis)});
    if (failed(expected))
      return failure();
    Value found = load(dimAddress(axis), i64);
    leaveUnless(isEqual(expected->front(), found), site, expected->front(), found);
  }
  addresses[op.getResult()] = load(field(object, valueType, valueData));
  return success();
}

//===----------------------------------------------------------------------===//
// Library calls
//===----------------------------------------------------------------------===//

/// Stores pointers to descriptions or objects: inputs, then outputs, null where the call makes one.
LogicalResult HostEmitter::emitOperands(LibraryCallOp op, Value pointers) {
  int32_t index = 0;
  for (ValueRange range : {ValueRange(op.getInputs()), ValueRange(op.getOuts())})
    for (Value operand : range) {
      Value value = getAddress(operand);
      if (isa<BufferType>(operand.getType())) {
        value = take(Area::values, 1);
        if (failed(describe(op, operand, value)))
          return failure();
      }
      store(value, element(pointers, pointer, index++));
    }
  for (unsigned result = 0; result != op.getNumResults(); ++result)
    store(LLVM::ZeroOp::create(builder, loc, pointer), element(pointers, pointer, index++));
  return success();
}

template <typename T> static StringRef getBytes(ArrayRef<T> elements) {
  return {reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(T)};
}

/// Fills in one dlc_attribute. `ints` are values of the run, where there are any.
void HostEmitter::emitAttribute(const LibraryAttribute &attribute, ArrayRef<Value> ints,
                                Value record) {
  size_t count = attribute.ints.size() + attribute.floats.size() + attribute.strings.size();
  Value data;
  if (!attribute.strings.empty()) {
    data = take(Area::numbers, 2 * count); // of dlc_string
    for (auto [index, text] : llvm::enumerate(attribute.strings)) {
      auto place = static_cast<int32_t>(2 * index);
      store(addressOf(program.getConstant(text)), element(data, i64, place));
      store(constant(i64, text.size()), element(data, i64, place + 1));
    }
  } else if (!ints.empty()) {
    data = take(Area::numbers, count);
    for (auto [index, value] : llvm::enumerate(ints))
      store(value, element(data, i64, static_cast<int32_t>(index)));
  } else if (!attribute.floats.empty()) {
    data = addressOf(program.getConstant(getBytes<double>(attribute.floats)));
  } else {
    SmallVector<int64_t> values =
        llvm::map_to_vector(attribute.ints, [](ExprAttr value) { return *value.getConstant(); });
    data = addressOf(program.getConstant(getBytes<int64_t>(values)));
  }
  std::string name = attribute.name.str();
  StringRef terminated(name.c_str(), name.size() + 1);
  Value fields[] = {addressOf(program.getConstant(terminated)), constant(i32, attribute.kind),
                    constant(i32, 0), constant(i64, count), data};
  for (auto [index, value] : llvm::enumerate(fields))
    store(value, field(record, attributeType, static_cast<int32_t>(index)));
}

LogicalResult HostEmitter::emitAttributes(LibraryCallOp op, ArrayRef<LibraryAttribute> attributes) {
  Value records = take(Area::attributes, attributes.size());
  for (auto [index, attribute] : llvm::enumerate(attributes)) {
    SmallVector<Value> ints;
    if (!llvm::all_of(attribute.ints, [](ExprAttr value) { return value.getConstant(); })) {
      FailureOr<SmallVector<Value>> values = emitChecked(attribute.ints);
      if (failed(values))
        return failure();
      ints = std::move(*values);
    }
    emitAttribute(attribute, ints, element(records, attributeType, static_cast<int32_t>(index)));
  }
  store(records, field(opCallRecord, opCallType, opCallAttributes));
  return success();
}

LogicalResult HostEmitter::emitLibraryCall(LibraryCallOp op) {
  FailureOr<SmallVector<LibraryAttribute>> attributes =
      getLibraryAttributes(op.getParameters(), [&] { return op.emitError(); });
  if (failed(attributes))
    return failure();
  size_t numInputs = op.getInputs().size(), numOutputs = op.getOuts().size() + op.getNumResults();
  Value pointers = take(Area::pointers, numInputs + numOutputs);
  if (failed(emitOperands(op, pointers)) || failed(emitAttributes(op, *attributes)))
    return failure();
  Value outputs = element(pointers, pointer, static_cast<int32_t>(numInputs));
  auto setField = [&](OpCallField to, Value value) {
    store(value, field(opCallRecord, opCallType, to));
  };
  setField(opCallSize, constant(i32, sizeof(dlc_op_call)));
  setField(opCallNumInputs, constant(i32, numInputs));
  setField(opCallNumOutputs, constant(i32, numOutputs));
  setField(opCallNumAttributes, constant(i32, attributes->size()));
  setField(opCallInputs, pointers);
  setField(opCallOutputs, outputs);
  int64_t site = program.addSite(op, SiteKind::call, op.getCallee().str());
  Value fields[] = {constant(i32, sizeof(dlc_library_call)), constant(i32, site),
                    addressOf(program.getLibraryFunction(op.getCallee())), opCallRecord};
  for (auto [index, value] : llvm::enumerate(fields))
    store(value, field(libraryCallRecord, libraryCallType, static_cast<int32_t>(index)));
  callStatus(Service::call, libraryCallRecord);
  for (auto [index, result] : llvm::enumerate(op.getResults()))
    addresses[result] = load(element(outputs, pointer, static_cast<int32_t>(index)));
  return success();
}
