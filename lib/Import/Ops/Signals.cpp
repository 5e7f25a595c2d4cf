// Windows, Fourier transforms, MelWeightMatrix; Einsum, whose form is an attribute too.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

#include <numbers>

using namespace mlir;
using namespace dlc;

namespace {
/// weights[0] + weights[1] * cos(2 * pi * k / size) + weights[2] * cos(4 * pi * k / size)
struct Window {
  StringLiteral op;
  double weights[3];
};
} // namespace

static constexpr Window windows[] = {
    {"BlackmanWindow", {0.42, -0.5, 0.08}},
    {"HammingWindow", {25.0 / 46, -21.0 / 46, 0}},
    {"HannWindow", {0.5, -0.5, 0}},
};

/// Computed as f64. The size of a symmetric window is one less than the number of its elements.
static LogicalResult importWindow(OnnxNode &node) {
  bool good = succeeded(node.requireIntegers(0, /*allowI32=*/true, 0));
  FailureOr<bool> periodic = node.getFlag("periodic", true);
  Type type = node.getTypeAttribute("output_datatype", onnx::TensorProto::FLOAT);
  if (!good || failed(periodic) || !type)
    return failure();
  const Window *window =
      llvm::find_if(windows, [&](const Window &it) { return it.op == node.getOp(); });
  assert(window != std::end(windows) && "the op table names no other");
  Pieces p(node);
  Type f64 = p.builder.getF64Type();
  Value count = p.cast(node.getInput(0), p.builder.getI64Type());
  Value size = p.cast(count, f64), places = p.cast(p.range(count), f64);
  if (!*periodic)
    size = p.sub(size, p.number(size, 1));
  Value turns = p.div(p.mul(places, p.number(places, 2 * std::numbers::pi)), size);
  Value sum = p.number(turns, window->weights[0]);
  for (int64_t harmonic : {1, 2}) {
    if (window->weights[harmonic] == 0)
      continue;
    Value curve = p.cos(p.mul(turns, p.number(turns, static_cast<double>(harmonic))));
    sum = p.add(sum, p.mul(curve, p.number(turns, window->weights[harmonic])));
  }
  node.setResult(p.cast(sum, type));
  return success();
}

/// Checks the tensor of an input, which must be there, and that those behind it are integers.
static LogicalResult requireSignal(OnnxNode &node, ArrayRef<size_t> integers) {
  bool good = succeeded(node.requireElements(floatElements, 0));
  for (size_t index : integers)
    if (node.getInput(index))
      good &= succeeded(node.requireIntegers(index, /*allowI32=*/true, std::nullopt));
  return success(good);
}

/// Before opset 20 the axis is an attribute, by default 1; later an input, by default -2.
static LogicalResult importDft(OnnxNode &node) {
  bool good = succeeded(requireSignal(node, {1, 2}));
  FailureOr<bool> inverse = node.getFlag("inverse", false);
  FailureOr<bool> oneSided = node.getFlag("onesided", false);
  if (!good || failed(inverse) || failed(oneSided))
    return failure();
  Pieces p(node);
  int64_t axis = node.getOpset() < 20 ? node.getInt("axis", 1) : -2;
  node.setResult(p.call("dft", node.createOperands(), node.getElementType(0),
                        {p.parameter("axis", axis), p.parameter("inverse", int64_t(*inverse)),
                         p.parameter("onesided", int64_t(*oneSided))}));
  return success();
}

static LogicalResult importStft(OnnxNode &node) {
  bool good = succeeded(requireSignal(node, {1, 3}));
  FailureOr<bool> oneSided = node.getFlag("onesided", true);
  if (!good || failed(oneSided))
    return failure();
  Pieces p(node);
  node.setResult(p.call("stft", node.createOperands(), node.getElementType(0),
                        p.parameter("onesided", int64_t(*oneSided))));
  return success();
}

