#include "TensorReader.h"

#include "onnx-ml.pb.h"

#include "dlc/IR/LibraryCall.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA1.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Elements in the model's file
//===----------------------------------------------------------------------===//

namespace {

/// Where the elements of one tensor are. At most one of these fields has elements in a valid
/// tensor.
class TensorData {
public:
  TensorData(const TensorProto &tensor, const Skeleton &skeleton, StringRef file)
      : tensor(tensor), file(file) {
    assert(tensor.raw_data().size() == 8 && "not a tensor of a skeleton");
    chunks = skeleton.tensors[llvm::support::endian::read64le(tensor.raw_data().data())];
  }

  /// Finds the elements: little-endian bytes of the file in `chunks`, or numbers that protobuf has
  /// decoded.
  LogicalResult find(Type elementType, EmitError emitError);

  /// Where find succeeded: how many bytes the elements take as raw data.
  size_t getBytes() const { return bytes; }
  /// The one range of the file that holds all elements, if there is one.
  std::optional<TensorChunk> getRange() const {
    return decoded == 0 && chunks.size() == 1 ? std::optional(chunks.front()) : std::nullopt;
  }
  /// Whether a typed field holds the elements.
  bool isTyped() const { return decoded != 0; }
  /// All elements, little-endian.
  FailureOr<SmallVector<char>> read(Type elementType, EmitError emitError) const;

private:
  LogicalResult checkKind(TensorChunk::Kind kind, EmitError emitError) const;
  /// Calls `visit` with each number of the typed field that protobuf has decoded, as 64 bits.
  void forEachDecoded(function_ref<void(uint64_t)> visit) const;

  const TensorProto &tensor;
  StringRef file;
  SmallVector<TensorChunk, 1> chunks;
  size_t bytes = 0, decoded = 0;
};

} // namespace

/// Whether elements lie bit by bit one behind the other, the first in the lowest ones.
static bool isPacked(Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  return width > 1 && width < 8;
}

/// Of a packed type, whose typed field has a number for each element instead.
static bool isTypedApart(Type elementType) { return elementType.getIntOrFloatBitWidth() == 6; }

/// Elements of a packed type, in a byte each.
static SmallVector<char> unpack(StringRef packed, int64_t count, Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  SmallVector<char> bytes;
  unsigned pending = 0, filled = 0;
  for (const char *from = packed.begin(); count != 0; --count) {
    if (filled < width) {
      pending |= static_cast<unsigned>(static_cast<uint8_t>(*from++)) << filled;
      filled += 8;
    }
    bytes.push_back(static_cast<char>(pending & ((1u << width) - 1)));
    pending >>= width;
    filled -= width;
  }
  return bytes;
}

/// The field that holds elements of a type where they are not raw.
enum class TypedField { floats, doubles, int32s, int64s, uint64s };

static TypedField getTypedField(int dataType) {
  switch (dataType) {
  case TensorProto::FLOAT:
    return TypedField::floats;
  case TensorProto::DOUBLE:
    return TypedField::doubles;
  case TensorProto::INT64:
    return TypedField::int64s;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return TypedField::uint64s;
  default:
    return TypedField::int32s;
  }
}

LogicalResult TensorData::checkKind(TensorChunk::Kind kind, EmitError emitError) const {
  TypedField field = getTypedField(tensor.data_type());
  bool fits = kind == TensorChunk::raw ||
              (kind == TensorChunk::floats && field == TypedField::floats) ||
              (kind == TensorChunk::doubles && field == TypedField::doubles);
  if (fits)
    return success();
  return emitError() << "expected elements of type " << getElementTypeName(tensor.data_type())
                     << ", found " << (kind == TensorChunk::floats ? "float_data" : "double_data");
}

void TensorData::forEachDecoded(function_ref<void(uint64_t)> visit) const {
  auto visitAll = [&](const auto &values) {
    for (auto value : values)
      visit(static_cast<uint64_t>(static_cast<int64_t>(value)));
  };
  switch (getTypedField(tensor.data_type())) {
  case TypedField::floats:
    for (float value : tensor.float_data())
      visit(llvm::bit_cast<uint32_t>(value));
    return;
  case TypedField::doubles:
    for (double value : tensor.double_data())
      visit(llvm::bit_cast<uint64_t>(value));
    return;
  case TypedField::int32s:
    return visitAll(tensor.int32_data());
  case TypedField::int64s:
    return visitAll(tensor.int64_data());
  case TypedField::uint64s:
    return visitAll(tensor.uint64_data());
  }
}

