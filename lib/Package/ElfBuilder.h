// Writes small ELF files that consist of sections: the linker's inputs beside the compiled objects.
#ifndef DLC_LIB_PACKAGE_ELFBUILDER_H
#define DLC_LIB_PACKAGE_ELFBUILDER_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Object/ELFTypes.h"

#include <string>

namespace dlc {

using ELF = llvm::object::ELF64LE;

/// Strings that end in '\0', addressed by offset; the first is empty.
class StringTable {
public:
  uint32_t add(llvm::StringRef text);
  llvm::StringRef bytes() const { return data; }

private:
  std::string data = std::string(1, '\0');
};

class ElfBuilder {
public:
  /// `type` is ET_REL or ET_DYN.
  ElfBuilder(uint16_t type, uint16_t machine) : type(type), machine(machine) {}

  struct Section {
    llvm::StringRef name;
    uint32_t type = llvm::ELF::SHT_PROGBITS;
    uint64_t flags = 0;
    uint64_t alignment = 1;
    std::string contents = {};
    uint64_t size = 0; // of SHT_NOBITS, which has no contents
    uint32_t link = 0;
    uint32_t info = 0;
    uint64_t entrySize = 0;
  };

  /// Returns the section's index.
  uint32_t add(Section section);

  /// Adds a table of `symbols`, all of them global, and its string table; returns its index. The
  /// string table follows it.
  uint32_t addSymbols(llvm::StringRef name, uint32_t type, uint64_t flags,
                      llvm::ArrayRef<ELF::Sym> symbols, const StringTable &names);

  /// The file.
  std::string finish();

private:
  uint16_t type;
  uint16_t machine;
  llvm::SmallVector<Section> sections;
};

/// The bytes of a plain struct or of an array of them.
template <typename T> std::string bytesOf(llvm::ArrayRef<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

} // namespace dlc

#endif