static LogicalResult importMelWeights(OnnxNode &node) {
  bool good = true;
  for (size_t index : {0, 1, 2})
    good &= succeeded(node.requireIntegers(index, /*allowI32=*/true, 0));
  for (size_t index : {3, 4})
    good &= succeeded(node.requireElements(floatElements, index));
  Type type = node.getTypeAttribute("output_datatype", onnx::TensorProto::FLOAT);
  if (!good || !type)
    return failure();
  if (!isNumber(type))
    return node.emitError()
           << "expected attribute 'output_datatype' to be a type of numbers, found " << type;
  Pieces p(node);
  node.setResult(p.call("mel_weight_matrix", node.inputs, type,
                        p.parameter("output_datatype", int64_t(getDataType(type)))));
  return success();
}

/// Terms of letters and "...", with commas between them, and perhaps a result behind "->".
static bool isEinsumEquation(StringRef equation) {
  std::string terms;
  llvm::copy_if(equation, std::back_inserter(terms), [](char c) { return c != ' '; });
  auto [operands, result] = StringRef(terms).split("->");
  if (result.contains(','))
    return false;
  for (StringRef side : {operands, result}) {
    SmallVector<StringRef> parts;
    side.split(parts, ',');
    for (StringRef part : parts) {
      auto [before, after] = part.split("...");
      if (!llvm::all_of(before, llvm::isAlpha) || !llvm::all_of(after, llvm::isAlpha))
        return false;
    }
  }
  return true;
}

static LogicalResult importEinsum(OnnxNode &node) {
  bool good = succeeded(node.requireElements(numberElements));
  good &= succeeded(node.requireAttribute("equation"));
  if (!good)
    return failure();
  StringRef equation = node.getString("equation", "");
  if (!isEinsumEquation(equation))
    return node.emitError() << "expected attribute 'equation' of terms of letters as 'ij,jk->ik', "
                               "found '"
                            << equation << "'";
  node.setResult(
      Pieces(node).call("einsum", node.inputs, node.getElementType(0), node.getParameters()));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow dftInputs17[] = {{"input"}, {"dft_length", optional}};
static constexpr InputRow dftInputs20[] = {{"input"}, {"dft_length", optional}, {"axis", optional}};
static constexpr InputRow inputsInputs[] = {{"Inputs"}};
static constexpr InputRow melInputs[] = {
    {"num_mel_bins"}, {"dft_length"}, {"sample_rate"}, {"lower_edge_hertz"}, {"upper_edge_hertz"}};
static constexpr InputRow sizeInputs[] = {{"size"}};
static constexpr InputRow stftInputs[] = {
    {"signal"}, {"frame_step"}, {"window", optional}, {"frame_length", optional}};

static constexpr AttributeRow dftAttributes17[] = {
    {"axis", Proto::INT}, {"inverse", Proto::INT}, {"onesided", Proto::INT}};
static constexpr AttributeRow dftAttributes20[] = {{"inverse", Proto::INT},
                                                   {"onesided", Proto::INT}};
static constexpr AttributeRow einsumAttributes[] = {{"equation", Proto::STRING}};
static constexpr AttributeRow melAttributes[] = {{"output_datatype", Proto::INT}};
static constexpr AttributeRow stftAttributes[] = {{"onesided", Proto::INT}};
static constexpr AttributeRow windowAttributes[] = {{"output_datatype", Proto::INT},
                                                    {"periodic", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "BlackmanWindow", 17, newestOpset, sizeInputs, windowAttributes, importWindow},
    {"", "DFT", 17, 19, dftInputs17, dftAttributes17, importDft},
    {"", "DFT", 20, newestOpset, dftInputs20, dftAttributes20, importDft},
    {"", "Einsum", 12, newestOpset, inputsInputs, einsumAttributes, importEinsum, {}, variadic},
    {"", "HammingWindow", 17, newestOpset, sizeInputs, windowAttributes, importWindow},
    {"", "HannWindow", 17, newestOpset, sizeInputs, windowAttributes, importWindow},
    {"", "MelWeightMatrix", 17, newestOpset, melInputs, melAttributes, importMelWeights},
    {"", "STFT", 17, newestOpset, stftInputs, stftAttributes, importStft},
};

ArrayRef<OpRow> dlc::getSignalRows() { return rows; }
