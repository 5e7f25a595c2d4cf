// How boxes are computed on a GPU: a thread for each vector of a result, or tiles of products that
// the threads of a block share.

#include "Algorithms.h"
#include "ConvDepths.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

static constexpr int64_t blockThreads = 256;
/// Rows of a product whose number is not known.
static constexpr int64_t usualRows = 128;

static ScheduleAttr get(MLIRContext *context, Algorithm algorithm, int64_t lanes, int64_t channels,
                        ArrayRef<int64_t> pixels, int64_t rows) {
  return ScheduleAttr::get(context, algorithm, lanes, channels, pixels, rows);
}

/// As many neighbours as 16 bytes hold, where rows of all results consist of such vectors; windows
/// and sums of rows, whose neighbours share nothing, are computed by themselves.
static int64_t getLanes(KernelOp box) {
  auto isLast = [](Type type) { return hasChannelsLast(cast<PlannedType>(type)); };
  Type result = box.getResult(0).getType();
  if (getFirst<PoolOp>(box) && isLast(result) && llvm::all_of(box.getInputs().getTypes(), isLast))
    return 4; // of which all chunks are multiples
  int64_t bytes = 1;
  for (Operation &op : box.getBody().front().without_terminator()) {
    auto reduce = dyn_cast<ReduceOp>(op);
    if (isa<PoolOp, ResizeOp, GatherOp>(op) || (reduce && !reduce.keepsLastDim()))
      return 1;
    for (Type type : op.getResultTypes())
      bytes = std::max(bytes, cast<PlannedType>(type).getElementBytes());
  }
  auto type = cast<PlannedType>(box.getResult(0).getType());
  ArrayRef<ExprAttr> dims = type.getDims();
  ExprAttr last = hasChannelsLast(type) ? dims[1] : dims.empty() ? ExprAttr() : dims.back();
  std::optional<int64_t> row = last ? last.getConstant() : std::nullopt;
  int64_t lanes = std::min<int64_t>(16 / bytes, 8);
  return row && *row % lanes == 0 && lanes >= 2 ? lanes : 1;
}

/// Whether a box does nothing but give an image its channels last: it writes 16 bytes at a time.
static bool isReorder(KernelOp box) {
  auto from = cast<PlannedType>(box.getInputs().front().getType());
  return llvm::hasSingleElement(box.getBody().front()) && box.getInputs().size() == 1 &&
         hasChannelsLast(cast<PlannedType>(box.getResult(0).getType())) && !hasChannelsLast(from);
}

static ScheduleAttr getLoops(KernelOp box) {
  int64_t lanes = getLanes(box);
  if (!box.getInputs().empty() && isReorder(box))
    lanes = cast<DeviceLayoutAttr>(cast<PlannedType>(box.getResult(0).getType()).getLayout())
                .getChunk();
  return get(box.getContext(), Algorithm::cuda_loops, lanes, 1, {lanes}, blockThreads);
}

/// A block for each row, no larger than the row needs; a thread for each column.
static ScheduleAttr getRows(KernelOp box, ArrayRef<ExprAttr> rowDims, bool areColumns) {
  constexpr int64_t usualLength = 1024, elementsOfThread = 8, warp = 32;
  ExprAttr size = getProduct(box.getContext(), rowDims);
  int64_t length = (size ? size.getConstant() : std::nullopt).value_or(usualLength);
  int64_t threads =
      llvm::PowerOf2Ceil(llvm::divideCeil(std::max<int64_t>(length, 1), elementsOfThread));
  threads = areColumns ? 128 : std::clamp<int64_t>(threads, warp, blockThreads);
  return get(box.getContext(), Algorithm::cuda_rows, 1, 1, {1}, threads);
}

std::optional<SmallVector<ExprAttr>> dlc::getLongRow(ReduceOp reduce) {
  constexpr int64_t shortest = 32;
  ArrayRef<ExprAttr> dims = reduce.getInput().getType().getDims();
  SmallVector<int64_t> axes = reduce.getSortedAxes().value_or(SmallVector<int64_t>());
  SmallVector<ExprAttr> row;
  for (int64_t dim = dims.size(); dim-- != 0 && llvm::is_contained(axes, dim);)
    row.push_back(dims[dim]);
  ExprAttr size = getProduct(reduce.getContext(), row);
  if (!size || size.getConstant().value_or(shortest) < shortest)
    return std::nullopt;
  return row;
}

