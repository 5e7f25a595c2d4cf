#include "Tasks.h"

#include "dlc/IR/Emitters.h"

using namespace mlir;
using namespace dlc;

/// Rows of a normalization or reduction, or columns of a softmax along another dim than the last;
/// one for what one block has to do.
static ExprAttr getRowBlocks(KernelOp box, int64_t threads) {
  MLIRContext *context = box.getContext();
  ArrayRef<ExprAttr> dims = cast<PlannedType>(box.getResult(0).getType()).getDims();
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return getProduct(context, dims.take_front(norm.getDim()));
  if (getFirst<LastWriterOp>(box))
    return ExprAttr::constant(context, 1);
  if (getFirst<ReduceOp>(box))
    return getProduct(context, dims);
  size_t axis = getFirst<SoftmaxOp>(box).getDim();
  ExprAttr outer = getProduct(context, dims.take_front(axis));
  if (axis + 1 == dims.size())
    return outer;
  return ceilDiv(outer * getProduct(context, dims.drop_front(axis + 1)), threads);
}

static ExprAttr getTileBlocks(KernelOp box, ScheduleAttr schedule) {
  Operation *product = getFirst<ConvOp>(box);
  if (!product)
    product = getFirst<MatmulOp>(box);
  ExprAttr tiles = getNumTiles(product, schedule);
  return tiles * getNumSlices(tiles, schedule);
}

ExprAttr dlc::getCudaTasks(KernelOp box) {
  ScheduleAttr schedule = box.getScheduleAttr();
  auto type = cast<PlannedType>(box.getResult(0).getType());
  SmallVector<ExprAttr> dims(type.getDims());
  if (hasChannelsLast(type))
    std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
  switch (schedule.getAlgorithm()) {
  case Algorithm::cuda_rows:
    return getRowBlocks(box, schedule.getRows());
  case Algorithm::cuda_gemm:
  case Algorithm::cuda_wgmma:
  case Algorithm::cuda_matmul:
    return getTileBlocks(box, schedule);
  case Algorithm::cuda_attention: {
    ArrayRef<ExprAttr> query = getFirst<AttentionOp>(box).getQuery().getType().getDims();
    return query[0] * query[1] * ceilDiv(query[2], schedule.getPixels().front());
  }
  default: { // a thread for each vector
    ExprAttr vectors = ExprAttr::constant(box.getContext(), 1);
    if (!dims.empty())
      vectors = getProduct(box.getContext(), ArrayRef(dims).drop_back()) *
                ceilDiv(dims.back(), schedule.getLanes());
    return ceilDiv(vectors, schedule.getRows());
  }
  }
}
