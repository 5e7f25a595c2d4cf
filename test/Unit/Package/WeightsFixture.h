// Packs the weights of a module, or keeps the error of it.
#ifndef DLC_TEST_UNIT_PACKAGE_WEIGHTSFIXTURE_H
#define DLC_TEST_UNIT_PACKAGE_WEIGHTSFIXTURE_H

#include "PackageFixture.h"

#include "PackWeights.h"

#include "llvm/ADT/StringExtras.h"

class WeightsFixture : public PackageFixture {
protected:
  /// The section; nothing is written beside it.
  std::string packModule(mlir::ModuleOp module) {
    mlir::FailureOr<std::vector<dlc::BoundWeight>> weights = bindWeights(module, sources);
    EXPECT_TRUE(succeeded(weights)) << (errors.empty() ? "" : errors.front());
    if (failed(weights))
      return {};
    constexpr size_t margin = 4096;
    size_t size = getSectionSize(*weights);
    std::string section(margin + size + margin, '#');
    std::fill_n(section.begin() + margin, size, '\0');
    packWeights(*weights, section.data() + margin);
    EXPECT_EQ(section.substr(0, margin), std::string(margin, '#'));
    EXPECT_EQ(section.substr(margin + size), std::string(margin, '#'));
    section = section.substr(margin, size);
    return section;
  }

  std::string bindingError(llvm::StringRef sourceTexts, llvm::StringRef weights) {
    auto module = makeModule(sourceTexts, weights);
    EXPECT_TRUE(failed(bindWeights(*module, sources)));
    return llvm::join(errors, "\n");
  }
};

#endif
