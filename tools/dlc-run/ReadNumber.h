// Numbers as users write them.
#ifndef DLC_RUN_READNUMBER_H
#define DLC_RUN_READNUMBER_H

#include <charconv>
#include <string_view>

namespace dlc::run {

/// Reads the whole of a text; false where it is no number of this type.
template <typename T> bool readNumber(std::string_view text, T &number) {
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size();
}

} // namespace dlc::run

#endif
