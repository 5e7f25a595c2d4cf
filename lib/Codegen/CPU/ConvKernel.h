// What the algorithms of convolutions share: the kernel's parts, the loops around its tiles, and
// the reduction.
#ifndef DLC_LIB_CODEGEN_CPU_CONVKERNEL_H
#define DLC_LIB_CODEGEN_CPU_CONVKERNEL_H

#include "../Common/AnchorKernel.h"

namespace dlc {

/// How many steps of a reduction ahead weights are fetched that one tile reads; what lies behind a
/// panel is the next one.
inline constexpr int64_t prefetchDistance = 144;

/// A kernel that reads an image, convolves, applies elementwise ops, and writes an image. A matrix
/// product by weights in panels is the 1x1 convolution of an image one pixel wide, whose pixels are
/// the rows of the left operand.
struct ConvKernel : AnchorKernel {
  /// Fails with a located error where the kernel is anything else.
  static mlir::FailureOr<ConvKernel> create(KernelBuilder &b);

  /// Channels [group * schedule.channels, ... + channels) of row `h` of image `n`.
  struct Row {
    mlir::Value n, h, group;
    int64_t channels;
    /// How many rows end between the first pixel of a tile and each of its pixels; empty where
    /// tiles lie in a row.
    llvm::SmallVector<mlir::Value> ends = {};
  };
  /// Emits the task: its halo, and `emitBand` for its rows, which are `rows` from `row` on.
  using EmitBand = llvm::function_ref<void(const Row &row, mlir::Value rows)>;
  void emitTask(KernelBuilder &b, EmitBand emitBand);
  /// Emits `emitRow` for each row of a band.
  static void forEachRow(KernelBuilder &b, const Row &band, mlir::Value rows,
                         llvm::function_ref<void(const Row &row)> emitRow);

  /// The input elements that a tile is computed from. Where the buffer has less halo than the
  /// convolution pads, some lie outside of it.
  struct Window {
    mlir::Value start; ///< address of the first one
    Taps planes;       ///< planes of the filter but those that lie outside of the volume
    Taps rows;         ///< rows of the filter but those that lie outside of the image
    Taps columns;      ///< columns of the filter but those that do for all pixels
    mlir::Value left;  ///< where `start` lies in a row of the buffer; null where all columns do
  };
  /// The planes that an output image sees: the first one, which may lie outside of the volume, as
  /// an image of the input, and which of them do not.
  struct Planes {
    mlir::Value first;
    Taps taps;
  };
  Planes getPlanes(KernelBuilder &b, mlir::Value n) const;
  /// How far planes of a window lie apart in the input.
  mlir::Value getPlanePitch(KernelBuilder &b) const;
  /// The sum of `emitPlane` over the planes of a window, whose weights are `pitch` apart.
  using EmitPlane = llvm::function_ref<KernelBuilder::Carried(
      mlir::Value input, mlir::Value weights, mlir::ValueRange sums)>;
  KernelBuilder::Carried sumPlanes(KernelBuilder &b, const Window &window, mlir::Value weights,
                                   int64_t pitch, mlir::ValueRange inits,
                                   EmitPlane emitPlane) const;
  /// The window of `pixels` pixels from `w` on; with `clip` their columns may lie outside of the
  /// buffer.
  Window getWindow(KernelBuilder &b, const Row &row, mlir::Value w, int64_t pixels, bool clip);
  /// The address of a pixel of a tile whose first one lies at `address` of `image`, in which pixels
  /// are `strides` apart.
  mlir::Value getPixel(KernelBuilder &b, mlir::Value address, const Image &image, const Row &row,
                       int64_t pixel, llvm::ArrayRef<int64_t> strides) const;
  /// Writes the halo of rows [begin, end) of the planes of channels [first, first + count) of the
  /// convolution for image `n`. Of those that a shuffle makes one plane the first one writes it.
  void storeHalo(KernelBuilder &b, mlir::Value n, mlir::Value first, mlir::Value count,
                 mlir::Value begin, mlir::Value end) const;
  /// Where the result for block `plane` of the convolution's channels lies, in an image in blocks:
  /// a shuffle behind it moves pixels.
  mlir::Value getPlace(KernelBuilder &b, const Image &image, mlir::Value n, mlir::Value plane,
                       mlir::Value h, mlir::Value w) const;
  /// Whether windows may reach beyond the buffer, which has less halo than the convolution pads.
  bool clipsWindows() const;
  /// Whether all columns of the window of `pixels` pixels from `w` on lie in the buffer; null where
  /// those of every tile do.
  mlir::Value isInside(KernelBuilder &b, mlir::Value w, int64_t pixels);

