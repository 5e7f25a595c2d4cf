// Draws boxes around ops that run as one kernel. Boxes make no new ops: what an emitter sees is
// what the importer made.

#include "AttentionRule.h"
#include "ElementwiseRule.h"

#include "dlc/Fuse/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"
#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"
#include "dlc/IR/Views.h"

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
    {"conv-elementwise", isOneOf<ConvOp>, isOneOf<ElementwiseOpInterface>},
    {"matmul-elementwise", isOneOf<MatmulOp>, isOneOf<ElementwiseOpInterface>},
    {"norm-elementwise", isOneOf<LayerNormOp>, isOneOf<ElementwiseOpInterface>},
};

namespace {
/// Which anchors have what computes their rows in their box, see takesPrologue.
struct PrologueRule {
  StringLiteral name;
  bool (*isAnchor)(Operation *);
};

/// Ops that become one box, in order.
struct Members {
  SmallVector<Operation *> ops;
  /// Their results leave the box: the last op and, where others read it too, the one that computes
  /// what the anchor reads.
  SmallVector<Operation *> sources;
};
} // namespace

static constexpr PrologueRule prologueRules[] = {
    {"elementwise-norm", isOneOf<LayerNormOp>},
    {"elementwise-softmax", isOneOf<SoftmaxOp>},
};

/// A convolution's box takes what makes its channels pixels, and more elementwise ops behind that.
static constexpr StringLiteral shuffleRule = "conv-shuffle";

/// And what shows it windows of planes.
static constexpr StringLiteral windowsRule = "windows-conv";

/// More ops behind an anchor would keep more values alive than there are registers for.
static constexpr size_t largestEpilogue = 16;

static BoxKind getKind(Operation *op) {
  if (isa<ConvOp, MatmulOp, RecurrenceOp, AttentionOp>(op))
    return BoxKind::anchor;
  if (isa<LayerNormOp, SoftmaxOp, LastWriterOp>(op))
    return BoxKind::rows;
  return isa<PoolOp, ReduceOp>(op) ? BoxKind::pool : BoxKind::loops;
}

/// Moves ops into a new box of this kind before the last of them. Those that other ops read as well
/// are copied.
static void drawBox(const Members &members, BoxKind kind) {
  ArrayRef<Operation *> ops = members.ops;
  OpBuilder builder(ops.back());
  SetVector<Value> inputs;
  SmallVector<Location> locs;
  for (Operation *op : ops) {
    locs.push_back(op->getLoc());
    for (OpOperand &use : op->getOpOperands())
      if (!llvm::is_contained(ops, use.get().getDefiningOp()) && !isImmediate(use))
        inputs.insert(use.get());
  }
  SmallVector<Value> left;
  for (Operation *source : members.sources)
    llvm::append_range(left, source->getResults());
  Location loc = builder.getFusedLoc(locs);
  auto box = KernelOp::create(builder, loc, ValueRange(left).getTypes(), kind, inputs.getArrayRef(),
                              ScheduleAttr());
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
  YieldOp::create(builder, loc,
                  llvm::map_to_vector(left, [&](Value result) { return mapping.lookup(result); }));
  for (auto [result, replacement] : llvm::zip_equal(left, box.getResults()))
    result.replaceAllUsesWith(replacement);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty())
      op->erase();
}

/// Whether `op` stays where a box of `members` has a copy.
static bool isReadOutside(Operation *op, const Members &members) {
  return !llvm::is_contained(members.sources, op) &&
         llvm::any_of(op->getUsers(), [&](Operation *user) {
           return !llvm::is_contained(members.ops, user) || isReadOutside(user, members);
         });
}

/// Whether `op` may stay outside of boxes.
static bool needsNoBox(Operation *op) {
  return isHostOp(op) || isa<ConstantOp, KernelOp, SizesOp>(op) ||
         op->hasTrait<OpTrait::IsTerminator>() || isView(op);
}

