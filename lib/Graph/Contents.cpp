#include "Contents.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace dlc;

using Elements = ContentsAnalysis::Elements;
using RangeOf = const ContentsAnalysis::RangeOf &;

//===----------------------------------------------------------------------===//
// Fractions
//===----------------------------------------------------------------------===//

static std::optional<Fraction> makeFraction(ExprAttr numerator, int64_t denominator = 1) {
  if (!numerator)
    return std::nullopt;
  if (denominator != 1 &&
      mod(numerator, denominator) == ExprAttr::constant(numerator.getContext(), 0))
    return Fraction{floorDiv(numerator, denominator), 1};
  return Fraction{numerator, denominator};
}

static std::optional<Fraction> add(Fraction lhs, Fraction rhs, int64_t sign) {
  int64_t denominator;
  if (llvm::MulOverflow(lhs.denominator, rhs.denominator, denominator))
    return std::nullopt;
  return makeFraction(lhs.numerator * rhs.denominator + rhs.numerator * lhs.denominator * sign,
                      denominator);
}

static std::optional<Fraction> multiply(Fraction lhs, Fraction rhs) {
  int64_t denominator;
  if (llvm::MulOverflow(lhs.denominator, rhs.denominator, denominator))
    return std::nullopt;
  return makeFraction(lhs.numerator * rhs.numerator, denominator);
}

/// The quotient rounded towards 0, which for sizes is down. Numbers between the negative divisor
/// and 0 are rounded to 0, as if they were 0: exporters divide sizes less 1. Nothing where the
/// numerator may be less.
static std::optional<Fraction> divideTowardsZero(ExprAttr numerator, int64_t divisor,
                                                 RangeOf rangeOf) {
  if (std::optional<int64_t> constant = numerator.getConstant())
    return makeFraction(ExprAttr::constant(numerator.getContext(), *constant / divisor));
  int64_t least = getRange(numerator, rangeOf).min;
  if (least <= -divisor)
    return std::nullopt;
  if (least < 0)
    numerator = maximum(numerator, ExprAttr::constant(numerator.getContext(), 0));
  return makeFraction(floorDiv(numerator, divisor));
}

/// Only by constants other than 0.
static std::optional<Fraction> divide(Fraction lhs, Fraction rhs, bool isInteger, RangeOf rangeOf) {
  std::optional<int64_t> divisor = rhs.numerator.getConstant();
  if (!divisor || *divisor <= 0)
    return std::nullopt;
  if (!isInteger) {
    int64_t denominator;
    if (llvm::MulOverflow(lhs.denominator, *divisor, denominator))
      return std::nullopt;
    return makeFraction(lhs.numerator * rhs.denominator, denominator);
  }
  return divideTowardsZero(lhs.numerator, *divisor, rangeOf);
}

/// -1, 0 or 1 where the order of the two is known.
static std::optional<int> compare(Fraction lhs, Fraction rhs, RangeOf rangeOf) {
  std::optional<Fraction> difference = add(lhs, rhs, -1);
  if (!difference || !difference->numerator)
    return std::nullopt;
  // A size is more than -1, which exporters compare it with.
  SizeRange range = getRange(difference->numerator, rangeOf);
  if (range.min > 0 || range.max < 0)
    return range.min > 0 ? 1 : -1;
  return range.min == range.max ? std::optional(0) : std::nullopt;
}

static std::optional<Fraction> extremum(Fraction lhs, Fraction rhs, bool isMaximum,
                                        RangeOf rangeOf) {
  if (std::optional<int> order = compare(lhs, rhs, rangeOf))
    return (*order > 0) == isMaximum ? lhs : rhs;
  if (lhs.denominator != 1 || rhs.denominator != 1)
    return std::nullopt;
  ExprAttr either =
      isMaximum ? maximum(lhs.numerator, rhs.numerator) : minimum(lhs.numerator, rhs.numerator);
  return makeFraction(simplify(either, rangeOf));
}

/// A float that is a fraction with a denominator of at most 2^16.
static std::optional<Fraction> toFraction(MLIRContext *context, double value) {
  constexpr int64_t denominator = int64_t(1) << 16;
  double scaled = value * denominator;
  if (!(std::fabs(scaled) < 0x1p62) || scaled != std::floor(scaled))
    return std::nullopt;
  auto numerator = static_cast<int64_t>(scaled);
  int64_t common = std::gcd(numerator, denominator);
  return Fraction{ExprAttr::constant(context, numerator / common), denominator / common};
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static std::optional<SmallVector<int64_t>> getSmallShape(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return type ? type.getSmallShape() : std::nullopt;
}

static std::optional<Elements> getConstant(Attribute value) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  MLIRContext *context = dense.getContext();
  Elements elements;
  if (isa<IntegerType>(dense.getElementType())) {
    bool isSigned =
        !dense.getElementType().isUnsignedInteger() && !dense.getElementType().isInteger(1);
    for (const APInt &value : dense.getValues<APInt>())
      elements.push_back({ExprAttr::constant(
          context, isSigned ? value.getSExtValue() : static_cast<int64_t>(value.getZExtValue()))});
    return elements;
  }
  for (const APFloat &value : dense.getValues<APFloat>()) {
    APFloat wide = value;
    bool loses;
    wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
    std::optional<Fraction> fraction = toFraction(context, wide.convertToDouble());
    if (!fraction)
      return std::nullopt;
    elements.push_back(*fraction);
  }
  return elements;
}

