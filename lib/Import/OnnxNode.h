// An ONNX node while it is imported: what the functions of the op table see.
#ifndef DLC_IMPORT_ONNXNODE_H
#define DLC_IMPORT_ONNXNODE_H

#include "OnnxTypes.h"

namespace onnx {
class AttributeProto;
class NodeProto;
} // namespace onnx

namespace dlc {

struct OpRow;

/// An attribute as a node has it: in a function the value can be that of an attribute of the call
/// or of its default, under another name.
struct NodeAttribute {
  llvm::StringRef name;
  const onnx::AttributeProto *value;
};

/// The value that stands for one which could not be imported, so that what depends on it is checked
/// all the same.
mlir::Value createStandIn(mlir::OpBuilder &builder, mlir::Location loc);
bool isStandIn(mlir::Value value);
bool isConstant(mlir::Value value);

/// Element types that an operator allows, with words for an error message.
struct ElementSet {
  llvm::StringLiteral name;
  bool (*contains)(mlir::Type elementType);
};

class OnnxNode {
public:
  OnnxNode(mlir::OpBuilder &builder, mlir::Location loc, const onnx::NodeProto &proto,
           const OpRow &row, const Skeleton &skeleton, llvm::StringRef file)
      : builder(builder), loc(loc), proto(proto), row(row), skeleton(skeleton), file(file) {}

  /// The values of the inputs, null where absent, and the attributes; the importer sets them.
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<NodeAttribute> attributes;

  /// Checks inputs, attributes and the number of outputs against the row.
  mlir::LogicalResult check();

  mlir::InFlightDiagnostic emitError() const { return mlir::emitError(loc); }
  llvm::StringRef getOp() const;

  /// The value of an input that the row has; null where it is absent.
  mlir::Value getInput(size_t index) const {
    return index < inputs.size() ? inputs[index] : mlir::Value();
  }
  /// Checks that all inputs that are present have elements of one type of the set.
  mlir::LogicalResult requireElements(const ElementSet &set) const;
  /// Checks one input.
  mlir::LogicalResult requireElements(const ElementSet &set, size_t index) const;
  /// The element type of an input that is present.
  mlir::Type getElementType(size_t index) const {
    return mlir::cast<PlannedType>(inputs[index].getType()).getElementType();
  }
  /// Checks that all inputs that are present have f32 elements.
  mlir::LogicalResult requireF32() const { return requireF32(inputs.size()); }
  /// Checks only the first ones.
  mlir::LogicalResult requireF32(size_t count) const;
  /// The elements of an input that is a constant vector of i64. Failure without an error where they
  /// are unknown since an earlier node failed.
  mlir::FailureOr<llvm::SmallVector<int64_t>> getConstantInts(size_t index) const;

  /// The attribute of a node that has exactly one; else null.
  const NodeAttribute *getOnlyAttribute() const;
  /// Null where the attribute is absent.
  const onnx::AttributeProto *findAttribute(llvm::StringRef name) const;
  int64_t getInt(llvm::StringRef name, int64_t defaultValue) const;
  /// An int that must be 0 or 1.
  mlir::FailureOr<bool> getFlag(llvm::StringRef name, bool defaultValue) const;
  float getFloat(llvm::StringRef name, float defaultValue) const;
  llvm::StringRef getString(llvm::StringRef name, llvm::StringRef defaultValue) const;
  llvm::SmallVector<int64_t> getInts(llvm::StringRef name,
                                     llvm::ArrayRef<int64_t> defaultValue) const;
  mlir::FailureOr<Constant> getTensor(llvm::StringRef name) const;

  mlir::Value createConstant(const Constant &constant) {
    return dlc::createConstant(builder, loc, constant);
  }
  /// A constant f32 of rank 0.
  mlir::Value createScalar(float value);
  /// A constant of rank 0 of the element type of `like`.
  mlir::Value createScalarLike(mlir::Value like, double value);
  /// Makes an op with one result of unknown shape, which is the node's, and verifies it.
  template <typename OpTy, typename... Args>
  mlir::LogicalResult createOp(mlir::Type elementType, Args &&...args) {
    OpTy op = OpTy::create(builder, loc, PlannedType::getUnranked(elementType),
                           std::forward<Args>(args)...);
    return finish(op);
  }
  /// Makes a piece of a decomposition: an f32 op of unknown shape on f32 operands.
  template <typename OpTy, typename... Args> mlir::Value createPiece(Args &&...args) {
    return OpTy::create(builder, loc, PlannedType::getUnranked(builder.getF32Type()),
                        std::forward<Args>(args)...);
  }

  /// Makes a piece of unknown shape whose elements are of the first operand's type.
  template <typename OpTy, typename... Args>
  mlir::Value createLike(mlir::Value first, Args &&...args) {
    mlir::Type elementType = mlir::cast<PlannedType>(first.getType()).getElementType();
    return OpTy::create(builder, loc, PlannedType::getUnranked(elementType), first,
                        std::forward<Args>(args)...);
  }
  /// Makes a comparison of unknown shape.
  template <typename OpTy> mlir::Value createComparison(mlir::Value lhs, mlir::Value rhs) {
    return OpTy::create(builder, loc, PlannedType::getUnranked(builder.getI1Type()), lhs, rhs);
  }
  mlir::Value createSelect(mlir::Value condition, mlir::Value whenTrue, mlir::Value whenFalse) {
    return SelectOp::create(builder, loc, whenTrue.getType(), condition, whenTrue, whenFalse);
  }

  mlir::MLIRContext *getContext() const { return builder.getContext(); }

  /// The value of the output; null until the node has been imported.
  mlir::Value result;

private:
  /// The name of an input in the row; all that are repeated share the last one.
  llvm::StringRef getInputName(size_t index) const;
  mlir::LogicalResult checkAttribute(const NodeAttribute &attribute) const;
  mlir::LogicalResult checkInputs() const;
  mlir::LogicalResult checkOutputs() const;
  mlir::LogicalResult finish(mlir::Operation *op);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const onnx::NodeProto &proto;
  const OpRow &row;
  const Skeleton &skeleton;
  llvm::StringRef file;
};

} // namespace dlc

#endif
