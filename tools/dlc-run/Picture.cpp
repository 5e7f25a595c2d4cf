#include "Picture.h"

#include "Crc32.h"
#include "Stb.h"

#include <climits>
#include <cmath>

using namespace dlc::run;

// stb_image counts bytes in int, and a picture of this size already takes 1.5 GB as f32 RGB.
static constexpr int64_t maxPixels = int64_t{1} << 27;

static constexpr std::string_view pngSignature = "\x89PNG\r\n\x1a\n";

static uint32_t readBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Of a PNG chunk: length of the data, type, data, checksum.
static constexpr size_t lengthSize = 4, typeSize = 4, crcSize = 4;

/// Checks lengths and checksums of all chunks up to IEND, which stb_image does not. Null, or what
/// is wrong.
static const char *checkPngChunks(std::string_view bytes) {
  bytes.remove_prefix(pngSignature.size());
  for (bool first = true;; first = false) {
    if (bytes.size() < lengthSize + typeSize + crcSize)
      return "truncated PNG";
    if (first && bytes.substr(lengthSize, typeSize) != "IHDR")
      return "damaged PNG: it does not begin with its header";
    const size_t covered = typeSize + size_t{readBigEndian(bytes)};
    if (covered > bytes.size() - lengthSize - crcSize)
      return "truncated PNG";
    std::string_view chunk = bytes.substr(lengthSize, covered);
    if (crc32(chunk) != readBigEndian(bytes.substr(lengthSize + covered)))
      return "damaged PNG: the checksum of a chunk is wrong";
    if (chunk == "IEND")
      return nullptr;
    bytes.remove_prefix(lengthSize + covered + crcSize);
  }
}

/// Checks one DHT segment, which holds Huffman tables one after the other: stb_image counts on at
/// most 256 codes each.
static bool checkHuffmanTables(std::string_view segment) {
  constexpr size_t headerSize = 17,
                   maxCodes = 256; // class and number, then the count of codes of each length
  while (segment.size() >= headerSize) {
    size_t numCodes = 0;
    for (char count : segment.substr(1, headerSize - 1))
      numCodes += static_cast<unsigned char>(count);
    if (numCodes > maxCodes || numCodes > segment.size() - headerSize)
      return false;
    segment.remove_prefix(headerSize + numCodes);
  }
  return segment.empty();
}

/// Goes to the next marker: behind the bytes of a scan, where `inScan`. Returns its code, or 0
/// where there is none.
static unsigned char takeJpegMarker(std::string_view &bytes, bool inScan) {
  while (bytes.size() >= 2) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto code = static_cast<unsigned char>(bytes[1]);
    if (first != 0xff && !inScan)
      return 0;
    const bool fill = first == 0xff && code == 0xff;
    const bool scanData = first != 0xff || code == 0 || (code >= 0xd0 && code <= 0xd7);
    bytes.remove_prefix(fill || first != 0xff ? 1 : 2);
    if (!fill && !(inScan && scanData))
      return code;
  }
  return 0;
}

/// Checks the segments of a JPEG file up to its end, which stb_image does not: it takes missing
/// bytes for zeros. Null, or what is wrong.
static const char *checkJpegSegments(std::string_view bytes) {
  constexpr unsigned char startOfScan = 0xda, endOfImage = 0xd9, huffmanTables = 0xc4;
  bytes.remove_prefix(2); // start of image
  bool inScan = false;
  for (;;) {
    const unsigned char code = takeJpegMarker(bytes, inScan);
    if (code == endOfImage)
      return nullptr;
    if (code == 0 || bytes.size() < 2)
      return "truncated or damaged JPEG";
    const size_t length =
        size_t{static_cast<unsigned char>(bytes[0])} << 8 | static_cast<unsigned char>(bytes[1]);
    if (length < 2 || length > bytes.size())
      return "truncated or damaged JPEG";
    if (code == huffmanTables && !checkHuffmanTables(bytes.substr(2, length - 2)))
      return "damaged JPEG: a Huffman table is wrong";
    inScan = code == startOfScan;
    bytes.remove_prefix(length);
  }
}

