#include "Npy.h"

#include <charconv>
#include <cstring>

using namespace dlc::run;

namespace {
struct TypeRow {
  std::string_view code;
  int32_t dtype;
};

/// Reads the header, a Python dict literal of three known keys, from left to right.
class HeaderReader {
public:
  explicit HeaderReader(std::string_view text) : rest(text) {}

  /// Skips white space, then `token` where it comes next.
  bool take(std::string_view token) {
    skipSpace();
    if (rest.substr(0, token.size()) != token)
      return false;
    rest.remove_prefix(token.size());
    return true;
  }

  bool takeString(std::string_view &text) {
    skipSpace();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos)
      return false;
    text = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }

  bool takeNumber(int64_t &number) {
    skipSpace();
    auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0)
      return false;
    rest.remove_prefix(static_cast<size_t>(stop - rest.data()));
    return true;
  }

  bool atEnd() {
    skipSpace();
    return rest.empty();
  }

private:
  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
  }

  std::string_view rest;
};

struct Header {
  std::string_view type;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};
} // namespace

static constexpr TypeRow typeRows[] = {
    {"<f4", DLC_F32}, {"|u1", DLC_U8},  {"|i1", DLC_I8},  {"<u2", DLC_U16},
    {"<i2", DLC_I16}, {"<i4", DLC_I32}, {"<i8", DLC_I64}, {"|b1", DLC_BOOL},
    {"<f2", DLC_F16}, {"<f8", DLC_F64}, {"<u4", DLC_U32}, {"<u8", DLC_U64},
};

static constexpr std::string_view magic = "\x93NUMPY";

/// "(2, 3)", "(2,)" or "()".
static bool parseShape(HeaderReader &reader, std::vector<int64_t> &shape) {
  if (!reader.take("("))
    return false;
  while (!reader.take(")")) {
    int64_t dim = 0;
    if (!reader.takeNumber(dim))
      return false;
    shape.push_back(dim);
    if (!reader.take(","))
      return reader.take(")");
  }
  return true;
}

static bool parseHeader(std::string_view text, Header &header) {
  HeaderReader reader(text);
  bool hasType = false, hasOrder = false, hasShape = false;
  if (!reader.take("{"))
    return false;
  while (!reader.take("}")) {
    std::string_view key;
    if (!reader.takeString(key) || !reader.take(":"))
      return false;
    if (key == "descr" && !hasType)
      hasType = reader.takeString(header.type);
    else if (key == "fortran_order" && !hasOrder)
      hasOrder = (header.fortranOrder = reader.take("True")) || reader.take("False");
    else if (key == "shape" && !hasShape && parseShape(reader, header.shape))
      hasShape = true;
    else
      return false;
    if (reader.take(","))
      continue;
    if (!reader.take("}"))
      return false;
    break;
  }
  return hasType && hasOrder && hasShape && reader.atEnd();
}

/// Splits a file into header and data.
static bool splitFile(const std::string &path, std::string_view bytes, std::string_view &header,
                      std::string_view &data, Problems &problems) {
  constexpr size_t versionSize = 2;
  if (bytes.substr(0, magic.size()) != magic || bytes.size() < magic.size() + versionSize) {
    problems.add("{}: not a .npy file", path);
    return false;
  }
  const unsigned version = static_cast<unsigned char>(bytes[magic.size()]);
  if (version < 1 || version > 3) {
    problems.add("{}: .npy format version {}; versions 1 to 3 are known", path, version);
    return false;
  }
  bytes.remove_prefix(magic.size() + versionSize);
  const size_t lengthSize = version == 1 ? 2 : 4;
  uint32_t length = 0; // little-endian, as the host is
  if (bytes.size() >= lengthSize)
    memcpy(&length, bytes.data(), lengthSize);
  if (bytes.size() < lengthSize || length > bytes.size() - lengthSize) {
    problems.add("{}: truncated within the .npy header", path);
    return false;
  }
  header = bytes.substr(lengthSize, length);
  data = bytes.substr(lengthSize + length);
  return true;
}

/// Gives the tensor the header's element type and dims.
static bool applyHeader(const std::string &path, const Header &header, Tensor &tensor,
                        Problems &problems) {
  for (const TypeRow &row : typeRows)
    if (row.code == header.type)
      tensor.dtype = row.dtype;
  if (tensor.dtype == 0) {
    problems.add("{}: element type '{}' is not one that dlc-run reads", path,
                 std::string(header.type));
    return false;
  }
  if (header.fortranOrder && header.shape.size() > 1) {
    problems.add("{}: expected C order, found Fortran order", path);
    return false;
  }
  if (header.shape.size() > DLC_MAX_RANK) {
    problems.add("{}: expected a rank of up to {}, found {}", path, DLC_MAX_RANK,
                 header.shape.size());
    return false;
  }
  tensor.dims = header.shape;
  return true;
}

bool dlc::run::parseNpy(const std::string &path, std::string_view bytes, Tensor &tensor,
                        Problems &problems) {
  std::string_view headerText, data;
  if (!splitFile(path, bytes, headerText, data, problems))
    return false;
  Header header;
  if (!parseHeader(headerText, header)) {
    problems.add("{}: the .npy header is malformed", path);
    return false;
  }
  if (!applyHeader(path, header, tensor, problems))
    return false;
  // Before any memory is allocated for it: the header may claim anything.
  int64_t count = 0, expected = 0;
  if (!countElements(tensor.dims, count) ||
      __builtin_mul_overflow(count, int64_t{dlc_dtype_size(tensor.dtype)}, &expected) ||
      static_cast<uint64_t>(expected) != data.size()) {
    problems.add("{}: expected the data of {} elements ({}), found {} bytes", path,
                 dimsText(tensor.dims), dlc_dtype_name(tensor.dtype), data.size());
    return false;
  }
  if (!tensor.allocate(path, problems))
    return false;
  memcpy(tensor.data.data(), data.data(), data.size());
  return checkBools(path, tensor, problems);
}

bool dlc::run::npyHolds(int32_t dtype) {
  for (const TypeRow &row : typeRows)
    if (row.dtype == dtype)
      return true;
  return false;
}

std::string dlc::run::npyHeader(int32_t dtype, const std::vector<int64_t> &dims) {
  std::string_view code;
  for (const TypeRow &row : typeRows)
    if (row.dtype == dtype)
      code = row.code;
  std::string shape;
  for (int64_t dim : dims)
    shape += fmt::format("{}, ", dim);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", code, shape);
  // The data begins at a multiple of 64 bytes; the header ends in a newline.
  constexpr size_t prefixSize = 10, alignment = 64;
  const size_t total = (prefixSize + text.size() + 1 + alignment - 1) / alignment * alignment;
  text.append(total - prefixSize - text.size() - 1, ' ');
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(length & 255), static_cast<char>(length >> 8)};
  return header + text;
}