  /// An input element and its weights for all channels of a panel.
  struct Tap {
    mlir::Value input, weights;
    mlir::Value left; ///< where `input` lies in a row of the buffer; null where all pixels do
    int64_t step = 0; ///< its place among the `steps` that are one iteration
    int64_t steps = 1;
  };
  /// The sum of `emitStep` over all elements of a part of the filter.
  using Step = llvm::function_ref<KernelBuilder::Carried(const Tap &tap, mlir::ValueRange sums)>;
  /// Some of the `countSlices` slices of the filter, at most `most`; the whole filter.
  struct Part {
    Taps slices;
    int64_t most;
  };
  Part getWhole(KernelBuilder &b) const;
  KernelBuilder::Carried reduce(KernelBuilder &b, const Row &row, const Window &window,
                                const Part &part, mlir::ValueRange inits, Step emitStep);
  /// Slices lie one after the other in a panel: a block of input channels of a convolution, or an
  /// element of a row of a product.
  int64_t countSlices() const;

  /// The elementwise ops behind the convolution; `load` gives the elements of an operand.
  using LoadOperand = llvm::function_ref<mlir::Value(const Image &operand)>;
  mlir::Value emitEpilogue(KernelBuilder &b, mlir::Value sum, LoadOperand load);

  /// Applies the epilogue to vectors of channels, one for each neighbour from `w` on, and stores
  /// them. `vector` is their place in the row's channels.
  void storeVectors(KernelBuilder &b, const Row &row, mlir::Value w, int64_t vector,
                    mlir::ValueRange pixels);
  /// The number of channels of that vector that exist.
  int64_t countChannels(KernelBuilder &b, const Row &row, int64_t vector) const {
    return std::min(b.getLanes(), row.channels - vector * b.getLanes());
  }

  /// The first channel of a row, plus `channel`.
  mlir::Value getChannel(KernelBuilder &b, const Row &row, int64_t channel) const;
  /// Elements from a panel of weights to the next one.
  int64_t getPanelElements() const;
  /// The width of a row of the input's buffer, in pixels.
  mlir::Value getBufferWidth(KernelBuilder &b) const;

  Image input, output;
  mlir::Value height, width;              ///< pixels of the convolution itself
  llvm::SmallVector<Image> operandImages; ///< what the epilogue reads
  mlir::Value filter;
  mlir::Value bias; ///< null where there is none
  FilterLayoutAttr panels;
  int64_t outputChannels, inputChannels; ///< of all groups, and of each
  int64_t planes = 1;                    ///< that the inputs of a group are the channels of
  int64_t groups = 1, kernelHeight = 1, kernelWidth = 1;
  llvm::SmallVector<int64_t> strides = {1, 1}, dilations = {1, 1}, pads = {0, 0, 0, 0};
  /// How far neighbours among the pixels of the convolution lie apart in the result.
  llvm::SmallVector<int64_t> spread = {1, 1};

  int64_t getPlaneChannels() const { return inputChannels / planes; }

private:
  /// Whether windows leave out what a filter has outside of the image along `axis`, though the
  /// buffer may have a halo. The taps of a dilated filter lie far from each other, those of a long
  /// one far from the image: some are outside for all pixels of a tile. Others are cheaper to walk
  /// over as one.
  bool skipsTaps(int64_t axis) const;
  /// The columns of the filter for `pixels` pixels of a row from `w` on.
  Taps getColumns(KernelBuilder &b, mlir::Value w, int64_t pixels);
  /// The anchor's operands and the result, as buffers.
  struct Buffers {
    mlir::Value input, filter, bias, output;
  };
  mlir::LogicalResult matchBody(KernelBuilder &b, Buffers &buffers);
  mlir::LogicalResult matchConv(KernelBuilder &b, ConvOp conv, const Buffers &buffers);
  mlir::LogicalResult matchShuffle(KernelBuilder &b, const Buffers &buffers);
  mlir::LogicalResult matchMatmul(KernelBuilder &b, MatmulOp matmul, const Buffers &buffers);
  mlir::LogicalResult matchPanels(KernelBuilder &b, const Buffers &buffers);
  mlir::LogicalResult matchOperands(KernelBuilder &b);
};

} // namespace dlc

#endif
