// Attributes: text, verification, and what layouts and weights know about themselves.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Layout.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

using EmitError = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// ExprAttr
//===----------------------------------------------------------------------===//

Attribute ExprAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<ExprAttr> expr = parseExpr(parser);
  if (failed(expr) || parser.parseGreater())
    return {};
  return *expr;
}

void ExprAttr::print(AsmPrinter &printer) const { printer << '<' << str() << '>'; }

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

bool ImageLayoutAttr::hasHalo() const {
  return llvm::any_of(getHalo(), [](int64_t width) { return width != 0; });
}

LogicalResult ImageLayoutAttr::verify(EmitError emitError, int64_t block, ArrayRef<int64_t> halo) {
  if (block < 1 || !llvm::isPowerOf2_64(block))
    return emitError() << "expected block to be a power of two, found " << block;
  if (halo.size() != 4 || llvm::any_of(halo, [](int64_t width) { return width < 0; }))
    return emitError() << "expected halo to have four elements that are not negative";
  return success();
}

LogicalResult FilterLayoutAttr::verify(EmitError emitError, int64_t outputs, int64_t inputs,
                                       bool /*winograd*/) {
  if (outputs < 1 || inputs < 1)
    return emitError() << "expected positive panel sizes, found " << outputs << " and " << inputs;
  return success();
}

LogicalResult GateLayoutAttr::verify(EmitError emitError, int64_t gates, int64_t lanes) {
  if (gates < 1 || lanes < 1)
    return emitError() << "expected positive sizes, found " << gates << " and " << lanes;
  return success();
}

LogicalResult RowLayoutAttr::verify(EmitError emitError, int64_t pitch) {
  if (pitch < 1)
    return emitError() << "expected a positive pitch, found " << pitch;
  return success();
}

LogicalResult PaddedLayoutAttr::verify(EmitError emitError, int64_t multiple) {
  if (multiple < 1)
    return emitError() << "expected a positive multiple, found " << multiple;
  return success();
}

LogicalResult DeviceLayoutAttr::verify(EmitError emitError, Type type, bool /*channelsLast*/) {
  if (!isa<Float16Type, BFloat16Type, FloatTF32Type, Float32Type>(type))
    return emitError() << "expected f16, bf16, tf32 or f32, found " << type;
  return success();
}

Attribute DeviceLayoutAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  Type type;
  if (parser.parseLess() || parser.parseType(type))
    return {};
  bool channelsLast = succeeded(parser.parseOptionalComma());
  if ((channelsLast && parser.parseKeyword("channels_last")) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), type, channelsLast);
}

void DeviceLayoutAttr::print(AsmPrinter &printer) const {
  printer << '<' << getType() << (getChannelsLast() ? ", channels_last>" : ">");
}

int64_t DeviceLayoutAttr::getElementBytes() const {
  return getType().isF16() || getType().isBF16() ? 2 : 4;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

LogicalResult RangeAttr::verify(EmitError emitError, int64_t file, int64_t offset, int64_t length) {
  if (file < 0 || offset < 0 || length < 0 || offset > std::numeric_limits<int64_t>::max() - length)
    return emitError() << "expected a range of a file, found file " << file << ", offset " << offset
                       << ", length " << length;
  return success();
}

LogicalResult PackAttr::verify(EmitError emitError, Attribute layout) {
  if (!isLayout(layout) || isa<ImageLayoutAttr>(layout))
    return emitError() << "expected a layout of weights, found " << layout;
  return success();
}

/// `<` `source` `=` attribute `,` `shape` `=` `[` dims `]` `,` `type` `=` type (`,` `recipe` `=`
/// `[` steps `]`)? `>`
Attribute WeightAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  Attribute source;
  SmallVector<int64_t> shape;
  Type elementType;
  SmallVector<Attribute> recipe;
  if (parser.parseLess() || parser.parseKeyword("source") || parser.parseEqual() ||
      parser.parseAttribute(source) || parser.parseComma() || parser.parseKeyword("shape") ||
      parser.parseEqual() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     [&] { return parser.parseInteger(shape.emplace_back()); }) ||
      parser.parseComma() || parser.parseKeyword("type") || parser.parseEqual() ||
      parser.parseType(elementType))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("recipe") || parser.parseEqual() ||
       parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
         return parser.parseAttribute(recipe.emplace_back());
       })))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), source, shape,
                    elementType, recipe);
}

