#include "dlc/IR/Program.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

static constexpr StringLiteral modelAttr = "dlc.model", sourcesAttr = "dlc.sources",
                               targetAttr = "dlc.target", deviceAttr = "dlc.device",
                               weightsAttr = "dlc.weights", kernelsAttr = "dlc.kernels",
                               rangesAttr = "dlc.ranges", hintsAttr = "dlc.hints",
                               imagesAttr = "dlc.images", symbolsAttr = "dlc.symbols",
                               threadsAttr = "dlc.threads", sharedAttr = "dlc.shared_memory",
                               sitesAttr = "dlc.sites", versionsAttr = "dlc.versions",
                               arenasAttr = "dlc.arenas", withCpuAttr = "dlc.with_cpu";

/// The attribute `name` of the module; an error where it is absent or of another kind.
template <typename Attr> static FailureOr<Attr> getRequired(Operation *op, StringRef name) {
  if (auto attr = op->getAttrOfType<Attr>(name))
    return attr;
  return op->emitError("expected module attribute '") << name << "'";
}

static LogicalResult malformed(Operation *op, StringRef name) {
  return op->emitError("expected a well-formed module attribute '") << name << "'";
}

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

SmallVector<StringRef> Signature::getAllSymbols() const {
  SmallVector<StringRef> all(symbols);
  llvm::append_range(all, entrySymbols);
  llvm::append_range(all, lateSymbols);
  return all;
}

bool Signature::isLate(ExprAttr expr) const {
  bool late = false;
  expr.walkSymbols([&](StringRef symbol) { late |= llvm::is_contained(lateSymbols, symbol); });
  return late;
}

bool Signature::isLate(PlannedType type) const {
  return llvm::any_of(type.getDims(), [&](ExprAttr dim) { return isLate(dim); });
}

bool Signature::isCallersMemory(const Port &output) const {
  return output.type && !isLate(output.type);
}

static Attribute encodePorts(Builder &builder, ArrayRef<Port> ports) {
  return builder.getArrayAttr(llvm::map_to_vector(ports, [&](const Port &port) -> Attribute {
    NamedAttrList fields;
    fields.set("name", builder.getStringAttr(port.name));
    if (port.handle)
      fields.set("handle", builder.getDenseI64ArrayAttr({port.handle->kind, port.handle->dtype}));
    else
      fields.set("type", TypeAttr::get(port.type));
    if (port.readAtEntry)
      fields.set("read_at_entry", builder.getUnitAttr());
    if (port.isOnDevice)
      fields.set("on_device", builder.getUnitAttr());
    return fields.getDictionary(builder.getContext());
  }));
}

static LogicalResult decodePorts(DictionaryAttr signature, StringRef key,
                                 SmallVectorImpl<Port> &ports) {
  auto array = signature.getAs<ArrayAttr>(key);
  if (!array)
    return failure();
  for (Attribute element : array) {
    auto port = dyn_cast<DictionaryAttr>(element);
    auto name = port ? port.getAs<StringAttr>("name") : StringAttr();
    auto type = port ? port.getAs<TypeAttr>("type") : TypeAttr();
    auto handle = port ? port.getAs<DenseI64ArrayAttr>("handle") : DenseI64ArrayAttr();
    auto planned = type ? dyn_cast<PlannedType>(type.getValue()) : PlannedType();
    if (!name || !planned == !handle || (handle && handle.size() != 2))
      return failure();
    ports.push_back({name.getValue(), planned});
    ports.back().readAtEntry = port.contains("read_at_entry");
    ports.back().isOnDevice = port.contains("on_device");
    if (handle)
      ports.back().handle = {static_cast<uint32_t>(handle[0]), static_cast<int32_t>(handle[1])};
  }
  return success();
}

