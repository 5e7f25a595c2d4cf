// How values lie between the kernels of a GPU. What a product by tensor cores reads or writes is
// stored in the type that it is multiplied in: a load widens it, a store rounds to nearest, and all
// in between is f32. Images lie with channels last, so that tensor cores' operands can be copied in
// chunks. Whatever else sees a value, the host, a branch, a library op, sees f32 in rows.

#include "DeviceLayouts.h"

#include "Algorithms.h"

#include "dlc/IR/Emitters.h"

using namespace mlir;
using namespace dlc;

namespace {
/// What layouts the kernel of a box takes.
enum class Access { none, dense, image };

class DeviceLayouts {
public:
  DeviceLayouts(func::FuncOp function, DeviceAttr device)
      : function(function), type(getOperandType(device.getContext(), device.getPrecision())) {}

  void assign();

private:
  void assign(Value value);

  func::FuncOp function;
  Type type; ///< of operands of products
};
} // namespace

static bool isElementwise(KernelOp box) {
  return llvm::all_of(box.getBody().front().without_terminator(), [](Operation &op) {
    return isa<ConstantOp, ElementwiseOpInterface, PoolOp>(op);
  });
}

static Access getReduceAccess(ReduceOp reduce) {
  if (!getLongRow(reduce))
    return Access::none;
  bool isOverPixels = reduce.getInput().getType().getRank() == 4 &&
                      reduce.getSortedAxes() == SmallVector<int64_t>{2, 3};
  return isOverPixels ? Access::image : Access::dense;
}

static Access getAccess(KernelOp box) {
  for (Operation &op : box.getBody().front().without_terminator())
    if (getDeviceObstacle(&op))
      return Access::none;
  if (getFirst<ConvOp>(box))
    return Access::image;
  if (getFirst<MatmulOp>(box) || getFirst<AttentionOp>(box) || getFirst<SoftmaxOp>(box) ||
      getFirst<LayerNormOp>(box))
    return Access::dense;
  if (ReduceOp reduce = getFirst<ReduceOp>(box))
    return getReduceAccess(reduce);
  bool isOne = box.getResults().size() == 1 && isImage(box.getResult(0));
  return isOne && isElementwise(box) ? Access::image : Access::dense;
}

static bool isProduct(Operation *op) {
  auto box = dyn_cast_or_null<KernelOp>(op);
  return box && (getFirst<ConvOp>(box) || getFirst<MatmulOp>(box) || getFirst<AttentionOp>(box));
}

/// Masks may hold numbers that a narrow type has not.
static bool isMask(OpOperand &use) {
  auto box = cast<KernelOp>(use.getOwner());
  AttentionOp attention = getFirst<AttentionOp>(box);
  return attention && attention.getMask() == box.getBody().getArgument(use.getOperandNumber());
}

/// The uses of a value and of all that shows it in other dims.
static SmallVector<OpOperand *> getUses(Value value) {
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : value.getUses()) {
    if (isView(use.getOwner()))
      llvm::append_range(uses, getUses(use.getOwner()->getResult(0)));
    else
      uses.push_back(&use);
  }
  return uses;
}

static void setLayout(Value value, DeviceLayoutAttr layout) {
  value.setType(cast<PlannedType>(value.getType()).withLayout(layout));
  for (Operation *user : value.getUsers())
    if (isView(user))
      setLayout(user->getResult(0), layout);
}

void DeviceLayouts::assign(Value value) {
  auto planned = cast<PlannedType>(value.getType());
  auto producer = value.getDefiningOp<KernelOp>();
  Access access = getAccess(producer);
  if (!planned.getElementType().isF32() || access == Access::none)
    return;
  bool isOfProduct = isProduct(producer), isImages = access == Access::image && isImage(value);
  for (OpOperand *use : getUses(value)) {
    auto box = dyn_cast<KernelOp>(use->getOwner());
    Access own = box ? getAccess(box) : Access::none;
    if (own == Access::none || isMask(*use))
      return;
    isOfProduct |= isProduct(box);
    isImages &= own == Access::image && use->get() == value;
  }
  if (!isOfProduct)
    return;
  auto layout = DeviceLayoutAttr::get(value.getContext(), type, /*channelsLast=*/true);
  isImages = isImages && planned.getDim(1).getConstant().value_or(1) % layout.getChunk() == 0;
  setLayout(value, DeviceLayoutAttr::get(value.getContext(), type, isImages));
}

void DeviceLayouts::assign() {
  function.walk([&](KernelOp box) {
    for (Value result : box.getResults())
      assign(result);
  });
}

void dlc::assignDeviceLayouts(func::FuncOp function, DeviceAttr device) {
  if (device.getPrecision() != Precision::fp32)
    DeviceLayouts(function, device).assign();
}