/// Element `index` of the result of an op whose operand of shape `from` broadcasts to `to`.
static int64_t getBroadcastIndex(int64_t index, ArrayRef<int64_t> to, ArrayRef<int64_t> from) {
  int64_t result = 0, stride = 1;
  for (size_t i = 0; i != from.size(); ++i) {
    int64_t toDim = to[to.size() - 1 - i], fromDim = from[from.size() - 1 - i];
    result += (fromDim == 1 ? 0 : index % toDim) * stride;
    index /= toDim;
    stride *= fromDim;
  }
  return result;
}

/// To integers rounds towards 0; to narrower types only constants that fit.
static std::optional<Fraction> convert(Fraction value, CastOp cast, RangeOf rangeOf) {
  Type to = cast.getType().getElementType();
  if (isa<FloatType>(to))
    return to.isF32() || to.isF64() ? std::optional<Fraction>(value) : std::nullopt;
  std::optional<int64_t> constant = value.numerator.getConstant();
  if (to.isInteger(1)) {
    if (!constant)
      return std::nullopt;
    return makeFraction(ExprAttr::constant(to.getContext(), *constant != 0));
  }
  if (value.denominator != 1) {
    std::optional<Fraction> rounded =
        divideTowardsZero(value.numerator, value.denominator, rangeOf);
    if (!rounded)
      return std::nullopt;
    value = *rounded;
    constant = value.numerator.getConstant();
  }
  unsigned width = to.getIntOrFloatBitWidth();
  bool fits =
      width == 64 || (width == 32 && !constant) || (constant && llvm::isIntN(width, *constant));
  return fits ? std::optional<Fraction>(value) : std::nullopt;
}

/// 1 where `order` is one of `orders`, else 0.
static std::optional<Fraction> toBool(std::optional<int> order, ArrayRef<int> orders,
                                      Operation *op) {
  if (!order)
    return std::nullopt;
  return Fraction{ExprAttr::constant(op->getContext(), llvm::is_contained(orders, *order))};
}

