// Makes the host program what the runtime calls: dlc_run, dlc_plan, and the table behind dlc_query.
// Struct fields are those of dlc/ABI/Program.h, by index.

#include "ExprEmitter.h"

#include "dlc/ABI/Program.h"
#include "dlc/Codegen/Passes.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#define DEBUG_TYPE "dlc-emit-host"

using namespace mlir;
using namespace dlc;

namespace dlc {
#define GEN_PASS_DEF_EMITHOST
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

static constexpr StringLiteral runName = "dlc_run", planName = "dlc_plan",
                               programName = "dlc_program", weightsName = "dlc_weights";

namespace {
class HostEmitter {
public:
  HostEmitter(ModuleOp module, func::FuncOp main, const Signature &signature)
      : module(module), main(main), signature(signature), builder(module.getContext()),
        loc(main.getLoc()), i32(builder.getI32Type()), i64(builder.getI64Type()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  LogicalResult emit();

private:
  LogicalResult emitRun();
  LogicalResult emitBuffers(ExprEmitter &exprs);
  LogicalResult emitLaunch(LaunchOp launch, Value numTasks);
  LogicalResult emitPlan();
  LogicalResult emitSizes(ExprEmitter &exprs, Value &negative);
  void emitTable(int64_t weightsSize);
  void emitQuery();

  LLVM::LLVMFuncOp createFunction(StringRef name, Type result, ArrayRef<Type> arguments,
                                  LLVM::Linkage linkage);
  Block *addBlock() { return builder.createBlock(builder.getBlock()->getParent()); }
  void returnUnless(Value condition, int32_t code);
  Value constant(Type type, int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, type, value);
  }
  Value field(Value base, Type structType, int32_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, structType, base,
                               ArrayRef<LLVM::GEPArg>{0, index}, LLVM::GEPNoWrapFlags::inbounds);
  }
  Value element(Value base, Type type, LLVM::GEPArg index) {
    return LLVM::GEPOp::create(builder, loc, pointer, type, base, ArrayRef<LLVM::GEPArg>{index},
                               LLVM::GEPNoWrapFlags::inbounds);
  }
  Value load(Value address) { return LLVM::LoadOp::create(builder, loc, pointer, address); }
  void store(Value value, Value address) { LLVM::StoreOp::create(builder, loc, value, address); }
  Type getStruct(ArrayRef<Type> fields) {
    return LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
  }

  ModuleOp module;
  func::FuncOp main;
  const Signature &signature;
  OpBuilder builder;
  Location loc;
  Type i32, i64, pointer;

  // Of dlc_run.
  Value runCall, launchRecord, launchBuffers;
  DenseMap<Value, Value> addresses;
  DenseMap<StringRef, int64_t> kernelRows;
};
} // namespace

LLVM::LLVMFuncOp HostEmitter::createFunction(StringRef name, Type result, ArrayRef<Type> arguments,
                                             LLVM::Linkage linkage) {
  builder.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(result, arguments);
  auto function = LLVM::LLVMFuncOp::create(builder, loc, name, type, linkage,
                                           /*dsoLocal=*/linkage == LLVM::Linkage::Internal);
  builder.setInsertionPointToStart(function.addEntryBlock(builder));
  return function;
}

/// Goes on in a new block where `condition` holds.
void HostEmitter::returnUnless(Value condition, int32_t code) {
  Block *block = builder.getBlock(), *leave = addBlock();
  LLVM::ReturnOp::create(builder, loc, constant(i32, code));
  Block *next = addBlock();
  builder.setInsertionPointToEnd(block);
  LLVM::CondBrOp::create(builder, loc, condition, next, leave);
  builder.setInsertionPointToEnd(next);
}

//===----------------------------------------------------------------------===//
// dlc_run
//===----------------------------------------------------------------------===//

