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
  llvm::LogicalResult emit();

protected:
  /// In which order the threads of a block take the elements of a slice: neighbours should lie side
  /// by side in memory. Chunks of 16 bytes along k that lie as tensor cores take them are copied.
  enum class Order { alongOuter, alongInner, inChunks };
  /// Finds the rows and columns of `tile`; sets the fields below.
  virtual void begin() = 0;
  /// What is known of a row, whose number in the tile is `row`, an i32: once for the tile, and for
  /// each step, which begins at element `start`.
  virtual KernelBuilder::Carried prepareLeft(mlir::Value row) = 0;
  virtual KernelBuilder::Carried prepareStep(mlir::ValueRange prepared, mlir::Value start) {
    return llvm::to_vector(prepared);
  }
  /// For operands in chunks of 16 bytes, what is known is an address and bits of an i32: a chunk is
  /// zeros where the row misses one of the bits that stand for it.
  static constexpr int64_t chunkBit = 1, beyondBit = int64_t(1) << 31; ///< of k from `inner` on
  /// An element of the row, 0 where there is none: `k`, an i32 that may lie beyond `inner`, is the
  /// number `own` of the step.
  virtual mlir::Value loadLeft(mlir::ValueRange prepared, mlir::Value k, mlir::Value own) = 0;
  /// The same of `count` neighbouring rows, which lie side by side, as a vector. Called where
  /// `leftRows` says so.
  virtual mlir::Value loadLeftRows(mlir::ValueRange prepared, mlir::Value own, int64_t count) {
    return {};
  }
  virtual KernelBuilder::Carried prepareRight(mlir::Value column) = 0;
  virtual mlir::Value loadRight(mlir::ValueRange prepared, mlir::Value k) { return {}; }
  /// Four neighbours at once, along the order of the operand, as a vector: all of them exist, or
  /// none. Called where `leftVectors` or `rightVectors` says that they lie so.
  virtual mlir::Value loadLefts(mlir::ValueRange prepared, mlir::Value k) { return {}; }
  virtual mlir::Value loadRights(mlir::ValueRange prepared, mlir::Value k) { return {}; }
  /// What all rows of the left operand in chunks have in common at element `k`: how far the chunk
  /// lies from a row's address, in elements, and the bits that stand for it.
  virtual KernelBuilder::Carried prepareChunk(mlir::Value k);
  /// The bits that a row or column misses where it has all that lies before `inner`, or nothing.
  mlir::Value getMissing(mlir::Value exists);
  /// The sums of the columns from `column` on before the first product.
  virtual mlir::Value loadBias(mlir::Value column) = 0;
  /// Loads what the epilogue reads beside neighbouring columns of a row, `count` of them, whose
  /// sums are not there yet; anything where they do not exist.
  virtual KernelBuilder::Carried loadOperands(mlir::Value row, mlir::Value column, int64_t count) {
    return {};
  }
  /// Applies the epilogue to sums of neighbouring columns of a row, a vector, and stores them; or
  /// of `storedRows` rows, of which all exist or none. Neither all columns nor the row need exist.
  /// `loaded` is from loadOperands, where there are any.
  virtual void storeSums(mlir::Value row, mlir::Value column, mlir::Value sums,
                         mlir::ValueRange loaded) = 0;

  /// An element at `place`, counted in i64, where `exists` says that there is one; else 0. `base`
  /// is of elements of `type`, f32 unless it is given.
  mlir::Value loadIf(mlir::Value exists, mlir::Value base, mlir::Value place, mlir::Type type = {});
  /// Four elements from there, at a multiple of 16 bytes, as `base` is.
  mlir::Value loadVectorIf(mlir::Value exists, mlir::Value base, mlir::Value place);
  /// What is read where no element exists: zeros, unless `needsZeros` is false.
  mlir::Value orZeros(mlir::Value exists, mlir::Value loaded);
  /// The buffer that operand `index` of the epilogue is read from.
  mlir::Value getOperand(size_t index);
  bool usesTensorCores() const { return precision != Precision::fp32; }
  /// By instructions of four warps each, which read what is copied in chunks.
  bool usesWarpgroups() const { return b.getSchedule().getAlgorithm() == Algorithm::cuda_wgmma; }

  KernelBuilder &b;
  Threads threads;
  AnchorKernel &kernel;
  Precision precision;
  mlir::Type operandType; ///< what chunks are of
  int64_t tileRows, tileColumns, step;
  int64_t threadColumns; ///< neighbouring columns that a thread has the sums of
  mlir::Value tile;      ///< the number of the block's tile, i64
  mlir::Value inner;     ///< i32
  Order leftOrder = Order::alongOuter, rightOrder = Order::alongOuter;
  /// Whether neighbours of an operand lie at multiples of 16 bytes: an i1, that may be a constant;
  /// null for no.
  mlir::Value leftVectors, rightVectors;
  /// Rows from a multiple of this on lie side by side, at a multiple of their size, and all exist
  /// or none.
  int64_t leftRows = 1;
  /// Whether a step may hold elements that do not exist beside those that do. Else only sums that
  /// nobody stores, and steps behind the last one, are of such elements.
  bool needsZeros = true;
  bool columnsFirst = false; ///< neighbouring threads have neighbouring columns, else rows
  /// How many neighbouring columns, or else rows, storeSums gets from tensor cores: vectors where
  /// they lie so.
  int64_t storedColumns = 1, storedRows = 1;

