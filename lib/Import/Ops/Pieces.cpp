#include "Pieces.h"

#include "onnx-ml.pb.h"

#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace dlc;

NamedAttribute Pieces::makeSeed() {
  const onnx::AttributeProto *seed = node.findAttribute("seed");
  if (!seed)
    return parameter("seed", static_cast<int64_t>(llvm::xxh3_64bits(node.getOutputName(0))));
  if (seed->type() == onnx::AttributeProto::INT)
    return parameter("seed", seed->i());
  return parameter("seed", static_cast<int64_t>(llvm::bit_cast<int32_t>(seed->f())));
}