void WeightAttr::print(AsmPrinter &printer) const {
  printer << "<source = " << getSource() << ", shape = [";
  llvm::interleaveComma(getShape(), printer);
  printer << "], type = " << getElementType();
  if (!getRecipe().empty()) {
    printer << ", recipe = [";
    llvm::interleaveComma(getRecipe(), printer);
    printer << ']';
  }
  printer << '>';
}

static SmallVector<int64_t> getResultShapeOf(ArrayRef<int64_t> shape, ArrayRef<Attribute> recipe) {
  SmallVector<int64_t> result(shape);
  for (Attribute step : recipe)
    if (isa<TransposeAttr>(step))
      std::swap(result[0], result[1]);
    else if (auto join = dyn_cast<JoinAttr>(step))
      result[0] += cast<WeightAttr>(join.getWeight()).getResultShape()[0];
  return result;
}

static LogicalResult verifyPack(EmitError emitError, ArrayRef<int64_t> shape, Type elementType,
                                PackAttr pack) {
  SmallVector<ExprAttr> dims = llvm::map_to_vector(
      shape, [&](int64_t dim) { return ExprAttr::constant(elementType.getContext(), dim); });
  if (failed(verifyLayout(pack.getLayout(), dims, emitError)))
    return failure();
  if (!PlannedType::get(dims, elementType, pack.getLayout()).getBufferBytes())
    return emitError() << "expected a packed size of less than 2^63 bytes";
  return success();
}

static LogicalResult verifyJoin(EmitError emitError, ArrayRef<int64_t> shape, Type elementType,
                                JoinAttr join) {
  auto other = cast<WeightAttr>(join.getWeight());
  SmallVector<int64_t> added = other.getResultShape();
  int64_t elements = 0;
  if (shape.empty() || added.size() != shape.size() || other.getElementType() != elementType ||
      ArrayRef(added).drop_front() != shape.drop_front())
    return emitError() << "expected to join weights of one element type whose dims but the first "
                          "one are equal";
  if (llvm::AddOverflow(shape[0], added[0], elements))
    return emitError() << "expected a shape of less than 2^63 bytes";
  return success();
}

/// Steps fit what the ones before them leave; packing comes last, joins next to last.
static LogicalResult verifyRecipe(EmitError emitError, ArrayRef<int64_t> shape, Type elementType,
                                  ArrayRef<Attribute> recipe) {
  for (auto [index, step] : llvm::enumerate(recipe)) {
    SmallVector<int64_t> current = getResultShapeOf(shape, recipe.take_front(index));
    if (auto pack = dyn_cast<PackAttr>(step)) {
      if (index + 1 != recipe.size())
        return emitError() << "expected packing to be the last step of a recipe";
      if (failed(verifyPack(emitError, current, elementType, pack)))
        return failure();
    } else if (auto join = dyn_cast<JoinAttr>(step)) {
      if (failed(verifyJoin(emitError, current, elementType, join)))
        return failure();
    } else if (index != 0 && isa<JoinAttr>(recipe[index - 1])) {
      return emitError() << "expected nothing but packing behind a join, found " << step;
    } else if (isa<TransposeAttr>(step)) {
      if (current.size() != 2)
        return emitError() << "expected a matrix to transpose, found rank " << current.size();
    } else if (isa<CombineAttr, RsqrtAttr>(step)) {
      if (!elementType.isF32())
        return emitError() << "expected arithmetic on f32, found " << elementType;
      auto combine = dyn_cast<CombineAttr>(step);
      if (combine && (current.empty() ||
                      cast<WeightAttr>(combine.getWeight()).getResultShape()[0] != current[0] ||
                      !cast<WeightAttr>(combine.getWeight()).getElementType().isF32()))
        return emitError()
               << "expected a weight of f32 with one element for each index of the first dim";
    } else {
      return emitError() << "expected recipe steps, found " << step;
    }
  }
  return success();
}

