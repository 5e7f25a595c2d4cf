#include "TensorProto.h"

#include <cstring>

using namespace dlc::run;

namespace {
/// Reads protobuf's wire format from left to right (protobuf.dev, "Encoding").
class WireReader {
public:
  enum Type { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  explicit WireReader(std::string_view text) : rest(text) {}
  bool atEnd() const { return rest.empty(); }

  bool takeVarint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest[0]);
      rest.remove_prefix(1);
      if (shift == 63 && byte > 1)
        return false;
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128)
        return true;
    }
    return false;
  }

  /// A little-endian number of `size` bytes, as the host has it.
  bool takeFixed(size_t size, uint64_t &value) {
    value = 0;
    if (rest.size() < size)
      return false;
    memcpy(&value, rest.data(), size);
    rest.remove_prefix(size);
    return true;
  }

  bool takeNumber(int type, uint64_t &value) {
    return type == varint ? takeVarint(value) : takeFixed(type == fixed64 ? 8 : 4, value);
  }

  bool takeBytes(std::string_view &value) {
    uint64_t size = 0;
    if (!takeVarint(size) || size > rest.size())
      return false;
    value = rest.substr(0, size);
    rest.remove_prefix(size);
    return true;
  }

private:
  std::string_view rest;
};

/// Fields of onnx.proto's TensorProto that matter here.
enum Field {
  fieldDims = 1,
  fieldDataType = 2,
  fieldSegment = 3,
  fieldFloats = 4,
  fieldInts = 5,
  fieldStrings = 6,
  fieldLongs = 7,
  fieldRaw = 9,
  fieldDoubles = 10,
  fieldUnsigned = 11,
  fieldLocation = 14
};

struct Proto {
  std::vector<uint64_t> dims;
  uint64_t dataType = 0;
  uint64_t location = 0;
  bool segmented = false;
  bool hasRaw = false;
  std::string_view raw;
  uint64_t typedField = 0;       // which of the typed fields there is; 0: none
  bool mixed = false;            // more than one
  std::vector<uint64_t> numbers; // of the typed field: bit patterns, integers sign-extended
  std::vector<std::string_view> strings;
};
} // namespace

/// How numbers of a field stand on the wire; -1: it has none.
static int numberType(uint64_t field) {
  switch (field) {
  case fieldDims:
  case fieldInts:
  case fieldLongs:
  case fieldUnsigned:
    return WireReader::varint;
  case fieldFloats:
    return WireReader::fixed32;
  case fieldDoubles:
    return WireReader::fixed64;
  default:
    return -1;
  }
}

/// Takes one occurrence of a repeated number: a single one, or many in one packed field.
static bool takeNumbers(WireReader &reader, uint64_t field, uint64_t type,
                        std::vector<uint64_t> &numbers) {
  const int expected = numberType(field);
  uint64_t number = 0;
  if (type == static_cast<uint64_t>(expected)) {
    if (!reader.takeNumber(expected, number))
      return false;
    numbers.push_back(number);
    return true;
  }
  std::string_view packed;
  if (type != WireReader::bytes || !reader.takeBytes(packed))
    return false;
  for (WireReader inner(packed); !inner.atEnd();) {
    if (!inner.takeNumber(expected, number))
      return false;
    numbers.push_back(number);
  }
  return true;
}

/// Takes a field that is no repeated number; those without meaning here are skipped.
static bool takeOther(WireReader &reader, uint64_t field, uint64_t type, Proto &proto) {
  uint64_t number = 0;
  std::string_view text;
  if (type == WireReader::bytes) {
    if (!reader.takeBytes(text) || field == fieldDataType || field == fieldLocation)
      return false;
    if (field == fieldRaw) {
      proto.hasRaw = true;
      proto.raw = text;
    }
    if (field == fieldStrings) {
      proto.strings.push_back(text);
      proto.mixed = proto.mixed || (proto.typedField != 0 && proto.typedField != field);
      proto.typedField = field;
    }
    proto.segmented = proto.segmented || field == fieldSegment;
    return true;
  }
  if ((type != WireReader::varint && type != WireReader::fixed32 && type != WireReader::fixed64) ||
      !reader.takeNumber(static_cast<int>(type), number) || field == fieldRaw ||
      field == fieldSegment || field == fieldStrings)
    return false;
  if (field == fieldDataType || field == fieldLocation) {
    if (type != WireReader::varint)
      return false;
    (field == fieldDataType ? proto.dataType : proto.location) = number;
  }
  return true;
}

static bool parseFields(std::string_view bytes, Proto &proto) {
  for (WireReader reader(bytes); !reader.atEnd();) {
    uint64_t tag = 0;
    if (!reader.takeVarint(tag) || tag >> 3 == 0)
      return false;
    const uint64_t field = tag >> 3, type = tag & 7;
    if (numberType(field) < 0) {
      if (!takeOther(reader, field, type, proto))
        return false;
      continue;
    }
    if (!takeNumbers(reader, field, type, field == fieldDims ? proto.dims : proto.numbers))
      return false;
    if (field != fieldDims && !proto.numbers.empty()) {
      proto.mixed = proto.mixed || (proto.typedField != 0 && proto.typedField != field);
      proto.typedField = field;
    }
  }
  return true;
}