void dlc::setSignature(Operation *op, const Signature &signature) {
  Builder builder(op->getContext());
  NamedAttrList fields;
  fields.set("symbols", builder.getStrArrayAttr(signature.symbols));
  if (!signature.entrySymbols.empty())
    fields.set("entry_symbols", builder.getStrArrayAttr(signature.entrySymbols));
  if (!signature.lateSymbols.empty())
    fields.set("late_symbols", builder.getStrArrayAttr(signature.lateSymbols));
  fields.set("inputs", encodePorts(builder, signature.inputs));
  fields.set("outputs", encodePorts(builder, signature.outputs));
  op->setAttr(signatureName, fields.getDictionary(op->getContext()));
}

static LogicalResult decodeSymbols(ArrayAttr array, SmallVectorImpl<StringRef> &symbols) {
  for (Attribute symbol : array) {
    auto name = dyn_cast<StringAttr>(symbol);
    if (!name)
      return failure();
    symbols.push_back(name.getValue());
  }
  return success();
}

FailureOr<Signature> dlc::getSignature(Operation *op) {
  FailureOr<DictionaryAttr> attr = getRequired<DictionaryAttr>(op, signatureName);
  if (failed(attr))
    return failure();
  Signature signature;
  auto symbols = attr->getAs<ArrayAttr>("symbols");
  auto entry = attr->getAs<ArrayAttr>("entry_symbols"),
       late = attr->getAs<ArrayAttr>("late_symbols");
  if (!symbols || failed(decodeSymbols(symbols, signature.symbols)) ||
      (entry && failed(decodeSymbols(entry, signature.entrySymbols))) ||
      (late && failed(decodeSymbols(late, signature.lateSymbols))) ||
      failed(decodePorts(*attr, "inputs", signature.inputs)) ||
      failed(decodePorts(*attr, "outputs", signature.outputs)))
    return malformed(op, signatureName);
  return signature;
}

bool dlc::isHostProgram(func::FuncOp function) {
  return function.getSymName() == mainName ||
         (function->hasAttr(whenName) && function.getSymName().starts_with(mainName));
}

bool dlc::isEntry(func::FuncOp function) {
  return function.getSymName() == entryName ||
         (function->hasAttr(whenName) && function.getSymName().starts_with(entryName));
}

SmallVector<func::FuncOp> dlc::getHostPrograms(ModuleOp module) {
  return llvm::to_vector(llvm::make_filter_range(module.getOps<func::FuncOp>(), isHostProgram));
}

std::string dlc::getEntryName(func::FuncOp host) {
  return (entryName + host.getSymName().drop_front(mainName.size())).str();
}

void dlc::setRange(ModuleOp module, StringRef symbol, SizeRange range) {
  NamedAttrList ranges(module->getAttrOfType<DictionaryAttr>(rangesAttr));
  ranges.set(symbol, DenseI64ArrayAttr::get(module.getContext(), {range.min, range.max}));
  module->setAttr(rangesAttr, ranges.getDictionary(module.getContext()));
}

SizeRange dlc::getRange(ModuleOp module, StringRef symbol) {
  auto ranges = module->getAttrOfType<DictionaryAttr>(rangesAttr);
  auto range = ranges ? ranges.getAs<DenseI64ArrayAttr>(symbol) : DenseI64ArrayAttr();
  if (!range || range.size() != 2)
    return {};
  return {range[0], range[1]};
}

void dlc::setHint(ModuleOp module, StringRef symbol, int64_t value) {
  NamedAttrList hints(module->getAttrOfType<DictionaryAttr>(hintsAttr));
  hints.set(symbol, IntegerAttr::get(IntegerType::get(module.getContext(), 64), value));
  module->setAttr(hintsAttr, hints.getDictionary(module.getContext()));
}

