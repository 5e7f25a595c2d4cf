// Ops on strings.

#include "Elements.h"

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Concatenation and splitting
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(string_concat) {
  const dlc_value *lhs = call.tensor(0, strings), *rhs = call.tensor(1, strings);
  Dims dims;
  int64_t count;
  if (!lhs || !rhs || !call.broadcastDims(Dims(lhs), Dims(rhs), dims) ||
      !call.countElements(dims, count))
    return stopped;
  auto visit = [&](auto each) {
    Walk walk(dims);
    walk.follow(Dims(lhs));
    walk.follow(Dims(rhs));
    for (int64_t i = 0; i < count; ++i, walk.next())
      each(i, stringAt(lhs, walk.offset(0)), stringAt(rhs, walk.offset(1)));
  };
  uint64_t extra = 0;
  visit([&](int64_t, dlc_string head, dlc_string tail) { extra += head.size + tail.size; });
  dlc_value *result = call.output(0, DLC_DTYPE_STRING, dims, extra);
  if (!result)
    return stopped;
  char *bytes = reinterpret_cast<char *>(&stringAt(result, 0) + count);
  visit([&](int64_t i, dlc_string head, dlc_string tail) {
    stringAt(result, i) = {bytes, head.size + tail.size};
    if (head.size)
      memcpy(bytes, head.data, head.size);
    if (tail.size)
      memcpy(bytes + head.size, tail.data, tail.size);
    bytes += head.size + tail.size;
  });
  return done;
}

namespace {
/// The substrings of a string, one after the other.
class Splitter {
public:
  /// Without a delimiter runs of white space split; with `mostSplits` < 0 nothing limits.
  Splitter(dlc_string text, dlc_string delimiter, int64_t mostSplits)
      : rest(text), delimiter(delimiter), splitsLeft(mostSplits) {
    if (delimiter.size == 0) {
      skipSpace();
      while (rest.size && isSpace(rest.data[rest.size - 1]))
        --rest.size;
      isDone = rest.size == 0;
    }
  }

  bool next(dlc_string &part) {
    if (isDone)
      return false;
    uint64_t end = splitsLeft == 0 ? rest.size : findEnd();
    part = {rest.data, end};
    isDone = end == rest.size;
    if (isDone)
      return true;
    uint64_t skipped = end + delimiter.size;
    rest = {rest.data + skipped, rest.size - skipped};
    if (delimiter.size == 0)
      skipSpace();
    --splitsLeft;
    return true;
  }

private:
  static bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skipSpace() {
    while (rest.size && isSpace(rest.data[0]))
      ++rest.data, --rest.size;
  }

  /// Where the next delimiter begins, or the end.
  uint64_t findEnd() const {
    for (uint64_t i = 0; i < rest.size; ++i)
      if (delimiter.size == 0 ? isSpace(rest.data[i])
                              : rest.size - i >= delimiter.size &&
                                    memcmp(rest.data + i, delimiter.data, delimiter.size) == 0)
        return i;
    return rest.size;
  }

  dlc_string rest, delimiter;
  int64_t splitsLeft;
  bool isDone = false;
};
} // namespace