/// Whether something that is a kernel of its own computes `value`, or elementwise ops that may
/// follow it there.
static bool comesFromKernel(Value value, Block *block, bool takesShuffles, int64_t depth = 0) {
  constexpr int64_t longestEpilogue = 8;
  if (takesShuffles)
    if (std::optional<PixelShuffle> shuffle = matchPixelShuffle(value.getDefiningOp()))
      value = shuffle->from;
  Operation *op = getViewed(value).getDefiningOp();
  if (!op || op->getBlock() != block || isMovement(op) || isa<ConstantOp>(op))
    return false;
  return !isa<ElementwiseOpInterface>(op) ||
         (depth != longestEpilogue && llvm::any_of(op->getOperands(), [&](Value operand) {
            return comesFromKernel(operand, block, takesShuffles, depth + 1);
          }));
}

/// Whether what computes the operands of a concatenation should write them into its result: ops
/// that can join its box would do so at no less cost.
static bool isPlaced(Operation *op, bool takesShuffles) {
  auto concat = dyn_cast<ConcatOp>(op);
  return concat && joinsParts(concat) && llvm::any_of(concat.getInputs(), [&](Value input) {
           return comesFromKernel(input, op->getBlock(), takesShuffles);
         });
}

/// Whether library ops have elements of all types of `op`.
static bool hasLibraryTypes(Operation *op) {
  auto isKnown = [](Type type) {
    auto planned = dyn_cast<PlannedType>(type);
    return !planned || getDtype(planned.getElementType());
  };
  return llvm::all_of(op->getOperandTypes(), isKnown) &&
         llvm::all_of(op->getResultTypes(), isKnown);
}

/// Makes `op` a call of its library function.
static void makeLibraryCall(Operation *op, StringRef callee) {
  OpBuilder builder(op);
  op->replaceAllUsesWith(createLibraryCall(builder, op, callee, op->getResultTypes()));
  op->erase();
}

static bool isSmall(Operation *op) {
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    auto planned = dyn_cast<PlannedType>(type);
    return planned && planned.getSmallShape();
  });
}

/// The ops on small tensors that symbols are bound from: library calls compute them, so that they
/// can run before the sizes of the run are known.
static DenseSet<Operation *> findSizeArithmetic(func::FuncOp function) {
  SmallVector<Operation *> worklist;
  function.walk([&](BindOp bind) { worklist.push_back(bind); });
  DenseSet<Operation *> found;
  while (!worklist.empty())
    for (Value operand : worklist.pop_back_val()->getOperands())
      if (Operation *op = operand.getDefiningOp(); op && isSmall(op) && found.insert(op).second)
        worklist.push_back(op);
  return found;
}

/// Puts a view of `dims` between `value` and the views that read it, which may show it in other
/// shapes: views of views are one.
static void showAs(Value value, ArrayRef<ExprAttr> dims) {
  auto type = PlannedType::get(dims, cast<PlannedType>(value.getType()).getElementType());
  if (value.getType() == type)
    return;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  auto image = ViewOp::create(builder, value.getLoc(), type, value);
  value.replaceUsesWithIf(image, [&](OpOperand &use) {
    return isa<ViewOp>(use.getOwner()) && use.getOwner() != image;
  });
}

/// Makes images of what planes are read of, and of the pixels that channels become.
static void showImages(func::FuncOp function) {
  function.walk([](ConvOp conv) {
    if (std::optional<PlaneWindows> windows = matchPlaneWindows(conv.getInput())) {
      ArrayRef<ExprAttr> apart = cast<ViewOp>(windows->moves.front()).getType().getDims();
      showAs(windows->from, {apart[0] * apart[1], apart[2] * apart[3], apart[4], apart[5]});
    }
  });
  function.walk([](TransposeOp op) {
    if (!op.getType().hasRank() || op.getSourceDims() != ArrayRef<int64_t>{0, 3, 4, 1, 5, 2} ||
        !llvm::all_of(op->getUsers(), llvm::IsaPred<ViewOp>))
      return;
    ArrayRef<ExprAttr> moved = op.getType().getDims();
    SmallVector<ExprAttr> dims = {moved[0], moved[1], moved[2] * moved[3], moved[4] * moved[5]};
    if (!llvm::all_of(op->getUsers(), [&](Operation *user) {
          return cast<ViewOp>(user).getType().getDims() == ArrayRef(dims);
        }))
      showAs(op, dims);
  });
}

