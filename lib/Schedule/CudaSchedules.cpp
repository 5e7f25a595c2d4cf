// How boxes are computed on a GPU: a thread for each vector of a result, or tiles of products that
// the threads of a block share.

#include "Algorithms.h"

#include "dlc/IR/Emitters.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

static constexpr int64_t blockThreads = 256;

static ScheduleAttr get(MLIRContext *context, Algorithm algorithm, int64_t lanes, int64_t channels,
                        ArrayRef<int64_t> pixels, int64_t rows) {
  return ScheduleAttr::get(context, algorithm, lanes, channels, pixels, rows);
}

/// As many neighbours as 16 bytes hold, where rows of all results consist of such vectors; windows
/// and sums of rows, whose neighbours share nothing, are computed by themselves.
static int64_t getLanes(KernelOp box) {
  int64_t bytes = 1;
  for (Operation &op : box.getBody().front().without_terminator()) {
    auto reduce = dyn_cast<ReduceOp>(op);
    if (isa<PoolOp, ResizeOp, GatherOp>(op) || (reduce && !reduce.keepsLastDim()))
      return 1;
    for (Type type : op.getResultTypes())
      bytes = std::max(bytes, cast<PlannedType>(type).getElementBytes());
  }
  ArrayRef<ExprAttr> dims = cast<PlannedType>(box.getResult(0).getType()).getDims();
  std::optional<int64_t> row = dims.empty() ? std::nullopt : dims.back().getConstant();
  int64_t lanes = std::min<int64_t>(16 / bytes, 8);
  return row && *row % lanes == 0 && lanes >= 2 ? lanes : 1;
}

static ScheduleAttr getLoops(KernelOp box) {
  int64_t lanes = getLanes(box);
  return get(box.getContext(), Algorithm::cuda_loops, lanes, 1, {lanes}, blockThreads);
}

/// A block for each row, no larger than the row needs; a thread for each column.
static ScheduleAttr getRows(KernelOp box, ArrayRef<ExprAttr> rowDims, bool areColumns) {
  constexpr int64_t usualLength = 1024, elementsOfThread = 4, warp = 32;
  ExprAttr size = getProduct(box.getContext(), rowDims);
  int64_t length = (size ? size.getConstant() : std::nullopt).value_or(usualLength);
  int64_t threads =
      llvm::PowerOf2Ceil(llvm::divideCeil(std::max<int64_t>(length, 1), elementsOfThread));
  threads = areColumns ? 128 : std::clamp<int64_t>(threads, warp, blockThreads);
  return get(box.getContext(), Algorithm::cuda_rows, 1, 1, {1}, threads);
}

/// The dims at the end of the input that are reduced, where their elements are enough for a warp.
static std::optional<SmallVector<ExprAttr>> getLongRow(ReduceOp reduce) {
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

/// Blocks of 256 threads, each with a tile of 4 x 4 sums; fewer output channels make longer tiles.
static ScheduleAttr getScalarTiles(MLIRContext *context, Algorithm algorithm, int64_t columns) {
  int64_t width = std::clamp<int64_t>(llvm::PowerOf2Ceil(columns), 8, 64);
  int64_t lanes = 4, rows = blockThreads / (width / lanes) * 4;
  return get(context, algorithm, lanes, width, {std::min<int64_t>(rows, 256), 4}, 16);
}

/// The largest tiles that still give each processor of a large GPU one; small ones where there is
/// little to do.
static ScheduleAttr getTensorTiles(MLIRContext *context, Algorithm algorithm, int64_t columns,
                                   std::optional<int64_t> rows, int64_t products,
                                   Precision precision) {
  struct Tile {
    int64_t rows, columns, warpRows;
  };
  static constexpr Tile tiles[] = {
      {128, 64, 32}, {64, 64, 32}, {64, 32, 16}, {32, 32, 16}, {32, 16, 16}};
  constexpr int64_t processors = 132, usualRows = 4096;
  const Tile *chosen = std::prev(std::end(tiles));
  for (const Tile &tile : tiles) {
    bool isTooWide = tile.columns > 16 && tile.columns >= 2 * columns;
    int64_t blocks = products * llvm::divideCeil(rows.value_or(usualRows), tile.rows) *
                     llvm::divideCeil(columns, tile.columns);
    if (!isTooWide && blocks >= processors) {
      chosen = &tile;
      break;
    }
  }
  int64_t step = precision == Precision::tf32 ? 32 : 64;
  return ScheduleAttr::get(context, algorithm, /*lanes=*/2, chosen->columns,
                           {chosen->rows, chosen->warpRows}, step, precision);
}

static ScheduleAttr getTiles(DeviceAttr device, Algorithm algorithm, int64_t columns,
                             std::optional<int64_t> rows, int64_t products = 1) {
  if (device.getPrecision() == Precision::fp32)
    return getScalarTiles(device.getContext(), algorithm, columns);
  return getTensorTiles(device.getContext(), algorithm, columns, rows, products,
                        device.getPrecision());
}

/// The product of the dims, where it is known.
static std::optional<int64_t> count(MLIRContext *context, ArrayRef<ExprAttr> dims) {
  ExprAttr product = getProduct(context, dims);
  return product ? product.getConstant() : std::nullopt;
}

static ScheduleAttr getConv(ConvOp conv, DeviceAttr device) {
  ArrayRef<ExprAttr> dims = conv.getType().getDims();
  if (conv.getGroup() != 1)
    return get(device.getContext(), Algorithm::cuda_window, 1, 1, {1}, blockThreads);
  return getTiles(device, Algorithm::cuda_gemm, *dims[1].getConstant(),
                  count(device.getContext(), {dims[0], dims[2], dims[3]}));
}

static ScheduleAttr getMatmul(MatmulOp matmul, DeviceAttr device) {
  MLIRContext *context = device.getContext();
  ArrayRef<ExprAttr> dims = matmul.getType().getDims();
  if (isPacked(matmul))
    return getTiles(device, Algorithm::cuda_gemm, *dims.back().getConstant(),
                    count(context, dims.drop_back()));
  constexpr int64_t usualColumns = 64;
  auto known = [](ExprAttr dim) { return dim ? dim.getConstant() : std::optional<int64_t>(1); };
  return getTiles(device, Algorithm::cuda_matmul, known(matmul.getColumns()).value_or(usualColumns),
                  known(matmul.getRows()), count(context, matmul.getBatchDims()).value_or(1));
}

ScheduleAttr dlc::chooseCudaSchedule(KernelOp box, DeviceAttr device) {
  for (Operation &op : box.getBody().front().without_terminator())
    if (getDeviceObstacle(&op))
      return ScheduleAttr();
  if (ConvOp conv = getFirst<ConvOp>(box))
    return getConv(conv, device);
  if (MatmulOp matmul = getFirst<MatmulOp>(box))
    return getMatmul(matmul, device);
  if (SoftmaxOp softmax = getFirst<SoftmaxOp>(box)) {
    PlannedType type = softmax.getType();
    int64_t axis = softmax.getDim();
    return getRows(box, type.getDim(axis), axis + 1 != type.getRank());
  }
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return getRows(box, norm.getType().getDims().drop_front(norm.getDim()), false);
  if (ReduceOp reduce = getFirst<ReduceOp>(box); reduce && !reduce.keepsLastDim())
    if (std::optional<SmallVector<ExprAttr>> row = getLongRow(reduce))
      return getRows(box, *row, false);
  return getLoops(box);
}
