// Computes volumes, N x C x D x H x W, as images: N * D planes of C x H x W. An output plane of a
// convolution is a sum over the input planes that its window holds, so that it is a convolution
// over two dims of an image that has their channels side by side. Ops around it that know no
// neighbours, or know them along the plane and along the depth one after the other, run on images
// as well: transpositions are left where volumes come from and where they are needed as such.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/MoveBuilder.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

#define DEBUG_TYPE "dlc-split-volumes"

namespace dlc {
#define GEN_PASS_DEF_SPLITVOLUMES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static ArrayRef<ExprAttr> getDims(Value value) { return MoveBuilder::getDims(value); }

static bool isVolume(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return type && type.hasRank() && type.getRank() == 5;
}

//===----------------------------------------------------------------------===//
// Volumes and images
//===----------------------------------------------------------------------===//

/// Exchanges channels and planes.
static constexpr int64_t exchange[] = {0, 2, 1, 3, 4};

/// The images that `toVolume` has made `volume` of; null for others.
static Value getImages(Value volume) {
  auto transpose = volume.getDefiningOp<TransposeOp>();
  ViewOp view = transpose && transpose.getSourceDims() == ArrayRef(exchange)
                    ? transpose.getInput().getDefiningOp<ViewOp>()
                    : ViewOp();
  if (!view || view.getInput().getType().getRank() != 4)
    return {};
  ArrayRef<ExprAttr> from = getDims(view.getInput()), to = getDims(view);
  bool isSplit = from[0] == to[0] * to[1] && from.drop_front() == to.drop_front(2);
  return isSplit ? view.getInput() : Value();
}

static Value toImages(MoveBuilder &make, Value volume) {
  if (Value images = getImages(volume))
    return images;
  Value planes = make.transpose(volume, exchange);
  SmallVector<ExprAttr> dims(getDims(planes).drop_front());
  dims[0] = dims[0] * getDims(planes)[0];
  return make.view(planes, dims);
}

/// Images of a volume that has `count` of them for each of `batch`.
static Value toVolume(MoveBuilder &make, Value images, ExprAttr batch, ExprAttr count) {
  SmallVector<ExprAttr> dims = {batch, count};
  llvm::append_range(dims, getDims(images).drop_front());
  return make.transpose(make.view(images, dims), exchange);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// The planes that each output plane sees, side by side as channels: of each group of channels
/// those of the first plane come first.
static Value joinPlanes(MoveBuilder &make, Value images, ConvOp op) {
  int64_t planes = *op.getFilter().getType().getDim(2).getConstant(), step = op.getStrides()[0];
  int64_t low = op.getPads()[0], high = op.getPads()[3];
  if (planes == 1 && step == 1 && low == 0 && high == 0)
    return images;
  ArrayRef<ExprAttr> volume = op.getInput().getType().getDims();
  auto group = static_cast<int64_t>(op.getGroup());
  ExprAttr zero = make.size(0), channels = make.size(*volume[1].getConstant() / group);
  SmallVector<ExprAttr> dims = {volume[0], volume[2], make.size(group),
                                channels,  volume[3], volume[4]};
  Value value = make.view(images, dims);
  SmallVector<ExprAttr> none(dims.size(), zero), before(none), after(none);
  before[1] = make.size(low), after[1] = make.size(high);
  if (low != 0 || high != 0)
    value = make.pad(value, before, after);
  dims[1] = op.getType().getDim(2);
  SmallVector<Value> parts;
  SmallVector<int64_t> steps = {1, step, 1, 1, 1, 1};
  for (int64_t plane = 0; plane != planes; ++plane) {
    SmallVector<ExprAttr> starts(none);
    starts[1] = make.size(plane * op.getDilations()[0]);
    parts.push_back(make.slice(value, starts, dims, steps));
  }
  value = parts.size() == 1 ? parts.front() : make.concat(parts, 3);
  return make.view(value, {dims[0] * dims[1], volume[1] * planes, dims[4], dims[5]});
}

/// Of a convolution by a constant filter of known sizes. Others would be library calls over two
/// dims as over three, and take memory for planes side by side.
static Value splitConv(ConvOp op, OpBuilder &builder) {
  constexpr int64_t mostPlanes = 64; // a model must not make any number of ops
  if (!isVolume(op.getInput()) || !isVolume(op.getResult()))
    return {};
  ArrayRef<ExprAttr> filter = op.getFilter().getType().getDims();
  auto isKnown = [](ExprAttr dim) { return dim.getConstant().has_value(); };
  if (!llvm::all_of(filter, isKnown) || !isKnown(op.getInput().getType().getDim(1)) ||
      *filter[2].getConstant() > mostPlanes || !isOfConstants(op.getFilter()) ||
      (op.getBias() && !isOfConstants(op.getBias())))
    return {};
  MoveBuilder make(builder, op.getLoc());
  Value images = joinPlanes(make, toImages(make, op.getInput()), op);
  Value weights = make.view(make.transpose(op.getFilter(), exchange),
                            {filter[0], filter[1] * filter[2], filter[3], filter[4]});
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  SmallVector<ExprAttr> planes = {dims[0] * dims[2], dims[1], dims[3], dims[4]};
  ArrayRef<int64_t> pads = op.getPads();
  Value conv =
      ConvOp::create(builder, op.getLoc(), PlannedType::get(planes, op.getType().getElementType()),
                     images, weights, op.getBias(), op.getStrides().drop_front(),
                     ArrayRef<int64_t>{pads[1], pads[2], pads[4], pads[5]},
                     op.getDilations().drop_front(), op.getGroup());
  return toVolume(make, conv, dims[0], dims[2]);
}

static Value splitBatchNorm(BatchNormOp op, OpBuilder &builder) {
  Value images = getImages(op.getInput());
  if (!images)
    return {};
  MoveBuilder make(builder, op.getLoc());
  Value norm = BatchNormOp::create(builder, op.getLoc(), cast<PlannedType>(images.getType()),
                                   images, op.getScale(), op.getShift(), op.getMean(),
                                   op.getVariance(), op.getEpsilonAttr());
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  return toVolume(make, norm, dims[0], dims[2]);
}

/// Of an op on images, and on what is the same for all planes.
static Value splitElementwise(Operation *op, OpBuilder &builder) {
  if (op->getNumResults() != 1 || !isVolume(op->getResult(0)) ||
      llvm::none_of(op->getOperands(),
                    [](Value operand) { return static_cast<bool>(getImages(operand)); }))
    return {};
  ArrayRef<ExprAttr> dims = getDims(op->getResult(0));
  MoveBuilder make(builder, op->getLoc());
  ExprAttr one = make.size(1);
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<PlannedType>(operand.getType());
    if (!type || !type.hasRank())
      return {};
    ArrayRef<ExprAttr> own = type.getDims();
    bool isShared =
        own.size() < 3 || (own[own.size() - 3] == one && (own.size() != 5 || own[0] == one));
    if (own != dims && !isShared)
      return {};
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    ArrayRef<ExprAttr> own = getDims(operand);
    if (own == dims) {
      operands.push_back(toImages(make, operand));
    } else if (own.size() < 3) {
      operands.push_back(operand);
    } else { // without batch and plane
      SmallVector<ExprAttr> shared = {own.size() > 3 ? own[own.size() - 4] : one};
      llvm::append_range(shared, own.take_back(2));
      operands.push_back(make.view(operand, shared));
    }
  }
  Operation *split = builder.clone(*op);
  split->setOperands(operands);
  SmallVector<ExprAttr> planes = {dims[0] * dims[2], dims[1], dims[3], dims[4]};
  split->getResult(0).setType(
      PlannedType::get(planes, MoveBuilder::getElementType(op->getResult(0))));
  return toVolume(make, split->getResult(0), dims[0], dims[2]);
}

/// Windows are taken along the plane, then along the depth: each kind of those ops is one of what
/// it makes of parts of equal size. Other elements than f32 have no kernels over two dims either.
static Value splitPool(PoolOp op, OpBuilder &builder) {
  if (!isVolume(op.getInput()) || !op.getType().getElementType().isF32())
    return {};
  MoveBuilder make(builder, op.getLoc());
  Value images = toImages(make, op.getInput());
  ArrayRef<ExprAttr> volume = op.getInput().getType().getDims(), dims = op.getType().getDims();
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), pads = op.getPads(),
                    dilations = op.getDilations();
  auto pool = [&](Value value, ArrayRef<ExprAttr> results, size_t first, size_t second) {
    // Depths have one neighbour along their second axis.
    auto get = [&](ArrayRef<int64_t> values, size_t axis, int64_t absent) {
      return axis < 3 ? values[axis] : absent;
    };
    auto both = [&](ArrayRef<int64_t> values) {
      return SmallVector<int64_t>{get(values, first, 1), get(values, second, 1)};
    };
    SmallVector<int64_t> around = {get(pads, first, 0), get(pads, second, 0),
                                   get(pads.drop_front(3), first, 0),
                                   get(pads.drop_front(3), second, 0)};
    return PoolOp::create(builder, op.getLoc(),
                          PlannedType::get(results, op.getType().getElementType()), op.getKind(),
                          value, both(kernel), both(strides), around, both(dilations), op.getCeil(),
                          op.getIncludePads());
  };
  Value value =
      pool(images, {volume[0] * volume[2], volume[1], dims[3], dims[4]}, /*first=*/1, /*second=*/2);
  ExprAttr plane = volume[1] * dims[3] * dims[4], one = make.size(1);
  value = pool(make.view(value, {volume[0], one, volume[2], plane}),
               {volume[0], one, dims[2], plane}, /*first=*/0, /*second=*/3);
  return toVolume(make, make.view(value, {dims[0] * dims[2], dims[1], dims[3], dims[4]}), dims[0],
                  dims[2]);
}

