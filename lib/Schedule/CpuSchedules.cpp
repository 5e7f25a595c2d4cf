// How boxes are computed on a CPU: the analytic part. Tiles are as large as the vector registers
// allow, since every accumulator more means fewer loads for each multiplication.

#include "Algorithms.h"

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

/// Tile widths of at most `widest` for rows of `width` pixels: tiles of nearly equal width where it
/// is known, else a narrow tile for the rest. The last tile takes single pixels.
static SmallVector<int64_t> getTileWidths(ExprAttr width, int64_t widest) {
  SmallVector<int64_t> widths;
  if (std::optional<int64_t> known = width.getConstant(); known && *known > 0) {
    int64_t tile = llvm::divideCeil(*known, llvm::divideCeil(*known, widest));
    widths = {tile, *known % tile};
  } else {
    widths = {widest, 4};
  }
  llvm::erase_if(widths, [&](int64_t tile) { return tile <= 1 || tile > widest; });
  if (widths.size() == 2 && widths[0] <= widths[1])
    widths.pop_back();
  widths.push_back(1);
  return widths;
}

/// Accumulators along a row, one vector of weights for each output channel and one of the input are
/// in registers. A single channel would load a vector of pixels for each multiplication: its tiles
/// are several rows, which share them, and hold a column of the filter.
static ScheduleAttr getRowConv(TargetAttr target, ConvOp conv, int64_t outputs) {
  int64_t lanes = target.getLanes();
  auto get = [&](ArrayRef<int64_t> pixels, int64_t rows) {
    return ScheduleAttr::get(target.getContext(), Algorithm::row_conv, lanes, outputs, pixels,
                             rows);
  };
  int64_t filterRows = *conv.getFilter().getType().getDim(2).getConstant();
  int64_t mostRows = std::clamp<int64_t>(target.getRegisters() - 1 - filterRows, 1, 8);
  int64_t rows = getTileWidths(conv.getType().getDim(2), mostRows).front();
  if (outputs == 1 && filterRows != 1 && rows != 1)
    return get(lanes, rows);
  int64_t vectors = std::max<int64_t>(1, (target.getRegisters() - 1 - outputs) / outputs);
  vectors = std::min<int64_t>(vectors, 8);
  SmallVector<int64_t> pixels = {vectors * lanes};
  if (vectors != 1)
    pixels.push_back(lanes);
  return get(pixels, 1);
}

/// All channels of a panel are in one group.
static ScheduleAttr getGroupedRowConv(TargetAttr target, ConvOp conv, int64_t groupOutputs) {
  int64_t channels = std::min<int64_t>(groupOutputs, 4);
  while (groupOutputs % channels != 0)
    --channels;
  return getRowConv(target, conv, channels);
}

namespace {
/// A direct convolution, or a matrix product by weights in panels: its rows are pixels.
struct Direct {
  int64_t groups;
  int64_t outputs;    ///< channels of a group
  double rowInputs;   ///< input elements that a row of outputs takes
  int64_t panelSteps; ///< multiply-adds of each output
  ExprAttr images, height, width;
  bool planar;    ///< results are transposed on their way out
  bool isOneRow;  ///< rows of a band lie one behind the other, and are one for the filter
  bool isProduct; ///< whose inputs lie in order
};
} // namespace

/// Cycles of a step of the reduction for a tile of `pixels` times `vectors`: two multiply-adds in
/// each, four for a sum to follow itself, an eighth for each load that has to find its place
/// between them, and weights that come from the L2 cache where `steps` are more than fit the first.
static double getStepCycles(int64_t pixels, int64_t vectors, int64_t steps) {
  constexpr double latency = 4, vectorsPerCycle = 0.375;
  constexpr int64_t stepsInCache = 768;
  auto tile = static_cast<double>(pixels), panel = static_cast<double>(vectors);
  double cycles = std::max(tile * panel / 2, latency);
  if (steps * vectors > stepsInCache)
    cycles = std::max(cycles, panel / vectorsPerCycle);
  return cycles + (tile + panel) / 8;
}

namespace {
/// Runs of `pixels` neighbours that tiles divide, and one of the `others` that are left.
struct Runs {
  int64_t number, pixels, others = 0;

  /// Cycles of a step for all of them by tiles of `widths`.
  double getCycles(ArrayRef<int64_t> widths, int64_t vectors, int64_t steps) const {
    double cycles = 0;
    int64_t ofRun = pixels, ofRest = others;
    for (int64_t width : widths) {
      auto tiles = static_cast<double>(number * (ofRun / width) + ofRest / width);
      cycles += tiles * getStepCycles(width, vectors, steps);
      ofRun %= width, ofRest %= width;
    }
    return cycles;
  }
};
} // namespace

