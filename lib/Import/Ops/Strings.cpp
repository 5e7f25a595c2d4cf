// RegexFullMatch, StringConcat, StringNormalizer, StringSplit, TfIdfVectorizer.

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

static LogicalResult importRegex(OnnxNode &node) {
  if (failed(node.requireStrings(0)) || failed(node.requireAttribute("pattern")))
    return failure();
  node.results = node.createCall("regex_full_match", node.inputs, node.getParameters(),
                                 OnnxType{OnnxType::tensor, TensorProto::BOOL});
  return success();
}

/// Counts of n-grams of strings or integers.
static LogicalResult importTfIdf(OnnxNode &node) {
  bool good = node.isHandle(0) || succeeded(node.requireIntegers(0, /*allowI32=*/true, {}));
  for (StringRef name : {"max_gram_length", "max_skip_count", "min_gram_length", "mode",
                         "ngram_counts", "ngram_indexes"})
    good &= succeeded(node.requireAttribute(name));
  if (!good)
    return failure();
  node.results = node.createCall("tfidf_vectorizer", node.inputs, node.getParameters(),
                                 OnnxType{OnnxType::tensor, TensorProto::FLOAT});
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
static constexpr AttributeRow regexAttributes[] = {{"pattern", Proto::STRING}};
static constexpr AttributeRow tfIdfAttributes[] = {
    {"max_gram_length", Proto::INT}, {"max_skip_count", Proto::INT},
    {"min_gram_length", Proto::INT}, {"mode", Proto::STRING},
    {"ngram_counts", Proto::INTS},   {"ngram_indexes", Proto::INTS},
    {"pool_int64s", Proto::INTS},    {"pool_strings", Proto::STRINGS},
    {"weights", Proto::FLOATS}};
static constexpr AttributeRow stringSplitAttributes[] = {{"delimiter", Proto::STRING},
                                                         {"maxsplit", Proto::INT}};

static constexpr StringLiteral stringSplitOutputs[] = {"Z"};

static constexpr OpRow rows[] = {
    {"", "RegexFullMatch", 20, newestOpset, unaryInputs, regexAttributes, importRegex, {}, handles},
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
    {"", "TfIdfVectorizer", 9, newestOpset, unaryInputs, tfIdfAttributes, importTfIdf, {}, strings},
};

ArrayRef<OpRow> dlc::getStringRows() { return rows; }
