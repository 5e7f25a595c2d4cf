#include "Program.h"

#include "dlc/Codegen/Codegen.h"
#include "dlc/IR/Program.h"
#include "dlc/Plan/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <dlfcn.h>
#include <limits>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace dlc::test {

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static constexpr char canary = 0x5a;

Memory::Memory(size_t elementCount) : count(elementCount) {
  auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t data = llvm::alignTo(count * sizeof(float) + 64, page);
  bytes = data + page;
  base = static_cast<char *>(
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(base + data, page, PROT_NONE);
  std::fill(base, base + data, canary);
  elements = reinterpret_cast<float *>(base + data) - count;
  std::fill(elements, elements + count, std::numeric_limits<float>::quiet_NaN());
}

Memory::Memory(Memory &&other) noexcept
    : base(std::exchange(other.base, nullptr)), bytes(other.bytes), count(other.count),
      elements(other.elements) {}

Memory::~Memory() {
  if (base)
    munmap(base, bytes);
}

bool Memory::isIntact() const {
  return std::all_of(base, reinterpret_cast<char *>(elements), [](char c) { return c == canary; });
}

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

/// Links objects to a shared library and loads it.
static void *load(llvm::ArrayRef<std::string> objects) {
  llvm::SmallString<128> libraryPath;
  if (llvm::sys::fs::createTemporaryFile("dlc-codegen", "so", libraryPath))
    return nullptr;
  llvm::SmallVector<llvm::SmallString<128>> objectPaths(objects.size());
  llvm::SmallVector<llvm::StringRef> arguments = {DLC_TEST_LINKER,
                                                  "-shared",
                                                  "-z",
                                                  "defs",
                                                  "--defsym",
                                                  "dlc_weights=0",
                                                  "-o",
                                                  libraryPath,
                                                  "-lm",
                                                  "-lc",
                                                  "-L/usr/lib/x86_64-linux-gnu"};
  for (auto [object, path] : llvm::zip_equal(objects, objectPaths)) {
    int descriptor;
    if (llvm::sys::fs::createTemporaryFile("dlc-codegen", "o", descriptor, path))
      return nullptr;
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << object;
    arguments.push_back(path);
  }
  void *library = nullptr;
  if (llvm::sys::ExecuteAndWait(DLC_TEST_LINKER, arguments) == 0)
    library = dlopen(libraryPath.c_str(), RTLD_NOW | RTLD_LOCAL);
  for (const llvm::SmallString<128> &path : objectPaths)
    llvm::sys::fs::remove(path);
  llvm::sys::fs::remove(libraryPath);
  return library;
}

/// Runs the codegen phase; nothing with the errors in `errors` where it fails.
/// Then calls `emit` on the module. `isPlanned`: the plan phase has run too.
template <typename Result>
static Result generate(const std::string &ir, llvm::StringRef cpu, std::string &errors,
                       llvm::function_ref<FailureOr<Result>(ModuleOp)> emit,
                       bool isPlanned = true) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<DlcDialect, func::FuncDialect, LLVM::LLVMDialect>();
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { errors += diagnostic.str() + "\n"; });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(ir, &context);
  if (!module)
    return {};
  FailureOr<TargetAttr> target = getTarget(module->getLoc(), cpu, "");
  if (failed(target))
    return {};
  setTarget(*module, *target);
  PassManager passes(&context);
  if (!isPlanned)
    buildPlanPipeline(passes);
  buildCodegenPipeline(passes);
  if (failed(passes.run(*module)))
    return {};
  FailureOr<Result> result = emit(*module);
  return succeeded(result) ? *result : Result();
}

std::string Program::assemble(const std::string &ir, llvm::StringRef cpu) {
  std::string errors;
  auto text = generate<std::string>(
      ir, cpu, errors, [](ModuleOp module) { return emitText(module, TextFormat::assembly); });
  EXPECT_EQ(errors, "") << ir;
  return text;
}

std::unique_ptr<Program> Program::compile(const std::string &ir, llvm::StringRef cpu) {
  std::string errors;
  auto objects = generate<llvm::SmallVector<std::string>>(
      ir, cpu, errors, [](ModuleOp module) { return emitObjects(module, 1); });
  EXPECT_EQ(errors, "") << ir;
  return loadObjects(objects);
}

std::unique_ptr<Program> Program::planAndCompile(const std::string &ir, llvm::StringRef cpu) {
  std::string errors;
  auto objects = generate<llvm::SmallVector<std::string>>(
      ir, cpu, errors, [](ModuleOp module) { return emitObjects(module, 1); },
      /*isPlanned=*/false);
  EXPECT_EQ(errors, "") << ir;
  return loadObjects(objects);
}

