// LLD keeps global state and reads files by name. Its inputs lie in anonymous files of memory that
// /proc names, so that nothing can be left behind; its output is a temporary file, which is read
// back and removed.

#include "Link.h"

#include "ElfBuilder.h"
#include "OpLibrary.h"
#include "dlc/Support/ScratchFile.h"

#include "dlc/ABI/Program.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

LLD_HAS_DRIVER(elf)

using namespace llvm;
using namespace dlc;

//===----------------------------------------------------------------------===//
// The linker's inputs beside the code
//===----------------------------------------------------------------------===//

static dlc::ELF::Sym makeSymbol(uint32_t name, uint16_t section, uint8_t type, uint8_t visibility) {
  dlc::ELF::Sym symbol;
  std::memset(&symbol, 0, sizeof(symbol));
  symbol.st_name = name;
  symbol.setBindingAndType(llvm::ELF::STB_GLOBAL, type);
  symbol.st_other = visibility;
  symbol.st_shndx = section;
  return symbol;
}

/// The object with note, manifest and the weights' place.
static std::string buildPartsObject(const LinkInputs &inputs, uint16_t machine) {
  using namespace llvm::ELF;
  ElfBuilder builder(ET_REL, machine);
  // Nothing refers to note and manifest: SHF_GNU_RETAIN keeps them from being collected.
  builder.add({.name = noteSection,
               .type = SHT_NOTE,
               .flags = SHF_ALLOC | SHF_GNU_RETAIN,
               .alignment = 4,
               .contents = inputs.note.str()});
  builder.add({.name = manifestSection,
               .flags = SHF_ALLOC | SHF_GNU_RETAIN,
               .alignment = 8,
               .contents = inputs.manifest.str()});
  // Writable and large, so that the linker lays it out behind everything else, in a segment of its
  // own, within reach of the code. It is made read-only when the weights are appended.
  uint32_t weights =
      builder.add({.name = weightsSection,
                   .type = SHT_NOBITS,
                   .flags = SHF_ALLOC | SHF_WRITE | SHF_X86_64_LARGE | SHF_GNU_RETAIN,
                   .alignment = pageSize,
                   .size = inputs.weightsSize});
  StringTable names;
  dlc::ELF::Sym symbol = makeSymbol(names.add("dlc_weights"), weights, STT_OBJECT, STV_HIDDEN);
  builder.addSymbols(".symtab", SHT_SYMTAB, 0, symbol, names);
  // Without this mark the linker would give the artifact an executable stack.
  builder.add({.name = ".note.GNU-stack"});
  return builder.finish();
}

/// A shared object that defines `symbols`, none of which has contents: it stands for the C library
/// of wherever the artifact will run.
static std::string buildStubLibrary(StringRef soname, ArrayRef<StringLiteral> symbols,
                                    uint16_t machine) {
  using namespace llvm::ELF;
  StringTable names;
  uint32_t sonameOffset = names.add(soname);
  SmallVector<dlc::ELF::Sym> table;
  for (StringRef symbol : symbols) // SHN_ABS: defined, in no section
    table.push_back(makeSymbol(names.add(symbol), SHN_ABS, STT_FUNC, STV_DEFAULT));
  ElfBuilder builder(ET_DYN, machine);
  uint32_t symbolSection = builder.addSymbols(".dynsym", SHT_DYNSYM, SHF_ALLOC, table, names);
  dlc::ELF::Dyn dynamic[2];
  std::memset(dynamic, 0, sizeof(dynamic));
  dynamic[0].d_tag = DT_SONAME;
  dynamic[0].d_un.d_val = sonameOffset;
  builder.add({.name = ".dynamic",
               .type = SHT_DYNAMIC,
               .flags = SHF_ALLOC | SHF_WRITE,
               .alignment = 8,
               .contents = bytesOf<dlc::ELF::Dyn>(dynamic),
               .link = symbolSection + 1,
               .entrySize = sizeof(dlc::ELF::Dyn)});
  return builder.finish();
}

// What library ops may call, and generated code: LLVM copies and fills memory by calls, and rounds
// by calls where a CPU has no instruction for it.
static constexpr StringLiteral libcSymbols[] = {"memcmp", "memcpy", "memmove", "memset"};
static constexpr StringLiteral libmSymbols[] = {
    "acos",   "acosh", "asin",      "asinh",      "atan",  "atanh",  "ceil",      "ceilf",
    "cos",    "cosh",  "erf",       "exp",        "floor", "floorf", "fmaf",      "fmod",
    "ldexp",  "log",   "nearbyint", "nearbyintf", "pow",   "rintf",  "roundeven", "roundevenf",
    "roundf", "sin",   "sincos",    "sinh",       "tan",   "tanh",   "truncf"};

//===----------------------------------------------------------------------===//
// The link
//===----------------------------------------------------------------------===//

namespace {
/// A file of memory, without a name in any folder.
class MemoryFile {
public:
  MemoryFile() = default;
  MemoryFile(MemoryFile &&other) : descriptor(std::exchange(other.descriptor, -1)) {}
  ~MemoryFile() {
    if (descriptor >= 0)
      close(descriptor);
  }

