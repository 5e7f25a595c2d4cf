// Of ai.onnx.ml: ArrayFeatureExtractor, Binarizer, Normalizer, Scaler, which arithmetic can
// express, LabelEncoder and TreeEnsemble.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// The places in the last dim that a tensor names.
static LogicalResult importFeatureExtractor(OnnxNode &node) {
  if (isStandIn(node.getInput(0)) ||
      failed(node.requireIntegers(1, /*allowI32=*/false, std::nullopt)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  if (type.hasRank() && type.getRank() == 1)
    input = p.unsqueeze(input, 0);
  node.setResult(p.gather(input, p.reshape(node.getInput(1), -1), -1));
  return success();
}

/// 1 above the threshold, else 0.
static LogicalResult importBinarizer(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Pieces p(node);
  Type elementType = node.getElementType(0), f64 = p.builder.getF64Type();
  Value x = p.cast(node.getInput(0), isFloat(elementType) ? elementType : f64);
  node.setResult(p.cast(p.less(p.number(x, node.getFloat("threshold", 0)), x), elementType));
  return success();
}

/// Each row over its largest element, the sum of magnitudes or the root of the sum of squares; rows
/// of zeros stay.
static LogicalResult importNormalizer(OnnxNode &node) {
  bool good = succeeded(node.requireElements(numberElements));
  StringRef norm = node.getString("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") {
    node.emitError() << "expected attribute 'norm' to be 'MAX', 'L1' or 'L2', found '" << norm
                     << "'";
    good = false;
  }
  if (!good)
    return failure();
  Pieces p(node);
  Value x = p.cast(node.getInput(0), p.builder.getF32Type());
  ReduceKind kind = norm == "MAX"  ? ReduceKind::max
                    : norm == "L1" ? ReduceKind::l1
                                   : ReduceKind::l2;
  Value size = p.reduce(kind, x, -1, /*keepDims=*/true);
  Value none = p.equal(size, p.number(size, 0));
  node.setResult(p.div(x, p.select(none, p.number(size, 1), size)));
  return success();
}

/// (X - offset) * scale, each of one element or one for each feature.
static LogicalResult importScaler(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Pieces p(node);
  Type f32 = p.builder.getF32Type();
  auto getVector = [&](StringRef name) -> Value {
    const onnx::AttributeProto *attribute = node.findAttribute(name);
    if (!attribute)
      return {};
    SmallVector<float> values(attribute->floats().begin(), attribute->floats().end());
    ArrayRef bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return node.createElements(static_cast<int64_t>(values.size()), f32, bytes);
  };
  Value result = p.cast(node.getInput(0), f32);
  if (Value offset = getVector("offset"))
    result = p.sub(result, offset);
  if (Value scale = getVector("scale"))
    result = p.mul(result, scale);
  node.setResult(result);
  return success();
}

//===----------------------------------------------------------------------===//
// LabelEncoder
//===----------------------------------------------------------------------===//

/// What the attribute, whatever type its elements have, holds as a tensor.
static FailureOr<Value> createList(OnnxNode &node, const onnx::AttributeProto &attribute) {
  Builder b(node.getContext());
  auto create = [&](Type type, const auto &values) -> Value {
    ArrayRef bytes(reinterpret_cast<const char *>(values.data()),
                   values.size() * sizeof(*values.data()));
    return node.createElements(static_cast<int64_t>(values.size()), type, bytes);
  };
  if (attribute.type() == Proto::TENSOR)
    return node.createTensor(attribute.t());
  if (attribute.type() == Proto::INTS)
    return create(b.getI64Type(), llvm::to_vector_of<int64_t>(attribute.ints()));
  if (attribute.type() == Proto::FLOATS)
    return create(b.getF32Type(), llvm::to_vector_of<float>(attribute.floats()));
  SmallVector<StringRef> texts(attribute.strings().begin(), attribute.strings().end());
  return node.createStrings(static_cast<int64_t>(texts.size()), texts);
}

/// The one of several attributes that the node has.
static FailureOr<Value> createOneOf(OnnxNode &node, StringRef what) {
  const NodeAttribute *found = nullptr;
  for (const NodeAttribute &attribute : node.attributes) {
    if (!attribute.name.starts_with(what))
      continue;
    if (found)
      return node.emitError() << "expected one of attributes '" << found->name << "' and '"
                              << attribute.name << "'";
    found = &attribute;
  }
  if (!found)
    return node.emitError() << "expected an attribute '" << what << "strings' or of another type";
  return createList(node, *found->value);
}

/// The value of what has no key, of one element.
static FailureOr<Value> createUnknownLabel(OnnxNode &node, const OnnxType &type) {
  Builder b(node.getContext());
  if (const onnx::AttributeProto *tensor = node.findAttribute("default_tensor"))
    return node.createTensor(tensor->t());
  if (type.isString())
    return node.createStrings({}, node.getString("default_string", "_Unused"));
  if (type.dtype == onnx::TensorProto::FLOAT)
    return node.createNumber(node.getFloat("default_float", -0.0f), b.getF32Type());
  Type elementType = convertElementType(node.getContext(), type.dtype);
  if (isa<FloatType>(elementType))
    return node.createNumber(-0.0, elementType);
  return node.createNumber(static_cast<double>(node.getInt("default_int64", -1)), elementType);
}

static LogicalResult createLabels(OnnxNode &node, Value keys, Value values) {
  OnnxType type = node.getOnnxTypeOf(values);
  FailureOr<Value> unknown = createUnknownLabel(node, type);
  if (failed(unknown) || isStandIn(node.getInput(0)))
    return failure();
  if (node.getOnnxTypeOf(keys) != node.getOnnxType(0))
    return node.emitError() << "expected keys of the input's type, "
                            << describe(node.getOnnxType(0)) << ", found "
                            << describe(node.getOnnxTypeOf(keys));
  if (node.getOnnxTypeOf(*unknown) != type)
    return node.emitError() << "expected a default of the values' type, " << describe(type)
                            << ", found " << describe(node.getOnnxTypeOf(*unknown));
  node.results =
      node.createCall("label_encoder", {node.getInput(0), keys, values, *unknown}, {}, type);
  return success();
}

static LogicalResult importLabelEncoder(OnnxNode &node) {
  FailureOr<Value> keys = createOneOf(node, "keys_"), values = createOneOf(node, "values_");
  return failed(keys) || failed(values) ? failure() : createLabels(node, *keys, *values);
}

/// Version 1: the place of a string in a list, or the string at a place.
static LogicalResult importClassEncoder(OnnxNode &node) {
  if (failed(node.requireAttribute("classes_strings")) || isStandIn(node.getInput(0)))
    return failure();
  FailureOr<Value> texts = createList(node, *node.findAttribute("classes_strings"));
  SmallVector<int64_t> places =
      llvm::to_vector(llvm::seq<int64_t>(node.findAttribute("classes_strings")->strings_size()));
  Value numbers = node.createInts(places);
  return node.isHandle(0) ? createLabels(node, *texts, numbers)
                          : createLabels(node, numbers, *texts);
}

//===----------------------------------------------------------------------===//
// TreeEnsemble
//===----------------------------------------------------------------------===//

/// Tensors among the attributes are operands of the library's function.
static LogicalResult importTreeEnsemble(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  SmallVector<Value> operands{node.getInput(0)};
  for (StringRef name : {"nodes_modes", "nodes_splits", "leaf_weights", "membership_values"}) {
    const onnx::AttributeProto *attribute = node.findAttribute(name);
    if (!attribute && name == "membership_values") {
      operands.push_back(node.createAbsent());
      continue;
    }
    FailureOr<Constant> tensor = node.getTensor(name);
    good &= succeeded(tensor);
    operands.push_back(succeeded(tensor) ? node.createConstant(*tensor) : Value());
  }
  for (StringRef name : {"leaf_targetids", "nodes_falseleafs", "nodes_falsenodeids",
                         "nodes_featureids", "nodes_trueleafs", "nodes_truenodeids", "tree_roots"})
    good &= succeeded(node.requireAttribute(name));
  if (!good || isStandIn(node.getInput(0)))
    return failure();
  llvm::erase_if(node.attributes,
                 [](const NodeAttribute &it) { return it.value->type() == Proto::TENSOR; });
  node.results =
      node.createCall("tree_ensemble", operands, node.getParameters(), node.getOnnxType(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

/// Opsets of the domain that the rows speak of.
static constexpr int64_t newest = 5;

static constexpr InputRow extractorInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow unaryInputs[] = {{"X"}};

static constexpr AttributeRow binarizerAttributes[] = {{"threshold", Proto::FLOAT}};
static constexpr AttributeRow normalizerAttributes[] = {{"norm", Proto::STRING}};
static constexpr AttributeRow scalerAttributes[] = {{"offset", Proto::FLOATS},
                                                    {"scale", Proto::FLOATS}};

static constexpr AttributeRow labelAttributes1[] = {{"classes_strings", Proto::STRINGS},
                                                    {"default_int64", Proto::INT},
                                                    {"default_string", Proto::STRING}};
static constexpr AttributeRow labelAttributes2[] = {
    {"default_float", Proto::FLOAT},   {"default_int64", Proto::INT},
    {"default_string", Proto::STRING}, {"keys_floats", Proto::FLOATS},
    {"keys_int64s", Proto::INTS},      {"keys_strings", Proto::STRINGS},
    {"values_floats", Proto::FLOATS},  {"values_int64s", Proto::INTS},
    {"values_strings", Proto::STRINGS}};
static constexpr AttributeRow labelAttributes4[] = {
    {"default_float", Proto::FLOAT},    {"default_int64", Proto::INT},
    {"default_string", Proto::STRING},  {"default_tensor", Proto::TENSOR},
    {"keys_floats", Proto::FLOATS},     {"keys_int64s", Proto::INTS},
    {"keys_strings", Proto::STRINGS},   {"keys_tensor", Proto::TENSOR},
    {"values_floats", Proto::FLOATS},   {"values_int64s", Proto::INTS},
    {"values_strings", Proto::STRINGS}, {"values_tensor", Proto::TENSOR}};
static constexpr AttributeRow treeAttributes[] = {
    {"aggregate_function", Proto::INT},  {"leaf_targetids", Proto::INTS},
    {"leaf_weights", Proto::TENSOR},     {"membership_values", Proto::TENSOR},
    {"n_targets", Proto::INT},           {"nodes_falseleafs", Proto::INTS},
    {"nodes_falsenodeids", Proto::INTS}, {"nodes_featureids", Proto::INTS},
    {"nodes_hitrates", Proto::TENSOR},   {"nodes_missing_value_tracks_true", Proto::INTS},
    {"nodes_modes", Proto::TENSOR},      {"nodes_splits", Proto::TENSOR},
    {"nodes_trueleafs", Proto::INTS},    {"nodes_truenodeids", Proto::INTS},
    {"post_transform", Proto::INT},      {"tree_roots", Proto::INTS}};

static constexpr OpRow rows[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, newest, extractorInputs, {}, importFeatureExtractor},
    {"ai.onnx.ml", "Binarizer", 1, newest, unaryInputs, binarizerAttributes, importBinarizer},
    {"ai.onnx.ml",
     "LabelEncoder",
     1,
     1,
     unaryInputs,
     labelAttributes1,
     importClassEncoder,
     {},
     strings},
    {"ai.onnx.ml",
     "LabelEncoder",
     2,
     3,
     unaryInputs,
     labelAttributes2,
     importLabelEncoder,
     {},
     strings},
    {"ai.onnx.ml",
     "LabelEncoder",
     4,
     newest,
     unaryInputs,
     labelAttributes4,
     importLabelEncoder,
     {},
     strings},
    {"ai.onnx.ml", "Normalizer", 1, newest, unaryInputs, normalizerAttributes, importNormalizer},
    {"ai.onnx.ml", "Scaler", 1, newest, unaryInputs, scalerAttributes, importScaler},
    {"ai.onnx.ml", "TreeEnsemble", 5, newest, unaryInputs, treeAttributes, importTreeEnsemble},
};

ArrayRef<OpRow> dlc::getMachineLearningRows() { return rows; }
