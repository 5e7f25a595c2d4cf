#include "Terminal.h"

using namespace dlc;

const char *const dlc::versionText = "dlc " DLC_VERSION "\n";

bool dlc::isHelp(std::string_view argument) { return argument == "--help" || argument == "-h"; }

bool dlc::isVersion(std::string_view argument) { return argument == "--version"; }

std::string dlc::escape(std::string_view text) {
  constexpr const char *digits = "0123456789abcdef";
  std::string escaped;
  for (char c : text)
    if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) {
      escaped += "\\x";
      escaped += digits[byte >> 4];
      escaped += digits[byte & 15];
    } else {
      escaped += c;
    }
  return escaped;
}

std::string dlc::getUsageLine(std::string_view problem) {
  return "error: " + escape(problem) + "; see --help\n";
}
