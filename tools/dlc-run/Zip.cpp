#include "Zip.h"

#include "Crc32.h"
#include "Stb.h"

#include <climits>
#include <cstring>

using namespace dlc::run;

namespace {
/// Fields of a record at fixed places; numbers are little-endian, as the host is.
class Record {
public:
  explicit Record(std::string_view bytes) : bytes(bytes) {}
  uint16_t u16(size_t at) const { return load<uint16_t>(at); }
  uint32_t u32(size_t at) const { return load<uint32_t>(at); }

private:
  template <typename T> T load(size_t at) const {
    T value;
    memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
  }
  std::string_view bytes;
};
} // namespace

// The records' signatures, and their sizes without names, extra fields and comments.
static constexpr std::string_view endSignature = "PK\5\6", entrySignature = "PK\1\2",
                                  localSignature = "PK\3\4";
static constexpr size_t endSize = 22, entrySize = 46, localSize = 30;
static constexpr uint16_t stored = 0, deflated = 8;

/// Finds the end record, behind which a comment may stand. Null, or what is wrong.
static const char *findEnd(std::string_view bytes, size_t &end) {
  constexpr size_t maxComment = 65535;
  if (bytes.size() < endSize)
    return "not a zip archive";
  for (size_t comment = 0; comment <= maxComment && comment + endSize <= bytes.size(); ++comment) {
    end = bytes.size() - endSize - comment;
    if (bytes.substr(end, endSignature.size()) == endSignature &&
        Record(bytes.substr(end)).u16(20) == comment)
      return nullptr;
  }
  return "not a zip archive, or a truncated one";
}

/// Finds a member's bytes by its local header, which must agree with the directory. Null, or what
/// is wrong.
static const char *findPacked(std::string_view bytes, const Record &entry, ZipMember &member) {
  const size_t at = entry.u32(42), packedSize = entry.u32(20);
  if (at > bytes.size() || bytes.size() - at < localSize ||
      bytes.substr(at, localSignature.size()) != localSignature)
    return "has no local header";
  const Record local(bytes.substr(at));
  const size_t nameSize = local.u16(26), begin = at + localSize + nameSize + local.u16(28);
  if (begin > bytes.size() || packedSize > bytes.size() - begin)
    return "lies outside of the archive";
  if (bytes.substr(at + localSize, nameSize) != member.name || local.u16(8) != entry.u16(10))
    return "has another local header than the directory tells";
  member.packed = bytes.substr(begin, packedSize);
  return nullptr;
}

/// Checks what the directory tells of a member. Null, or what is wrong.
static const char *checkMember(std::string_view bytes, const Record &entry, ZipMember &member) {
  constexpr uint64_t maxRatio = 1032; // deflate: a match of 258 bytes takes 2 bits at least
  const uint16_t flags = entry.u16(8), method = entry.u16(10);
  if (flags & 1)
    return "is encrypted";
  if (method != stored && method != deflated)
    return "is packed by another method than deflate";
  if (entry.u32(20) == UINT32_MAX || entry.u32(24) == UINT32_MAX || entry.u32(42) == UINT32_MAX)
    return "has 4 GiB or more, or lies as far from the archive's beginning";
  member.deflated = method == deflated;
  member.checksum = entry.u32(16);
  member.size = entry.u32(24);
  if (const char *reason = findPacked(bytes, entry, member))
    return reason;
  // Before any memory is allocated for it: the directory may claim anything.
  const uint64_t most = member.packed.size() * (member.deflated ? maxRatio : 1);
  if (member.size > most || (!member.deflated && member.size != most))
    return "has another size than the directory tells";
  return nullptr;
}

bool dlc::run::listZip(const std::string &path, std::string_view bytes,
                       std::vector<ZipMember> &members, Problems &problems) {
  size_t end = 0;
  if (const char *reason = findEnd(bytes, end)) {
    problems.add("{}: {}", path, reason);
    return false;
  }
  const Record endRecord(bytes.substr(end));
  const size_t count = endRecord.u16(10), size = endRecord.u32(12), offset = endRecord.u32(16);
  if (offset > end || size > end - offset || endRecord.u16(8) != count) {
    problems.add("{}: the archive's directory lies outside of it, or behind 4 GiB", path);
    return false;
  }
  std::string_view directory = bytes.substr(offset, size);
  for (size_t i = 0; i < count; ++i) {
    if (directory.size() < entrySize || directory.substr(0, 4) != entrySignature) {
      problems.add("{}: the archive's directory is damaged at entry {}", path, i);
      return false;
    }
    const Record entry(directory);
    const size_t whole = entrySize + size_t{entry.u16(28)} + entry.u16(30) + entry.u16(32);
    if (whole > directory.size()) {
      problems.add("{}: the archive's directory is damaged at entry {}", path, i);
      return false;
    }
    ZipMember member = {directory.substr(entrySize, entry.u16(28)), {}, false, 0, 0};
    if (const char *reason = checkMember(bytes.substr(0, offset), entry, member)) {
      problems.add("{}: member '{}' {}", path, member.name, reason);
      return false;
    }
    members.push_back(member);
    directory.remove_prefix(whole);
  }
  return true;
}

/// Inflates a member into memory of its size. False after a report.
static bool inflate(const std::string &source, const ZipMember &member, Buffer &contents,
                    Problems &problems) {
  // stb looks ahead by so many bytes, for which PNG has a checksum behind the data.
  constexpr size_t lookAhead = 4;
  const size_t packedSize = member.packed.size() + lookAhead;
  if (member.size > INT_MAX || packedSize > INT_MAX) { // stb counts in int
    problems.add("{}: deflated data of 2 GiB or more", source);
    return false;
  }
  Buffer packed;
  if (!packed.allocate(packedSize)) {
    problems.add("{}: out of memory for {} bytes", source, packedSize);
    return false;
  }
  memcpy(packed.data(), member.packed.data(), member.packed.size());
  memset(packed.data() + member.packed.size(), 0, lookAhead);
  if (stbi_zlib_decode_noheader_buffer(contents.data(), static_cast<int>(member.size),
                                       packed.data(), static_cast<int>(packedSize)) ==
      static_cast<int>(member.size))
    return true;
  problems.add("{}: the deflated data is damaged, or not of the {} bytes that the directory tells",
               source, member.size);
  return false;
}

bool dlc::run::extractZip(const std::string &source, const ZipMember &member, Buffer &contents,
                          Problems &problems) {
  if (!contents.allocate(member.size)) {
    problems.add("{}: out of memory for {} bytes", source, member.size);
    return false;
  }
  if (!member.deflated)
    memcpy(contents.data(), member.packed.data(), member.size);
  else if (!inflate(source, member, contents, problems))
    return false;
  if (crc32({contents.data(), contents.size()}) != member.checksum) {
    problems.add("{}: the checksum is wrong", source);
    return false;
  }
  return true;
}
