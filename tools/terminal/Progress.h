// What a tool is doing, on the terminal, while that takes long.
#ifndef DLC_TOOLS_PROGRESS_H
#define DLC_TOOLS_PROGRESS_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace dlc {

/// Says on standard error what a tool is doing and for how many seconds already: one line, from two
/// seconds on, that is written anew each second and goes with this object. Where standard error is
/// no terminal nothing is said: what a program reads there does not depend on time. One at a time.
class Progress {
public:
  explicit Progress(const char *tool);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// What the tool does from now on. The text must outlive this object.
  void begin(const char *step);

  /// Takes the line away, for something else that is printed while the result lives.
  [[nodiscard]] std::unique_lock<std::mutex> hide();

  /// Takes the line away, if there is one. For handlers of signals, which end the process.
  static void wipe();

private:
  void show();
  static void *loop(void *self);

  const char *const tool;
  const char *step = nullptr;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::mutex mutex; // of what follows, of `step`, and of the line
  std::condition_variable ended;
  bool ending = false;
  bool hasThread = false;
  pthread_t thread;
};

} // namespace dlc

#endif
