// What shows elements of another value, or lies in its memory: views, parts, and the dims that they
// are of.
#ifndef DLC_IR_VIEWS_H
#define DLC_IR_VIEWS_H

#include "dlc/IR/Dlc.h"

#include <array>

namespace dlc {

/// Whether `op` shows the elements of its first operand in another shape, and so needs no kernel.
bool isView(mlir::Operation *op);
/// What `value` shows, through all views.
mlir::Value getViewed(mlir::Value value);

/// Where `op` is a slice whose elements lie side by side in its input: the offset of the
/// first of them, in elements. Null where it is not, and so needs a kernel.
ExprAttr getPartOffset(mlir::Operation *op);

/// Whether the operands of `concat` are parts of the dense result that lie one after the other, so
/// that what computes them can write there.
bool joinsParts(ConcatOp concat);

/// The fewest neighbouring dims of a view's input and result that have one product, from the first
/// ones on: `from` dims of the input and `to` of the result.
struct ViewGroup {
  int64_t from, to;
};
llvm::SmallVector<ViewGroup> getViewGroups(ViewOp view);
/// Whether rows of the last dim stay what they are.
bool keepsRows(ViewOp view);

/// Where `op` is the last of a view, a transposition and a view, `moves`, that make channels
/// pixels: an image `from` of [N, depth * height * width * C, H, W] becomes `to` of
/// [N * depth, C, height * H, width * W], of which the channels of a pixel are neighbours in
/// `from`. Depths other than 1 are those of planes of a volume.
struct PixelShuffle {
  mlir::Value from, to;
  int64_t depth, height, width;

  int64_t getParts() const { return depth * height * width; }
  std::array<mlir::Operation *, 3> moves;
};
std::optional<PixelShuffle> matchPixelShuffle(mlir::Operation *op);

/// What `value` shows to each image of a convolution: several images of `from`, the planes of
/// volumes that lie one after the other, with their channels side by side. Image `volume * windows
/// + place` has, of each of `groups` groups of channels, those of planes `place * step - low + i *
/// dilation` for i from 0 to `size`, and zeros for those that are none of the `count` planes of the
/// volume.
struct PlaneWindows {
  mlir::Value from;
  ExprAttr count, windows; ///< of a volume
  int64_t groups, size = 1, step = 1, dilation = 1, low = 0;
  /// In the order of the block, which is one for all; the first one is a view.
  llvm::SmallVector<mlir::Operation *> moves;
};
std::optional<PlaneWindows> matchPlaneWindows(mlir::Value value);
/// The image that a convolution reads, be it by such windows.
mlir::Value getReadImage(ConvOp conv);
/// Whose channels lie side by side, of how many planes.
int64_t countPlanes(ConvOp conv);

/// The dim of `result`, a value of a box or kernel, whose neighbours lie side by side in an operand
/// where those of the last dim do not: blocks of the two are transposed.
std::optional<int64_t> getTransposedDim(mlir::Value result);

} // namespace dlc

#endif