  static Expected<MemoryFile> create(StringRef contents) {
    MemoryFile file;
    file.descriptor = memfd_create("dlc", MFD_CLOEXEC);
    while (file.descriptor >= 0 && !contents.empty()) {
      ssize_t written = write(file.descriptor, contents.data(), contents.size());
      if (written < 0 && errno != EINTR)
        break;
      contents = contents.drop_front(std::max<ssize_t>(written, 0));
    }
    if (file.descriptor < 0 || !contents.empty())
      return createStringError("cannot hold an object in memory: " + errnoAsErrorCode().message());
    return file;
  }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor); }

private:
  int descriptor = -1;
};
} // namespace

/// LLD's messages as one line, without its name.
static std::string joinMessages(StringRef output) {
  SmallVector<StringRef> lines;
  output.split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef &line : lines) {
    line = line.trim();
    line.consume_front("ld.lld: ");
    line.consume_front("error: ");
  }
  return join(lines, "; ");
}

static Error runLinker(ArrayRef<std::string> arguments) {
  static std::mutex oneAtATime;
  static bool isUsable = true;
  std::lock_guard<std::mutex> lock(oneAtATime);
  if (!isUsable)
    return createStringError("cannot link the artifact: the linker failed before");
  SmallVector<const char *> pointers =
      map_to_vector(arguments, [](const std::string &argument) { return argument.c_str(); });
  std::string output;
  raw_string_ostream stream(output);
  // LLD ends the process on a fatal error unless crashes are recovered from.
  CrashRecoveryContext::Enable();
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  CrashRecoveryContext::Disable();
  isUsable = result.canRunAgain;
  if (result.retCode == 0)
    return Error::success();
  return createStringError("cannot link the artifact: " + joinMessages(output));
}

/// The machine of an ELF relocatable object.
static Expected<uint16_t> getMachine(StringRef object) {
  dlc::ELF::Ehdr header;
  if (object.size() >= sizeof(header))
    std::memcpy(&header, object.data(), sizeof(header));
  if (object.size() < sizeof(header) || !object.starts_with(StringRef(llvm::ELF::ElfMagic, 4)) ||
      header.e_type != llvm::ELF::ET_REL)
    return createStringError("cannot link the artifact: expected ELF relocatable objects");
  if (header.e_machine != llvm::ELF::EM_X86_64)
    return createStringError("cannot link the artifact: expected code for x86-64 (ELF machine " +
                             Twine(int(llvm::ELF::EM_X86_64)) + "), found ELF machine " +
                             Twine(int(header.e_machine)));
  return uint16_t(header.e_machine);
}

Expected<std::unique_ptr<MemoryBuffer>> dlc::linkImage(const LinkInputs &inputs) {
  if (inputs.objects.empty())
    return createStringError("cannot link the artifact: there is no object");
  Expected<uint16_t> machine = getMachine(inputs.objects.front());
  if (!machine)
    return machine.takeError();

  std::string parts = buildPartsObject(inputs, *machine);
  std::string libm = buildStubLibrary("libm.so.6", libmSymbols, *machine);
  std::string libc = buildStubLibrary("libc.so.6", libcSymbols, *machine);
  SmallVector<StringRef> contents(inputs.objects.begin(), inputs.objects.end());
  contents.append({parts, getOpLibrary(), libm, libc});
  uint64_t room = 1 << 20;
  SmallVector<MemoryFile> files;
  for (StringRef bytes : contents) {
    room += bytes.size() + pageSize;
    Expected<MemoryFile> file = MemoryFile::create(bytes);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
  }
  Expected<MemoryFile> exports = MemoryFile::create("{ global: " DLC_QUERY_SYMBOL "; local: *; };");
  if (!exports)
    return exports.takeError();
  SmallString<128> folder;
  sys::path::system_temp_directory(/*ErasedOnReboot=*/true, folder);
  // The linker replaces the file; making it first shows whether there is room.
  Expected<ScratchFile> output = ScratchFile::create((folder + "/dlc-").str(), room, folder);
  if (!output)
    return output.takeError();

  SmallVector<std::string> arguments = {"ld.lld",
                                        "-shared",
                                        "-z",
                                        "defs",
                                        "-z",
                                        "now",
                                        "-z",
                                        "separate-loadable-segments",
                                        "--gc-sections",
                                        "--build-id=none",
                                        "--strip-all",
                                        "--as-needed",
                                        "--no-undefined-version",
                                        "--color-diagnostics=never",
                                        "--version-script=" + exports->path(),
                                        "-o",
                                        output->path().str()};
  for (const MemoryFile &file : files)
    arguments.push_back(file.path());
  if (Error error = runLinker(arguments))
    return std::move(error);
  ErrorOr<std::unique_ptr<MemoryBuffer>> image = MemoryBuffer::getFile(
      output->path(), /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!image)
    return createStringError("cannot read '" + output->path() + "': " + image.getError().message());
  return std::move(*image);
}