std::optional<int64_t> dlc::getHint(ModuleOp module, StringRef symbol) {
  auto hints = module->getAttrOfType<DictionaryAttr>(hintsAttr);
  auto hint = hints ? hints.getAs<IntegerAttr>(symbol) : IntegerAttr();
  return hint ? std::optional<int64_t>(hint.getInt()) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

int64_t dlc::getPackedBytes(WeightAttr weight) {
  MLIRContext *context = weight.getContext();
  SmallVector<ExprAttr> dims = llvm::map_to_vector(
      weight.getResultShape(), [&](int64_t dim) { return ExprAttr::constant(context, dim); });
  ExprAttr bytes =
      PlannedType::get(dims, weight.getElementType(), weight.getLayout()).getBufferBytes();
  return *bytes.getConstant();
}

void dlc::setWeights(ModuleOp module, ArrayRef<PlacedWeight> weights) {
  Builder builder(module.getContext());
  module->setAttr(
      weightsAttr,
      builder.getArrayAttr(
          llvm::map_to_vector(weights, [&](const PlacedWeight &placed) -> Attribute {
            return builder.getDictionaryAttr(
                {builder.getNamedAttr("offset", builder.getI64IntegerAttr(placed.offset)),
                 builder.getNamedAttr("weight", placed.weight)});
          })));
}

FailureOr<SmallVector<PlacedWeight>> dlc::getWeights(ModuleOp module) {
  FailureOr<ArrayAttr> attr = getRequired<ArrayAttr>(module, weightsAttr);
  if (failed(attr))
    return failure();
  SmallVector<PlacedWeight> weights;
  for (Attribute element : *attr) {
    auto placed = dyn_cast<DictionaryAttr>(element);
    auto offset = placed ? placed.getAs<IntegerAttr>("offset") : IntegerAttr();
    auto weight = placed ? placed.getAs<WeightAttr>("weight") : WeightAttr();
    if (!offset || !weight)
      return malformed(module, weightsAttr);
    weights.push_back({weight, offset.getInt(), getPackedBytes(weight)});
  }
  return weights;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

void dlc::setKernels(ModuleOp module, ArrayRef<Kernel> kernels) {
  Builder builder(module.getContext());
  module->setAttr(
      kernelsAttr,
      builder.getArrayAttr(llvm::map_to_vector(kernels, [&](const Kernel &kernel) -> Attribute {
        return builder.getDictionaryAttr(
            {builder.getNamedAttr("name", builder.getStringAttr(kernel.name)),
             builder.getNamedAttr("nodes", builder.getStringAttr(kernel.nodes)),
             builder.getNamedAttr("schedule", kernel.schedule)});
      })));
}

FailureOr<SmallVector<Kernel>> dlc::getKernels(ModuleOp module) {
  FailureOr<ArrayAttr> attr = getRequired<ArrayAttr>(module, kernelsAttr);
  if (failed(attr))
    return failure();
  SmallVector<Kernel> kernels;
  for (Attribute element : *attr) {
    auto kernel = dyn_cast<DictionaryAttr>(element);
    auto name = kernel ? kernel.getAs<StringAttr>("name") : StringAttr();
    auto nodes = kernel ? kernel.getAs<StringAttr>("nodes") : StringAttr();
    auto schedule = kernel ? kernel.getAs<ScheduleAttr>("schedule") : ScheduleAttr();
    if (!name || !nodes || !schedule)
      return malformed(module, kernelsAttr);
    kernels.push_back({name.str(), nodes.str(), schedule});
  }
  return kernels;
}

//===----------------------------------------------------------------------===//
// Sites, versions
//===----------------------------------------------------------------------===//

void dlc::setSites(ModuleOp module, ArrayRef<HostSite> sites) {
  Builder builder(module.getContext());
  module->setAttr(
      sitesAttr,
      builder.getArrayAttr(llvm::map_to_vector(sites, [&](const HostSite &site) -> Attribute {
        return builder.getDictionaryAttr(
            {builder.getNamedAttr("nodes", builder.getStringAttr(site.nodes)),
             builder.getNamedAttr("text", builder.getStringAttr(site.text)),
             builder.getNamedAttr("kind", builder.getI64IntegerAttr(site.kind))});
      })));
}

FailureOr<SmallVector<HostSite>> dlc::getSites(ModuleOp module) {
  SmallVector<HostSite> sites;
  auto array = module->getAttrOfType<ArrayAttr>(sitesAttr);
  if (!array)
    return sites;
  for (Attribute element : array) {
    auto site = dyn_cast<DictionaryAttr>(element);
    auto nodes = site ? site.getAs<StringAttr>("nodes") : StringAttr();
    auto text = site ? site.getAs<StringAttr>("text") : StringAttr();
    auto kind = site ? site.getAs<IntegerAttr>("kind") : IntegerAttr();
    if (!nodes || !text || !kind)
      return malformed(module, sitesAttr);
    sites.push_back({nodes.str(), text.str(), static_cast<uint32_t>(kind.getInt())});
  }
  return sites;
}

void dlc::setVersions(ModuleOp module, ArrayRef<Version> versions) {
  Builder builder(module.getContext());
  module->setAttr(
      versionsAttr,
      builder.getArrayAttr(llvm::map_to_vector(versions, [&](const Version &version) -> Attribute {
        return builder.getDictionaryAttr(
            {builder.getNamedAttr("when", builder.getStringAttr(version.when)),
             builder.getNamedAttr("on_device", builder.getBoolAttr(version.isOnDevice))});
      })));
}

FailureOr<SmallVector<Version>> dlc::getVersions(ModuleOp module) {
  SmallVector<Version> versions;
  auto array = module->getAttrOfType<ArrayAttr>(versionsAttr);
  if (!array) {
    versions.push_back({"", static_cast<bool>(getDevice(module))});
    return versions;
  }
  for (Attribute element : array) {
    auto version = dyn_cast<DictionaryAttr>(element);
    auto when = version ? version.getAs<StringAttr>("when") : StringAttr();
    auto onDevice = version ? version.getAs<BoolAttr>("on_device") : BoolAttr();
    if (!when || !onDevice)
      return malformed(module, versionsAttr);
    versions.push_back({when.str(), onDevice.getValue()});
  }
  if (versions.empty())
    return malformed(module, versionsAttr);
  return versions;
}

//===----------------------------------------------------------------------===//
// Arenas
//===----------------------------------------------------------------------===//

static ArrayAttr encodeSlots(Builder &builder, ArrayRef<ArenaSlot> slots) {
  return builder.getArrayAttr(llvm::map_to_vector(slots, [&](const ArenaSlot &slot) -> Attribute {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr("offset", slot.offset), builder.getNamedAttr("size", slot.size),
         builder.getNamedAttr("values", builder.getI64IntegerAttr(slot.numValues))});
  }));
}

