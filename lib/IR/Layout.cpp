#include "dlc/IR/Layout.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

bool dlc::isLayout(Attribute attr) {
  return isa_and_nonnull<ImageLayoutAttr, FilterLayoutAttr, PaddedLayoutAttr>(attr);
}

LogicalResult dlc::verifyLayout(Attribute layout, ArrayRef<ExprAttr> dims,
                                function_ref<InFlightDiagnostic()> emitError) {
  size_t rank = isa<PaddedLayoutAttr>(layout) ? 1 : 4;
  if (dims.size() != rank)
    return emitError() << "expected rank " << rank << " for " << layout << ", found rank "
                       << dims.size();
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
        return ceilDiv(dims[0], filter.getOutputs()) * ceilDiv(dims[1], filter.getInputs()) *
               dims[2] * dims[3] * filter.getInputs() * filter.getOutputs();
      })
      .Case([&](PaddedLayoutAttr padded) {
        return ceilDiv(dims[0], padded.getMultiple()) * padded.getMultiple();
      })
      .Default([&](Attribute) {
        ExprAttr elements = ExprAttr::constant(context, 1);
        for (ExprAttr dim : dims)
          elements = elements * dim;
        return elements;
      });
}
