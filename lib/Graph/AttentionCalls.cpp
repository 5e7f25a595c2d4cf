// Calls of library function `attention` become the op. A cache becomes a concatenation, and windows
// and lengths of the batch become masks. What is left stays a call: results of single steps, a
// softmax of another precision, sizes that may broadcast.

#include "AttentionForm.h"
#include "Matching.h"

#include "dlc/IR/Expr.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

Value dlc::createAttention(PatternRewriter &rewriter, Location loc, const AttentionForm &form) {
  auto getNumber = [&](std::optional<double> number) {
    return number ? rewriter.getF32FloatAttr(*number) : FloatAttr();
  };
  auto getFlag = [&](bool isSet) { return isSet ? rewriter.getUnitAttr() : UnitAttr(); };
  SmallVector<ExprAttr> dims(getType(form.query).getDims());
  dims.back() = getType(form.value).getDim(3);
  return AttentionOp::create(rewriter, loc, PlannedType::get(dims, rewriter.getF32Type()),
                             form.query, form.key, form.value, form.mask, getNumber(form.scale),
                             getNumber(form.softcap), getNumber(form.blocked),
                             getFlag(form.isCausal), getFlag(form.isNanBlocked));
}

//===----------------------------------------------------------------------===//
// What a call says
//===----------------------------------------------------------------------===//

namespace {
/// Reads the operands and attributes of a call.
class Call {
public:
  explicit Call(LibraryCallOp op) : op(op) {}

  /// Whether the op has a form for all that is asked for.
  bool isPlain() {
    return op.getCallee() == "attention" && op.getInputs().size() >= 3 && op.getNumResults() <= 3 &&
           getInt("softmax_precision", /*FLOAT*/ 1) == 1;
  }
  /// Null where it is absent.
  Value getInput(size_t index) {
    if (index >= op.getInputs().size() || op.getInputs()[index].getDefiningOp<AbsentOp>())
      return nullptr;
    return op.getInputs()[index];
  }
  int64_t getInt(StringRef name, int64_t otherwise) {
    auto attr = op.getParameters().getAs<IntegerAttr>(name);
    return attr ? attr.getInt() : otherwise;
  }
  std::optional<double> getDouble(StringRef name) {
    auto attr = op.getParameters().getAs<FloatAttr>(name);
    return attr ? std::optional(attr.getValueAsDouble()) : std::nullopt;
  }

  LibraryCallOp op;
};
} // namespace

static bool hasRank4(Value value) { return isF32(value) && getType(value).getRank() == 4; }

//===----------------------------------------------------------------------===//
// Attention over heads
//===----------------------------------------------------------------------===//

namespace {
/// Makes a call the op.
class CallConverter {
public:
  CallConverter(LibraryCallOp op, PatternRewriter &rewriter)
      : call(op), rewriter(rewriter), loc(op.getLoc()) {}

  /// Whether the call can become the op, as far as is known without a run.
  bool match();
  void rewrite();

private:
  bool matchFactors();
  bool matchMask();
  ExprAttr constant(int64_t value) { return ExprAttr::constant(rewriter.getContext(), value); }
  template <typename Op>
  Value create(ArrayRef<ExprAttr> dims, Type elementType, Value lhs, Value rhs) {
    return Op::create(rewriter, loc, PlannedType::get(dims, elementType), lhs, rhs);
  }
  Value count(ExprAttr from, ExprAttr size);
  Value view(Value value, ArrayRef<ExprAttr> dims);
  Value joinCache(Value current, size_t past);
  Value createPlaces(int64_t distance);
  Value createBounds();
  void addBounds();

  Call call;
  PatternRewriter &rewriter;
  Location loc;
  AttentionForm form;
  Value lengths;                 ///< of the batch's keys; null where all count
  SmallVector<ExprAttr> scores;  ///< their dims
  ExprAttr pastLength;           ///< of the cache; 0 for none
  int64_t left = -1, right = -1; ///< how far a query sees; -1 for all
};
} // namespace

/// Dims of the keys or values with what is in the cache before them; none where it does not fit.
static SmallVector<ExprAttr> joinDims(Value current, Value past) {
  SmallVector<ExprAttr> dims(getType(current).getDims());
  if (!past)
    return dims;
  if (!hasRank4(past))
    return {};
  SmallVector<ExprAttr> before(getType(past).getDims());
  ExprAttr length = dims[2] + before[2];
  dims[2] = before[2];
  if (!length || before != dims)
    return {};
  dims[2] = length;
  return dims;
}

