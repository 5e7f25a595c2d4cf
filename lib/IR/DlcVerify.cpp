// Verifiers. Constraint numbers are those of the op descriptions in DlcOps.td.

#include "dlc/IR/Dlc.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::verifySameElementType(Operation *op) {
  Type first = cast<PlannedType>(op->getResult(0).getType()).getElementType();
  for (Type type : op->getOperandTypes())
    if (cast<PlannedType>(type).getElementType() != first)
      return op->emitError("expected operands and result of one element type, found ")
             << first << " and " << cast<PlannedType>(type).getElementType();
  return success();
}

LogicalResult dlc::verifySameOperandElementType(Operation *op) {
  Type first = cast<PlannedType>(op->getOperand(0).getType()).getElementType();
  for (Type type : op->getOperandTypes())
    if (cast<PlannedType>(type).getElementType() != first)
      return op->emitError("expected operands of one element type, found ")
             << first << " and " << cast<PlannedType>(type).getElementType();
  return success();
}

LogicalResult ConstantOp::verify() {
  PlannedType type = getType();
  std::optional<SmallVector<int64_t>> shape = type.getStaticShape();
  if (!shape)
    return emitError("expected a static shape, found ") << type;
  SmallVector<int64_t> valueShape;
  Type elementType;
  if (auto dense = dyn_cast<DenseElementsAttr>(getValue())) {
    if (dense.getNumElements() > maxDenseElements) // C1
      return emitError("expected a dense value of at most ")
             << maxDenseElements << " elements, found " << dense.getNumElements();
    valueShape = llvm::to_vector(dense.getType().getShape());
    elementType = dense.getElementType();
  } else if (auto weight = dyn_cast<WeightAttr>(getValue())) {
    valueShape = weight.getResultShape();
    elementType = weight.getElementType();
  } else {
    return emitError("expected a dense attribute or a weight, found ") << getValue();
  }
  if (*shape != valueShape || type.getElementType() != elementType) // C2
    return emitError("expected the value's shape and element type, found ") << type;
  return success();
}

/// Geometry is bounded, so that products of a few of these numbers fit 64 bits.
static bool areBetween(ArrayRef<int64_t> values, int64_t least) {
  return llvm::all_of(values,
                      [&](int64_t value) { return value >= least && value < int64_t(1) << 31; });
}

/// The constraints on attributes; those on dims that inference has still to find wait for it.
LogicalResult ConvOp::verify() {
  PlannedType input = getInput().getType(), filter = getFilter().getType();
  if (!filter.hasRank())
    return success();
  if (filter.getRank() < 3 || (input.hasRank() && input.getRank() != filter.getRank())) // C1
    return emitError("expected input and filter of the same rank, at least 3, found ")
           << input << " and " << filter;
  size_t spatial = filter.getRank() - 2;
  if (getStrides().size() != spatial || getDilations().size() != spatial ||
      getPads().size() != 2 * spatial) // C2
    return emitError("expected ") << spatial << " strides and dilations and " << 2 * spatial
                                  << " pads";
  if (!areBetween(getStrides(), 1) || !areBetween(getDilations(), 1) ||
      !areBetween(getPads(), 0)) // C3
    return emitError("expected strides and dilations to be positive and pads not to be negative, "
                     "all below 2^31");
  if (static_cast<int64_t>(getGroup()) <= 0)
    return emitError("expected group to be positive");
  for (ExprAttr dim : filter.getDims())
    if (std::optional<int64_t> value = dim.getConstant(); value && *value <= 0) // C7
      return emitError("expected filter dims to be positive, found ") << filter;
  auto differ = [](ExprAttr left, ExprAttr right) {
    return left && left.getConstant() && right.getConstant() && left != right;
  };
  ExprAttr group = ExprAttr::constant(getContext(), getGroup());
  if (input.hasRank() && differ(filter.getDim(1) * group, input.getDim(1))) // C4
    return emitError("expected filter channels * group (")
           << filter.getDim(1).str() << " * " << getGroup() << ") to equal input channels ("
           << input.getDim(1).str() << ")";
  ExprAttr outputs = filter.getDim(0);
  if (outputs.getConstant() && *outputs.getConstant() % static_cast<int64_t>(getGroup()) != 0) // C5
    return emitError("expected output channels (")
           << outputs.str() << ") to be a multiple of group (" << getGroup() << ")";
  if (!getBias() || !getBias().getType().hasRank())
    return success();
  PlannedType bias = getBias().getType();
  if (bias.getRank() != 1 || differ(bias.getDim(0), outputs)) // C6
    return emitError("expected a bias of ") << outputs.str() << " elements, found " << bias;
  return success();
}

