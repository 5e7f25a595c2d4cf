#include "ElfBuilder.h"

#include "llvm/Support/Alignment.h"

#include <cstring>

using namespace llvm;
using namespace dlc;

uint32_t StringTable::add(StringRef text) {
  uint32_t offset = data.size();
  data.append(text.data(), text.size());
  data.push_back('\0');
  return offset;
}

uint32_t ElfBuilder::add(Section section) {
  sections.push_back(std::move(section));
  return sections.size(); // the null section comes before
}

uint32_t ElfBuilder::addSymbols(StringRef name, uint32_t type, uint64_t flags,
                                ArrayRef<dlc::ELF::Sym> symbols, const StringTable &names) {
  SmallVector<dlc::ELF::Sym> table(1);
  std::memset(&table[0], 0, sizeof(table[0]));
  table.append(symbols.begin(), symbols.end());
  Section section;
  section.name = name;
  section.type = type;
  section.flags = flags;
  section.alignment = 8;
  section.contents = bytesOf<dlc::ELF::Sym>(table);
  section.link = sections.size() + 2;
  section.info = 1; // the first global symbol
  section.entrySize = sizeof(dlc::ELF::Sym);
  uint32_t index = add(std::move(section));
  Section strings;
  strings.name = type == llvm::ELF::SHT_DYNSYM ? ".dynstr" : ".strtab";
  strings.type = llvm::ELF::SHT_STRTAB;
  strings.flags = flags;
  strings.contents = names.bytes().str();
  add(std::move(strings));
  return index;
}

/// Appends `contents` to `file` at the next multiple of `alignment` and returns where.
static uint64_t append(std::string &file, StringRef contents, uint64_t alignment) {
  file.resize(alignTo(file.size(), alignment), '\0');
  uint64_t offset = file.size();
  file.append(contents.data(), contents.size());
  return offset;
}

std::string ElfBuilder::finish() {
  StringTable names;
  SmallVector<dlc::ELF::Shdr> headers(sections.size() + 2);
  std::memset(headers.data(), 0, headers.size() * sizeof(dlc::ELF::Shdr));
  std::string file(sizeof(dlc::ELF::Ehdr), '\0');
  Section nameTable;
  nameTable.name = ".shstrtab";
  nameTable.type = llvm::ELF::SHT_STRTAB;
  sections.push_back(nameTable);
  for (auto [index, section] : enumerate(sections)) {
    dlc::ELF::Shdr &header = headers[index + 1];
    header.sh_name = names.add(section.name);
    if (index + 1 == sections.size())
      section.contents = names.bytes().str();
    header.sh_type = section.type;
    header.sh_flags = section.flags;
    header.sh_offset = append(file, section.contents, section.alignment);
    header.sh_size = section.type == llvm::ELF::SHT_NOBITS ? section.size : section.contents.size();
    header.sh_link = section.link;
    header.sh_info = section.info;
    header.sh_addralign = section.alignment;
    header.sh_entsize = section.entrySize;
  }

  dlc::ELF::Ehdr header;
  std::memset(&header, 0, sizeof(header));
  std::memcpy(header.e_ident, llvm::ELF::ElfMagic, 4);
  header.e_ident[llvm::ELF::EI_CLASS] = llvm::ELF::ELFCLASS64;
  header.e_ident[llvm::ELF::EI_DATA] = llvm::ELF::ELFDATA2LSB;
  header.e_ident[llvm::ELF::EI_VERSION] = llvm::ELF::EV_CURRENT;
  header.e_type = type;
  header.e_machine = machine;
  header.e_version = llvm::ELF::EV_CURRENT;
  header.e_ehsize = sizeof(header);
  header.e_shentsize = sizeof(dlc::ELF::Shdr);
  header.e_shnum = headers.size();
  header.e_shstrndx = headers.size() - 1;
  header.e_shoff = append(file, bytesOf<dlc::ELF::Shdr>(headers), 8);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}
