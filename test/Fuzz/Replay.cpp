// Runs a fuzzer's function without libFuzzer: on each file of a corpus, and on files with a few
// bytes changed.
//
//     ImportFuzzer [--mutants=200] [--first=0] [--seconds=60] path...
//
// A number gives one mutant: by the same corpus, one that fails fails again. What fails ends the
// process; its name is the last line.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static constexpr unsigned limitSeconds = 60;
static char current[4096]; ///< what is being run

static void reportFailure(int signal) {
  const char *text = signal == SIGALRM ? "takes too long: " : "failed: ";
  (void)!write(STDERR_FILENO, text, strlen(text));
  (void)!write(STDERR_FILENO, current, strlen(current));
  (void)!write(STDERR_FILENO, "\n", 1);
  _exit(1);
}

static void runOne(const std::string &name, const std::string &bytes) {
  snprintf(current, sizeof(current), "%s", name.c_str());
  alarm(limitSeconds);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  alarm(0);
}

/// One to three changes: of a bit, of a byte, a piece taken out, doubled, or taken from another
/// file.
static std::string mutate(const std::vector<std::string> &corpus, uint32_t number) {
  // Lengths, tags and dims that parsers get wrong: zero, one, the most of 7 bits, continued and
  // negative varints.
  static constexpr unsigned char bytes[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xfe, 0xff};
  std::mt19937 random(number);
  auto below = [&](size_t end) { return random() % std::max<size_t>(end, 1); };
  std::string data = corpus[below(corpus.size())];
  for (size_t change = 0, count = 1 + below(3); change != count; ++change) {
    size_t at = below(data.size() + 1), size = std::min(1 + below(8), data.size() - at);
    const std::string &other = corpus[below(corpus.size())];
    switch (below(6)) {
    case 0:
    case 1:
      if (at < data.size())
        data[at] = static_cast<char>(data[at] ^ (1 << below(8)));
      break;
    case 2:
      if (at < data.size())
        data[at] = static_cast<char>(bytes[below(std::size(bytes))]);
      break;
    case 3:
      data.erase(at, size);
      break;
    case 4:
      data.insert(at, std::string(data, at, size));
      break;
    default:
      data.replace(at, size, other, below(other.size()), size);
    }
  }
  return data;
}

int main(int argc, char **argv) {
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
    std::signal(signal, reportFailure);
  uint32_t mutants = 0, first = 0;
  double seconds = 1e9;
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i != argc; ++i) {
    const char *value = strchr(argv[i], '=');
    if (strncmp(argv[i], "--mutants=", 10) == 0)
      mutants = static_cast<uint32_t>(atoi(value + 1));
    else if (strncmp(argv[i], "--first=", 8) == 0)
      first = static_cast<uint32_t>(atoi(value + 1));
    else if (strncmp(argv[i], "--seconds=", 10) == 0)
      seconds = atof(value + 1);
    else if (std::filesystem::is_directory(argv[i]))
      for (const auto &entry : std::filesystem::recursive_directory_iterator(argv[i]))
        paths.push_back(entry.path());
    else
      paths.emplace_back(argv[i]);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto &path : paths) {
    if (!std::filesystem::is_regular_file(path))
      continue; // a folder in a folder
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    runOne(path.string(), corpus.back());
  }
  if (corpus.empty())
    return fprintf(stderr, "expected a corpus\n"), 1;
  auto start = std::chrono::steady_clock::now();
  uint32_t done = 0;
  while (done != mutants &&
         std::chrono::steady_clock::now() - start < std::chrono::duration<double>(seconds)) {
    uint32_t number = first + done++;
    runOne("mutant " + std::to_string(number), mutate(corpus, number));
  }
  printf("%zu files and %u mutants pass\n", corpus.size(), done);
  return 0;
}
