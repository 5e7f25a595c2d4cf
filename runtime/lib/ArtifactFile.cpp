#include "ArtifactFile.h"

#include "CpuFeatures.h"

#include "dlc/ABI/Program.h"

#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace dlc::runtime;

MappedFile::~MappedFile() {
  if (!contents.empty())
    munmap(const_cast<unsigned char *>(contents.data()), contents.size());
}

/// Maps the file of an open descriptor.
static Status mapDescriptor(int descriptor, Bytes &contents, ErrorText &error) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return error.fail(DLC_IO, "cannot be read: %s", strerror(errno));
  if (!S_ISREG(status.st_mode))
    return error.fail(DLC_IO, "not a regular file");
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0)
    return DLC_OK;
  void *address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED)
    return error.fail(errno == ENOMEM ? DLC_OUT_OF_MEMORY : DLC_IO, "cannot be mapped: %s",
                      strerror(errno));
  contents = Bytes(static_cast<const unsigned char *>(address), size);
  return DLC_OK;
}

Status MappedFile::open(const char *path, ErrorText &error) {
  // O_NONBLOCK: a pipe must be refused, not waited for.
  int descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return error.fail(DLC_IO, "cannot be opened: %s", strerror(errno));
  dlc_status status = mapDescriptor(descriptor, contents, error);
  close(descriptor);
  return status;
}

/// Whether XXH3-128 in canonical byte order of a hash state equals `expected`.
static bool hashEquals(XXH128_hash_t hash, const uint8_t (&expected)[16]) {
  XXH128_canonical_t canonical;
  static_assert(sizeof(canonical) == sizeof(expected));
  XXH128_canonicalFromHash(&canonical, hash);
  return memcmp(&canonical, expected, sizeof(canonical)) == 0;
}

/// Hashes `code` with the two hash fields of the note at `noteOffset` taken as zero bytes.
static XXH128_hash_t hashCode(Bytes code, size_t noteOffset) {
  static constexpr unsigned char
      zeros[sizeof(dlc_note::code_hash) + sizeof(dlc_note::weights_hash)] = {};
  static_assert(offsetof(dlc_note, weights_hash) ==
                offsetof(dlc_note, code_hash) + sizeof(dlc_note::code_hash));
  const size_t begin = noteOffset + offsetof(dlc_note, code_hash);
  const size_t end = begin + sizeof(zeros);
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, code.data(), begin);
  XXH3_128bits_update(&state, zeros, sizeof(zeros));
  XXH3_128bits_update(&state, code.data() + end, code.size() - end);
  return XXH3_128bits_digest(&state);
}

/// Finds the note and checks what must be known to understand the rest of it.
static Status readNote(Bytes file, dlc_note &note, size_t &noteOffset, ErrorText &error) {
  ElfFile elf;
  if (const char *reason = elf.open(file))
    return error.fail(DLC_BAD_ARTIFACT, "%s", reason);
  Bytes descriptor;
  if (!elf.findNote(DLC_NOTE_NAME, DLC_NOTE_TYPE, descriptor))
    return error.fail(DLC_BAD_ARTIFACT,
                      "a shared object, but not one that dlc built (no dlc note)");
  if (descriptor.size() < offsetof(dlc_note, abi_version) + sizeof(note.abi_version))
    return error.fail(DLC_BAD_ARTIFACT, "its dlc note is too small");
  memset(&note, 0, sizeof(note));
  memcpy(&note, descriptor.data(),
         descriptor.size() < sizeof(note) ? descriptor.size() : sizeof(note));
  if (note.format_version != DLC_FORMAT_VERSION)
    return error.fail(
        DLC_INCOMPATIBLE,
        "artifact format version %u; this runtime reads version %u: compile the model again",
        note.format_version, DLC_FORMAT_VERSION);
  if (note.abi_version != DLC_ABI_VERSION)
    return error.fail(DLC_INCOMPATIBLE,
                      "ABI version %u; this runtime speaks version %u: compile the model again",
                      note.abi_version, DLC_ABI_VERSION);
  if (descriptor.size() < sizeof(note) || note.struct_size < sizeof(note))
    return error.fail(DLC_BAD_ARTIFACT, "its dlc note is too small");
  noteOffset = static_cast<size_t>(descriptor.data() - file.data());
  return DLC_OK;
}

static Status checkHost(const dlc_note &note, ErrorText &error) {
  if (note.machine != EM_X86_64)
    return error.fail(DLC_INCOMPATIBLE, "built for machine %u of ELF; this is x86-64, %u",
                      note.machine, EM_X86_64);
  if (const char *feature = missingCpuFeature(note.cpu_features, hostCpuFeatures()))
    return error.fail(DLC_INCOMPATIBLE, "needs a CPU with %s, which this one lacks", feature);
  return DLC_OK;
}

Status dlc::runtime::checkArtifact(Bytes file, uint32_t verifyWeights, ArtifactParts &parts,
                                   ErrorText &error) {
  constexpr uint64_t smallWeights = uint64_t{16} << 20;
  dlc_note &note = parts.note;
  size_t noteOffset = 0;
  DLC_RETURN_IF_ERROR(readNote(file, note, noteOffset, error));
  if (!slice(file, note.weights_offset, note.weights_size, parts.weights) ||
      note.weights_offset + note.weights_size != file.size())
    return error.fail(DLC_BAD_ARTIFACT,
                      "truncated or damaged: the file has %zu bytes, its note says %llu + %llu",
                      file.size(), static_cast<unsigned long long>(note.weights_offset),
                      static_cast<unsigned long long>(note.weights_size));
  Bytes code = file.first(note.weights_offset);
  if (noteOffset + sizeof(note) > code.size())
    return error.fail(DLC_BAD_ARTIFACT, "damaged: its dlc note lies within the weights");
  if (!slice(code, note.manifest_offset, note.manifest_size, parts.manifest))
    return error.fail(DLC_BAD_ARTIFACT, "damaged: the manifest lies outside the file");
  if (!hashEquals(hashCode(code, noteOffset), note.code_hash))
    return error.fail(DLC_BAD_ARTIFACT,
                      "damaged: the code's hash differs from the one in its note");
  const bool hashWeights = verifyWeights == DLC_VERIFY_ALWAYS ||
                           (verifyWeights == DLC_VERIFY_SMALL && note.weights_size <= smallWeights);
  if (hashWeights &&
      !hashEquals(XXH3_128bits(parts.weights.data(), parts.weights.size()), note.weights_hash))
    return error.fail(DLC_BAD_ARTIFACT,
                      "damaged: the weights' hash differs from the one in its note");
  return checkHost(note, error);
}
