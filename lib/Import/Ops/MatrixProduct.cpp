// MatMul, Gemm.

#include "Rows.h"

using namespace mlir;
using namespace dlc;

static LogicalResult importMatMul(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<MatmulOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                                 node.getInput(1), Value(), /*transpose_lhs=*/false,
                                 /*transpose_rhs=*/false);
}

/// Checks that C broadcasts to rows x columns, which are null where they are not known.
static LogicalResult checkAddend(OnnxNode &node, PlannedType addend, ExprAttr rows,
                                 ExprAttr columns) {
  if (!addend.hasRank())
    return success();
  auto fits = [](ExprAttr dim, ExprAttr target) {
    std::optional<int64_t> size = dim.getConstant();
    return !size || *size == 1 || !target || !target.getConstant() ||
           *size == *target.getConstant();
  };
  ArrayRef<ExprAttr> dims = addend.getDims();
  if (dims.size() <= 2 && (dims.empty() || fits(dims.back(), columns)) &&
      (dims.size() < 2 || fits(dims.front(), rows)))
    return success();
  return node.emitError() << "expected input 'C' to broadcast to "
                          << (rows ? rows.str() : "the rows of 'A'") << " x "
                          << (columns ? columns.str() : "the columns of 'B'") << ", found "
                          << addend;
}

/// Checks that a factor is a matrix; one of its dims, null where it is not known yet.
static FailureOr<ExprAttr> getMatrixDim(OnnxNode &node, size_t index, StringRef name, int64_t dim) {
  auto type = cast<PlannedType>(node.getInput(index).getType());
  if (!type.hasRank())
    return ExprAttr();
  if (type.getRank() != 2)
    return node.emitError() << "expected input '" << name << "' of rank 2, found " << type;
  return type.getDim(dim);
}

namespace {
/// What Gemm does to its factors.
struct GemmForm {
  bool transposeA, transposeB;
  ExprAttr rows, columns; // of the product; null where they are not known yet
};
} // namespace

/// alpha * A * B + beta * C. A bias of the product itself only where nothing is multiplied.
static LogicalResult createGemm(OnnxNode &node, const GemmForm &form) {
  Type f32 = Builder(node.getContext()).getF32Type();
  float alpha = node.getFloat("alpha", 1), beta = node.getFloat("beta", 1);
  Value addend = node.getInput(2), bias;
  auto addendType = addend ? cast<PlannedType>(addend.getType()) : PlannedType();
  if (addend && alpha == 1 && beta == 1 && isConstant(addend) && addendType.getRank() == 1 &&
      form.columns && addendType.getDim(0) == form.columns)
    std::swap(addend, bias);

  if (failed(node.createOp<MatmulOp>(f32, node.getInput(0), node.getInput(1), bias, form.transposeA,
                                     form.transposeB)))
    return failure();
  Value product = node.results.front();
  auto scale = [&](Value &value, float factor) -> LogicalResult {
    if (factor == 1)
      return success();
    if (failed(node.createOp<MulOp>(f32, value, node.createScalar(factor))))
      return failure();
    value = node.results.front();
    return success();
  };
  if (failed(scale(product, alpha)))
    return failure();
  if (!addend)
    return success();
  if (failed(scale(addend, beta)))
    return failure();
  return node.createOp<AddOp>(f32, product, addend);
}

static LogicalResult importGemm(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  FailureOr<bool> transposeA = node.getFlag("transA", false);
  FailureOr<bool> transposeB = node.getFlag("transB", false);
  if (!good || failed(transposeA) || failed(transposeB))
    return failure();
  FailureOr<ExprAttr> rows = getMatrixDim(node, 0, "A", *transposeA ? 1 : 0);
  FailureOr<ExprAttr> columns = getMatrixDim(node, 1, "B", *transposeB ? 0 : 1);
  if (failed(rows) || failed(columns))
    return failure();
  if (Value addend = node.getInput(2))
    if (failed(checkAddend(node, cast<PlannedType>(addend.getType()), *rows, *columns)))
      return failure();
  return createGemm(node, {*transposeA, *transposeB, *rows, *columns});
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow gemmInputs7[] = {{"A"}, {"B"}, {"C"}};
static constexpr InputRow gemmInputs11[] = {{"A"}, {"B"}, {"C", optional}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};

static constexpr AttributeRow gemmAttributes[] = {{"alpha", Proto::FLOAT},
                                                  {"beta", Proto::FLOAT},
                                                  {"transA", Proto::INT},
                                                  {"transB", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "Gemm", oldestOpset, 10, gemmInputs7, gemmAttributes, importGemm},
    {"", "Gemm", 11, newestOpset, gemmInputs11, gemmAttributes, importGemm},
    {"", "MatMul", oldestOpset, newestOpset, binaryInputs, {}, importMatMul},
};

ArrayRef<OpRow> dlc::getMatrixProductRows() { return rows; }
