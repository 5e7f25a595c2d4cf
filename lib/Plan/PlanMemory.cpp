// Places buffers in the arena. A buffer is alive from the first op that names it to the last, in
// the order of the text: of two branches only one runs, and what comes into a loop from outside is
// alive in all of it.

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
struct LiveRange {
  AllocOp buffer;
  size_t first, last; // numbers of ops
  size_t number;      // in order of first use
  ExprAttr size;      // in bytes
  std::optional<int64_t> usualSize = {};
};

struct Slot {
  ExprAttr size; // in bytes, before alignment
  SmallVector<LiveRange> ranges;
};
} // namespace

/// Whether `lhs <= rhs` for all values of the symbols; false where that is not plain to see.
static bool isAtMost(ExprAttr lhs, ExprAttr rhs) {
  ExprAttr difference = rhs - lhs;
  return difference && isKnownNonNegative(difference);
}

/// Slots start at multiples of 64 bytes.
static ExprAttr alignSize(ExprAttr bytes) { return ceilDiv(bytes, 64) * 64; }

namespace {
/// The number of each op in the order of the text, and that of the last op in it.
class Timeline {
public:
  explicit Timeline(Operation *root) { number(root); }

  std::pair<size_t, size_t> getSpan(Operation *op) const { return spans.lookup(op); }
  /// When `use` needs a buffer that `alloc` makes.
  std::pair<size_t, size_t> getSpan(AllocOp alloc, Operation *use) const {
    size_t time = getSpan(use).first;
    std::pair<size_t, size_t> span = {time, time};
    for (Operation *op = use->getParentOp(); !op->isAncestor(alloc.getOperation());
         op = op->getParentOp())
      if (isa<LoopOp>(op))
        span = getSpan(op);
    return span;
  }

private:
  void number(Operation *op) {
    size_t first = count++;
    for (Region &region : op->getRegions())
      for (Operation &nested : region.getOps())
        number(&nested);
    spans[op] = {first, count - 1};
  }

  size_t count = 0;
  DenseMap<Operation *, std::pair<size_t, size_t>> spans;
};
} // namespace

/// Of the buffers in one memory. Those of late size have no place in an arena.
static SmallVector<LiveRange> getLiveRanges(func::FuncOp main, Space space,
                                            const Signature &signature) {
  Timeline timeline(main);
  SmallVector<LiveRange> ranges;
  DenseMap<Value, size_t> indices;
  main.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ReinterpretOp>(op))
      return;
    for (Value buffer : op->getOperands()) {
      while (auto reinterpret = buffer.getDefiningOp<ReinterpretOp>())
        buffer = reinterpret.getSource();
      auto alloc = buffer.getDefiningOp<AllocOp>();
      if (!alloc || alloc.getType().getSpace() != space ||
          signature.isLate(alloc.getType().getTensor()))
        continue;
      auto [first, last] = timeline.getSpan(alloc, op);
      auto [entry, isNew] = indices.try_emplace(buffer, ranges.size());
      if (isNew)
        ranges.push_back({alloc, first, last, ranges.size(), {}});
      LiveRange &range = ranges[entry->second];
      range.first = std::min(range.first, first);
      range.last = std::max(range.last, last);
    }
  });
  return ranges;
}

/// The size where every symbol has its usual value; nothing on overflow.
static std::optional<int64_t> getUsualSize(ModuleOp module, ExprAttr size) {
  constexpr int64_t usual = 256; // where nobody has declared another
  return size.evaluate([&](StringRef symbol) -> std::optional<int64_t> {
    return getHint(module, symbol).value_or(usual);
  });
}

static bool overlaps(const LiveRange &lhs, const LiveRange &rhs) {
  return lhs.first <= rhs.last && rhs.first <= lhs.last;
}