LogicalResult WeightAttr::verify(EmitError emitError, Attribute source, ArrayRef<int64_t> shape,
                                 Type elementType, ArrayRef<Attribute> recipe) {
  int64_t bytes = isa<IntegerType, FloatType>(elementType)
                      ? llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8)
                      : 0;
  if (bytes == 0)
    return emitError() << "expected an integer or float element type, found " << elementType;
  for (int64_t dim : shape)
    if (dim < 0 || llvm::MulOverflow(bytes, dim, bytes))
      return emitError() << "expected a shape of less than 2^63 bytes";
  if (auto range = dyn_cast<RangeAttr>(source)) {
    if (range.getLength() != bytes)
      return emitError() << "expected " << bytes << " bytes, found " << range.getLength();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(source)) {
    if (dense.getType().getShape() != shape || dense.getElementType() != elementType)
      return emitError() << "expected a dense source of the weight's shape and type";
  } else {
    return emitError() << "expected a range or a dense attribute as source, found " << source;
  }
  return verifyRecipe(emitError, shape, elementType, recipe);
}

Attribute WeightAttr::getLayout() const {
  auto pack = getRecipe().empty() ? PackAttr() : dyn_cast<PackAttr>(getRecipe().back());
  return pack ? pack.getLayout() : Attribute();
}

SmallVector<int64_t> WeightAttr::getResultShape() const {
  return getResultShapeOf(getShape(), getRecipe());
}

WeightAttr WeightAttr::withStep(Attribute step) const {
  SmallVector<Attribute> recipe(getRecipe());
  recipe.push_back(step);
  return get(getContext(), getSource(), getShape(), getElementType(), recipe);
}

SmallVector<Attribute> WeightAttr::getParts() const {
  ArrayRef<Attribute> own =
      getRecipe().take_while([](Attribute step) { return !isa<JoinAttr, PackAttr>(step); });
  SmallVector<Attribute> parts = {
      get(getContext(), getSource(), getShape(), getElementType(), own)};
  for (Attribute step : getRecipe())
    if (auto join = dyn_cast<JoinAttr>(step))
      parts.push_back(join.getWeight());
  return parts;
}

LogicalResult JoinAttr::verify(EmitError emitError, Attribute weight) {
  auto other = dyn_cast<WeightAttr>(weight);
  if (!other || other.getLayout() || other.getParts().size() != 1)
    return emitError() << "expected a weight that is neither packed nor joined, found " << weight;
  return success();
}

LogicalResult CombineAttr::verify(EmitError emitError, CombineKind kind, Attribute weight) {
  auto other = dyn_cast<WeightAttr>(weight);
  if (!other || other.getLayout() || other.getParts().size() != 1 ||
      other.getResultShape().size() != 1)
    return emitError() << "expected a weight that is a vector, found " << weight;
  return success();
}

//===----------------------------------------------------------------------===//
// Schedules and targets
//===----------------------------------------------------------------------===//

bool ScheduleAttr::joinsRows(int64_t width) const {
  constexpr int64_t mostAddresses = 8;
  int64_t widest = getPixels().front();
  return width == 1 || (getRows() > 1 && widest <= mostAddresses && width % widest != 0);
}

static bool isVectorLength(int64_t lanes) { return lanes >= 1 && llvm::isPowerOf2_64(lanes); }