static LogicalResult decodeSlots(ArrayAttr array, SmallVectorImpl<ArenaSlot> &slots) {
  for (Attribute element : array) {
    auto slot = dyn_cast<DictionaryAttr>(element);
    auto offset = slot ? slot.getAs<ExprAttr>("offset") : ExprAttr();
    auto size = slot ? slot.getAs<ExprAttr>("size") : ExprAttr();
    auto values = slot ? slot.getAs<IntegerAttr>("values") : IntegerAttr();
    if (!offset || !size || !values)
      return failure();
    slots.push_back({offset, size, values.getInt()});
  }
  return success();
}

void dlc::setSlots(func::FuncOp host, Space space, ArrayRef<ArenaSlot> slots) {
  Builder builder(host.getContext());
  NamedAttrList spaces(host->getAttrOfType<DictionaryAttr>(slotsName));
  spaces.set(stringifySpace(space), encodeSlots(builder, slots));
  host->setAttr(slotsName, spaces.getDictionary(host.getContext()));
}

FailureOr<SmallVector<ArenaSlot>> dlc::getSlots(func::FuncOp host, Space space) {
  SmallVector<ArenaSlot> slots;
  auto spaces = host->getAttrOfType<DictionaryAttr>(slotsName);
  auto array = spaces ? spaces.getAs<ArrayAttr>(stringifySpace(space)) : ArrayAttr();
  if (array && failed(decodeSlots(array, slots)))
    return malformed(host, slotsName);
  return slots;
}

