// Computes ops whose operands are constants, by the functions of the op library. Small results
// become dense constants. Large ones go to a side file, a source of weights like a model's file;
// only those that are still used in the end stay in it.
//
// A function that fails here would fail in every run, so that its words are an error of the model,
// unless the op may never be reached.

#include "CallLibraryOp.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/Graph/Passes.h"
#include "dlc/IR/Program.h"
#include "dlc/IR/Views.h"
#include "dlc/Support/SideFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/MathExtras.h"

#include <map>
#include <vector>

#define DEBUG_TYPE "dlc-fold-constants"

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// What is worth to be folded
//===----------------------------------------------------------------------===//

/// Bytes that a result may have, however small its operands are.
static constexpr int64_t smallBytes = 64 << 10;
/// How many times the size of its operands a larger result may have: what expands is cheaper to
/// compute than to store and to read.
static constexpr int64_t maxGrowth = 4;
/// Elementary steps for all ops of a module. Library ops take some ten nanoseconds for each, so
/// that these are a few seconds.
static constexpr int64_t maxWork = 400'000'000;

static int64_t saturatingProduct(ArrayRef<int64_t> factors) {
  int64_t product = 1;
  if (llvm::is_contained(factors, 0))
    return 0;
  for (int64_t factor : factors)
    if (llvm::MulOverflow(product, factor, product))
      return std::numeric_limits<int64_t>::max();
  return product;
}

static SmallVector<int64_t> getShape(Value value) {
  return *cast<PlannedType>(value.getType()).getStaticShape();
}

/// Whether a constant of these elements is a dense attribute.
static bool isDense(Value value) {
  return saturatingProduct(getShape(value)) <= ConstantOp::maxDenseElements;
}

/// A guess at the work of computing `op`, whose shapes are static.
static int64_t guessWork(Operation *op) {
  SmallVector<int64_t> factors = getShape(op->getResult(0));
  if (auto conv = dyn_cast<ConvOp>(op))
    llvm::append_range(factors, ArrayRef<int64_t>(getShape(conv.getFilter())).drop_front());
  else if (auto matmul = dyn_cast<MatmulOp>(op))
    factors.push_back(getShape(matmul.getLhs()).back());
  else if (auto pool = dyn_cast<PoolOp>(op))
    llvm::append_range(factors, pool.getKernel());
  else // an index, a load and a few operations
    factors.push_back(4);
  int64_t work = saturatingProduct(factors);
  for (Value operand : op->getOperands())
    if (isa<PlannedType>(operand.getType()))
      work = std::max(work, saturatingProduct(getShape(operand)));
  return work;
}

/// Whether a convolution reads the result as its filter, which a kernel takes only as a constant,
/// or what ops that move elements make of it.
static bool isFilter(Operation *op) {
  return llvm::any_of(op->getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    auto conv = dyn_cast<ConvOp>(user);
    return conv ? use.get() == conv.getFilter()
                : isa<ViewOp, TransposeOp, PadOp, SliceOp>(user) && isFilter(user);
  });
}

