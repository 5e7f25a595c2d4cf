#include "dlc/IR/Layout.h"

#include "dlc/IR/Winograd.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

bool dlc::isLayout(Attribute attr) {
  return isa_and_nonnull<ImageLayoutAttr, FilterLayoutAttr, GateLayoutAttr, RowLayoutAttr,
                         PaddedLayoutAttr, DeviceLayoutAttr>(attr);
}

Type dlc::getOperandType(MLIRContext *context, Precision precision) {
  switch (precision) {
  case Precision::fp32:
  case Precision::tf32x3:
    return Float32Type::get(context);
  case Precision::tf32:
    return FloatTF32Type::get(context);
  case Precision::fp16:
    return Float16Type::get(context);
  case Precision::bf16:
    return BFloat16Type::get(context);
  }
  llvm_unreachable("no precision");
}

bool dlc::hasChannelsLast(PlannedType type) {
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(type.getLayout());
  return layout && layout.getChannelsLast() && type.getRank() == 4;
}

LogicalResult dlc::verifyLayout(Attribute layout, ArrayRef<ExprAttr> dims,
                                function_ref<InFlightDiagnostic()> emitError) {
  auto gates = dyn_cast<GateLayoutAttr>(layout);
  if (gates && dims.size() == 3 && dims[1].getConstant().value_or(0) % gates.getGates() != 0)
    return emitError() << "expected rows of " << gates.getGates() << " gates, found "
                       << dims[1].str();
  auto filter = dyn_cast<FilterLayoutAttr>(layout);
  if (filter && filter.getWinograd() && dims.size() == 4 &&
      llvm::any_of(dims.take_back(2),
                   [](ExprAttr dim) { return dim.getConstant() != Winograd::taps; }))
    return emitError() << "expected a filter of 3 x 3 taps for " << layout;
  auto rows = dyn_cast<RowLayoutAttr>(layout);
  if (rows && dims.size() >= 2 && dims.back().getConstant().value_or(INT64_MAX) > rows.getPitch())
    return emitError() << "expected rows of at most " << rows.getPitch() << " elements, found "
                       << dims.back().str();
  auto device = dyn_cast<DeviceLayoutAttr>(layout);
  bool isFilter = isa<FilterLayoutAttr>(layout) || (device && device.getChannelsLast());
  bool fits = isa<PaddedLayoutAttr>(layout) ? dims.size() == 1
              : rows                        ? dims.size() >= 2
              : gates                       ? dims.size() == 3
              : isFilter                    ? dims.size() == 2 || dims.size() == 4
                                            : device || dims.size() == 4;
  if (!fits)
    return emitError() << "expected another rank for " << layout << ", found rank " << dims.size();
  return success();
}

ExprAttr dlc::getBufferElements(MLIRContext *context, Attribute layout, ArrayRef<ExprAttr> dims) {
  return TypeSwitch<Attribute, ExprAttr>(layout ? layout : UnitAttr::get(context))
      .Case([&](ImageLayoutAttr image) {
        return dims[0] * ceilDiv(dims[1], image.getBlock()) *
               (dims[2] + image.getTop() + image.getBottom()) *
               (dims[3] + image.getLeft() + image.getRight()) * image.getBlock();
      })
      .Case([&](FilterLayoutAttr filter) {
        ExprAttr elements = ceilDiv(dims[0], filter.getOutputs()) *
                            ceilDiv(dims[1], filter.getInputs()) * filter.getInputs() *
                            filter.getOutputs();
        if (filter.getWinograd())
          return elements * Winograd::factors;
        for (ExprAttr dim : dims.drop_front(2))
          elements = elements * dim;
        return elements;
      })
      .Case([&](GateLayoutAttr gates) {
        return dims[0] * ceilDiv(floorDiv(dims[1], gates.getGates()), gates.getLanes()) * dims[2] *
               gates.getGates() * gates.getLanes();
      })
      .Case([&](RowLayoutAttr rows) {
        ExprAttr elements = ExprAttr::constant(context, rows.getPitch());
        for (ExprAttr dim : dims.drop_back())
          elements = elements * dim;
        return elements;
      })
      .Case([&](PaddedLayoutAttr padded) {
        return ceilDiv(dims[0], padded.getMultiple()) * padded.getMultiple();
      })
      .Case([&](DeviceLayoutAttr device) {
        if (!device.getChannelsLast())
          return getProduct(context, dims);
        ExprAttr channels = ceilDiv(dims[1], device.getChunk()) * device.getChunk();
        return dims[0] * getProduct(context, dims.drop_front(2)) * channels;
      })
      .Default([&](Attribute) { return getProduct(context, dims); });
}
