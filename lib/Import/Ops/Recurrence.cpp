// GRU, LSTM, RNN: one product of all inputs, and a recurrence.

#include "ElementSets.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

namespace {
/// An activation, and what its parameters are where a node names none; nothing for those that it
/// has not.
struct ActivationRule {
  StringLiteral name;
  std::optional<float> alpha, beta;
};

enum InputIndex : size_t {
  input,
  weights,
  recurrent,
  bias,
  lengths,
  initialH,
  initialC,
  peepholes
};

/// Builds the ops of a node.
class RecurrenceImporter {
public:
  explicit RecurrenceImporter(OnnxNode &node) : node(node) {}

  LogicalResult run();

private:
  LogicalResult checkElements();
  LogicalResult readDirection();
  LogicalResult readSize();
  LogicalResult readActivations();
  Value exchange(Value value, ArrayRef<int64_t> perm) {
    return node.createLike<TransposeOp>(value, perm);
  }
  Value getState(InputIndex index) {
    Value state = node.getInput(index);
    return state && hasBatchFirst ? exchange(state, {1, 0, 2}) : state;
  }
  Value reshape(Value value, ArrayRef<int64_t> shape) {
    return node.createLike<ReshapeOp>(value, node.createInts(shape), /*allow_zero=*/false);
  }
  Value sliceBias(int64_t half);
  std::pair<Value, Value> splitBias();
  LogicalResult create();

  OnnxNode &node;
  CellKind cell;
  Direction direction;
  int64_t gates, size, directions, functions;
  bool hasBatchFirst, inputForget, linearBeforeReset;
  SmallVector<Attribute> activations;
  SmallVector<float> alphas, betas;
};
} // namespace

static constexpr ActivationRule activationRules[] = {{"Affine", 1.0f, 0.0f},
                                                     {"Elu", 1.0f, {}},
                                                     {"HardSigmoid", 0.2f, 0.5f},
                                                     {"LeakyRelu", 0.01f, {}},
                                                     {"Relu", {}, {}},
                                                     {"ScaledTanh", 1.0f, 1.0f},
                                                     {"Sigmoid", {}, {}},
                                                     {"Softplus", {}, {}},
                                                     {"Softsign", {}, {}},
                                                     {"Tanh", {}, {}},
                                                     {"ThresholdedRelu", 1.0f, {}}};

LogicalResult RecurrenceImporter::checkElements() {
  bool good = true;
  for (auto [index, value] : llvm::enumerate(node.inputs)) {
    if (!value)
      continue;
    if (isStandIn(value)) {
      good = false;
    } else if (index == lengths) {
      good &= succeeded(node.requireIntegers(index, /*allowI32=*/true, 1));
    } else if (failed(node.requireElements(floatElements, index))) {
      good = false;
    } else if (!isStandIn(node.getInput(input)) &&
               node.getElementType(index) != node.getElementType(input)) {
      node.emitError() << "expected input '" << node.getInputName(index)
                       << "' to have elements of type " << node.getElementType(input)
                       << " as input 'X', found " << node.getElementType(index);
      good = false;
    }
  }
  return success(good);
}

LogicalResult RecurrenceImporter::readDirection() {
  StringRef name = node.getString("direction", "forward");
  std::optional<Direction> known = symbolizeDirection(name);
  if (!known)
    return node.emitError() << "expected direction 'forward', 'reverse' or 'bidirectional', found '"
                            << name << "'";
  direction = *known;
  directions = direction == Direction::bidirectional ? 2 : 1;
  return success();
}

/// The size of the state is an attribute, which the shape of R says again.
LogicalResult RecurrenceImporter::readSize() {
  auto type = cast<PlannedType>(node.getInput(recurrent).getType());
  std::optional<int64_t> found;
  if (type.hasRank() && type.getRank() == 3)
    found = type.getDim(2).getConstant();
  size = node.getInt("hidden_size", found.value_or(0));
  if (found && *found != size)
    return node.emitError() << "expected input 'R' to have hidden_size (" << size
                            << ") columns, found " << type;
  constexpr int64_t largest = int64_t(1) << 31;
  if (size < 1 || size > largest)
    return node.emitError() << "expected attribute 'hidden_size' from 1 to " << largest
                            << ", found " << size;
  return success();
}

