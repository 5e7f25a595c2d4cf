#include "HostEmitter.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/ABI/Program.h"
#include "dlc/IR/NodeLocation.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

using SiteKind = HostProgram::SiteKind;
static_assert(uint32_t(SiteKind::call) == DLC_SITE_CALL &&
              uint32_t(SiteKind::guard) == DLC_SITE_GUARD &&
              uint32_t(SiteKind::match) == DLC_SITE_MATCH &&
              uint32_t(SiteKind::tensor) == DLC_SITE_TENSOR);

//===----------------------------------------------------------------------===//
// Tables and constants
//===----------------------------------------------------------------------===//

int64_t HostProgram::addLaunch(LaunchOp launch) {
  auto kernel = module.lookupSymbol(launch.getKernel());
  launches.push_back({launch.getKernel().str(), llvm::join(getNodes(launch.getLoc()), ", "),
                      kernel->getAttrOfType<ScheduleAttr>(scheduleName)});
  return static_cast<int64_t>(launches.size()) - 1;
}

int64_t HostProgram::addSite(Operation *op, SiteKind kind, std::string text) {
  std::string nodes = describeNode(op->getLoc());
  sites.push_back({nodes.empty() ? describeLocation(op->getLoc()) : nodes, std::move(text),
                   static_cast<uint32_t>(kind)});
  return static_cast<int64_t>(sites.size()) - 1;
}

int64_t HostProgram::addDeviceFunction(StringRef name) {
  if (!llvm::is_contained(deviceFunctions, name))
    deviceFunctions.push_back(name.str());
  return llvm::find(deviceFunctions, name) - deviceFunctions.begin();
}

StringRef HostProgram::getConstant(StringRef bytes) {
  auto [entry, isNew] = constants.try_emplace(bytes);
  if (isNew) {
    entry->second = "dlc_constant_" + std::to_string(constants.size() - 1);
    auto builder = OpBuilder::atBlockEnd(module.getBody());
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
    auto global = LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/true,
                                         LLVM::Linkage::Internal, entry->second,
                                         builder.getStringAttr(bytes), /*alignment=*/8);
    global.setDsoLocal(true);
  }
  return entry->second;
}

std::string HostProgram::getLibraryFunction(StringRef callee) {
  std::string name = ("dlc_op_" + callee).str();
  if (module.lookupSymbol(name))
    return name;
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(builder.getI32Type(),
                                          {LLVM::LLVMPointerType::get(builder.getContext())});
  auto function = LLVM::LLVMFuncOp::create(builder, module.getLoc(), name, type);
  function.setVisibility_(LLVM::Visibility::Hidden);
  function.setDsoLocal(true);
  return name;
}

//===----------------------------------------------------------------------===//
// Short forms
//===----------------------------------------------------------------------===//

CodeBuilder::CodeBuilder(MLIRContext *context, Location loc)
    : builder(context), loc(loc), i8(builder.getI8Type()), i32(builder.getI32Type()),
      i64(builder.getI64Type()), pointer(LLVM::LLVMPointerType::get(context)) {
  Type p = pointer;
  planCallType = getStruct({i32, i32, p, p, p, p, p, i64, i64, i32, i32});
  runCallType = getStruct({i32, i32, p, p, p, p, p, p, p, p, p, p});
  servicesType = getStruct({i32, i32, p, p, p, p, p, p, p, p, p, p, p});
  launchType = getStruct({i32, i32, p, p, i64, i64});
  deviceLaunchType = getStruct({i32, i32, i32, i32, i64, i32, i32, p, p, i32, i32, i64});
  libraryCallType = getStruct({i32, i32, p, p});
  opCallType = getStruct({i32, i32, i32, i32, p, p, p, p, p});
  valueType = getStruct({i32, i32, i32, i32, i32, i32, p, i64, p});
  attributeType = getStruct({p, i32, i32, i64, p});
}

Type CodeBuilder::getStruct(ArrayRef<Type> fields) {
  return LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
}

LLVM::LLVMFuncOp CodeBuilder::createFunction(ModuleOp module, StringRef name, Type result,
                                             ArrayRef<Type> arguments, LLVM::Linkage linkage) {
  builder.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(result, arguments);
  auto function = LLVM::LLVMFuncOp::create(builder, loc, name, type, linkage,
                                           /*dsoLocal=*/linkage == LLVM::Linkage::Internal);
  builder.setInsertionPointToStart(function.addEntryBlock(builder));
  return function;
}

