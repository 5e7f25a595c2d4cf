// What all emitters of kernels build with: the function's frame, i64 arithmetic, loops, and
// memory access.
#ifndef DLC_LIB_CODEGEN_COMMON_KERNELBUILDER_H
#define DLC_LIB_CODEGEN_COMMON_KERNELBUILDER_H

#include "ExprEmitter.h"

#include "dlc/IR/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <functional>

namespace dlc {

/// The value of a constant of one f32 element, which becomes part of the code.
std::optional<float> getImmediate(mlir::Value value);

/// A buffer with an image layout. Pitches are in elements, `base` is the first one of the buffer.
struct Image {
  mlir::Value base;
  int64_t block, top, left, bottom, right;
  mlir::Value count;  ///< of images
  mlir::Value planes; ///< channels, or blocks of channels
  mlir::Value height, width;
  mlir::Value rowPitch, planePitch, imagePitch;

  bool hasHalo() const { return top || left || bottom || right; }
};

/// Steps [begin, end) of a window along one dim.
struct Taps {
  mlir::Value begin, end;
};

/// What emitters ask of the machine that a kernel runs on.
struct Machine {
  bool hasFma;             ///< it multiplies and adds in one step
  bool hasHalfConversions; ///< between f16 and f32
  /// LLVM's name of an instruction that permutes a vector of f32 by indices; null without one.
  llvm::StringRef permutation;
};

/// Builds one function from a kernel function over buffers. Vectors have `lanes` elements of any
/// type; what names no element type is of f32. The target's part makes the function and its frame:
/// where tasks, buffers, symbols and the error word come from.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  /// Stands in front of `source`; an error where it is no kernel over buffers of elements that its
  /// ops can be emitted for.
  static mlir::FailureOr<KernelBuilder> create(mlir::func::FuncOp source, Machine machine,
                                               const Signature &signature);
  /// Begins `function`, which has no body yet: code goes to its entry block, which addresses and
  /// sizes are added to later.
  void begin(mlir::LLVM::LLVMFuncOp function);
  struct Frame {
    mlir::Value task;
    llvm::SmallVector<mlir::Value> addresses; ///< of the buffers, in order
    std::optional<ExprEmitter> exprs;
    std::function<mlir::Value()> getErrorWord; ///< emits the address of a dlc_kernel_error
    mlir::Value errorCode;                     ///< what a failed check lowers it to, an i64
    std::function<mlir::Value()> getScratch;   ///< emits its address; null where there is none
  };
  /// Code goes to the body from here on.
  void enter(Frame frame);
  /// Ends the function.
  void finish();
  /// Removes the function after an error.
  void discard() { function.erase(); }

  mlir::func::FuncOp getSource() const { return source; }
  ScheduleAttr getSchedule() const { return schedule; }
  const Machine &getMachine() const { return machine; }
  mlir::LLVM::LLVMFuncOp getFunction() const { return function; }
  mlir::Value getTask() { return frame.task; }
  int64_t getLanes() const { return schedule.getLanes(); }
  mlir::VectorType getVectorType() { return mlir::VectorType::get(getLanes(), getF32Type()); }
  mlir::VectorType getIndexVectorType() { return mlir::VectorType::get(getLanes(), getI32Type()); }

  //===-- Integers --------------------------------------------------------===//

