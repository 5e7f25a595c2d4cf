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
  // A float that is a whole number is meant as one.
  float number = seed->f();
  bool isWhole =
      number >= 0 && number < 0x1p31f && number == static_cast<float>(static_cast<int64_t>(number));
  return parameter("seed", isWhole ? static_cast<int64_t>(number)
                                   : static_cast<int64_t>(llvm::bit_cast<int32_t>(number)));
}
