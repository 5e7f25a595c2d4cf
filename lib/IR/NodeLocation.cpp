#include "dlc/IR/NodeLocation.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace dlc;

Location dlc::makeNodeLocation(MLIRContext *context, StringRef file, StringRef node, StringRef op,
                               int64_t opset) {
  Builder builder(context);
  auto metadata =
      builder.getDictionaryAttr({builder.getNamedAttr("node", builder.getStringAttr(node)),
                                 builder.getNamedAttr("op", builder.getStringAttr(op)),
                                 builder.getNamedAttr("opset", builder.getI64IntegerAttr(opset))});
  return FusedLoc::get(context, {FileLineColLoc::get(context, file, 0, 0)}, metadata);
}

static DictionaryAttr getNodeMetadata(Location loc) {
  auto fused = dyn_cast<FusedLoc>(loc);
  auto metadata = fused ? dyn_cast_or_null<DictionaryAttr>(fused.getMetadata()) : DictionaryAttr();
  return metadata && metadata.getAs<StringAttr>("node") && metadata.getAs<StringAttr>("op")
             ? metadata
             : DictionaryAttr();
}

SmallVector<std::string> dlc::getNodes(Location loc) {
  SmallVector<std::string> nodes;
  loc->walk([&](Location part) {
    if (DictionaryAttr metadata = getNodeMetadata(part)) {
      std::string node = llvm::formatv("{0} ({1})", metadata.getAs<StringAttr>("node").getValue(),
                                       metadata.getAs<StringAttr>("op").getValue());
      if (!llvm::is_contained(nodes, node))
        nodes.push_back(std::move(node));
    }
    return WalkResult::advance();
  });
  return nodes;
}

/// "node 'conv1' (Conv)"
static std::string describe(DictionaryAttr metadata, bool withOpset = false) {
  auto opset = withOpset ? metadata.getAs<IntegerAttr>("opset") : IntegerAttr();
  return llvm::formatv("node '{0}' ({1}{2})", metadata.getAs<StringAttr>("node").getValue(),
                       metadata.getAs<StringAttr>("op").getValue(),
                       opset ? ", opset " + std::to_string(opset.getInt()) : "");
}

std::string dlc::describeNode(Location loc) {
  std::string text;
  loc->walk([&](Location part) {
    DictionaryAttr metadata = getNodeMetadata(part);
    if (!metadata)
      return WalkResult::advance();
    text = describe(metadata);
    return WalkResult::interrupt();
  });
  return text;
}

std::string dlc::describeLocation(Location loc, bool withOpset) {
  std::string text;
  loc->walk([&](Location part) {
    if (DictionaryAttr metadata = getNodeMetadata(part)) {
      auto file = dyn_cast<FileLineColLoc>(cast<FusedLoc>(part).getLocations().front());
      text = ((file ? file.getFilename().getValue() : StringRef("model")) + ": " +
              describe(metadata, withOpset))
                 .str();
      return WalkResult::interrupt();
    }
    if (auto file = dyn_cast<FileLineColLoc>(part); file && text.empty())
      text = file.getLine() == 0 ? file.getFilename().str()
                                 : llvm::formatv("{0}:{1}:{2}", file.getFilename().getValue(),
                                                 file.getLine(), file.getColumn())
                                       .str();
    return WalkResult::advance();
  });
  return text;
}