void dlc::setArenas(ModuleOp module, ArrayRef<Arena> arenas) {
  Builder builder(module.getContext());
  module->setAttr(
      arenasAttr,
      builder.getArrayAttr(llvm::map_to_vector(arenas, [&](const Arena &arena) -> Attribute {
        return builder.getDictionaryAttr(
            {builder.getNamedAttr("version", builder.getI64IntegerAttr(arena.version)),
             builder.getNamedAttr("space", builder.getStringAttr(stringifySpace(arena.space))),
             builder.getNamedAttr("size", arena.size),
             builder.getNamedAttr("slots", encodeSlots(builder, arena.slots))});
      })));
}

FailureOr<SmallVector<Arena>> dlc::getArenas(ModuleOp module) {
  SmallVector<Arena> arenas;
  auto array = module->getAttrOfType<ArrayAttr>(arenasAttr);
  for (Attribute element : array ? array.getValue() : ArrayRef<Attribute>()) {
    auto fields = dyn_cast<DictionaryAttr>(element);
    auto version = fields ? fields.getAs<IntegerAttr>("version") : IntegerAttr();
    auto space = fields ? fields.getAs<StringAttr>("space") : StringAttr();
    auto size = fields ? fields.getAs<ExprAttr>("size") : ExprAttr();
    auto slots = fields ? fields.getAs<ArrayAttr>("slots") : ArrayAttr();
    std::optional<Space> known = space ? symbolizeSpace(space.getValue()) : std::nullopt;
    if (!version || !known || !size || !slots)
      return malformed(module, arenasAttr);
    Arena &arena = arenas.emplace_back(Arena{version.getInt(), *known, size});
    if (failed(decodeSlots(slots, arena.slots)))
      return malformed(module, arenasAttr);
  }
  return arenas;
}

//===----------------------------------------------------------------------===//
// Sources, target, name
//===----------------------------------------------------------------------===//

void dlc::setSources(ModuleOp module, ArrayRef<SourceAttr> sources) {
  SmallVector<Attribute> attrs(sources.begin(), sources.end());
  module->setAttr(sourcesAttr, ArrayAttr::get(module.getContext(), attrs));
}

FailureOr<SmallVector<SourceAttr>> dlc::getSources(ModuleOp module) {
  SmallVector<SourceAttr> sources;
  auto array = module->getAttrOfType<ArrayAttr>(sourcesAttr);
  if (!array)
    return sources;
  for (Attribute element : array) {
    auto source = dyn_cast<SourceAttr>(element);
    if (!source)
      return malformed(module, sourcesAttr);
    sources.push_back(source);
  }
  return sources;
}

void dlc::setTarget(ModuleOp module, TargetAttr target) { module->setAttr(targetAttr, target); }

bool dlc::hasTarget(ModuleOp module) { return module->hasAttr(targetAttr); }

FailureOr<TargetAttr> dlc::getTarget(ModuleOp module) {
  return getRequired<TargetAttr>(module, targetAttr);
}

void dlc::setDevice(ModuleOp module, DeviceAttr device, bool withCpu) {
  module->removeAttr(deviceAttr);
  module->removeAttr(withCpuAttr);
  if (device)
    module->setAttr(deviceAttr, device);
  if (device && withCpu)
    module->setAttr(withCpuAttr, UnitAttr::get(module.getContext()));
}

DeviceAttr dlc::getDevice(Operation *op) {
  for (; !isa<ModuleOp>(op); op = op->getParentOp())
    if (op->hasAttr(onCpuName))
      return {};
  return op->getAttrOfType<DeviceAttr>(deviceAttr);
}

