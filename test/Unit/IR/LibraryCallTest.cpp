// What the functions of the op library see of ops.

#include "dlc/IR/LibraryCall.h"

#include "dlc/ABI/Op.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dlc;

namespace {

class LibraryCall : public testing::Test {
protected:
  LibraryCall()
      : handler(&context, [this](Diagnostic &diagnostic) {
          errors.push_back(diagnostic.str());
          return success();
        }) {
    context.loadDialect<DlcDialect>();
  }

  FailureOr<SmallVector<LibraryAttribute>> convert(DictionaryAttr attributes) {
    return getLibraryAttributes(attributes, [&] { return emitError(UnknownLoc::get(&context)); });
  }
  FailureOr<SmallVector<LibraryAttribute>> convert(StringRef text) {
    return convert(cast<DictionaryAttr>(parseAttribute(text, &context)));
  }

  /// "name:kind=element,element", one after the other.
  static std::string show(ArrayRef<LibraryAttribute> attributes) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (const LibraryAttribute &attribute : attributes) {
      os << attribute.name << ':' << attribute.kind << '=';
      for (ExprAttr value : attribute.ints)
        os << value.str() << ',';
      for (double value : attribute.floats)
        os << value << ',';
      for (StringRef value : attribute.strings)
        os << value << ',';
      os << ' ';
    }
    return text;
  }

  Operation *parse(StringRef ops) {
    module = parseSourceString<ModuleOp>(ops, &context);
    EXPECT_TRUE(module) << (errors.empty() ? "" : errors.back());
    return module ? &module->getBody()->back() : nullptr;
  }

  MLIRContext context;
  SmallVector<std::string> errors;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
};

TEST_F(LibraryCall, attributesOfAllForms) {
  auto converted =
      convert("{a = 7, b = -1 : i8, c = true, d = 255 : ui8, e, f = #dlc.expr<3*N + 1>, "
              "g = i64, h = i1, i = 0.5 : f32, j = \"text\"}");
  ASSERT_TRUE(succeeded(converted));
  EXPECT_EQ(
      show(*converted),
      "a:0=7, b:0=-1, c:0=1, d:0=255, e:0=1, f:0=3*N + 1, g:0=" + std::to_string(DLC_DTYPE_I64) +
          ", h:0=" + std::to_string(DLC_DTYPE_BOOL) + ", i:1=5.000000e-01, j:2=text, ");
}

TEST_F(LibraryCall, listsOfAllForms) {
  auto converted = convert("{a = [1, 2], b = array<i64: 3, 4>, c = [#dlc.expr<N>, #dlc.expr<2>], "
                           "d = [], e = [0.5, 2.0], f = array<f32: 0.25>, g = [\"x\", \"y\"]}");
  ASSERT_TRUE(succeeded(converted));
  EXPECT_EQ(show(*converted), "a:3=1,2, b:3=3,4, c:3=N,2, d:3= e:4=5.000000e-01,2.000000e+00, "
                              "f:4=2.500000e-01, g:5=x,y, ");
}

TEST_F(LibraryCall, otherAttributesAreErrors) {
  for (StringRef text : {"{x = [1, 0.5]}", "{x = [\"a\", 1]}", "{x = dense<1> : tensor<2xi64>}",
                         "{x = [[1]]}", "{x = index}", "{x = #dlc.rsqrt<1.0 : f32>}"}) {
    errors.clear();
    EXPECT_TRUE(failed(convert(text))) << text.str();
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_TRUE(
        StringRef(errors[0]).starts_with("attribute 'x' has no form that a library op reads: "))
        << errors[0];
  }
}

TEST_F(LibraryCall, enumerationsAreKeywordsAndUnitsAreOne) {
  Operation *op = parse("%0 = dlc.constant dense<1.0> : tensor<2xf32> -> <2 x f32>\n"
                        "%1 = dlc.reduce max %0 axes [0] keep_dims : (!dlc.tensor<2 x f32>) -> "
                        "!dlc.tensor<1 x f32>");
  auto converted = convert(getLibraryDictionary(op));
  ASSERT_TRUE(succeeded(converted));
  EXPECT_EQ(show(*converted), "axes:3=0, keep_dims:0=1, kind:2=max, ");
  EXPECT_EQ(getLibraryOp(op), "reduce");
  EXPECT_EQ(getLibraryOp(module->getOperation()), std::nullopt);
  EXPECT_EQ(getLibraryOp(&module->getBody()->front()), std::nullopt);
}

TEST_F(LibraryCall, absentOperandsKeepTheirPlaces) {
  Operation *op = parse("%0 = dlc.constant dense<1.0> : tensor<f32> -> <f32>\n"
                        "%1 = dlc.clip %0 high %0 : (!dlc.tensor<f32>, !dlc.tensor<f32>) -> "
                        "!dlc.tensor<f32>");
  Value input = op->getOperand(0);
  EXPECT_EQ(getLibraryOperands(op), (SmallVector<Value>{input, Value(), input}));
  EXPECT_TRUE(getLibraryDictionary(op).empty());
}

TEST_F(LibraryCall, elementsOfDenseAttributes) {
  auto bytesOf = [&](StringRef text) {
    return getDenseBytes(cast<DenseElementsAttr>(parseAttribute(text, &context)));
  };
  EXPECT_EQ(bytesOf("dense<[true, false, true]> : tensor<3xi1>"), std::string("\1\0\1", 3));
  EXPECT_EQ(bytesOf("dense<true> : tensor<3xi1>"), "\1\1\1");
  EXPECT_EQ(bytesOf("dense<0x4142> : tensor<2xi16>"), "BABA");
  for (StringRef text : {"dense<[true, false, true]> : tensor<3xi1>", "dense<5> : tensor<2x2xi8>",
                         "dense<> : tensor<0xf32>", "dense<0.5> : tensor<f64>"}) {
    auto dense = cast<DenseElementsAttr>(parseAttribute(text, &context));
    std::string bytes = getDenseBytes(dense);
    EXPECT_EQ(makeDense(cast<RankedTensorType>(dense.getType()), bytes), dense);
  }
}

} // namespace
