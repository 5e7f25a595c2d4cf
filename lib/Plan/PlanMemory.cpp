// Places buffers in the arena. The host program is a straight line, so a buffer is alive from the
// first launch that names it to the last.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "dlc/Plan/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#define DEBUG_TYPE "dlc-plan-memory"

namespace dlc {
#define GEN_PASS_DEF_PLANMEMORY
#include "dlc/Plan/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
struct Slot {
  ExprAttr size; // in bytes, before alignment
  size_t busyUntil; // index of the last launch that uses it
  SmallVector<AllocOp> buffers;
};

struct LiveRange {
  AllocOp buffer;
  size_t first, last; // indices of launches
};
} // namespace

/// Whether `lhs <= rhs` for all values of the symbols, which are never negative.
static bool isAtMost(ExprAttr lhs, ExprAttr rhs) {
  ExprAttr difference = rhs - lhs;
  if (!difference)
    return false;
  bool onlySymbols = llvm::all_of(difference.getFactors(),
                                  [](Attribute factor) { return isa<StringAttr>(factor); });
  return onlySymbols &&
         llvm::all_of(difference.getCoefficients(), [](int64_t c) { return c >= 0; });
}

/// Slots start at multiples of 64 bytes.
static ExprAttr alignSize(ExprAttr bytes) { return ceilDiv(bytes, 64) * 64; }

static SmallVector<LiveRange> getLiveRanges(func::FuncOp main) {
  SmallVector<LiveRange> ranges;
  DenseMap<Value, size_t> indices;
  for (auto [time, launch] : llvm::enumerate(main.getOps<LaunchOp>()))
    for (Value buffer : launch.getBuffers())
      if (auto alloc = buffer.getDefiningOp<AllocOp>()) {
        auto [entry, isNew] = indices.try_emplace(buffer, ranges.size());
        if (isNew)
          ranges.push_back({alloc, time, time});
        ranges[entry->second].last = time;
      }
  return ranges;
}

namespace {
struct PlanMemory : dlc::impl::PlanMemoryBase<PlanMemory> {
  /// First fit among the slots that are free and comparable.
  LogicalResult assignSlot(LiveRange range, SmallVectorImpl<Slot> &slots) {
    ExprAttr size = range.buffer.getType().getTensor().getBufferBytes();
    if (!size)
      return range.buffer.emitError("expected a buffer of less than 2^63 bytes");
    for (Slot &slot : slots) {
      if (slot.busyUntil >= range.first)
        continue;
      bool fits = isAtMost(size, slot.size);
      if (!fits && !isAtMost(slot.size, size))
        continue;
      slot.size = fits ? slot.size : size;
      slot.busyUntil = range.last;
      slot.buffers.push_back(range.buffer);
      ++numShared;
      return success();
    }
    slots.push_back({size, range.last, {range.buffer}});
    return success();
  }

  LogicalResult plan(func::FuncOp main) {
    SmallVector<Slot> slots;
    for (LiveRange range : getLiveRanges(main))
      if (failed(assignSlot(range, slots)))
        return failure();
    ExprAttr offset = ExprAttr::constant(&getContext(), 0);
    for (Slot &slot : slots) {
      for (AllocOp alloc : slot.buffers) {
        OpBuilder builder(alloc);
        alloc.replaceAllUsesWith(
            SlotOp::create(builder, alloc.getLoc(), alloc.getType(), offset).getResult());
        alloc.erase();
      }
      offset = offset + alignSize(slot.size);
      if (!offset)
        return main.emitError("expected an arena of less than 2^63 bytes");
    }
    main->setAttr(workspaceName, offset);
    return success();
  }

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (!main) {
      getOperation().emitError("expected a function '") << mainName << "'";
      return signalPassFailure();
    }
    if (failed(plan(main)))
      signalPassFailure();
  }
};
} // namespace
