#include "OutputFile.h"

#include "Progress.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlc::run;

// The temporary file that exists now, for the signal handler; null where none does.
static std::atomic<const char *> temporaryFile{nullptr};

[[noreturn]] static void removeTemporaryAndExit(int status) {
  if (const char *path = temporaryFile.load())
    unlink(path);
  dlc::Progress::wipe();
  _exit(status);
}

void dlc::run::catchFailures() {
  struct sigaction action = {};
  action.sa_handler = [](int) { removeTemporaryAndExit(130); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  (void)signal(SIGXFSZ, SIG_IGN); // a file over the limit is an error of the write
  std::set_new_handler([] {
    dlc::Progress::wipe();
    (void)fputs("error: out of memory\n", stderr);
    removeTemporaryAndExit(1);
  });
}

/// Writes all of `bytes`; false with errno set.
static bool writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Writes `temporary`, gives it its name and closes it; false with errno set.
static bool writeAndRename(int descriptor, const std::string &temporary, const std::string &path,
                           std::initializer_list<std::string_view> parts) {
  bool done = true;
  for (std::string_view part : parts)
    done = done && writeAll(descriptor, part);
  // close reports late write errors, but must not hide an earlier one.
  int error = errno;
  if (close(descriptor) != 0 && done)
    return false;
  errno = error;
  return done && rename(temporary.c_str(), path.c_str()) == 0;
}

bool dlc::run::writeFile(const std::string &path, std::initializer_list<std::string_view> parts,
                         Problems &problems) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    problems.add("{}: exists and is not a regular file", path);
    return false;
  }
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  temporaryFile.store(temporary.c_str());
  int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool done = descriptor >= 0 && writeAndRename(descriptor, temporary, path, parts);
  if (!done) {
    problems.add("{}: cannot be written: {}", path, strerror(errno));
    if (descriptor >= 0)
      unlink(temporary.c_str());
  }
  temporaryFile.store(nullptr);
  return done;
}
