// Makes the host program what the runtime calls: dlc_run, dlc_plan, and the table behind dlc_query.
// Struct fields are those of dlc/ABI/Program.h, by index.

#include "HostEmitter.h"

#include "dlc/ABI/Program.h"
#include "dlc/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#define DEBUG_TYPE "dlc-emit-host"

using namespace mlir;
using namespace dlc;

namespace dlc {
#define GEN_PASS_DEF_EMITHOST
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

static constexpr StringLiteral runName = "dlc_run", planName = "dlc_plan",
                               programName = "dlc_program", weightsName = "dlc_weights",
                               imagesName = "dlc_images", functionsName = "dlc_device_functions";

static_assert(deviceZeros == DLC_DEVICE_ZEROS);

//===----------------------------------------------------------------------===//
// dlc_run
//===----------------------------------------------------------------------===//

/// Stores the handles that `end` returns as those of the outputs that are not the caller's memory.
static void emitReturn(HostEmitter &code, func::ReturnOp end, const Signature &signature) {
  Value values = code.load(code.field(code.getCall(), code.runCallType, runValues));
  auto handle = end.getOperands().begin();
  for (auto [index, port] : llvm::enumerate(signature.outputs))
    if (!signature.isCallersMemory(port))
      code.store(code.getAddress(*handle++),
                 code.element(values, code.pointer, static_cast<int32_t>(index)));
  LLVM::ReturnOp::create(code.builder, code.loc, code.constant(code.i32, DLC_PROGRAM_OK));
}

static LogicalResult emitRun(HostProgram &program, func::FuncOp main, const Signature &signature,
                             StringRef name) {
  size_t numInputs = signature.inputs.size();
  size_t numBuffers = llvm::count_if(
      signature.outputs, [&](const Port &port) { return signature.isCallersMemory(port); });
  if (main.getNumArguments() != numInputs + numBuffers ||
      main.getNumResults() != signature.outputs.size() - numBuffers)
    return main.emitError("expected one argument for each input, and one argument or result for "
                          "each output of the signature");
  HostEmitter code(program, signature, main.getLoc(), name);
  auto loadField = [&](RunField field) {
    return code.load(code.field(code.getCall(), code.runCallType, field));
  };
  for (unsigned index = 0; index != numInputs; ++index)
    code.setAddress(main.getArgument(index), code.getInput(index));
  Value outputs = loadField(runOutputs);
  unsigned argument = numInputs;
  for (auto [index, port] : llvm::enumerate(signature.outputs))
    if (signature.isCallersMemory(port))
      code.setAddress(main.getArgument(argument++),
                      code.load(code.element(outputs, code.pointer, static_cast<int32_t>(index))));
  HostEmitter::Memory device;
  if (getDevice(main))
    device = {loadField(runDeviceArena), loadField(runDeviceWeights)};
  code.assumePlanned({loadField(runArena), loadField(runWeights)}, device);
  Block &block = main.getBody().front();
  if (failed(code.emitOps(block)))
    return failure();
  emitReturn(code, cast<func::ReturnOp>(block.getTerminator()), signature);
  code.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// dlc_plan
//===----------------------------------------------------------------------===//

namespace {
/// What plan checks: that dims are not negative, and that they and the sizes fit 64 bits. Those
/// that hold a late symbol are left to the run, and so are dims of a branch or loop's body, which
/// may not be entered.
struct PlannedSizes {
  PlannedSizes(func::FuncOp main, const Signature &signature) : signature(signature) {
    for (Value argument : main.getArguments())
      addBuffer(argument.getType());
    main.walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        addBuffer(type, op->getParentOp() != main);
      if (auto launch = dyn_cast<LaunchOp>(op))
        addSize(launch.getTasks());
    });
    for (const Port &output : signature.outputs)
      if (output.type)
        llvm::for_each(output.type.getDims(), [&](ExprAttr dim) { addDim(dim); });
  }

  SetVector<ExprAttr> dims, sizes;
  bool isValid = true;

private:
  void addBuffer(Type type, bool isNested = false) {
    auto buffer = dyn_cast<BufferType>(type);
    if (!buffer)
      return;
    if (!isNested)
      llvm::for_each(buffer.getTensor().getDims(), [&](ExprAttr dim) { addDim(dim); });
    if (!signature.isLate(buffer.getTensor()))
      addSize(buffer.getTensor().getBufferBytes());
  }
  void addDim(ExprAttr dim) {
    if (!signature.isLate(dim))
      dims.insert(dim);
  }
  void addSize(ExprAttr size) {
    isValid &= size != nullptr;
    if (size && !signature.isLate(size))
      sizes.insert(size);
  }

  const Signature &signature;
};
} // namespace