static std::optional<Fraction> computeElement(Operation *op, ArrayRef<Fraction> operands,
                                              bool isInteger, RangeOf rangeOf) {
  using Result = std::optional<Fraction>;
  auto getOrder = [&] { return compare(operands[0], operands[1], rangeOf); };
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](AddOp) { return add(operands[0], operands[1], 1); })
      .Case([&](SubOp) { return add(operands[0], operands[1], -1); })
      .Case([&](MulOp) { return multiply(operands[0], operands[1]); })
      .Case([&](DivOp) { return divide(operands[0], operands[1], isInteger, rangeOf); })
      .Case(
          [&](NegOp) { return makeFraction(operands[0].numerator * -1, operands[0].denominator); })
      .Case([&](MinOp) { return extremum(operands[0], operands[1], false, rangeOf); })
      .Case([&](MaxOp) { return extremum(operands[0], operands[1], true, rangeOf); })
      .Case([&](FloorOp) {
        return makeFraction(floorDiv(operands[0].numerator, operands[0].denominator));
      })
      .Case([&](CeilOp) {
        return makeFraction(ceilDiv(operands[0].numerator, operands[0].denominator));
      })
      .Case([&](ModOp) -> Result {
        std::optional<int64_t> divisor = operands[1].numerator.getConstant();
        bool isSize = isInteger && getRange(operands[0].numerator, rangeOf).min >= 0;
        if (!isSize || !divisor || *divisor <= 0)
          return std::nullopt;
        return makeFraction(mod(operands[0].numerator, *divisor));
      })
      .Case([&](CastOp cast) { return convert(operands[0], cast, rangeOf); })
      .Case([&](EqualOp) { return toBool(getOrder(), {0}, op); })
      .Case([&](LessOp) { return toBool(getOrder(), {-1}, op); })
      .Case([&](LessEqualOp) { return toBool(getOrder(), {-1, 0}, op); })
      .Case([&](GreaterOp) { return toBool(getOrder(), {1}, op); })
      .Case([&](GreaterEqualOp) { return toBool(getOrder(), {1, 0}, op); })
      .Case([&](NotOp) {
        return makeFraction(ExprAttr::constant(op->getContext(), 1) - operands[0].numerator);
      })
      .Case([&](AndOp) { return multiply(operands[0], operands[1]); })
      .Case([&](SelectOp) -> Result {
        std::optional<int64_t> condition = operands[0].numerator.getConstant();
        if (!condition)
          return std::nullopt;
        return operands[*condition ? 1 : 2];
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// Whether elements of type `type` hold the value as it is: integers do not wrap around, floats are
/// not rounded. Of a value that is no constant only 64 bits are known to be enough, but for a cast,
/// which exporters put around sizes.
static bool holds(Type type, Fraction value, bool isCast) {
  std::optional<int64_t> constant = value.numerator.getConstant();
  if (isa<FloatType>(type))
    return !constant || (*constant > -(1 << 24) && *constant < (1 << 24));
  unsigned width = type.getIntOrFloatBitWidth();
  if (!constant)
    return width == 64 || isCast;
  if (type.isUnsignedInteger() || width == 1)
    return *constant >= 0 && (width == 64 || llvm::isUIntN(width, *constant));
  return llvm::isIntN(width, *constant);
}

std::optional<Elements> ContentsAnalysis::computeElementwise(Operation *op) {
  auto type = cast<PlannedType>(op->getResult(0).getType());
  std::optional<SmallVector<int64_t>> shape = getSmallShape(op->getResult(0));
  if (!shape)
    return std::nullopt;
  SmallVector<Elements> operands;
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value operand : op->getOperands()) {
    std::optional<Elements> elements = get(operand);
    if (!elements)
      return std::nullopt;
    operands.push_back(*elements);
    shapes.push_back(*getSmallShape(operand));
  }
  Elements results;
  for (int64_t index = 0, count = ShapedType::getNumElements(*shape); index != count; ++index) {
    SmallVector<Fraction> arguments;
    for (auto [elements, from] : llvm::zip_equal(operands, shapes))
      arguments.push_back(elements[getBroadcastIndex(index, *shape, from)]);
    std::optional<Fraction> result =
        computeElement(op, arguments, isa<IntegerType>(type.getElementType()), rangeOf);
    if (!result || !result->numerator || !holds(type.getElementType(), *result, isa<CastOp>(op)))
      return std::nullopt;
    results.push_back(*result);
  }
  return results;
}

/// Position of element `index` of a result of shape `shape` where dim d moves by `strides[d]`.
static int64_t getPosition(int64_t index, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  int64_t position = 0;
  for (size_t d = shape.size(); d-- != 0; index /= shape[d])
    position += index % shape[d] * strides[d];
  return position;
}

static SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d > 1; --d)
    strides[d - 2] = strides[d - 1] * shape[d - 1];
  return strides;
}

static Elements computeBroadcast(BroadcastOp op, const Elements &input) {
  SmallVector<int64_t> from = *getSmallShape(op.getInput()), to = *getSmallShape(op.getResult());
  Elements results;
  for (int64_t i = 0, count = ShapedType::getNumElements(to); i != count; ++i)
    results.push_back(input[getBroadcastIndex(i, to, from)]);
  return results;
}

static Elements computeIota(IotaOp op) {
  Elements results;
  for (int64_t i = 0, count = getSmallShape(op.getResult())->front(); i != count; ++i)
    results.push_back({op.getStart() + op.getStep() * i});
  return results;
}

/// Sums and products of all elements.
static std::optional<Elements> computeReduce(ReduceOp op, const Elements &input) {
  bool isProduct = op.getKind() == ReduceKind::prod;
  if (op.getInput().getType().getRank() != 1 || (!isProduct && op.getKind() != ReduceKind::sum))
    return std::nullopt;
  std::optional<Fraction> total = Fraction{ExprAttr::constant(op.getContext(), isProduct)};
  for (const Fraction &element : input)
    if (total)
      total = isProduct ? multiply(*total, element) : add(*total, element, 1);
  return total ? std::optional(Elements{*total}) : std::nullopt;
}

static std::optional<Elements> computeSlice(SliceOp op, const Elements &input) {
  SmallVector<int64_t> from = *getSmallShape(op.getInput()), to = *getSmallShape(op.getResult());
  SmallVector<int64_t> strides = getStrides(from);
  int64_t start = 0;
  for (size_t d = 0; d != from.size(); ++d) {
    std::optional<int64_t> first = cast<ExprAttr>(op.getStarts()[d]).getConstant();
    if (!first)
      return std::nullopt;
    start += *first * strides[d];
    strides[d] *= op.getSteps()[d];
  }
  Elements results;
  for (int64_t index = 0, count = ShapedType::getNumElements(to); index != count; ++index) {
    int64_t position = start + getPosition(index, to, strides);
    if (position < 0 || position >= static_cast<int64_t>(input.size()))
      return std::nullopt;
    results.push_back(input[position]);
  }
  return results;
}

