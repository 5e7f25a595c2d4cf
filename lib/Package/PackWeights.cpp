// Data is read straight from the mapped model and written straight to the mapped artifact, each
// byte once; padding is what the new file has already. The work is cut into units that write to
// different places; where a recipe computes or moves elements, the unit's own are computed first.

#include "PackWeights.h"

#include "dlc/IR/Winograd.h"

#include "llvm/Support/Parallel.h"

#include <cstring>

using namespace mlir;
using namespace dlc;

namespace {
/// One weight on its way into the section. Its elements are those before the layout.
struct Copy {
  const BoundWeight *weight;
  char *to;
  SmallVector<int64_t> shape;
  Attribute layout;
  int64_t elements, elementBytes;
};

/// What is written as one unit: elements `begin` to `end`, which lie at `from`.
struct Unit {
  int64_t index;
  int64_t begin, end;
  const char *from;
};
} // namespace

/// Bytes that are copied as one unit where elements keep their order.
static constexpr int64_t chunkBytes = 1 << 20;

static int64_t getChunkElements(const Copy &copy) {
  return std::max<int64_t>(1, chunkBytes / copy.elementBytes);
}

/// The taps of a filter; a matrix has one.
static int64_t countTaps(const Copy &copy) {
  return copy.shape.size() == 2 ? 1 : copy.shape[2] * copy.shape[3];
}

/// Panel of a filter: [C/inputs][KH][KW][inputs][outputs].
static void packFilterPanel(const Copy &copy, FilterLayoutAttr layout, const Unit &unit) {
  int64_t channels = copy.shape[1], taps = countTaps(copy);
  int64_t inputs = layout.getInputs(), outputs = layout.getOutputs();
  int64_t rows = std::min(outputs, copy.shape[0] - unit.index * outputs);
  withElementBytes(copy.elementBytes, [&](auto bytes) {
    char *panel =
        copy.to + unit.index * llvm::divideCeil(channels, inputs) * taps * inputs * outputs * bytes;
    const char *from = unit.from;
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t c = 0; c < channels; ++c) {
        char *to = panel + ((c / inputs * taps * inputs + c % inputs) * outputs + m) * bytes;
        for (int64_t tap = 0; tap < taps; ++tap, from += bytes, to += inputs * outputs * bytes)
          std::memcpy(to, from, bytes);
      }
  });
}

/// Factors of channel `c` and output `m` of a panel from its 3x3 taps.
static void packFactors(const float *taps, float *to, int64_t pitch) {
  constexpr int64_t size = Winograd::inputs;
  std::array<std::array<double, size>, Winograd::taps> rows;
  for (int64_t row = 0; row < Winograd::taps; ++row) {
    std::array<double, Winograd::taps> values;
    for (double &value : values)
      value = *taps++;
    rows[row] = Winograd::transformFilter(values);
  }
  for (int64_t column = 0; column < size; ++column) {
    std::array<double, size> values =
        Winograd::transformFilter({rows[0][column], rows[1][column], rows[2][column]});
    for (int64_t row = 0; row < size; ++row)
      to[(row * size + column) * pitch] = static_cast<float>(values[row]);
  }
}

/// Panel of a filter as factors: [36][C/inputs][inputs][outputs].
static void packWinogradPanel(const Copy &copy, FilterLayoutAttr layout, const Unit &unit) {
  int64_t channels = copy.shape[1], outputs = layout.getOutputs();
  int64_t matrix = llvm::alignTo(channels, layout.getInputs()) * outputs;
  int64_t rows = std::min(outputs, copy.shape[0] - unit.index * outputs);
  auto *panel = reinterpret_cast<float *>(copy.to) + unit.index * Winograd::factors * matrix;
  const char *from = unit.from;
  std::array<float, Winograd::taps * Winograd::taps> taps;
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t c = 0; c < channels; ++c, from += sizeof(taps)) {
      std::memcpy(taps.data(), from, sizeof(taps));
      packFactors(taps.data(), panel + c * outputs + m, matrix);
    }
}

