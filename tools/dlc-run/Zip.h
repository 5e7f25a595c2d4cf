// Zip archives: members that are stored or deflated, and smaller than 4 GiB (PKWARE's APPNOTE,
// sections 4.3 and 4.4).
#ifndef DLC_RUN_ZIP_H
#define DLC_RUN_ZIP_H

#include "Tensor.h"

#include <string_view>

namespace dlc::run {

/// As the archive's directory tells.
struct ZipMember {
  std::string_view name;
  std::string_view packed; // its bytes in the archive
  bool deflated;           // else stored
  uint32_t size;           // of its contents
  uint32_t checksum;       // of its contents: CRC-32
};

/// Reads the directory of an archive; the members point into `bytes`. False after a report.
[[nodiscard]] bool listZip(const std::string &path, std::string_view bytes,
                           std::vector<ZipMember> &members, Problems &problems);

/// Unpacks a member; its size and checksum must be what the directory tells. `source` is for
/// messages. False after a report.
[[nodiscard]] bool extractZip(const std::string &source, const ZipMember &member, Buffer &contents,
                              Problems &problems);

} // namespace dlc::run

#endif
