#include "dlc/IR/Program.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

static constexpr StringLiteral modelAttr = "dlc.model", sourcesAttr = "dlc.sources",
                               targetAttr = "dlc.target", signatureAttr = "dlc.signature",
                               weightsAttr = "dlc.weights", kernelsAttr = "dlc.kernels",
                               rangesAttr = "dlc.ranges", hintsAttr = "dlc.hints";

/// The attribute `name` of the module; an error where it is absent or of another kind.
template <typename Attr> static FailureOr<Attr> getRequired(ModuleOp module, StringRef name) {
  if (auto attr = module->getAttrOfType<Attr>(name))
    return attr;
  return module.emitError("expected module attribute '") << name << "'";
}

static LogicalResult malformed(ModuleOp module, StringRef name) {
  return module.emitError("expected a well-formed module attribute '") << name << "'";
}

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

static Attribute encodePorts(Builder &builder, ArrayRef<Port> ports) {
  return builder.getArrayAttr(llvm::map_to_vector(ports, [&](const Port &port) -> Attribute {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(port.name)),
         builder.getNamedAttr("type", TypeAttr::get(port.type))});
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
    auto planned = type ? dyn_cast<PlannedType>(type.getValue()) : PlannedType();
    if (!name || !planned)
      return failure();
    ports.push_back({name.getValue(), planned});
  }
  return success();
}

void dlc::setSignature(ModuleOp module, const Signature &signature) {
  Builder builder(module.getContext());
  module->setAttr(signatureAttr,
                  builder.getDictionaryAttr(
                      {builder.getNamedAttr("symbols", builder.getStrArrayAttr(signature.symbols)),
                       builder.getNamedAttr("inputs", encodePorts(builder, signature.inputs)),
                       builder.getNamedAttr("outputs", encodePorts(builder, signature.outputs))}));
}

FailureOr<Signature> dlc::getSignature(ModuleOp module) {
  FailureOr<DictionaryAttr> attr = getRequired<DictionaryAttr>(module, signatureAttr);
  if (failed(attr))
    return failure();
  Signature signature;
  auto symbols = attr->getAs<ArrayAttr>("symbols");
  if (!symbols || failed(decodePorts(*attr, "inputs", signature.inputs)) ||
      failed(decodePorts(*attr, "outputs", signature.outputs)))
    return malformed(module, signatureAttr);
  for (Attribute symbol : symbols) {
    auto name = dyn_cast<StringAttr>(symbol);
    if (!name)
      return malformed(module, signatureAttr);
    signature.symbols.push_back(name.getValue());
  }
  return signature;
}

void dlc::setRange(ModuleOp module, StringRef symbol, SymbolRange range) {
  NamedAttrList ranges(module->getAttrOfType<DictionaryAttr>(rangesAttr));
  ranges.set(symbol, DenseI64ArrayAttr::get(module.getContext(), {range.min, range.max}));
  module->setAttr(rangesAttr, ranges.getDictionary(module.getContext()));
}

SymbolRange dlc::getRange(ModuleOp module, StringRef symbol) {
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
             builder.getNamedAttr("nodes", builder.getStringAttr(kernel.nodes))});
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
    if (!name || !nodes)
      return malformed(module, kernelsAttr);
    kernels.push_back({name.str(), nodes.str()});
  }
  return kernels;
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

void dlc::setModelName(ModuleOp module, StringRef name) {
  module->setAttr(modelAttr, StringAttr::get(module.getContext(), name));
}

StringRef dlc::getModelName(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>(modelAttr);
  return name ? name.getValue() : StringRef();
}
