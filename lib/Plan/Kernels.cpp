#include "Kernels.h"
#include "Tasks.h"

#include "dlc/IR/Emitters.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc;

/// "conv_relu_3": the ops of a box, without what shows a convolution planes, and its number.
static std::string getKernelName(KernelOp box, size_t number) {
  std::string name;
  for (Operation &op : box.getBody().front().without_terminator()) {
    if (isa<ConvOp>(op))
      name.clear();
    if (!isa<ConstantOp>(op))
      name += op.getName().stripDialect().str() + "_";
  }
  if (name.empty())
    name = "copy_";
  return name + std::to_string(number);
}

/// 2 x the multiply-adds of the convolutions, matrix products and recurrences in a box. Null where
/// there are none or their number leaves 64 bits.
static ExprAttr getFlops(KernelOp box) {
  ExprAttr flops;
  auto add = [&](PlannedType output, ArrayRef<ExprAttr> summed) {
    ExprAttr count = ExprAttr::constant(box.getContext(), 2);
    for (ExprAttr dim : llvm::concat<const ExprAttr>(output.getDims(), summed))
      count = count * dim;
    flops = flops ? flops + count : count;
  };
  for (Operation &op : box.getBody().front()) {
    if (auto conv = dyn_cast<ConvOp>(op))
      add(conv.getType(), conv.getFilter().getType().getDims().drop_front());
    else if (auto recurrence = dyn_cast<RecurrenceOp>(op))
      add(cast<PlannedType>(recurrence.getProducts().getType()),
          recurrence.getWeights().getType().getDims().take_back());
    else if (auto attention = dyn_cast<AttentionOp>(op))
      for (Value factor : {attention.getQuery(), attention.getResult()})
        add(cast<PlannedType>(factor.getType()), attention.getKey().getType().getDim(2));
    else if (auto matmul = dyn_cast<MatmulOp>(op))
      add(matmul.getType(), matmul.getLhs().getType().getDims().take_back());
  }
  return flops;
}

/// The function of a box: reads, the ops, writes. Scratch buffers come last.
static func::FuncOp outline(KernelOp box, StringRef name, ArrayRef<Type> scratch) {
  MLIRContext *context = box.getContext();
  OpBuilder builder(context);
  builder.setInsertionPoint(box->getParentOfType<func::FuncOp>());
  Space space = isOnDevice(box.getScheduleAttr()) ? Space::device : Space::host;
  SmallVector<Type> buffers;
  for (Type type : llvm::concat<const Type>(box.getOperandTypes(), box.getResultTypes()))
    buffers.push_back(BufferType::get(context, cast<PlannedType>(type), space));
  llvm::append_range(buffers, scratch);
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
       llvm::zip_first(box.getYield().getValues(), body->getArguments().drop_front(numInputs)))
    WriteOp::create(builder, loc, mapping.lookupOrDefault(value), buffer);
  func::ReturnOp::create(builder, loc);
  return function;
}

/// Weights are arguments, so that the layers of a model often share their kernels.
func::FuncOp KernelTable::getFunction(KernelOp box, ArrayRef<Type> scratch) {
  func::FuncOp function = outline(box, getKernelName(box, numFunctions), scratch);
  auto &others = functions[{function.getFunctionType(), box.getScheduleAttr()}];
  for (func::FuncOp other : others)
    if (OperationEquivalence::isRegionEquivalentTo(&function.getBody(), &other.getBody(),
                                                   OperationEquivalence::IgnoreLocations)) {
      function.erase();
      return other;
    }
  others.push_back(function);
  ++numFunctions;
  return function;
}

/// What blocks of the device leave to each other: parts of sums, and counters, which all launches
/// share, since they leave zeros.
static SmallVector<Value> makeScratch(OpBuilder &builder, KernelOp box, ExprAttr tasks) {
  ScheduleAttr schedule = box.getScheduleAttr();
  if (schedule.getSlices() == 1)
    return {};
  MLIRContext *context = box.getContext();
  auto getType = [&](ExprAttr count, Type elementType) {
    return BufferType::get(context, PlannedType::get({count}, elementType), Space::device);
  };
  // More of them share nothing, where the run finds how many there are.
  if (!tasks.getConstant())
    tasks = minimum(tasks, ExprAttr::constant(context, usualBlocks));
  ExprAttr sums = tasks * (schedule.getPixels()[0] * schedule.getChannels());
  ExprAttr counters = ExprAttr::constant(context, deviceZeros / sizeof(int32_t));
  Location loc = box.getLoc();
  return {AllocOp::create(builder, loc, getType(sums, builder.getF32Type())),
          SlotOp::create(builder, loc, getType(counters, builder.getI32Type()),
                         ExprAttr::constant(context, 0))};
}

LogicalResult KernelTable::launch(OpBuilder &builder, KernelOp box, ValueRange buffers) {
  if (!box.getSchedule())
    return box.emitError("expected a schedule");
  ExprAttr tasks = isOnDevice(box.getScheduleAttr()) ? getCudaTasks(box) : getCpuTasks(box);
  if (!tasks)
    return box.emitError("expected a number of tasks of 64 bits");
  SmallVector<Value> all = llvm::to_vector(buffers), scratch = makeScratch(builder, box, tasks);
  llvm::append_range(all, scratch);
  SmallVector<Type> types(ValueRange(scratch).getTypes());
  LaunchOp::create(builder, box.getLoc(), getFunction(box, types).getSymName(), tasks,
                   getFlops(box), all);
  return success();
}