bool CallConverter::matchFactors() {
  form.query = call.getInput(0), form.key = call.getInput(1), form.value = call.getInput(2);
  if (!hasRank4(form.query) || !hasRank4(form.key) || !hasRank4(form.value))
    return false;
  SmallVector<ExprAttr> key = joinDims(form.key, call.getInput(4)),
                        value = joinDims(form.value, call.getInput(5));
  ArrayRef<ExprAttr> query = getType(form.query).getDims();
  if (key.empty() || value.empty())
    return false;
  std::optional<int64_t> heads = query[1].getConstant(), shared = key[1].getConstant();
  bool sharesHeads = heads && shared && *shared > 0 && *heads % *shared == 0;
  scores = {query[0], query[1], query[2], key[2]};
  pastLength = call.getInput(4) ? getType(call.getInput(4)).getDim(2) : constant(0);
  return query[0] == key[0] && (query[1] == key[1] || sharesHeads) && query[3] == key[3] &&
         ArrayRef(key).take_front(3) == ArrayRef(value).take_front(3) &&
         call.op.getResult(0).getType() ==
             PlannedType::get({query[0], query[1], query[2], value[3]}, rewriter.getF32Type());
}

/// A mask must broadcast to the scores, as is known without a run, and reach to the last key: one
/// that ends before leaves the rest out.
bool CallConverter::matchMask() {
  form.mask = call.getInput(3), lengths = call.getInput(6);
  if (auto type = lengths ? dyn_cast<PlannedType>(lengths.getType()) : PlannedType();
      lengths && (!type || !type.hasRank() || type.getDims() != ArrayRef(scores).take_front() ||
                  !type.getElementType().isSignlessInteger(64)))
    return false;
  if (!form.mask)
    return true;
  auto type = dyn_cast<PlannedType>(form.mask.getType());
  if (!type || !type.hasRank() || type.getRank() < 1 || type.getRank() > 4 ||
      !(isBool(type.getElementType()) || type.getElementType().isF32()) ||
      type.getDims().back() != scores.back())
    return false;
  return llvm::all_of(llvm::zip_equal(type.getDims(), ArrayRef(scores).take_back(type.getRank())),
                      [](auto pair) {
                        auto [dim, to] = pair;
                        return dim == to || dim.getConstant() == 1;
                      });
}

bool CallConverter::match() {
  if (!call.isPlain() || !matchFactors() || !matchMask())
    return false;
  form.isCausal = call.getInt("is_causal", 0) != 0;
  left = call.getInt("left_window_size", -1), right = call.getInt("right_window_size", -1);
  if (left < -1 || right < -1 || (lengths && call.getInput(4)))
    return false; // the library says what is wrong
  if (std::optional<double> cap = call.getDouble("softcap"); cap && *cap > 0)
    form.softcap = cap;
  std::optional<int64_t> size = getType(form.query).getDim(3).getConstant();
  std::optional<double> scale = call.getDouble("scale");
  form.scale = scale ? *scale : 1 / std::sqrt(static_cast<double>(size.value_or(1)));
  return scale || size;
}

/// The integers from `from` on.
Value CallConverter::count(ExprAttr from, ExprAttr size) {
  return IotaOp::create(rewriter, loc, PlannedType::get({size}, rewriter.getI64Type()), from,
                        constant(1));
}

Value CallConverter::view(Value value, ArrayRef<ExprAttr> dims) {
  return ViewOp::create(rewriter, loc, PlannedType::get(dims, getType(value).getElementType()),
                        value);
}

Value CallConverter::joinCache(Value current, size_t past) {
  Value before = call.getInput(past);
  if (!before)
    return current;
  auto type = PlannedType::get(joinDims(current, before), rewriter.getF32Type());
  return ConcatOp::create(rewriter, loc, type, ValueRange{before, current}, /*axis=*/2);
}

/// Where each query is among the keys, and `distance` on: length x 1, or for each of a batch.
Value CallConverter::createPlaces(int64_t distance) {
  ExprAttr one = constant(1), first = pastLength + distance;
  if (!lengths)
    return view(count(first, scores[2]), {scores[2], one});
  Value ends = view(lengths, {scores[0], one, one, one});
  Value before = view(count(first - scores[2], scores[2]), {scores[2], one});
  return create<AddOp>({scores[0], one, scores[2], one}, rewriter.getI64Type(), ends, before);
}

/// Which keys each query may see, by their places alone; null for all.
Value CallConverter::createBounds() {
  Type i1 = rewriter.getI1Type();
  ExprAttr one = constant(1);
  SmallVector<ExprAttr> dims = {scores[2], scores[3]};
  if (lengths)
    dims = {scores[0], one, scores[2], scores[3]};
  Value bounds, keys = count(constant(0), scores[3]);
  auto add = [&](Value allowed) {
    bounds = bounds ? create<AndOp>(dims, i1, bounds, allowed) : allowed;
  };
  if (form.isCausal || right >= 0)
    add(create<LessEqualOp>(dims, i1, keys, createPlaces(form.isCausal ? 0 : right)));
  if (left >= 0)
    add(create<GreaterEqualOp>(dims, i1, keys, createPlaces(-left)));
  if (lengths) {
    Value ends = view(lengths, {scores[0], one, one, one});
    Value exists = create<LessOp>({scores[0], one, one, scores[3]}, i1, keys, ends);
    add(exists);
  }
  return bounds;
}

