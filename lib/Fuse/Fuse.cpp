// Draws boxes around ops that run as one kernel. Boxes make no new ops: what an emitter sees is
// what the importer made.

#include "dlc/Fuse/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-fuse"

namespace dlc {
#define GEN_PASS_DEF_FUSE
#include "dlc/Fuse/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
/// Which ops may follow which anchor in its box.
struct Rule {
  StringLiteral name;
  bool (*isAnchor)(Operation *);
  bool (*isFollower)(Operation *);
};
} // namespace

template <typename... Ops> static bool isOneOf(Operation *op) { return isa<Ops...>(op); }

static constexpr Rule rules[] = {
    {"conv-add", isOneOf<ConvOp>, isOneOf<AddOp>},
    {"conv-relu", isOneOf<ConvOp>, isOneOf<ReluOp>},
    {"conv-clip", isOneOf<ConvOp>, isOneOf<ClipOp>},
    {"matmul-relu", isOneOf<MatmulOp>, isOneOf<ReluOp>},
    {"matmul-clip", isOneOf<MatmulOp>, isOneOf<ClipOp>},
};

static BoxKind getKind(Operation *op) {
  if (isa<ConvOp, MatmulOp>(op))
    return BoxKind::anchor;
  if (isa<SoftmaxOp>(op))
    return BoxKind::rows;
  return isa<MaxPoolOp, ReduceOp>(op) ? BoxKind::pool : BoxKind::loops;
}

/// Moves `ops` (in order; the last one's results leave the box) into a new box before the last of
/// them.
static void drawBox(ArrayRef<Operation *> ops) {
  Operation *last = ops.back();
  OpBuilder builder(last);
  SetVector<Operation *> members(ops.begin(), ops.end());
  SetVector<Value> inputs;
  SmallVector<Location> locs;
  for (Operation *op : ops) {
    locs.push_back(op->getLoc());
    for (OpOperand &use : op->getOpOperands())
      if (!members.contains(use.get().getDefiningOp()) && !isImmediate(use))
        inputs.insert(use.get());
  }
  Location loc = builder.getFusedLoc(locs);
  auto box = KernelOp::create(builder, loc, last->getResultTypes(), getKind(ops.front()),
                              inputs.getArrayRef(), ScheduleAttr());
  Block &body = box.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(&body);
  for (Operation *op : ops) {
    for (OpOperand &use : op->getOpOperands())
      if (isImmediate(use) && !mapping.contains(use.get()))
        builder.clone(*use.get().getDefiningOp(), mapping);
    builder.clone(*op, mapping);
  }
  SmallVector<Value> results =
      llvm::map_to_vector(last->getResults(), [&](Value result) { return mapping.lookup(result); });
  YieldOp::create(builder, loc, results);
  last->replaceAllUsesWith(box);
  for (Operation *op : llvm::reverse(ops))
    op->erase();
}

/// Copies `value` by a box of its own.
static Value copyValue(OpBuilder &builder, Location loc, Value value) {
  OpBuilder::InsertionGuard guard(builder);
  auto box = KernelOp::create(builder, loc, value.getType(), BoxKind::loops, value, ScheduleAttr());
  Block &body = box.getBody().emplaceBlock();
  Value input = body.addArgument(value.getType(), loc);
  builder.setInsertionPointToEnd(&body);
  YieldOp::create(builder, loc, input);
  return box.getResult(0);
}

namespace {
struct Fuse : dlc::impl::FuseBase<Fuse> {
  using FuseBase::FuseBase;

  bool isEnabled(const Rule &rule) { return rules.empty() || llvm::is_contained(rules, rule.name); }

  /// The op that follows `tail` in the box of `anchor`: the one user of its value, where a rule
  /// says so.
  Operation *findFollower(Operation *anchor, Operation *tail) {
    if (tail->getNumResults() != 1 || !tail->getResult(0).hasOneUse())
      return nullptr;
    Operation *user = *tail->getResult(0).user_begin();
    bool allowed = llvm::any_of(::rules, [&](const Rule &rule) {
      return isEnabled(rule) && rule.isAnchor(anchor) && rule.isFollower(user);
    });
    return allowed && isEpilogue(user, tail->getResult(0)) ? user : nullptr;
  }

  LogicalResult checkRules() {
    for (const std::string &name : rules)
      if (llvm::none_of(::rules, [&](const Rule &rule) { return rule.name == name; })) {
        InFlightDiagnostic diagnostic = getOperation().emitError("unknown fusion rule '")
                                        << name << "'; known are ";
        llvm::interleaveComma(::rules, diagnostic,
                              [&](const Rule &rule) { diagnostic << rule.name; });
        return diagnostic;
      }
    return success();
  }

  /// All ops that need a box, or an error for each that no emitter takes.
  FailureOr<SmallVector<Operation *>> collectOps(func::FuncOp function) {
    SmallVector<Operation *> ops;
    bool obstructed = false;
    for (Operation &op : function.getBody().front().without_terminator()) {
      if (isa<ConstantOp, KernelOp>(op) || isView(&op))
        continue;
      if (std::optional<std::string> obstacle = getEmissionObstacle(&op)) {
        op.emitError(*obstacle);
        obstructed = true;
      }
      ops.push_back(&op);
    }
    if (obstructed)
      return failure();
    return ops;
  }

  void drawBoxes(ArrayRef<Operation *> ops) {
    DenseSet<Operation *> boxed;
    for (Operation *op : ops) {
      if (boxed.contains(op))
        continue;
      SmallVector<Operation *> members = {op};
      while (Operation *follower = findFollower(op, members.back())) {
        members.push_back(follower);
        ++numFused;
      }
      boxed.insert(members.begin(), members.end());
      drawBox(members);
      ++numBoxes;
    }
  }

  /// Each output needs a box that writes it, or writes what it is a view of.
  LogicalResult copyOutputs(func::FuncOp function) {
    Operation *end = function.getBody().front().getTerminator();
    OpBuilder builder(end);
    DenseSet<Value> written;
    for (OpOperand &output : end->getOpOperands()) {
      Type elementType = cast<PlannedType>(output.get().getType()).getElementType();
      auto name = function.getResultAttrOfType<StringAttr>(output.getOperandNumber(), portName);
      if (!elementType.isF32())
        return end->emitError("output '") << (name ? name.getValue() : "") << "': elements of type "
                                          << elementType << " are not supported, only f32";
      Value viewed = getViewed(output.get());
      if (!viewed.getDefiningOp<KernelOp>() || !written.insert(viewed).second)
        output.set(copyValue(builder, end->getLoc(), output.get()));
    }
    return success();
  }

  void runOnOperation() override {
    if (failed(checkRules()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      FailureOr<SmallVector<Operation *>> ops = collectOps(function);
      if (failed(ops))
        return signalPassFailure();
      drawBoxes(*ops);
      if (failed(copyOutputs(function)))
        return signalPassFailure();
    }
  }
};
} // namespace
