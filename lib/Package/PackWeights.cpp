// Data is read straight from the mapped model and written straight to the mapped artifact, each
// byte once; padding is what the new file has already. The work is cut into units that write to
// different places.

#include "PackWeights.h"

#include "dlc/ABI/Artifact.h"

#include "llvm/Support/Parallel.h"

#include <cstring>

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Binding
//===----------------------------------------------------------------------===//

static int64_t getElementBytes(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// Dense attributes are for small constants: their data is copied, and a few characters of text can
/// stand for any number of equal elements.
static constexpr int64_t maxDenseBytes = int64_t(1) << 30;

/// The bytes of a dense attribute, which keeps a value that all elements share once.
static std::string expand(DenseElementsAttr dense) {
  int64_t count = dense.getNumElements();
  if (dense.getElementType().isInteger(1)) {
    std::string bytes;
    for (bool value : dense.getValues<bool>())
      bytes.push_back(value);
    return bytes;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return std::string(raw.begin(), raw.end());
  std::string bytes;
  bytes.reserve(raw.size() * count);
  for (int64_t index = 0; index < count; ++index)
    bytes.append(raw.begin(), raw.end());
  return bytes;
}

/// The layout that the recipe ends in; null where there is no recipe.
static Attribute getLayout(WeightAttr weight) {
  return weight.getRecipe().empty() ? Attribute()
                                    : cast<PackAttr>(weight.getRecipe().front()).getLayout();
}

/// The contents of the module's sources; null data where a file is missing, which is an error.
static FailureOr<SmallVector<StringRef>> bindSources(ModuleOp module, const SourceFiles &files) {
  FailureOr<SmallVector<SourceAttr>> sources = getSources(module);
  if (failed(sources))
    return failure();
  SmallVector<StringRef> contents;
  bool complete = true;
  for (SourceAttr source : *sources) {
    std::optional<StringRef> bytes = files.find(source.getHash(), source.getSize());
    contents.push_back(bytes.value_or(StringRef()));
    if (bytes)
      continue;
    complete = false;
    module.emitError() << "weights come from a file of " << source.getSize()
                       << " bytes with the XXH3 hash " << source.getHash()
                       << ", which was not given: expected --source=FILE";
  }
  if (!complete)
    return failure();
  return contents;
}

/// Sets the data of a weight.
static LogicalResult bindData(BoundWeight &weight, ArrayRef<StringRef> sources,
                              function_ref<InFlightDiagnostic()> emitError) {
  Attribute source = weight.placed.weight.getSource();
  if (auto dense = dyn_cast<DenseElementsAttr>(source)) {
    int64_t bytes = dense.getNumElements() * getElementBytes(dense.getElementType());
    if (bytes > maxDenseBytes)
      return emitError() << "expected at most " << maxDenseBytes
                         << " bytes of a dense source, found " << bytes;
    weight.owned = expand(dense);
    return success();
  }
  auto range = cast<RangeAttr>(source);
  if (range.getFile() >= static_cast<int64_t>(sources.size()))
    return emitError() << "expected one of " << sources.size() << " sources, found source "
                       << range.getFile();
  StringRef file = sources[range.getFile()];
  uint64_t begin = range.getOffset(), length = range.getLength();
  if (begin > file.size() || length > file.size() - begin)
    return emitError() << "expected bytes " << begin << " to " << begin + length
                       << " of its source, which has " << file.size();
  weight.mapped = file.substr(begin, length);
  return success();
}

FailureOr<std::vector<BoundWeight>> dlc::bindWeights(ModuleOp module, const SourceFiles &files) {
  FailureOr<SmallVector<PlacedWeight>> placed = getWeights(module);
  if (failed(placed))
    return failure();
  FailureOr<SmallVector<StringRef>> sources = bindSources(module, files);
  if (failed(sources))
    return failure();
  std::vector<BoundWeight> weights(placed->size());
  int64_t end = 0;
  for (auto [index, weight] : llvm::enumerate(weights)) {
    weight.placed = (*placed)[index];
    auto emitError = [&, index = index] {
      return module.emitError() << "weight " << index << ": ";
    };
    int64_t offset = weight.placed.offset;
    if (offset < end || offset % DLC_WEIGHTS_ALIGNMENT != 0)
      return emitError() << "expected an offset of at least " << end << ", a multiple of "
                         << DLC_WEIGHTS_ALIGNMENT << ", found " << offset;
    if (llvm::AddOverflow(offset, weight.placed.size, end))
      return emitError() << "expected weights of less than 2^63 bytes";
    // A step takes elements in the tensor's own order, which the first one ends.
    size_t steps = weight.placed.weight.getRecipe().size();
    if (steps > 1)
      return emitError() << "expected a recipe of one step at most, found " << steps;
    if (failed(bindData(weight, *sources, emitError)))
      return failure();
  }
  return weights;
}

int64_t dlc::getSectionSize(ArrayRef<BoundWeight> weights) {
  return weights.empty() ? 0 : weights.back().placed.offset + weights.back().placed.size;
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

namespace {
/// One weight on its way into the section.
struct Copy {
  const char *from;
  char *to;
  size_t size; // bytes at `from`
  ArrayRef<int64_t> shape;
  Attribute layout;
  int64_t elementBytes;
};
} // namespace

/// Bytes that are copied as one unit where elements keep their order.
static constexpr size_t chunkBytes = 1 << 20;

/// Calls `body` with the size of an element as a compile-time constant where it is a usual one.
template <typename Body> static void withElementBytes(int64_t bytes, Body body) {
  switch (bytes) {
  case 1:
    return body(std::integral_constant<size_t, 1>());
  case 2:
    return body(std::integral_constant<size_t, 2>());
  case 4:
    return body(std::integral_constant<size_t, 4>());
  case 8:
    return body(std::integral_constant<size_t, 8>());
  default:
    return body(static_cast<size_t>(bytes));
  }
}

/// Panel `unit` of a filter: [C/inputs][KH][KW][inputs][outputs].
static void packFilterPanel(const Copy &copy, FilterLayoutAttr layout, int64_t unit) {
  int64_t channels = copy.shape[1], taps = copy.shape[2] * copy.shape[3];
  int64_t inputs = layout.getInputs(), outputs = layout.getOutputs();
  int64_t first = unit * outputs, last = std::min(first + outputs, copy.shape[0]);
  withElementBytes(copy.elementBytes, [&](auto bytes) {
    char *panel =
        copy.to + unit * llvm::divideCeil(channels, inputs) * taps * inputs * outputs * bytes;
    for (int64_t m = first; m < last; ++m) {
      const char *from = copy.from + m * channels * taps * bytes;
      for (int64_t c = 0; c < channels; ++c) {
        char *to =
            panel + ((c / inputs * taps * inputs + c % inputs) * outputs + (m - first)) * bytes;
        for (int64_t tap = 0; tap < taps; ++tap, from += bytes, to += inputs * outputs * bytes)
          std::memcpy(to, from, bytes);
      }
    }
  });
}

/// Block `unit` of an image, counted over N and the blocks of C:
/// [top+H+bottom][left+W+right][block].
static void packImageBlock(const Copy &copy, ImageLayoutAttr layout, int64_t unit) {
  int64_t channels = copy.shape[1], height = copy.shape[2], width = copy.shape[3];
  int64_t block = layout.getBlock(), blocks = llvm::divideCeil(channels, block);
  int64_t image = unit / blocks, first = unit % blocks * block;
  int64_t last = std::min(first + block, channels);
  int64_t rowWidth = layout.getLeft() + width + layout.getRight();
  int64_t rows = layout.getTop() + height + layout.getBottom();
  withElementBytes(copy.elementBytes, [&](auto bytes) {
    char *base = copy.to + unit * rows * rowWidth * block * bytes;
    for (int64_t c = first; c < last; ++c) {
      const char *from = copy.from + (image * channels + c) * height * width * bytes;
      for (int64_t h = 0; h < height; ++h) {
        int64_t row = (layout.getTop() + h) * rowWidth + layout.getLeft();
        char *to = base + (row * block + (c - first)) * bytes;
        for (int64_t w = 0; w < width; ++w, from += bytes, to += block * bytes)
          std::memcpy(to, from, bytes);
      }
    }
  });
}

static int64_t countUnits(const Copy &copy) {
  if (copy.size == 0)
    return 0;
  if (auto filter = dyn_cast_or_null<FilterLayoutAttr>(copy.layout))
    return llvm::divideCeil(copy.shape[0], filter.getOutputs());
  if (auto image = dyn_cast_or_null<ImageLayoutAttr>(copy.layout))
    return copy.shape[0] * llvm::divideCeil(copy.shape[1], image.getBlock());
  return llvm::divideCeil(copy.size, chunkBytes);
}

static void packUnit(const Copy &copy, int64_t unit) {
  if (auto filter = dyn_cast_or_null<FilterLayoutAttr>(copy.layout))
    return packFilterPanel(copy, filter, unit);
  if (auto image = dyn_cast_or_null<ImageLayoutAttr>(copy.layout))
    return packImageBlock(copy, image, unit);
  // Dense, or a padded vector: the elements come first.
  size_t begin = unit * chunkBytes;
  std::memcpy(copy.to + begin, copy.from + begin, std::min(chunkBytes, copy.size - begin));
}

void dlc::packWeights(ArrayRef<BoundWeight> weights, char *section) {
  SmallVector<Copy> copies;
  SmallVector<std::pair<size_t, int64_t>> units; // index of the copy, unit of it
  for (auto [index, weight] : llvm::enumerate(weights)) {
    WeightAttr attr = weight.placed.weight;
    copies.push_back({weight.data().data(), section + weight.placed.offset, weight.data().size(),
                      attr.getShape(), getLayout(attr), getElementBytes(attr.getElementType())});
    for (int64_t unit = 0, count = countUnits(copies.back()); unit < count; ++unit)
      units.push_back({index, unit});
  }
  llvm::parallelFor(0, units.size(), [&](size_t index) {
    packUnit(copies[units[index].first], units[index].second);
  });
}
