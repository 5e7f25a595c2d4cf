// How values lie between the kernels of a GPU. What a product by tensor cores reads or writes is
// stored in the type that it is multiplied in: a load widens it, a store rounds to nearest, and all
// in between is f32. Early in deep networks it is stored as f32, since errors would grow. Images
// lie with channels last, so that tensor cores' operands can be copied in chunks. Whatever else
// sees a value, the host, a branch, a library op, sees f32 in rows.

#include "DeviceLayouts.h"

#include "Algorithms.h"
#include "ConvDepths.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/Views.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dlc;

namespace {
/// What layouts the kernel of a box takes.
enum class Access { none, dense, image };

class DeviceLayouts {
public:
  DeviceLayouts(func::FuncOp function, DeviceAttr device)
      : function(function), depths(function),
        type(getOperandType(device.getContext(), device.getPrecision())) {}

  void assign();

private:
  void assign(Value value);
  void assign(ConcatOp concat);
  void reorder(KernelOp box);
  /// Whether kernels that take elements of another type read `value`, at least one of them a
  /// product where `isOfProduct` is not so already; `isImages` becomes whether they take channels
  /// last.
  bool canNarrow(Value value, bool isOfProduct, bool &isImages);
  DeviceLayoutAttr getLayout(Value value, bool channelsLast) const {
    Type own = depths.isEarly(value) ? Float32Type::get(value.getContext()) : type;
    return DeviceLayoutAttr::get(value.getContext(), own, channelsLast);
  }

  func::FuncOp function;
  ConvDepths depths;
  Type type;                                            ///< of operands of products
  DenseMap<std::pair<Value, Block *>, Value> reordered; ///< images with channels last, of others
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
  return reduce.isOverPixels() ? Access::image : Access::dense;
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

/// Whether a box does nothing but move elements that are stored in another type.
static bool movesStored(KernelOp box) {
  auto isMove = [](Operation &op) { return isMovement(&op); };
  auto isStored = [](Type type) {
    return isa_and_nonnull<DeviceLayoutAttr>(cast<PlannedType>(type).getLayout());
  };
  return llvm::all_of(box.getBody().front().without_terminator(), isMove) &&
         llvm::all_of(box.getInputs().getTypes(), isStored);
}

bool DeviceLayouts::canNarrow(Value value, bool isOfProduct, bool &isImages) {
  for (OpOperand *use : getUses(value)) {
    auto box = dyn_cast<KernelOp>(use->getOwner());
    Access own = box ? getAccess(box) : Access::none;
    if (own == Access::none || isMask(*use))
      return false;
    isOfProduct |= isProduct(box);
    isImages &= own == Access::image && use->get() == value;
  }
  return isOfProduct;
}

void DeviceLayouts::assign(Value value) {
  auto planned = cast<PlannedType>(value.getType());
  auto producer = value.getDefiningOp<KernelOp>();
  Access access = getAccess(producer);
  if (!planned.getElementType().isF32() || planned.getLayout() || access == Access::none)
    return;
  bool isOfProduct = isProduct(producer) || movesStored(producer);
  bool isImages = access == Access::image && isImage(value);
  if (!canNarrow(value, isOfProduct, isImages))
    return;
  int64_t chunk = getLayout(value, /*channelsLast=*/true).getChunk();
  isImages = isImages && planned.getDim(1).getConstant().value_or(1) % chunk == 0;
  setLayout(value, getLayout(value, isImages));
}

/// Parts that kernels write side by side, and nobody else reads, are stored alike. Each begins at a
/// multiple of 16 bytes.
void DeviceLayouts::assign(ConcatOp concat) {
  DeviceLayoutAttr layout = getLayout(concat.getResult(), /*channelsLast=*/false);
  auto isPart = [&](Value part) {
    Value computed = getViewed(part);
    auto producer = computed.getDefiningOp<KernelOp>();
    ExprAttr elements = cast<PlannedType>(part.getType()).getBufferElements();
    return producer && getUses(computed).size() == 1 && getAccess(producer) != Access::none &&
           llvm::all_of(elements.getCoefficients(),
                        [&](int64_t factor) { return factor % layout.getChunk() == 0; });
  };
  bool isImages = false;
  if (!concat.getType().getElementType().isF32() || !joinsParts(concat) ||
      !llvm::all_of(concat.getInputs(), isPart) ||
      !canNarrow(concat.getResult(), /*isOfProduct=*/false, isImages))
    return;
  for (Value part : concat.getInputs())
    setLayout(getViewed(part), layout);
  setLayout(concat.getResult(), layout);
}

/// Lets a convolution read a copy with channels last of an image that lies otherwise. Where there
/// are many channels, a copy takes longer than it saves.
void DeviceLayouts::reorder(KernelOp box) {
  ConvOp conv = getFirst<ConvOp>(box);
  auto argument = conv ? dyn_cast<BlockArgument>(conv.getInput()) : BlockArgument();
  if (!argument || conv.getGroup() != 1 || getAccess(box) == Access::none)
    return;
  OpOperand &use = box->getOpOperand(argument.getArgNumber());
  Value image = use.get();
  auto planned = cast<PlannedType>(image.getType());
  DeviceLayoutAttr layout = getLayout(image, /*channelsLast=*/true);
  int64_t channels = *planned.getDim(1).getConstant(), most = 2 * layout.getChunk();
  if (hasChannelsLast(planned) || channels == 0 || channels > most)
    return;
  Value &copy = reordered[{image, box->getBlock()}];
  if (!copy) {
    OpBuilder builder(box);
    copy = createCopy(builder, box.getLoc(), image, planned.withLayout(layout));
  }
  use.set(copy);
}

void DeviceLayouts::assign() {
  function.walk([&](Operation *op) {
    if (auto concat = dyn_cast<ConcatOp>(op); concat && !concat->getParentOfType<KernelOp>())
      assign(concat);
  });
  function.walk([&](KernelOp box) {
    for (Value result : box.getResults())
      assign(result);
  });
  SmallVector<KernelOp> boxes;
  function.walk([&](KernelOp box) { boxes.push_back(box); });
  llvm::for_each(boxes, [&](KernelOp box) { reorder(box); });
}

void dlc::assignDeviceLayouts(func::FuncOp function, DeviceAttr device) {
  if (device.getPrecision() != Precision::fp32)
    DeviceLayouts(function, device).assign();
}
