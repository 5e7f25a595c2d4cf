#include "Literal.h"

#include "Elements.h"
#include "ReadNumber.h"

#include <cmath>
#include <string_view>

using namespace dlc::run;

namespace {
/// Splits a literal into elements: with commas between them, in nested brackets or without.
/// Elements are quoted, with \n, \t, \" and \\, or what stands between commas and brackets.
class Splitter {
public:
  explicit Splitter(std::string_view text) : rest(text) {}

  /// Returns null, or what is wrong.
  const char *split() {
    skipSpaces();
    bracketed = !rest.empty() && rest[0] == '[';
    if (bracketed) {
      if (const char *problem = splitList(0))
        return problem;
      skipSpaces();
      return rest.empty() ? nullptr : "expected nothing behind the last bracket";
    }
    do {
      if (const char *problem = splitElement(","))
        return problem;
    } while (take(','));
    return rest.empty() ? nullptr : "expected a comma behind a quoted string";
  }

  std::vector<std::string> elements;
  bool bracketed = false;
  std::vector<int64_t> dims; // of brackets

private:
  void skipSpaces() {
    while (!rest.empty() && rest[0] == ' ')
      rest.remove_prefix(1);
  }

  bool take(char c) {
    skipSpaces();
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  /// Takes a list within `depth` others.
  const char *splitList(size_t depth) {
    rest.remove_prefix(1);
    if (depth == DLC_MAX_RANK)
      return "expected at most 32 nested brackets";
    if (depth == dims.size())
      dims.push_back(-1);
    int64_t count = 0;
    bool ended = take(']');
    while (!ended) {
      skipSpaces();
      const bool isList = !rest.empty() && rest[0] == '[';
      if (!isList && elementDepth == 0)
        elementDepth = dims.size();
      if (isList ? elementDepth != 0 && elementDepth <= depth + 1 : elementDepth != depth + 1)
        return "expected all elements within equally many brackets";
      if (const char *problem = isList ? splitList(depth + 1) : splitElement(",]"))
        return problem;
      ++count;
      ended = take(']');
      if (!ended && !take(','))
        return "expected a comma or a closing bracket";
    }
    if (dims[depth] >= 0 && dims[depth] != count)
      return "expected lists of equal lengths";
    dims[depth] = count;
    return nullptr;
  }

  const char *splitElement(std::string_view ends) {
    skipSpaces();
    std::string element;
    if (!rest.empty() && rest[0] == '"') {
      for (rest.remove_prefix(1); !rest.empty() && rest[0] != '"'; rest.remove_prefix(1)) {
        if (rest[0] == '\\' && rest.size() > 1)
          rest.remove_prefix(1), element += rest[0] == 'n' ? '\n' : rest[0] == 't' ? '\t' : rest[0];
        else
          element += rest[0];
      }
      if (!take('"'))
        return "expected a closing quotation mark";
      skipSpaces();
    } else {
      element = rest.substr(0, rest.find_first_of(ends));
      rest.remove_prefix(element.size());
      while (!element.empty() && element.back() == ' ')
        element.pop_back();
    }
    elements.push_back(std::move(element));
    return nullptr;
  }

  std::string_view rest;
  size_t elementDepth = 0; // brackets around each element; 0 before the first
};
} // namespace

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

template <typename T>
static bool parseElements(const std::string &source, const std::vector<std::string> &parts,
                          Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!readNumber(parts[i], tensor.as<T>()[i])) {
      problems.add("{}: '{}' is not a number of type {}", source, parts[i],
                   dlc_dtype_name(tensor.dtype));
      return false;
    }
  }
  return true;
}

/// Elements of the 16-bit types that C++ has no arithmetic for.
static bool parseNarrow(const std::string &source, const std::vector<std::string> &parts,
                        Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    double number = 0;
    char *element = tensor.data.data() + i * sizeof(uint16_t);
    const bool parsed = readNumber(parts[i], number);
    storeElement(tensor.dtype, number, element);
    if (!parsed || (std::isfinite(number) && std::isinf(loadElement(tensor.dtype, element)))) {
      problems.add("{}: '{}' is not a number of type {}", source, parts[i],
                   dlc_dtype_name(tensor.dtype));
      return false;
    }
  }
  return true;
}

static bool parseBools(const std::string &source, const std::vector<std::string> &parts,
                       Tensor &tensor, Problems &problems) {
  for (size_t i = 0; i < parts.size(); ++i) {
    bool value = parts[i] == "1" || parts[i] == "true";
    if (!value && parts[i] != "0" && parts[i] != "false") {
      problems.add("{}: '{}' is not a bool (0, 1, false, true)", source, parts[i]);
      return false;
    }
    tensor.as<uint8_t>()[i] = value;
  }
  return true;
}

/// Finds the elements of a literal and the dims that they fill.
static bool splitLiteral(const std::string &source, const dlc_tensor_info &info, Splitter &splitter,
                         std::vector<int64_t> &dims, Problems &problems) {
  if (const char *problem = splitter.split()) {
    problems.add("{}: {}", source, problem);
    return false;
  }
  const auto count = static_cast<int64_t>(splitter.elements.size());
  if (splitter.bracketed)
    dims = splitter.dims;
  else if (info.flags & DLC_INFO_ANY_DIMS)
    dims = {count};
  else
    return fitDims(source, info, count, dims, problems);
  return true;
}

bool dlc::run::parseLiteral(const std::string &source, const std::string &text,
                            const dlc_tensor_info &info, Tensor &tensor, Problems &problems) {
  if (info.dtype == 0) {
    problems.add("{}: elements of any type are taken; use a file, which says theirs", source);
    return false;
  }
  if (info.dtype != DLC_STRING && !checkNumbers(source, info.dtype, problems))
    return false;
  Splitter splitter(text);
  if (!splitLiteral(source, info, splitter, tensor.dims, problems))
    return false;
  const std::vector<std::string> &parts = splitter.elements;
  if (info.dtype == DLC_STRING)
    return tensor.setStrings(source, {parts.begin(), parts.end()}, problems);
  tensor.dtype = info.dtype;
  if (!tensor.allocate(source, problems))
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