LogicalResult MatmulOp::verify() {
  PlannedType lhs = getLhs().getType(), rhs = getRhs().getType();
  if (!lhs.hasRank() || !rhs.hasRank())
    return success();
  if (lhs.getRank() < (getTransposeLhs() ? 2 : 1) ||
      rhs.getRank() < (getTransposeRhs() ? 2 : 1)) // C1
    return emitError("expected matrices or vectors that are not transposed, found ")
           << lhs << " and " << rhs;
  auto differ = [](ExprAttr left, ExprAttr right) {
    return left.getConstant() && right.getConstant() && left != right;
  };
  if (auto [left, right] = getInnerDims(); differ(left, right)) // C2
    return emitError("expected lhs and rhs to agree in the dim that is summed over, found ")
           << left.str() << " and " << right.str();
  ExprAttr one = ExprAttr::constant(getContext(), 1);
  for (auto [left, right] :
       llvm::zip(llvm::reverse(getOuterDims(lhs)), llvm::reverse(getOuterDims(rhs))))
    if (left != one && right != one && differ(left, right)) // C3
      return emitError("expected dims before the last two that broadcast, found ")
             << left.str() << " and " << right.str();
  if (!getBias() || !getBias().getType().hasRank())
    return success();
  PlannedType bias = getBias().getType();
  if (bias.getRank() != 1 || !getColumns() || differ(bias.getDim(0), getColumns())) // C4
    return emitError("expected a bias of ")
           << (getColumns() ? getColumns().str() : "no") << " elements, found " << bias;
  return success();
}

LogicalResult PoolOp::verify() {
  size_t spatial = getKernel().size();
  if (getStrides().size() != spatial || getDilations().size() != spatial ||
      getPads().size() != 2 * spatial ||
      (getInput().getType().hasRank() &&
       getInput().getType().getRank() != static_cast<int64_t>(spatial) + 2)) // C1
    return emitError("expected kernel, strides and dilations of ")
           << spatial << " and pads of " << 2 * spatial
           << " elements, and an input of two dims more, found " << getInput().getType();
  if (!areBetween(getKernel(), 1) || !areBetween(getStrides(), 1) ||
      !areBetween(getDilations(), 1)) // C2
    return emitError("expected kernel, strides and dilations to be positive and below 2^31");
  for (size_t i = 0; i != spatial; ++i) {
    int64_t extent = (getKernel()[i] - 1) * getDilations()[i] + 1;
    for (int64_t pad : {getPads()[i], getPads()[i + spatial]})
      if (pad < 0 || pad >= extent) // C2
        return emitError("expected pads from 0 to less than the kernel's extent (")
               << extent << "), found " << pad;
  }
  static constexpr ReduceKind kinds[] = {ReduceKind::sum, ReduceKind::mean, ReduceKind::max,
                                         ReduceKind::l1, ReduceKind::l2};
  if (!llvm::is_contained(kinds, getKind()) ||
      (getIncludePads() && getKind() != ReduceKind::mean)) // C3
    return emitError("expected sum, mean, max, l1 or l2, and pads to be counted for mean alone, "
                     "found ")
           << stringifyEnum(getKind());
  return success();
}