/// The pixels of bands of `rows` rows, where tiles run over the ends of these.
static Runs getBands(const Direct &direct, int64_t rows) {
  int64_t width = direct.width.getConstant().value_or(usualSize);
  int64_t height = direct.height.getConstant().value_or(usualSize);
  return {height / rows, rows * width, height % rows * width};
}

/// The widths, of at most `widest`, by which `runs` take the fewest cycles.
static SmallVector<int64_t> getBestWidths(const Runs &runs, int64_t widest, int64_t vectors,
                                          int64_t steps) {
  SmallVector<int64_t> best;
  double fewest = std::numeric_limits<double>::infinity();
  for (int64_t width = 1; width <= widest; ++width) {
    SmallVector<int64_t> widths = {width, runs.pixels % width, runs.others % width, 1};
    llvm::erase_if(widths, [](int64_t each) { return each == 0; });
    llvm::sort(widths, std::greater<>());
    widths.erase(llvm::unique(widths), widths.end());
    double cycles = runs.getCycles(widths, vectors, steps);
    if (cycles <= fewest) {
      fewest = cycles;
      best = widths;
    }
  }
  return best;
}

/// Rows of a band. Either the inputs of one stay in half of a usual L2 cache while all panels read
/// them, and each band reads the weights; or there are as few bands as a core's share of the last
/// cache allows, whose inputs each panel reads: what takes less from behind the L2 cache. Inputs in
/// order are fetched ahead, which hides most of it.
/// There are enough tasks for the cores of a usual machine, and bands have nearly the same height.
static int64_t getBandRows(const Direct &direct, int64_t panels) {
  constexpr int64_t cached = 64 << 10, cachedLast = 1 << 20, wantedTasks = 24; // elements
  int64_t height = std::max<int64_t>(direct.height.getConstant().value_or(usualSize), 1);
  int64_t images = std::max<int64_t>(direct.images.getConstant().value_or(1), 1);
  auto most = std::max<int64_t>(static_cast<int64_t>(cached / std::max(direct.rowInputs, 1.0)), 1);
  int64_t bands = llvm::divideCeil(height, most);
  auto weights = static_cast<double>(direct.outputs * direct.panelSteps);
  double inputs = direct.rowInputs * static_cast<double>(height);
  double traffic = inputs + weights * static_cast<double>(weights > cached ? bands : 1);
  double inputsSeen = direct.isProduct ? 1.0 / 16 : 1;
  if (inputs * inputsSeen * static_cast<double>(panels) + weights < traffic)
    bands = std::max<int64_t>(static_cast<int64_t>(inputs / cachedLast), 1);
  int64_t wantedBands = llvm::divideCeil(wantedTasks, images * panels);
  return llvm::divideCeil(height, std::max(bands, std::min(wantedBands, height)));
}

/// Cycles of a step of the reduction for a panel, by the tiles of `schedule`.
static double getPanelCycles(const Direct &direct, ScheduleAttr schedule) {
  int64_t width = direct.width.getConstant().value_or(usualSize);
  int64_t height = direct.height.getConstant().value_or(usualSize);
  bool isJoined = direct.isOneRow || (!direct.planar && schedule.joinsRows(width));
  Runs runs = isJoined ? getBands(direct, schedule.getRows()) : Runs{height, width};
  int64_t vectors = schedule.getChannels() / schedule.getLanes();
  return runs.getCycles(schedule.getPixels(), vectors, direct.panelSteps);
}

/// The pixels of the widest tile. Planar results are transposed on their way out, which takes
/// registers beside the accumulators.
static int64_t getWidestTile(TargetAttr target, const Direct &direct, int64_t vectors) {
  constexpr int64_t mostTransposed = 16;
  int64_t widest = std::min((target.getRegisters() - 1 - vectors) / vectors, widestDirectTile);
  return direct.planar ? std::min(widest, mostTransposed / vectors) : widest;
}

