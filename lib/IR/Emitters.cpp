#include "dlc/IR/Emitters.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace dlc;

static std::string toString(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static std::optional<std::string> getConvObstacle(ConvOp conv) {
  if (conv.getInput().getType().getRank() != 4)
    return llvm::formatv("convolution over {0} dims is not supported, only over 2",
                         conv.getInput().getType().getRank() - 2);
  if (conv.getGroup() != 1)
    return llvm::formatv("convolution in {0} groups is not supported", conv.getGroup());
  for (Value weight : {conv.getFilter(), conv.getBias()})
    if (weight && !weight.getDefiningOp<ConstantOp>())
      return "a filter or bias that is not a constant is not supported";
  return std::nullopt;
}

std::optional<std::string> dlc::getEmissionObstacle(Operation *op) {
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (auto planned = dyn_cast<PlannedType>(type); planned && !planned.getElementType().isF32())
      return llvm::formatv("elements of type {0} are not supported, only f32",
                           toString(planned.getElementType()));
  return TypeSwitch<Operation *, std::optional<std::string>>(op)
      .Case([](ConvOp conv) { return getConvObstacle(conv); })
      .Case([](ResizeOp resize) -> std::optional<std::string> {
        if (resize.getInput().getType().getRank() < 2)
          return "a resize of fewer than 2 dims is not supported";
        return std::nullopt;
      })
      .Case([](ElementwiseOpInterface) { return std::nullopt; })
      .Default([](Operation *other) {
        return llvm::formatv("'{0}' is not supported", other->getName().getStringRef()).str();
      });
}

bool dlc::isImmediate(OpOperand &use) {
  auto constant = use.get().getDefiningOp<ConstantOp>();
  if (!constant || !isa<DenseElementsAttr>(constant.getValue()))
    return false;
  if (auto resize = dyn_cast<ResizeOp>(use.getOwner()))
    return use.get() == resize.getScales();
  return isa<ElementwiseOpInterface>(use.getOwner()) && constant.getType().getRank() == 0;
}

bool dlc::isEpilogue(Operation *op, Value value) {
  if (!isa<ElementwiseOpInterface>(op) || op->getResult(0).getType() != value.getType())
    return false;
  return llvm::all_of(op->getOpOperands(),
                      [&](OpOperand &use) { return use.get() == value || isImmediate(use); });
}
