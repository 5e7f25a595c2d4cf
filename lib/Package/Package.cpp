// Link with an empty weights section, copy the image to the new file, pack the weights behind it,
// then say in the ELF headers that the section has contents. Memory in use does not grow with the
// weights.

#include "dlc/Package/Package.h"

#include "ElfBuilder.h"
#include "Link.h"
#include "Manifest.h"
#include "PackWeights.h"
#include "dlc/Support/ScratchFile.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/ABI/Program.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace mlir;
using namespace dlc;

/// The note as it is linked: sizes, offsets and hashes come later.
static std::string buildNote(uint64_t cpuFeatures) {
  dlc_note note = {};
  note.struct_size = sizeof(note);
  note.format_version = DLC_FORMAT_VERSION;
  note.abi_version = DLC_ABI_VERSION;
  note.cpu_features = cpuFeatures;
  dlc::ELF::Nhdr header;
  header.n_namesz = sizeof(DLC_NOTE_NAME);
  header.n_descsz = sizeof(note);
  header.n_type = DLC_NOTE_TYPE;
  std::string bytes = bytesOf<dlc::ELF::Nhdr>(header);
  bytes.append(DLC_NOTE_NAME, sizeof(DLC_NOTE_NAME));
  bytes.resize(llvm::alignTo(bytes.size(), 4), '\0');
  return bytes + bytesOf<dlc_note>(note);
}

namespace {
/// The headers of a linked image in memory.
class Image {
public:
  explicit Image(llvm::MutableArrayRef<char> bytes) : bytes(bytes) {}

  dlc::ELF::Ehdr &header() { return at<dlc::ELF::Ehdr>(0); }
  llvm::MutableArrayRef<dlc::ELF::Shdr> sections() {
    return {&at<dlc::ELF::Shdr>(header().e_shoff), header().e_shnum};
  }
  llvm::MutableArrayRef<dlc::ELF::Phdr> segments() {
    return {&at<dlc::ELF::Phdr>(header().e_phoff), header().e_phnum};
  }
  template <typename T> T &at(uint64_t offset) {
    return *reinterpret_cast<T *>(bytes.data() + offset);
  }

  dlc::ELF::Shdr *findSection(StringRef name) {
    uint64_t names = sections()[header().e_shstrndx].sh_offset;
    for (dlc::ELF::Shdr &section : sections())
      if (&at<char>(names + section.sh_name) == name)
        return &section;
    return nullptr;
  }

private:
  llvm::MutableArrayRef<char> bytes;
};
} // namespace

/// XXH3, 128 bits, in canonical byte order.
static void storeHash(ArrayRef<uint8_t> data, uint8_t (&hash)[16]) {
  llvm::XXH128_hash_t value = llvm::xxh3_128bits(data);
  llvm::support::endian::write64be(hash, value.high64);
  llvm::support::endian::write64be(hash + 8, value.low64);
}

/// Gives the weights section the `size` bytes at `offset` of the file, read-only. False where the
/// section has no segment of its own.
static bool placeWeights(Image &image, dlc::ELF::Shdr &section, uint64_t offset, uint64_t size) {
  section.sh_type = llvm::ELF::SHT_PROGBITS;
  section.sh_flags = section.sh_flags & ~uint64_t(llvm::ELF::SHF_WRITE);
  section.sh_offset = offset;
  if (size == 0)
    return true;
  for (dlc::ELF::Phdr &segment : image.segments()) {
    if (segment.p_type != llvm::ELF::PT_LOAD || segment.p_vaddr != section.sh_addr ||
        segment.p_memsz != size)
      continue;
    segment.p_flags = llvm::ELF::PF_R;
    segment.p_offset = offset;
    segment.p_filesz = size;
    return true;
  }
  return false;
}

/// Fills the mapping of the new file.
static llvm::Error fillArtifact(llvm::MutableArrayRef<char> file, StringRef linked,
                                ArrayRef<BoundWeight> weights) {
  std::memcpy(file.data(), linked.data(), linked.size());
  Image image(file);
  dlc::ELF::Shdr *noteHeader = image.findSection(noteSection);
  dlc::ELF::Shdr *manifest = image.findSection(manifestSection);
  dlc::ELF::Shdr *weightsHeader = image.findSection(weightsSection);
  if (!noteHeader || !manifest || !weightsHeader)
    return llvm::createStringError("cannot link the artifact: the linker dropped a section");

  uint64_t weightsSize = getSectionSize(weights);
  uint64_t weightsOffset = file.size() - weightsSize;
  if (!placeWeights(image, *weightsHeader, weightsOffset, weightsSize))
    return llvm::createStringError("cannot link the artifact: its weights have no segment");
  packWeights(weights, file.data() + weightsOffset);

  // Notes are aligned to 4 bytes, which is less than the struct wants.
  char *notePlace = file.data() + noteHeader->sh_offset + noteHeader->sh_size - sizeof(dlc_note);
  dlc_note note;
  std::memcpy(&note, notePlace, sizeof(note));
  note.machine = image.header().e_machine;
  note.manifest_offset = manifest->sh_offset;
  note.manifest_size = manifest->sh_size;
  note.weights_offset = weightsOffset;
  note.weights_size = weightsSize;
  std::memcpy(notePlace, &note, sizeof(note));
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(file.data()), file.size());
  storeHash(bytes.take_front(weightsOffset), note.code_hash); // both hash fields are still zero
  storeHash(bytes.drop_front(weightsOffset), note.weights_hash);
  std::memcpy(notePlace, &note, sizeof(note));
  return llvm::Error::success();
}

/// Writes beside `path` and renames: nobody sees a part of the file.
static llvm::Error writeArtifact(StringRef path, StringRef linked, ArrayRef<BoundWeight> weights) {
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status) && !llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError("cannot write '" + path + "': it is no regular file");
  uint64_t size = llvm::alignTo(linked.size(), pageSize) + getSectionSize(weights);
  SmallString<128> prefix(path);
  llvm::sys::path::remove_filename(prefix);
  llvm::sys::path::append(prefix, ".dlc-");
  llvm::Expected<ScratchFile> file = ScratchFile::create(prefix, size, path);
  if (!file)
    return file.takeError();
  {
    llvm::Expected<llvm::sys::fs::mapped_file_region> region = file->map();
    if (!region)
      return region.takeError();
    if (llvm::Error error = fillArtifact({region->data(), size}, linked, weights))
      return error;
  }
  return file->renameTo(path);
}

LogicalResult dlc::verifyPackage(ModuleOp module, const SourceFiles &sources) {
  bool hasManifest = succeeded(buildManifest(module));
  return success(succeeded(bindWeights(module, sources)) && hasManifest);
}

LogicalResult dlc::writePackage(ModuleOp module, const PackageInputs &inputs,
                                const SourceFiles &sources, StringRef path) {
  FailureOr<std::string> manifest = buildManifest(module);
  if (failed(manifest))
    return failure();
  FailureOr<std::vector<BoundWeight>> weights = bindWeights(module, sources);
  if (failed(weights))
    return failure();
  std::string note = buildNote(inputs.cpuFeatures);
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> linked =
      linkImage({inputs.objects, note, *manifest, static_cast<uint64_t>(getSectionSize(*weights))});
  if (!linked)
    return module.emitError() << llvm::toString(linked.takeError());
  if (llvm::Error error = writeArtifact(path, (*linked)->getBuffer(), *weights))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}