/// Direction of a recurrence: [H/lanes][K][gates][lanes].
static void packGates(const Copy &copy, GateLayoutAttr layout, const Unit &unit) {
  int64_t gates = layout.getGates(), lanes = layout.getLanes(), inner = copy.shape[2];
  int64_t size = copy.shape[1] / gates, blocks = llvm::divideCeil(size, lanes);
  withElementBytes(copy.elementBytes, [&](auto bytes) {
    char *matrix = copy.to + unit.index * blocks * inner * gates * lanes * bytes;
    const char *from = unit.from;
    for (int64_t row = 0; row < copy.shape[1]; ++row) {
      int64_t gate = row / size, place = row % size;
      int64_t first = (place / lanes * inner * gates + gate) * lanes + place % lanes;
      for (int64_t k = 0; k < inner; ++k, from += bytes)
        std::memcpy(matrix + (first + k * gates * lanes) * bytes, from, bytes);
    }
  });
}

/// To nearest, of two to the even one.
static uint16_t toHalf(uint32_t bits) {
  constexpr uint32_t infinity = 0x7f800000, overflow = 0x477ff000, smallestNormal = 0x38800000;
  auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > infinity)
    return sign | 0x7e00; // a NaN
  if (magnitude >= overflow)
    return sign | 0x7c00;
  if (magnitude < smallestNormal) { // the last bit of 0.5 is that of the result
    float sum = llvm::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(llvm::bit_cast<uint32_t>(sum) - 0x3f000000);
  }
  uint32_t odd = magnitude >> 13 & 1;
  return sign | static_cast<uint16_t>((magnitude + 0xfff + odd - 0x38000000) >> 13);
}

static uint16_t toBfloat(uint32_t bits) {
  bool isNan = (bits & 0x7fffffff) > 0x7f800000;
  uint32_t rounded = isNan ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
  return static_cast<uint16_t>(rounded >> 16);
}

/// To nearest, of two to the one further from zero.
static uint32_t toTf32(uint32_t bits) {
  bool isNan = (bits & 0x7fffffff) > 0x7f800000;
  return isNan ? bits : (bits + 0x1000) & ~uint32_t(0x1fff);
}

/// Row of a filter or matrix, all that belongs to an output: [KH][KW][C], zeros behind channels.
template <typename Element, typename Convert>
static void packDeviceRow(const Copy &copy, DeviceLayoutAttr layout, const Unit &unit,
                          Convert convert) {
  int64_t channels = copy.shape[1], taps = countTaps(copy);
  int64_t pitch = llvm::alignTo(channels, layout.getChunk());
  char *row = copy.to + unit.index * taps * pitch * static_cast<int64_t>(sizeof(Element));
  const char *from = unit.from;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t tap = 0; tap < taps; ++tap, from += sizeof(uint32_t)) {
      uint32_t bits;
      std::memcpy(&bits, from, sizeof(bits));
      Element element = convert(bits);
      std::memcpy(row + (tap * pitch + c) * sizeof(element), &element, sizeof(element));
    }
}

static void packDeviceRow(const Copy &copy, DeviceLayoutAttr layout, const Unit &unit) {
  Type type = layout.getType();
  if (type.isF16())
    return packDeviceRow<uint16_t>(copy, layout, unit, toHalf);
  if (type.isBF16())
    return packDeviceRow<uint16_t>(copy, layout, unit, toBfloat);
  bool isTf32 = type.isTF32();
  packDeviceRow<uint32_t>(copy, layout, unit,
                          [&](uint32_t bits) { return isTf32 ? toTf32(bits) : bits; });
}

static int64_t countUnits(const Copy &copy) {
  if (copy.elements == 0)
    return 0;
  if (isa_and_nonnull<DeviceLayoutAttr>(copy.layout))
    return copy.shape[0];
  if (auto filter = dyn_cast_or_null<FilterLayoutAttr>(copy.layout))
    return llvm::divideCeil(copy.shape[0], filter.getOutputs());
  if (isa_and_nonnull<GateLayoutAttr>(copy.layout))
    return copy.shape[0];
  return llvm::divideCeil(copy.elements, getChunkElements(copy));
}

