// Elements that a library op computes from known numbers: whatever exporters do with sizes.

#include "CallLibraryOp.h"
#include "Contents.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace dlc;

namespace {
/// A tensor, and its elements in memory that is aligned for them.
struct SmallTensor {
  /// Nothing but zeros.
  SmallTensor(PlannedType type, int32_t dtype)
      : storage(llvm::divideCeil(getElements(type) * type.getElementBytes(), sizeof(int64_t)) + 1),
        data{dtype, *type.getSmallShape(),
             MutableArrayRef(reinterpret_cast<char *>(storage.data()),
                             getElements(type) * type.getElementBytes())} {}

  static int64_t getElements(PlannedType type) {
    return ShapedType::getNumElements(*type.getSmallShape());
  }

  std::vector<int64_t> storage;
  TensorData data;
};
} // namespace

/// Null where the library has no tensors like that.
static std::unique_ptr<SmallTensor> makeTensor(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  std::optional<int32_t> dtype =
      type && type.getSmallShape() ? getDtype(type.getElementType()) : std::nullopt;
  return dtype ? std::make_unique<SmallTensor>(type, *dtype) : nullptr;
}

static DenseElementsAttr toDense(PlannedType type, ArrayRef<Fraction> elements) {
  Type elementType = type.getElementType();
  auto shaped = RankedTensorType::get(*type.getSmallShape(), elementType);
  if (auto floatType = dyn_cast<FloatType>(elementType)) {
    auto values = map_to_vector(elements, [&](const Fraction &element) {
      APFloat value(static_cast<double>(*element.numerator.getConstant()) /
                    static_cast<double>(element.denominator));
      bool loses;
      value.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
      return value;
    });
    return DenseElementsAttr::get(shaped, values);
  }
  auto values = map_to_vector(elements, [&](const Fraction &element) {
    return APInt(elementType.getIntOrFloatBitWidth(), *element.numerator.getConstant(),
                 /*isSigned=*/true, /*implicitTrunc=*/true);
  });
  return DenseElementsAttr::get(shaped, values);
}

/// Whether all attributes are numbers already.
static bool areConstant(ArrayRef<LibraryAttribute> attributes) {
  return llvm::all_of(attributes, [](const LibraryAttribute &attribute) {
    return llvm::all_of(attribute.ints,
                        [](ExprAttr value) { return value.getConstant().has_value(); });
  });
}

std::optional<DenseElementsAttr> ContentsAnalysis::callLibrary(OpResult result) {
  Operation *op = result.getOwner();
  std::optional<StringRef> name = getLibraryOp(op);
  if (!name || op->getNumRegions() != 0 || !isMemoryEffectFree(op))
    return std::nullopt;
  auto attributes = getLibraryAttributes(getLibraryDictionary(op), [&] { return op->emitError(); });
  if (failed(attributes) || !areConstant(*attributes))
    return std::nullopt;
  SmallVector<std::unique_ptr<SmallTensor>> owned;
  SmallVector<const TensorData *> inputs;
  for (Value operand : getLibraryOperands(op)) {
    std::optional<Elements> elements = operand ? get(operand) : std::nullopt;
    std::unique_ptr<SmallTensor> tensor = elements ? makeTensor(operand) : nullptr;
    auto isNumber = [](const Fraction &it) { return it.numerator.getConstant().has_value(); };
    if (operand && (!tensor || !llvm::all_of(*elements, isNumber)))
      return std::nullopt;
    if (tensor)
      llvm::copy(getDenseBytes(toDense(cast<PlannedType>(operand.getType()), *elements)),
                 tensor->data.bytes.begin());
    inputs.push_back(tensor ? &tensor->data : nullptr);
    owned.push_back(std::move(tensor));
  }
  SmallVector<TensorData> outputs;
  for (Value value : op->getResults()) {
    owned.push_back(makeTensor(value));
    if (!owned.back())
      return std::nullopt;
    outputs.push_back(owned.back()->data);
  }
  if (callLibraryOp(*name, inputs, outputs, *attributes))
    return std::nullopt; // the run, or the folding of constants, says why
  const TensorData &output = outputs[result.getResultNumber()];
  auto type = cast<PlannedType>(result.getType());
  return makeDense(RankedTensorType::get(output.dims, type.getElementType()), output.bytes);
}