namespace {
/// A product that is computed in tiles. Sizes that only the run knows are estimated.
struct Product {
  Algorithm algorithm;
  Precision precision;
  int64_t rows;
  std::optional<int64_t> inner;
  int64_t columns, products = 1;
  /// Operands that are not copied as they lie: slices of them take registers on their way.
  int64_t throughRegisters = 2;
  bool takesWarpgroups = false; ///< the device has them, and both operands are copied as they lie

  /// Tiles of all products.
  int64_t countTiles(int64_t tileRows, int64_t tileColumns) const {
    return products * llvm::divideCeil(rows, tileRows) * llvm::divideCeil(columns, tileColumns);
  }
  /// Whether warpgroups have tiles for all processors: else smaller ones of mma.sync may be better.
  bool hasManyGroupTiles() const {
    constexpr int64_t smallest = 64;
    return takesWarpgroups && rows > smallest / 2 && columns > smallest / 2 &&
           countTiles(smallest, smallest) >= usualProcessors;
  }
};
} // namespace

/// The product of the dims. Of those that are not known the first one, a batch, may be small.
static int64_t estimate(ArrayRef<ExprAttr> dims, int64_t usual) {
  int64_t product = 1;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    int64_t size = dim.getConstant().value_or(i == 0 && dims.size() > 1 ? 1 : usual);
    if (__builtin_mul_overflow(product, size, &product))
      return std::numeric_limits<int32_t>::max();
  }
  return product;
}

/// How many blocks share a tile: so many that a large GPU has blocks for all of its processors, as
/// long as each has some steps to do.
static int64_t getSlices(const Product &product, int64_t tileRows, int64_t tileColumns,
                         int64_t step) {
  constexpr int64_t fewestSteps = 3, most = 16;
  static_assert(usualBlocks <= deviceZeros / static_cast<int64_t>(sizeof(int32_t)),
                "each tile that is shared has a counter");
  int64_t tiles = product.countTiles(tileRows, tileColumns);
  if (tiles == 0 || !product.inner)
    return 1;
  int64_t steps = llvm::divideCeil(*product.inner, step);
  int64_t slices = std::min({usualBlocks / tiles, steps / fewestSteps, most});
  if (slices < 2)
    return 1;
  return llvm::divideCeil(steps, llvm::divideCeil(steps, slices)); // no empty ones
}

/// Blocks of 256 threads, each with a tile of 4 x 4 sums; fewer output channels make longer tiles.
static ScheduleAttr getScalarTiles(MLIRContext *context, const Product &product) {
  int64_t width = std::clamp<int64_t>(llvm::PowerOf2Ceil(product.columns), 8, 64);
  int64_t lanes = 4, step = 16;
  int64_t rows = std::min<int64_t>(blockThreads / (width / lanes) * 4, 256);
  return ScheduleAttr::get(context, product.algorithm, lanes, width, {rows, 4}, step,
                           Precision::fp32, getSlices(product, rows, width, step));
}

namespace {
/// A tile of tensor cores, and what a step of it takes of a processor that has enough blocks, in
/// cycles.
struct TensorTile {
  int64_t rows, columns, warpRows; ///< the last one of a warpgroup, where these multiply
  double cycles;
  /// Where warpgroups multiply, what a block takes beside its steps, as far as no other one hides
  /// it.
  double beside = 0;

  bool isOfWarpgroups() const { return beside != 0; }

  /// Cycles until all blocks are done, where `slices` share a tile: a processor with one block
  /// waits for memory some of the time, and whoever adds up slices reads all of them. What
  /// warpgroups leave to be added up is so much that it has to be written and read, too.
  double estimate(const Product &product, int64_t slices, int64_t steps) const {
    double products = product.precision == Precision::tf32x3 ? 3 : 1; // of two pieces
    constexpr double exchange = 2500, perSum = 0.06, perSumOfAll = 0.0032;
    double begin = isOfWarpgroups() ? 1000 : 2500, fewest = isOfWarpgroups() ? 375 : 350;
    auto sums = static_cast<double>(rows * columns);
    double blocks = static_cast<double>(product.countTiles(rows, columns) * slices);
    double turns = std::ceil(blocks / usualProcessors);
    double step = std::max(cycles * products * turns, fewest);
    double cost =
        begin + beside * turns + step * static_cast<double>(llvm::divideCeil(steps, slices));
    if (slices == 1)
      return cost;
    cost += exchange + perSum * sums * static_cast<double>(slices);
    return isOfWarpgroups() ? cost + perSumOfAll * sums * blocks : cost;
  }
};
} // namespace