/// Along the first dim of a vector: what exporters do with shapes.
static std::optional<Elements> computeGather(GatherOp op, const Elements &input,
                                             const Elements &indices) {
  if (op.getInput().getType().getRank() != 1)
    return std::nullopt;
  Elements results;
  auto size = static_cast<int64_t>(input.size());
  for (const Fraction &index : indices) {
    std::optional<int64_t> number = index.numerator.getConstant();
    if (!number || *number < -size || *number >= size)
      return std::nullopt;
    results.push_back(input[*number < 0 ? *number + size : *number]);
  }
  return results;
}

static Elements computeTranspose(TransposeOp op, const Elements &input) {
  SmallVector<int64_t> from = getStrides(*getSmallShape(op.getInput())),
                       to = *getSmallShape(op.getResult()), strides;
  for (int64_t dim : op.getSourceDims())
    strides.push_back(from[dim]);
  Elements results;
  for (size_t index = 0; index != input.size(); ++index)
    results.push_back(input[getPosition(index, to, strides)]);
  return results;
}

static Elements computeConcat(ConcatOp op, ArrayRef<Elements> inputs) {
  SmallVector<int64_t> to = *getSmallShape(op.getResult());
  int64_t outer = ShapedType::getNumElements(ArrayRef(to).take_front(op.getDim()));
  Elements results;
  for (int64_t index = 0; index != outer; ++index)
    for (const Elements &input : inputs) {
      size_t length = input.size() / outer;
      results.append(input.begin() + index * length, input.begin() + (index + 1) * length);
    }
  return results;
}

std::optional<Elements> ContentsAnalysis::compute(Value value) {
  std::optional<Elements> elements = computeExactly(value);
  auto result = dyn_cast<OpResult>(value);
  if (elements || !result || !getSmallShape(value))
    return elements;
  std::optional<DenseElementsAttr> dense = callLibrary(result);
  return dense ? getConstant(*dense) : std::nullopt;
}

std::optional<Elements> ContentsAnalysis::computeExactly(Value value) {
  std::optional<SmallVector<int64_t>> shape = getSmallShape(value);
  Operation *op = value.getDefiningOp();
  if (!shape)
    return std::nullopt;
  if (ShapedType::getNumElements(*shape) == 0)
    return Elements();
  if (!op)
    return std::nullopt;
  using Result = std::optional<Elements>;
  return TypeSwitch<Operation *, Result>(op)
      .Case([](ConstantOp constant) { return getConstant(constant.getValue()); })
      .Case([](SizesOp sizes) -> Result {
        return llvm::map_to_vector(sizes.getValues(),
                                   [](Attribute expr) { return Fraction{cast<ExprAttr>(expr)}; });
      })
      .Case([&](ViewOp view) { return get(view.getInput()); })
      .Case([&](BroadcastOp broadcast) -> Result {
        Result input = get(broadcast.getInput());
        return input ? Result(computeBroadcast(broadcast, *input)) : std::nullopt;
      })
      .Case([&](SliceOp slice) -> Result {
        Result input = get(slice.getInput());
        return input ? computeSlice(slice, *input) : std::nullopt;
      })
      .Case([&](GatherOp gather) -> Result {
        Result input = get(gather.getInput()), indices = get(gather.getIndices());
        return input && indices ? computeGather(gather, *input, *indices) : std::nullopt;
      })
      .Case([&](TransposeOp transpose) -> Result {
        Result input = get(transpose.getInput());
        return input ? Result(computeTranspose(transpose, *input)) : std::nullopt;
      })
      .Case([&](ConcatOp concat) -> Result {
        SmallVector<Elements> inputs;
        for (Value input : concat.getInputs()) {
          Result elements = get(input);
          if (!elements)
            return std::nullopt;
          inputs.push_back(*elements);
        }
        return Result(computeConcat(concat, inputs));
      })
      .Case([](IotaOp iota) -> Result { return computeIota(iota); })
      .Case([&](ReduceOp reduce) -> Result {
        Result input = get(reduce.getInput());
        return input ? computeReduce(reduce, *input) : std::nullopt;
      })
      .Case([&](ElementwiseOpInterface) { return computeElementwise(op); })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<Elements> ContentsAnalysis::get(Value value) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  std::optional<Elements> elements = compute(value);
  if (elements && llvm::any_of(*elements, [](const Fraction &f) { return !f.numerator; }))
    elements.reset();
  known[value] = elements;
  return elements;
}

void ContentsAnalysis::forget(Operation *op) {
  op->walk([&](Operation *inner) {
    for (Value result : inner->getResults())
      known.erase(result);
    for (Region &region : inner->getRegions())
      for (Block &block : region)
        for (Value argument : block.getArguments())
          known.erase(argument);
  });
}
