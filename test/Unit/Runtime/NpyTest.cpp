// .npy files: read, written, malformed.
#include "Npy.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::run;

static std::string npy(const std::string &header, const std::string &data, char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  if (version > 1)
    bytes += std::string(2, '\0');
  return bytes + header + data;
}

static std::string problemOf(const std::string &bytes) {
  Tensor tensor;
  Problems problems;
  bool read = parseNpy("a.npy", bytes, tensor, problems);
  EXPECT_EQ(read, problems.empty());
  return problems.empty() ? "" : problems.all().front();
}

TEST(Npy, ReadsWhatNumpyWrites) {
  // numpy.save of numpy.arange(6, dtype=numpy.int32).reshape(2, 3)
  const int32_t values[] = {0, 1, 2, 3, 4, 5};
  const std::string data(reinterpret_cast<const char *>(values), sizeof(values));
  for (char version : {1, 2, 3}) {
    Tensor tensor;
    Problems problems;
    ASSERT_TRUE(parseNpy(
        "a.npy",
        npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }   \n", data, version),
        tensor, problems));
    EXPECT_EQ(tensor.dtype, DLC_I32);
    EXPECT_EQ(tensor.dims, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(memcmp(tensor.data.data(), values, sizeof(values)), 0);
  }
}

TEST(Npy, ReadsScalarsVectorsAndEmptyTensors) {
  EXPECT_EQ(problemOf(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n", "a")), "");
  EXPECT_EQ(problemOf(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2,), }\n", "ab")), "");
  EXPECT_EQ(problemOf(npy("{'shape':(3,0),'fortran_order':False,\"descr\":'<f8'}", "")), "");
}

TEST(Npy, ReadsItsOwnHeaders) {
  for (int32_t dtype : {DLC_F32, DLC_U8, DLC_I8, DLC_U16, DLC_I16, DLC_I32, DLC_I64, DLC_BOOL,
                        DLC_F16, DLC_F64, DLC_U32, DLC_U64})
    for (const std::vector<int64_t> &dims :
         {std::vector<int64_t>{}, {5}, {1, 3, 4, 2}, std::vector<int64_t>(32, 1)}) {
      ASSERT_TRUE(npyHolds(dtype));
      const std::string header = npyHeader(dtype, dims);
      EXPECT_EQ(header.size() % 64, 0u);
      int64_t count = 0;
      ASSERT_TRUE(countElements(dims, count));
      Tensor tensor;
      Problems problems;
      ASSERT_TRUE(parseNpy(
          "a.npy", header + std::string(static_cast<size_t>(count) * dlc_dtype_size(dtype), '\1'),
          tensor, problems))
          << problems.all().front();
      EXPECT_EQ(tensor.dtype, dtype);
      EXPECT_EQ(tensor.dims, dims);
    }
  EXPECT_FALSE(npyHolds(DLC_BF16));
}

TEST(Npy, SaysWhatIsWrong) {
  EXPECT_EQ(problemOf("hello"), "a.npy: not a .npy file");
  EXPECT_EQ(problemOf(npy("", "", 4)), "a.npy: .npy format version 4; versions 1 to 3 are known");
  EXPECT_EQ(problemOf(npy("{'descr': '<f4'}", "")), "a.npy: the .npy header is malformed");
  EXPECT_EQ(problemOf(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "abcd")),
            "a.npy: element type '>f4' is not one that dlc-run reads");
  EXPECT_EQ(problemOf(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "abcd")),
            "a.npy: expected C order, found Fortran order");
  EXPECT_EQ(problemOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "abcd")),
            "a.npy: expected the data of 2 x 3 elements (f32), found 4 bytes");
  EXPECT_EQ(problemOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, "
                          "9223372036854775807), }",
                          "abcd")),
            "a.npy: expected the data of 9223372036854775807 x 9223372036854775807 elements (f32), "
            "found 4 bytes");
  EXPECT_EQ(problemOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "abcd")),
            "a.npy: the .npy header is malformed");
  EXPECT_EQ(problemOf(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", "\1\2")),
            "a.npy: a bool that is neither 0 nor 1");
}

TEST(Npy, SurvivesDamage) {
  const std::string good = npyHeader(DLC_F32, {2, 3}) + std::string(24, 'x');
  ASSERT_EQ(problemOf(good), "");
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(problemOf(good.substr(0, size)), "") << size;
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    (void)problemOf(bytes);
  }
}