/// Over all places, by kinds that are one of what they make of parts of equal size.
static Value splitReduce(ReduceOp op, OpBuilder &builder) {
  Value images = getImages(op.getInput());
  bool isOfParts = llvm::is_contained(
      {ReduceKind::sum, ReduceKind::mean, ReduceKind::max, ReduceKind::min}, op.getKind());
  if (!images || !isOfParts || op.getSortedAxes() != SmallVector<int64_t>{2, 3, 4})
    return {};
  MoveBuilder make(builder, op.getLoc());
  ArrayRef<ExprAttr> volume = op.getInput().getType().getDims();
  Type elementType = op.getType().getElementType();
  auto reduce = [&](Value value, ArrayRef<ExprAttr> dims, ArrayRef<int64_t> axes) {
    return ReduceOp::create(builder, op.getLoc(), PlannedType::get(dims, elementType), op.getKind(),
                            value, builder.getDenseI64ArrayAttr(axes),
                            /*keep_dims=*/false);
  };
  Value planes = reduce(images, {volume[0] * volume[2], volume[1]}, {2, 3});
  Value all =
      reduce(make.view(planes, {volume[0], volume[2], volume[1]}), {volume[0], volume[1]}, {1});
  return make.view(all, op.getType().getDims());
}

/// What makes channels pixels, as a transposed convolution does: those that make planes come first,
/// so that their images are there already.
static Value splitShuffle(ViewOp op, OpBuilder &builder) {
  auto transpose = op.getInput().getDefiningOp<TransposeOp>();
  auto view = transpose ? transpose.getInput().getDefiningOp<ViewOp>() : ViewOp();
  Value images = view ? getImages(view.getInput()) : Value();
  if (!images || transpose.getSourceDims() != ArrayRef<int64_t>{0, 4, 5, 1, 6, 2, 7, 3})
    return {};
  // volumes x phases of each dim x channels x positions
  ArrayRef<ExprAttr> from = getDims(view.getInput()), apart = getDims(view), to = getDims(op);
  if (to.size() != 5 || from[0] != apart[0] || from.drop_front(2) != apart.drop_front(5) ||
      to[0] != apart[0] || to[1] != apart[4] || to[2] != apart[1] * apart[5] ||
      to[3] != apart[2] * apart[6] || to[4] != apart[3] * apart[7])
    return {};
  MoveBuilder make(builder, op.getLoc());
  Value pixels =
      make.view(images, {to[0] * to[2], apart[2], apart[3], apart[4], apart[6], apart[7]});
  pixels = make.transpose(pixels, {0, 3, 4, 1, 5, 2});
  return toVolume(make, make.view(pixels, {to[0] * to[2], to[1], to[3], to[4]}), to[0], to[2]);
}