std::unique_ptr<Program> Program::loadObjects(llvm::ArrayRef<std::string> objects) {
  if (objects.empty())
    return nullptr;
  std::unique_ptr<Program> program(new Program);
  program->library = load(objects);
  if (program->library)
    program->queryFunction =
        reinterpret_cast<dlc_query_fn>(dlsym(program->library, DLC_QUERY_SYMBOL));
  return program->queryFunction ? std::move(program) : nullptr;
}

Program::~Program() {
  if (library)
    dlclose(library);
}

int32_t Program::run(llvm::ArrayRef<int64_t> symbols, llvm::ArrayRef<void *> inputs,
                     llvm::ArrayRef<void *> outputs, char *arena) {
  auto launch = [&](const dlc_launch &launch) -> int32_t {
    if (onLaunch)
      return onLaunch(launch);
    dlc_kernel_error error = {std::numeric_limits<int64_t>::max(), 0, 0};
    auto alignment = std::align_val_t(64);
    int64_t bytes = query(DLC_ABI_VERSION)->scratch;
    char *scratch = new (alignment) char[bytes];
    std::memset(scratch, 0xff, bytes); // NaNs
    dlc_kernel_call call = {sizeof call, 0, launch.buffers, symbols.data(), &error, scratch};
    for (int64_t task = launch.num_tasks; task-- > 0;)
      launch.function(&call, task);
    operator delete[](scratch, alignment);
    return 0;
  };
  dlc_services services = {};
  services.struct_size = sizeof services;
  services.launch = [](void *state, const dlc_launch *record) {
    return (*static_cast<decltype(launch) *>(state))(*record);
  };
  const dlc_program *table = query(DLC_ABI_VERSION);
  std::vector<int64_t> values = symbols.vec();
  dlc_run_call call = {};
  call.struct_size = sizeof call;
  call.state = &launch;
  call.services = &services;
  call.symbols = values.data();
  call.inputs = inputs.data();
  call.outputs = outputs.data();
  call.arena = arena;
  call.weights = table->weights;
  return table->run(&call);
}

std::vector<Cpu> getCpus() {
  std::vector<Cpu> cpus = {{"x86-64-v2", 4}};
  if (__builtin_cpu_supports("avx"))
    cpus.push_back({"sandybridge", 8}); // neither FMA nor AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    cpus.push_back({"x86-64-v3", 8});
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    cpus.push_back({"x86-64-v4", 16});
  return cpus;
}

std::vector<float> makeNumbers(size_t count, uint32_t seed) {
  std::vector<float> numbers(count);
  for (float &number : numbers) {
    seed = seed * 1664525u + 1013904223u;
    number = static_cast<float>(static_cast<int32_t>(seed)) * 0x1p-31f;
  }
  return numbers;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// The type of a tensor of the signature: without layout.
static std::string dropLayout(const std::string &type) { return type.substr(0, type.find(", #")); }

std::string SingleKernel::str() const {
  auto ports = [](const std::vector<std::string> &types, llvm::StringRef name) {
    std::string text;
    for (auto [index, type] : llvm::enumerate(types))
      text += llvm::formatv("{0}{{name = \"{1}{2}\", type = !dlc.tensor<{3}>}", index ? ", " : "",
                            name, index, dropLayout(type));
    return text;
  };
  std::string names, arguments, values, types;
  for (const std::string &symbol : symbols)
    names += (names.empty() ? "\"" : ", \"") + symbol + "\"";
  auto add = [&](const std::string &name, const std::string &type) {
    llvm::StringRef separator = values.empty() ? "" : ", ";
    arguments += llvm::formatv("{0}%{1}: !dlc.buffer<!dlc.tensor<{2}>>", separator, name, type);
    values += llvm::formatv("{0}%{1}", separator, name);
    types += llvm::formatv("{0}!dlc.buffer<!dlc.tensor<{1}>>", separator, type);
  };
  for (auto [index, type] : llvm::enumerate(inputs))
    add("in" + std::to_string(index), type);
  for (auto [index, type] : llvm::enumerate(outputs))
    add("out" + std::to_string(index), type);
  return llvm::formatv(R"(
module attributes {{dlc.model = "test.onnx", dlc.weights = [],
    dlc.signature = {{symbols = [{0}], inputs = [{1}], outputs = [{2}]}} {{
  func.func private @kernel({3}) attributes {{dlc.schedule = #dlc.schedule<{4}>} {{
{5}
    return
  }
  func.func @main({3}) attributes {{dlc.workspace = #dlc.expr<0>} {{
    dlc.launch @kernel tasks <{6}> ({7}) : {8}
    return
  }
})",
                       names, ports(inputs, "in"), ports(outputs, "out"), arguments, schedule, body,
                       tasks, values, types);
}

} // namespace dlc::test