/// The bytes of a value of known size, which a library op can read or write; nothing for others.
/// Library ops take as many dims as the ports of a model may have.
static std::optional<int64_t> getBytes(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  std::optional<SmallVector<int64_t>> shape = type ? type.getStaticShape() : std::nullopt;
  if (!shape || shape->size() > DLC_MANIFEST_MAX_RANK || !getDtype(type.getElementType()))
    return std::nullopt;
  shape->push_back(type.getElementBytes());
  int64_t bytes = saturatingProduct(*shape);
  return bytes == std::numeric_limits<int64_t>::max() ? std::nullopt : std::optional(bytes);
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

namespace {
/// The elements of a constant. They are in memory, in a source, or both.
struct Contents {
  std::optional<MutableArrayRef<char>> bytes;
  Attribute source; // dense or #dlc.range; null for what was computed
};

class Folder {
public:
  Folder(ModuleOp module, uint64_t budget)
      : module(module), context(module.getContext()), budget(budget),
        files(context->getLoadedDialect<DlcDialect>()->getSourceFiles()) {}

  LogicalResult run();

private:
  enum class Outcome { folded, left, failed };

  /// What decides the elements of an op's results, as addresses of unique things.
  using Key = std::vector<const void *>;

  Outcome visit(Operation *op);
  bool visitView(Operation *op);
  Key makeKey(Operation *op, ArrayRef<Value> operands);
  bool isWorthwhile(Operation *op, ArrayRef<Value> operands);
  Outcome compute(Operation *op, StringRef name, ArrayRef<Value> operands,
                  ArrayRef<LibraryAttribute> attributes);

  Contents *findContents(Value value);
  bool canRead(Value value);
  std::optional<StringRef> findSource(RangeAttr range);
  FailureOr<MutableArrayRef<char>> allocate(Operation *op, uint64_t bytes, bool isSmall);
  FailureOr<MutableArrayRef<char>> loadSource(Operation *op, Value value, Attribute source);
  LogicalResult load(Operation *op, Value value, TensorData &to);

  LogicalResult finish();
  void compact();
  Attribute makeValue(PlannedType type, const Contents &contents, int64_t file);

  ModuleOp module;
  MLIRContext *context;
  uint64_t budget;
  SourceFiles &files;
  SmallVector<SourceAttr> sources;
  SideFile sideFile;
  llvm::BumpPtrAllocator small;
  llvm::DenseMap<Value, Contents> known;
  llvm::DenseMap<Attribute, MutableArrayRef<char>> loaded; // by source
  std::map<Key, Operation *> computed;
  SmallVector<Operation *> folded;
  llvm::DenseMap<const char *, uint64_t> offsets; // in the side file that is kept
  uint64_t keptBytes = 0;
  int64_t workDone = 0;
};
} // namespace

/// The part of a file, where that is at hand.
std::optional<StringRef> Folder::findSource(RangeAttr range) {
  if (range.getFile() >= static_cast<int64_t>(sources.size()))
    return std::nullopt;
  SourceAttr source = sources[range.getFile()];
  std::optional<StringRef> file = files.find(source.getHash(), source.getSize());
  uint64_t begin = range.getOffset(), length = range.getLength();
  if (!file || begin > file->size() || length > file->size() - begin)
    return std::nullopt;
  return file->substr(begin, length);
}

/// Of a constant, or of what was folded.
Contents *Folder::findContents(Value value) {
  if (auto found = known.find(value); found != known.end())
    return &found->second;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return nullptr;
  WeightAttr weight = constant.getWeight();
  if (!weight.getRecipe().empty())
    return nullptr;
  return &known.try_emplace(value, Contents{{}, weight.getSource()}).first->second;
}

/// Whether the elements are known while the compiler runs.
bool Folder::canRead(Value value) {
  Contents *contents = getBytes(value) ? findContents(value) : nullptr;
  if (!contents)
    return false;
  auto range = dyn_cast_or_null<RangeAttr>(contents->source);
  return !range || findSource(range);
}

/// Memory for elements; in the side file unless it is for few of them. The disk may be full.
FailureOr<MutableArrayRef<char>> Folder::allocate(Operation *op, uint64_t bytes, bool isSmall) {
  if (isSmall)
    return MutableArrayRef(
        static_cast<char *>(small.Allocate(std::max<uint64_t>(bytes, 1), SideFile::alignment)),
        bytes);
  if (!sideFile.isOpen())
    if (llvm::Error error = sideFile.open(budget))
      return op->emitError() << llvm::toString(std::move(error));
  llvm::Expected<MutableArrayRef<char>> memory = sideFile.allocate(bytes);
  if (!memory)
    return op->emitError() << llvm::toString(memory.takeError());
  return *memory;
}

/// The elements of a source in memory that code can read: what is not aligned in its file, or has
/// no file, is copied.
FailureOr<MutableArrayRef<char>> Folder::loadSource(Operation *op, Value value, Attribute source) {
  auto isAligned = [&](const char *data) {
    int64_t bytes = cast<PlannedType>(value.getType()).getElementBytes();
    return reinterpret_cast<uintptr_t>(data) % bytes == 0;
  };
  if (auto found = loaded.find(source); found != loaded.end() && isAligned(found->second.data()))
    return found->second;
  std::string owned;
  StringRef data;
  auto dense = dyn_cast<DenseElementsAttr>(source);
  if (dense)
    data = owned = getDenseBytes(dense);
  else
    data = *findSource(cast<RangeAttr>(source));
  MutableArrayRef<char> bytes(const_cast<char *>(data.data()), data.size()); // only read
  if (dense || !isAligned(data.data())) {
    FailureOr<MutableArrayRef<char>> copy = allocate(op, data.size(), isDense(value));
    if (failed(copy))
      return failure();
    llvm::copy(data, copy->begin());
    bytes = *copy;
  }
  return loaded[source] = bytes;
}

/// Describes a constant.
LogicalResult Folder::load(Operation *op, Value value, TensorData &to) {
  Contents &contents = *findContents(value);
  if (!contents.bytes) {
    FailureOr<MutableArrayRef<char>> bytes = loadSource(op, value, contents.source);
    if (failed(bytes))
      return failure();
    contents.bytes = *bytes;
  }
  to = {*getDtype(cast<PlannedType>(value.getType()).getElementType()), getShape(value),
        *contents.bytes};
  return success();
}

/// An op that shows elements of a constant in another shape needs nobody to compute it.
bool Folder::visitView(Operation *op) {
  Contents *contents = findContents(op->getOperand(0));
  if (!contents || !getBytes(op->getResult(0)) ||
      getBytes(op->getResult(0)) != getBytes(op->getOperand(0)))
    return false;
  Contents view = *contents;
  known[op->getResult(0)] = view;
  folded.push_back(op);
  return true;
}

Folder::Key Folder::makeKey(Operation *op, ArrayRef<Value> operands) {
  Key key = {getLibraryOp(op)->data(), getLibraryDictionary(op).getAsOpaquePointer()};
  for (Type type : op->getResultTypes())
    key.push_back(type.getAsOpaquePointer());
  for (Value operand : operands) {
    Contents *contents = operand ? findContents(operand) : nullptr;
    key.push_back(!contents          ? nullptr
                  : contents->source ? contents->source.getAsOpaquePointer()
                                     : contents->bytes->data());
    key.push_back(operand ? operand.getType().getAsOpaquePointer() : nullptr);
  }
  return key;
}

/// Whether size and work are within bounds.
bool Folder::isWorthwhile(Operation *op, ArrayRef<Value> operands) {
  int64_t operandBytes = 0, resultBytes = 0;
  for (Value operand : operands)
    if (operand)
      operandBytes += std::min(*getBytes(operand), std::numeric_limits<int64_t>::max() / 1024);
  for (Value result : op->getResults())
    resultBytes += std::min(*getBytes(result), std::numeric_limits<int64_t>::max() / 1024);
  bool makesFilter = isFilter(op);
  if (resultBytes > smallBytes && resultBytes / maxGrowth > operandBytes && !makesFilter)
    return false;
  // All operands may have to be copied, and everything is aligned.
  uint64_t slack = SideFile::alignment * (operands.size() + op->getNumResults());
  if (sideFile.size() + operandBytes + resultBytes + slack > budget)
    return false;
  if (makesFilter && isa<TransposeOp, PadOp, SliceOp>(op)) // grows with the model's size alone
    return true;
  int64_t work = guessWork(op);
  if (work > maxWork - workDone)
    return false;
  workDone += work;
  return true;
}

Folder::Outcome Folder::compute(Operation *op, StringRef name, ArrayRef<Value> operands,
                                ArrayRef<LibraryAttribute> attributes) {
  SmallVector<TensorData> inputs(operands.size()), outputs(op->getNumResults());
  SmallVector<const TensorData *> pointers(operands.size());
  for (auto [operand, input, pointer] : llvm::zip_equal(operands, inputs, pointers)) {
    if (!operand)
      continue;
    if (failed(load(op, operand, input)))
      return Outcome::failed;
    pointer = &input;
  }
  for (auto [result, output] : llvm::zip_equal(op->getResults(), outputs)) {
    auto type = cast<PlannedType>(result.getType());
    FailureOr<MutableArrayRef<char>> memory = allocate(op, *getBytes(result), isDense(result));
    if (failed(memory))
      return Outcome::failed;
    output = {*getDtype(type.getElementType()), getShape(result), *memory};
  }
  if (std::optional<std::string> error = callLibraryOp(name, pointers, outputs, attributes)) {
    if (!isa<func::FuncOp>(op->getParentOp()))
      return Outcome::left;
    op->emitError() << *error;
    return Outcome::failed;
  }
  for (auto [result, output] : llvm::zip_equal(op->getResults(), outputs))
    known[result] = {output.bytes, {}};
  folded.push_back(op);
  return Outcome::folded;
}

Folder::Outcome Folder::visit(Operation *op) {
  if (isa<ConstantOp>(op) || op->getNumResults() == 0 || op->use_empty() || !isMemoryEffectFree(op))
    return Outcome::left;
  if (isView(op))
    return visitView(op) ? Outcome::folded : Outcome::left;
  std::optional<StringRef> name = getLibraryOp(op);
  if (!name || op->getNumRegions() != 0)
    return Outcome::left;
  SmallVector<Value> operands = getLibraryOperands(op);
  for (Value operand : operands)
    if (operand && !canRead(operand))
      return Outcome::left;
  for (Value result : op->getResults())
    if (!getBytes(result))
      return Outcome::left;
  FailureOr<SmallVector<LibraryAttribute>> attributes =
      getLibraryAttributes(getLibraryDictionary(op), [&] { return op->emitError(); });
  if (failed(attributes))
    return Outcome::failed;
  for (const LibraryAttribute &attribute : *attributes)
    for (ExprAttr value : attribute.ints)
      if (!value.getConstant())
        return Outcome::left;
  // What functions that are called often, or exporters, repeat is computed and stored once.
  Key key = makeKey(op, operands);
  if (auto equal = computed.find(key); equal != computed.end()) {
    for (auto [result, computed] : llvm::zip_equal(op->getResults(), equal->second->getResults()))
      known[result] = Contents(known[computed]);
    folded.push_back(op);
    return Outcome::folded;
  }
  if (!isWorthwhile(op, operands))
    return Outcome::left;
  Outcome outcome = compute(op, *name, operands, *attributes);
  if (outcome == Outcome::folded)
    computed.try_emplace(std::move(key), op);
  return outcome;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static bool isUsedBeyond(Value value, const llvm::DenseSet<Operation *> &ops) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) { return !ops.contains(user); });
}