/// Sizes in checked arithmetic. Leaves where a dim is negative or something does not fit.
static LogicalResult emitSizes(HostEmitter &code, ExprEmitter &exprs, const PlannedSizes &planned) {
  Type i1 = code.builder.getI1Type();
  Value negative = code.constant(i1, 0);
  for (ExprAttr dim : planned.dims) {
    FailureOr<Value> value = exprs.emit(dim);
    if (failed(value))
      return failure();
    Value below = LLVM::ICmpOp::create(code.builder, code.loc, LLVM::ICmpPredicate::slt, *value,
                                       code.constant(code.i64, 0));
    negative = LLVM::OrOp::create(code.builder, code.loc, negative, below);
  }
  Value dimsOverflow = exprs.getOverflow();
  for (ExprAttr size : planned.sizes)
    if (failed(exprs.emit(size)))
      return failure();
  Value overflow = exprs.getOverflow();
  // A dim that overflowed may look negative, and a size of negative dims may overflow: this order
  // tells them apart.
  auto returnIf = [&](Value condition, int32_t status) {
    code.returnUnless(code.isEqual(condition, code.constant(i1, 0)), status);
  };
  returnIf(dimsOverflow, DLC_PROGRAM_OVERFLOW);
  returnIf(negative, DLC_PROGRAM_NEGATIVE);
  returnIf(overflow, DLC_PROGRAM_OVERFLOW);
  return success();
}

/// The entry symbols, and what they depend on.
static LogicalResult emitEntry(HostEmitter &code, func::FuncOp entry) {
  for (auto [index, argument] : llvm::enumerate(entry.getArguments()))
    if (!argument.use_empty()) // others may be null
      code.setAddress(argument, code.getInput(index));
  return code.emitOps(entry.getBody().front());
}

