// Evaluation of a kernel's ops at vectors of indices.
#ifndef DLC_LIB_CODEGEN_COMMON_EVALUATOR_H
#define DLC_LIB_CODEGEN_COMMON_EVALUATOR_H

#include "KernelBuilder.h"

namespace dlc {

/// The indices of a tile in one dim of a value: in row r and lane l `start + row * r + lane * l`.
struct Index {
  mlir::Value start; ///< i64; or a vector of integers, one for each lane
  int64_t row = 0, lane = 0;

  bool isScalar() const { return !llvm::isa<mlir::VectorType>(start.getType()); }
  /// Whether all lanes have one index.
  bool isEqual() const { return isScalar() && lane == 0; }
};

/// Places in a value that are evaluated at a time: vectors of `lanes` elements, one for each row.
/// Most tiles have one row; more are there for blocks that are transposed in registers.
struct Tile {
  llvm::SmallVector<Index> indices; ///< of each dim
  int64_t rows = 1;
  mlir::Value mask;   ///< the lanes that exist; null for all
  mlir::Value count;  ///< where `mask` is that of the first lanes, their number
  mlir::Value inside; ///< i1: whether the places exist, whatever the mask says; null where they do
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> values; ///< evaluated here before

  /// The same rows and lanes in another value; indices are left to the caller.
  Tile withoutIndices() const;
  void addCondition(KernelBuilder &b, mlir::Value condition); ///< of the lanes, or i1
};

/// A vector of places in a value: all lanes share the indices of the outer dims, each has its own
/// one in the last dim.
struct Site {
  enum class Lanes {
    contiguous, ///< `inner` (i64) and the ones behind it
    equal,      ///< `inner` (i64) for all lanes
    indexed     ///< `inner` is a vector of i32
  };
  llvm::SmallVector<mlir::Value> outer;
  Lanes lanes = Lanes::contiguous;
  mlir::Value inner;
  mlir::Value mask; ///< of contiguous lanes those that exist; null for all
};

/// Evaluates values of the kernel, from its reads on.
class Evaluator {
public:
  explicit Evaluator(KernelBuilder &b) : b(b) {}

  /// A vector for each row of the tile.
  llvm::SmallVector<mlir::Value> evaluate(mlir::Value value, Tile &tile);
  mlir::Value evaluate(mlir::Value value, const Site &site);
  /// The address of the row of a buffer that `outer` selects, or of an element.
  mlir::Value getRow(mlir::Value buffer, mlir::ValueRange outer);
  /// How far neighbours of a row are from each other, in elements.
  mlir::Value getRowStride(mlir::Value buffer) { return getMemory(buffer).strides.back(); }

  /// While the first lane of tiles has index `lane` in the last dim of the results, `concat` shows
  /// its operand `input` where that index reaches it unchanged.
  struct Part {
    ConcatOp concat;
    unsigned input;
  };
  void enterLane(mlir::Value lane, llvm::ArrayRef<Part> known) {
    firstLane = lane;
    parts = known;
  }

  /// All buffers begin at multiples of vectors, and `lane` is a multiple of their length; null
  /// where nobody knows.
  void assumeAligned(mlir::Value lane) { alignedLane = lane; }
  bool isAligned(mlir::Value lane) const { return alignedLane && lane == alignedLane; }

  /// Whether dims that may be 1 or not are to be looked at; else they are known to be equal.
  bool mayBroadcast = false;

private:
  /// Where a value lies; strides are in elements. Where channels lie in blocks, the stride of dim 1
  /// is that of a block.
  struct Memory {
    mlir::Value base;
    llvm::SmallVector<mlir::Value> strides;
    mlir::Type elementType;
    bool hasWholeRows; ///< rows are of whole vectors
    int64_t block = 1;
  };
  /// The parts of an address that all lanes share, and those of each lane.
  struct Address {
    mlir::Value row, inner, laneStride, laneOffsets;
    int64_t laneStep = 0; ///< where lanes are known to lie so many elements apart, else 0
  };
  using Rows = llvm::SmallVector<mlir::Value>;

  Memory getDenseMemory(mlir::Value base, PlannedType type);
  Memory getMemory(mlir::Value buffer);
  Address getAddress(const Memory &memory, const Tile &tile, int64_t row);
  Rows load(const Memory &memory, const Tile &tile);
  mlir::Value loadRow(const Memory &memory, const Tile &tile, int64_t row);
  Rows loadTransposed(const Memory &memory, const Tile &tile);

  Rows evaluateOp(mlir::Operation *op, Tile &tile);
  Rows evaluateElementwise(ElementwiseOpInterface op, Tile &tile);
  Rows evaluateConstant(ConstantOp op, const Tile &tile);
  Index broadcastIndex(const Index &index, ExprAttr dim, ExprAttr to);
  std::optional<Tile> getOperandTile(PlannedType operand, PlannedType type, const Tile &tile);

  Rows evaluateRowByRow(mlir::Value value, const Tile &tile);
  Rows evaluateBroadcast(BroadcastOp op, const Tile &tile);
  Rows evaluateTranspose(TransposeOp op, const Tile &tile);
  Rows evaluateView(ViewOp op, const Tile &tile);
  Rows evaluateSlice(SliceOp op, const Tile &tile);
  Rows evaluatePad(PadOp op, const Tile &tile);
  Rows evaluateConcat(ConcatOp op, const Tile &tile);
  Rows chooseInput(ConcatOp op, unsigned input, mlir::Value start, const Tile &tile);
  Rows mixInputs(ConcatOp op, const Tile &tile);
  Rows evaluateGather(GatherOp op, const Tile &tile);
  Rows evaluateIota(IotaOp op, const Tile &tile);

  mlir::Value getLaneIndices(const Index &index);
  mlir::Value mirror(PadMode mode, mlir::Value place, mlir::Value size);

  KernelBuilder &b;
  mlir::Value firstLane, alignedLane;
  llvm::ArrayRef<Part> parts;
};

/// Whether emitResize can evaluate the op.
llvm::LogicalResult verifyResize(ResizeOp op);
/// At a tile of one row, whose lanes differ in the last dim or in one that is not resized.
mlir::Value emitResize(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Tile &tile);

/// Whether `op` reads a value that the three below can evaluate.
mlir::LogicalResult verifyWindow(mlir::Operation *op);
/// What the windows of `op` at a site become.
mlir::Value emitWindow(KernelBuilder &b, Evaluator &evaluator, PoolOp op, const Site &site);
/// One element of a reduction whose last dim is reduced; `indices` are those of the result.
mlir::Value emitReduce(KernelBuilder &b, ReduceOp op, mlir::ValueRange indices);
/// The same of a part of the elements: of those that lie side by side `first`, `first + step`, ...
/// The parts are combined, then finished.
mlir::Value emitReducePart(KernelBuilder &b, ReduceOp op, mlir::ValueRange indices,
                           mlir::Value first, int64_t step);
mlir::Value finishReduce(KernelBuilder &b, ReduceOp op, mlir::Value sum);
/// Vectors of neighbours of a reduction that keeps the last dim: `count` of them from `inner` on in
/// the row of the result that `outer` selects.
llvm::SmallVector<mlir::Value> emitReduceColumns(KernelBuilder &b, ReduceOp op,
                                                 mlir::ValueRange outer, mlir::Value inner,
                                                 int64_t count, mlir::Value mask);

} // namespace dlc

#endif