/// Addresses of all buffers: the caller's, those in the arena and those in the weights section.
LogicalResult HostEmitter::emitBuffers(ExprEmitter &exprs) {
  Type callType =
      getStruct({i32, i32, pointer, pointer, pointer, pointer, pointer, pointer, pointer});
  Value inputs = load(field(runCall, callType, 5)), outputs = load(field(runCall, callType, 6));
  Value arena = load(field(runCall, callType, 7)), weights = load(field(runCall, callType, 8));
  size_t numInputs = signature.inputs.size();
  if (main.getNumArguments() != numInputs + signature.outputs.size())
    return main.emitError("expected one argument for each input and output of the signature");
  for (auto [index, argument] : llvm::enumerate(main.getArguments())) {
    bool isInput = index < numInputs;
    auto row = static_cast<int32_t>(isInput ? index : index - numInputs);
    addresses[argument] = load(element(isInput ? inputs : outputs, pointer, row));
  }
  for (Operation &op : main.getBody().front()) {
    if (auto slot = dyn_cast<SlotOp>(op)) {
      FailureOr<Value> offset = exprs.emit(slot.getOffset());
      if (failed(offset))
        return failure();
      addresses[slot] = element(arena, builder.getI8Type(), *offset);
    } else if (auto slot = dyn_cast<WeightSlotOp>(op)) {
      Value offset = constant(i64, slot.getOffset());
      addresses[slot] = element(weights, builder.getI8Type(), offset);
    } else if (auto reinterpret = dyn_cast<ReinterpretOp>(op)) {
      addresses[reinterpret] = addresses.lookup(reinterpret.getSource());
    } else if (!isa<LaunchOp, func::ReturnOp>(op)) {
      return op.emitError("expected only slots, views and launches in the host program");
    }
  }
  return success();
}

/// Fills in the launch record, calls the service, and returns where it says so.
LogicalResult HostEmitter::emitLaunch(LaunchOp launch, Value numTasks) {
  auto row = kernelRows.find(launch.getKernel());
  if (row == kernelRows.end())
    return launch.emitError("expected a kernel function '") << launch.getKernel() << "'";
  for (auto [index, buffer] : llvm::enumerate(launch.getBuffers()))
    store(addresses.lookup(buffer), element(launchBuffers, pointer, static_cast<int32_t>(index)));
  Type recordType = getStruct({i32, i32, pointer, pointer, i64, i64});
  store(constant(i32, sizeof(dlc_launch)), field(launchRecord, recordType, 0));
  store(constant(i32, row->second), field(launchRecord, recordType, 1));
  store(LLVM::AddressOfOp::create(builder, loc, pointer, launch.getKernel()),
        field(launchRecord, recordType, 2));
  store(launchBuffers, field(launchRecord, recordType, 3));
  store(numTasks, field(launchRecord, recordType, 4));
  store(constant(i64, 0), field(launchRecord, recordType, 5));
  Type callType = getStruct({i32, i32, pointer, pointer});
  Value state = load(field(runCall, callType, 2)), services = load(field(runCall, callType, 3));
  Value service = load(field(services, getStruct({i32, i32, pointer}), 2));
  auto serviceType = LLVM::LLVMFunctionType::get(i32, {pointer, pointer});
  Value result =
      LLVM::CallOp::create(builder, loc, serviceType, ValueRange{service, state, launchRecord})
          .getResult();
  Value goOn =
      LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, result, constant(i32, 0));
  returnUnless(goOn, DLC_PROGRAM_STOPPED);
  return success();
}

LogicalResult HostEmitter::emitRun() {
  auto run = createFunction(runName, i32, {pointer}, LLVM::Linkage::Internal);
  runCall = run.getArgument(0);
  size_t maxBuffers = 1;
  for (LaunchOp launch : main.getOps<LaunchOp>())
    maxBuffers = std::max<size_t>(maxBuffers, launch.getBuffers().size());
  launchRecord = LLVM::AllocaOp::create(
      builder, loc, pointer, getStruct({i32, i32, pointer, pointer, i64, i64}), constant(i32, 1));
  launchBuffers = LLVM::AllocaOp::create(builder, loc, pointer, pointer, constant(i32, maxBuffers));
  Type callType = getStruct({i32, i32, pointer, pointer, pointer});
  ExprEmitter exprs(builder, loc, load(field(runCall, callType, 4)), signature.symbols,
                    ExprEmitter::Mode::unchecked);
  if (failed(emitBuffers(exprs)))
    return failure();
  SmallVector<std::pair<LaunchOp, Value>> launches;
  for (LaunchOp launch : main.getOps<LaunchOp>()) {
    FailureOr<Value> numTasks = exprs.emit(launch.getTasks());
    if (failed(numTasks))
      return failure();
    launches.push_back({launch, *numTasks});
  }
  for (auto [launch, numTasks] : launches)
    if (failed(emitLaunch(launch, numTasks)))
      return failure();
  LLVM::ReturnOp::create(builder, loc, constant(i32, DLC_PROGRAM_OK));
  return success();
}

