// The services of a runtime for programs under test: counted objects, an arena full of NaNs.
#ifndef DLC_TEST_UNIT_CODEGEN_FAKERUNTIME_H
#define DLC_TEST_UNIT_CODEGEN_FAKERUNTIME_H

#include "Program.h"

#include <string>
#include <vector>

namespace dlc::test {

/// The text of functions dlc_op_<name> that call functions of this process.
std::string getOpLibrary();

/// Plans and runs a program.
class FakeRuntime {
public:
  explicit FakeRuntime(Program &program) : program(program) {}
  ~FakeRuntime();

  /// A new object with one reference.
  dlc_value *makeTensor(int32_t dtype, std::vector<int64_t> dims);
  /// Plans and runs. `ranks` has the rank of each output, negative for handles.
  int32_t run(std::vector<int64_t> shapeSymbols, std::vector<void *> inputs,
              std::vector<int64_t> ranks);
  /// The elements of an output of floats, wherever it is.
  std::vector<float> getFloats(size_t output) const;
  /// Objects with references, but for those that outputs hold.
  size_t countLive() const;

  std::vector<int64_t> symbols, outputDims;
  std::vector<dlc_value *> values; ///< of outputs that are handles or late
  std::string error;               ///< what a service has said
  size_t numPolls = 0, numCalls = 0, numObjects = 0, maxLive = 0;

private:
  struct Object {
    dlc_value value;
    std::vector<int64_t> dims;
    std::vector<char> bytes;
    int64_t references;
  };
  static dlc_services getServices();
  static void addChecks(dlc_services &services);
  static void addObjects(dlc_services &services);

  Program &program;
  std::vector<std::unique_ptr<Object>> objects;
  std::vector<std::vector<float>> outputs;
};

} // namespace dlc::test

#endif