namespace {
struct PlanMemory : dlc::impl::PlanMemoryBase<PlanMemory> {
  LogicalResult measure(MutableArrayRef<LiveRange> ranges) {
    for (LiveRange &range : ranges) {
      range.size = range.buffer.getType().getTensor().getBufferBytes();
      if (!range.size)
        return range.buffer.emitError("expected a buffer of less than 2^63 bytes");
      // Plan does not know which branches are taken: in others a size may be negative.
      ExprAttr zero = ExprAttr::constant(&getContext(), 0);
      if (!isa<func::FuncOp>(range.buffer->getParentOp()) && !isKnownNonNegative(range.size))
        range.size = maximum(range.size, zero);
      range.usualSize = getUsualSize(getOperation(), range.size);
    }
    return success();
  }

  /// The first slot that is free all the time, and known to be larger or smaller.
  void assignSlot(const LiveRange &range, SmallVectorImpl<Slot> &slots) {
    for (Slot &slot : slots) {
      bool fits = isAtMost(range.size, slot.size);
      if (llvm::any_of(slot.ranges,
                       [&](const LiveRange &other) { return overlaps(range, other); }) ||
          (!fits && !isAtMost(slot.size, range.size)))
        continue;
      slot.size = fits ? slot.size : range.size;
      slot.ranges.push_back(range);
      return;
    }
    slots.push_back({range.size, {range}});
  }

  LogicalResult plan(func::FuncOp main, Space space, StringRef sizeName,
                     const Signature &signature) {
    SmallVector<LiveRange> ranges = getLiveRanges(main, space, signature);
    if (failed(measure(ranges)))
      return failure();
    // Largest first: a small buffer then never takes the place that a large one could have shared.
    llvm::sort(ranges, [](const LiveRange &lhs, const LiveRange &rhs) {
      return lhs.usualSize != rhs.usualSize ? lhs.usualSize > rhs.usualSize
                                            : lhs.number < rhs.number;
    });
    SmallVector<Slot> slots;
    for (const LiveRange &range : ranges)
      assignSlot(range, slots);
    // The counters of the device lie in front, where they have been placed already.
    bool hasCounters = false;
    if (space == Space::device)
      main.walk([&](SlotOp slot) { hasCounters |= slot.getType().isOnDevice(); });
    ExprAttr offset = ExprAttr::constant(&getContext(), hasCounters ? deviceZeros : 0);
    SmallVector<ArenaSlot> placed;
    for (Slot &slot : slots) {
      placed.push_back({offset, slot.size, static_cast<int64_t>(slot.ranges.size())});
      for (LiveRange range : slot.ranges) {
        AllocOp alloc = range.buffer;
        OpBuilder builder(alloc);
        alloc.getResult().replaceAllUsesWith(
            SlotOp::create(builder, alloc.getLoc(), alloc.getType(), offset));
        alloc.erase();
      }
      offset = offset + alignSize(slot.size);
      if (!offset)
        return main.emitError("expected an arena of less than 2^63 bytes");
    }
    main->setAttr(sizeName, offset);
    if (!placed.empty())
      setSlots(main, space, placed);
    return success();
  }

  LogicalResult plan(func::FuncOp main) {
    ModuleOp module = getOperation();
    Signature signature;
    if (getDevice(main)) { // elsewhere late buffers are objects
      FailureOr<Signature> own =
          main->hasAttr(whenName) ? getSignature(main) : getSignature(module);
      if (failed(own))
        return failure();
      signature = std::move(*own);
    }
    if (failed(plan(main, Space::host, workspaceName, signature)))
      return failure();
    return getDevice(main) ? plan(main, Space::device, deviceWorkspaceName, signature) : success();
  }

  void runOnOperation() override {
    SmallVector<func::FuncOp> hosts = getHostPrograms(getOperation());
    if (hosts.empty()) {
      getOperation().emitError("expected a function '") << mainName << "'";
      return signalPassFailure();
    }
    for (func::FuncOp host : hosts)
      if (failed(plan(host)))
        return signalPassFailure();
  }
};
} // namespace