static Value splitConcat(ConcatOp op, OpBuilder &builder) {
  if (op.getDim() != 1 || llvm::none_of(op.getInputs(), [](Value input) {
        return static_cast<bool>(getImages(input));
      }))
    return {};
  MoveBuilder make(builder, op.getLoc());
  SmallVector<Value> images =
      llvm::map_to_vector(op.getInputs(), [&](Value input) { return toImages(make, input); });
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  return toVolume(make, make.concat(images, 1), dims[0], dims[2]);
}

/// The volume, or what is left of one, that `op` computes by way of images; null where it does not.
static Value split(Operation *op) {
  OpBuilder builder(op);
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](ConvOp conv) { return splitConv(conv, builder); })
      .Case([&](BatchNormOp norm) { return splitBatchNorm(norm, builder); })
      .Case([&](PoolOp pool) { return splitPool(pool, builder); })
      .Case([&](ReduceOp reduce) { return splitReduce(reduce, builder); })
      .Case([&](ConcatOp concat) { return splitConcat(concat, builder); })
      .Case([&](ViewOp view) { return splitShuffle(view, builder); })
      .Case([&](ElementwiseOpInterface) { return splitElementwise(op, builder); })
      .Default([](Operation *) { return Value(); });
}

/// Erases an op, and moves that nothing else has read: passes that follow ask who reads images.
static void erase(Operation *op) {
  SmallVector<Value> operands(op->getOperands());
  op->erase();
  for (Value operand : operands)
    if (Operation *move = operand.getDefiningOp();
        isa_and_nonnull<ViewOp, TransposeOp>(move) && move->use_empty())
      erase(move);
}

namespace {
struct SplitVolumes : dlc::impl::SplitVolumesBase<SplitVolumes> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      bool isKnown =
          isa<ConvOp, BatchNormOp, PoolOp, ReduceOp, ConcatOp, ViewOp, ElementwiseOpInterface>(op);
      if (isKnown &&
          (llvm::any_of(op->getOperands(), isVolume) || llvm::any_of(op->getResults(), isVolume)))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (Value replacement = split(op)) {
        op->getResult(0).replaceAllUsesWith(replacement);
        erase(op);
      }
  }
};
} // namespace
