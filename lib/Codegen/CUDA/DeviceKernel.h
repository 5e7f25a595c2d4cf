// What emitters of device kernels need beside KernelBuilder: threads, and what they share.
#ifndef DLC_LIB_CODEGEN_CUDA_DEVICEKERNEL_H
#define DLC_LIB_CODEGEN_CUDA_DEVICEKERNEL_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// The threads of a block. Numbers are i32.
class Threads {
public:
  explicit Threads(KernelBuilder &b) : b(b) {}

  mlir::Value getThread();
  /// As i64.
  mlir::Value getBlock();
  /// All threads of the block have come here, and see what any of them has written before.
  void wait();
  /// Memory of the block, the same for a name: `count` f32, aligned to 16 bytes.
  mlir::Value share(llvm::StringRef name, int64_t count);
  /// The same of memory whose size the launch says, which may be more than 48 KB: to be asked for
  /// once.
  mlir::Value shareDynamic(int64_t count);
  /// `value`, an f32, of the thread of this warp whose number differs in the bits of `mask`.
  mlir::Value exchange(mlir::Value value, int64_t mask);
  /// That of thread `number` of the four neighbours that this one belongs to.
  mlir::Value getOfQuad(mlir::Value value, int64_t number);
  /// What `combine` makes of the values of all `count` threads, in an order that is always the
  /// same. Every thread gets it.
  mlir::Value reduce(mlir::Value value, int64_t count,
                     llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  // i32 arithmetic of numbers that are not negative.
  mlir::Value i32(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs);
  mlir::Value div(mlir::Value lhs, int64_t rhs);
  mlir::Value rem(mlir::Value lhs, int64_t rhs);
  mlir::Value exclusiveOr(mlir::Value lhs, mlir::Value rhs);
  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value wide(mlir::Value number);   ///< as i64
  mlir::Value narrow(mlir::Value number); ///< an i64 that fits

private:
  KernelBuilder &b;
};

/// Whether all addresses are multiples of 16 bytes, an i1.
mlir::Value areAligned(KernelBuilder &b, mlir::ValueRange addresses);

/// The bytes of shareDynamic in a function, 0 where it was not asked for; forgets them.
int64_t takeDynamicMemory(mlir::LLVM::LLVMFuncOp function);

/// The device part of `module`, a module of its own in it; null where there is none.
mlir::ModuleOp getDeviceModule(mlir::ModuleOp module);

/// A thread for each vector of the results, or for each element of a grouped convolution; see
/// `#dlc.schedule`.
llvm::LogicalResult emitCudaLoops(KernelBuilder &b);
llvm::LogicalResult emitCudaWindow(KernelBuilder &b);
/// A block for each row, or a thread for each column.
llvm::LogicalResult emitCudaRows(KernelBuilder &b);
/// Tiles of a product, whose right operand lies in panels or as it is.
llvm::LogicalResult emitCudaGemm(KernelBuilder &b);
llvm::LogicalResult emitCudaMatmul(KernelBuilder &b);
/// A block for some queries of a head.
llvm::LogicalResult emitCudaAttention(KernelBuilder &b);

} // namespace dlc

#endif
