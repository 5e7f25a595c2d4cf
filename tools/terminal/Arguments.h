// Command lines, as all tools read them.
#ifndef DLC_TOOLS_ARGUMENTS_H
#define DLC_TOOLS_ARGUMENTS_H

#include "Terminal.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dlc {

/// What the command line of every tool may say; a tool's own struct derives from this one.
struct Arguments {
  std::optional<std::string> model;
  bool help = false, version = false;
};

/// An option of the command line `Line`: its name without dashes, and where its value goes. One
/// takes no value, one is given once, one may be given again.
template <typename Line> struct OptionRow {
  std::string_view name;
  std::variant<bool Line::*, std::optional<std::string> Line::*, std::vector<std::string> Line::*>
      member;
};

/// What is wrong with `argument`, an option of this name, where there are none but the known ones:
/// says which of them may have been meant.
std::string refuseOption(const std::string &argument, std::string_view name,
                         const std::vector<std::string_view> &known);

/// Reads a command line. --option VALUE and --option=VALUE are the same, with one dash too. Returns
/// what is wrong, or an empty string; nothing is wrong with one that asks for help or the version.
template <typename Line, size_t numRows>
std::string readArguments(int argc, const char *const *argv, const OptionRow<Line> (&rows)[numRows],
                          Line &line) {
  line.help = std::any_of(argv + 1, argv + argc, isHelp);
  line.version = std::any_of(argv + 1, argv + argc, isVersion);
  for (int i = 1; i < argc && !line.help && !line.version; ++i) {
    const std::string argument = argv[i];
    if (argument.empty())
      return "an empty argument is no model";
    if (argument[0] != '-') {
      if (line.model)
        return "expected one model, found '" + *line.model + "' and '" + argument + "'";
      line.model = argument;
      continue;
    }
    const size_t equals = argument.find('=');
    const bool hasValue = equals != std::string::npos;
    const std::string shown = argument.substr(0, equals);
    const std::string name = shown.substr(shown.starts_with("--") ? 2 : 1);
    const auto *row = std::find_if(std::begin(rows), std::end(rows),
                                   [&](const auto &known) { return known.name == name; });
    if (row == std::end(rows)) {
      std::vector<std::string_view> names;
      for (const OptionRow<Line> &known : rows)
        names.push_back(known.name);
      return refuseOption(argument, name, names);
    }
    if (const auto *flag = std::get_if<bool Line::*>(&row->member)) {
      if (hasValue)
        return shown + " takes no value, found '" + argument + "'";
      line.**flag = true;
      continue;
    }
    if (!hasValue && i + 1 == argc)
      return shown + " expects a value";
    const std::string value = hasValue ? argument.substr(equals + 1) : argv[++i];
    if (const auto *list = std::get_if<std::vector<std::string> Line::*>(&row->member)) {
      (line.**list).push_back(value);
      continue;
    }
    std::optional<std::string> &once =
        line.**std::get_if<std::optional<std::string> Line::*>(&row->member);
    if (once)
      return shown + " is given twice";
    once = value;
  }
  return "";
}

} // namespace dlc

#endif
