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

/// Blocks of 256 threads, each with a tile of 4 x 4 sums; fewer output channels make longer tiles.
static ScheduleAttr getTiles(MLIRContext *context, Algorithm algorithm, int64_t channels) {
  int64_t width = std::clamp<int64_t>(llvm::PowerOf2Ceil(channels), 8, 64);
  int64_t lanes = 4, pixels = blockThreads / (width / lanes) * 4;
  return get(context, algorithm, lanes, width, {std::min<int64_t>(pixels, 256), 4}, 16);
}

static ScheduleAttr getConv(KernelOp box, ConvOp conv) {
  int64_t outputs = *conv.getFilter().getType().getDim(0).getConstant();
  if (conv.getGroup() == 1)
    return getTiles(box.getContext(), Algorithm::cuda_gemm, outputs);
  return get(box.getContext(), Algorithm::cuda_window, 1, 1, {1}, blockThreads);
}

static ScheduleAttr getMatmul(KernelOp box, MatmulOp matmul) {
  ExprAttr columns = matmul.getColumns();
  int64_t known = (columns ? columns.getConstant() : std::optional<int64_t>(1)).value_or(64);
  return getTiles(box.getContext(),
                  isPacked(matmul) ? Algorithm::cuda_gemm : Algorithm::cuda_matmul, known);
}

ScheduleAttr dlc::chooseCudaSchedule(KernelOp box, DeviceAttr device) {
  for (Operation &op : box.getBody().front().without_terminator())
    if (getDeviceObstacle(&op))
      return ScheduleAttr();
  if (ConvOp conv = getFirst<ConvOp>(box))
    return getConv(box, conv);
  if (MatmulOp matmul = getFirst<MatmulOp>(box))
    return getMatmul(box, matmul);
  if (SoftmaxOp softmax = getFirst<SoftmaxOp>(box)) {
    PlannedType type = softmax.getType();
    int64_t axis = softmax.getDim();
    return getRows(box, type.getDim(axis), axis + 1 != type.getRank());
  }
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return getRows(box, norm.getType().getDims().drop_front(norm.getDim()), false);
  return getLoops(box);
}