/// A unit without its data.
static Unit getUnit(const Copy &copy, int64_t index) {
  if (auto filter = dyn_cast_or_null<FilterLayoutAttr>(copy.layout)) {
    int64_t first = index * filter.getOutputs();
    int64_t last = std::min(first + filter.getOutputs(), copy.shape[0]);
    int64_t rowElements = copy.shape[1] * countTaps(copy);
    return {index, first * rowElements, last * rowElements, nullptr};
  }
  if (isa_and_nonnull<DeviceLayoutAttr>(copy.layout)) {
    int64_t row = copy.shape[1] * countTaps(copy);
    return {index, index * row, (index + 1) * row, nullptr};
  }
  if (isa_and_nonnull<GateLayoutAttr>(copy.layout)) {
    int64_t matrix = copy.shape[1] * copy.shape[2];
    return {index, index * matrix, (index + 1) * matrix, nullptr};
  }
  int64_t begin = index * getChunkElements(copy);
  return {index, begin, std::min(begin + getChunkElements(copy), copy.elements), nullptr};
}

/// Elements `begin` to `end` of a weight, computed part by part.
static SmallVector<char, 0> compute(const Copy &copy, int64_t begin, int64_t end) {
  SmallVector<char, 0> computed;
  computed.resize_for_overwrite((end - begin) * copy.elementBytes);
  int64_t start = 0; // where the part begins
  for (const BoundWeight::Part &part : copy.weight->parts) {
    int64_t first = std::max(begin, start), last = std::min(end, start + part.countElements());
    if (first < last)
      evaluate(part.recipe, part.data.bytes().data(), first - start, last - start,
               computed.data() + (first - begin) * copy.elementBytes);
    start += part.countElements();
  }
  return computed;
}

static void packUnit(const Copy &copy, int64_t index) {
  Unit unit = getUnit(copy, index);
  ArrayRef<BoundWeight::Part> parts = copy.weight->parts;
  SmallVector<char, 0> computed;
  if (parts.size() == 1 && parts[0].recipe.isIdentity()) {
    unit.from = parts[0].data.bytes().data() + unit.begin * copy.elementBytes;
  } else {
    computed = compute(copy, unit.begin, unit.end);
    unit.from = computed.data();
  }
  if (auto filter = dyn_cast_or_null<FilterLayoutAttr>(copy.layout))
    return filter.getWinograd() ? packWinogradPanel(copy, filter, unit)
                                : packFilterPanel(copy, filter, unit);
  if (auto device = dyn_cast_or_null<DeviceLayoutAttr>(copy.layout))
    return packDeviceRow(copy, device, unit);
  if (auto gates = dyn_cast_or_null<GateLayoutAttr>(copy.layout))
    return packGates(copy, gates, unit);
  // Dense, or a padded vector: the elements come first.
  std::memcpy(copy.to + unit.begin * copy.elementBytes, unit.from,
              (unit.end - unit.begin) * copy.elementBytes);
}

void dlc::packWeights(ArrayRef<BoundWeight> weights, char *section) {
  SmallVector<Copy> copies;
  SmallVector<std::pair<size_t, int64_t>> units; // index of the copy, unit of it
  for (auto [index, weight] : llvm::enumerate(weights)) {
    WeightAttr attr = weight.placed.weight;
    int64_t elements = 0;
    for (const BoundWeight::Part &part : weight.parts)
      elements += part.countElements();
    copies.push_back({&weight, section + weight.placed.offset, attr.getResultShape(),
                      attr.getLayout(), elements, weight.parts[0].recipe.elementBytes});
    for (int64_t unit = 0, count = countUnits(copies.back()); unit < count; ++unit)
      units.push_back({index, unit});
  }
  llvm::parallelFor(0, units.size(), [&](size_t index) {
    packUnit(copies[units[index].first], units[index].second);
  });
}