/// The tiles of a direct convolution in panels of `vectors` vectors. Accumulators, one vector of
/// weights for each vector of channels and one broadcast pixel are in registers.
static ScheduleAttr getDirectTiles(TargetAttr target, const Direct &direct, int64_t vectors) {
  int64_t blocks = llvm::divideCeil(direct.outputs, target.getLanes());
  int64_t widest = getWidestTile(target, direct, vectors);
  int64_t rows = getBandRows(direct, direct.groups * llvm::divideCeil(blocks, vectors));
  auto getSchedule = [&](ArrayRef<int64_t> pixels) {
    return ScheduleAttr::get(target.getContext(), Algorithm::direct_conv, target.getLanes(),
                             vectors * target.getLanes(), pixels, rows);
  };
  ScheduleAttr ofRows = getSchedule(getTileWidths(direct.width, widest));
  if (direct.planar && !direct.isOneRow)
    return ofRows;
  std::optional<int64_t> width = direct.width.getConstant(), height = direct.height.getConstant();
  if (width == 1 && !height)
    return getSchedule(getTileWidths(direct.height, widest));
  if (!width || !height || *width == 0)
    return ofRows;
  ScheduleAttr ofBands =
      getSchedule(getBestWidths(getBands(direct, rows), widest, vectors, direct.panelSteps));
  bool isPossible = direct.isOneRow || ofBands.joinsRows(*width);
  bool isBetter = getPanelCycles(direct, ofBands) < getPanelCycles(direct, ofRows);
  return isPossible && isBetter ? ofBands : ofRows;
}

/// Panels of so many vectors that pixels of widest tiles take the fewest cycles; of what is nearly
/// as fast, of the first number that divides the channels, which groups of them need. Versions for
/// other sizes of the image have the same panels, so that an artifact holds them once.
static ScheduleAttr getDirectConv(TargetAttr target, const Direct &direct) {
  constexpr double clearly = 15.0 / 16;
  int64_t blocks = llvm::divideCeil(direct.outputs, target.getLanes());
  auto divides = [&](int64_t vectors) { return blocks % vectors == 0; };
  SmallVector<int64_t> candidates;
  for (bool wanted : {true, false})
    llvm::copy_if(ArrayRef<int64_t>({2, 3, 5}), std::back_inserter(candidates),
                  [&](int64_t vectors) { return divides(vectors) == wanted; });
  candidates.push_back(1);
  int64_t best = 1;
  double fewest = std::numeric_limits<double>::infinity();
  for (int64_t vectors : candidates) {
    if (vectors > blocks || (direct.groups != 1 && !divides(vectors)))
      continue;
    int64_t widest = getWidestTile(target, direct, vectors), others = blocks % vectors;
    auto getCycles = [&](int64_t panel) { return getStepCycles(widest, panel, direct.panelSteps); };
    double all = static_cast<double>(blocks / vectors) * getCycles(vectors);
    double cycles = (all + (others != 0 ? getCycles(others) : 0)) / static_cast<double>(widest);
    if (cycles < fewest * clearly) {
      best = vectors;
      fewest = cycles;
    }
  }
  return getDirectTiles(target, direct, best);
}

/// Tiles of rows times vectors of columns, so many that their sums stay in registers. The rows of a
/// band share what lies in the caches.
static ScheduleAttr getTiles(TargetAttr target, Algorithm algorithm, ExprAttr rows,
                             ExprAttr columns) {
  int64_t vectors = target.getRegisters() < 32 ? 2 : 4, bandsOfTiles = 8;
  if (std::optional<int64_t> known = columns ? columns.getConstant() : std::nullopt)
    vectors = std::clamp<int64_t>(llvm::divideCeil(*known, target.getLanes()), 1, vectors);
  int64_t widest = std::min<int64_t>((target.getRegisters() - 1 - vectors) / vectors, 8);
  SmallVector<int64_t> heights = getTileWidths(rows, widest);
  return ScheduleAttr::get(target.getContext(), algorithm, target.getLanes(),
                           vectors * target.getLanes(), heights, bandsOfTiles * heights[0]);
}

static ScheduleAttr getMatmul(TargetAttr target, MatmulOp matmul) {
  ExprAttr one = ExprAttr::constant(target.getContext(), 1);
  return getTiles(target, Algorithm::matmul, matmul.getRows() ? matmul.getRows() : one,
                  matmul.getColumns() ? matmul.getColumns() : one);
}

/// A few neighbours share the weights and most of the pixels that they load.
static ScheduleAttr getDepthwise(TargetAttr target, ExprAttr width) {
  return ScheduleAttr::get(target.getContext(), Algorithm::depthwise, target.getLanes(),
                           target.getLanes(), getTileWidths(width, 8), 1);
}

/// Whether a filter of one element goes over planar images without halos.
static bool isOneRow(KernelOp box, ConvOp conv) {
  auto isDense = [](Value value) { return !cast<PlannedType>(value.getType()).getLayout(); };
  auto input = dyn_cast<BlockArgument>(getReadImage(conv));
  ArrayRef<ExprAttr> filter = conv.getFilter().getType().getDims();
  return input && isDense(box.getInputs()[input.getArgNumber()]) && isDense(box.getResult(0)) &&
         llvm::all_of(filter.take_back(2), [](ExprAttr dim) { return dim.getConstant() == 1; }) &&
         llvm::all_of(conv.getStrides(), [](int64_t stride) { return stride == 1; }) &&
         llvm::all_of(conv.getPads(), [](int64_t pad) { return pad == 0; });
}

