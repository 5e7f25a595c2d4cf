// Which convolutions are faster in Winograd's form, and by which tiles.

#include "Algorithms.h"

#include "dlc/IR/Program.h"
#include "dlc/IR/Winograd.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

// The model counts cycles of a core: two multiply-adds a cycle, and weights from memory (15 GB/s at
// 3.3 GHz, measured on a Zen 3), since a network has more of them than caches hold. Transforms are
// measured.
static constexpr double fmasPerCycle = 2, bytesPerCycle = 4.5, transformInput = 150,
                        transformOutput = 180;

/// Bytes of a task's transformed inputs: with its sums they take half of a usual L2 cache.
static constexpr int64_t inputBytes = 320 << 10;
/// Tasks that keep all cores of a usual machine busy to the end, and the output channels of one
/// that make up for transforming its inputs.
static constexpr int64_t wantedTasks = 12, leastChannels = 64;

namespace {
struct Problem {
  Problem(ConvOp conv, TargetAttr target) : lanes(target.getLanes()) {
    PlannedType type = conv.getType();
    ArrayRef<ExprAttr> filter = conv.getFilter().getType().getDims();
    auto getSize = [&](int64_t dim, int64_t usual) {
      return std::max<int64_t>(type.getDim(dim).getConstant().value_or(usual), 1);
    };
    images = getSize(0, 1), height = getSize(2, usualSize), width = getSize(3, usualSize);
    outputs = *filter[0].getConstant(), inputs = *filter[1].getConstant();
  }

  int64_t images, height, width, inputs, outputs, lanes;

  int64_t tiles() const {
    return llvm::divideCeil(height, Winograd::outputs) * llvm::divideCeil(width, Winograd::outputs);
  }
  /// Blocks of tiles, each for a task.
  int64_t getBlocks() const {
    int64_t most = inputBytes / (Winograd::factors * 4 * llvm::alignTo(inputs, lanes));
    return llvm::divideCeil(tiles(), std::clamp<int64_t>(most, 12, 28));
  }
  /// Few tiles leave work for several tasks in the output channels alone.
  int64_t getGroups() const {
    return std::clamp<int64_t>(wantedTasks / (images * getBlocks()), 1,
                               std::max<int64_t>(outputs / leastChannels, 1));
  }
  double inputBlocks() const { return static_cast<double>(llvm::divideCeil(inputs, lanes)); }
  double outputBlocks() const { return static_cast<double>(llvm::divideCeil(outputs, lanes)); }

  /// Cycles for `taps` vectors of multiply-adds of each pair of blocks, or for weights of so many.
  double getCycles(double vectors, double taps) const {
    auto lane = static_cast<double>(lanes);
    double pairs = inputBlocks() * outputBlocks() * lane;
    return std::max(static_cast<double>(images) * vectors * pairs / fmasPerCycle,
                    pairs * taps * lane * 4 / bytesPerCycle);
  }
  double getDirectCycles() const {
    constexpr double taps = Winograd::taps * Winograd::taps;
    return getCycles(static_cast<double>(height * width) * taps, taps);
  }
  double getWinogradCycles(int64_t groups) const {
    double all = static_cast<double>(images * tiles());
    return getCycles(static_cast<double>(tiles() * Winograd::factors), Winograd::factors) +
           all * (inputBlocks() * static_cast<double>(groups) * transformInput +
                  outputBlocks() * transformOutput);
  }
};
} // namespace

/// Whether the form is defined for `conv`, and fills vectors.
static bool isPossible(ConvOp conv, TargetAttr target) {
  ArrayRef<ExprAttr> filter = conv.getFilter().getType().getDims();
  return conv.getGroup() == 1 && hasWholeBlocks(conv, target) &&
         Winograd::areOne(conv.getStrides()) && Winograd::areOne(conv.getDilations()) &&
         llvm::all_of(filter.take_back(2),
                      [](ExprAttr dim) { return dim.getConstant() == Winograd::taps; }) &&
         *filter[0].getConstant() >= target.getLanes() &&
         *filter[1].getConstant() >= target.getLanes();
}

static double getWinogradGain(ConvOp conv, TargetAttr target) {
  if (!isPossible(conv, target))
    return -std::numeric_limits<double>::infinity();
  Problem problem(conv, target);
  return problem.getDirectCycles() - problem.getWinogradCycles(problem.getGroups());
}

/// What convolutions with the same filter have in common: the contents, where it is a constant.
static const void *getFilterKey(ConvOp conv) {
  Value filter = conv.getFilter();
  auto box = conv->getParentOfType<KernelOp>();
  if (auto argument = dyn_cast<BlockArgument>(filter); box && argument)
    filter = box.getInputs()[argument.getArgNumber()];
  if (auto constant = filter.getDefiningOp<ConstantOp>())
    return constant.getValue().getAsOpaquePointer();
  return filter.getAsOpaquePointer();
}

WinogradGains::WinogradGains(ModuleOp module, TargetAttr target) {
  for (auto function : module.getOps<func::FuncOp>()) {
    if (getDevice(function)) // has filters in forms of its own
      continue;
    DenseMap<const void *, double> sums;
    function.walk([&](ConvOp conv) { sums[getFilterKey(conv)] += getWinogradGain(conv, target); });
    for (auto [filter, sum] : sums) {
      auto [known, isNew] = gains.try_emplace(filter, sum);
      known->second = std::min(known->second, sum);
    }
  }
}

double WinogradGains::get(ConvOp conv) const { return gains.lookup(getFilterKey(conv)); }

ScheduleAttr dlc::chooseWinograd(KernelOp box, ConvOp conv, TargetAttr target,
                                 const WinogradGains &gains) {
  auto input = dyn_cast<BlockArgument>(getReadImage(conv));
  if (!input || !isBlocked(box.getInputs()[input.getArgNumber()]) || !isBlocked(box.getResult(0)) ||
      gains.get(conv) <= 0)
    return {};
  Problem problem(conv, target);
  int64_t lanes = problem.lanes, groups = problem.getGroups(), blocks = problem.getBlocks();
  int64_t channels = llvm::alignTo(llvm::divideCeil(problem.outputs, groups), lanes);
  int64_t vectors = getWinogradPanel(channels, lanes) / lanes;
  int64_t rows = llvm::divideCeil(problem.tiles(), blocks);
  int64_t widest = (target.getRegisters() - 1 - vectors) / vectors;
  int64_t height = llvm::divideCeil(rows, llvm::divideCeil(rows, widest));
  SmallVector<int64_t> heights = {height};
  for (int64_t rest : {rows % height, int64_t{4}, int64_t{1}})
    if (rest > 0 && rest < heights.back())
      heights.push_back(rest);
  return ScheduleAttr::get(target.getContext(), Algorithm::winograd, lanes, channels, heights,
                           rows);
}
