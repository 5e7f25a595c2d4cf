// Files that appear whole or not at all.
#ifndef DLC_RUN_OUTPUTFILE_H
#define DLC_RUN_OUTPUTFILE_H

#include "Tensor.h"

#include <string_view>

namespace dlc::run {

/// From here on SIGINT and SIGTERM remove the file being written and end the process with status
/// 130, and so does want of memory in the C++ library, with an error line and status 1.
void catchFailures();

/// Writes `parts`, one after the other, beside `path` and renames the file to it. False after a
/// report; nothing is left behind then.
[[nodiscard]] bool writeFile(const std::string &path, std::initializer_list<std::string_view> parts,
                             Problems &problems);

} // namespace dlc::run

#endif