void CodeBuilder::returnUnless(Value condition, int32_t code) {
  Block *block = builder.getBlock(), *leave = addBlock();
  LLVM::ReturnOp::create(builder, loc, constant(i32, code));
  Block *next = addBlock();
  builder.setInsertionPointToEnd(block);
  LLVM::CondBrOp::create(builder, loc, condition, next, leave);
  builder.setInsertionPointToEnd(next);
}

Value CodeBuilder::constant(Type type, int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, type, value);
}

Value CodeBuilder::isEqual(Value lhs, Value rhs) {
  return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, lhs, rhs);
}

Value CodeBuilder::field(Value base, Type structType, int32_t index) {
  return LLVM::GEPOp::create(builder, loc, pointer, structType, base,
                             ArrayRef<LLVM::GEPArg>{0, index}, LLVM::GEPNoWrapFlags::inbounds);
}

Value CodeBuilder::element(Value base, Type type, LLVM::GEPArg index) {
  return LLVM::GEPOp::create(builder, loc, pointer, type, base, ArrayRef<LLVM::GEPArg>{index},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value CodeBuilder::load(Value address, Type type) {
  return LLVM::LoadOp::create(builder, loc, type ? type : pointer, address);
}

void CodeBuilder::store(Value value, Value address) {
  LLVM::StoreOp::create(builder, loc, value, address);
}

Value CodeBuilder::addressOf(StringRef symbol) {
  return LLVM::AddressOfOp::create(builder, loc, pointer, symbol);
}

//===----------------------------------------------------------------------===//
// Frame
//===----------------------------------------------------------------------===//

HostEmitter::HostEmitter(HostProgram &program, const Signature &signature, Location loc,
                         StringRef name)
    : CodeBuilder(loc.getContext(), loc), program(program), signature(signature),
      names(signature.getAllSymbols()) {
  function = createFunction(program.getModule(), name, i32, {pointer}, LLVM::Linkage::Internal);
  entry = &function.getBody().front();
  call = function.getArgument(0);
  const Type elementTypes[] = {valueType, pointer, i64, attributeType};
  for (auto [area, type] : llvm::zip_equal(areas, elementTypes)) {
    area.count = LLVM::ConstantOp::create(builder, loc, i32, 0);
    area.memory = LLVM::AllocaOp::create(builder, loc, pointer, type, area.count);
  }
  launchRecord = allocate(launchType, 1);
  if (getDevice(program.getModule()))
    deviceLaunchRecord = allocate(deviceLaunchType, 1);
  libraryCallRecord = allocate(libraryCallType, 1);
  opCallRecord = allocate(opCallType, 1);
  state = load(field(call, runCallType, callState));
  services = load(field(call, runCallType, callServices));
  symbols = load(field(call, runCallType, callSymbols));
  inputs = load(field(call, runCallType, callInputs));
  addBlock();
}

Value HostEmitter::allocate(Type type, int64_t count, unsigned alignment) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(entry);
  return LLVM::AllocaOp::create(builder, loc, pointer, type, constant(i32, count), alignment);
}

Value HostEmitter::take(Area area, size_t count) {
  AreaState &memory = areas[static_cast<size_t>(area)];
  Value base =
      element(memory.memory, memory.memory.getElemType(), static_cast<int32_t>(memory.used));
  memory.used += count;
  memory.most = std::max(memory.most, memory.used);
  return base;
}

void HostEmitter::finish() {
  for (AreaState &area : areas)
    area.count.setValueAttr(builder.getI32IntegerAttr(static_cast<int32_t>(area.most)));
  builder.setInsertionPointToEnd(entry);
  LLVM::BrOp::create(builder, loc, ValueRange(), entry->getNextNode());
}

Value HostEmitter::getInput(size_t index) {
  return load(element(inputs, pointer, static_cast<int32_t>(index)));
}

void HostEmitter::assumePlanned(Memory ofHost, Memory ofDevice) {
  host = ofHost;
  device = ofDevice;
  planned.emplace(OpBuilder::atBlockEnd(entry), loc, symbols, names, ExprEmitter::Mode::unchecked);
}

Value HostEmitter::callService(Service service, Type result, ValueRange arguments) {
  for (AreaState &area : areas)
    area.used = 0;
  SmallVector<Value> operands = {load(field(services, servicesType, static_cast<int32_t>(service))),
                                 state};
  llvm::append_range(operands, arguments);
  SmallVector<Type> types(ValueRange(operands).drop_front().getTypes());
  auto type = LLVM::LLVMFunctionType::get(
      result ? result : LLVM::LLVMVoidType::get(builder.getContext()), types);
  auto called = LLVM::CallOp::create(builder, loc, type, operands);
  return result ? called.getResult() : Value();
}

void HostEmitter::callStatus(Service service, ValueRange arguments) {
  Value status = callService(service, i32, arguments);
  returnUnless(isEqual(status, constant(i32, 0)), DLC_PROGRAM_STOPPED);
}

Value HostEmitter::callForObject(Service service, ValueRange arguments) {
  Value object = callService(service, pointer, arguments);
  Value none = LLVM::ZeroOp::create(builder, loc, pointer);
  Value isThere = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, object, none);
  returnUnless(isThere, DLC_PROGRAM_STOPPED);
  return object;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// A dim or size that has been checked before: by plan, or where a buffer of it was made.
FailureOr<Value> HostEmitter::emitSize(ExprAttr expr) {
  if (!expr)
    return emitError(loc, "expected sizes of buffers with coefficients of 64 bits");
  if (planned && !signature.isLate(expr))
    return planned->emit(expr);
  return ExprEmitter(builder, loc, symbols, names, ExprEmitter::Mode::unchecked).emit(expr);
}

/// Values that nobody has computed before. Leaves where one does not fit 64 bits.
FailureOr<SmallVector<Value>> HostEmitter::emitChecked(ArrayRef<ExprAttr> exprs) {
  ExprEmitter emitter(builder, loc, symbols, names, ExprEmitter::Mode::checked);
  SmallVector<Value> results;
  for (ExprAttr expr : exprs) {
    FailureOr<Value> value = emitter.emit(expr);
    if (failed(value))
      return failure();
    results.push_back(*value);
  }
  bool canOverflow =
      llvm::any_of(exprs, [](ExprAttr expr) { return !expr.getConstant() && !expr.getSymbol(); });
  if (canOverflow)
    returnUnless(isEqual(emitter.getOverflow(), constant(builder.getI1Type(), 0)),
                 DLC_PROGRAM_OVERFLOW);
  return results;
}

void HostEmitter::storeSymbol(StringRef name, Value value) {
  auto index = static_cast<int32_t>(llvm::find(names, name) - names.begin());
  store(value, element(symbols, i64, index));
}

//===----------------------------------------------------------------------===//
// Straight-line code
//===----------------------------------------------------------------------===//

LogicalResult HostEmitter::emitOps(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(emitOp(&op)))
      return failure();
  return success();
}

