// The products of tensor cores, mma.sync, of all precisions alike.
#ifndef DLC_LIB_CODEGEN_CUDA_TENSORCORES_H
#define DLC_LIB_CODEGEN_CUDA_TENSORCORES_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// What one instruction multiplies: 16 rows and 8 columns, 8 words of each. A word is 32 bits: an
/// element of tf32, or two neighbours along k of f16 or bf16. With g = lane / 4 and q = lane % 4, a
/// thread of the warp has the words (row g, q), (g + 8, q), (g, q + 4) and (g + 8, q + 4) of the
/// left operand, (column g, q) and (g, q + 4) of the right one, and of the sums (row g, columns
/// 2 * q and 2 * q + 1), then those of row g + 8.
inline constexpr int64_t pieceRows = 16, pieceColumns = 8, pieceWords = 8, warpSize = 32;

/// Elements of a word.
inline int64_t getWordParts(Precision precision) {
  return precision == Precision::fp16 || precision == Precision::bf16 ? 2 : 1;
}

/// A word of the elements that `load` gives, rounded, as an i32; an f32 as it is for fp32.
mlir::Value makeWord(KernelBuilder &b, Precision precision,
                     llvm::function_ref<mlir::Value(int64_t part)> load);

/// The sums plus the products.
KernelBuilder::Carried multiplyPieces(KernelBuilder &b, Precision precision, mlir::ValueRange lefts,
                                      mlir::ValueRange rights, llvm::ArrayRef<mlir::Value> sums);

} // namespace dlc

#endif
