// What patterns over exporters' forms of one op ask of values.
#ifndef DLC_LIB_GRAPH_MATCHING_H
#define DLC_LIB_GRAPH_MATCHING_H

#include "dlc/IR/Dlc.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace dlc {

/// The type of a tensor.
inline PlannedType getType(mlir::Value value) { return mlir::cast<PlannedType>(value.getType()); }

/// Whether `value` is a tensor of f32 whose rank is known.
inline bool isF32(mlir::Value value) {
  auto type = mlir::dyn_cast<PlannedType>(value.getType());
  return type && type.hasRank() && type.getElementType().isF32();
}

/// The one element of a constant of floats.
inline std::optional<double> getScalar(mlir::Value value) {
  mlir::DenseFPElementsAttr constant;
  if (!mlir::matchPattern(value, mlir::m_Constant(&constant)) || constant.getNumElements() != 1)
    return std::nullopt;
  return (*constant.value_begin<llvm::APFloat>()).convertToDouble();
}

/// Whether constants alone compute `value`, so that folding makes it one. Nothing is no constant.
inline bool isOfConstants(mlir::Value value) {
  llvm::SmallSetVector<mlir::Value, 8> values;
  values.insert(value);
  for (size_t index = 0; index != values.size(); ++index) {
    mlir::Operation *op = values[index] ? values[index].getDefiningOp() : nullptr;
    if (!op)
      return false;
    if (mlir::isa<ConstantOp>(op))
      continue;
    if (!mlir::isMemoryEffectFree(op) || op->getNumRegions() != 0 || op->getNumOperands() == 0)
      return false;
    values.insert(op->operand_begin(), op->operand_end());
  }
  return true;
}

} // namespace dlc

#endif
