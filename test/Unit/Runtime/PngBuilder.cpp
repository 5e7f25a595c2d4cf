#include "PngBuilder.h"

static std::string bigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

static uint32_t crc32(const std::string &bytes) {
  uint32_t crc = 0xffffffffu;
  for (char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

static std::string chunk(const std::string &type, const std::string &data) {
  return bigEndian(static_cast<uint32_t>(data.size())) + type + data +
         bigEndian(crc32(type + data));
}

/// A zlib stream of one stored block.
static std::string store(const std::string &data) {
  const auto size = static_cast<uint16_t>(data.size());
  std::string stream = "\x78\x01\x01";
  for (uint16_t value : {size, static_cast<uint16_t>(~size)})
    stream += {static_cast<char>(value), static_cast<char>(value >> 8)};
  uint32_t low = 1, high = 0; // Adler-32
  for (char byte : data) {
    low = (low + static_cast<unsigned char>(byte)) % 65521;
    high = (high + low) % 65521;
  }
  return stream + data + bigEndian(high << 16 | low);
}

std::string dlc::test::buildPng(const PngSpec &spec) {
  const std::string header =
      bigEndian(spec.width) + bigEndian(spec.height) +
      std::string{static_cast<char>(spec.depth), static_cast<char>(spec.color), '\0', '\0', '\0'};
  std::string png = "\x89PNG\r\n\x1a\n" + chunk("IHDR", header);
  for (const auto &[type, data] : spec.chunks)
    png += chunk(type, data);
  std::string pixels;
  for (const std::string &row : spec.rows)
    pixels += '\0' + row; // no filter
  return png + chunk("IDAT", store(pixels)) + chunk("IEND", "");
}