/// The sums of a tile for which registers suffice; half of it beside slices of one operand that
/// come through registers, a quarter of it beside those of two, or beside words that are split.
static constexpr int64_t mostSums = 128 * 128;

/// The tile, and how many blocks share one, that are estimated to be done first.
static ScheduleAttr getTensorTiles(MLIRContext *context, const Product &product) {
  static constexpr TensorTile tiles[] = {
      {128, 256, 64, 1040, 6500}, {128, 192, 64, 800, 6500}, {128, 128, 64, 560, 5000},
      {128, 96, 64, 540, 2400},   {128, 64, 64, 450, 2400},  {64, 128, 64, 375, 3000},
      {64, 64, 64, 300, 1800},    {128, 128, 64, 1400},      {128, 64, 64, 800},
      {64, 64, 32, 480},          {64, 32, 16, 300},         {128, 16, 32, 330},
      {32, 32, 16, 200},          {32, 16, 16, 150}};
  Precision precision = product.precision;
  Type type = getOperandType(context, precision);
  int64_t step = 128 / DeviceLayoutAttr::get(context, type, false).getElementBytes();
  int64_t steps = llvm::divideCeil(product.inner.value_or(usualRows), step);
  int64_t most = mostSums >> std::max<int64_t>(product.throughRegisters,
                                               precision == Precision::tf32x3 ? 2 : 0);
  const TensorTile *chosen = nullptr;
  int64_t chosenSlices = 1;
  double least = 0;
  for (const TensorTile &tile : tiles) {
    bool isLast = &tile == std::prev(std::end(tiles));
    bool isTooWide = tile.columns > 16 && tile.columns >= 2 * product.columns;
    bool isTooTall = tile.rows > 32 && tile.rows >= 2 * product.rows;
    bool isTooLarge = !tile.isOfWarpgroups() && tile.rows * tile.columns > most;
    if (tile.isOfWarpgroups() ? !product.takesWarpgroups : product.hasManyGroupTiles())
      continue;
    if ((isTooWide || isTooTall || isTooLarge) && !(isLast && !chosen))
      continue;
    int64_t mostSlices = getSlices(product, tile.rows, tile.columns, step);
    for (int64_t slices = 1; slices <= mostSlices; ++slices) {
      int64_t own = llvm::divideCeil(steps, slices);
      if (static_cast<int64_t>(llvm::divideCeil(steps, own)) != slices) // some are empty
        continue;
      double cost = tile.estimate(product, slices, steps);
      if (chosen && cost >= least)
        continue;
      chosen = &tile;
      chosenSlices = slices;
      least = cost;
    }
  }
  Algorithm algorithm = chosen->isOfWarpgroups() ? Algorithm::cuda_wgmma : product.algorithm;
  return ScheduleAttr::get(context, algorithm, /*lanes=*/2, chosen->columns,
                           {chosen->rows, chosen->warpRows}, step, precision, chosenSlices);
}

static ScheduleAttr getTiles(MLIRContext *context, const Product &product) {
  return product.precision == Precision::fp32 ? getScalarTiles(context, product)
                                              : getTensorTiles(context, product);
}

/// Where an operand of an op in a box comes from: outside of the box, if it is the box's operand.
static Value getSource(Value operand) {
  auto argument = dyn_cast<BlockArgument>(operand);
  if (!argument)
    return operand;
  auto box = cast<KernelOp>(argument.getOwner()->getParentOp());
  return box.getInputs()[argument.getArgNumber()];
}