/// Moves what is used in the end to the front of the side file.
void Folder::compact() {
  llvm::DenseSet<Operation *> gone(folded.begin(), folded.end());
  SmallVector<MutableArrayRef<char>> kept;
  for (Operation *op : folded)
    for (Value result : op->getResults())
      if (const Contents &contents = known[result];
          !contents.source && !isDense(result) && isUsedBeyond(result, gone) &&
          offsets.try_emplace(contents.bytes->data()).second)
        kept.push_back(*contents.bytes);
  llvm::sort(kept, [](auto lhs, auto rhs) { return lhs.data() < rhs.data(); });
  for (MutableArrayRef<char> bytes : kept) {
    uint64_t begin = llvm::alignTo(keptBytes, SideFile::alignment);
    std::fill(sideFile.data() + keptBytes, sideFile.data() + begin, '\0');
    std::memmove(sideFile.data() + begin, bytes.data(), bytes.size());
    offsets[bytes.data()] = begin;
    keptBytes = begin + bytes.size();
  }
}

Attribute Folder::makeValue(PlannedType type, const Contents &contents, int64_t file) {
  SmallVector<int64_t> shape = *type.getStaticShape();
  auto tensor = RankedTensorType::get(shape, type.getElementType());
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(contents.source)) {
    dense = dense.reshape(tensor);
    if (dense.getNumElements() <= ConstantOp::maxDenseElements)
      return dense;
    return WeightAttr::get(context, dense, shape, type.getElementType(), {});
  }
  Attribute source = contents.source;
  if (!source) {
    int64_t offset = offsets.lookup(contents.bytes->data());
    source = RangeAttr::get(context, file, offset, contents.bytes->size());
  }
  return WeightAttr::get(context, source, shape, type.getElementType(), {});
}