/// The substrings of each element along a new last dim, filled up with empty ones, and how many
/// there are.
DLC_LIBRARY_OP(string_split) {
  const dlc_value *input = call.tensor(0, strings);
  if (!input || !call.expectRoom(uint64_t(input->rank) + 1))
    return stopped;
  dlc_string delimiter = call.stringAttribute("delimiter", "");
  int64_t mostSplits = call.intAttribute("maxsplit", -1);
  auto splitter = [&](uint64_t i) { return Splitter(stringAt(input, i), delimiter, mostSplits); };
  int64_t most = 0;
  uint64_t extra = 0;
  dlc_string part;
  for (uint64_t i = 0; i < input->count; ++i) {
    int64_t count = 0;
    for (Splitter each = splitter(i); each.next(part); ++count)
      extra += part.size;
    most = count > most ? count : most;
  }
  Dims dims(input);
  dims.push(most);
  dlc_value *parts = call.output(0, DLC_DTYPE_STRING, dims, extra);
  dlc_value *counts = parts ? call.output(1, DLC_DTYPE_I64, Dims(input)) : nullptr;
  if (!counts)
    return stopped;
  Copier copier(parts);
  for (uint64_t i = 0; i < input->count; ++i) {
    int64_t count = 0;
    for (Splitter each = splitter(i); each.next(part); ++count)
      copier.copyString(int64_t(i) * most + count, part);
    storeInteger(counts, i, count);
    for (; count < most; ++count)
      copier.copyString(int64_t(i) * most + count, {});
  }
  return done;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The attribute's strings in the shape `dims`.
DLC_LIBRARY_OP(string_constant) {
  List<dlc_string> elements = call.stringsAttribute("strings");
  Dims dims;
  uint64_t extra = 0;
  int64_t count;
  List<int64_t> sizes = call.intsAttribute("dims");
  if (!call.expectRoom(sizes.count))
    return stopped;
  for (int64_t size : sizes)
    dims.push(size);
  if (!call.countElements(dims, count))
    return stopped;
  if (uint64_t(count) != elements.count)
    return call.fail("expected %ld strings, found %lu", long(count),
                     static_cast<unsigned long>(elements.count));
  for (dlc_string element : elements)
    extra += element.size;
  dlc_value *result = call.output(0, DLC_DTYPE_STRING, dims, extra);
  if (!result)
    return stopped;
  Copier copier(result);
  for (int64_t i = 0; i < count; ++i)
    copier.copyString(i, elements.data[i]);
  return done;
}

//===----------------------------------------------------------------------===//
// Case
//===----------------------------------------------------------------------===//

enum Case : uint32_t { sameCase, lowerCase, upperCase };

namespace {
/// Letters whose lower form lies `distance` behind the upper one.
struct CaseRange {
  uint32_t first, last, distance; // upper forms
};
} // namespace

static constexpr CaseRange caseRanges[] = {{'A', 'Z', 32},     {0xc0, 0xd6, 32},   // Latin
                                           {0xd8, 0xde, 32},   {0x391, 0x3a1, 32}, // Greek
                                           {0x3a3, 0x3ab, 32}, {0x400, 0x40f, 80}, // Cyrillic
                                           {0x410, 0x42f, 32}};

/// The letter in another case. Both forms have equally many bytes in UTF-8.
static uint32_t changeCase(uint32_t letter, uint32_t to) {
  for (const CaseRange &range : caseRanges) {
    if (to == lowerCase && letter >= range.first && letter <= range.last)
      return letter + range.distance;
    if (to == upperCase && letter >= range.first + range.distance &&
        letter <= range.last + range.distance)
      return letter - range.distance;
  }
  return letter;
}

/// The byte at `i` of a text in another case: of letters of one byte or two.
static char byteInCase(dlc_string text, uint64_t i, uint32_t to) {
  auto at = [&](uint64_t k) { return k < text.size ? uint8_t(text.data[k]) : uint8_t(0); };
  auto isLead = [](uint8_t byte) { return byte >= 0xc2 && byte <= 0xdf; };
  auto isTail = [](uint8_t byte) { return (byte & 0xc0) == 0x80; };
  uint8_t byte = at(i), before = i ? at(i - 1) : 0;
  if (byte < 0x80)
    return char(changeCase(byte, to));
  if (isLead(byte) && isTail(at(i + 1)))
    return char(0xc0 | changeCase((byte & 0x1fu) << 6 | (at(i + 1) & 0x3fu), to) >> 6);
  if (isTail(byte) && isLead(before))
    return char(0x80 | (changeCase((before & 0x1fu) << 6 | (byte & 0x3fu), to) & 0x3f));
  return char(byte);
}

static bool equalsInCase(dlc_string lhs, dlc_string rhs, uint32_t to) {
  bool equal = lhs.size == rhs.size;
  for (uint64_t i = 0; equal && i < lhs.size; ++i)
    equal = byteInCase(lhs, i, to) == byteInCase(rhs, i, to);
  return equal;
}

/// A vector, or a row, without the stop words and in one case: letters of the Latin, Greek and
/// Cyrillic alphabets that have both forms in two bytes of UTF-8. One empty string where none is
/// left.
DLC_LIBRARY_OP(string_normalizer) {
  const dlc_value *input = call.tensor(0, strings);
  uint32_t to;
  if (!input || !call.keyword("case_change_action", "NONE", "NONE LOWER UPPER", to))
    return stopped;
  if (input->rank == 0 || input->rank > 2 || (input->rank == 2 && input->dims[0] != 1))
    return call.fail("expected a vector or a row, found dims %s", DimsText(Dims(input)).text);
  List<dlc_string> stopwords = call.stringsAttribute("stopwords");
  uint32_t comparedIn = call.flag("is_case_sensitive") ? sameCase : lowerCase;
  auto isKept = [&](dlc_string text) {
    for (dlc_string word : stopwords)
      if (equalsInCase(text, word, comparedIn))
        return false;
    return true;
  };
  int64_t count = 0;
  uint64_t extra = 0;
  for (uint64_t i = 0; i < input->count; ++i)
    if (isKept(stringAt(input, i))) {
      ++count;
      extra += stringAt(input, i).size;
    }
  Dims dims(input->rank, 1);
  dims[input->rank - 1] = count ? count : 1;
  dlc_value *result = call.output(0, DLC_DTYPE_STRING, dims, extra);
  if (!result)
    return stopped;
  Copier copier(result);
  if (count == 0)
    copier.copyString(0, {});
  int64_t next = 0;
  for (uint64_t i = 0; i < input->count; ++i) {
    dlc_string text = stringAt(input, i);
    if (!isKept(text))
      continue;
    copier.copyString(next, text);
    char *bytes = const_cast<char *>(stringAt(result, next++).data);
    for (uint64_t k = 0; k < text.size; ++k)
      bytes[k] = byteInCase(text, k, to);
  }
  return done;
}
