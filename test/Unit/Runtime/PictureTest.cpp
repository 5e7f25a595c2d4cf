// Pictures: what is read is what was written, and damaged files are refused.
#include "Picture.h"
#include "ArtifactBuilder.h"
#include "PngBuilder.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::run;
using namespace dlc::test;

static bool read(const std::string &path, std::string_view bytes, int channels, Tensor &tensor,
                 Problems &problems) {
  return inspectPicture(path, bytes, channels, tensor, problems) &&
         decodePicture(path, bytes, tensor, problems);
}

static std::string problemOf(std::string_view bytes) {
  Tensor tensor;
  Problems problems;
  EXPECT_EQ(read("a.png", bytes, 0, tensor, problems), problems.empty());
  return problems.empty() ? "" : problems.all().front();
}

static std::string encode(const std::vector<float> &values, const std::vector<int64_t> &dims) {
  std::string png;
  Problems problems;
  EXPECT_TRUE(encodePng("a.png", {DLC_F32, dims, values.data(), values.size() * 4}, png, problems));
  return png;
}

TEST(Picture, RoundsAndClamps) {
  const std::vector<float> values = {-5, 0.5f, 1.5f, 254.6f, 300, NAN, INFINITY, 127.4f};
  const std::string png = encode(values, {1, 1, 2, 4});
  Tensor tensor;
  Problems problems;
  ASSERT_TRUE(read("a.png", png, 0, tensor, problems));
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 1, 2, 4}));
  const std::vector<float> found(tensor.as<float>(), tensor.as<float>() + 8);
  EXPECT_EQ(found, (std::vector<float>{0, 0, 2, 255, 255, 0, 255, 127}));
}

TEST(Picture, KeepsChannelsAndRows) {
  std::vector<float> values;
  for (int i = 0; i < 3 * 5 * 7; ++i)
    values.push_back(static_cast<float>(i * 2));
  Tensor tensor;
  Problems problems;
  ASSERT_TRUE(read("a.png", encode(values, {1, 3, 5, 7}), 3, tensor, problems));
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 3, 5, 7}));
  EXPECT_EQ(std::vector<float>(tensor.as<float>(), tensor.as<float>() + values.size()), values);
}

