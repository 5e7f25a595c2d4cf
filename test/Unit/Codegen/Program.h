// Compiles modules of the plan phase in process and runs them.
#ifndef DLC_TEST_UNIT_CODEGEN_PROGRAM_H
#define DLC_TEST_UNIT_CODEGEN_PROGRAM_H

#include "dlc/ABI/Program.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dlc::test {

/// Floats that end where the memory ends: reading or writing behind them is a fault. In front of
/// them lies a canary.
class Memory {
public:
  explicit Memory(size_t elements);
  Memory(Memory &&other) noexcept;
  ~Memory();

  float *data() const { return elements; }
  size_t size() const { return count; }
  float &operator[](size_t i) { return elements[i]; }
  bool isIntact() const;

private:
  char *base;
  size_t bytes, count;
  float *elements;
};

/// A loaded artifact without weights.
class Program {
public:
  /// Null where compilation fails, which is a failure of the test.
  static std::unique_ptr<Program> compile(const std::string &ir, llvm::StringRef cpu);
  /// The same for a module of the schedule phase, which is planned first.
  static std::unique_ptr<Program> planAndCompile(const std::string &ir, llvm::StringRef cpu);
  /// The assembly of the module, or nothing.
  static std::string assemble(const std::string &ir, llvm::StringRef cpu);
  ~Program();

  const dlc_program *query(uint32_t version) const { return queryFunction(version); }
  /// Runs all launches, the tasks of each from the last to the first, or as `onLaunch` does.
  int32_t run(llvm::ArrayRef<int64_t> symbols, llvm::ArrayRef<void *> inputs,
              llvm::ArrayRef<void *> outputs, char *arena = nullptr);

  std::function<int32_t(const dlc_launch &)> onLaunch;

private:
  Program() = default;
  static std::unique_ptr<Program> loadObjects(llvm::ArrayRef<std::string> objects);

  void *library = nullptr;
  dlc_query_fn queryFunction = nullptr;
};

struct Cpu {
  std::string name;
  int64_t lanes;
};
/// The CPUs whose code this machine runs: one for each set of vector instructions that emitters
/// tell apart.
std::vector<Cpu> getCpus();

/// Numbers in [-1, 1], the same for the same seed.
std::vector<float> makeNumbers(size_t count, uint32_t seed);

/// A module of the plan phase with one kernel and a host program that launches it on the program's
/// inputs and outputs.
struct SingleKernel {
  std::vector<std::string> symbols, inputs, outputs; ///< types of tensors, with layouts
  std::string schedule, tasks;
  std::string body; ///< of the kernel: buffers are %in0, %in1, ..., %out0, ...

  std::string str() const;
};

} // namespace dlc::test

#endif