bool dlc::isWithCpu(ModuleOp module) { return module->hasAttr(withCpuAttr); }

bool dlc::isOnDevice(ScheduleAttr schedule) {
  switch (schedule.getAlgorithm()) {
  case Algorithm::cuda_loops:
  case Algorithm::cuda_rows:
  case Algorithm::cuda_gemm:
  case Algorithm::cuda_wgmma:
  case Algorithm::cuda_matmul:
  case Algorithm::cuda_window:
  case Algorithm::cuda_attention:
    return true;
  default:
    return false;
  }
}

bool dlc::isOnDevice(Operation *kernel) {
  auto schedule = kernel->getAttrOfType<ScheduleAttr>(scheduleName);
  return schedule && isOnDevice(schedule);
}

void dlc::setDeviceKernel(Operation *kernel, const DeviceKernel &properties) {
  Builder builder(kernel->getContext());
  kernel->setAttr(symbolsAttr, builder.getStrArrayAttr(properties.symbols));
  kernel->setAttr(threadsAttr, builder.getI64IntegerAttr(properties.threads));
  kernel->setAttr(sharedAttr, builder.getI64IntegerAttr(properties.sharedMemory));
}

DeviceKernel dlc::getDeviceKernel(Operation *kernel) {
  DeviceKernel properties;
  if (auto symbols = kernel->getAttrOfType<ArrayAttr>(symbolsAttr))
    llvm::append_range(properties.symbols, symbols.getAsValueRange<StringAttr>());
  auto getNumber = [&](StringRef name) {
    auto number = kernel->getAttrOfType<IntegerAttr>(name);
    return number ? number.getInt() : 0;
  };
  properties.threads = getNumber(threadsAttr);
  properties.sharedMemory = getNumber(sharedAttr);
  return properties;
}

void dlc::setImages(ModuleOp module, ArrayRef<DeviceImage> images) {
  Builder builder(module.getContext());
  auto rows = llvm::map_to_vector(images, [&](const DeviceImage &image) -> Attribute {
    NamedAttrList fields;
    fields.set("name", builder.getStringAttr(image.name));
    fields.set("form", builder.getI32IntegerAttr(static_cast<int32_t>(image.form)));
    fields.set("architecture", builder.getI32IntegerAttr(static_cast<int32_t>(image.architecture)));
    if (image.isSpecific)
      fields.set("specific", builder.getUnitAttr());
    fields.set("size", builder.getI64IntegerAttr(static_cast<int64_t>(image.size)));
    return fields.getDictionary(module.getContext());
  });
  module->setAttr(imagesAttr, builder.getArrayAttr(rows));
}

FailureOr<SmallVector<DeviceImage>> dlc::getImages(ModuleOp module) {
  SmallVector<DeviceImage> images;
  auto rows = module->getAttrOfType<ArrayAttr>(imagesAttr);
  for (Attribute row : rows ? rows.getValue() : ArrayRef<Attribute>()) {
    auto fields = dyn_cast<DictionaryAttr>(row);
    auto name = fields ? fields.getAs<StringAttr>("name") : StringAttr();
    auto getNumber = [&](StringRef key) {
      return fields ? fields.getAs<IntegerAttr>(key) : IntegerAttr();
    };
    IntegerAttr form = getNumber("form"), architecture = getNumber("architecture"),
                size = getNumber("size");
    if (!name || !form || !architecture || !size)
      return malformed(module, imagesAttr);
    images.push_back({name.getValue(), static_cast<uint32_t>(form.getInt()),
                      static_cast<uint32_t>(architecture.getInt()), fields.contains("specific"),
                      static_cast<uint64_t>(size.getInt())});
  }
  return images;
}

void dlc::setModelName(ModuleOp module, StringRef name) {
  module->setAttr(modelAttr, StringAttr::get(module.getContext(), name));
}

StringRef dlc::getModelName(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>(modelAttr);
  return name ? name.getValue() : StringRef();
}