//===----------------------------------------------------------------------===//
// dlc_plan
//===----------------------------------------------------------------------===//

/// Dims of all buffers, which must not be negative.
LogicalResult HostEmitter::emitSizes(ExprEmitter &exprs, Value &negative) {
  negative = constant(builder.getI1Type(), 0);
  SetVector<Attribute> dims;
  auto addDims = [&](Value buffer) {
    if (auto type = dyn_cast<BufferType>(buffer.getType()))
      dims.insert_range(type.getTensor().getDims());
  };
  llvm::for_each(main.getArguments(), addDims);
  for (Operation &op : main.getBody().front())
    llvm::for_each(op.getResults(), addDims);
  for (const Port &output : signature.outputs)
    dims.insert_range(output.type.getDims());
  for (Attribute dim : dims) {
    FailureOr<Value> value = exprs.emit(cast<ExprAttr>(dim));
    if (failed(value))
      return failure();
    Value below =
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::slt, *value, constant(i64, 0));
    negative = LLVM::OrOp::create(builder, loc, negative, below);
  }
  return success();
}

LogicalResult HostEmitter::emitPlan() {
  auto workspace = main->getAttrOfType<ExprAttr>(workspaceName);
  if (!workspace)
    return main.emitError("expected the attribute '") << workspaceName << "'";
  auto plan = createFunction(planName, i32, {pointer}, LLVM::Linkage::Internal);
  Value call = plan.getArgument(0);
  Type callType = getStruct({i32, i32, pointer, pointer, pointer, pointer, pointer, i64});
  ExprEmitter exprs(builder, loc, load(field(call, callType, 4)), signature.symbols,
                    ExprEmitter::Mode::checked);
  Value negative;
  if (failed(emitSizes(exprs, negative)))
    return failure();
  Value dimsOverflow = exprs.getOverflow();
  SmallVector<ExprAttr> sizes = {workspace};
  auto addSize = [&](Value buffer) {
    if (auto type = dyn_cast<BufferType>(buffer.getType()))
      sizes.push_back(type.getTensor().getBufferBytes());
  };
  llvm::for_each(main.getArguments(), addSize);
  for (Operation &op : main.getBody().front()) {
    llvm::for_each(op.getResults(), addSize);
    if (auto launch = dyn_cast<LaunchOp>(op))
      sizes.push_back(launch.getTasks());
  }
  for (ExprAttr size : sizes) {
    if (!size)
      return main.emitError("expected sizes of buffers with coefficients of 64 bits");
    if (failed(exprs.emit(size)))
      return failure();
  }
  Value isFalse = constant(builder.getI1Type(), 0);
  auto negate = [&](Value value) -> Value {
    return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, value, isFalse);
  };
  Value overflow = exprs.getOverflow();
  SmallVector<Value> results;
  for (const Port &output : signature.outputs)
    for (ExprAttr dim : output.type.getDims())
      results.push_back(*exprs.emit(dim));
  Value bytes = *exprs.emit(workspace);
  // A dim that overflowed may look negative, and a size of negative dims may overflow: this order
  // tells them apart.
  returnUnless(negate(dimsOverflow), DLC_PROGRAM_OVERFLOW);
  returnUnless(negate(negative), DLC_PROGRAM_NEGATIVE);
  returnUnless(negate(overflow), DLC_PROGRAM_OVERFLOW);
  Value dims = load(field(call, callType, 6));
  for (auto [index, dim] : llvm::enumerate(results))
    store(dim, element(dims, i64, static_cast<int32_t>(index)));
  store(constant(i32, 0), field(call, callType, 1));
  store(bytes, field(call, callType, 7));
  LLVM::ReturnOp::create(builder, loc, constant(i32, DLC_PROGRAM_OK));
  return success();
}

