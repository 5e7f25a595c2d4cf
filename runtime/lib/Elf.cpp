#include "Elf.h"

#include <cstring>
#include <elf.h>

using namespace dlc::runtime;

bool dlc::runtime::slice(Bytes bytes, uint64_t offset, uint64_t size, Bytes &part) {
  if (offset > bytes.size() || size > bytes.size() - offset)
    return false;
  part = bytes.subspan(offset, size);
  return true;
}

/// Copies a T out of `bytes`, which need not be aligned for it.
template <typename T> static bool read(Bytes bytes, uint64_t offset, T &value) {
  Bytes part;
  if (!slice(bytes, offset, sizeof(T), part))
    return false;
  memcpy(&value, part.data(), sizeof(T));
  return true;
}

const char *ElfFile::open(Bytes bytes) {
  if (bytes.empty())
    return "the file is empty";
  if (bytes.size() < SELFMAG || memcmp(bytes.data(), ELFMAG, SELFMAG) != 0)
    return "not an ELF file: expected an artifact that dlc-compile has built";
  Elf64_Ehdr header;
  if (!read(bytes, 0, header))
    return "truncated within the ELF header";
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return "not a 64-bit little-endian ELF file";
  if (header.e_type != ET_DYN)
    return "not an ELF shared object";
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return "ELF program headers of unknown size";
  if (!slice(bytes, header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr), programHeaders))
    return "truncated: the ELF program headers lie outside the file";
  file = bytes;
  return nullptr;
}

uint64_t ElfFile::codeSize() const {
  uint64_t size = 0;
  for (uint64_t at = 0; at < programHeaders.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr header;
    Bytes segment;
    if (read(programHeaders, at, header) && header.p_type == PT_LOAD &&
        (header.p_flags & PF_X) != 0 && slice(file, header.p_offset, header.p_filesz, segment))
      size += segment.size();
  }
  return size;
}

bool ElfFile::findNote(const char *owner, uint32_t type, Bytes &descriptor) const {
  for (uint64_t at = 0; at < programHeaders.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr header;
    Bytes segment;
    if (read(programHeaders, at, header) && header.p_type == PT_NOTE &&
        slice(file, header.p_offset, header.p_filesz, segment) &&
        findNoteInSegment(segment, header.p_align, owner, type, descriptor))
      return true;
  }
  return false;
}

bool dlc::runtime::findNoteInSegment(Bytes segment, uint64_t alignment, const char *owner,
                                     uint32_t type, Bytes &descriptor) {
  const uint64_t step = alignment == 8 ? 8 : 4;
  auto aligned = [step](uint64_t size) { return (size + step - 1) & ~(step - 1); };
  const size_t ownerSize = strlen(owner) + 1;
  uint64_t at = 0;
  Elf64_Nhdr note;
  // The sizes are of 32 bits, so that these sums of 64 bits cannot overflow.
  while (read(segment, at, note)) {
    Bytes name;
    const uint64_t nameAt = at + sizeof(note);
    const uint64_t descriptorAt = aligned(nameAt + note.n_namesz);
    if (!slice(segment, nameAt, note.n_namesz, name) ||
        !slice(segment, descriptorAt, note.n_descsz, descriptor))
      return false;
    if (note.n_type == type && name.size() == ownerSize &&
        memcmp(name.data(), owner, ownerSize) == 0)
      return true;
    at = aligned(descriptorAt + note.n_descsz);
  }
  return false;
}