LogicalResult ScheduleAttr::verify(EmitError emitError, Algorithm algorithm, int64_t lanes,
                                   int64_t channels, ArrayRef<int64_t> pixels, int64_t rows,
                                   Precision precision, int64_t slices) {
  if (!isVectorLength(lanes))
    return emitError() << "expected lanes to be a power of two, found " << lanes;
  if (channels < 1 || rows < 1 || pixels.empty())
    return emitError() << "expected positive channels and rows and at least one tile width";
  bool takesVectors = algorithm == Algorithm::direct_conv || algorithm == Algorithm::matmul ||
                      algorithm == Algorithm::depthwise || algorithm == Algorithm::recurrence ||
                      algorithm == Algorithm::blocks || algorithm == Algorithm::winograd ||
                      algorithm == Algorithm::attention;
  if (takesVectors && (channels % lanes != 0 || pixels.back() != 1))
    return emitError() << "expected whole vectors of channels and a last tile of one pixel";
  bool isAlongRows = algorithm == Algorithm::row_conv || algorithm == Algorithm::loops;
  bool areGroups = algorithm == Algorithm::cuda_wgmma;
  for (auto [index, width] : llvm::enumerate(pixels)) {
    if (width < 1 || (index != 0 && width >= pixels[index - 1] + areGroups))
      return emitError() << "expected tile widths to fall";
    if (isAlongRows && width % lanes != 0)
      return emitError() << "expected tile widths to be whole vectors, found " << width;
  }
  bool isTiled =
      algorithm == Algorithm::cuda_gemm || algorithm == Algorithm::cuda_matmul || areGroups;
  if (isTiled && (pixels.size() != 2 || channels % lanes != 0 || pixels[0] % pixels[1] != 0))
    return emitError() << "expected tiles of a block and of a thread that divide";
  if (slices < 1 || (slices != 1 && !isTiled))
    return emitError() << "expected slices of tiles of products";
  bool usesTensorCores = precision != Precision::fp32;
  bool arePairs = precision == Precision::fp16 || precision == Precision::bf16;
  if (algorithm == Algorithm::cuda_attention) {
    int64_t warps = rows / 32, rowWarps = pixels[0] / 16, pieceKeys = 8;
    if (arePairs)
      pieceKeys = 16;
    if (rows % 32 != 0 || pixels[0] % 16 != 0 || rowWarps == 0 || warps % rowWarps != 0 ||
        channels % (warps / rowWarps * pieceKeys) != 0)
      return emitError() << "expected 16 queries for each warp, and keys for all that share them";
    return success();
  }
  if (usesTensorCores && (!isTiled || lanes != 2 || channels % 16 != 0 || pixels[1] % 16 != 0 ||
                          rows != (arePairs ? 64 : 32)))
    return emitError() << "expected tiles of 16 rows and 16 columns, and steps of 128 bytes, for "
                          "tensor cores";
  if (areGroups && (!usesTensorCores || precision == Precision::tf32x3 || channels > 256 ||
                    pixels[1] % 64 != 0 || channels % (16 * (pixels[0] / pixels[1])) != 0))
    return emitError() << "expected tiles of 64 rows and at most 256 columns for each four warps, "
                          "and columns for all of their threads";
  if (isAlongRows && pixels.back() != lanes)
    return emitError() << "expected a last tile of one vector";
  return success();
}

int64_t ScheduleAttr::getTileThreads() const {
  int64_t parts = getPixels()[0] / getPixels()[1];
  constexpr int64_t warpSize = 32;
  if (getPrecision() == Precision::fp32)
    return parts * getChannels() / getLanes();
  int64_t warps = getAlgorithm() == Algorithm::cuda_wgmma ? 4 : getChannels() / getWarpColumns();
  return parts * warps * warpSize;
}

LogicalResult TargetAttr::verify(EmitError emitError, StringRef cpu, StringRef features,
                                 int64_t lanes, int64_t registers, bool fma) {
  if (!isVectorLength(lanes) || registers < 8)
    return emitError() << "expected a power of two of lanes and at least 8 registers";
  return success();
}

//===----------------------------------------------------------------------===//
// Generated parts
//===----------------------------------------------------------------------===//

#include "dlc/IR/DlcEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dlc/IR/DlcAttrs.cpp.inc"

void DlcDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dlc/IR/DlcAttrs.cpp.inc"
      >();
}