/// Parameters stand in the order of the functions that have them.
LogicalResult RecurrenceImporter::readActivations() {
  SmallVector<StringRef> names;
  if (const onnx::AttributeProto *attribute = node.findAttribute("activations"))
    for (const std::string &name : attribute->strings())
      names.push_back(name);
  static constexpr StringLiteral defaults[] = {"Sigmoid", "Tanh", "Tanh"};
  ArrayRef<StringLiteral> usual = ArrayRef(defaults).take_front(functions);
  if (cell == CellKind::rnn)
    usual = ArrayRef(defaults).drop_front(2);
  if (names.empty())
    for (int64_t i = 0; i != directions; ++i)
      names.append(usual.begin(), usual.end());
  if (static_cast<int64_t>(names.size()) != functions * directions)
    return node.emitError() << "expected " << functions * directions << " activations, found "
                            << names.size();
  auto readFloats = [&](StringRef name) {
    const onnx::AttributeProto *attribute = node.findAttribute(name);
    return attribute ? ArrayRef<float>(attribute->floats().data(), attribute->floats_size())
                     : ArrayRef<float>();
  };
  ArrayRef<float> givenAlphas = readFloats("activation_alpha");
  ArrayRef<float> givenBetas = readFloats("activation_beta");
  auto take = [](ArrayRef<float> &given, std::optional<float> usual) {
    if (!usual || given.empty())
      return usual.value_or(0);
    float value = given.front();
    given = given.drop_front();
    return value;
  };
  for (StringRef name : names) {
    const ActivationRule *rule = llvm::find_if(activationRules, [&](const ActivationRule &it) {
      return it.name.equals_insensitive(name);
    });
    if (rule == std::end(activationRules))
      return node.emitError() << "unknown activation '" << name << "'";
    activations.push_back(StringAttr::get(node.getContext(), rule->name));
    alphas.push_back(take(givenAlphas, rule->alpha));
    betas.push_back(take(givenBetas, rule->beta));
  }
  return success();
}

/// The biases of the inputs, or those of the state: D x G*H.
Value RecurrenceImporter::sliceBias(int64_t half) {
  int64_t rows = gates * size;
  return node.createLike<DynamicSliceOp>(node.getInput(bias), node.createInts(half * rows),
                                         node.createInts((half + 1) * rows), node.createInts(1),
                                         Value());
}

/// The bias of the product of all inputs, a vector, and that of the recurrence.
std::pair<Value, Value> RecurrenceImporter::splitBias() {
  if (!node.getInput(bias))
    return {};
  Value before = sliceBias(0), after = sliceBias(1);
  if (!linearBeforeReset) {
    before = node.createLike<AddOp>(before, after);
    after = Value();
  }
  return {reshape(before, -1), after};
}

LogicalResult RecurrenceImporter::create() {
  Type elementType = node.getElementType(input);
  Value x = node.getInput(input);
  if (hasBatchFirst)
    x = exchange(x, {1, 0, 2});
  Value matrix = node.createLike<FlattenOp>(node.getInput(weights), /*axis=*/uint64_t(2));
  auto [before, after] = splitBias();
  Value products = node.createLike<MatmulOp>(x, matrix, before, /*transpose_lhs=*/false,
                                             /*transpose_rhs=*/true);
  OpBuilder &builder = node.getBuilder();
  FloatAttr clip;
  if (node.findAttribute("clip"))
    clip = builder.getF32FloatAttr(node.getFloat("clip", 0));
  Type unknown = PlannedType::getUnranked(elementType);
  bool isLstm = cell == CellKind::lstm;
  auto recurrence = RecurrenceOp::create(
      builder, node.getLoc(), unknown, unknown, isLstm ? unknown : Type(), cell, direction,
      products, node.getInput(recurrent), after, node.getInput(lengths), getState(initialH),
      isLstm ? getState(initialC) : Value(), isLstm ? node.getInput(peepholes) : Value(),
      builder.getArrayAttr(activations), alphas, betas, clip, inputForget, linearBeforeReset);
  if (failed(node.finish(recurrence)))
    return failure();
  if (hasBatchFirst)
    for (auto [index, result] : llvm::enumerate(node.results))
      result = index == 0 ? exchange(result, {2, 0, 1, 3}) : exchange(result, {1, 0, 2});
  return success();
}