/// What a product whose left operand is `lhs` is computed of: what lies as f32 early in a deep
/// network is not rounded.
static Precision getPrecision(Value lhs, DeviceAttr device, const ConvDepths &depths) {
  if (device.getPrecision() == Precision::fp32)
    return Precision::fp32;
  Value source = getSource(lhs);
  auto type = cast<PlannedType>(source.getType());
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(type.getLayout());
  bool isExact = layout ? layout.getType().isF32() : depths.isEarly(source);
  return isExact ? Precision::tf32x3 : device.getPrecision();
}

/// Finds how the left operand of a product by weights comes to be multiplied; the weights are
/// copied as they lie.
static void considerLeft(Product &product, Operation *op, Value lhs, DeviceAttr device) {
  Precision precision = product.precision;
  bool isCopied = readsChunks(op, cast<PlannedType>(getSource(lhs).getType()),
                              getOperandType(device.getContext(), precision));
  bool hasWarpgroups = device.getArchitecture() == 90 && device.getSpecific();
  bool isOfWarpgroups = precision != Precision::fp32 && precision != Precision::tf32x3;
  product.throughRegisters = isCopied ? 0 : 1;
  product.takesWarpgroups = isCopied && hasWarpgroups && isOfWarpgroups;
}

/// The product of the dims, where it is known.
static std::optional<int64_t> count(MLIRContext *context, ArrayRef<ExprAttr> dims) {
  ExprAttr product = getProduct(context, dims);
  return product ? product.getConstant() : std::nullopt;
}

/// A thread for each vector of channels where each of them has a filter of its own and they are
/// neighbours, else for each element.
static ScheduleAttr getWindow(KernelOp box, ConvOp conv) {
  auto isLast = [](Type type) { return hasChannelsLast(cast<PlannedType>(type)); };
  auto result = cast<PlannedType>(box.getResult(0).getType());
  bool isDepthwise = conv.getFilter().getType().getDim(1).getConstant() == 1 &&
                     result.getDim(1).getConstant() == static_cast<int64_t>(conv.getGroup());
  auto areLast = [&](Value value) {
    return isa_and_nonnull<ConstantOp>(value.getDefiningOp()) || isLast(value.getType());
  };
  int64_t lanes = 1;
  if (isDepthwise && isLast(result) && llvm::all_of(box.getInputs(), areLast))
    lanes = cast<DeviceLayoutAttr>(result.getLayout()).getChunk();
  return get(box.getContext(), Algorithm::cuda_window, lanes, 1, {lanes}, blockThreads);
}

static ScheduleAttr getConv(KernelOp box, ConvOp conv, DeviceAttr device,
                            const ConvDepths &depths) {
  ArrayRef<ExprAttr> dims = conv.getType().getDims();
  if (conv.getGroup() != 1)
    return getWindow(box, conv);
  constexpr int64_t manyPixels = 1 << 20;
  std::optional<int64_t> pixels = count(device.getContext(), {dims[0], dims[2], dims[3]});
  Product product = {Algorithm::cuda_gemm, getPrecision(conv.getInput(), device, depths),
                     pixels.value_or(manyPixels),
                     count(device.getContext(), conv.getFilter().getType().getDims().drop_front()),
                     *dims[1].getConstant()};
  considerLeft(product, conv, conv.getInput(), device);
  return getTiles(device.getContext(), product);
}

static ScheduleAttr getMatmul(MatmulOp matmul, DeviceAttr device, const ConvDepths &depths) {
  ArrayRef<ExprAttr> dims = matmul.getType().getDims();
  std::optional<int64_t> inner = matmul.getInnerDim().getConstant();
  auto getSize = [](ExprAttr dim) { return dim ? dim.getConstant().value_or(usualRows) : 1; };
  Precision precision = getPrecision(matmul.getLhs(), device, depths);
  Product product = {Algorithm::cuda_matmul,       precision,
                     getSize(matmul.getRows()),    inner,
                     getSize(matmul.getColumns()), estimate(matmul.getBatchDims(), 1)};
  if (isPacked(matmul)) {
    product = {Algorithm::cuda_gemm, precision, estimate(dims.drop_back(), usualRows), inner,
               *dims.back().getConstant()};
    considerLeft(product, matmul, matmul.getLhs(), device);
  }
  return getTiles(device.getContext(), product);
}

