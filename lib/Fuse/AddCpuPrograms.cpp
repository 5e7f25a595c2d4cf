// Copies `main` and its versions for a device, so that the artifact has them for the CPU too. From
// here on each function is compiled for one machine; before, nothing depends on any.

#include "dlc/Fuse/Passes.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-add-cpu-programs"

namespace dlc {
#define GEN_PASS_DEF_ADDCPUPROGRAMS
#include "dlc/Fuse/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
struct AddCpuPrograms : dlc::impl::AddCpuProgramsBase<AddCpuPrograms> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> hosts = getHostPrograms(module);
    if (!getDevice(module) || !isWithCpu(module) || hosts.empty())
      return;
    // In front of all others: a run on the CPU then finds its general version, whose sizes fit
    // always, before those of the device.
    OpBuilder builder(hosts.front());
    for (func::FuncOp host : hosts) {
      auto copy = cast<func::FuncOp>(builder.clone(*host));
      copy.setName((mainName + "_cpu" + host.getSymName().drop_front(mainName.size())).str());
      copy->setAttr(onCpuName, builder.getUnitAttr());
      if (!copy->hasAttr(whenName))
        copy->setAttr(whenName, builder.getDictionaryAttr({}));
    }
  }
};
} // namespace
