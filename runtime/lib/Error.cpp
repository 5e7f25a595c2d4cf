#include "Error.h"

#include <cstdarg>
#include <cstdio>

using namespace dlc::runtime;

void ErrorText::clear() {
  length = 0;
  buffer[0] = '\0';
}

dlc_status ErrorText::fail(dlc_status status, const char *format, ...) {
  size_t room = sizeof(buffer) - length;
  if (length != 0 && room > 2) {
    buffer[length++] = '\n';
    --room;
  }
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(buffer + length, room, format, arguments);
  va_end(arguments);
  if (written > 0)
    length += static_cast<size_t>(written) < room ? static_cast<size_t>(written) : room - 1;
  return status;
}

const char *dlc_status_text(dlc_status status) {
  switch (status) {
  case DLC_OK:
    return "ok";
  case DLC_INVALID_ARGUMENT:
    return "invalid argument";
  case DLC_IO:
    return "file cannot be read";
  case DLC_BAD_ARTIFACT:
    return "bad artifact";
  case DLC_INCOMPATIBLE:
    return "incompatible artifact";
  case DLC_SHAPE_MISMATCH:
    return "shape mismatch";
  case DLC_TYPE_MISMATCH:
    return "type mismatch";
  case DLC_BUFFER_TOO_SMALL:
    return "buffer too small";
  case DLC_OUT_OF_MEMORY:
    return "out of memory";
  case DLC_OVERFLOW:
    return "size overflow";
  case DLC_CANCELLED:
    return "cancelled";
  case DLC_INTERNAL:
    return "internal error";
  }
  return "unknown status";
}
