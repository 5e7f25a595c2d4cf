#include "Skeleton.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

#include <climits>
#include <optional>

using namespace llvm;
using namespace dlc;

namespace {

/// The messages on the way to a tensor.
enum class Message { model, graph, node, attribute, tensor, sparseTensor, function, training };

struct Nesting {
  Message parent;
  unsigned field;
  Message child;
};

struct Varint {
  uint64_t value;
  size_t end; // offset of the byte after it
};

struct WireField {
  unsigned number, type;
  size_t begin, content,
      end; // offsets of the tag, of what follows tag and length, and of the byte after it
};

class Scanner {
public:
  explicit Scanner(StringRef file) : file(file) {}
  Expected<Skeleton> scan();

private:
  Error scanMessage(Message kind, size_t begin, size_t end, unsigned depth, std::string &out);
  Error scanTensor(size_t begin, size_t end, std::string &out);
  Error copyField(Message parent, const WireField &field, unsigned depth, std::string &out);
  Expected<WireField> readField(size_t begin, size_t end) const;
  Expected<Varint> readVarint(size_t begin, size_t end) const;

  StringRef file;
  Skeleton skeleton;
};

} // namespace

// Field numbers are those of onnx-ml.proto.
static constexpr Nesting nestings[] = {
    {Message::model, 7, Message::graph},             // graph
    {Message::model, 20, Message::training},         // training_info
    {Message::model, 25, Message::function},         // functions
    {Message::graph, 1, Message::node},              // node
    {Message::graph, 5, Message::tensor},            // initializer
    {Message::graph, 15, Message::sparseTensor},     // sparse_initializer
    {Message::node, 5, Message::attribute},          // attribute
    {Message::attribute, 5, Message::tensor},        // t
    {Message::attribute, 6, Message::graph},         // g
    {Message::attribute, 10, Message::tensor},       // tensors
    {Message::attribute, 11, Message::graph},        // graphs
    {Message::attribute, 22, Message::sparseTensor}, // sparse_tensor
    {Message::attribute, 23, Message::sparseTensor}, // sparse_tensors
    {Message::sparseTensor, 1, Message::tensor},     // values
    {Message::sparseTensor, 2, Message::tensor},     // indices
    {Message::function, 7, Message::node},           // node
    {Message::function, 11, Message::attribute},     // attribute_proto
    {Message::training, 1, Message::graph},          // initialization
    {Message::training, 2, Message::graph},          // algorithm
};

enum WireType : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

static constexpr unsigned rawData = 9; // of TensorProto

/// protobuf's own limit.
static constexpr unsigned maxDepth = 100;

static void appendVarint(uint64_t value, std::string &out) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

static void appendBytes(unsigned number, StringRef content, std::string &out) {
  appendVarint(number << 3 | WireType::bytes, out);
  appendVarint(content.size(), out);
  out.append(content.data(), content.size());
}

template <typename... Args> static Error fault(const char *format, Args &&...args) {
  return createStringError(formatv(format, std::forward<Args>(args)...).str());
}

Expected<Varint> Scanner::readVarint(size_t begin, size_t end) const {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    size_t at = begin + shift / 7;
    if (at == end)
      return fault("the number at byte {0} is cut off", begin);
    uint8_t byte = file[at];
    if (shift == 63 && byte > 1)
      break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return Varint{value, at + 1};
  }
  return fault("the number at byte {0} has more than 64 bits", begin);
}

