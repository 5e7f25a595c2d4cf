#include "dlc/ABI/Artifact.h"
#include "dlc/Codegen/Codegen.h"

#include "mlir/IR/Diagnostics.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc;

namespace {
struct TargetTest : testing::Test {
  TargetTest() { context.loadDialect<DlcDialect>(); }

  FailureOr<TargetAttr> get(StringRef cpu, StringRef features = "") {
    errors.clear();
    ScopedDiagnosticHandler handler(&context,
                                    [&](Diagnostic &diagnostic) { errors += diagnostic.str(); });
    return getTarget(UnknownLoc::get(&context), cpu, features);
  }
  void expect(StringRef cpu, StringRef features, int64_t lanes, int64_t registers, bool fma) {
    FailureOr<TargetAttr> target = get(cpu, features);
    ASSERT_TRUE(succeeded(target)) << errors;
    EXPECT_EQ(target->getLanes(), lanes);
    EXPECT_EQ(target->getRegisters(), registers);
    EXPECT_EQ(target->getFma(), fma);
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::string errors;
};
} // namespace

TEST_F(TargetTest, VectorsOfCpus) {
  expect("x86-64", "", 4, 16, false);
  expect("x86-64-v2", "", 4, 16, false);
  expect("sandybridge", "", 8, 16, false);
  expect("x86-64-v3", "", 8, 16, true);
  expect("skylake-avx512", "", 16, 32, true);
  expect("znver4", "", 16, 32, true);
}

TEST_F(TargetTest, FeaturesCount) {
  expect("x86-64-v2", "+avx,+fma", 8, 16, true);
  expect("znver4", "-avx512bw", 8, 16, true);
}

TEST_F(TargetTest, BitsOfFeatures) {
  EXPECT_EQ(getCpuFeatures(*get("x86-64")), 0u);
  constexpr uint64_t v2 =
      DLC_CPU_SSE3 | DLC_CPU_SSSE3 | DLC_CPU_SSE41 | DLC_CPU_SSE42 | DLC_CPU_POPCNT;
  EXPECT_EQ(getCpuFeatures(*get("x86-64-v2")), v2);
  EXPECT_EQ(getCpuFeatures(*get("x86-64-v3")), v2 | DLC_CPU_AVX | DLC_CPU_AVX2 | DLC_CPU_BMI |
                                                   DLC_CPU_BMI2 | DLC_CPU_F16C | DLC_CPU_FMA |
                                                   DLC_CPU_LZCNT | DLC_CPU_MOVBE);
}

TEST_F(TargetTest, TheHostIsKnown) {
  FailureOr<TargetAttr> host = get("host");
  ASSERT_TRUE(succeeded(host)) << errors;
  EXPECT_EQ(host->getFma(), static_cast<bool>(__builtin_cpu_supports("fma")));
  EXPECT_EQ((getCpuFeatures(*host) & DLC_CPU_AVX512F) != 0,
            static_cast<bool>(__builtin_cpu_supports("avx512f")));
}

TEST_F(TargetTest, UnknownNames) {
  EXPECT_TRUE(failed(get("x86-64", "+soft-float")));
  EXPECT_EQ(errors, "expected a target without feature 'soft-float'");
  EXPECT_TRUE(failed(get("x86-64", "-64bit")));
  EXPECT_EQ(errors, "expected a target with feature '64bit'");
  EXPECT_TRUE(failed(get("pentium9")));
  EXPECT_EQ(errors, "expected a 64-bit x86 CPU that LLVM knows, found 'pentium9'");
  EXPECT_TRUE(failed(get("pentium4")));
  EXPECT_TRUE(failed(get("znver4", "+warp")));
  EXPECT_EQ(errors, "expected CPU features of LLVM with '+' or '-' in front, found '+warp'");
  EXPECT_TRUE(failed(get("znver4", "avx")));
}
