#include "Tasks.h"

#include "dlc/IR/Views.h"
#include "dlc/IR/Winograd.h"

using namespace mlir;
using namespace dlc;

static ExprAttr getMatmulTasks(MatmulOp matmul, ScheduleAttr schedule) {
  ExprAttr one = ExprAttr::constant(matmul.getContext(), 1);
  ExprAttr rows = matmul.getRows(), columns = matmul.getColumns();
  ExprAttr panels = ceilDiv(columns ? columns : one, schedule.getChannels());
  if (schedule.getAlgorithm() == Algorithm::direct_conv) {
    ArrayRef<ExprAttr> dims = matmul.getType().getDims();
    return panels * ceilDiv(getProduct(matmul.getContext(), dims.drop_back()), schedule.getRows());
  }
  return getProduct(matmul.getContext(), matmul.getBatchDims()) * panels *
         ceilDiv(rows ? rows : one, schedule.getRows());
}

static ExprAttr getSoftmaxTasks(SoftmaxOp softmax, ScheduleAttr schedule) {
  ArrayRef<ExprAttr> dims = softmax.getType().getDims();
  size_t axis = softmax.getDim();
  ExprAttr outer = getProduct(softmax.getContext(), dims.take_front(axis));
  if (axis + 1 == dims.size())
    return ceilDiv(outer, schedule.getRows());
  ExprAttr inner = getProduct(softmax.getContext(), dims.drop_front(axis + 1));
  return outer * ceilDiv(inner, schedule.getChannels());
}

ExprAttr dlc::getCpuTasks(KernelOp box) {
  ScheduleAttr schedule = box.getScheduleAttr();
  // Of a convolution its own pixels, which its box may make more of.
  ConvOp conv = getFirst<ConvOp>(box);
  PlannedType type = conv ? conv.getType() : cast<PlannedType>(box.getResult(0).getType());
  ArrayRef<ExprAttr> dims = type.getDims();
  ExprAttr one = ExprAttr::constant(box.getContext(), 1);
  bool hasHalo = llvm::any_of(box.getResultTypes(), [](Type result) {
    auto image = dyn_cast_or_null<ImageLayoutAttr>(cast<PlannedType>(result).getLayout());
    return image && image.hasHalo();
  });
  // An image without rows still has a halo to fill.
  auto bands = [&](ExprAttr rows) {
    ExprAttr count = ceilDiv(rows, schedule.getRows());
    return hasHalo ? maximum(count, one) : count;
  };
  if (schedule.getAlgorithm() == Algorithm::loops) {
    SmallVector<ExprAttr> groups(dims.empty() ? dims : dims.drop_back());
    if (schedule.getChannels() != 1) {
      ExprAttr &transposed = groups[*getTransposedDim(box.getYield().getOperand(0))];
      transposed = ceilDiv(transposed, schedule.getChannels());
    }
    return bands(getProduct(box.getContext(), groups));
  }
  if (schedule.getAlgorithm() == Algorithm::winograd) {
    ExprAttr tiles = ceilDiv(dims[2], Winograd::outputs) * ceilDiv(dims[3], Winograd::outputs);
    return dims[0] * ceilDiv(dims[1], schedule.getChannels()) *
           maximum(ceilDiv(tiles, schedule.getRows()), one);
  }
  if (LayerNormOp norm = getFirst<LayerNormOp>(box))
    return ceilDiv(getProduct(box.getContext(), dims.take_front(norm.getDim())),
                   schedule.getRows());
  if (getFirst<RecurrenceOp>(box))
    return dims[1] * ceilDiv(dims[2], schedule.getRows());
  if (AttentionOp attention = getFirst<AttentionOp>(box)) {
    ArrayRef<ExprAttr> query = attention.getQuery().getType().getDims();
    return query[0] * query[1] * ceilDiv(query[2], schedule.getRows());
  }
  if (SoftmaxOp softmax = getFirst<SoftmaxOp>(box))
    return getSoftmaxTasks(softmax, schedule);
  if (MatmulOp matmul = getFirst<MatmulOp>(box))
    return getMatmulTasks(matmul, schedule);
  ExprAttr panels = ceilDiv(dims[1], schedule.getChannels());
  return dims[0] * panels * (dims.size() == 4 ? bands(dims[2]) : one);
}