LogicalResult TensorData::find(Type elementType, EmitError emitError) {
  // Empty fields say nothing.
  llvm::erase_if(chunks, [](const TensorChunk &chunk) { return chunk.length == 0; });
  forEachDecoded([&](uint64_t) { ++decoded; });
  size_t inOtherFields = tensor.float_data_size() + tensor.double_data_size() +
                         tensor.int32_data_size() + tensor.int64_data_size() +
                         tensor.uint64_data_size() + tensor.string_data_size() - decoded;
  bool mixed = llvm::any_of(chunks, [&](const TensorChunk &chunk) {
    return chunk.kind != chunks.front().kind ||
           (chunk.kind == TensorChunk::raw && chunks.size() > 1);
  });
  if (inOtherFields != 0 || mixed || (decoded != 0 && !chunks.empty()))
    return emitError() << "expected elements in one field, that of type "
                       << getElementTypeName(tensor.data_type());
  for (const TensorChunk &chunk : chunks) {
    if (failed(checkKind(chunk.kind, emitError)))
      return failure();
    bytes += chunk.length;
  }
  bytes += decoded * llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
  return success();
}

FailureOr<SmallVector<char>> TensorData::read(Type elementType, EmitError emitError) const {
  SmallVector<char> data;
  for (const TensorChunk &chunk : chunks)
    data.append(file.begin() + chunk.offset, file.begin() + chunk.offset + chunk.length);
  // What lies several to a byte has the bytes as numbers.
  unsigned width = elementType.getIntOrFloatBitWidth();
  width = isPacked(elementType) && !isTypedApart(elementType) ? 8 : width;
  unsigned width8 = llvm::divideCeil(width, 8) * 8;
  bool isSigned = elementType.isSignlessInteger() && width > 1 && !isPacked(elementType);
  bool fits = true;
  forEachDecoded([&](uint64_t value) {
    fits &=
        isSigned ? llvm::isIntN(width, static_cast<int64_t>(value)) : llvm::isUIntN(width, value);
    for (unsigned shift = 0; shift != width8; shift += 8)
      data.push_back(static_cast<char>(value >> shift));
  });
  if (!fits)
    return emitError() << "expected elements of type " << getElementTypeName(tensor.data_type())
                       << ", found a number that does not fit";
  return data;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TensorReader::TensorReader(MLIRContext *context, SourceFiles &files, size_t modelFile)
    : context(context), files(files), folder(llvm::sys::path::parent_path(files[modelFile].path)),
      rows{static_cast<ssize_t>(modelFile)} {}

StringRef TensorReader::getBytes(int64_t row) const {
  return rows[row] < 0 ? StringRef(copied) : files[rows[row]].contents->getBuffer();
}

/// In a file, of elements that take these bytes here.
static int64_t getStoredBytes(int64_t bytes, Type elementType) {
  int64_t width = elementType.getIntOrFloatBitWidth();
  return isPacked(elementType) ? bytes / 8 * width + llvm::divideCeil(bytes % 8 * width, 8) : bytes;
}

static int64_t getElementBytes(Type elementType) {
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

Constant TensorReader::makeWeight(ArrayRef<int64_t> shape, Type elementType, StringRef data,
                                  Range range) {
  if (range.length / getElementBytes(elementType) <= ConstantOp::maxDenseElements)
    return makeDenseConstant(
        makeDense(RankedTensorType::get(shape, elementType), ArrayRef(data.data(), data.size())));
  auto source = RangeAttr::get(context, range.row, range.offset, range.length);
  return {WeightAttr::get(context, source, shape, elementType, {}),
          getStaticType(shape, elementType)};
}

Constant TensorReader::makeConstant(ArrayRef<int64_t> shape, Type elementType,
                                    ArrayRef<char> bytes) {
  Range range{0, static_cast<int64_t>(copied.size()), static_cast<int64_t>(bytes.size())};
  if (range.length / getElementBytes(elementType) > ConstantOp::maxDenseElements) {
    auto *row = llvm::find(rows, -1);
    range.row = row - rows.begin();
    if (row == rows.end())
      rows.push_back(-1);
    copied.append(bytes.begin(), bytes.end());
  }
  return makeWeight(shape, elementType, StringRef(bytes.data(), bytes.size()), range);
}

SmallVector<SourceAttr> TensorReader::finishSources() {
  SmallVector<SourceAttr> sources;
  for (ssize_t &file : rows) {
    if (file < 0)
      file = files.add(llvm::MemoryBuffer::getMemBufferCopy(copied));
    const SourceFiles::File &source = files[file];
    sources.push_back(SourceAttr::get(context, source.hash, source.contents->getBufferSize()));
  }
  return sources;
}

FailureOr<Constant> TensorReader::convertTensor(const TensorProto &tensor, EmitError emitError) {
  Type elementType = convertElementType(context, tensor.data_type());
  if (!elementType)
    return emitError() << "element type " << getElementTypeName(tensor.data_type())
                       << " is not supported yet";
  if (tensor.has_segment())
    return emitError() << "segmented tensors are not supported";
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> bytes = dlc::getDenseBytes(shape, elementType);
  if (!bytes)
    return emitError() << "expected dims that are not negative and less than 2^63 bytes, found ["
                       << shape << "]";
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return convertExternal(tensor, shape, elementType, *bytes, emitError);
  TensorData data(tensor, skeleton, getBytes(0));
  if (failed(data.find(elementType, emitError)))
    return failure();
  bool arePacked = isPacked(elementType) && !(isTypedApart(elementType) && data.isTyped());
  int64_t stored = arePacked ? getStoredBytes(*bytes, elementType) : *bytes;
  if (data.getBytes() != static_cast<size_t>(stored))
    return emitError() << "expected " << stored << " bytes for shape [" << shape << "] of "
                       << getElementTypeName(tensor.data_type()) << ", found " << data.getBytes();
  if (std::optional<TensorChunk> range = data.getRange(); range && !isPacked(elementType))
    return makeWeight(shape, elementType, getBytes(0).substr(range->offset, range->length),
                      {0, static_cast<int64_t>(range->offset), *bytes});
  FailureOr<SmallVector<char>> content = data.read(elementType, emitError);
  if (failed(content))
    return failure();
  if (arePacked)
    content = unpack(StringRef(content->data(), content->size()), *bytes, elementType);
  return makeConstant(shape, elementType, *content);
}

/// The elements that a sparse tensor's indices, or tuples of them, name.
static FailureOr<SmallVector<int64_t>> readPlaces(ArrayRef<int64_t> shape, Constant indices,
                                                  ArrayRef<int64_t> numbers, EmitError emitError) {
  SmallVector<int64_t> indexShape = *indices.type.getStaticShape();
  int64_t rank = shape.size();
  bool isTuples = indexShape.size() == 2 && indexShape[1] == rank;
  if (indexShape.size() != 1 && !isTuples)
    return emitError() << "expected indices of shape [count] or [count, " << rank << "], found ["
                       << indexShape << "]";
  SmallVector<int64_t> places;
  for (int64_t i = 0; i < indexShape[0]; ++i) {
    int64_t place = 0, all = 1;
    bool isIn = true;
    for (int64_t dim = 0; isTuples && dim < rank; ++dim) {
      int64_t at = numbers[i * rank + dim];
      isIn &= at >= 0 && at < shape[dim];
      place = place * shape[dim] + at;
    }
    for (int64_t dim : shape)
      all *= dim;
    if (!isTuples)
      isIn = (place = numbers[i]) >= 0 && place < all;
    if (!isIn)
      return emitError() << "index " << i << " is out of range for shape [" << shape << "]";
    places.push_back(place);
  }
  return places;
}

FailureOr<Constant> TensorReader::convertSparse(const onnx::SparseTensorProto &tensor,
                                                EmitError emitError) {
  constexpr int64_t maxBytes = int64_t(1) << 30; // a few numbers must not claim all memory
  if (!tensor.has_values() || !tensor.has_indices())
    return emitError() << "expected a sparse tensor of values and indices";
  FailureOr<Constant> values = convertTensor(tensor.values(), emitError);
  FailureOr<Constant> indices = convertTensor(tensor.indices(), emitError);
  if (failed(values) || failed(indices))
    return failure();
  Type elementType = values->type.getElementType();
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> bytes = dlc::getDenseBytes(shape, elementType);
  if (!bytes || *bytes > maxBytes)
    return emitError() << "expected a sparse tensor of at most " << maxBytes
                       << " bytes when dense, found dims [" << shape << "]";
  SmallVector<int64_t> valuesShape = *values->type.getStaticShape();
  SmallVector<int64_t> indexShape = *indices->type.getStaticShape();
  if (!indices->type.getElementType().isInteger(64) || valuesShape.size() != 1 ||
      indexShape.empty() || indexShape[0] != valuesShape[0])
    return emitError() << "expected a vector of values and as many i64 indices, found "
                       << values->type << " and " << indices->type;
  std::string content = readElements(values->value), raw = readElements(indices->value);
  SmallVector<int64_t> numbers(raw.size() / sizeof(int64_t));
  memcpy(numbers.data(), raw.data(), raw.size());
  FailureOr<SmallVector<int64_t>> places = readPlaces(shape, *indices, numbers, emitError);
  if (failed(places))
    return failure();
  SmallVector<char> dense(*bytes, 0);
  int64_t width = getElementBytes(elementType);
  for (auto [i, place] : llvm::enumerate(*places))
    memcpy(dense.data() + place * width, content.data() + i * width, width);
  return makeConstant(shape, elementType, dense);
}

std::string TensorReader::readElements(Attribute value) const {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dlc::getDenseBytes(dense);
  auto range = cast<RangeAttr>(cast<WeightAttr>(value).getSource());
  return getBytes(range.getFile()).substr(range.getOffset(), range.getLength()).str();
}

//===----------------------------------------------------------------------===//
// Files beside the model
//===----------------------------------------------------------------------===//

FailureOr<int64_t> TensorReader::openExternal(StringRef location, EmitError emitError) {
  namespace path = llvm::sys::path;
  auto parts = llvm::make_range(path::begin(location), path::end(location));
  if (location.empty() || location.contains('\0') || path::is_absolute(location) ||
      llvm::is_contained(parts, ".."))
    return emitError() << "expected a location in the model's folder, found '" << location << "'";
  SmallString<128> full(folder.empty() ? "." : folder), real, realFolder;
  std::error_code error = llvm::sys::fs::real_path(full, realFolder);
  path::append(full, location);
  if (!error)
    error = llvm::sys::fs::real_path(full, real);
  if (error)
    return emitError() << "cannot read '" << location << "': " << error.message();
  StringRef rest = real.str();
  if (!rest.consume_front(realFolder) || (realFolder != "/" && !rest.starts_with("/")))
    return emitError() << "expected a location in the model's folder, but '" << location
                       << "' is a link that leaves it";
  auto [entry, isNew] = external.try_emplace(real, rows.size());
  if (!isNew)
    return entry->second;
  llvm::Expected<size_t> file = files.add(full);
  if (!file) {
    external.erase(entry);
    return emitError() << llvm::toString(file.takeError());
  }
  rows.push_back(*file);
  return entry->second;
}

LogicalResult TensorReader::checkDigest(int64_t row, StringRef location, StringRef expected,
                                        EmitError emitError) {
  // Many tensors share a file: it is read once.
  auto [digest, isNew] = digests.try_emplace(row);
  if (isNew)
    digest->second =
        llvm::toHex(llvm::SHA1::hash(llvm::arrayRefFromStringRef(getBytes(row))), true);
  if (expected.equals_insensitive(digest->second))
    return success();
  return emitError() << "expected '" << location << "' to have the SHA-1 digest '" << expected
                     << "', found '" << digest->second << "'";
}

FailureOr<TensorReader::Range> TensorReader::findExternal(const TensorProto &tensor,
                                                          EmitError emitError) {
  StringRef location, checksum;
  uint64_t offset = 0, length = 0;
  bool hasLength = false;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    if (key == "location")
      location = value;
    if (key == "checksum")
      checksum = value;
    if (key != "offset" && key != "length")
      continue;
    hasLength |= key == "length";
    if (value.getAsInteger(10, key == "offset" ? offset : length))
      return emitError() << "expected '" << key << "' of external data to be a number that is not "
                         << "negative, found '" << value << "'";
  }
  FailureOr<int64_t> row = openExternal(location, emitError);
  if (failed(row) ||
      (!checksum.empty() && failed(checkDigest(*row, location, checksum, emitError))))
    return failure();
  uint64_t size = getBytes(*row).size();
  if (offset > size || (hasLength && length > size - offset))
    return emitError() << "expected external data in the " << size << " bytes of '" << location
                       << "', found offset " << offset << " and length "
                       << (hasLength ? std::to_string(length) : "of the rest");
  return Range{*row, static_cast<int64_t>(offset),
               static_cast<int64_t>(hasLength ? length : size - offset)};
}

FailureOr<Constant> TensorReader::convertExternal(const TensorProto &tensor,
                                                  ArrayRef<int64_t> shape, Type elementType,
                                                  int64_t bytes, EmitError emitError) {
  TensorData data(tensor, skeleton, getBytes(0));
  if (failed(data.find(elementType, emitError)))
    return failure();
  if (data.getBytes() != 0)
    return emitError() << "expected no elements in the model beside those in an external file";
  FailureOr<Range> range = findExternal(tensor, emitError);
  if (failed(range))
    return failure();
  int64_t stored = getStoredBytes(bytes, elementType);
  if (range->length != stored)
    return emitError() << "expected " << stored << " bytes for shape [" << shape << "] of "
                       << getElementTypeName(tensor.data_type()) << ", found " << range->length
                       << " in an external file";
  StringRef content = getBytes(range->row).substr(range->offset, range->length);
  if (isPacked(elementType))
    return makeConstant(shape, elementType, unpack(content, bytes, elementType));
  return makeWeight(shape, elementType, content, *range);
}