/// Makes bounds that the op has no form for a part of the mask.
void CallConverter::addBounds() {
  bool isFirst = pastLength == constant(0) && !lengths;
  // One query, at the last key.
  bool isLast = !lengths && right < 0 && scores[2] == constant(1) && scores[3] == pastLength + 1;
  if (isLast)
    form.isCausal = false;
  if (left < 0 && right < 0 && !lengths && (isFirst || !form.isCausal))
    return;
  Value bounds = createBounds();
  form.isCausal = false;
  if (!form.mask) {
    form.mask = bounds;
    return;
  }
  SmallVector<ExprAttr> dims(getType(bounds).getDims());
  for (auto [i, dim] : llvm::enumerate(llvm::reverse(getType(form.mask).getDims())))
    if (i == dims.size())
      dims.insert(dims.begin(), dim);
    else if (ExprAttr &own = dims[dims.size() - 1 - i]; own == constant(1))
      own = dim;
  if (isBool(getType(form.mask).getElementType())) {
    form.mask = create<AndOp>(dims, rewriter.getI1Type(), form.mask, bounds);
    return;
  }
  Value blocked = ConstantOp::create(
      rewriter, loc, rewriter.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
  form.mask = SelectOp::create(rewriter, loc, PlannedType::get(dims, rewriter.getF32Type()), bounds,
                               form.mask, blocked);
}

void CallConverter::rewrite() {
  form.key = joinCache(form.key, 4);
  form.value = joinCache(form.value, 5);
  addBounds();
  SmallVector<Value> results = {createAttention(rewriter, loc, form), form.key, form.value};
  results.truncate(call.op.getNumResults());
  rewriter.replaceOp(call.op, results);
}

namespace {
struct AttentionCall : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override {
    CallConverter converter(op, rewriter);
    if (!converter.match())
      return rewriter.notifyMatchFailure(op, "no attention over heads, or dims may broadcast");
    converter.rewrite();
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Joined heads
//===----------------------------------------------------------------------===//

/// batch x heads x length x size of batch x length x heads * size, a constant multiple of the
/// heads.
static Value splitHeads(PatternRewriter &rewriter, Location loc, Value joined, int64_t heads) {
  PlannedType type = getType(joined);
  int64_t hidden = *type.getDim(2).getConstant();
  auto constant = [&](int64_t size) { return ExprAttr::constant(rewriter.getContext(), size); };
  ExprAttr batch = type.getDim(0), length = type.getDim(1);
  ExprAttr count = constant(heads), size = constant(hidden / heads);
  Type elementType = type.getElementType();
  Value split = ViewOp::create(rewriter, loc,
                               PlannedType::get({batch, length, count, size}, elementType), joined);
  return TransposeOp::create(rewriter, loc,
                             PlannedType::get({batch, count, length, size}, elementType), split,
                             rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
}

namespace {
/// Attention over joined heads is one over heads. Caches have the heads apart.
struct SplitHeads : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override {
    Call call(op);
    int64_t queryHeads = call.getInt("q_num_heads", 0), keyHeads = call.getInt("kv_num_heads", 0);
    if (!call.isPlain() || keyHeads < 1 || queryHeads < 1 || queryHeads % keyHeads != 0)
      return rewriter.notifyMatchFailure(op, "no attention over joined heads");
    auto isJoined = [](Value value) { return isF32(value) && getType(value).getRank() == 3; };
    SmallVector<Value> operands(op.getInputs());
    if (!llvm::all_of(ArrayRef(operands).take_front(3), isJoined) || !isJoined(op.getResult(0)))
      return rewriter.notifyMatchFailure(op, "no joined heads of f32");
    auto getHeads = [&](size_t index) { return index == 0 ? queryHeads : keyHeads; };
    for (size_t index : {0, 1, 2})
      if (std::optional<int64_t> hidden = getType(operands[index]).getDim(2).getConstant();
          !hidden || *hidden % getHeads(index) != 0)
        return rewriter.notifyMatchFailure(op, "heads of a size that only the run knows");
    for (size_t index : {0, 1, 2})
      operands[index] = splitHeads(rewriter, op.getLoc(), operands[index], getHeads(index));
    NamedAttrList attributes(op.getParameters());
    attributes.erase("q_num_heads");
    attributes.erase("kv_num_heads");
    SmallVector<ExprAttr> dims(getType(operands[0]).getDims());
    dims[3] = getType(operands[2]).getDim(3);
    SmallVector<Type> types(op->getResultTypes());
    types[0] = PlannedType::get(dims, rewriter.getF32Type());
    auto split = LibraryCallOp::create(rewriter, op.getLoc(), types, op.getCallee(), operands,
                                       ValueRange(), attributes.getDictionary(op.getContext()));
    std::swap(dims[1], dims[2]);
    Value rows =
        TransposeOp::create(rewriter, op.getLoc(), PlannedType::get(dims, rewriter.getF32Type()),
                            split.getResult(0), rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
    SmallVector<Value> results(split.getResults());
    results[0] =
        ViewOp::create(rewriter, op.getLoc(), cast<PlannedType>(op.getResult(0).getType()), rows);
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void dlc::addAttentionCallPatterns(RewritePatternSet &patterns) {
  patterns.add<AttentionCall, SplitHeads>(patterns.getContext());
}