LogicalResult HostEmitter::emitOp(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](SlotOp slot) { return emitSlot(slot); })
      .Case([&](WeightSlotOp slot) {
        Value base = !host                         ? addressOf("dlc_weights")
                     : slot.getType().isOnDevice() ? device->weights
                                                   : host->weights;
        addresses[slot] = element(base, i8, constant(i64, slot.getOffset()));
        return success();
      })
      .Case([&](ReinterpretOp view) { return emitReinterpret(view); })
      .Case([&](AbsentOp absent) {
        addresses[absent] = LLVM::ZeroOp::create(builder, loc, pointer);
        return success();
      })
      .Case([&](RetainOp retain) {
        addresses[retain] = keep(getAddress(retain.getHandle()));
        return success();
      })
      .Case([&](ReleaseOp release) {
        callService(Service::release, {}, getAddress(release.getHandle()));
        return success();
      })
      .Case([&](LaunchOp launch) { return emitLaunch(launch); })
      .Case([&](StoreSizesOp sizes) { return emitStoreSizes(sizes); })
      .Case([&](CopyOp copy) { return emitCopy(copy); })
      .Case([&](BindOp bind) { return emitBind(bind); })
      .Case([&](GuardOp guard) { return emitGuard(guard); })
      .Case([&](MatchOp match) { return emitMatch(match); })
      .Case([&](NewTensorOp object) { return emitNewTensor(object); })
      .Case([&](WrapOp wrap) { return emitWrap(wrap); })
      .Case([&](LibraryCallOp library) { return emitLibraryCall(library); })
      .Case([&](IfOp branch) { return emitIf(branch); })
      .Case([&](LoopOp loop) { return emitLoop(loop); })
      .Case([&](AllocOp alloc) { return emitAlloc(alloc); })
      .Default([](Operation *other) {
        return other->emitError("expected only ops of the host program");
      });
}

