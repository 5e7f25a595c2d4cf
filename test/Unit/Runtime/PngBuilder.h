// Makes PNG files of every kind, sound or not, for tests.
#ifndef DLC_TEST_PNGBUILDER_H
#define DLC_TEST_PNGBUILDER_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dlc::test {

enum PngColor { pngGray = 0, pngRgb = 2, pngPalette = 3, pngGrayAlpha = 4, pngRgbAlpha = 6 };

struct PngSpec {
  uint32_t width;
  uint32_t height;
  int depth; // bits of a sample
  PngColor color;
  std::vector<std::string> rows;                           // the packed samples of each
  std::vector<std::pair<std::string, std::string>> chunks; // before the pixels: type and data
};

/// The pixels are stored, not compressed. Without rows the file has none, though it says so.
std::string buildPng(const PngSpec &spec);

} // namespace dlc::test

#endif
