// Which algorithm computes a box: what the passes of this phase agree on.
#ifndef DLC_LIB_SCHEDULE_ALGORITHMS_H
#define DLC_LIB_SCHEDULE_ALGORITHMS_H

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

namespace dlc {

enum class ConvForm {
  direct,   ///< vectors of output channels
  rows,     ///< vectors of neighbours; values lie planar
  channels, ///< each channel by itself: vectors of channels where values lie in blocks, else rows
};

/// The channels of a group that a convolution reads of one plane, or of an image that is no
/// volume's.
inline int64_t countPlaneInputs(ConvOp conv) {
  return *conv.getFilter().getType().getDim(1).getConstant() / countPlanes(conv);
}

/// How a convolution is best computed. It runs along rows where it has too few output channels to
/// fill vectors with them and its row can be loaded as vectors, or where its groups cut through
/// blocks of channels.
inline ConvForm getConvForm(ConvOp conv, TargetAttr target) {
  PlannedType filter = conv.getFilter().getType();
  int64_t outputs = *filter.getDim(0).getConstant(), inputs = countPlaneInputs(conv);
  int64_t groups = conv.getGroup(), lanes = target.getLanes();
  if (groups == 1)
    return 2 * outputs <= lanes && conv.getStrides().back() == 1 ? ConvForm::rows
                                                                 : ConvForm::direct;
  if (groups == outputs && inputs == 1)
    return ConvForm::channels;
  return inputs % lanes == 0 && outputs / groups % lanes == 0 ? ConvForm::direct : ConvForm::rows;
}

/// Whether a convolution may read blocks of channels: where sums run over several planes, each
/// begins with a block.
inline bool hasWholeBlocks(ConvOp conv, TargetAttr target) {
  return countPlanes(conv) == 1 || getConvForm(conv, target) == ConvForm::channels ||
         countPlaneInputs(conv) * static_cast<int64_t>(conv.getGroup()) % target.getLanes() == 0;
}

/// How many of the `channels` output channels of a task are one panel of `winograd`: vectors of
/// sums that share what is loaded of a tile, as many as divide them.
inline int64_t getWinogradPanel(int64_t channels, int64_t lanes) {
  int64_t vectors = channels / lanes;
  return lanes * (vectors % 2 == 0 ? 2 : vectors % 3 == 0 ? 3 : 1);
}

/// Whether a box makes channels of its convolution pixels: it stores vectors of channels, so that
/// its result lies in blocks.
inline bool shufflesPixels(KernelOp box) {
  return getFirst<ConvOp>(box) && getFirst<TransposeOp>(box);
}

/// The most pixels of a tile of a direct convolution.
inline constexpr int64_t widestDirectTile = 16;

/// Height or width of an image where it is not known.
inline constexpr int64_t usualSize = 64;

/// Which convolutions are faster in Winograd's form. Those that share a filter, as those of a
/// module's versions do, all have it or none, so that the artifact holds the filter once.
class WinogradGains {
public:
  /// Of no convolution.
  WinogradGains() = default;
  WinogradGains(mlir::ModuleOp module, TargetAttr target);

  /// The cycles of a core that all convolutions with this filter save together where all images lie
  /// in blocks, in the version where that is least; 0 or less where it is not defined or no faster.
  double get(ConvOp conv) const;

private:
  llvm::DenseMap<const void *, double> gains; ///< by filters
};

/// How a convolution runs in Winograd's form; null where it cannot, or is no faster so.
ScheduleAttr chooseWinograd(KernelOp box, ConvOp conv, TargetAttr target,
                            const WinogradGains &gains);

/// Whether `value` is one of four dims.
inline bool isImage(mlir::Value value) {
  auto type = llvm::dyn_cast<PlannedType>(value.getType());
  return type && type.getRank() == 4;
}

/// Whether a box computes each element of images from those at the same place of other images, and
/// from values that broadcast to them.
inline bool isElementwiseOnImages(KernelOp box) {
  auto isWithin = [&](mlir::Value value) {
    auto type = llvm::cast<PlannedType>(value.getType());
    auto whole = llvm::cast<PlannedType>(box.getResult(0).getType());
    return type.getElementType().isF32() &&
           llvm::all_of(llvm::zip_equal(type.getDims(), whole.getDims().take_back(type.getRank())),
                        [](auto dims) {
                          return !broadcastsAtRunTime(std::get<0>(dims), std::get<1>(dims));
                        });
  };
  auto isLikeFirst = [&](mlir::Value result) {
    auto type = llvm::cast<PlannedType>(result.getType());
    return type.withoutLayout() ==
           llvm::cast<PlannedType>(box.getResult(0).getType()).withoutLayout();
  };
  auto isElementwise = [](mlir::Operation &op) {
    return llvm::isa<ConstantOp, ElementwiseOpInterface>(op);
  };
  return box.getKind() == BoxKind::loops && isImage(box.getResult(0)) &&
         llvm::all_of(box.getBody().front().without_terminator(), isElementwise) &&
         llvm::all_of(box.getResults(), isLikeFirst) && llvm::all_of(box.getInputs(), isWithin);
}

/// Whether a box does nothing but copy an image, perhaps from one layout to another.
inline bool isCopy(KernelOp box) {
  mlir::Block &body = box.getBody().front();
  return llvm::hasSingleElement(body) && isElementwiseOnImages(box) &&
         box.getResults().size() == 1 && box.getInputs().size() == 1;
}

/// A box that copies an image into the layout of `result`.
inline mlir::Value createCopy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value image,
                              PlannedType result) {
  auto box = KernelOp::create(builder, loc, result, BoxKind::loops, mlir::ValueRange(image),
                              ScheduleAttr());
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *body = builder.createBlock(&box.getBody());
  mlir::Value element = body->addArgument(result.withoutLayout(), loc);
  YieldOp::create(builder, loc, element);
  return box.getResult(0);
}

/// Whether a matrix product reads its right operand from panels, as a 1x1 convolution does: it is a
/// constant matrix.
inline bool isPacked(MatmulOp matmul) {
  auto box = matmul->getParentOfType<KernelOp>();
  auto isConstant = [&](mlir::Value value) {
    auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
    return argument && box.getInputs()[argument.getArgNumber()].getDefiningOp<ConstantOp>();
  };
  return matmul.getLhs().getType().getRank() >= 2 && matmul.getRhs().getType().getRank() == 2 &&
         !matmul.getTransposeLhs() && isConstant(matmul.getRhs()) &&
         (!matmul.getBias() || isConstant(matmul.getBias()));
}

/// Whether `value`, a result or operand of a box, lies in blocks of channels.
inline bool isBlocked(mlir::Value value) {
  auto type = llvm::cast<PlannedType>(value.getType());
  auto layout = llvm::dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  return layout && layout.getBlock() != 1;
}

class ConvDepths;

/// How a box runs on a CPU.
ScheduleAttr chooseCpuSchedule(KernelOp box, TargetAttr target, const WinogradGains &winograd);
/// Of a reduction on a GPU the dims at the end of the input that are reduced, where their elements
/// are enough for a warp.
std::optional<llvm::SmallVector<ExprAttr>> getLongRow(ReduceOp reduce);
/// How a box runs on a GPU; null where it cannot.
ScheduleAttr chooseCudaSchedule(KernelOp box, DeviceAttr device, const ConvDepths &depths);

} // namespace dlc

#endif