Expected<WireField> Scanner::readField(size_t begin, size_t end) const {
  Expected<Varint> tag = readVarint(begin, end);
  if (!tag)
    return tag.takeError();
  WireField field{static_cast<unsigned>(tag->value >> 3), static_cast<unsigned>(tag->value & 7),
                  begin, tag->end, 0};
  if (field.number == 0 || tag->value > UINT_MAX)
    return fault("byte {0} starts no field", begin);
  uint64_t length;
  switch (field.type) {
  case WireType::varint: {
    Expected<Varint> value = readVarint(field.content, end);
    if (!value)
      return value.takeError();
    length = value->end - field.content;
    break;
  }
  case WireType::fixed64:
    length = 8;
    break;
  case WireType::fixed32:
    length = 4;
    break;
  case WireType::bytes: {
    Expected<Varint> value = readVarint(field.content, end);
    if (!value)
      return value.takeError();
    length = value->value;
    field.content = value->end;
    break;
  }
  default:
    return fault("field {0} at byte {1} has the unknown wire type {2}", field.number, begin,
                 field.type);
  }
  if (length > end - field.content)
    return fault("field {0} at byte {1} has {2} bytes, but {3} are left", field.number, begin,
                 length, end - field.content);
  field.end = field.content + length;
  return field;
}

/// Which data of a tensor `field` holds, if any.
static std::optional<TensorChunk::Kind> getChunkKind(const WireField &field) {
  if (field.type != WireType::bytes)
    return std::nullopt;
  switch (field.number) {
  case 4: // float_data, packed
    return TensorChunk::floats;
  case 9: // raw_data
    return TensorChunk::raw;
  case 10: // double_data, packed
    return TensorChunk::doubles;
  default:
    return std::nullopt;
  }
}

/// Copies the tensor without its data, which gets a row of its own.
Error Scanner::scanTensor(size_t begin, size_t end, std::string &out) {
  SmallVector<TensorChunk, 1> chunks;
  for (size_t at = begin; at != end;) {
    Expected<WireField> field = readField(at, end);
    if (!field)
      return field.takeError();
    if (std::optional<TensorChunk::Kind> kind = getChunkKind(*field))
      chunks.push_back({*kind, field->content, field->end - field->content});
    else
      out.append(file.data() + field->begin, field->end - field->begin);
    at = field->end;
  }
  char index[8];
  support::endian::write64le(index, skeleton.tensors.size());
  appendBytes(rawData, StringRef(index, sizeof(index)), out);
  skeleton.tensors.push_back(std::move(chunks));
  return Error::success();
}

/// Copies a field; a message that may hold tensors is scanned.
Error Scanner::copyField(Message parent, const WireField &field, unsigned depth, std::string &out) {
  const Nesting *nesting = llvm::find_if(nestings, [&](const Nesting &row) {
    return row.parent == parent && row.field == field.number && field.type == WireType::bytes;
  });
  if (nesting == std::end(nestings)) {
    out.append(file.data() + field.begin, field.end - field.begin);
    return Error::success();
  }
  std::string child;
  if (Error error = scanMessage(nesting->child, field.content, field.end, depth + 1, child))
    return error;
  appendBytes(field.number, child, out);
  return Error::success();
}

Error Scanner::scanMessage(Message kind, size_t begin, size_t end, unsigned depth,
                           std::string &out) {
  if (depth > maxDepth)
    return fault("the message at byte {0} is nested deeper than {1} others", begin, maxDepth);
  if (kind == Message::tensor)
    return scanTensor(begin, end, out);
  for (size_t at = begin; at != end;) {
    Expected<WireField> field = readField(at, end);
    if (!field)
      return field.takeError();
    if (Error error = copyField(kind, *field, depth, out))
      return error;
    at = field->end;
  }
  return Error::success();
}

Expected<Skeleton> Scanner::scan() {
  for (size_t at = 0; at != file.size();) {
    Expected<WireField> field = readField(at, file.size());
    if (!field)
      return field.takeError();
    std::string bytes;
    if (Error error = copyField(Message::model, *field, 0, bytes))
      return error;
    if (bytes.size() > INT_MAX)
      return fault(
          "field {0} at byte {1} has {2} bytes beside the data of tensors, which is more than 2 GB",
          field->number, at, bytes.size());
    skeleton.fields.push_back({field->number, at, std::move(bytes)});
    at = field->end;
  }
  return std::move(skeleton);
}

Expected<Skeleton> dlc::readSkeleton(StringRef file) { return Scanner(file).scan(); }