static LogicalResult emitPlan(HostProgram &program, func::FuncOp main, func::FuncOp entry,
                              const Signature &signature, StringRef name, size_t version) {
  auto workspace = main->getAttrOfType<ExprAttr>(workspaceName);
  if (!workspace)
    return main.emitError("expected the attribute '") << workspaceName << "'";
  PlannedSizes planned(main, signature);
  planned.sizes.insert(workspace);
  auto deviceWorkspace = main->getAttrOfType<ExprAttr>(deviceWorkspaceName);
  if (deviceWorkspace)
    planned.sizes.insert(deviceWorkspace);
  if (!planned.isValid)
    return main.emitError("expected sizes of buffers with coefficients of 64 bits");
  HostEmitter code(program, signature, main.getLoc(), name);
  if (entry && failed(emitEntry(code, entry)))
    return failure();
  ExprEmitter exprs(code.builder, code.loc, code.getSymbols(), code.getSymbolNames(),
                    ExprEmitter::Mode::checked);
  if (failed(emitSizes(code, exprs, planned)))
    return failure();
  // All of them have been emitted before the checks.
  auto fieldAddress = [&](int32_t field) {
    return code.field(code.getCall(), code.planCallType, field);
  };
  Value dims = code.load(fieldAddress(planOutputDims));
  int32_t index = 0;
  for (const Port &output : signature.outputs)
    if (output.type)
      for (ExprAttr dim : output.type.getDims())
        code.store(signature.isLate(dim) ? code.constant(code.i64, -1) : *exprs.emit(dim),
                   code.element(dims, code.i64, index++));
  code.store(code.constant(code.i32, version), fieldAddress(callVersion));
  code.store(*exprs.emit(workspace), fieldAddress(planWorkspace));
  if (deviceWorkspace)
    code.store(*exprs.emit(deviceWorkspace), fieldAddress(planDeviceWorkspace));
  LLVM::ReturnOp::create(code.builder, code.loc, code.constant(code.i32, DLC_PROGRAM_OK));
  code.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// Versions
//===----------------------------------------------------------------------===//

/// Function `name` that hands its call over to that of the first version for which `fits` emits a
/// condition that holds; the last version fits always.
static void emitChoice(CodeBuilder &code, ModuleOp module, StringRef name, size_t numVersions,
                       function_ref<Value(Value call, size_t version)> fits) {
  auto choice =
      code.createFunction(module, name, code.i32, {code.pointer}, LLVM::Linkage::Internal);
  Value call = choice.getArgument(0);
  for (size_t version = 0; version != numVersions; ++version) {
    Value condition = version + 1 == numVersions ? Value() : fits(call, version);
    Block *block = code.builder.getBlock(), *taken = code.addBlock();
    Value status = LLVM::CallOp::create(code.builder, code.loc, code.i32,
                                        (name + "_" + Twine(version)).str(), call)
                       .getResult();
    LLVM::ReturnOp::create(code.builder, code.loc, status);
    Block *next = condition ? code.addBlock() : nullptr;
    code.builder.setInsertionPointToEnd(block);
    if (condition)
      LLVM::CondBrOp::create(code.builder, code.loc, condition, taken, next);
    else
      LLVM::BrOp::create(code.builder, code.loc, ValueRange(), taken);
    if (next)
      code.builder.setInsertionPointToEnd(next);
  }
}

/// Whether the symbols have the values that a version is for, and it is one for the machine asked
/// for: those for the CPU come first.
static Value emitFits(CodeBuilder &code, Value call, func::FuncOp host,
                      const Signature &signature) {
  Value symbols = code.load(code.field(call, code.planCallType, callSymbols));
  Value all = code.constant(code.builder.getI1Type(), 1);
  if (host->hasAttr(onCpuName)) {
    Value onDevice = code.load(code.field(call, code.planCallType, planOnDevice), code.i32);
    all = code.isEqual(onDevice, code.constant(code.i32, 0));
  }
  for (NamedAttribute size : host->getAttrOfType<DictionaryAttr>(whenName)) {
    auto index =
        llvm::find(signature.symbols, size.getName().getValue()) - signature.symbols.begin();
    Value value = code.load(code.element(symbols, code.i64, static_cast<int32_t>(index)), code.i64);
    Value wanted = code.constant(code.i64, cast<IntegerAttr>(size.getValue()).getInt());
    all = LLVM::AndOp::create(code.builder, code.loc, all, code.isEqual(value, wanted));
  }
  return all;
}

static void emitChoices(CodeBuilder &code, ModuleOp module, ArrayRef<func::FuncOp> hosts,
                        const Signature &signature) {
  emitChoice(code, module, planName, hosts.size(), [&](Value call, size_t version) {
    return emitFits(code, call, hosts[version], signature);
  });
  emitChoice(code, module, runName, hosts.size(), [&](Value call, size_t version) {
    Value chosen = code.load(code.field(call, code.runCallType, callVersion), code.i32);
    return code.isEqual(chosen, code.constant(code.i32, version));
  });
}

//===----------------------------------------------------------------------===//
// Table and query
//===----------------------------------------------------------------------===//

/// A constant table of `rows`, which `emit` makes one by one; its address is `name`'s.
static void emitRows(CodeBuilder &code, ModuleOp module, StringRef name, Type rowType, size_t count,
                     function_ref<Value(size_t)> emit) {
  OpBuilder &builder = code.builder;
  builder.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMArrayType::get(rowType, count);
  auto table = LLVM::GlobalOp::create(builder, code.loc, type, /*isConstant=*/true,
                                      LLVM::Linkage::Internal, name, Attribute());
  table.setDsoLocal(true);
  builder.createBlock(&table.getInitializerRegion());
  Value value = LLVM::UndefOp::create(builder, code.loc, type);
  for (size_t row = 0; row != count; ++row)
    value =
        LLVM::InsertValueOp::create(builder, code.loc, value, emit(row), static_cast<int64_t>(row));
  LLVM::ReturnOp::create(builder, code.loc, value);
}

static Value emitStruct(CodeBuilder &code, Type type, ArrayRef<Value> fields) {
  Value value = LLVM::UndefOp::create(code.builder, code.loc, type);
  for (auto [index, field] : llvm::enumerate(fields))
    value = LLVM::InsertValueOp::create(code.builder, code.loc, value, field,
                                        static_cast<int64_t>(index));
  return value;
}

/// The tables of images and of device functions.
static void emitDeviceTables(CodeBuilder &code, ModuleOp module, HostProgram &program,
                             ArrayRef<DeviceImage> images) {
  ArrayRef<std::string> functions = program.getDeviceFunctions();
  SmallVector<std::string> names;
  for (const std::string &function : functions)
    names.push_back(program.getConstant(function + '\0').str());
  emitRows(code, module, functionsName, code.pointer, functions.size(),
           [&](size_t row) { return code.addressOf(names[row]); });
  Type p = code.pointer, i32 = code.i32;
  Type type = code.getStruct({i32, i32, i32, i32, p, code.i64});
  emitRows(code, module, imagesName, type, images.size(), [&](size_t row) {
    const DeviceImage &image = images[row];
    return emitStruct(code, type,
                      {code.constant(i32, sizeof(dlc_image)), code.constant(i32, image.form),
                       code.constant(i32, image.architecture), code.constant(i32, image.isSpecific),
                       code.addressOf(image.name), code.constant(code.i64, image.size)});
  });
}

/// What the kernel of the module that needs most asks for.
static int64_t getScratch(ModuleOp module) {
  int64_t bytes = 0;
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>())
    if (auto scratch = kernel->getAttrOfType<IntegerAttr>(scratchName))
      bytes = std::max(bytes, scratch.getInt());
  return bytes;
}

