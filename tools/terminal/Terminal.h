// What all tools say alike.
#ifndef DLC_TOOLS_TERMINAL_H
#define DLC_TOOLS_TERMINAL_H

#include <string>
#include <string_view>

namespace dlc {

/// What --version prints.
extern const char *const versionText;

/// Whether an argument of a command line asks for help or the version.
bool isHelp(std::string_view argument);
bool isVersion(std::string_view argument);

/// `text` on one line: names come from files, and whatever would break or forge a line is shown as
/// \xNN.
std::string escape(std::string_view text);

/// The line for a command line that is wrong.
std::string getUsageLine(std::string_view problem);

} // namespace dlc

#endif