/// Null, or why these bytes are no sound PNG or JPEG file.
static const char *checkContainer(std::string_view bytes) {
  if (bytes.size() > static_cast<size_t>(INT_MAX))
    return "the picture's file is too large";
  if (bytes.substr(0, pngSignature.size()) == pngSignature)
    return checkPngChunks(bytes);
  if (bytes.substr(0, 2) == "\xff\xd8")
    return checkJpegSegments(bytes);
  return "neither a PNG nor a JPEG picture";
}

/// Why stb_image failed; it does not always say.
static const char *failureReason() {
  const char *reason = stbi_failure_reason();
  return reason ? reason : "unknown reason";
}

bool dlc::run::inspectPicture(const std::string &path, std::string_view bytes, int channels,
                              Tensor &tensor, Problems &problems) {
  if (const char *reason = checkContainer(bytes)) {
    problems.add("{}: {}", path, reason);
    return false;
  }
  int width = 0, height = 0, ownChannels = 0;
  if (!stbi_info_from_memory(reinterpret_cast<const stbi_uc *>(bytes.data()),
                             static_cast<int>(bytes.size()), &width, &height, &ownChannels)) {
    problems.add("{}: the picture cannot be decoded: {}", path, failureReason());
    return false;
  }
  if (width > STBI_MAX_DIMENSIONS || height > STBI_MAX_DIMENSIONS ||
      int64_t{width} * height > maxPixels) {
    problems.add("{}: a picture of {} x {} pixels is too large", path, width, height);
    return false;
  }
  if (channels == 0)
    channels = ownChannels <= 2 ? 1 : 3;
  tensor.dtype = DLC_F32;
  tensor.dims = {1, channels, height, width};
  return true;
}

namespace {
struct FreePixels {
  void operator()(stbi_uc *pixels) const { stbi_image_free(pixels); }
};
using Pixels = std::unique_ptr<stbi_uc, FreePixels>;
} // namespace

/// Decodes to 8 bits; `tensor` says what is expected. Null after a report.
static Pixels decode(const std::string &path, std::string_view bytes, int channels,
                     const Tensor &tensor, Problems &problems) {
  int width = 0, height = 0, ownChannels = 0;
  Pixels pixels(stbi_load_from_memory(reinterpret_cast<const stbi_uc *>(bytes.data()),
                                      static_cast<int>(bytes.size()), &width, &height, &ownChannels,
                                      channels));
  const bool asInspected = width == tensor.dims[3] && height == tensor.dims[2];
  if (pixels && asInspected)
    return pixels;
  problems.add("{}: the picture cannot be decoded: {}", path,
               pixels ? "its headers contradict each other" : failureReason());
  return nullptr;
}

/// Makes a gray PNG, whose pixels are the indices, of one with a palette. Returns the number of the
/// palette's colours.
static size_t showIndices(std::string &png) {
  constexpr size_t colorType = lengthSize + typeSize + 9;
  png[pngSignature.size() + colorType] = 0;
  size_t numColors = 0;
  for (size_t at = pngSignature.size();;) {
    const size_t size = readBigEndian(std::string_view(png).substr(at));
    const auto type = std::string_view(png).substr(at + lengthSize, typeSize);
    if (type == "IEND")
      return numColors;
    if (type == "PLTE")
      numColors = size / 3;
    if (type == "tRNS")
      png[at + lengthSize + 1] = 'r'; // a type that no decoder knows, and may skip
    at += lengthSize + typeSize + size + crcSize;
  }
}