namespace {
struct Fuse : dlc::impl::FuseBase<Fuse> {
  using FuseBase::FuseBase;

  bool isEnabled(StringRef rule) { return rules.empty() || llvm::is_contained(rules, rule); }

  bool mayFollow(Operation *op, const SetVector<Operation *> &members, PlannedType anchored) {
    Operation *anchor = members.front();
    return op->getBlock() == anchor->getBlock() && !members.contains(op) &&
           isEpilogue(op, members.getArrayRef(), anchored) &&
           llvm::any_of(::rules, [&](const Rule &rule) {
             return isEnabled(rule.name) && rule.isAnchor(anchor) && rule.isFollower(op);
           });
  }

  /// Adds the ops that follow an anchor, the first of `ops`, in its box: as many as rules say, in
  /// order, of which the last one alone is read outside. What reads a value of the box comes after
  /// it in the block, so that the first such op is always the next.
  void addFollowers(SmallVector<Operation *> &ops) {
    SetVector<Operation *> members(ops.begin(), ops.end());
    auto isRead = [&](Operation *member) {
      return llvm::any_of(member->getUsers(), [&](Operation *it) { return !members.contains(it); });
    };
    size_t closed = members.size();
    auto anchored = cast<PlannedType>(ops.back()->getResult(0).getType());
    while (members.size() <= largestEpilogue) {
      Operation *next = nullptr;
      for (Operation *member : members)
        for (Operation *user : member->getUsers())
          if (mayFollow(user, members, anchored) && (!next || user->isBeforeInBlock(next)))
            next = user;
      if (!next)
        break;
      members.insert(next);
      if (next->getResult(0).getType() == anchored &&
          llvm::none_of(members.getArrayRef().drop_back(), isRead))
        closed = members.size();
    }
    ops = llvm::to_vector(members.getArrayRef().take_front(closed));
  }

  /// The ops behind `members` that make their channels pixels, where vectors of channels stay
  /// vectors: kernels for CPUs store them where they belong. What else `members` read would have to
  /// lie as the convolution's own result does.
  SmallVector<Operation *> findShuffle(ArrayRef<Operation *> members) {
    auto conv = dyn_cast<ConvOp>(members.front());
    if (!conv || conv.getGroup() != 1 || lanes == 0 || !isEnabled(shuffleRule))
      return {};
    SmallVector<Operation *> moves;
    for (Value value = members.back()->getResult(0); moves.size() != 3;
         value = moves.back()->getResult(0)) {
      if (!value.hasOneUse())
        return {};
      Operation *user = *value.user_begin();
      if (!isa<ViewOp, TransposeOp>(user) || user->getBlock() != conv->getBlock())
        return {};
      moves.push_back(user);
    }
    std::optional<PixelShuffle> shuffle = matchPixelShuffle(moves.back());
    if (!shuffle || shuffle->from != members.back()->getResult(0))
      return {};
    int64_t channels = *cast<PlannedType>(shuffle->to.getType()).getDim(1).getConstant();
    auto isInside = [&](OpOperand &use) {
      return isImmediate(use) || llvm::is_contained(members, use.get().getDefiningOp());
    };
    auto readsInside = [&](Operation *member) {
      return llvm::all_of(member->getOpOperands(), isInside);
    };
    if (channels == 0 || channels % lanes != 0 || !llvm::all_of(members.drop_front(), readsInside))
      return {};
    return moves;
  }