namespace {
/// Bytes of the weights section, and how many of them, from its begin, the device uses.
struct WeightSizes {
  int64_t all = 0, onDevice = 0;
};
} // namespace

static void emitTable(CodeBuilder &code, ModuleOp module, const Signature &signature,
                      WeightSizes weightSizes, size_t numImages, size_t numFunctions) {
  OpBuilder &builder = code.builder;
  builder.setInsertionPointToEnd(module.getBody());
  auto bytes = LLVM::LLVMArrayType::get(code.i8, 0);
  auto weights = LLVM::GlobalOp::create(builder, code.loc, bytes, /*isConstant=*/true,
                                        LLVM::Linkage::External, weightsName, Attribute());
  weights.setVisibility_(LLVM::Visibility::Hidden);
  weights.setDsoLocal(true);
  Type p = code.pointer, i32 = code.i32;
  Type type = code.getStruct(
      {i32, i32, p, p, p, code.i64, i32, i32, i32, i32, p, p, i32, i32, code.i64, code.i64});
  auto table = LLVM::GlobalOp::create(builder, code.loc, type, /*isConstant=*/true,
                                      LLVM::Linkage::Internal, programName, Attribute());
  table.setDsoLocal(true);
  builder.createBlock(&table.getInitializerRegion());
  size_t numOutputDims = 0;
  for (const Port &output : signature.outputs)
    if (output.type)
      numOutputDims += output.type.getDims().size();
  auto addressIf = [&](bool isThere, StringRef name) {
    return isThere ? code.addressOf(name) : LLVM::ZeroOp::create(builder, code.loc, p).getResult();
  };
  Value fields[] = {code.constant(i32, sizeof(dlc_program)),
                    code.constant(i32, DLC_ABI_VERSION),
                    code.addressOf(planName),
                    code.addressOf(runName),
                    code.addressOf(weightsName),
                    code.constant(code.i64, weightSizes.all),
                    code.constant(i32, signature.getAllSymbols().size()),
                    code.constant(i32, signature.symbols.size()),
                    code.constant(i32, numOutputDims),
                    code.constant(i32, numImages),
                    addressIf(numImages != 0, imagesName),
                    addressIf(numImages != 0, functionsName),
                    code.constant(i32, numFunctions),
                    code.constant(i32, 0),
                    code.constant(code.i64, getScratch(module)),
                    code.constant(code.i64, weightSizes.onDevice)};
  LLVM::ReturnOp::create(builder, code.loc, emitStruct(code, type, fields));
}

static void emitQuery(CodeBuilder &code, ModuleOp module) {
  auto query = code.createFunction(module, DLC_QUERY_SYMBOL, code.pointer, {code.i32},
                                   LLVM::Linkage::External);
  Value table = code.addressOf(programName);
  Value none = LLVM::ZeroOp::create(code.builder, code.loc, code.pointer);
  Value known = code.isEqual(query.getArgument(0), code.constant(code.i32, DLC_ABI_VERSION));
  Value result = LLVM::SelectOp::create(code.builder, code.loc, known, table, none);
  LLVM::ReturnOp::create(code.builder, code.loc, result);
}

