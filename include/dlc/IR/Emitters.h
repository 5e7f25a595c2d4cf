// What the emitters can take: the one table that the fuse and schedule phases read, so that no box
// is drawn which nothing emits.
#ifndef DLC_IR_EMITTERS_H
#define DLC_IR_EMITTERS_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// Whether elementwise ops of kernels take elements of this type.
bool isEmittedElement(mlir::Type elementType);

/// Whether `op` takes elements from places that its indices alone decide, or from a sequence. A
/// view is such an op inside of boxes.
bool isMovement(mlir::Operation *op);

/// Whether taps of a convolution have no bit of a word each, or lie further apart than 15 bits say.
bool areTapsFar(ConvOp conv);
/// Whether the left operand of a product by tensor cores, a convolution or a matrix product by
/// weights, is copied as it lies: it is stored in what they multiply, and 16 bytes side by side are
/// of one pixel or row.
bool readsChunks(mlir::Operation *product, PlannedType left, mlir::Type operandType);

/// Of a product that a GPU computes in tiles, a convolution or matrix product: how many there are,
/// and how many blocks share each. Where the number of tiles is known by the run alone, blocks
/// share them as long as there are few.
ExprAttr getNumTiles(mlir::Operation *product, ScheduleAttr schedule);
ExprAttr getNumSlices(ExprAttr tiles, ScheduleAttr schedule);
/// The processors of a large GPU, and blocks for all of them.
inline constexpr int64_t usualProcessors = 132, usualBlocks = 2 * usualProcessors;

/// Why no emitter computes `op`, for an error message; nothing where one does.
std::optional<std::string> getEmissionObstacle(mlir::Operation *op);

/// Why a box with `op` has no code for a device, though an emitter for CPUs computes it; nothing
/// where it has.
std::optional<std::string> getDeviceObstacle(mlir::Operation *op);

/// Whether `op` is one of the host program that computes no tensor of a kernel: it is in no box.
bool isHostOp(mlir::Operation *op);

/// Whether `op` can follow `members` in their box, of which an anchor makes values of type
/// `anchored`: elementwise on its dims, and all operands are values of the box, scalar constants,
/// or of that type.
bool isEpilogue(mlir::Operation *op, llvm::ArrayRef<mlir::Operation *> members,
                PlannedType anchored);

/// Whether `anchor` reads its first operand in rows of one dim, each of which it can compute
/// itself: elementwise ops may stand in front of it in its box.
bool takesPrologue(mlir::Operation *anchor);
/// Whether `op` can stand there: neighbours in a row of its result come from neighbours or repeat.
bool isPrologue(mlir::Operation *op);

/// Whether `value` is a constant that becomes part of the kernel, rather than a buffer that it
/// reads.
bool isImmediate(mlir::OpOperand &use);

} // namespace dlc

#endif
