// Damaged files: never a crash, always a refusal.
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <unistd.h>

using namespace dlc::test;

namespace {
/// A file that is loaded, bent and loaded again.
class DamageTest : public testing::Test {
protected:
  /// Loads the file as it stands, and reads what a session that comes of it tells.
  dlc_status load() {
    dlc_session *session = nullptr;
    char text[512];
    dlc_status status = dlc_session_load(path.c_str(), nullptr, text, sizeof(text), &session);
    EXPECT_EQ(status == DLC_OK, text[0] == '\0');
    if (status == DLC_OK)
      readAll(session);
    dlc_session_release(session);
    return status;
  }

  void write(const std::string &bytes) { path = folder.write("model.so", bytes); }

  void poke(size_t at, char value) {
    int file = open(path.c_str(), O_WRONLY);
    ASSERT_EQ(pwrite(file, &value, 1, static_cast<off_t>(at)), 1);
    close(file);
  }

  TemporaryFolder folder;
  std::string path;

private:
  /// Reads all that the session tells.
  static void readAll(dlc_session *session) {
    dlc_session_info info = {};
    info.struct_size = sizeof(info);
    ASSERT_EQ(dlc_session_describe(session, &info), DLC_OK);
    size_t length = strlen(info.model) + strlen(info.compiler) + strlen(info.target);
    for (bool input : {true, false})
      for (uint32_t i = 0; i < (input ? info.num_inputs : info.num_outputs); ++i) {
        dlc_tensor_info tensor = {};
        tensor.struct_size = sizeof(tensor);
        ASSERT_EQ((input ? dlc_session_input : dlc_session_output)(session, i, &tensor), DLC_OK);
        length += strlen(tensor.name);
        for (uint32_t d = 0; d < tensor.rank; ++d) {
          EXPECT_GE(tensor.dims[d], -1);
          length += strlen(tensor.dim_texts[d]);
        }
      }
    for (uint32_t i = 0; i < info.num_symbols; ++i) {
      dlc_symbol_info symbol = {};
      symbol.struct_size = sizeof(symbol);
      ASSERT_EQ(dlc_session_symbol(session, i, &symbol), DLC_OK);
      EXPECT_LE(symbol.min, symbol.max);
      length += strlen(symbol.name);
    }
    EXPECT_LT(length, size_t{1} << 20);
  }
};
} // namespace

TEST_F(DamageTest, EveryChangedByteIsFound) {
  const Artifact artifact = buildArtifact();
  write(artifact.bytes);
  ASSERT_EQ(load(), DLC_OK);
  for (size_t at = 0; at < artifact.bytes.size(); ++at) {
    poke(at, static_cast<char>(artifact.bytes[at] ^ (1 << at % 8)));
    ASSERT_NE(load(), DLC_OK) << "byte " << at;
    poke(at, artifact.bytes[at]);
  }
  EXPECT_EQ(load(), DLC_OK);
}

TEST_F(DamageTest, EveryChangedBitOfTheHeadersIsFound) {
  const Artifact artifact = buildArtifact();
  write(artifact.bytes);
  Elf64_Ehdr header;
  memcpy(&header, artifact.bytes.data(), sizeof(header));
  auto flipAll = [&](size_t begin, size_t size) {
    for (size_t at = begin; at != begin + size; ++at) {
      for (int bit = 0; bit != 8; ++bit) {
        poke(at, static_cast<char>(artifact.bytes[at] ^ (1 << bit)));
        ASSERT_NE(load(), DLC_OK) << "byte " << at << ", bit " << bit;
      }
      poke(at, artifact.bytes[at]);
    }
  };
  flipAll(0, sizeof(header));
  flipAll(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
  flipAll(artifact.noteOffset - sizeof(DLC_NOTE_NAME) - sizeof(Elf64_Nhdr),
          sizeof(Elf64_Nhdr) + sizeof(DLC_NOTE_NAME) + sizeof(dlc_note));
  flipAll(artifact.manifestOffset, sizeof(dlc_manifest));
  EXPECT_EQ(load(), DLC_OK);
}

TEST_F(DamageTest, EveryTruncationIsFound) {
  const Artifact artifact = buildArtifact();
  write(artifact.bytes);
  for (size_t size = (artifact.bytes.size() - 1) / 64 * 64;; size -= 64) {
    ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(size)), 0);
    ASSERT_EQ(load(), DLC_BAD_ARTIFACT) << size << " bytes";
    if (size == 0)
      break;
  }
  write(artifact.bytes + '\0');
  EXPECT_EQ(load(), DLC_BAD_ARTIFACT) << "a longer file";
}

// Behind a right hash: what a faulty packager could write. The manifest's reader must hold on its
// own.
TEST_F(DamageTest, AnyManifestIsReadSafely) {
  const Artifact artifact = buildArtifact();
  size_t refused = 0;
  for (size_t at = 0; at < artifact.manifestSize; ++at)
    for (int flip : {0x01, 0x80, 0xff}) {
      Artifact changed = artifact;
      changed.bytes[artifact.manifestOffset + at] ^= static_cast<char>(flip);
      changed.seal();
      write(changed.bytes);
      refused += load() != DLC_OK;
    }
  // Most changes hit strings, which may be anything.
  EXPECT_GT(refused, artifact.manifestSize / 2);
}

TEST_F(DamageTest, AnyNoteIsReadSafely) {
  const Artifact artifact = buildArtifact();
  for (size_t at = 0; at < offsetof(dlc_note, code_hash); ++at)
    for (int flip : {0x01, 0x10, 0x80, 0xff}) {
      Artifact changed = artifact;
      changed.bytes[artifact.noteOffset + at] ^= static_cast<char>(flip);
      changed.seal();
      write(changed.bytes);
      // Sound may be: a larger note, CPU features that this CPU has, and a manifest with more
      // behind it.
      const bool mayBeSound =
          at < sizeof(uint32_t) ||
          (at >= offsetof(dlc_note, cpu_features) && at < offsetof(dlc_note, manifest_offset)) ||
          (at >= offsetof(dlc_note, manifest_size) && at < offsetof(dlc_note, weights_offset));
      dlc_status status = load();
      EXPECT_TRUE(mayBeSound || status != DLC_OK) << "byte " << at << " ^ " << flip;
    }
}

TEST_F(DamageTest, RandomBytesAreRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random() % 2000, '\0');
    for (char &byte : bytes)
      byte = static_cast<char>(random());
    const char magic[] = "\x7f"
                         "ELF\x02\x01\x01";
    if (i % 2 && bytes.size() > 64) {
      memcpy(bytes.data(), magic, 7);
      bytes[16] = 3; // ET_DYN
      bytes[17] = 0;
      bytes[54] = 56; // e_phentsize
      bytes[55] = 0;
      bytes[32] = 64; // e_phoff, low byte; the rest is zero
      memset(bytes.data() + 33, 0, 7);
      bytes[56] = static_cast<char>(random() % 20);
      bytes[57] = 0;
    }
    write(bytes);
    ASSERT_EQ(load(), DLC_BAD_ARTIFACT);
  }
}
