// An ONNX node while it is imported: what the functions of the op table see.
#ifndef DLC_IMPORT_ONNXNODE_H
#define DLC_IMPORT_ONNXNODE_H

#include "HandleTypes.h"
#include "TensorReader.h"

namespace onnx {
class AttributeProto;
class NodeProto;
class SparseTensorProto;
class TensorProto;
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
/// Null is none.
bool isStandIn(mlir::Value value);
bool isConstant(mlir::Value value);
/// Whether the value is a constant bool of one element that is true.
bool isTrue(mlir::Value value);

/// Element types that an operator allows, with words for an error message.
struct ElementSet {
  llvm::StringLiteral name;
  bool (*contains)(mlir::Type elementType);
};

class OnnxNode {
public:
  OnnxNode(mlir::OpBuilder &builder, mlir::Location loc, const onnx::NodeProto &proto,
           const OpRow &row, int64_t opset, TensorReader &reader, HandleTypes &handles)
      : builder(builder), loc(loc), proto(proto), row(row), opset(opset), reader(reader),
        handles(handles) {}

  /// The values of the inputs, null where absent, and the attributes; the importer sets them.
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<NodeAttribute> attributes;

  /// Checks inputs, attributes and the number of outputs against the row.
  mlir::LogicalResult check();

  mlir::InFlightDiagnostic emitError() const { return mlir::emitError(loc); }
  llvm::StringRef getOp() const;

  mlir::Location getLoc() const { return loc; }
  /// Of the op's domain.
  int64_t getOpset() const { return opset; }
  llvm::StringRef getOutputName(size_t index) const;
  /// How many outputs the node has; names of some may be empty.
  size_t getNumOutputs() const;

  /// The value of an input that the row has; null where it is absent.
  mlir::Value getInput(size_t index) const {
    return index < inputs.size() ? inputs[index] : mlir::Value();
  }
  bool hasStandIn() const { return llvm::any_of(inputs, isStandIn); }
  /// Checks that all inputs that are present have elements of one type of the set.
  mlir::LogicalResult requireElements(const ElementSet &set) const;
  /// Checks one input.
  mlir::LogicalResult requireElements(const ElementSet &set, size_t index) const;
  /// The name of an input in the row; the last one of a variadic row is numbered, as "data_0".
  std::string getInputName(size_t index) const;
  bool isHandle(size_t index) const {
    return getInput(index) && llvm::isa<HandleType>(getInput(index).getType());
  }
  /// Whether the row has the input among those that may be tensors of strings.
  bool mayBeString(size_t index) const;
  /// What ONNX says of an input's value.
  OnnxType getOnnxType(size_t index) const { return handles.getType(inputs[index]); }
  OnnxType getOnnxTypeOf(mlir::Value value) const { return handles.getType(value); }
  mlir::Type getElementType(size_t index) const {
    return llvm::cast<PlannedType>(inputs[index].getType()).getElementType();
  }
  /// Checks that an input, where it is present, has i64 elements (or i32 ones too) and the rank, if
  /// one is known. Failure without an error where an earlier node failed.
  mlir::LogicalResult requireIntegers(size_t index, bool allowI32,
                                      std::optional<int64_t> rank) const;
  /// Checks that all inputs have elements of one type. Failure without an error where an earlier
  /// node failed.
  mlir::LogicalResult requireSameElements() const;
  /// Checks that an input is a tensor of strings.
  mlir::LogicalResult requireStrings(size_t index) const;
  /// Checks that an attribute is there.
  mlir::LogicalResult requireAttribute(llvm::StringRef name) const;
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
  /// The value of a tensor; of strings it is a handle.
  mlir::FailureOr<mlir::Value> createTensor(const onnx::TensorProto &tensor);
  mlir::FailureOr<mlir::Value> createSparse(const onnx::SparseTensorProto &tensor);
  /// A constant of any size, from its elements in order, little-endian.
  mlir::Value createElements(llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                             llvm::ArrayRef<char> bytes);
  mlir::Value createStrings(llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<llvm::StringRef> elements);