static Direct getDirect(KernelOp box, ConvOp conv) {
  ArrayRef<ExprAttr> dims = conv.getType().getDims();
  ArrayRef<ExprAttr> filter = conv.getFilter().getType().getDims();
  int64_t groups = conv.getGroup(), inputs = *filter[1].getConstant();
  int64_t outputs = *filter[0].getConstant() / groups;
  int64_t taps = *filter[2].getConstant() * *filter[3].getConstant();
  // What a row of outputs takes beyond the row before it.
  double rowPixels = static_cast<double>(dims[3].getConstant().value_or(usualSize)) *
                     static_cast<double>(conv.getStrides()[1]) *
                     static_cast<double>(std::min(*filter[2].getConstant(), conv.getStrides()[0]));
  double rowInputs = rowPixels * static_cast<double>(inputs * groups);
  return {groups,
          outputs,
          rowInputs,
          inputs * taps,
          dims[0],
          dims[2],
          dims[3],
          !isBlocked(box.getResult(0)),
          isOneRow(box, conv),
          /*isProduct=*/false};
}

static Direct getDirect(MatmulOp matmul) {
  ArrayRef<ExprAttr> dims = matmul.getType().getDims();
  int64_t inputs = *matmul.getInnerDim().getConstant();
  ExprAttr one = ExprAttr::constant(matmul.getContext(), 1);
  return {/*groups=*/1,
          *dims.back().getConstant(),
          static_cast<double>(inputs),
          inputs,
          one,
          getProduct(matmul.getContext(), dims.drop_back()),
          one,
          /*planar=*/false,
          /*isOneRow=*/false,
          /*isProduct=*/true};
}

static ScheduleAttr chooseConv(KernelOp box, ConvOp conv, TargetAttr target,
                               const WinogradGains &winograd) {
  int64_t groupOutputs =
      *conv.getFilter().getType().getDim(0).getConstant() / static_cast<int64_t>(conv.getGroup());
  ExprAttr width = conv.getType().getDim(3);
  switch (getConvForm(conv, target)) {
  case ConvForm::direct:
    if (ScheduleAttr schedule = chooseWinograd(box, conv, target, winograd))
      return schedule;
    return getDirectConv(target, getDirect(box, conv));
  case ConvForm::channels:
    if (isBlocked(box.getResult(0)))
      return getDepthwise(target, width);
    [[fallthrough]];
  case ConvForm::rows:
    return conv.getGroup() == 1 ? getRowConv(target, conv, groupOutputs)
                                : getGroupedRowConv(target, conv, groupOutputs);
  }
  llvm_unreachable("all forms are handled");
}

static ScheduleAttr getLoops(TargetAttr target) {
  return ScheduleAttr::get(target.getContext(), Algorithm::loops, target.getLanes(), 1,
                           {target.getLanes()}, 1);
}

// Tasks of this many elements are long beside what it takes to start one, and short beside a launch
// that is worth more than one thread.
static constexpr int64_t usualTask = 4096, usualLength = 256;

/// A row of the result at a time, or a block of rows that are columns of an operand.
static ScheduleAttr getElements(TargetAttr target, KernelOp box) {
  ArrayRef<ExprAttr> dims = cast<PlannedType>(box.getResult(0).getType()).getDims();
  int64_t length = dims.empty() ? 1 : dims.back().getConstant().value_or(usualLength);
  std::optional<int64_t> dim = getTransposedDim(box.getYield().getOperand(0));
  bool isBlock = dim && dims[*dim].getConstant().value_or(usualLength) >= target.getLanes();
  int64_t channels = isBlock ? target.getLanes() : 1;
  int64_t rows = std::max<int64_t>(1, usualTask / (std::max<int64_t>(length, 1) * channels));
  return ScheduleAttr::get(target.getContext(), Algorithm::loops, target.getLanes(), channels,
                           {target.getLanes()}, rows);
}

/// `pixels` of a block at a time: their loads overlap.
static ScheduleAttr getBlocks(TargetAttr target, ArrayRef<ExprAttr> dims, int64_t pixels,
                              int64_t leastRows = 1) {
  int64_t width = dims.back().getConstant().value_or(usualLength);
  int64_t rows = usualTask / (std::max<int64_t>(width, 1) * target.getLanes());
  return ScheduleAttr::get(target.getContext(), Algorithm::blocks, target.getLanes(),
                           target.getLanes(), {pixels, 1}, std::max(rows, leastRows));
}

