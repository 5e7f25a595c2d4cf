#include "Progress.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

using namespace dlc;
using std::chrono::seconds;

// Whether there is a line now; for the signal handler.
static std::atomic<bool> shown{false};

/// A terminal whose lines can be cleared.
static bool isTerminal(int descriptor) {
  const char *kind = std::getenv("TERM");
  return isatty(descriptor) && kind != nullptr && std::string_view(kind) != "dumb";
}

static void print(std::string_view text) {
  // A terminal that takes no text takes no progress.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

Progress::Progress(const char *tool) : tool(tool) {}

Progress::~Progress() {
  if (hasThread) {
    {
      std::unique_lock lock(mutex);
      ending = true;
    }
    ended.notify_one();
    pthread_join(thread, nullptr);
  }
  wipe();
}

void Progress::begin(const char *next) {
  std::unique_lock lock(mutex);
  const bool isFirst = step == nullptr;
  step = next;
  if (isFirst && isTerminal(STDERR_FILENO)) // without a thread nothing is said
    hasThread = pthread_create(&thread, nullptr, loop, this) == 0;
}

std::unique_lock<std::mutex> Progress::hide() {
  std::unique_lock lock(mutex);
  wipe();
  return lock;
}

void Progress::wipe() {
  if (shown.exchange(false))
    print("\r\033[K");
}

void Progress::show() {
  char line[80];
  const auto passed =
      std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - start).count();
  const int length = snprintf(line, sizeof(line), "\r%s: %s, %lld s\033[K", tool, step,
                              static_cast<long long>(passed));
  shown = true;
  print({line, std::min(static_cast<size_t>(length), sizeof(line) - 1)});
}

void *Progress::loop(void *self) {
  Progress &progress = *static_cast<Progress *>(self);
  std::unique_lock lock(progress.mutex);
  for (auto next = progress.start + seconds(2);
       !progress.ended.wait_until(lock, next, [&] { return progress.ending; }); next += seconds(1))
    progress.show();
  return nullptr;
}