TEST(Picture, RefusesTensorsThatAreNone) {
  Problems problems;
  EXPECT_TRUE(checkPicture("a.png", DLC_F32, {1, 3, 2, 2}, problems));
  EXPECT_TRUE(checkPicture("a.png", DLC_U8, {1, 1, 2, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_I64, {1, 1, 2, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_F32, {2, 3, 2, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_F32, {1, 2, 2, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_F32, {1, 3, 0, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_F32, {3, 2, 2}, problems));
  EXPECT_FALSE(checkPicture("a.png", DLC_F32, {1, 3, 1 << 20, 1 << 20}, problems));
  EXPECT_EQ(
      problems.all()[1],
      "a.png: a picture needs an output of 1 x 3 x H x W or 1 x 1 x H x W, found 2 x 3 x 2 x 2");
}

TEST(Picture, ReadsAPhoto) {
  Tensor tensor;
  Problems problems;
  ASSERT_TRUE(read("p", readWhole(DLC_TEST_PICTURE), 3, tensor, problems));
  ASSERT_EQ(tensor.dims.size(), 4u);
  EXPECT_EQ(tensor.dims[1], 3);
  EXPECT_GT(tensor.dims[2], 16);
}

/// The values that a PNG feeds, planes one after the other.
static std::vector<float> valuesOf(const PngSpec &spec, int channels) {
  Tensor tensor;
  Problems problems;
  EXPECT_TRUE(read("a.png", buildPng(spec), channels, tensor, problems)) << problems.all().front();
  const size_t count = tensor.data.size() / sizeof(float);
  return {tensor.as<float>(), tensor.as<float>() + count};
}

using Values = std::vector<float>;

TEST(Picture, BringsEveryKindToEightBitsWithoutAlpha) {
  const PngSpec gray = {2, 2, 8, pngGray, {"\x01\x02", "\x03\xff"}, {}};
  EXPECT_EQ(valuesOf(gray, 0), (Values{1, 2, 3, 255}));
  EXPECT_EQ(valuesOf(gray, 3), (Values{1, 2, 3, 255, 1, 2, 3, 255, 1, 2, 3, 255}));
  const PngSpec grayAlpha = {2, 1, 8, pngGrayAlpha, {std::string("\x05\x00\x06\x80", 4)}, {}};
  EXPECT_EQ(valuesOf(grayAlpha, 0), (Values{5, 6}));
  EXPECT_EQ(valuesOf(grayAlpha, 3), (Values{5, 6, 5, 6, 5, 6}));
  const PngSpec rgb = {1, 1, 8, pngRgb, {"\x64\xc8\x0a"}, {}};
  EXPECT_EQ(valuesOf(rgb, 0), (Values{100, 200, 10}));
  EXPECT_EQ(valuesOf(rgb, 1), (Values{(77 * 100 + 150 * 200 + 29 * 10) / 256}));
  const PngSpec rgbAlpha = {
      1, 2, 8, pngRgbAlpha, {std::string("\x01\x02\x03\x00", 4), "\x04\x05\x06\x80"}, {}};
  EXPECT_EQ(valuesOf(rgbAlpha, 0), (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(valuesOf(rgbAlpha, 3), (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(valuesOf({2, 1, 16, pngGray, {"\x12\xff\xfe\x01"}, {}}, 0), (Values{0x12, 0xfe}));
  EXPECT_EQ(valuesOf({1, 1, 16, pngRgb, {"\x01\xff\x02\xff\x03\xff"}, {}}, 0), (Values{1, 2, 3}));
  EXPECT_EQ(valuesOf({1, 1, 16, pngRgbAlpha, {"\x01\xff\x02\xff\x03\xff\x7f\xff"}, {}}, 0),
            (Values{1, 2, 3}));
  EXPECT_EQ(valuesOf({9, 1, 1, pngGray, {"\xa5\x80"}, {}}, 0),
            (Values{255, 0, 255, 0, 0, 255, 0, 255, 255}));
}

TEST(Picture, LooksColoursUpInPalettes) {
  const std::string colors("\x01\x02\x03\x0a\x14\x1e\x64\xc8\xff", 9);
  for (const PngSpec &spec :
       {PngSpec{3, 1, 8, pngPalette, {std::string("\2\0\1", 3)}, {{"PLTE", colors}}},
        PngSpec{3, 1, 4, pngPalette, {"\x20\x10"}, {{"PLTE", colors}}},
        PngSpec{3, 1, 2, pngPalette, {"\x84"}, {{"PLTE", colors}}},
        PngSpec{3, 1, 2, pngPalette, {"\x84"}, {{"PLTE", colors}, {"tRNS", "\x7f"}}}})
    EXPECT_EQ(valuesOf(spec, 0), (Values{100, 1, 10, 200, 2, 20, 255, 3, 30})) << spec.depth;
}

TEST(Picture, RefusesColoursOutsideOfThePalette) {
  const std::string colors("\x01\x02\x03\x0a\x14\x1e\x64\xc8\xff", 9);
  EXPECT_EQ(problemOf(buildPng({2, 1, 8, pngPalette, {"\2\3"}, {{"PLTE", colors}}})),
            "a.png: damaged PNG: a pixel's colour 3 in a palette of 3");
  EXPECT_EQ(
      problemOf(buildPng({2, 1, 8, pngPalette, {"\2\xff"}, {{"PLTE", colors}, {"tRNS", "\1\2"}}})),
      "a.png: damaged PNG: a pixel's colour 255 in a palette of 3");
  EXPECT_EQ(problemOf(buildPng({2, 1, 2, pngPalette, {"\xb0"}, {{"PLTE", colors}}})),
            "a.png: damaged PNG: a pixel's colour 3 in a palette of 3");
  EXPECT_EQ(problemOf(buildPng({2, 1, 1, pngPalette, {"\x40"}, {{"PLTE", colors.substr(0, 3)}}})),
            "a.png: damaged PNG: a pixel's colour 1 in a palette of 1");
  EXPECT_NE(problemOf(buildPng({2, 1, 8, pngPalette, {"\1\1"}, {}})), "");
}

TEST(Picture, ReadsDimsWithoutPixels) {
  const std::string png = buildPng({32768, 4000, 8, pngRgb, {}, {}});
  Tensor tensor;
  Problems problems;
  ASSERT_TRUE(inspectPicture("a.png", png, 0, tensor, problems));
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 3, 4000, 32768}));
  EXPECT_EQ(tensor.data.size(), 0u);
}

TEST(Picture, RefusesDamagedPngs) {
  std::vector<float> values(3 * 16 * 16);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i % 251);
  const std::string good = encode(values, {1, 3, 16, 16});
  ASSERT_EQ(problemOf(good), "");
  EXPECT_EQ(problemOf(""), "a.png: neither a PNG nor a JPEG picture");
  EXPECT_EQ(problemOf("GIF89a"), "a.png: neither a PNG nor a JPEG picture");
  for (size_t size = 0; size < good.size(); ++size)
    ASSERT_NE(problemOf(good.substr(0, size)), "") << size;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    ASSERT_NE(problemOf(bytes), "") << at;
  }
}

TEST(Picture, RefusesPicturesTooLarge) {
  // A sound header of 60000 x 60000 pixels, which would unpack to 10 GB.
  const std::string png(
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\x30\x7e\xed\xca"
      "\0\0\0\0IEND\xae\x42\x60\x82",
      45);
  EXPECT_NE(problemOf(png), "");
}

// A gray JPEG of 8 x 8 pixels: the shortest that has every segment.
static std::string smallJpeg() {
  std::string bytes("\xff\xd8\xff\xdb\0\x43\0", 7);
  bytes += std::string(64, '\1');                                                  // quantization
  bytes += std::string("\xff\xc0\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0", 13);        // frame
  const std::string codes = std::string("\x01", 1) + std::string(15, '\0') + '\0'; // code 0: 0
  bytes += std::string("\xff\xc4\0\x14\0", 5) + codes;                             // DC table
  bytes += std::string("\xff\xc4\0\x14\x10", 5) + codes;                           // AC table
  bytes += std::string("\xff\xda\0\x08\x01\x01\0\0\x3f\0", 10);                    // scan
  bytes += "\x3f";                                                                 // 00, then ones
  return bytes + "\xff\xd9";
}

TEST(Picture, ReadsAndRefusesJpegs) {
  const std::string good = smallJpeg();
  Tensor tensor;
  Problems problems;
  ASSERT_TRUE(read("a.jpg", good, 0, tensor, problems)) << problems.all().front();
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 1, 8, 8}));
  EXPECT_EQ(tensor.as<float>()[63], 128.0f);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(problemOf(good.substr(0, size)), "") << size;
  std::string crowded = good;
  const size_t table = good.find("\xff\xc4");
  crowded[table + 6] = '\x7f'; // counts of codes that come to more than the table holds
  EXPECT_EQ(problemOf(crowded), "a.png: damaged JPEG: a Huffman table is wrong");
}

TEST(Picture, SurvivesRandomBytes) {
  std::mt19937 random(3);
  const std::string jpeg = smallJpeg();
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = jpeg;
    for (int change = 0; change < 3; ++change)
      bytes[2 + random() % (bytes.size() - 2)] = static_cast<char>(random());
    (void)problemOf(bytes);
  }
}
