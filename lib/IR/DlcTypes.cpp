// Types: text, verification, and the sizes of buffers.

#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

#define GET_TYPEDEF_CLASSES
#include "dlc/IR/DlcTypes.cpp.inc"

void DlcDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dlc/IR/DlcTypes.cpp.inc"
      >();
}

/// dims ::= `*` `x` | (expr `x`)*, followed by the element type and an optional layout.
Type PlannedType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  bool ranked = failed(parser.parseOptionalStar());
  if (!ranked && parser.parseKeyword("x"))
    return {};
  SmallVector<ExprAttr> dims;
  Type elementType;
  while (true) {
    OptionalParseResult result = parser.parseOptionalType(elementType);
    if (result.has_value()) {
      if (failed(*result))
        return {};
      break;
    }
    if (!ranked)
      return parser.emitError(loc, "expected an element type after '* x'"), Type();
    FailureOr<ExprAttr> dim = parseExpr(parser);
    if (failed(dim) || parser.parseKeyword("x"))
      return {};
    dims.push_back(*dim);
  }
  Attribute layout;
  if (succeeded(parser.parseOptionalComma()) && parser.parseAttribute(layout))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), ranked, dims,
                    elementType, layout);
}

void PlannedType::print(AsmPrinter &printer) const {
  printer << '<';
  if (!hasRank())
    printer << "* x ";
  for (ExprAttr dim : getDims())
    printer << dim.str() << " x ";
  printer << getElementType();
  if (getLayout())
    printer << ", " << getLayout();
  printer << '>';
}

LogicalResult PlannedType::verify(function_ref<InFlightDiagnostic()> emitError, bool ranked,
                                  ArrayRef<ExprAttr> dims, Type elementType, Attribute layout) {
  if (!isa<IntegerType, FloatType>(elementType))
    return emitError() << "expected an integer or float element type, found " << elementType;
  for (ExprAttr dim : dims) {
    if (!dim)
      return emitError() << "expected dims of 64 bits";
    if (std::optional<int64_t> value = dim.getConstant(); value && *value < 0)
      return emitError() << "expected dims that are not negative, found " << *value;
  }
  if (!layout)
    return success();
  if (!isLayout(layout) || !ranked)
    return emitError() << "expected a layout of a ranked tensor, found " << layout;
  return verifyLayout(layout, dims, emitError);
}

PlannedType PlannedType::getUnranked(Type elementType) {
  return get(elementType.getContext(), false, {}, elementType, {});
}

std::optional<SmallVector<int64_t>> PlannedType::getStaticShape() const {
  if (!hasRank())
    return std::nullopt;
  SmallVector<int64_t> shape;
  for (ExprAttr dim : getDims()) {
    std::optional<int64_t> value = dim.getConstant();
    if (!value)
      return std::nullopt;
    shape.push_back(*value);
  }
  return shape;
}

PlannedType dlc::getTensor(Type type) {
  if (auto buffer = dyn_cast<BufferType>(type))
    return buffer.getTensor();
  return dyn_cast<PlannedType>(type);
}

PlannedType dlc::getTensor(Value value) { return getTensor(value.getType()); }

std::optional<SmallVector<int64_t>> PlannedType::getSmallShape() const {
  std::optional<SmallVector<int64_t>> shape = getStaticShape();
  int64_t count = 1;
  for (int64_t dim : shape.value_or(SmallVector<int64_t>()))
    if (llvm::MulOverflow(count, dim, count))
      return std::nullopt;
  return count <= ConstantOp::maxDenseElements ? shape : std::nullopt;
}

PlannedType PlannedType::withLayout(Attribute layout) const {
  return get(getContext(), getRanked(), getDims(), getElementType(), layout);
}

PlannedType PlannedType::withoutLayout() const { return withLayout({}); }

ImageLayoutAttr PlannedType::getImageLayout() const {
  if (auto layout = dyn_cast_or_null<ImageLayoutAttr>(getLayout()))
    return layout;
  assert(!getLayout() && getRank() == 4 && "not an image");
  return ImageLayoutAttr::get(getContext(), 1, {0, 0, 0, 0});
}

ExprAttr PlannedType::getBufferElements() const {
  return dlc::getBufferElements(getContext(), getLayout(), getDims());
}

Type PlannedType::getMemoryType() const {
  auto device = dyn_cast_or_null<DeviceLayoutAttr>(getLayout());
  return device ? device.getType() : getElementType();
}

int64_t PlannedType::getElementBytes() const {
  if (auto device = dyn_cast_or_null<DeviceLayoutAttr>(getLayout()))
    return device.getElementBytes();
  return llvm::divideCeil(getElementType().getIntOrFloatBitWidth(), 8);
}

ExprAttr PlannedType::getBufferBytes() const { return getBufferElements() * getElementBytes(); }
