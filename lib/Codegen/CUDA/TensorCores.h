// What tensor cores take and give: mma.sync of all precisions alike, and how its operands come
// through shared memory.
#ifndef DLC_LIB_CODEGEN_CUDA_TENSORCORES_H
#define DLC_LIB_CODEGEN_CUDA_TENSORCORES_H

#include "DeviceKernel.h"

namespace dlc {

/// What one instruction multiplies: 16 rows and 8 columns, 8 words of each. A word is 32 bits: an
/// element of tf32, or two neighbours along k of f16 or bf16. With g = lane / 4 and q = lane % 4, a
/// thread of the warp has the words (row g, q), (g + 8, q), (g, q + 4) and (g + 8, q + 4) of the
/// left operand, (column g, q) and (g, q + 4) of the right one, and of the sums (row g, columns
/// 2 * q and 2 * q + 1), then those of row g + 8.
inline constexpr int64_t pieceRows = 16, pieceColumns = 8, pieceWords = 8, warpSize = 32;

/// A row or column of a slice in shared memory is 128 bytes along k, in chunks of 16: chunk c of
/// row r lies in place c ^ r % 8, so that 8 rows of one chunk lie in different banks.
inline constexpr int64_t sliceWords = 32, chunkWords = 4, sliceChunks = sliceWords / chunkWords;

/// What one instruction of a warpgroup, four warps, multiplies: 64 rows, 16 of them for each warp,
/// up to 256 columns, and 8 words of each along k. A warp's sums lie as those of mma.sync, piece of
/// columns after piece.
inline constexpr int64_t groupWarps = 4, groupRows = 64;

/// Elements of a word.
inline int64_t getWordParts(Precision precision) {
  return precision == Precision::fp16 || precision == Precision::bf16 ? 2 : 1;
}

/// A word of the elements that `load` gives, rounded, as an i32; an f32 as it is for fp32 and
/// tf32x3.
mlir::Value makeWord(KernelBuilder &b, Precision precision,
                     llvm::function_ref<mlir::Value(int64_t part)> load);

/// What tensor cores take words as: themselves, or for tf32x3 the nearest tf32 of each, and in the
/// second place the nearest one of what that leaves of it.
llvm::SmallVector<KernelBuilder::Carried, 2> splitWords(KernelBuilder &b, Precision precision,
                                                        mlir::ValueRange words);

/// The sums plus the products.
KernelBuilder::Carried multiplyPieces(KernelBuilder &b, Precision precision, mlir::ValueRange lefts,
                                      mlir::ValueRange rights, llvm::ArrayRef<mlir::Value> sums);

/// By which a warpgroup finds rows or columns of a slice in shared memory: `address` is that of the
/// first one, at a multiple of 1024 bytes.
mlir::Value getDescriptor(KernelBuilder &b, mlir::Value address);
/// The sums plus the products of 64 rows each and of columns, over all words of slices that begin
/// where the descriptors say. They are a group, which waits for those before; until it is waited
/// for, nobody may read the sums, or write what is multiplied.
KernelBuilder::Carried beginProducts(KernelBuilder &b, Precision precision, mlir::ValueRange lefts,
                                     mlir::Value right, mlir::ValueRange sums);
/// Waits until at most `pending` groups are not done. Returns the sums of all.
KernelBuilder::Carried waitForProducts(KernelBuilder &b, mlir::ValueRange sums, int64_t pending);
/// What the thread has brought to shared memory is there for warpgroups, as soon as they have
/// waited for the thread.
void showCopies(KernelBuilder &b);

/// ldmatrix: four matrices of 8 rows of 16 bytes, whose rows begin at the addresses that the lanes
/// have, 8 of them for each matrix. Lane l gets word l % 4 of row l / 4 of each.
/// `transposed`, pairs of halves: of rows 2 * (l % 4) and the next one, those of column l / 4.
KernelBuilder::Carried loadPieces(KernelBuilder &b, mlir::Value address, bool transposed = false);

/// The word of a row in shared memory, both i32, in the order above.
mlir::Value getSwizzled(Threads &threads, mlir::Value row, mlir::Value word);

/// Begins to copy 16 bytes from global to shared memory, or zeros where they do not exist.
void copyChunk(KernelBuilder &b, mlir::Value to, mlir::Value from, mlir::Value exists);
/// What has begun since the last commit is a group; waits until at most `pending` are on their way.
void commitCopies(KernelBuilder &b);
void waitForCopies(KernelBuilder &b, int64_t pending);

} // namespace dlc

#endif
