#include "Assembler.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc;

std::optional<std::string> dlc::findAssembler() {
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  if (auto found = llvm::sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *found;
  return std::nullopt;
}

static std::string readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

llvm::Expected<std::string> dlc::assemble(StringRef assembler, StringRef ptx,
                                          int64_t architecture) {
  SmallString<128> paths[3]; // source, result, messages
  for (auto [path, suffix] : llvm::zip_equal(paths, ArrayRef<StringRef>{"ptx", "cubin", "txt"}))
    if (std::error_code error = llvm::sys::fs::createTemporaryFile("dlc", suffix, path))
      return llvm::createStringError("cannot make a temporary file: " + error.message());
  llvm::FileRemover source(paths[0]), result(paths[1]), messages(paths[2]);
  std::error_code error;
  {
    llvm::raw_fd_ostream file(paths[0], error);
    if (!error)
      file << ptx;
    if (error || file.has_error()) {
      file.clear_error();
      return llvm::createStringError("cannot write '" + paths[0] + "'");
    }
  }
  std::string target = "-arch=sm_" + std::to_string(architecture);
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(paths[2]), StringRef(paths[2])};
  std::string reason;
  int status = llvm::sys::ExecuteAndWait(assembler, {assembler, target, paths[0], "-o", paths[1]},
                                         std::nullopt, redirects, 0, 0, &reason);
  if (status != 0)
    return llvm::createStringError(StringRef(reason.empty() ? readFile(paths[2]) : reason).trim());
  return readFile(paths[1]);
}
