// Movements of elements that are made of simpler ones: AffineGrid, CenterCropPad, DepthToSpace,
// EyeLike, SpaceToDepth; BitCast.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// Checks the size of a block and its mode.
static FailureOr<int64_t> getBlockSize(OnnxNode &node) {
  constexpr int64_t maxSize = 1 << 15; // its square is a number
  if (failed(node.requireAttribute("blocksize")))
    return failure();
  int64_t size = node.getInt("blocksize", 1);
  if (size < 1 || size > maxSize)
    return node.emitError() << "expected attribute 'blocksize' to be from 1 to " << maxSize
                            << ", found " << size;
  StringRef mode = node.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return node.emitError() << "expected attribute 'mode' to be 'DCR' or 'CRD', found '" << mode
                            << "'";
  return size;
}

/// [N, b, b, C, H, W] or [N, C, b, b, H, W] becomes [N, C, H * b, W * b].
static LogicalResult importDepthToSpace(OnnxNode &node) {
  FailureOr<int64_t> block = getBlockSize(node);
  if (failed(block) || isStandIn(node.getInput(0)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), size = p.ints(*block), batch = p.shape(input, 0, 1);
  Value depth = p.div(p.shape(input, 1, 2), p.ints(*block * *block));
  Value plane = p.shape(input, 2, 4);
  bool isColumnFirst = node.getString("mode", "DCR") == "CRD";
  Value split = isColumnFirst ? p.concat({batch, depth, size, size, plane})
                              : p.concat({batch, size, size, depth, plane});
  SmallVector<int64_t> order{0, 3, 4, 1, 5, 2};
  if (isColumnFirst)
    order = {0, 1, 4, 2, 5, 3};
  Value moved = p.transpose(p.reshape(input, split), order);
  node.setResult(p.reshape(moved, p.concat({batch, depth, p.mul(plane, size)})));
  return success();
}

/// [N, C, H / b, b, W / b, b] becomes [N, b * b * C, H / b, W / b] or [N, C * b * b, H / b, W / b].
static LogicalResult importSpaceToDepth(OnnxNode &node) {
  FailureOr<int64_t> block = getBlockSize(node);
  if (failed(block) || isStandIn(node.getInput(0)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), size = p.ints(*block), batch = p.shape(input, 0, 1);
  Value depth = p.shape(input, 1, 2);
  Value rows = p.div(p.shape(input, 2, 3), size), columns = p.div(p.shape(input, 3, 4), size);
  SmallVector<int64_t> order{0, 3, 5, 1, 2, 4};
  if (node.getString("mode", "DCR") == "CRD")
    order = {0, 1, 3, 5, 2, 4};
  Value split = p.reshape(input, p.concat({batch, depth, rows, size, columns, size}));
  Value blocks = p.mul(depth, p.ints(*block * *block));
  node.setResult(p.reshape(p.transpose(split, order), p.concat({batch, blocks, rows, columns})));
  return success();
}

/// 1 where column - row is k, else 0.
static LogicalResult importEyeLike(OnnxNode &node) {
  if (isStandIn(node.getInput(0)))
    return failure();
  Type elementType = node.getElementType(0);
  if (node.findAttribute("dtype"))
    if (elementType = node.getTypeAttribute("dtype", 0); !elementType)
      return failure();
  Pieces p(node);
  Value input = node.getInput(0);
  Value rows = p.range(p.squeeze(p.shape(input, 0, 1), 0));
  Value columns = p.range(p.squeeze(p.shape(input, 1, 2), 0));
  Value distance = p.sub(columns, p.unsqueeze(rows, 1));
  Value diagonal = p.equal(distance, node.createIntegerLike(distance, node.getInt("k", 0)));
  node.setResult(p.cast(diagonal, elementType));
  return success();
}

/// Cuts off what is too much at the ends of some dims, and adds zeros where they are too short; of
/// an odd number of elements the larger half behind.
static LogicalResult importCenterCropPad(OnnxNode &node) {
  bool good = succeeded(node.requireIntegers(1, /*allowI32=*/true, 1));
  if (!good || isStandIn(node.getInput(0)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), target = p.cast(node.getInput(1), p.builder.getI64Type());
  Value dims = p.shape(input), axes;
  if (node.findAttribute("axes")) {
    axes = p.ints(node.getInts("axes", {}));
    dims = p.gather(dims, axes, 0);
  }
  Value zero = p.ints(0), two = p.ints(2);
  Value first = p.div(p.maximum(p.sub(dims, target), zero), two);
  Value cropped = p.slice(input, first, p.add(first, target), axes);
  Value missing = p.maximum(p.sub(target, dims), zero), before = p.div(missing, two);
  node.setResult(p.pad(cropped, p.concat({before, p.sub(missing, before)}), axes));
  return success();
}

/// The same bytes as elements of another type of the same size.
static LogicalResult importBitCast(OnnxNode &node) {
  if (failed(node.requireAttribute("to")) || isStandIn(node.getInput(0)))
    return failure();
  Type to = node.getTypeAttribute("to", 0);
  if (!to)
    return failure();
  Type from = node.getElementType(0);
  if (getStoredType(from).getIntOrFloatBitWidth() != getStoredType(to).getIntOrFloatBitWidth())
    return node.emitError() << "expected elements of as many bits as those of type " << from
                            << ", found " << to;
  Pieces p(node);
  node.setResult(p.call("bit_cast", node.getInput(0), to, node.makeDtype(node.getInt("to", 0))));
  return success();
}

/// From -1 to 1: the places of `count` pixels, of their centers or, with `alignsCorners`, so that
/// the first and last ones are at the ends.
static Value createCoordinates(Pieces &p, Value count, Type elementType, bool alignsCorners) {
  Value places = p.cast(p.range(count), elementType), size = p.cast(count, elementType);
  Value one = p.number(size, 1), twice = p.add(places, places);
  if (alignsCorners)
    return p.sub(p.div(twice, p.maximum(p.sub(size, one), one)), one);
  return p.sub(p.div(p.add(twice, one), size), one);
}

/// theta * (x, y, 1) or (x, y, z, 1) for each pixel.
static LogicalResult importAffineGrid(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements, 0));
  good &= succeeded(node.requireIntegers(1, /*allowI32=*/false, 1));
  FailureOr<bool> alignsCorners = node.getFlag("align_corners", false);
  if (!good || failed(alignsCorners))
    return failure();
  auto type = cast<PlannedType>(node.getInput(1).getType());
  std::optional<int64_t> rank = type.hasRank() ? type.getDim(0).getConstant() : std::nullopt;
  Pieces p(node);
  Value theta = node.getInput(0), sizes = node.getInput(1);
  if (!rank) {
    node.setResult(p.call("affine_grid", {theta, sizes}, p.getElement(theta),
                          p.parameter("align_corners", int64_t(*alignsCorners))));
    return success();
  }
  if (rank != 4 && rank != 5)
    return node.emitError() << "expected an input 'size' of 4 or 5 elements, found " << type;
  auto pick = [&](Value vector, int64_t place, int64_t axis) {
    return p.gather(vector, node.createIntegerLike(sizes, place), axis);
  };
  SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(1, *rank - 1));
  int64_t spatial = *rank - 2;
  Value grid = p.unsqueeze(pick(theta, spatial, 2), inner);
  for (int64_t d = 0; d != spatial; ++d) { // x is the last dim
    Value count = pick(sizes, *rank - 1 - d, 0);
    Value coordinates = createCoordinates(p, count, p.getElement(theta), *alignsCorners);
    coordinates = p.unsqueeze(coordinates, llvm::to_vector(llvm::seq<int64_t>(1, d + 2)));
    grid = p.add(grid, p.mul(coordinates, p.unsqueeze(pick(theta, d, 2), inner)));
  }
  node.setResult(grid);
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow affineInputs[] = {{"theta"}, {"size"}};
static constexpr InputRow cropInputs[] = {{"input_data"}, {"shape"}};

static constexpr AttributeRow alignAttributes[] = {{"align_corners", Proto::INT}};
static constexpr AttributeRow axesAttributes[] = {{"axes", Proto::INTS}};
static constexpr AttributeRow blockAttributes[] = {{"blocksize", Proto::INT}};
static constexpr AttributeRow blockModeAttributes[] = {{"blocksize", Proto::INT},
                                                       {"mode", Proto::STRING}};
static constexpr AttributeRow eyeAttributes[] = {{"dtype", Proto::INT}, {"k", Proto::INT}};
static constexpr AttributeRow toAttributes[] = {{"to", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "AffineGrid", 20, newestOpset, affineInputs, alignAttributes, importAffineGrid},
    {"", "BitCast", 26, newestOpset, inputInputs, toAttributes, importBitCast},
    {"", "CenterCropPad", 18, newestOpset, cropInputs, axesAttributes, importCenterCropPad},
    {"", "DepthToSpace", oldestOpset, 10, inputInputs, blockAttributes, importDepthToSpace},
    {"", "DepthToSpace", 11, newestOpset, inputInputs, blockModeAttributes, importDepthToSpace},
    {"", "EyeLike", 9, newestOpset, inputInputs, eyeAttributes, importEyeLike},
    {"", "SpaceToDepth", oldestOpset, 27, inputInputs, blockAttributes, importSpaceToDepth},
    {"", "SpaceToDepth", 28, newestOpset, inputInputs, blockModeAttributes, importSpaceToDepth},
};

ArrayRef<OpRow> dlc::getRearrangementRows() { return rows; }
