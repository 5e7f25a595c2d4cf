// How the runtime reports failures: a status code as the result, and the reason as text on the
// side.
#ifndef DLC_RUNTIME_ERROR_H
#define DLC_RUNTIME_ERROR_H

#include "dlc/dlc.h"

#include <cstddef>

/// Ends the function with the status of `expression` unless it is DLC_OK.
#define DLC_RETURN_IF_ERROR(expression)                                                            \
  do {                                                                                             \
    if (dlc_status dlcStatus = (expression); dlcStatus != DLC_OK)                                  \
      return dlcStatus;                                                                            \
  } while (false)

namespace dlc::runtime {

using Status [[clang::warn_unused_result]] = dlc_status;

/// The reason of a failure. A buffer of fixed size, so that reporting that memory is short needs no
/// memory; what does not fit is cut.
class ErrorText {
public:
  const char *text() const { return buffer; }
  bool empty() const { return length == 0; }
  void clear();

  /// Adds one line and returns `status`, so that a failing function can end with `return
  /// error.fail(...)`. Control characters, which names may hold, are shown as \xNN: it stays one
  /// line.
  [[nodiscard]] dlc_status fail(dlc_status status, const char *format, ...)
      __attribute__((format(printf, 3, 4)));

private:
  /// False where the character does not fit.
  bool append(char c);

  char buffer[4096] = "";
  size_t length = 0;
};

/// The first failure of several that are all to be reported.
class FirstFailure {
public:
  void add(dlc_status status) {
    if (first == DLC_OK)
      first = status;
  }
  [[nodiscard]] dlc_status status() const { return first; }

private:
  dlc_status first = DLC_OK;
};

} // namespace dlc::runtime

#endif