//===----------------------------------------------------------------------===//
// Arenas
//===----------------------------------------------------------------------===//

/// What people read of the arenas, once the host programs are code.
static LogicalResult recordArenas(ModuleOp module, ArrayRef<func::FuncOp> hosts) {
  SmallVector<Arena> arenas;
  for (auto [version, host] : llvm::enumerate(hosts))
    for (auto [space, sizeName] :
         {std::pair(Space::host, workspaceName), std::pair(Space::device, deviceWorkspaceName)}) {
      auto size = host->getAttrOfType<ExprAttr>(sizeName);
      FailureOr<SmallVector<ArenaSlot>> slots = getSlots(host, space);
      if (failed(slots))
        return failure();
      if (size)
        arenas.push_back({static_cast<int64_t>(version), space, size, std::move(*slots)});
    }
  setArenas(module, arenas);
  return success();
}

namespace {
struct EmitHost : dlc::impl::EmitHostBase<EmitHost> {
  func::FuncOp getEntry(func::FuncOp host) {
    return getOperation().lookupSymbol<func::FuncOp>(getEntryName(host));
  }

  /// Plan and run of one version, called by `suffix`.
  LogicalResult emitVersion(HostProgram &program, func::FuncOp host, const Signature &signature,
                            StringRef suffix, size_t version) {
    return success(succeeded(emitRun(program, host, signature, (runName + suffix).str())) &&
                   succeeded(emitPlan(program, host, getEntry(host), signature,
                                      (planName + suffix).str(), version)));
  }

  WeightSizes measure(ArrayRef<PlacedWeight> weights) {
    WeightSizes sizes;
    for (const PlacedWeight &placed : weights)
      sizes.all = std::max(sizes.all, placed.offset + placed.size);
    getOperation().walk([&](WeightSlotOp slot) {
      int64_t end = static_cast<int64_t>(slot.getOffset()) + getPackedBytes(slot.getWeight());
      if (slot.getType().isOnDevice())
        sizes.onDevice = std::max(sizes.onDevice, end);
    });
    return sizes;
  }

  LogicalResult emit(ArrayRef<func::FuncOp> hosts) {
    ModuleOp module = getOperation();
    FailureOr<Signature> signature = getSignature(module);
    FailureOr<SmallVector<PlacedWeight>> weights = getWeights(module);
    if (failed(signature) || failed(weights))
      return failure();
    WeightSizes weightSizes = measure(*weights);
    HostProgram program(module);
    CodeBuilder code(&getContext(), module.getLoc());
    for (auto [index, host] : llvm::enumerate(hosts)) {
      FailureOr<Signature> own = host->hasAttr(whenName) ? getSignature(host) : signature;
      std::string suffix = hosts.size() == 1 ? "" : "_" + std::to_string(index);
      if (failed(own) || failed(emitVersion(program, host, *own, suffix, index)))
        return failure();
    }
    if (hosts.size() > 1)
      emitChoices(code, module, hosts, *signature);
    FailureOr<SmallVector<DeviceImage>> images = getImages(module);
    if (failed(images))
      return failure();
    if (!images->empty())
      emitDeviceTables(code, module, program, *images);
    emitTable(code, module, *signature, weightSizes, images->size(),
              program.getDeviceFunctions().size());
    emitQuery(code, module);
    for (auto function : llvm::make_early_inc_range(module.getOps<LLVM::LLVMFuncOp>()))
      if (isOnDevice(function))
        function.erase(); // its name is in the table
    setKernels(module, program.getLaunches());
    setSites(module, program.getSites());
    return recordArenas(module, hosts);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> functions = getHostPrograms(module), hosts = functions;
    for (func::FuncOp host : hosts)
      if (func::FuncOp entry = getEntry(host))
        functions.push_back(entry);
    bool areWhole = llvm::all_of(functions, [](func::FuncOp function) {
      return llvm::hasSingleElement(function.getBody());
    });
    if (hosts.empty() || hosts.back().getSymName() != mainName || !areWhole) {
      module.emitError("expected a host program '@") << mainName << "' of one block";
      return signalPassFailure();
    }
    if (failed(emit(hosts)))
      return signalPassFailure();
    for (func::FuncOp function : functions)
      function.erase();
  }
};
} // namespace
