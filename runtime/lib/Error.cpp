#include "Error.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

using namespace dlc::runtime;

void ErrorText::clear() {
  length = 0;
  buffer[0] = '\0';
}

bool ErrorText::append(char c) {
  const auto code = static_cast<unsigned char>(c);
  char shown[8] = {c};
  if (code < 0x20 || code == 0x7f)
    snprintf(shown, sizeof(shown), "\\x%02x", code);
  const size_t size = strlen(shown);
  if (length + size >= sizeof(buffer))
    return false;
  memcpy(buffer + length, shown, size + 1);
  length += size;
  return true;
}

dlc_status ErrorText::fail(dlc_status status, const char *format, ...) {
  char line[sizeof(buffer)];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  if (length != 0 && length + 2 < sizeof(buffer)) {
    buffer[length++] = '\n';
    buffer[length] = '\0';
  }
  for (const char *c = line; *c && append(*c); ++c) {
  }
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
  case DLC_OP_FAILED:
    return "a node failed";
  case DLC_NO_DEVICE:
    return "no such device";
  case DLC_DEVICE_FAILED:
    return "the device failed";
  }
  return "unknown status";
}