/// Puts constants in the place of what was folded.
LogicalResult Folder::finish() {
  // Small results leave their memory first: compaction overwrites the side file.
  for (auto &[value, contents] : known)
    if (!contents.source && isDense(value)) {
      auto type = cast<PlannedType>(value.getType());
      contents.source =
          makeDense(RankedTensorType::get(getShape(value), type.getElementType()), *contents.bytes);
    }
  compact();
  int64_t file = sources.size();
  if (keptBytes != 0) {
    llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer = sideFile.finish(keptBytes);
    if (!buffer)
      return module.emitError() << llvm::toString(buffer.takeError());
    const SourceFiles::File &added = files[files.add(std::move(*buffer))];
    sources.push_back(SourceAttr::get(context, added.hash, keptBytes));
    setSources(module, sources);
  }
  llvm::DenseSet<Operation *> gone(folded.begin(), folded.end());
  for (Operation *op : folded) {
    OpBuilder builder(op);
    for (Value result : op->getResults()) {
      if (!isUsedBeyond(result, gone))
        continue;
      auto type = cast<PlannedType>(result.getType());
      Value constant =
          ConstantOp::create(builder, op->getLoc(), type, makeValue(type, known[result], file));
      result.replaceUsesWithIf(constant,
                               [&](OpOperand &use) { return !gone.contains(use.getOwner()); });
    }
  }
  for (Operation *op : llvm::reverse(folded))
    op->erase();
  return success();
}

LogicalResult Folder::run() {
  FailureOr<SmallVector<SourceAttr>> listed = getSources(module);
  if (failed(listed))
    return failure();
  sources = std::move(*listed);
  bool failedOp = false;
  module.walk<WalkOrder::PreOrder>(
      [&](Operation *op) { failedOp |= visit(op) == Outcome::failed; });
  return failedOp ? failure() : finish();
}

namespace {
struct FoldConstants : dlc::impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;

  void runOnOperation() override {
    Folder folder(getOperation(), budget);
    if (failed(folder.run()))
      return signalPassFailure();
  }
};
} // namespace