  /// The ops in front of `anchor` that show it windows of planes, where it is a convolution:
  /// kernels for CPUs read the planes where they lie.
  SmallVector<Operation *> findWindows(Operation *anchor) {
    auto conv = dyn_cast<ConvOp>(anchor);
    std::optional<PlaneWindows> windows;
    if (conv && lanes != 0 && isEnabled(windowsRule))
      windows = matchPlaneWindows(conv.getInput());
    if (!windows || windows->moves.front()->getBlock() != conv->getBlock())
      return {};
    return windows->moves;
  }

  /// `anchor` and the ops that follow it in its box, with what shows it windows.
  SmallVector<Operation *> findAnchored(Operation *anchor) {
    SmallVector<Operation *> members = {anchor};
    if (anchor->getNumResults() != 1)
      return members;
    SmallVector<Operation *> windows = findWindows(anchor);
    addFollowers(members);
    if (SmallVector<Operation *> moves = findShuffle(members); !moves.empty()) {
      llvm::append_range(members, moves);
      addFollowers(members);
    }
    members.insert(members.begin(), windows.begin(), windows.end());
    return members;
  }

  SmallVector<Operation *> findTree(Operation *root, function_ref<bool(Operation *)> isFree) {
    return isEnabled(elementwiseRule) ? findElementwiseTree(root, isFree)
                                      : SmallVector<Operation *>{root};
  }

  /// Adds what computes the rows that the anchor of `members` reads, if all of it may stand in the
  /// box and would else be a box of its own. What others read of it comes behind the box.
  void addPrologue(Members &members, Operation *anchor, function_ref<bool(Operation *)> isFree) {
    bool isWanted = llvm::any_of(prologueRules, [&](const PrologueRule &rule) {
      return isEnabled(rule.name) && rule.isAnchor(anchor);
    });
    if (!isWanted || !takesPrologue(anchor))
      return;
    Operation *source = anchor->getOperand(0).getDefiningOp();
    if (!source || source->getBlock() != anchor->getBlock() || !isFree(source) ||
        llvm::is_contained(anchor->getOperands().drop_front(), anchor->getOperand(0)))
      return;
    SmallVector<Operation *> tree = findTree(source, isFree);
    auto isOther = [&](Operation *user) { return !llvm::is_contained(members.ops, user); };
    auto isBehind = [&](Operation *user) {
      return members.ops.back()->isBeforeInBlock(source->getBlock()->findAncestorOpInBlock(*user));
    };
    auto others = llvm::make_filter_range(source->getUsers(), isOther);
    if (!llvm::all_of(tree, isPrologue) || !llvm::all_of(others, isBehind))
      return;
    if (!others.empty())
      members.sources.push_back(source);
    members.ops.insert(members.ops.begin(), tree.begin(), tree.end());
  }

  /// 0 on devices.
  int64_t getShuffledLanes(func::FuncOp function) {
    ModuleOp module = getOperation();
    if (getDevice(function) || !hasTarget(module))
      return 0;
    FailureOr<TargetAttr> target = getTarget(module);
    return succeeded(target) ? target->getLanes() : 0;
  }

  LogicalResult checkRules() {
    SmallVector<StringRef> known =
        llvm::map_to_vector(::rules, [](const Rule &rule) -> StringRef { return rule.name; });
    for (const PrologueRule &rule : prologueRules)
      known.push_back(rule.name);
    known.push_back(shuffleRule);
    known.push_back(windowsRule);
    known.push_back(elementwiseRule);
    known.push_back(attentionRule);
    for (const std::string &name : rules)
      if (!llvm::is_contained(known, name)) {
        InFlightDiagnostic diagnostic = getOperation().emitError("unknown fusion rule '")
                                        << name << "'; known are ";
        llvm::interleaveComma(known, diagnostic);
        return diagnostic;
      }
    return success();
  }

  /// Why `op`, which has a library op, becomes a call of it; nothing where a kernel computes it.
  std::optional<std::string> getCallReason(Operation *op, std::optional<std::string> obstacle,
                                           const DenseSet<Operation *> &sizes) {
    if (obstacle)
      return obstacle;
    if (sizes.contains(op))
      return "sizes are computed from it before the first kernel";
    if (reference)
      return "the reference has no kernels";
    return std::nullopt;
  }

