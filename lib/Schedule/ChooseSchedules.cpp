// Chooses how each box is computed: the analytic part. Tiles are as large as the vector registers
// allow, since every accumulator more means fewer loads for each multiplication.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-choose-schedules"

namespace dlc {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Accumulators along a row, one vector of weights for each output channel and one of the input are
/// in registers.
static ScheduleAttr getRowConv(TargetAttr target, int64_t outputs) {
  int64_t vectors = std::max<int64_t>(1, (target.getRegisters() - 1 - outputs) / outputs);
  vectors = std::min<int64_t>(vectors, 8);
  SmallVector<int64_t> pixels = {vectors * target.getLanes()};
  if (vectors != 1)
    pixels.push_back(target.getLanes());
  return ScheduleAttr::get(target.getContext(), Algorithm::row_conv, target.getLanes(), outputs,
                           pixels, 1);
}

/// Accumulators, one vector of weights for each vector of channels and one broadcast pixel are in
/// registers.
static ScheduleAttr getDirectConv(TargetAttr target, int64_t outputs) {
  int64_t blocks = llvm::divideCeil(outputs, target.getLanes());
  int64_t vectors = 1;
  for (int64_t candidate : {2, 3, 5})
    if (blocks % candidate == 0) {
      vectors = candidate;
      break;
    }
  int64_t widest = std::min<int64_t>((target.getRegisters() - 1 - vectors) / vectors, 16);
  SmallVector<int64_t> pixels = {widest};
  for (int64_t width : {4, 1})
    if (width < widest)
      pixels.push_back(width);
  return ScheduleAttr::get(target.getContext(), Algorithm::direct_conv, target.getLanes(),
                           vectors * target.getLanes(), pixels, 1);
}

static ScheduleAttr chooseSchedule(KernelOp box, TargetAttr target) {
  auto convs = box.getBody().getOps<ConvOp>();
  if (convs.empty())
    return ScheduleAttr::get(target.getContext(), Algorithm::loops, target.getLanes(), 1,
                             {target.getLanes()}, 1);
  ConvOp conv = *convs.begin();
  int64_t outputs = *conv.getFilter().getType().getDim(0).getConstant();
  if (2 * outputs <= target.getLanes() && conv.getStrides().back() == 1)
    return getRowConv(target, outputs);
  return getDirectConv(target, outputs);
}

namespace {
struct ChooseSchedules : dlc::impl::ChooseSchedulesBase<ChooseSchedules> {
  void runOnOperation() override {
    FailureOr<TargetAttr> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    getOperation().walk([&](KernelOp box) { box.setScheduleAttr(chooseSchedule(box, *target)); });
  }
};
} // namespace
