// A kernel of one attention, and the moves of heads around it.
#ifndef DLC_LIB_CODEGEN_COMMON_ATTENTIONKERNEL_H
#define DLC_LIB_CODEGEN_COMMON_ATTENTIONKERNEL_H

#include "KernelBuilder.h"

namespace dlc {

/// What a kernel of attention reads and writes, wherever views, transpositions and slices say that
/// heads lie. A task is a band of queries of one head.
class AttentionKernel {
public:
  explicit AttentionKernel(KernelBuilder &b) : b(b) {}

  /// Finds the parts in the source; fails with a located error where there is anything else.
  llvm::LogicalResult match();

protected:
  /// B x H x L x D in memory: the elements of a row are neighbours.
  struct Heads {
    mlir::Value base;
    llvm::SmallVector<mlir::Value> strides;
    mlir::Type type;       ///< of elements in memory
    bool inChunks = false; ///< rows begin at multiples of 16 bytes
  };

  /// Finds the head and the queries of the task, `bandRows` of them or those that are left.
  void enterTask(int64_t bandRows);
  mlir::Value getRow(const Heads &heads, mlir::Value row) {
    return b.offset(heads.base, b.mul(row, heads.strides[2]), heads.type);
  }
  /// A product of query and key as a score, before the mask; scalars or vectors.
  mlir::Value scaleScore(mlir::Value product);
  /// The address of the mask for a query and a key of the head.
  mlir::Value getMaskAddress(mlir::Value row, mlir::Value column);
  /// The score with an element of the mask.
  mlir::Value maskScore(mlir::Value score, mlir::Value element);
  /// What a query's result is divided by, from its sum of exponentials: where there is no key at
  /// all the result is zero.
  mlir::Value getDivisor(mlir::Value sum);
  /// A value of scores that no key has.
  mlir::Value getBlocked(mlir::Type type);
  /// What scores of a query are less before they become exponentials, where the largest is
  /// `largest`: scores of -infinity alone have none, and exponentials of zero.
  mlir::Value getSubtracted(mlir::Value largest);

  KernelBuilder &b;
  AttentionOp op;
  Heads query, key, value, result; ///< from enterTask on, those of the task's head
  mlir::Value mask;                ///< null for none
  int64_t size = 0, valueSize = 0;
  mlir::Value numKeys, firstRow, numRows;

private:
  llvm::LogicalResult matchOp();
  llvm::LogicalResult matchResult();
  mlir::FailureOr<Heads> getHeads(mlir::Value root, ExprAttr offset,
                                  llvm::ArrayRef<ExprAttr> strides);
  void matchMask(mlir::Value buffer);

  llvm::SmallVector<mlir::Value> maskStrides;
};

} // namespace dlc

#endif
