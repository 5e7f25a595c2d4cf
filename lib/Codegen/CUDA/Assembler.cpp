#include "Assembler.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc;

/// Where the Python package of dlc is installed, that of NVIDIA's compiler lies beside it.
static SmallVector<std::string> listFolders() {
  SmallVector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (auto folder = llvm::sys::Process::GetEnv(variable); folder && !folder->empty())
      folders.push_back(*folder + "/bin");
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  StringRef packages = self; // <packages>/dlc/bin/dlc-compile
  for (int i = 0; i != 3; ++i)
    packages = llvm::sys::path::parent_path(packages);
  for (const char *package : {"cuda_nvcc", "cu13", "cu12"})
    folders.push_back((packages + "/nvidia/" + package + "/bin").str());
  folders.push_back("/usr/local/cuda/bin");
  return folders;
}

std::optional<std::string> dlc::findAssembler() {
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  const SmallVector<std::string> folders = listFolders();
  const SmallVector<StringRef> paths(folders.begin(), folders.end());
  if (auto found = llvm::sys::findProgramByName("ptxas", paths))
    return *found;
  return std::nullopt;
}

static std::string readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// From what `ptxas -v` says of each kernel.
static std::vector<std::string> findSpilling(StringRef messages) {
  std::vector<std::string> kernels;
  StringRef kernel;
  for (StringRef line : llvm::split(messages, '\n')) {
    if (StringRef rest = line.split("Function properties for ").second; !rest.empty())
      kernel = rest.trim();
    StringRef counts = line.split("bytes stack frame, ").second;
    int64_t stores = 0;
    if (!counts.consumeInteger(10, stores) && stores != 0)
      kernels.push_back(kernel.str());
  }
  return kernels;
}

/// As of warpgroups that wait for each product.
static std::vector<std::string> findLosses(StringRef messages) {
  std::vector<std::string> losses;
  for (StringRef line : llvm::split(messages, '\n'))
    if (StringRef rest = line.split("Potential Performance Loss: ").second; !rest.empty())
      losses.push_back(rest.trim().str());
  return losses;
}

std::string dlc::allowAllRegisters(StringRef ptx, ArrayRef<std::string> kernels) {
  std::string text = ptx.str();
  for (const std::string &kernel : kernels) {
    size_t entry = text.find(".entry " + kernel + "("), body = text.find("\n{", entry);
    if (entry != std::string::npos && body != std::string::npos)
      text.insert(body, "\n.minnctapersm 1");
  }
  return text;
}

llvm::Expected<MachineCode> dlc::assemble(StringRef assembler, StringRef ptx, StringRef gpu) {
  SmallString<128> paths[3]; // source, result, messages
  const StringRef suffixes[] = {"ptx", "cubin", "txt"};
  for (auto [path, suffix] : llvm::zip_equal(paths, suffixes))
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
  std::string target = ("-arch=" + gpu).str();
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(paths[2]), StringRef(paths[2])};
  std::string reason;
  int status =
      llvm::sys::ExecuteAndWait(assembler, {assembler, "-v", target, paths[0], "-o", paths[1]},
                                std::nullopt, redirects, 0, 0, &reason);
  if (status != 0)
    return llvm::createStringError(StringRef(reason.empty() ? readFile(paths[2]) : reason).trim());
  std::string text = readFile(paths[2]);
  return MachineCode{readFile(paths[1]), findSpilling(text), findLosses(text)};
}