//===----------------------------------------------------------------------===//
// Table and query
//===----------------------------------------------------------------------===//

void HostEmitter::emitTable(int64_t weightsSize) {
  builder.setInsertionPointToEnd(module.getBody());
  auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  auto weights = LLVM::GlobalOp::create(builder, loc, bytes, /*isConstant=*/true,
                                        LLVM::Linkage::External, weightsName, Attribute());
  weights.setVisibility_(LLVM::Visibility::Hidden);
  weights.setDsoLocal(true);
  auto type = cast<LLVM::LLVMStructType>(
      getStruct({i32, i32, pointer, pointer, pointer, i64, i32, i32, i32, i32}));
  auto table = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                      LLVM::Linkage::Internal, programName, Attribute());
  table.setDsoLocal(true);
  builder.createBlock(&table.getInitializerRegion());
  size_t numOutputDims = 0;
  for (const Port &output : signature.outputs)
    numOutputDims += output.type.getDims().size();
  Value value = LLVM::UndefOp::create(builder, loc, type);
  auto addressOf = [&](StringRef name) -> Value {
    return LLVM::AddressOfOp::create(builder, loc, pointer, name);
  };
  Value fields[] = {constant(i32, sizeof(dlc_program)),
                    constant(i32, DLC_ABI_VERSION),
                    addressOf(planName),
                    addressOf(runName),
                    addressOf(weightsName),
                    constant(i64, weightsSize),
                    constant(i32, signature.symbols.size()),
                    constant(i32, signature.symbols.size()),
                    constant(i32, numOutputDims),
                    constant(i32, 0)};
  for (auto [index, fieldValue] : llvm::enumerate(fields))
    value =
        LLVM::InsertValueOp::create(builder, loc, value, fieldValue, static_cast<int64_t>(index));
  LLVM::ReturnOp::create(builder, loc, value);
}

void HostEmitter::emitQuery() {
  auto query = createFunction(DLC_QUERY_SYMBOL, pointer, {i32}, LLVM::Linkage::External);
  Value table = LLVM::AddressOfOp::create(builder, loc, pointer, programName);
  Value none = LLVM::ZeroOp::create(builder, loc, pointer);
  Value known = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, query.getArgument(0),
                                     constant(i32, DLC_ABI_VERSION));
  Value result = LLVM::SelectOp::create(builder, loc, known, table, none);
  LLVM::ReturnOp::create(builder, loc, result);
}

LogicalResult HostEmitter::emit() {
  for (LLVM::LLVMFuncOp kernel : module.getOps<LLVM::LLVMFuncOp>())
    if (kernel->hasAttr(scheduleName))
      kernelRows.try_emplace(kernel.getName(), kernelRows.size());
  FailureOr<SmallVector<PlacedWeight>> weights = getWeights(module);
  if (failed(weights) || failed(emitRun()) || failed(emitPlan()))
    return failure();
  int64_t weightsSize = 0;
  for (const PlacedWeight &placed : *weights)
    weightsSize = std::max(weightsSize, placed.offset + placed.size);
  emitTable(weightsSize);
  emitQuery();
  return success();
}

namespace {
struct EmitHost : dlc::impl::EmitHostBase<EmitHost> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>(mainName);
    if (!main || !llvm::hasSingleElement(main.getBody())) {
      module.emitError("expected a host program '@") << mainName << "' of one block";
      return signalPassFailure();
    }
    FailureOr<Signature> signature = getSignature(module);
    if (failed(signature) || failed(HostEmitter(module, main, *signature).emit()))
      return signalPassFailure();
    main.erase();
  }
};
} // namespace
