// Data stays where it is mapped; only dense attributes and weights that others are combined with
// get memory, the latter once for all equal ones.

#include "BindWeights.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/IR/LibraryCall.h"

using namespace mlir;
using namespace dlc;

using EmitError = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

/// Dense attributes are for small constants: their data is copied, and a few characters of text can
/// stand for any number of equal elements.
static constexpr int64_t maxDenseBytes = int64_t(1) << 30;

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

/// The data of a weight's source.
static FailureOr<WeightData> bindData(WeightAttr weight, ArrayRef<StringRef> sources,
                                      EmitError emitError) {
  if (auto dense = dyn_cast<DenseElementsAttr>(weight.getSource())) {
    int64_t bytes = dense.getNumElements() *
                    llvm::divideCeil(dense.getElementType().getIntOrFloatBitWidth(), 8);
    if (bytes > maxDenseBytes)
      return emitError() << "expected at most " << maxDenseBytes
                         << " bytes of a dense source, found " << bytes;
    return WeightData{{}, getDenseBytes(dense)};
  }
  auto range = cast<RangeAttr>(weight.getSource());
  if (range.getFile() >= static_cast<int64_t>(sources.size()))
    return emitError() << "expected one of " << sources.size() << " sources, found source "
                       << range.getFile();
  StringRef file = sources[range.getFile()];
  uint64_t begin = range.getOffset(), length = range.getLength();
  if (begin > file.size() || length > file.size() - begin)
    return emitError() << "expected bytes " << begin << " to " << begin + length
                       << " of its source, which has " << file.size();
  return WeightData{file.substr(begin, length), {}};
}

//===----------------------------------------------------------------------===//
// Recipes
//===----------------------------------------------------------------------===//

/// Folding a normalization nests three deep.
static constexpr int maxDepth = 32;

namespace {
/// Binds recipes and keeps the weights that they combine with, each computed once.
class RecipeBinder {
public:
  explicit RecipeBinder(ArrayRef<StringRef> sources) : sources(sources) {}

  /// `depth` counts the weights that this one is inside of.
  FailureOr<Recipe> bind(WeightAttr weight, EmitError emitError, int depth = 0) {
    return bindRecipe(weight,
                      [&](WeightAttr other) { return compute(other, emitError, depth + 1); });
  }

private:
  FailureOr<Operand> compute(WeightAttr weight, EmitError emitError, int depth) {
    if (Operand known = operands.lookup(weight))
      return known;
    auto emitInnerError = [&] { return emitError() << "a weight of its recipe: "; };
    if (depth > maxDepth)
      return emitInnerError() << "expected weights in recipes of weights at most " << maxDepth
                              << " deep";
    FailureOr<WeightData> data = bindData(weight, sources, emitInnerError);
    if (failed(data))
      return failure();
    FailureOr<Recipe> recipe = bind(weight, emitError, depth);
    if (failed(recipe))
      return failure();
    auto operand = std::make_shared<const std::vector<double>>(
        evaluateUnrounded(*recipe, data->bytes().data()));
    operands[weight] = operand;
    return operand;
  }

  ArrayRef<StringRef> sources;
  llvm::DenseMap<Attribute, Operand> operands;
};
} // namespace

FailureOr<std::vector<BoundWeight>> dlc::bindWeights(ModuleOp module, const SourceFiles &files) {
  FailureOr<SmallVector<PlacedWeight>> placed = getWeights(module);
  if (failed(placed))
    return failure();
  FailureOr<SmallVector<StringRef>> sources = bindSources(module, files);
  if (failed(sources))
    return failure();
  std::vector<BoundWeight> weights(placed->size());
  RecipeBinder recipes(*sources);
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
    for (Attribute attr : weight.placed.weight.getParts()) {
      auto part = cast<WeightAttr>(attr);
      FailureOr<WeightData> data = bindData(part, *sources, emitError);
      if (failed(data))
        return failure();
      FailureOr<Recipe> recipe = recipes.bind(part, emitError);
      if (failed(recipe))
        return failure();
      weight.parts.push_back({std::move(*data), std::move(*recipe)});
    }
  }
  return weights;
}

int64_t dlc::getSectionSize(ArrayRef<BoundWeight> weights) {
  return weights.empty() ? 0 : weights.back().placed.offset + weights.back().placed.size;
}