/// Buffers of entry, which are small, lie in the frame.
LogicalResult HostEmitter::emitAlloc(AllocOp alloc) {
  ExprAttr size = alloc.getType().getTensor().getBufferBytes();
  if (alloc.getType().isOnDevice()) { // of late size
    if (!size)
      return alloc.emitError("expected a buffer of less than 2^63 bytes");
    FailureOr<SmallVector<Value>> bytes = emitChecked({size});
    if (failed(bytes))
      return failure();
    addresses[alloc] = callForObject(Service::allocateOnDevice, bytes->front());
    return success();
  }
  std::optional<int64_t> bytes = size && !host ? size.getConstant() : std::nullopt;
  if (!bytes)
    return alloc.emitError("expected a buffer that has a place");
  addresses[alloc] = allocate(i8, std::max<int64_t>(*bytes, 1), /*alignment=*/64);
  return success();
}

LogicalResult HostEmitter::emitSlot(SlotOp slot) {
  FailureOr<Value> offset = emitSize(slot.getOffset());
  if (failed(offset))
    return failure();
  addresses[slot] = element(slot.getType().isOnDevice() ? device->arena : host->arena, i8, *offset);
  return success();
}

FailureOr<Value> HostEmitter::emitFlops(LaunchOp launch) {
  ExprAttr flops = launch.getFlopsAttr();
  return flops ? emitSize(flops) : constant(i64, 0);
}

Value HostEmitter::storeBuffers(LaunchOp launch) {
  Value buffers = take(Area::pointers, launch.getBuffers().size());
  for (auto [index, buffer] : llvm::enumerate(launch.getBuffers()))
    store(getAddress(buffer), element(buffers, pointer, static_cast<int32_t>(index)));
  return buffers;
}

void HostEmitter::storeFields(Value record, Type type, ArrayRef<Value> fields) {
  for (auto [index, value] : llvm::enumerate(fields))
    store(value, field(record, type, static_cast<int32_t>(index)));
}

LogicalResult HostEmitter::emitLaunch(LaunchOp launch) {
  auto kernel = program.getModule().lookupSymbol<LLVM::LLVMFuncOp>(launch.getKernel());
  if (!kernel || !kernel->hasAttr(scheduleName))
    return launch.emitError("expected a kernel function '") << launch.getKernel() << "'";
  if (isOnDevice(kernel))
    return emitDeviceLaunch(launch, kernel);
  FailureOr<Value> numTasks = emitSize(launch.getTasks()), numFlops = emitFlops(launch);
  if (failed(numTasks) || failed(numFlops))
    return failure();
  Value buffers = storeBuffers(launch);
  storeFields(launchRecord, launchType,
              {constant(i32, sizeof(dlc_launch)), constant(i32, program.addLaunch(launch)),
               addressOf(launch.getKernel()), buffers, *numTasks, *numFlops});
  callStatus(Service::launch, launchRecord);
  return success();
}

LogicalResult HostEmitter::emitDeviceLaunch(LaunchOp launch, LLVM::LLVMFuncOp kernel) {
  FailureOr<Value> numBlocks = emitSize(launch.getTasks()), numFlops = emitFlops(launch);
  DeviceKernel properties = getDeviceKernel(kernel);
  if (failed(numBlocks) || failed(numFlops))
    return failure();
  Value values = take(Area::numbers, properties.symbols.size());
  for (auto [index, name] : llvm::enumerate(properties.symbols)) {
    FailureOr<Value> value = emitSize(ExprAttr::symbol(launch.getContext(), name));
    if (failed(value))
      return failure();
    store(*value, element(values, i64, static_cast<int32_t>(index)));
  }
  Value buffers = storeBuffers(launch);
  storeFields(deviceLaunchRecord, deviceLaunchType,
              {constant(i32, sizeof(dlc_device_launch)), constant(i32, program.addLaunch(launch)),
               constant(i32, program.addDeviceFunction(launch.getKernel())),
               constant(i32, properties.threads), *numBlocks,
               constant(i32, properties.sharedMemory), constant(i32, launch.getBuffers().size()),
               buffers, values, constant(i32, properties.symbols.size()), constant(i32, 0),
               *numFlops});
  callStatus(Service::launchOnDevice, deviceLaunchRecord);
  return success();
}

/// The type of an integer element in memory: bools are bytes.
static IntegerType getStoredInteger(PlannedType type) {
  unsigned width = type.getElementType().getIntOrFloatBitWidth();
  return IntegerType::get(type.getContext(), std::max(width, 8u));
}