LogicalResult RecurrenceOp::verify() {
  Type elementType = getProducts().getType().getElementType();
  for (Value operand : getOperands())
    if (operand != getLengths() &&
        cast<PlannedType>(operand.getType()).getElementType() != elementType) // C2
      return emitError("expected operands of element type ")
             << elementType << ", found " << cast<PlannedType>(operand.getType()).getElementType();
  bool isLstm = getCell() == CellKind::lstm;
  if (static_cast<bool>(getLastC()) != isLstm ||
      (!isLstm && (getInitialC() || getPeepholes()))) // C3
    return emitError("expected a cell for an lstm, and for no other");
  size_t activations = getNumActivations() * getNumDirections();
  if (getActivations().size() != activations || getAlphas().size() != activations ||
      getBetas().size() != activations) // C4
    return emitError("expected ") << activations << " activations, alphas and betas";
  return success();
}

LogicalResult ClipOp::verify() {
  for (Value bound : {getLow(), getHigh()}) {
    if (!bound)
      continue;
    auto type = cast<PlannedType>(bound.getType());
    if (type.hasRank() && type.getRank() != 0) // C1
      return emitError("expected bounds of rank 0, found ") << type;
  }
  return success();
}

LogicalResult PowOp::verify() {
  Type base = getLhs().getType().getElementType(), result = getType().getElementType();
  if (base != result) // C1
    return emitError("expected base and result of one element type, found ")
           << base << " and " << result;
  return success();
}

LogicalResult SelectOp::verify() {
  Type lhs = getLhs().getType().getElementType(), rhs = getRhs().getType().getElementType();
  if (lhs != rhs || lhs != getType().getElementType()) // C1
    return emitError("expected lhs, rhs and result of one element type, found ")
           << lhs << ", " << rhs << " and " << getType().getElementType();
  return success();
}

LogicalResult KernelOp::verify() {
  for (Type type : getOperandTypes())
    if (!cast<PlannedType>(type).hasRank())
      return emitError("expected operands of known shape, found ") << type;
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  auto withoutLayout = [](TypeRange types) {
    return llvm::map_to_vector(
        types, [](Type type) -> Type { return cast<PlannedType>(type).withoutLayout(); });
  };
  Block &block = getBody().front();
  if (block.getArgumentTypes() != TypeRange(withoutLayout(getOperandTypes()))) // C1
    return emitError("expected block arguments of the operands' types without layout");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getOperandTypes() != TypeRange(withoutLayout(getResultTypes()))) // C2
    return emitError("expected to yield values of the results' types without layout");
  return success();
}

LogicalResult ReinterpretOp::verify() {
  PlannedType from = getSource().getType().getTensor(), to = getBuffer().getType().getTensor();
  ExprAttr more = from.getBufferBytes() - to.getBufferBytes();
  bool differs = more && more.getConstant().value_or(0) != 0;
  auto isRowMajor = [](Attribute layout) {
    auto device = dyn_cast_or_null<DeviceLayoutAttr>(layout);
    return !layout || (device && !device.getChannelsLast());
  };
  bool isView = isRowMajor(from.getLayout()) && !differs;
  if (from.getLayout() != to.getLayout() || (!getOffsetAttr() && !isView)) // C1
    return emitError("expected dense buffers of one size, found ") << from << " and " << to;
  return success();
}

LogicalResult ReadOp::verify() {
  if (getValue().getType() != getBuffer().getType().getTensor().withoutLayout()) // C1
    return emitError("expected a value of type ")
           << getBuffer().getType().getTensor().withoutLayout();
  return success();
}

LogicalResult WriteOp::verify() {
  if (getValue().getType() != getBuffer().getType().getTensor().withoutLayout()) // C1
    return emitError("expected a value of type ")
           << getBuffer().getType().getTensor().withoutLayout();
  return success();
}
