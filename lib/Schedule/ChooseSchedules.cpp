// Chooses how each box is computed: on the device where there is one that can, else on the host.

#include "Algorithms.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#define DEBUG_TYPE "dlc-choose-schedules"

namespace dlc {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
struct ChooseSchedules : dlc::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  void explainHost(KernelOp box) {
    for (Operation &op : box.getBody().front().without_terminator())
      if (std::optional<std::string> obstacle = getDeviceObstacle(&op)) {
        op.emitRemark("runs on the host: ") << *obstacle;
        return;
      }
  }

  void runOnOperation() override {
    FailureOr<TargetAttr> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    WinogradGains gains = winograd ? WinogradGains(getOperation(), *target) : WinogradGains();
    getOperation().walk([&](KernelOp box) {
      DeviceAttr device = getDevice(box);
      ScheduleAttr schedule = device ? chooseCudaSchedule(box, device) : ScheduleAttr();
      if (device && !schedule && explain)
        explainHost(box);
      box.setScheduleAttr(schedule ? schedule : chooseCpuSchedule(box, *target, gains));
    });
  }
};
} // namespace
