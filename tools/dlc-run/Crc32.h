// The checksum of PNG chunks and of zip members.
#ifndef DLC_RUN_CRC32_H
#define DLC_RUN_CRC32_H

#include <cstdint>
#include <string_view>

namespace dlc::run {

/// CRC-32 of ISO 3309: polynomial 0xedb88320, reflected.
uint32_t crc32(std::string_view bytes);

} // namespace dlc::run

#endif
