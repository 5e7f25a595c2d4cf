#include "Literal.h"

#include "Elements.h"

#include <charconv>
#include <cmath>
#include <string_view>

using namespace dlc::run;

static std::vector<std::string_view> splitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ')
      part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ')
      part.remove_suffix(1);
    parts.push_back(part);
    if (comma == std::string_view::npos)
      return parts;
    text.remove_prefix(comma + 1);
  }
}

/// The dims that `count` elements fill.
static bool fitDims(const std::string &source, const dlc_tensor_info &info, int64_t count,
                    std::vector<int64_t> &dims, Problems &problems) {
  dims.assign(info.dims, info.dims + info.rank);
  int64_t *open = nullptr;
  std::vector<int64_t> known;
  for (int64_t &dim : dims) {
    if (dim >= 0)
      known.push_back(dim);
    else if (open) {
      problems.add("{}: numbers alone do not say the dims of rank {}; use a .npy file", source,
                   info.rank);
      return false;
    } else {
      open = &dim;
    }
  }
  int64_t knownCount = 0;
  bool fits = countElements(known, knownCount);
  if (open && fits && knownCount > 0 && count % knownCount == 0) {
    *open = count / knownCount;
    return true;
  }
  if (open || !fits || knownCount != count) {
    problems.add("{}: expected {}{} numbers, found {}", source, open ? "a multiple of " : "",
                 knownCount, count);
    return false;
  }
  return true;
}

template <typename T> static bool parseNumber(std::string_view text, T &number) {
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size();
}

template <typename T>
static bool parseElements(const std::string &source, const std::vector<std::string_view> &parts,
                          Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parseNumber(parts[i], tensor.as<T>()[i])) {
      problems.add("{}: '{}' is not a number of type {}", source, std::string(parts[i]),
                   dlc_dtype_name(tensor.dtype));
      return false;
    }
  }
  return true;
}

/// Elements of the 16-bit types that C++ has no arithmetic for.
static bool parseNarrow(const std::string &source, const std::vector<std::string_view> &parts,
                        Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    double number = 0;
    char *element = tensor.data.data() + i * sizeof(uint16_t);
    const bool parsed = parseNumber(parts[i], number);
    storeElement(tensor.dtype, number, element);
    if (!parsed || (std::isfinite(number) && std::isinf(loadElement(tensor.dtype, element)))) {
      problems.add("{}: '{}' is not a number of type {}", source, std::string(parts[i]),
                   dlc_dtype_name(tensor.dtype));
      return false;
    }
  }
  return true;
}

static bool parseBools(const std::string &source, const std::vector<std::string_view> &parts,
                       Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    bool value = parts[i] == "1" || parts[i] == "true";
    if (!value && parts[i] != "0" && parts[i] != "false") {
      problems.add("{}: '{}' is not a bool (0, 1, false, true)", source, std::string(parts[i]));
      return false;
    }
    tensor.as<uint8_t>()[i] = value;
  }
  return true;
}

bool dlc::run::parseLiteral(const std::string &source, const std::string &text,
                            const dlc_tensor_info &info, Tensor &tensor, Problems &problems) {
  std::vector<std::string_view> parts = splitAtCommas(text);
  tensor.dtype = info.dtype;
  if (!fitDims(source, info, static_cast<int64_t>(parts.size()), tensor.dims, problems) ||
      !tensor.allocate(source, problems))
    return false;
  switch (info.dtype) {
  case DLC_F32:
    return parseElements<float>(source, parts, tensor, problems);
  case DLC_F64:
    return parseElements<double>(source, parts, tensor, problems);
  case DLC_U8:
    return parseElements<uint8_t>(source, parts, tensor, problems);
  case DLC_I8:
    return parseElements<int8_t>(source, parts, tensor, problems);
  case DLC_U16:
    return parseElements<uint16_t>(source, parts, tensor, problems);
  case DLC_I16:
    return parseElements<int16_t>(source, parts, tensor, problems);
  case DLC_I32:
    return parseElements<int32_t>(source, parts, tensor, problems);
  case DLC_I64:
    return parseElements<int64_t>(source, parts, tensor, problems);
  case DLC_U32:
    return parseElements<uint32_t>(source, parts, tensor, problems);
  case DLC_U64:
    return parseElements<uint64_t>(source, parts, tensor, problems);
  case DLC_BOOL:
    return parseBools(source, parts, tensor, problems);
  default: // f16 and bf16
    return parseNarrow(source, parts, tensor, problems);
  }
}