/// Several vectors of sums at a time: their loads and additions overlap.
static ScheduleAttr getColumnSums(TargetAttr target) {
  return ScheduleAttr::get(target.getContext(), Algorithm::loops, target.getLanes(), 1,
                           {4 * target.getLanes(), target.getLanes()}, 1);
}

/// Tasks of some thousand elements.
static ScheduleAttr getRows(TargetAttr target, ArrayRef<ExprAttr> rowDims) {
  ExprAttr size = getProduct(target.getContext(), rowDims);
  int64_t length = (size ? size.getConstant() : std::nullopt).value_or(usualLength);
  int64_t rows = std::max<int64_t>(1, usualTask / std::max<int64_t>(length, 1));
  return ScheduleAttr::get(target.getContext(), Algorithm::rows, target.getLanes(),
                           4 * target.getLanes(), {target.getLanes()}, rows);
}

/// Tiles of queries times vectors of keys, as in a matrix product. The queries of a band share keys
/// that the kernel has transposed.
static ScheduleAttr getAttention(TargetAttr target, AttentionOp attention) {
  return getTiles(target, Algorithm::attention, attention.getType().getDim(2), ExprAttr());
}

/// Sums of all gates of a vector of the state, their weights and one element of the state are in
/// registers; a few sequences share the weights.
static ScheduleAttr getRecurrence(TargetAttr target, RecurrenceOp recurrence) {
  int64_t gates = recurrence.getNumGates();
  int64_t widest = std::clamp<int64_t>((target.getRegisters() - 1 - gates) / gates, 1, 4);
  if (recurrence.getLengths()) // each sequence by itself
    widest = 1;
  auto heights = llvm::to_vector(llvm::reverse(llvm::seq_inclusive<int64_t>(1, widest)));
  return ScheduleAttr::get(target.getContext(), Algorithm::recurrence, target.getLanes(),
                           gates * target.getLanes(), heights, heights.front());
}

/// One block of channels of some pixels: enough of them for the loads to overlap.
static ScheduleAttr getPool(TargetAttr target) {
  return ScheduleAttr::get(target.getContext(), Algorithm::pool, target.getLanes(),
                           target.getLanes(), {8}, 1);
}

/// Several rows and vectors share what depends on the column alone, and pixels what depends on the
/// row.
static ScheduleAttr getResize(TargetAttr target, KernelOp box) {
  constexpr int64_t sharing = 8;
  Value result = box.getResult(0);
  if (isBlocked(result))
    return getBlocks(target, cast<PlannedType>(result.getType()).getDims(), 4, sharing);
  return ScheduleAttr::get(target.getContext(), Algorithm::loops, target.getLanes(), 1,
                           {4 * target.getLanes(), target.getLanes()}, sharing);
}

ScheduleAttr dlc::chooseCpuSchedule(KernelOp box, TargetAttr target,
                                    const WinogradGains &winograd) {
  auto type = cast<PlannedType>(box.getResult(0).getType());
  if (ConvOp conv = getFirst<ConvOp>(box))
    return chooseConv(box, conv, target, winograd);
  if (MatmulOp matmul = getFirst<MatmulOp>(box)) {
    if (!isPacked(matmul))
      return getMatmul(target, matmul);
    return getDirectConv(target, getDirect(matmul));
  }
  if (AttentionOp attention = getFirst<AttentionOp>(box))
    return getAttention(target, attention);
  if (RecurrenceOp recurrence = getFirst<RecurrenceOp>(box))
    return getRecurrence(target, recurrence);
  if (box.getKind() == BoxKind::pool && isBlocked(box.getInputs()[0]))
    return getPool(target);
  if (SoftmaxOp softmax = getFirst<SoftmaxOp>(box))
    return getRows(target, softmax.getType().getDim(softmax.getDim()));
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return getRows(target, norm.getType().getDims().drop_front(norm.getDim()));
  if (ReduceOp reduce = getFirst<ReduceOp>(box); reduce && reduce.keepsLastDim())
    return getColumnSums(target);
  if (getFirst<ResizeOp>(box))
    return getResize(target, box);
  // A copy from one layout to the other transposes as many pixels as channels.
  if (isCopy(box) && isBlocked(box.getInputs()[0]) != isBlocked(box.getResult(0)))
    return getBlocks(target, type.getDims(), target.getLanes());
  if (isElementwiseOnImages(box) && isBlocked(box.getResult(0)))
    return getBlocks(target, type.getDims(), 4);
  return box.getKind() == BoxKind::loops ? getElements(target, box) : getLoops(target);
}