LogicalResult RecurrenceImporter::run() {
  StringRef op = node.getOp();
  cell = op == "RNN" ? CellKind::rnn : op == "GRU" ? CellKind::gru : CellKind::lstm;
  gates = cell == CellKind::rnn ? 1 : cell == CellKind::gru ? 3 : 4;
  functions = cell == CellKind::rnn ? 1 : cell == CellKind::gru ? 2 : 3;
  FailureOr<bool> layout = node.getFlag("layout", false);
  FailureOr<bool> forget = node.getFlag("input_forget", false);
  FailureOr<bool> linear = node.getFlag("linear_before_reset", false);
  if (failed(checkElements()) || failed(layout) || failed(forget) || failed(linear) ||
      failed(readDirection()) || failed(readSize()) || failed(readActivations()))
    return failure();
  hasBatchFirst = *layout, inputForget = *forget, linearBeforeReset = *linear;
  return create();
}

static LogicalResult importRecurrence(OnnxNode &node) { return RecurrenceImporter(node).run(); }

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputs[] = {
    {"X"}, {"W"}, {"R"}, {"B", optional}, {"sequence_lens", optional}, {"initial_h", optional}};
static constexpr InputRow lstmInputs[] = {{"X"},
                                          {"W"},
                                          {"R"},
                                          {"B", optional},
                                          {"sequence_lens", optional},
                                          {"initial_h", optional},
                                          {"initial_c", optional},
                                          {"P", optional}};

static constexpr AttributeRow rnnAttributes7[] = {
    {"activation_alpha", Proto::FLOATS}, {"activation_beta", Proto::FLOATS},
    {"activations", Proto::STRINGS},     {"clip", Proto::FLOAT},
    {"direction", Proto::STRING},        {"hidden_size", Proto::INT}};
static constexpr AttributeRow rnnAttributes14[] = {{"activation_alpha", Proto::FLOATS},
                                                   {"activation_beta", Proto::FLOATS},
                                                   {"activations", Proto::STRINGS},
                                                   {"clip", Proto::FLOAT},
                                                   {"direction", Proto::STRING},
                                                   {"hidden_size", Proto::INT},
                                                   {"layout", Proto::INT}};
static constexpr AttributeRow gruAttributes7[] = {
    {"activation_alpha", Proto::FLOATS}, {"activation_beta", Proto::FLOATS},
    {"activations", Proto::STRINGS},     {"clip", Proto::FLOAT},
    {"direction", Proto::STRING},        {"hidden_size", Proto::INT},
    {"linear_before_reset", Proto::INT}};
static constexpr AttributeRow gruAttributes14[] = {{"activation_alpha", Proto::FLOATS},
                                                   {"activation_beta", Proto::FLOATS},
                                                   {"activations", Proto::STRINGS},
                                                   {"clip", Proto::FLOAT},
                                                   {"direction", Proto::STRING},
                                                   {"hidden_size", Proto::INT},
                                                   {"layout", Proto::INT},
                                                   {"linear_before_reset", Proto::INT}};
static constexpr AttributeRow lstmAttributes7[] = {
    {"activation_alpha", Proto::FLOATS}, {"activation_beta", Proto::FLOATS},
    {"activations", Proto::STRINGS},     {"clip", Proto::FLOAT},
    {"direction", Proto::STRING},        {"hidden_size", Proto::INT},
    {"input_forget", Proto::INT}};
static constexpr AttributeRow lstmAttributes14[] = {
    {"activation_alpha", Proto::FLOATS}, {"activation_beta", Proto::FLOATS},
    {"activations", Proto::STRINGS},     {"clip", Proto::FLOAT},
    {"direction", Proto::STRING},        {"hidden_size", Proto::INT},
    {"input_forget", Proto::INT},        {"layout", Proto::INT}};

static constexpr StringLiteral outputs[] = {"Y_h"};
static constexpr StringLiteral lstmOutputs[] = {"Y_h", "Y_c"};

static constexpr OpRow rows[] = {
    {"", "GRU", oldestOpset, 13, inputs, gruAttributes7, importRecurrence, outputs, twoOutputs},
    {"", "GRU", 14, newestOpset, inputs, gruAttributes14, importRecurrence, outputs, twoOutputs},
    {"", "LSTM", oldestOpset, 13, lstmInputs, lstmAttributes7, importRecurrence, lstmOutputs,
     threeOutputs},
    {"", "LSTM", 14, newestOpset, lstmInputs, lstmAttributes14, importRecurrence, lstmOutputs,
     threeOutputs},
    {"", "RNN", oldestOpset, 13, inputs, rnnAttributes7, importRecurrence, outputs, twoOutputs},
    {"", "RNN", 14, newestOpset, inputs, rnnAttributes14, importRecurrence, outputs, twoOutputs},
};

ArrayRef<OpRow> dlc::getRecurrenceRows() { return rows; }
