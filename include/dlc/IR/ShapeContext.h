// What shape inference knows of values beside their types. The graph phase implements it; ops ask
// it when they resolve.
#ifndef DLC_IR_SHAPECONTEXT_H
#define DLC_IR_SHAPECONTEXT_H

#include "dlc/IR/Expr.h"

#include <optional>

namespace dlc {

class ShapeContext {
public:
  using Contents = llvm::SmallVector<ExprAttr>;

  virtual ~ShapeContext() = default;

  /// The elements of a small integer tensor in row-major order; nothing where they are not known.
  virtual std::optional<Contents> getContents(mlir::Value value) = 0;

  /// The same, but elements that are not known are null. Nothing where the tensor has no constant
  /// shape of at most 64 elements.
  virtual std::optional<Contents> getPartialContents(mlir::Value value) = 0;

  /// The same, but elements that are not known become symbols, which a `dlc.bind` behind the
  /// value's definition binds; they may be negative. Nothing where the tensor has no constant shape
  /// of at most 64 elements.
  virtual std::optional<Contents> bindContents(mlir::Value value) = 0;

  /// The same for what `user` takes as sizes: where every run that computes the value reaches
  /// `user`, guards end those with a negative one.
  virtual std::optional<Contents> bindSizes(mlir::Value value, mlir::Operation *user) = 0;

  /// The values that an expression may have where its symbols are in their declared ranges.
  virtual SizeRange getRange(ExprAttr expr) = 0;

  /// The same value in a form that is simpler where symbols are in their declared ranges.
  virtual ExprAttr simplify(ExprAttr expr) = 0;
};

} // namespace dlc

#endif