  mlir::Value i64(int64_t value);
  mlir::Value size(ExprAttr expr);
  /// The product of some dims.
  mlir::Value size(llvm::ArrayRef<ExprAttr> dims);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, int64_t rhs) { return rhs == 0 ? lhs : add(lhs, i64(rhs)); }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs) { return rhs == 1 ? lhs : mul(lhs, i64(rhs)); }
  /// Quotient and remainder of numbers that are not negative.
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  mlir::Value ceilDiv(mlir::Value lhs, int64_t rhs) { return div(add(lhs, rhs - 1), i64(rhs)); }
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  mlir::Value atMost(mlir::Value lhs, mlir::Value rhs);
  /// As builtin index.
  mlir::Value toIndex(mlir::Value value);
  mlir::Value both(mlir::Value lhs, mlir::Value rhs);

  //===-- Control flow ----------------------------------------------------===//

  using Carried = llvm::SmallVector<mlir::Value>;
  /// for (i = lower; i < upper; i += step), with values carried from step to step; no loop where
  /// there is one step.
  Carried loop(mlir::Value lower, mlir::Value upper, int64_t step, mlir::ValueRange inits,
               llvm::function_ref<Carried(mlir::Value i, mlir::ValueRange carried)> body);
  void loop(mlir::Value lower, mlir::Value upper, int64_t step,
            llvm::function_ref<void(mlir::Value i)> body);
  void onlyIf(mlir::Value condition, llvm::function_ref<void()> body);
  void either(mlir::Value condition, llvm::function_ref<void()> whenTrue,
              llvm::function_ref<void()> whenFalse);
  /// With the values that one of the two gives.
  Carried chooseValues(mlir::Value condition, llvm::function_ref<Carried()> whenTrue,
                       llvm::function_ref<Carried()> whenFalse);
  /// Reports an error where `valid`, i1 or a vector of it, is false: in the lanes of `mask` (null
  /// for all), and if `reached` (null for always). `index` is the one in error, of a dim of `size`.
  void reportUnless(mlir::Value valid, mlir::Value mask, mlir::Value reached, mlir::Value index,
                    mlir::Value size);
  /// Emits `body` for a task of `rows` rows in all. Where there are none, the images may still have
  /// a halo: one task writes it.
  void unlessEmpty(mlir::Value rows, llvm::ArrayRef<Image> images, llvm::function_ref<void()> body);
  /// Covers [0, size) with tiles of the given widths, each width where it still fits; returns where
  /// the last one ends.
  mlir::Value loopOverTiles(mlir::Value size, llvm::ArrayRef<int64_t> widths,
                            llvm::function_ref<void(mlir::Value start, int64_t width)> body);

  //===-- Memory ----------------------------------------------------------===//

  /// The address of `bytes` bytes, aligned to 64, that are the thread's own during a task. To be
  /// asked for once.
  mlir::Value getScratch(int64_t bytes);
  /// Base address of an argument of the source.
  mlir::Value getAddress(mlir::Value buffer);
  Image getImage(mlir::Value buffer);
  /// A value as an image one pixel wide: its rows are pixels, its `columns` one block of channels.
  Image getMatrix(mlir::Value buffer, int64_t columns);
  /// Need not lie in the buffer, as long as nothing is accessed there.
  mlir::Value offset(mlir::Value address, mlir::Value elements);
  mlir::Value offset(mlir::Value address, int64_t elements);
  /// Counted in elements of `elementType`.
  mlir::Value offset(mlir::Value address, mlir::Value elements, mlir::Type elementType);
  /// The address of a pixel, counted from the first one of the value (not of its halo).
  mlir::Value offset(const Image &image, mlir::Value n, mlir::Value plane, mlir::Value h,
                     mlir::Value w);
  /// The address of one channel of a pixel.
  mlir::Value getElement(const Image &image, mlir::Value n, mlir::Value channel, mlir::Value h,
                         mlir::Value w);
  /// The taps of a window that begins at coordinate `start` which lie in [low, high).
  Taps clipTaps(mlir::Value start, int64_t taps, int64_t dilation, mlir::Value low,
                mlir::Value high);

  /// An element, or a vector of any length.
  mlir::Value load(mlir::Value address, mlir::Type type);
  mlir::Value loadScalar(mlir::Value address) { return load(address, getF32Type()); }
  /// Lanes that the mask (if any) leaves out are zeros and not touched.
  mlir::Value loadVector(mlir::Value address, mlir::Value mask = {}) {
    return loadElements(address, getF32Type(), mask);
  }
  mlir::Value gather(mlir::Value address, mlir::Value indices, mlir::Value mask = {}) {
    return gatherElements(address, indices, getF32Type(), mask);
  }
  /// Elements of any type in a kernel: as scalars of getScalarType, or vectors of them. Only these
  /// know how elements lie in memory.
  mlir::Value loadElement(mlir::Value address, mlir::Type elementType);
  void storeElement(mlir::Value value, mlir::Value address, mlir::Type elementType);
  /// Vectors are `whole` where their address is a multiple of their size.
  mlir::Value loadElements(mlir::Value address, mlir::Type elementType, mlir::Value mask,
                           bool whole = false);
  mlir::Value gatherElements(mlir::Value address, mlir::Value indices, mlir::Type elementType,
                             mlir::Value mask = {});
  /// The last element first.
  mlir::Value loadReversed(mlir::Value address, mlir::Type elementType);
  /// Loads a vector from each address, one for each lane: element i of these is vector i of the
  /// result.
  llvm::SmallVector<mlir::Value> loadTransposed(llvm::ArrayRef<mlir::Value> addresses,
                                                mlir::Type elementType);
  void storeElements(mlir::Value value, mlir::Value address, mlir::Type elementType,
                     mlir::Value mask, bool whole = false);
  /// `count` neighbours of f32 or a type that it is stored as, at a multiple of their size.
  mlir::Value loadNeighbours(mlir::Value address, mlir::Type elementType, int64_t count);
  void storeNeighbours(mlir::Value value, mlir::Value address, mlir::Type elementType);
  /// Asks for the cache lines of `elements` f32 from `address` on, which may lie outside of all
  /// buffers, into L2.
  void prefetch(mlir::Value address, int64_t elements);
  void store(mlir::Value value, mlir::Value address, mlir::Value mask = {});
  void storeZeros(mlir::Value address, mlir::Value elements);
  /// The halo of rows [begin, end) of a plane, and what lies above row 0 and below the last one.
  void storeHalo(const Image &image, mlir::Value n, mlir::Value plane, mlir::Value begin,
                 mlir::Value end);

  //===-- Vectors ---------------------------------------------------------===//

  mlir::Value f32(float value);
  /// The address of constant elements in the artifact, as they lie in memory.
  mlir::Value getGlobal(mlir::DenseElementsAttr elements);
  /// A scalar or vector of `type` with all elements alike.
  mlir::Value fill(mlir::Type type, float value) {
    return createFill(*this, getLoc(), type, value);
  }
  mlir::Value splat(float value) { return fill(getVectorType(), value); }
  mlir::Value splat(mlir::Value scalar);
  /// 0, 1, 2, ... as i32.
  mlir::Value laneNumbers();
  /// 0, step, 2 * step, ... as i64.
  mlir::Value laneMultiples(mlir::Value step);
  /// The lanes in [low, high), which may be any numbers.
  mlir::Value laneRange(mlir::Value low, mlir::Value high);
  /// The lanes below `count`.
  mlir::Value laneMask(mlir::Value count);
  /// The lanes whose number plus `start` is in [0, size).
  mlir::Value laneMask(mlir::Value start, mlir::Value size);
  /// The lanes of the i32 vector `places` that, plus `start`, are in [0, size).
  mlir::Value insideMask(mlir::Value places, mlir::Value start, mlir::Value size);
  mlir::Value select(mlir::Value condition, mlir::Value whenTrue, mlir::Value whenFalse);
  /// lhs * rhs + sum, on scalars or vectors, in one step where the target has one.
  mlir::Value fma(mlir::Value lhs, mlir::Value rhs, mlir::Value sum);

private:
  KernelBuilder(mlir::func::FuncOp source, ScheduleAttr schedule, Machine machine)
      : ImplicitLocOpBuilder(source.getLoc(), source.getOperation()), source(source),
        schedule(schedule), machine(machine) {}
  mlir::Value fromStored(mlir::Value value, mlir::Type elementType);
  mlir::Value toStored(mlir::Value value, mlir::Type elementType);
  mlir::Value roundToTf32(mlir::Value value);

  mlir::func::FuncOp source;
  ScheduleAttr schedule;
  Machine machine;
  mlir::LLVM::LLVMFuncOp function;
  mlir::Block *entry;
  mlir::Block *body;
  Frame frame;
  llvm::DenseMap<mlir::Attribute, mlir::LLVM::GlobalOp> globals;
};

} // namespace dlc

#endif
