// Products of matrices, tile by tile: a block brings slices of both operands into shared memory,
// each thread has a tile of sums in registers. What the matrices are is left to whoever derives.
#ifndef DLC_LIB_CODEGEN_CUDA_TILEPRODUCT_H
#define DLC_LIB_CODEGEN_CUDA_TILEPRODUCT_H

#include "../Common/AnchorKernel.h"
#include "DeviceKernel.h"

namespace dlc {

/// The left operand has rows (pixels of a convolution), the right one columns (its output
/// channels); both have `inner` elements that are multiplied and summed.
class TileProduct {
public:
  TileProduct(KernelBuilder &b, AnchorKernel &kernel);
  virtual ~TileProduct() = default;

  /// Emits the task.
  void emit();

protected:
  /// In which order the threads of a block take the elements of a slice: neighbours should lie side
  /// by side in memory.
  enum class Order { alongOuter, alongInner };

  /// Finds the block's tile; sets the fields below.
  virtual void begin() = 0;
  /// What `loadLeft` needs to know of a row, whose number in the tile is `row`, an i32.
  virtual KernelBuilder::Carried prepareLeft(mlir::Value row) = 0;
  /// An element of the row, 0 where there is none; `k` is an i32 that may lie beyond `inner`.
  virtual mlir::Value loadLeft(mlir::ValueRange prepared, mlir::Value k) = 0;
  virtual KernelBuilder::Carried prepareRight(mlir::Value column) = 0;
  virtual mlir::Value loadRight(mlir::ValueRange prepared, mlir::Value k) = 0;
  /// The sums of the columns from `column` on before the first product.
  virtual mlir::Value loadBias(mlir::Value column) = 0;
  /// Applies the epilogue to sums of neighbouring columns of a row, and stores them. Neither all
  /// columns nor the row need exist.
  virtual void storeSums(mlir::Value row, mlir::Value column, mlir::Value sums) = 0;

  /// An element at `place`, counted in i64, where `exists` says that there is one; else 0.
  mlir::Value loadIf(mlir::Value exists, mlir::Value base, mlir::Value place);
  /// The address of the buffer that operand `index` of the epilogue is read from.
  mlir::Value getOperand(size_t index);

  KernelBuilder &b;
  Threads threads;
  AnchorKernel &kernel;
  int64_t tileRows, tileColumns, threadRows, threadColumns, step, numThreads;
  mlir::Value inner; ///< i32
  Order leftOrder = Order::alongOuter, rightOrder = Order::alongOuter;
  bool columnsFirst = false; ///< neighbouring threads have neighbouring columns, else rows

private:
  /// Which element of a slice a thread brings: its number along the outer dim and along the inner.
  struct Place {
    mlir::Value outer, k;
    size_t prepared;
  };
  struct Slice {
    llvm::SmallVector<Place> places;
    llvm::SmallVector<KernelBuilder::Carried> prepared;
    mlir::Value memory;
    int64_t pitch;
  };
  Slice makeSlice(llvm::StringRef name, int64_t outer, Order order);
  KernelBuilder::Carried loadSlices(mlir::Value start);
  void storeSlices(mlir::ValueRange elements);
  KernelBuilder::Carried multiply(mlir::ValueRange sums);

  Slice left, right;
  mlir::Value threadRow, threadColumn; ///< of the tile, i32
};

} // namespace dlc

#endif
