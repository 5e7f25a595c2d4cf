// The block of threads that computes some queries of an attention.
#ifndef DLC_LIB_CODEGEN_CUDA_ATTENTION_H
#define DLC_LIB_CODEGEN_CUDA_ATTENTION_H

#include "../Common/AttentionKernel.h"
#include "DeviceKernel.h"
#include "TensorCores.h"

namespace dlc {

class AttentionBlock : public AttentionKernel {
public:
  explicit AttentionBlock(KernelBuilder &b)
      : AttentionKernel(b), threads(b), precision(b.getSchedule().getPrecision()),
        parts(getWordParts(precision)), stepKeys(b.getSchedule().getChannels()),
        tileRows(b.getSchedule().getPixels()[0]), numThreads(b.getSchedule().getRows()),
        rowWarps(tileRows / pieceRows), groups(numThreads / warpSize / rowWarps),
        warpKeys(stepKeys / groups) {}

  void emit();

private:
  using Values = KernelBuilder::Carried;
  /// What a thread knows of its queries g and g + 8 of its warp: largest scores, sums of its own
  /// exponentials, and of the result pieces of 8 columns, each as a product leaves them.
  struct State {
    Values largest, sums, result;

    Values join() const {
      return llvm::to_vector(llvm::concat<const mlir::Value>(largest, sums, result));
    }
    static State split(mlir::ValueRange values) {
      return {Values(values.take_front(2)), Values(values.slice(2, 2)),
              Values(values.drop_front(4))};
    }
  };

  void begin();

  // What the block brings (AttentionMemory.cpp).
  void divideMemory();
  /// Whether keys and values can be copied as they are, in chunks of 16 bytes.
  bool haveChunks();
  mlir::Value loadElement(const Heads &heads, mlir::Value row, mlir::Value element,
                          mlir::Value exists);
  mlir::Value isElement(mlir::Value rowExists, mlir::Value element);
  /// Calls `store` with the numbers of all words, [rows][columns], that the threads bring in turns.
  void forEachWord(int64_t rows, int64_t columns,
                   llvm::function_ref<mlir::Value(mlir::Value row, mlir::Value column)> load,
                   mlir::Value memory, int64_t pitch);
  void loadQueries();
  /// Keys from `start` on and their values; zeros behind the last one.
  void loadStep(mlir::Value start);
  void copyStep(mlir::Value start, mlir::Value stage);
  void copyRows(const Heads &heads, mlir::Value start, mlir::Value memory, int64_t words,
                int64_t pitch);
  /// Lets keys and values be those of a stage, an i32.
  void enterStage(mlir::Value stage);
  mlir::Value loadWord(mlir::Value memory, int64_t pitch, mlir::Value row, mlir::Value column,
                       int64_t offset);

  /// The scores of the warp's keys: pieces of 8 keys.
  Values getScores(mlir::Value start);
  /// Multiplies with two pieces, which one load brings, and adds to the sums of both.
  void multiplyBoth(mlir::ValueRange lefts, mlir::ValueRange rights, mlir::Value *sum);
  Values multiplyQueries();
  /// The words of a piece of two times 8 keys, or of 16 keys and two times 8 columns.
  Values loadKeys(int64_t key, int64_t piece);
  Values loadValues(int64_t key, int64_t column);
  Values multiplyQueriesScalar();
  mlir::Value finishScore(mlir::Value product, mlir::Value row, mlir::Value column);
  State addValues(State state, Values scores);
  void multiplyValues(Values &result, llvm::ArrayRef<mlir::Value> weights);
  void multiplyValuesScalar(Values &result, llvm::ArrayRef<mlir::Value> weights);
  mlir::Value reduceQuad(mlir::Value value,
                         llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  State joinGroups(State state);
  State combine(const State &lhs, const State &rhs);
  void storeResult(const State &state);
  void storePair(const State &state, int64_t row, int64_t column, mlir::Value factor,
                 mlir::Value start);

  Threads threads;
  Precision precision;
  int64_t parts, stepKeys, tileRows, numThreads, rowWarps, groups, warpKeys;
  /// Words of a row of keys or of 8 columns of values, with those of zeros that make whole pieces.
  int64_t keyWords = 0, columns = 0, keyPitch = 0, valuePitch = 0;
  bool inChunks = false;  ///< copied while the step before is computed, in two stages
  int64_t stageWords = 0; ///< of keys and values
  mlir::Value memory, keyMemory, valueMemory, queryMemory;
  mlir::Value lane, octet, quarter, rowWarp, group; ///< i32
  mlir::Value rows[2];                              ///< of the head, i64
  Values queries;                                   ///< words of pieces, one after the other
};

} // namespace dlc

#endif