  mlir::Value createConstant(const Constant &constant) {
    return dlc::createConstant(builder, loc, constant);
  }
  /// A constant f32 of rank 0.
  mlir::Value createScalar(float value);
  /// A constant of rank 0 of the element type of `like`.
  mlir::Value createScalarLike(mlir::Value like, double value);
  /// A constant of rank 0.
  mlir::Value createNumber(double value, mlir::Type elementType);
  /// What stands for an operand that a library call is not given.
  mlir::Value createAbsent() {
    return AbsentOp::create(builder, loc, HandleType::get(getContext()));
  }
  /// A constant of rank 0 of the element type of `like`, which is an integer type.
  mlir::Value createIntegerLike(mlir::Value like, int64_t value);
  /// The element type that an attribute says, or a default; null after an error.
  mlir::Type getTypeAttribute(llvm::StringRef name, int64_t defaultValue) const;
  /// A constant vector of i64.
  mlir::Value createInts(llvm::ArrayRef<int64_t> values);
  /// An input as the operand of a library call, and all of them.
  mlir::Value createOperand(size_t index) {
    return getInput(index) ? getInput(index) : createAbsent();
  }
  llvm::SmallVector<mlir::Value> createOperands();
  /// Makes an op with one result of unknown shape, which is the node's, and verifies it.
  template <typename OpTy, typename... Args>
  mlir::LogicalResult createOp(mlir::Type elementType, Args &&...args) {
    OpTy op = OpTy::create(builder, loc, PlannedType::getUnranked(elementType),
                           std::forward<Args>(args)...);
    return finish(op);
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
  /// The elements in the shape that a vector holds, dims of 0 as they are.
  mlir::Value createReshape(mlir::Value value, mlir::Value shape) {
    return createLike<ReshapeOp>(value, shape, /*allow_zero=*/true);
  }
  /// The dims of a tensor from `start` to `end`, or to the last.
  mlir::Value createShape(mlir::Value value, int64_t start = 0,
                          std::optional<int64_t> end = std::nullopt);
  /// As the operator Cast; the parameters say how it rounds to floats of 8 bits or less.
  mlir::Value createCast(mlir::Value value, mlir::Type elementType,
                         llvm::ArrayRef<mlir::NamedAttribute> rounding = {});
  mlir::Value createSelect(mlir::Value condition, mlir::Value whenTrue, mlir::Value whenFalse) {
    return SelectOp::create(builder, loc, whenTrue.getType(), condition, whenTrue, whenFalse);
  }
  /// Makes a library call with results of these types: tensors of unknown shape, or handles.
  llvm::SmallVector<mlir::Value> createCall(llvm::StringRef callee, mlir::ValueRange operands,
                                            llvm::ArrayRef<mlir::NamedAttribute> parameters,
                                            llvm::ArrayRef<OnnxType> types);

  /// Makes the results of a library call those of the node, each a tensor of strings.
  mlir::LogicalResult moveStrings(llvm::StringRef callee, mlir::ValueRange operands,
                                  llvm::ArrayRef<mlir::NamedAttribute> parameters = {});

  /// Verifies an op and makes its results those of the node.
  mlir::LogicalResult finish(mlir::Operation *op);

  mlir::MLIRContext *getContext() const { return builder.getContext(); }
  mlir::OpBuilder &getBuilder() { return builder; }

  /// A library call that makes a handle, and its value: of a tensor of numbers the tensor in it.
  mlir::Value createHeld(llvm::StringRef callee, mlir::ValueRange operands, const OnnxType &type) {
    return handles.createHeld(builder, loc, callee, operands, type);
  }
  /// The attributes as parameters of a library call.
  llvm::SmallVector<mlir::NamedAttribute> getParameters() const;
  mlir::NamedAttribute makeDtype(int64_t dtype) const {
    return builder.getNamedAttr("dtype", builder.getI64IntegerAttr(dtype));
  }

  void setResult(mlir::Value value) { results.assign(1, value); }
  /// The values of the outputs that are made; none until the node has been imported.
  llvm::SmallVector<mlir::Value> results;

private:
  mlir::LogicalResult checkAttribute(const NodeAttribute &attribute) const;
  mlir::LogicalResult checkInputs() const;
  mlir::LogicalResult checkOutputs() const;
  mlir::LogicalResult checkHandles() const;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const onnx::NodeProto &proto;
  const OpRow &row;
  int64_t opset;
  TensorReader &reader;
  HandleTypes &handles;
};

} // namespace dlc

#endif
