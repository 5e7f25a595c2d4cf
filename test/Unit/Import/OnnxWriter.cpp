#include "OnnxWriter.h"

using namespace llvm;
using namespace dlc::test;

std::string dlc::test::varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string dlc::test::number(unsigned field, uint64_t value) {
  return varint(field << 3) + varint(value);
}

std::string dlc::test::bytes(unsigned field, StringRef content) {
  return varint(field << 3 | 2) + varint(content.size()) + content.str();
}

std::string dlc::test::floatTensor(StringRef name, ArrayRef<int64_t> dims, unsigned field,
                                   StringRef data) {
  std::string out;
  for (int64_t dim : dims)
    out += number(1, dim);
  return out + number(2, 1) + bytes(8, name) + bytes(field, data);
}

static std::string floats(size_t count) {
  std::string out;
  for (size_t i = 0; i != count; ++i) {
    float value = static_cast<float>(i);
    out.append(reinterpret_cast<const char *>(&value), sizeof(value));
  }
  return out;
}

/// A ValueInfoProto: 1 x 3 x H x W of f32.
static std::string value(StringRef name) {
  std::string shape = bytes(1, number(1, 1)) + bytes(1, number(1, 3)) + bytes(1, bytes(2, "H")) +
                      bytes(1, bytes(2, "W"));
  return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, shape)));
}

std::string dlc::test::convFilter() { return floats(8 * 3 * 3 * 3); }

std::string dlc::test::convModel() {
  std::string pads = bytes(1, "pads") + number(20, 7);
  for (int i = 0; i != 4; ++i)
    pads += number(8, 1);
  std::string conv = bytes(1, "x") + bytes(1, "w") + bytes(1, "b") + bytes(2, "t") +
                     bytes(3, "conv") + bytes(4, "Conv") + bytes(5, pads);
  std::string relu = bytes(1, "t") + bytes(2, "y") + bytes(4, "Relu");
  std::string graph =
      bytes(1, conv) + bytes(1, relu) + bytes(5, floatTensor("w", {8, 3, 3, 3}, 9, convFilter())) +
      bytes(5, floatTensor("b", {8}, 4, floats(8))) + bytes(11, value("x")) + bytes(12, value("y"));
  return number(1, 8) + bytes(8, number(2, 13)) + bytes(7, graph);
}

/// A NodeProto of domain "d", from `input` to `output`.
static std::string call(StringRef function, StringRef input, StringRef output,
                        StringRef attribute) {
  return bytes(1, input) + bytes(2, output) + bytes(4, function) + bytes(7, "d") + attribute.str();
}

std::string dlc::test::functionModel() {
  std::string opsets = bytes(9, number(2, 13)) + bytes(9, bytes(1, "d") + number(2, 1));
  std::string factor =
      bytes(5, bytes(1, "k") + varint(2 << 3 | 5) + floats(2).substr(4) + number(20, 1));
  std::string reference = bytes(5, bytes(1, "alpha") + bytes(21, "k") + number(20, 1));
  std::string leaky = bytes(1, "a") + bytes(2, "b") + bytes(4, "LeakyRelu") + reference;
  std::string f = bytes(1, "f") + bytes(4, "a") + bytes(4, "e") + bytes(5, "c") + bytes(6, "k") +
                  bytes(7, leaky) + bytes(7, call("g", "b", "c", "")) + opsets + bytes(10, "d");
  std::string relu = bytes(1, "a") + bytes(2, "b") + bytes(4, "Relu");
  std::string g =
      bytes(1, "g") + bytes(4, "a") + bytes(5, "b") + bytes(7, relu) + opsets + bytes(10, "d");
  std::string graph = bytes(1, call("f", "x", "t", factor)) +
                      bytes(1, call("f", "t", "y", factor)) + bytes(11, value("x")) +
                      bytes(12, value("y"));
  return number(1, 8) + bytes(8, number(2, 13)) + bytes(8, bytes(1, "d") + number(2, 1)) +
         bytes(7, graph) + bytes(25, f) + bytes(25, g);
}