private:
  using Sums = KernelBuilder::Carried;
  /// Which word of a slice, or the first of some neighbours, a thread brings: its number along the
  /// outer dim and along the inner.
  struct Place {
    mlir::Value outer, word;
    size_t prepared;
  };
  /// A part of an operand in shared memory. Those of tensor cores lie as TensorCores.h says.
  struct Slice {
    bool isLeft;
    llvm::SmallVector<Place> places;
    llvm::SmallVector<Sums> prepared;
    Order order;
    /// The words of a place, and whether they are loaded together: where elements lie so along the
    /// order, or as neighbouring rows.
    int64_t outerUnit = 1, innerUnit = 1;
    bool takesVectors = false, takesRows = false;
    int64_t outerPitch, wordPitch; ///< in words; one of them is 1
    int64_t words;                 ///< in all
    int64_t start;                 ///< in a stage
  };

  // Bringing slices into shared memory (TileSlices.cpp).
  Slice makeSlice(int64_t outer, bool isLeft);
  void chooseUnits(Slice &slice, int64_t outer);
  void makePlaces(Slice &slice, int64_t outer);
  void makeMemory();
  void chooseStages();
  void prepareRows();
  mlir::Value getStart(const Slice &slice, mlir::Value stage);
  mlir::Value getAddress(const Slice &slice, mlir::Value start, mlir::Value outer,
                         mlir::Value word);
  Sums loadLeftPlace(const Place &place, mlir::ValueRange row, mlir::Value start, bool vectors);
  Sums loadRightPlace(const Place &place, mlir::Value start);
  /// The elements that the thread has to bring of the step that begins at `start`.
  Sums loadElements(mlir::Value start);
  void storeElements(mlir::ValueRange elements, mlir::Value stage);
  void storeWords(const Slice &slice, const Place &place, mlir::ValueRange words,
                  mlir::Value start);
  /// Chunks that are copied to a stage.
  struct Copies {
    const Slice *slice;
    Sums common;
    mlir::Value start; ///< of the slice
  };
  llvm::SmallVector<Copies> getCopies(mlir::Value start, mlir::Value stage);
  /// Part `part` of `count` of the chunks, each time others.
  void copyPart(llvm::ArrayRef<Copies> all, size_t part, size_t count);
  /// Brings the steps that come before the first product.
  void bringFirst(mlir::Value start);
  mlir::Value wrapStage(mlir::Value stage); ///< 0 for the number behind the last one

  // In registers: a thread has rows `firstRow + i * rowGroups`, and neighbouring columns.
  void beginScalars();
  Sums multiplyScalars(mlir::ValueRange sums, mlir::Value stage);
  // By tensor cores: a warp has a part of the tile, in pieces of 16 rows and 8 columns.
  void beginTensors();
  void beginWarps(mlir::Value lane, mlir::Value warp);
  /// Calls `copy` for each part of `count` parts of the work.
  Sums multiplyTensors(mlir::ValueRange sums, mlir::Value stage,
                       llvm::function_ref<void(size_t part, size_t count)> copy);
  /// The same by warpgroups: what they add lies in registers when the next step is done.
  Sums multiplyGroups(mlir::ValueRange sums, mlir::Value stage);
  /// How far the pieces of rows that a warp has are from each other.
  int64_t getRowStep() const;

  Sums getInits(bool withBias);
  /// [start, end) of the elements that the block sums over, i32.
  std::pair<mlir::Value, mlir::Value> getRange();
  Sums sumAll();
  void shareSums(mlir::ValueRange sums);
  void shareIfMany(mlir::ValueRange results); ///< where only the run counts the slices
  void storeAll(mlir::ValueRange sums);
  void storeScalars(mlir::ValueRange sums);
  void storeTensors(mlir::ValueRange sums);
  /// How far rows of sums, or columns, are from each other in shared memory, so that what a warp
  /// writes together falls into different banks.
  int64_t getSumPitch(bool ofRows) const { return ofRows ? tileColumns + 8 : tileRows + 4; }

  int64_t numThreads, parts; ///< of a word, elements
  int64_t rowsOfPart;        ///< of a thread or warp
  int64_t columnsOfPart = 0; ///< of a warp
  Slice left, right;
  bool mayShare = false;   ///< several blocks a tile,
  mlir::Value slices;      ///< as many as this, i64
  mlir::Value memory;      ///< of all stages, each of both slices
  int64_t numStages = 2;   ///< on their way, or being multiplied
  int64_t stagesAhead = 1; ///< on their way while one is multiplied
  int64_t stageWords = 0;
  int64_t memoryWords = 0;             ///< of all stages, or of sums
  mlir::Value threadRow, threadColumn; ///< of the tile, i32
  mlir::Value quarter;                 ///< of tensor cores: the thread's place along k
  /// Where in its slice the thread's address for ldmatrix lies, for each piece along k.
  Sums leftPieces, rightPieces;
};

} // namespace dlc

#endif
