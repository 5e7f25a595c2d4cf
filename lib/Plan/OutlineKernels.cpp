// Boxes become functions, the graph becomes a host program. Order is kept: launches stand where the
// boxes stood.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"
#include "dlc/IR/NodeLocation.h"
#include "dlc/IR/Program.h"
#include "dlc/Plan/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "dlc-outline-kernels"

namespace dlc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "dlc/Plan/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// "conv_relu_3": the ops of a box, and its number.
static std::string getKernelName(KernelOp box, size_t number) {
  std::string name;
  for (Operation &op : box.getBody().front().without_terminator())
    if (!isa<ConstantOp>(op))
      name += op.getName().stripDialect().str() + "_";
  if (name.empty())
    name = "copy_";
  return name + std::to_string(number);
}

static ExprAttr getProduct(MLIRContext *context, ArrayRef<ExprAttr> dims) {
  ExprAttr product = ExprAttr::constant(context, 1);
  for (ExprAttr dim : dims)
    product = product * dim;
  return product;
}

static ExprAttr getMatmulTasks(MatmulOp matmul, ScheduleAttr schedule) {
  ExprAttr one = ExprAttr::constant(matmul.getContext(), 1);
  ExprAttr rows = matmul.getRows(), columns = matmul.getColumns();
  ExprAttr panels = ceilDiv(columns ? columns : one, schedule.getChannels());
  if (schedule.getAlgorithm() == Algorithm::direct_conv)
    return panels;
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

/// The number of tasks of a box, see `#dlc.schedule`. Null where it leaves 64 bits.
static ExprAttr getTasks(KernelOp box) {
  ScheduleAttr schedule = box.getScheduleAttr();
  auto type = cast<PlannedType>(box.getResult(0).getType());
  ArrayRef<ExprAttr> dims = type.getDims();
  ExprAttr one = ExprAttr::constant(box.getContext(), 1);
  auto image = dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  // An image without rows still has a halo to fill.
  auto bands = [&](ExprAttr rows) {
    ExprAttr count = ceilDiv(rows, schedule.getRows());
    return image && image.hasHalo() ? maximum(count, one) : count;
  };
  if (schedule.getAlgorithm() == Algorithm::loops) {
    return bands(getProduct(box.getContext(), dims.empty() ? dims : dims.drop_back()));
  }
  auto softmaxes = box.getBody().getOps<SoftmaxOp>();
  if (!softmaxes.empty())
    return getSoftmaxTasks(*softmaxes.begin(), schedule);
  auto products = box.getBody().getOps<MatmulOp>();
  if (!products.empty())
    return getMatmulTasks(*products.begin(), schedule);
  ExprAttr panels = ceilDiv(dims[1], schedule.getChannels());
  return dims[0] * panels * (dims.size() == 4 ? bands(dims[2]) : one);
}

namespace {
struct OutlineKernels : dlc::impl::OutlineKernelsBase<OutlineKernels> {
  /// The function of a box: reads, the ops, writes.
  void outline(KernelOp box, StringRef name) {
    OpBuilder builder(&getContext());
    builder.setInsertionPoint(box->getParentOfType<func::FuncOp>());
    SmallVector<Type> buffers;
    for (Type type : llvm::concat<const Type>(box.getOperandTypes(), box.getResultTypes()))
      buffers.push_back(BufferType::get(&getContext(), cast<PlannedType>(type)));
    Location loc = box.getLoc();
    auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(buffers, {}));
    function.setPrivate();
    function->setAttr(scheduleName, box.getScheduleAttr());
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    size_t numInputs = box.getInputs().size();
    for (auto [argument, buffer] :
         llvm::zip_equal(box.getBody().getArguments(), body->getArguments().take_front(numInputs)))
      mapping.map(argument, ReadOp::create(builder, loc, argument.getType(), buffer));
    for (Operation &op : box.getBody().front().without_terminator())
      builder.clone(op, mapping);
    for (auto [value, buffer] :
         llvm::zip_equal(box.getYield().getValues(), body->getArguments().drop_front(numInputs)))
      WriteOp::create(builder, loc, mapping.lookupOrDefault(value), buffer);
    func::ReturnOp::create(builder, loc);
  }

  /// The buffer of a constant: the same place for equal weights.
  Value placeConstant(OpBuilder &builder, ConstantOp constant) {
    WeightAttr weight = constant.getWeight();
    auto [place, isNew] = offsets.try_emplace(weight, weightsSize);
    if (isNew) {
      int64_t size = getPackedBytes(weight);
      weights.push_back({weight, weightsSize, size});
      weightsSize = llvm::alignTo(weightsSize + size, 64);
    }
    auto type = BufferType::get(&getContext(), constant.getType());
    return WeightSlotOp::create(builder, constant.getLoc(), type, place->second, weight);
  }

  /// The buffer that holds `value`, made where it is first asked for.
  Value getBuffer(OpBuilder &builder, Value value, IRMapping &buffers) {
    if (Value known = buffers.lookupOrNull(value))
      return known;
    auto type = BufferType::get(&getContext(), cast<PlannedType>(value.getType()));
    Operation *source = value.getDefiningOp();
    Value buffer;
    if (auto constant = dyn_cast<ConstantOp>(source))
      buffer = placeConstant(builder, constant);
    else if (isView(source))
      buffer = ReinterpretOp::create(builder, source->getLoc(), type,
                                     getBuffer(builder, source->getOperand(0), buffers));
    else
      buffer = AllocOp::create(builder, value.getLoc(), type);
    buffers.map(value, buffer);
    return buffer;
  }

  LogicalResult launch(OpBuilder &builder, KernelOp box, IRMapping &buffers) {
    if (!box.getSchedule())
      return box.emitError("expected a schedule");
    ExprAttr tasks = getTasks(box);
    if (!tasks)
      return box.emitError("expected a number of tasks of 64 bits");
    std::string name = getKernelName(box, kernels.size());
    outline(box, name);
    kernels.push_back({name, llvm::join(getNodes(box.getLoc()), ", ")});
    SmallVector<Value> operands;
    for (ValueRange values : {ValueRange(box.getInputs()), ValueRange(box.getResults())})
      for (Value value : values)
        operands.push_back(getBuffer(builder, value, buffers));
    LaunchOp::create(builder, box.getLoc(), name, tasks, operands);
    return success();
  }

  /// `main` over buffers: arguments for inputs, then for outputs.
  LogicalResult convertMain(func::FuncOp main) {
    Operation *end = main.getBody().front().getTerminator();
    SmallVector<Type> types;
    for (Type type : llvm::concat<const Type>(main.getArgumentTypes(), end->getOperandTypes()))
      types.push_back(BufferType::get(&getContext(), cast<PlannedType>(type)));
    OpBuilder builder(main);
    auto host =
        func::FuncOp::create(builder, main.getLoc(), mainName, builder.getFunctionType(types, {}));
    Block *body = host.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping buffers;
    ValueRange arguments = body->getArguments();
    buffers.map(main.getArguments(), arguments.take_front(main.getNumArguments()));
    for (auto [output, argument] :
         llvm::zip_equal(end->getOperands(), arguments.drop_front(main.getNumArguments()))) {
      Value viewed = getViewed(output), buffer = argument;
      if (buffers.contains(viewed) || !viewed.getDefiningOp<KernelOp>())
        return end->emitError("expected every output to come from a box of its own");
      auto type = BufferType::get(&getContext(), cast<PlannedType>(viewed.getType()));
      if (viewed != output)
        buffer = ReinterpretOp::create(builder, end->getLoc(), type, buffer);
      buffers.map(viewed, buffer);
    }
    for (Operation &op : main.getBody().front().without_terminator()) {
      if (isa<ConstantOp>(op) || isView(&op))
        continue;
      auto box = dyn_cast<KernelOp>(op);
      if (!box)
        return op.emitError("expected a box, a view or a constant");
      if (failed(launch(builder, box, buffers)))
        return failure();
    }
    func::ReturnOp::create(builder, end->getLoc());
    main.erase();
    return success();
  }

  /// Names come from the attribute `dlc.name` of arguments and results; symbols in the order of the
  /// inputs' dims.
  FailureOr<Signature> readSignature(func::FuncOp main) {
    Signature signature;
    SetVector<StringRef> symbols;
    for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
      auto name = main.getArgAttrOfType<StringAttr>(index, portName);
      if (!name)
        return main.emitError("expected attribute 'dlc.name' of argument ") << index;
      auto planned = cast<PlannedType>(type);
      for (ExprAttr dim : planned.getDims())
        dim.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
      signature.inputs.push_back({name.getValue(), planned});
    }
    for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
      auto name = main.getResultAttrOfType<StringAttr>(index, portName);
      if (!name)
        return main.emitError("expected attribute 'dlc.name' of result ") << index;
      signature.outputs.push_back({name.getValue(), cast<PlannedType>(type)});
    }
    signature.symbols = symbols.takeVector();
    return signature;
  }

  void runOnOperation() override {
    kernels.clear();
    weights.clear();
    offsets.clear();
    weightsSize = 0;
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (!main) {
      getOperation().emitError("expected a function '") << mainName << "'";
      return signalPassFailure();
    }
    FailureOr<Signature> signature = readSignature(main);
    if (failed(signature) || failed(convertMain(main)))
      return signalPassFailure();
    setSignature(getOperation(), *signature);
    setWeights(getOperation(), weights);
    setKernels(getOperation(), kernels);
  }

  SmallVector<Kernel> kernels;
  SmallVector<PlacedWeight> weights;
  int64_t weightsSize = 0;
  DenseMap<Attribute, int64_t> offsets;
};
} // namespace