/// Reports a PNG file with an index outside of its palette: stb_image looks it up in memory that
/// nobody has written.
static bool checkPaletteIndices(const std::string &path, std::string_view bytes,
                                const Tensor &tensor, Problems &problems) {
  constexpr size_t header = 8 + lengthSize + typeSize; // IHDR's data
  if (bytes.substr(0, pngSignature.size()) != pngSignature || bytes[header + 9] != 3)
    return true;
  const int depth = bytes[header + 8];
  std::string indexed(bytes);
  const size_t numColors = showIndices(indexed);
  if (numColors >= size_t{1} << depth)
    return true;
  Pixels pixels = decode(path, indexed, 1, tensor, problems);
  if (!pixels)
    return false;
  const size_t scale = 255 / ((1u << depth) - 1); // gray of less than 8 bits is stretched
  const size_t count = static_cast<size_t>(tensor.dims[2]) * static_cast<size_t>(tensor.dims[3]);
  for (size_t i = 0; i < count; ++i)
    if (pixels.get()[i] / scale >= numColors) {
      problems.add("{}: damaged PNG: a pixel's colour {} in a palette of {}", path,
                   pixels.get()[i] / scale, numColors);
      return false;
    }
  return true;
}

bool dlc::run::decodePicture(const std::string &path, std::string_view bytes, Tensor &tensor,
                             Problems &problems) {
  if (!checkPaletteIndices(path, bytes, tensor, problems))
    return false;
  const auto channels = static_cast<size_t>(tensor.dims[1]);
  Pixels pixels = decode(path, bytes, static_cast<int>(channels), tensor, problems);
  if (!pixels || !tensor.allocate(path, problems))
    return false;
  const size_t plane = static_cast<size_t>(tensor.dims[2]) * static_cast<size_t>(tensor.dims[3]);
  for (size_t c = 0; c < channels; ++c)
    for (size_t i = 0; i < plane; ++i)
      tensor.as<float>()[c * plane + i] = pixels.get()[i * channels + c];
  return true;
}

bool dlc::run::checkPicture(const std::string &path, int32_t dtype,
                            const std::vector<int64_t> &dims, Problems &problems) {
  if (dtype != DLC_F32 && dtype != DLC_U8) {
    problems.add("{}: a picture needs an output of f32 or u8, found {}", path,
                 dlc_dtype_name(dtype));
    return false;
  }
  if (dims.size() != 4 || dims[0] != 1 || (dims[1] != 1 && dims[1] != 3) || dims[2] < 1 ||
      dims[3] < 1) {
    problems.add("{}: a picture needs an output of 1 x 3 x H x W or 1 x 1 x H x W, found {}", path,
                 dimsText(dims));
    return false;
  }
  int64_t pixels = 0;
  if (__builtin_mul_overflow(dims[2], dims[3], &pixels) || pixels > maxPixels) {
    problems.add("{}: a picture of {} x {} pixels is too large", path, dims[3], dims[2]);
    return false;
  }
  return true;
}

static unsigned char toByte(float value) {
  // Written so that NaN, which compares false, becomes 0.
  return value > 0 ? static_cast<unsigned char>(std::nearbyint(std::fmin(value, 255.0f))) : 0;
}

bool dlc::run::encodePng(const std::string &path, const TensorView &tensor, std::string &png,
                         Problems &problems) {
  const auto channels = static_cast<size_t>(tensor.dims[1]);
  const auto height = static_cast<size_t>(tensor.dims[2]);
  const auto width = static_cast<size_t>(tensor.dims[3]);
  const size_t plane = width * height;
  Buffer pixels;
  if (!pixels.allocate(plane * channels)) {
    problems.add("{}: out of memory for {} bytes", path, plane * channels);
    return false;
  }
  for (size_t c = 0; c < channels; ++c)
    for (size_t i = 0; i < plane; ++i)
      pixels.data()[i * channels + c] = static_cast<char>(
          tensor.dtype == DLC_U8 ? static_cast<const unsigned char *>(tensor.data)[c * plane + i]
                                 : toByte(static_cast<const float *>(tensor.data)[c * plane + i]));
  auto append = [](void *to, void *data, int size) {
    static_cast<std::string *>(to)->append(static_cast<char *>(data), static_cast<size_t>(size));
  };
  if (!stbi_write_png_to_func(append, &png, static_cast<int>(width), static_cast<int>(height),
                              static_cast<int>(channels), pixels.data(),
                              static_cast<int>(width * channels))) {
    problems.add("{}: the picture cannot be encoded: out of memory", path);
    return false;
  }
  return true;
}
