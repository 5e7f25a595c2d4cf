// StringConcat, StringNormalizer, StringSplit.

#include "Rows.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

/// StringConcat, StringNormalizer, StringSplit.
static LogicalResult importStringOp(OnnxNode &node) {
  OnnxType strings{OnnxType::tensor, TensorProto::STRING};
  bool good = true;
  for (size_t index = 0; index < node.inputs.size(); ++index) {
    if (isStandIn(node.inputs[index]))
      return failure();
    if (node.getOnnxType(index) == strings)
      continue;
    node.emitError() << "expected input '" << node.getInputName(index) << "' to be a "
                     << describe(strings) << ", found " << describe(node.getOnnxType(index));
    good = false;
  }
  if (!good)
    return failure();
  SmallVector<OnnxType> types{strings};
  StringRef callee = node.getOp() == "StringConcat"       ? "string_concat"
                     : node.getOp() == "StringNormalizer" ? "string_normalizer"
                                                          : "string_split";
  if (callee == "string_split")
    types.push_back({OnnxType::tensor, TensorProto::INT64});
  node.results = node.createCall(callee, node.inputs, node.getParameters(), types);
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"X"}, {"Y"}};

static constexpr AttributeRow normalizerAttributes[] = {{"case_change_action", Proto::STRING},
                                                        {"is_case_sensitive", Proto::INT},
                                                        {"locale", Proto::STRING},
                                                        {"stopwords", Proto::STRINGS}};
static constexpr AttributeRow stringSplitAttributes[] = {{"delimiter", Proto::STRING},
                                                         {"maxsplit", Proto::INT}};

static constexpr StringLiteral stringSplitOutputs[] = {"Z"};

static constexpr OpRow rows[] = {
    {"", "StringConcat", 20, newestOpset, binaryInputs, {}, importStringOp, {}, handles},
    {"",
     "StringNormalizer",
     10,
     newestOpset,
     unaryInputs,
     normalizerAttributes,
     importStringOp,
     {},
     handles},
    {"", "StringSplit", 20, newestOpset, unaryInputs, stringSplitAttributes, importStringOp,
     stringSplitOutputs, twoHandles},
};

ArrayRef<OpRow> dlc::getStringRows() { return rows; }