  /// Calls that come from the importer, of operators that the dialect has no op for.
  void explainImportedCalls(func::FuncOp function) {
    function.walk([](LibraryCallOp call) {
      call.emitRemark("runs as library op '") << call.getCallee() << "': it has no kernel";
    });
  }

  /// All ops that need a box, in order. What no emitter takes becomes a library call; an error for
  /// each op that the library does not have either.
  FailureOr<SmallVector<Operation *>> collectOps(func::FuncOp function) {
    SmallVector<Operation *> candidates, ops;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<KernelOp>(op))
        return WalkResult::skip();
      if (op != function && !needsNoBox(op))
        candidates.push_back(op);
      return WalkResult::advance();
    });
    DenseSet<Operation *> sizes = findSizeArithmetic(function);
    bool obstructed = false;
    for (Operation *op : candidates) {
      std::optional<std::string> obstacle = getEmissionObstacle(op);
      std::optional<StringRef> callee = getLibraryOp(op);
      bool isInferred = llvm::all_of(op->getResultTypes(), [](Type type) {
        auto planned = dyn_cast<PlannedType>(type);
        return !planned || planned.hasRank();
      });
      bool isCallable = callee && isInferred && hasLibraryTypes(op);
      std::optional<std::string> reason = getCallReason(op, obstacle, sizes);
      if (isCallable && reason) {
        if (explains)
          op->emitRemark("runs as library op '") << *callee << "': " << *reason;
        makeLibraryCall(op, *callee);
      } else if (getPartOffset(op) || isPlaced(op, lanes != 0)) {
        continue; // memory of another value
      } else if (obstacle) {
        op->emitError(*obstacle);
        obstructed = true;
      } else if (reference) {
        op->emitError("no library op computes this, so that it has no reference");
        obstructed = true;
      } else {
        ops.push_back(op);
      }
    }
    if (obstructed)
      return failure();
    return ops;
  }

  /// Anchors take what follows them before trees of elementwise ops do. Trees grow from their last
  /// op, so that the last roots come first.
  void drawBoxes(ArrayRef<Operation *> ops) {
    DenseSet<Operation *> free(ops.begin(), ops.end());
    auto isFree = [&](Operation *op) { return free.contains(op); };
    auto draw = [&](const Members &members, Operation *anchor) {
      BoxKind kind = getKind(anchor);
      for (Operation *member : members.ops)
        if (!isReadOutside(member, members))
          free.erase(member);
      drawBox(members, kind);
    };
    SmallVector<Operation *> roots;
    for (Operation *op : ops) {
      if (!free.contains(op))
        continue;
      if (isa<ElementwiseOpInterface>(op) || isMovement(op)) {
        roots.push_back(op);
        continue;
      }
      auto attention = dyn_cast<AttentionOp>(op);
      Members members;
      members.ops =
          attention && isEnabled(attentionRule) ? findAttentionMoves(attention) : findAnchored(op);
      members.sources = {members.ops.back()};
      addPrologue(members, op, isFree);
      draw(members, op);
    }
    for (Operation *root : llvm::reverse(roots))
      if (free.contains(root))
        draw({findTree(root, isFree), {root}}, root);
  }

  void runOnOperation() override {
    if (failed(checkRules()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      lanes = getShuffledLanes(function);
      explains = explain && !function->hasAttr(onCpuName); // once for all machines
      if (explains)
        explainImportedCalls(function);
      if (lanes != 0)
        showImages(function);
      FailureOr<SmallVector<Operation *>> ops = collectOps(function);
      if (failed(ops))
        return signalPassFailure();
      drawBoxes(*ops);
    }
  }

  bool explains = false;
  int64_t lanes = 0; ///< of a CPU's vectors, whose kernels know shuffles and windows; 0 on devices
};
} // namespace
