// Conv, ConvTranspose.

#include "ElementSets.h"
#include "Rows.h"
#include "Window.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

/// How many spatial dims there are as the input or an attribute with numbers for each of them
/// tells; 0 where only the graph phase will know.
static size_t getSpatialRank(OnnxNode &node) {
  if (auto input = dyn_cast<PlannedType>(node.getInput(0).getType());
      input && input.hasRank() && input.getRank() > 2)
    return input.getRank() - 2;
  for (StringRef name : {"strides", "dilations", "output_padding"})
    if (size_t count = node.getInts(name, {}).size())
      return count;
  return node.getInts("pads", {}).size() / 2;
}

/// The spatial dims of the filter: those that it has, or that the attribute states; 0 where only
/// the graph phase will find one, none where it will find how many there are. Failure without an
/// error where they are unknown since an earlier node failed.
static FailureOr<SmallVector<int64_t>> getKernel(OnnxNode &node) {
  Value filter = node.getInput(1);
  if (isStandIn(filter))
    return failure();
  auto type = cast<PlannedType>(filter.getType());
  SmallVector<int64_t> stated = node.getInts("kernel_shape", {});
  if (!type.hasRank())
    return stated.empty() ? SmallVector<int64_t>(getSpatialRank(node), 0) : stated;
  if (type.getRank() < 3)
    return node.emitError() << "expected a filter of rank 3 or more, found rank " << type.getRank();
  SmallVector<int64_t> kernel = llvm::map_to_vector(
      type.getDims().drop_front(2), [](ExprAttr dim) { return dim.getConstant().value_or(0); });
  if (stated.empty())
    return kernel;
  bool fits = stated.size() == kernel.size();
  for (auto [size, dim] : llvm::zip(stated, kernel))
    fits &= dim == 0 || dim == size;
  if (!fits)
    return node.emitError() << "expected kernel_shape [" << stated << "] to be the filter's ["
                            << kernel << "]";
  return stated;
}

static FailureOr<int64_t> getGroup(OnnxNode &node) {
  int64_t group = node.getInt("group", 1);
  if (group < 1)
    return node.emitError() << "expected attribute 'group' to be positive, found " << group;
  return group;
}

LogicalResult dlc::importConv(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  FailureOr<int64_t> group = getGroup(node);
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node);
  if (failed(kernel))
    return failure();
  FailureOr<Window> window = getWindow(node, *kernel);
  if (!good || failed(group) || failed(window))
    return failure();
  return node.createOp<ConvOp>(node.getElementType(0), padInput(node, *window, 0), node.getInput(1),
                               node.getInput(2), window->strides, window->pads, window->dilations,
                               static_cast<uint64_t>(*group));
}

/// Of auto_pad, whose meaning is another one than Conv's: pads are chosen so that a dim becomes
/// `stride` times as long, the odd one first for SAME_LOWER.
static FailureOr<ConvTransposePads> getTransposePads(OnnxNode &node) {
  return llvm::StringSwitch<FailureOr<ConvTransposePads>>(node.getString("auto_pad", "NOTSET"))
      .Cases({"NOTSET", "VALID"}, ConvTransposePads::given)
      .Case("SAME_UPPER", ConvTransposePads::same_upper)
      .Case("SAME_LOWER", ConvTransposePads::same_lower)
      .Default(failure());
}

static LogicalResult importConvTranspose(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  FailureOr<int64_t> group = getGroup(node);
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node);
  if (failed(kernel))
    return failure();
  SmallVector<int64_t> shape = node.getInts("output_shape", {});
  size_t spatial = kernel->empty() ? shape.size() : kernel->size();
  auto getList = [&](StringRef name, int64_t absent, size_t size) {
    SmallVector<int64_t> list = node.getInts(name, SmallVector<int64_t>(size, absent));
    good &= succeeded(requireSize(node, name, list, size));
    return list;
  };
  SmallVector<int64_t> strides = getList("strides", 1, spatial),
                       pads = getList("pads", 0, 2 * spatial);
  SmallVector<int64_t> dilations = getList("dilations", 1, spatial);
  SmallVector<int64_t> outputPads = getList("output_padding", 0, spatial);
  if (shape.size() == spatial + 2) // some exporters write the whole shape
    shape.erase(shape.begin(), shape.begin() + 2);
  if (!shape.empty())
    good &= succeeded(requireSize(node, "output_shape", shape, spatial));
  FailureOr<ConvTransposePads> mode = getTransposePads(node);
  if (failed(mode))
    return node.emitError() << "expected auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, "
                               "found '"
                            << node.getString("auto_pad", "NOTSET") << "'";
  if (!good || failed(group))
    return failure();
  return node.createOp<ConvTransposeOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                        node.getInput(2), strides, pads, dilations, outputPads,
                                        shape, *mode, static_cast<uint64_t>(*group));
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow convInputs[] = {{"X"}, {"W"}, {"B", optional}};

static constexpr AttributeRow convAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS}, {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},      {"strides", Proto::INTS}};

static constexpr AttributeRow convTransposeAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS},      {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"output_padding", Proto::INTS}, {"output_shape", Proto::INTS},
    {"pads", Proto::INTS},         {"strides", Proto::INTS}};

static constexpr OpRow rows[] = {
    {"", "Conv", oldestOpset, newestOpset, convInputs, convAttributes, importConv},
    {"", "ConvTranspose", oldestOpset, newestOpset, convInputs, convTransposeAttributes,
     importConvTranspose},
};

ArrayRef<OpRow> dlc::getConvolutionRows() { return rows; }