LogicalResult HostEmitter::emitStoreSizes(StoreSizesOp op) {
  PlannedType type = op.getBuffer().getType().getTensor();
  FailureOr<SmallVector<Value>> values =
      emitChecked(llvm::to_vector(op.getValues().getAsRange<ExprAttr>()));
  if (failed(values))
    return failure();
  IntegerType stored = getStoredInteger(type),
              element =
                  IntegerType::get(op.getContext(), type.getElementType().getIntOrFloatBitWidth());
  for (auto [index, value] : llvm::enumerate(*values)) {
    Value kept = value;
    if (element.getWidth() < 64)
      kept = LLVM::TruncOp::create(builder, loc, element, kept);
    if (element != stored)
      kept = LLVM::ZExtOp::create(builder, loc, stored, kept);
    store(kept, this->element(getAddress(op.getBuffer()), stored, static_cast<int32_t>(index)));
  }
  return success();
}

LogicalResult HostEmitter::emitCopy(CopyOp op) {
  FailureOr<Value> bytes = emitSize(op.getSource().getType().getTensor().getBufferBytes());
  if (failed(bytes))
    return failure();
  bool fromDevice = op.getSource().getType().isOnDevice(),
       toDevice = op.getTarget().getType().isOnDevice();
  if (fromDevice || toDevice) {
    uint32_t direction = !toDevice     ? DLC_COPY_TO_HOST
                         : !fromDevice ? DLC_COPY_TO_DEVICE
                                       : DLC_COPY_ON_DEVICE;
    callStatus(Service::copy, {constant(i32, direction), getAddress(op.getTarget()),
                               getAddress(op.getSource()), *bytes});
    return success();
  }
  LLVM::MemcpyOp::create(builder, loc, getAddress(op.getTarget()), getAddress(op.getSource()),
                         *bytes, /*isVolatile=*/false);
  return success();
}

LogicalResult HostEmitter::emitBind(BindOp op) {
  PlannedType type = getTensor(op.getInput());
  IntegerType stored = getStoredInteger(type);
  bool isSigned = !type.getElementType().isInteger(1) && !type.getElementType().isUnsignedInteger();
  for (auto [index, name] : llvm::enumerate(op.getSymbols().getAsValueRange<StringAttr>())) {
    if (name.empty())
      continue;
    Value value =
        load(element(getAddress(op.getInput()), stored, static_cast<int32_t>(index)), stored);
    if (stored.getWidth() < 64)
      value = isSigned ? Value(LLVM::SExtOp::create(builder, loc, i64, value))
                       : Value(LLVM::ZExtOp::create(builder, loc, i64, value));
    storeSymbol(name, value);
  }
  return success();
}

void HostEmitter::leaveUnless(Value holds, int64_t site, Value lhs, Value rhs) {
  Block *block = builder.getBlock(), *fails = addBlock();
  callService(Service::unequal, i32, {constant(i32, site), lhs, rhs});
  LLVM::ReturnOp::create(builder, loc, constant(i32, DLC_PROGRAM_STOPPED));
  Block *next = addBlock();
  builder.setInsertionPointToEnd(block);
  LLVM::CondBrOp::create(builder, loc, holds, next, fails);
  builder.setInsertionPointToEnd(next);
}

LogicalResult HostEmitter::emitReinterpret(ReinterpretOp op) {
  Value address = getAddress(op.getSource());
  if (op.getOffsetAttr()) {
    FailureOr<SmallVector<Value>> offset =
        emitChecked({op.getOffsetAttr() * op.getBuffer().getType().getTensor().getElementBytes()});
    if (failed(offset))
      return failure();
    address = element(address, i8, offset->front());
  }
  addresses[op] = address;
  return success();
}

LogicalResult HostEmitter::emitGuard(GuardOp op) {
  FailureOr<SmallVector<Value>> sizes = emitChecked({op.getLhs(), op.getRhs()});
  if (failed(sizes))
    return failure();
  Value lhs = (*sizes)[0], rhs = (*sizes)[1];
  std::string left = op.getLhs().str(), right = op.getRhs().str();
  Value holds;
  std::string demand;
  switch (op.getRelation()) {
  case GuardRelation::equals:
    holds = isEqual(lhs, rhs);
    demand = left + " to equal " + right;
    break;
  case GuardRelation::equals_or_one:
    holds = LLVM::OrOp::create(builder, loc, isEqual(lhs, rhs), isEqual(lhs, constant(i64, 1)));
    demand = left + " to equal " + right + " or 1";
    break;
  case GuardRelation::differs_from:
    holds = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, lhs, rhs);
    demand = left + " to differ from " + right;
    break;
  case GuardRelation::at_least:
    holds = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::sge, lhs, rhs);
    demand = left + " to be at least " + right;
    break;
  }
  leaveUnless(holds, program.addSite(op, SiteKind::guard, "expected " + demand), lhs, rhs);
  return success();
}