/// How many keys an attention takes in a step: so many that shared memory holds them and their
/// values, and registers a thread's part of the queries, of the result, which is scaled in each
/// step, and of scores and what they become. The fewest possible ones where both are long; 0 where
/// there is no room even for them.
static int64_t getStepKeys(AttentionOp attention, Precision precision, int64_t tileRows,
                           int64_t groups) {
  constexpr int64_t memoryWords = 11 << 10, mostWords = 16 << 10; // 44 and 64 KB
  constexpr int64_t mostRegisters = 150;
  // Of more keys ptxas loads too many ahead of their products, and keeps them in memory.
  constexpr int64_t mostScalarKeys = 32;
  bool isScalar = precision == Precision::fp32;
  int64_t parts = precision == Precision::fp16 || precision == Precision::bf16 ? 2 : 1;
  int64_t size = *attention.getQuery().getType().getDim(3).getConstant();
  int64_t valueSize = *attention.getType().getDim(3).getConstant();
  int64_t queryWords = isScalar ? tileRows * (size + 12) : 0;
  int64_t fewest = 0;
  for (int64_t keys : {64, 32, 16}) {
    if (keys % (groups * 8 * parts) != 0)
      break;
    if (isScalar && keys > mostScalarKeys)
      continue;
    int64_t words = keys / parts * (size + valueSize + 32) + queryWords;
    int64_t registers = (isScalar ? 0 : size / parts / 2) + 3 * valueSize / 4 + keys / groups;
    if (words <= memoryWords && registers <= mostRegisters)
      return keys;
    // Two stages of operands that lie as they are multiplied are twice as much.
    if (words <= (isScalar ? mostWords : memoryWords))
      fewest = keys;
  }
  return fewest;
}

/// Four warps: each with queries of its own, or where that makes too few blocks, with keys of its
/// own.
static ScheduleAttr getAttention(AttentionOp attention, DeviceAttr device) {
  constexpr int64_t warps = 4, warpSize = 32, warpRows = 16;
  Precision precision = device.getPrecision();
  ArrayRef<ExprAttr> dims = attention.getType().getDims();
  std::optional<int64_t> heads = count(device.getContext(), dims.take_front(2));
  int64_t length = dims[2].getConstant().value_or(2 * warpRows);
  for (int64_t rowWarps : {4, 2, 1}) {
    int64_t tileRows = rowWarps * warpRows;
    bool isLast = rowWarps == 1;
    bool isFull = !heads || *heads * llvm::divideCeil(length, tileRows) >= usualProcessors;
    bool isTooLong = tileRows >= 2 * length;
    if (!isLast && (!isFull || isTooLong))
      continue;
    if (int64_t keys = getStepKeys(attention, precision, tileRows, warps / rowWarps))
      return ScheduleAttr::get(device.getContext(), Algorithm::cuda_attention, /*lanes=*/1, keys,
                               {tileRows}, warps * warpSize, precision, /*slices=*/1);
  }
  return ScheduleAttr();
}

ScheduleAttr dlc::chooseCudaSchedule(KernelOp box, DeviceAttr device, const ConvDepths &depths) {
  for (Operation &op : box.getBody().front().without_terminator())
    if (getDeviceObstacle(&op))
      return ScheduleAttr();
  if (ConvOp conv = getFirst<ConvOp>(box))
    return getConv(box, conv, device, depths);
  if (MatmulOp matmul = getFirst<MatmulOp>(box))
    return getMatmul(matmul, device, depths);
  if (AttentionOp attention = getFirst<AttentionOp>(box))
    return getAttention(attention, device);
  if (SoftmaxOp softmax = getFirst<SoftmaxOp>(box)) {
    PlannedType type = softmax.getType();
    int64_t axis = softmax.getDim();
    return getRows(box, type.getDim(axis), axis + 1 != type.getRank());
  }
  if (getFirst<LastWriterOp>(box)) // of one block, as large as there are
    return get(box.getContext(), Algorithm::cuda_rows, 1, 1, {1}, 1024);
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return getRows(box, norm.getType().getDims().drop_front(norm.getDim()), false);
  if (ReduceOp reduce = getFirst<ReduceOp>(box); reduce && !reduce.keepsLastDim())
    if (std::optional<SmallVector<ExprAttr>> row = getLongRow(reduce))
      return getRows(box, *row, false);
  return getLoops(box);
}