/// The typed field that elements of a type stand in where they are not in raw_data.
static uint64_t typedFieldOf(int32_t dtype) {
  switch (dtype) {
  case DLC_F32:
    return fieldFloats;
  case DLC_F64:
    return fieldDoubles;
  case DLC_STRING:
    return fieldStrings;
  case DLC_I64:
    return fieldLongs;
  case DLC_U32:
  case DLC_U64:
    return fieldUnsigned;
  default:
    return fieldInts;
  }
}

/// Whether a number of a typed field is one of the element type: the field may be wider.
static bool fitsType(int32_t dtype, uint64_t number) {
  const auto value = static_cast<int64_t>(number);
  const unsigned bits = 8 * dlc_dtype_size(dtype);
  switch (dtype) {
  case DLC_I8:
  case DLC_I16:
  case DLC_I32:
    return value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << (bits - 1);
  case DLC_BOOL:
    return number <= 1;
  case DLC_U8:
  case DLC_U16:
  case DLC_U32:
  case DLC_F16:
  case DLC_BF16:
    return number < uint64_t{1} << bits;
  default:
    return true;
  }
}

/// Gives the tensor the message's element type and dims.
static bool applyShape(const std::string &path, const Proto &proto, Tensor &tensor,
                       Problems &problems) {
  // Those behind bf16 may lie several to a byte.
  if (proto.dataType > DLC_BF16 || dlc_dtype_size(static_cast<int32_t>(proto.dataType)) == 0) {
    problems.add("{}: element type {} of onnx.TensorProto is not one that dlc-run reads", path,
                 proto.dataType);
    return false;
  }
  tensor.dtype = static_cast<int32_t>(proto.dataType);
  if (proto.dims.size() > DLC_MAX_RANK) {
    problems.add("{}: expected a rank of up to {}, found {}", path, DLC_MAX_RANK,
                 proto.dims.size());
    return false;
  }
  for (uint64_t dim : proto.dims) {
    if (dim > INT64_MAX) {
      problems.add("{}: expected dims of 0 or more, found {}", path, static_cast<int64_t>(dim));
      return false;
    }
    tensor.dims.push_back(static_cast<int64_t>(dim));
  }
  if (proto.segmented || proto.location != 0) {
    problems.add("{}: the tensor's data is {}", path,
                 proto.segmented ? "split into segments" : "in another file");
    return false;
  }
  if (proto.mixed || (proto.hasRaw && (proto.typedField || tensor.dtype == DLC_STRING)) ||
      (proto.typedField && proto.typedField != typedFieldOf(tensor.dtype))) {
    problems.add("{}: expected the data in raw_data or in the field for {} alone", path,
                 dlc_dtype_name(tensor.dtype));
    return false;
  }
  return true;
}

bool dlc::run::parseTensorProto(const std::string &path, std::string_view bytes, Tensor &tensor,
                                Problems &problems) {
  Proto proto;
  if (!parseFields(bytes, proto)) {
    problems.add("{}: not an onnx.TensorProto, or a truncated one", path);
    return false;
  }
  if (!applyShape(path, proto, tensor, problems))
    return false;
  // Before any memory is allocated for it: the dims may claim anything.
  const size_t elementSize = dlc_dtype_size(tensor.dtype);
  const size_t found =
      proto.hasRaw ? proto.raw.size() : (proto.numbers.size() + proto.strings.size()) * elementSize;
  int64_t count = 0, expected = 0;
  if (!countElements(tensor.dims, count) ||
      __builtin_mul_overflow(count, static_cast<int64_t>(elementSize), &expected) ||
      static_cast<uint64_t>(expected) != found) {
    if (tensor.dtype == DLC_STRING)
      problems.add("{}: expected {} strings, found {}", path, dimsText(tensor.dims),
                   proto.strings.size());
    else
      problems.add("{}: expected the data of {} elements ({}), found {} bytes", path,
                   dimsText(tensor.dims), dlc_dtype_name(tensor.dtype), found);
    return false;
  }
  if (tensor.dtype == DLC_STRING)
    return tensor.setStrings(path, proto.strings, problems);
  if (!tensor.allocate(path, problems))
    return false;
  if (proto.hasRaw)
    memcpy(tensor.data.data(), proto.raw.data(), found);
  for (size_t i = 0; i < proto.numbers.size(); ++i) {
    if (!fitsType(tensor.dtype, proto.numbers[i])) {
      problems.add("{}: element {} is no {}", path, i, dlc_dtype_name(tensor.dtype));
      return false;
    }
    memcpy(tensor.data.data() + i * elementSize, &proto.numbers[i], elementSize);
  }
  return checkBools(path, tensor, problems);
}
