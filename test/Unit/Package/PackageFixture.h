// A temporary folder, a context whose errors are kept, and modules from text.
#ifndef DLC_TEST_UNIT_PACKAGE_PACKAGEFIXTURE_H
#define DLC_TEST_UNIT_PACKAGE_PACKAGEFIXTURE_H

#include "dlc/IR/Dlc.h"
#include "dlc/Package/Package.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <gtest/gtest.h>

class PackageFixture : public testing::Test {
protected:
  PackageFixture()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          errors.push_back(diagnostic.str());
          return mlir::success();
        }) {
    context.loadDialect<dlc::DlcDialect>();
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("dlc-package-test", folder));
  }
  ~PackageFixture() override { llvm::sys::fs::remove_directories(folder); }

  std::string inFolder(llvm::StringRef name) const { return (folder + "/" + name).str(); }

  llvm::SmallVector<std::string> listFolder() const {
    llvm::SmallVector<std::string> names;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator file(folder, error), end; file != end && !error;
         file.increment(error))
      names.push_back(llvm::sys::path::filename(file->path()).str());
    return names;
  }

  std::string write(llvm::StringRef name, llvm::StringRef contents) const {
    std::error_code error;
    llvm::raw_fd_ostream(inFolder(name), error) << contents;
    EXPECT_FALSE(error);
    return inFolder(name);
  }

  static std::string read(llvm::StringRef path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(bool(buffer)) << path.str();
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }

  /// Makes a source of `contents` and the text of its #dlc.source.
  std::string addSource(llvm::StringRef name, llvm::StringRef contents) {
    llvm::Expected<size_t> index = sources.add(write(name, contents));
    EXPECT_TRUE(bool(index));
    return "#dlc.source<hash = \"" + sources[*index].hash +
           "\", size = " + std::to_string(contents.size()) + ">";
  }

  /// A module with the attributes of a program x -> y and of `sourceTexts` and `weights`.
  mlir::OwningOpRef<mlir::ModuleOp>
  makeModule(llvm::StringRef sourceTexts, llvm::StringRef weights,
             llvm::StringRef inputType = "!dlc.tensor<N x f32>",
             llvm::StringRef outputType = "!dlc.tensor<N x f32>") {
    std::string text =
        ("module attributes {dlc.model = \"exp.onnx\", dlc.target = #dlc.target<cpu = \"x86-64\", "
         "features = \"\", lanes = 4, registers = 16, fma = false>, dlc.sources = [" +
         sourceTexts + "], dlc.signature = {symbols = [\"N\"], inputs = [{name = \"x\", type = " +
         inputType + "}], outputs = [{name = \"y\", type = " + outputType + "}]}, dlc.weights = [" +
         weights + "]} {}")
            .str();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text << (errors.empty() ? "" : errors.front());
    return module;
  }

  mlir::MLIRContext context;
  llvm::SmallVector<std::string> errors;
  mlir::ScopedDiagnosticHandler handler;
  llvm::SmallString<128> folder;
  dlc::SourceFiles sources;
};

#endif
