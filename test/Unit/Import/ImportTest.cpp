// Damaged files: whatever the bytes, the importer either makes a module that verifies or emits an
// error.

#include "dlc/Import/OnnxImporter.h"

#include "OnnxWriter.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace dlc;
using namespace dlc::test;

namespace {

class Import : public testing::Test {
protected:
  void SetUp() override {
    // A file in memory: thousands of files are made.
    descriptor = memfd_create("model.onnx", MFD_CLOEXEC);
    ASSERT_NE(descriptor, -1);
    path = "/proc/self/fd/" + std::to_string(descriptor);
    context.printOpOnDiagnostic(false);
  }
  void TearDown() override { close(descriptor); }

  /// Imports these bytes as a file; returns the errors, none where a module came out of it.
  SmallVector<std::string> import(StringRef file) {
    EXPECT_EQ(ftruncate(descriptor, 0), 0);
    EXPECT_EQ(pwrite(descriptor, file.data(), file.size(), 0), static_cast<ssize_t>(file.size()));
    SmallVector<std::string> errors;
    ScopedDiagnosticHandler handler(&context,
                                    [&](Diagnostic &error) { errors.push_back(error.str()); });
    SourceFiles sources;
    llvm::Expected<size_t> index = sources.add(path);
    if (!index) {
      ADD_FAILURE() << llvm::toString(index.takeError());
      return errors;
    }
    FailureOr<OwningOpRef<ModuleOp>> module = importOnnxModel(&context, sources, *index);
    EXPECT_EQ(failed(module), !errors.empty());
    if (succeeded(module))
      EXPECT_TRUE(succeeded(verify(**module)));
    return errors;
  }

  size_t mutate(StringRef original, size_t begin, size_t end, int rounds);

  MLIRContext context{MLIRContext::Threading::DISABLED};
  int descriptor = -1;
  std::string path;
};

} // namespace

TEST_F(Import, TakesTheWholeFile) { EXPECT_TRUE(import(convModel()).empty()); }

TEST_F(Import, RefusesEveryPrefix) {
  std::string file = convModel();
  for (size_t length = 0; length != file.size(); ++length) {
    SmallVector<std::string> errors = import(StringRef(file).take_front(length));
    ASSERT_EQ(errors.size(), 1u) << length;
    ASSERT_EQ(errors[0].rfind("not an ONNX model: ", 0), 0u) << errors[0];
  }
}

TEST_F(Import, SurvivesRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round != 500; ++round) {
    std::string file(random() % 200, 0);
    for (char &byte : file)
      byte = static_cast<char>(random());
    EXPECT_FALSE(import(file).empty());
  }
}

/// Damages the file in many ways, but for the range [begin, end); returns how many are refused.
size_t Import::mutate(StringRef original, size_t begin, size_t end, int rounds) {
  std::mt19937 random(2);
  size_t refused = 0;
  for (int round = 0; round != rounds; ++round) {
    std::string file = original.str();
    for (unsigned changes = 1 + random() % 3; changes != 0; --changes) {
      size_t at = random() % (file.size() - (end - begin));
      at += at < begin ? 0 : end - begin;
      switch (random() % 3) {
      case 0:
        file[at] = static_cast<char>(random());
        break;
      case 1:
        file[at] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        file[at] = "\x00\x01\x7f\x80\xff"[random() % 5];
        break;
      }
    }
    refused += !import(file).empty();
  }
  return refused;
}

TEST_F(Import, SurvivesMutations) {
  // The filter's data is left out: a change there is no damage.
  std::string file = convModel();
  size_t data = file.find(convFilter());
  EXPECT_GT(mutate(file, data, data + convFilter().size(), 10000), 5000u);
}

TEST_F(Import, SurvivesMutationsOfFunctions) {
  std::string file = functionModel();
  ASSERT_TRUE(import(file).empty());
  EXPECT_GT(mutate(file, 0, 0, 10000), 5000u);
}

TEST_F(Import, RefusesMessagesThatOnlyProtobufReads) {
  // A malformed TypeProto: the scan does not look into it.
  std::string graph = bytes(11, bytes(1, "x") + bytes(2, "\x0a\x7f"));
  SmallVector<std::string> errors = import(number(1, 8) + bytes(7, graph));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], "not an ONNX model: field 7 at byte 2 holds a malformed message");
}
