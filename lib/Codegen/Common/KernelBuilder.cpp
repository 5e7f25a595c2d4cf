#include "KernelBuilder.h"

#include "AbiFields.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/LibraryCall.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace dlc;

static constexpr unsigned elementAlignment = 4;

std::optional<float> dlc::getImmediate(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) || constant.getNumElements() != 1 ||
      !constant.getElementType().isF32())
    return std::nullopt;
  return *constant.value_begin<float>();
}

//===----------------------------------------------------------------------===//
// Frame
//===----------------------------------------------------------------------===//

/// Whether all that the kernel touches is of numbers or i1 and of sizes that the signature's
/// symbols determine. What no elementwise op touches is f32.
static LogicalResult verifyTypes(func::FuncOp source, const Signature &signature) {
  SmallVector<StringRef> symbols = signature.getAllSymbols();
  auto verify = [&](Location loc, Type type) -> LogicalResult {
    auto buffer = dyn_cast<BufferType>(type);
    PlannedType tensor = buffer ? buffer.getTensor() : dyn_cast<PlannedType>(type);
    if (!tensor || !isEmittedElement(tensor.getElementType()))
      return emitError(loc, "expected a value of numbers or i1 in a kernel, found ") << type;
    LogicalResult known = success();
    for (ExprAttr dim : tensor.getDims())
      dim.walkSymbols([&](StringRef name) {
        if (succeeded(known) && !llvm::is_contained(symbols, name))
          known = emitError(loc, "expected a symbol of the signature, found '") << name << "'";
      });
    return known;
  };
  for (BlockArgument argument : source.getArguments()) {
    if (!isa<BufferType>(argument.getType()))
      return emitError(argument.getLoc(), "expected buffers as arguments of a kernel, found ")
             << argument.getType();
    if (failed(verify(argument.getLoc(), argument.getType())))
      return failure();
  }
  WalkResult result = source.walk([&](Operation *op) -> WalkResult {
    for (Type type : op->getResultTypes()) {
      if (failed(verify(op->getLoc(), type)))
        return failure();
      auto tensor = dyn_cast<PlannedType>(type);
      if (tensor && !isa<ConstantOp, ReadOp, LastWriterOp, ElementwiseOpInterface>(op) &&
          !isMovement(op) && !tensor.getElementType().isF32())
        return op->emitError("expected a value of f32, found ") << type;
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

FailureOr<KernelBuilder> KernelBuilder::create(func::FuncOp source, Machine machine,
                                               const Signature &signature) {
  auto schedule = source->getAttrOfType<ScheduleAttr>(scheduleName);
  if (!schedule || !llvm::hasSingleElement(source.getBody()))
    return source.emitError("expected a kernel function of one block with a schedule");
  if (failed(verifyTypes(source, signature)))
    return failure();
  return KernelBuilder(source, schedule, machine);
}

void KernelBuilder::begin(LLVM::LLVMFuncOp begun) {
  function = begun;
  function->setAttr(scheduleName, schedule);
  entry = function.addEntryBlock(*this);
  body = createBlock(&function.getBody(), function.getBody().end());
  setInsertionPointToStart(entry);
}

void KernelBuilder::enter(Frame entered) {
  frame = std::move(entered);
  setInsertionPointToEnd(body);
}

Value KernelBuilder::getScratch(int64_t bytes) {
  function->setAttr(scratchName, getI64IntegerAttr(bytes));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToEnd(entry);
  return frame.getScratch();
}

void KernelBuilder::finish() {
  LLVM::ReturnOp::create(*this, ValueRange());
  setInsertionPointToEnd(entry);
  LLVM::BrOp::create(*this, ValueRange(), body);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value KernelBuilder::i64(int64_t value) {
  return arith::ConstantOp::create(*this, getI64IntegerAttr(value));
}

Value KernelBuilder::size(ExprAttr expr) {
  if (std::optional<int64_t> value = expr.getConstant())
    return i64(*value);
  FailureOr<Value> value = frame.exprs->emit(expr);
  assert(succeeded(value) && "symbols have been verified");
  return *value;
}

Value KernelBuilder::size(ArrayRef<ExprAttr> dims) {
  Value product = i64(1);
  for (ExprAttr dim : dims)
    product = mul(product, size(dim));
  return product;
}

Value KernelBuilder::add(Value lhs, Value rhs) { return createOrFold<arith::AddIOp>(lhs, rhs); }
Value KernelBuilder::sub(Value lhs, Value rhs) { return createOrFold<arith::SubIOp>(lhs, rhs); }
Value KernelBuilder::mul(Value lhs, Value rhs) { return createOrFold<arith::MulIOp>(lhs, rhs); }
Value KernelBuilder::div(Value lhs, Value rhs) { return createOrFold<arith::DivUIOp>(lhs, rhs); }
Value KernelBuilder::rem(Value lhs, Value rhs) { return createOrFold<arith::RemUIOp>(lhs, rhs); }
Value KernelBuilder::min(Value lhs, Value rhs) { return createOrFold<arith::MinSIOp>(lhs, rhs); }
Value KernelBuilder::max(Value lhs, Value rhs) { return createOrFold<arith::MaxSIOp>(lhs, rhs); }
Value KernelBuilder::equal(Value lhs, Value rhs) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, lhs, rhs);
}
Value KernelBuilder::atMost(Value lhs, Value rhs) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, lhs, rhs);
}
Value KernelBuilder::toIndex(Value value) {
  return createOrFold<arith::IndexCastOp>(getIndexType(), value);
}
Value KernelBuilder::both(Value lhs, Value rhs) { return createOrFold<arith::AndIOp>(lhs, rhs); }

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

KernelBuilder::Carried KernelBuilder::loop(Value lower, Value upper, int64_t step, ValueRange inits,
                                           function_ref<Carried(Value, ValueRange)> body) {
  IntegerAttr low, high;
  if (matchPattern(lower, m_Constant(&low)) && matchPattern(upper, m_Constant(&high))) {
    if (low.getInt() >= high.getInt())
      return llvm::to_vector(inits);
    if (high.getInt() - low.getInt() <= step)
      return body(lower, inits);
  }
  auto forOp =
      scf::ForOp::create(*this, lower, upper, i64(step), inits,
                         [&](OpBuilder &builder, Location loc, Value i, ValueRange carried) {
                           InsertionGuard guard(*this);
                           setInsertionPointToEnd(builder.getInsertionBlock());
                           Carried results = body(i, carried);
                           scf::YieldOp::create(*this, results);
                         });
  return llvm::to_vector(ValueRange(forOp.getResults()));
}

void KernelBuilder::loop(Value lower, Value upper, int64_t step, function_ref<void(Value)> body) {
  loop(lower, upper, step, ValueRange(), [&](Value i, ValueRange) -> Carried {
    body(i);
    return {};
  });
}

void KernelBuilder::onlyIf(Value condition, function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPointToStart(ifOp.thenBlock());
  body();
}

void KernelBuilder::either(Value condition, function_ref<void()> whenTrue,
                           function_ref<void()> whenFalse) {
  auto ifOp = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  InsertionGuard guard(*this);
  setInsertionPointToStart(ifOp.thenBlock());
  whenTrue();
  setInsertionPointToStart(ifOp.elseBlock());
  whenFalse();
}

KernelBuilder::Carried KernelBuilder::chooseValues(Value condition,
                                                   function_ref<Carried()> whenTrue,
                                                   function_ref<Carried()> whenFalse) {
  Carried values;
  auto ifOp = scf::IfOp::create(
      *this, condition,
      [&](OpBuilder &builder, Location loc) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(builder.getInsertionBlock());
        scf::YieldOp::create(*this, whenTrue());
      },
      [&](OpBuilder &builder, Location loc) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(builder.getInsertionBlock());
        scf::YieldOp::create(*this, whenFalse());
      });
  return llvm::to_vector(ValueRange(ifOp.getResults()));
}

/// The first of the lanes that are set, one or more.
static Value getFirstLane(KernelBuilder &b, Value lanes) {
  Type bits = b.getIntegerType(b.getLanes());
  Value word = b.getLanes() == 1
                   ? vector::ExtractOp::create(b, lanes, 0).getResult()
                   : vector::ExtractOp::create(
                         b, vector::BitCastOp::create(b, VectorType::get(1, bits), lanes), 0)
                         .getResult();
  Value first = LLVM::CountTrailingZerosOp::create(b, bits, word, /*is_zero_poison=*/true);
  return b.getLanes() < 64 ? arith::ExtUIOp::create(b, b.getI64Type(), first) : first;
}

void KernelBuilder::reportUnless(Value valid, Value mask, Value reached, Value index, Value size) {
  Value failing =
      arith::XOrIOp::create(*this, valid, createFill(*this, getLoc(), valid.getType(), 1));
  bool isVector = isa<VectorType>(failing.getType());
  if (isVector && mask)
    failing = both(failing, mask);
  Value failed = isVector
                     ? Value(vector::ReductionOp::create(*this, vector::CombiningKind::OR, failing))
                     : failing;
  onlyIf(reached ? both(failed, reached) : failed, [&] {
    Value word = frame.getErrorWord();
    Value before = LLVM::AtomicRMWOp::create(*this, LLVM::AtomicBinOp::min, word, frame.errorCode,
                                             LLVM::AtomicOrdering::monotonic);
    Value isLeast =
        arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, frame.errorCode, before);
    onlyIf(isLeast, [&] {
      Value lane = isVector ? getFirstLane(*this, failing) : Value();
      Value found =
          lane ? vector::ExtractOp::create(*this, index, OpFoldResult(toIndex(lane))) : index;
      for (auto [place, detail] : {std::pair(errorIndex, found), std::pair(errorSize, size)})
        LLVM::StoreOp::create(*this, detail, offset(word, i64(place), getI64Type()),
                              /*alignment=*/8, /*isVolatile=*/false, /*isNonTemporal=*/false,
                              /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic);
    });
  });
}

void KernelBuilder::unlessEmpty(Value rows, ArrayRef<Image> images, function_ref<void()> body) {
  IntegerAttr constant;
  if (llvm::none_of(images, [](const Image &image) { return image.hasHalo(); }) ||
      (matchPattern(rows, m_Constant(&constant)) && constant.getInt() != 0))
    return body();
  auto clear = [&] {
    for (const Image &image : images)
      storeZeros(image.base, mul(image.count, image.imagePitch));
  };
  either(equal(rows, i64(0)), clear, body);
}

Value KernelBuilder::loopOverTiles(Value size, ArrayRef<int64_t> widths,
                                   function_ref<void(Value, int64_t)> body) {
  Value begin = i64(0);
  for (int64_t width : widths) {
    Value end = add(begin, mul(div(sub(size, begin), i64(width)), width));
    loop(begin, end, width, [&](Value start) { body(start, width); });
    begin = end;
  }
  return begin;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::getAddress(Value buffer) {
  return frame.addresses[cast<BlockArgument>(buffer).getArgNumber()];
}

Image KernelBuilder::getImage(Value buffer) {
  PlannedType type = getTensor(buffer);
  ImageLayoutAttr layout = type.getImageLayout();
  Image image;
  image.base = getAddress(buffer);
  image.block = layout.getBlock();
  image.top = layout.getTop();
  image.left = layout.getLeft();
  image.bottom = layout.getBottom();
  image.right = layout.getRight();
  image.count = size(type.getDim(0));
  image.planes = size(dlc::ceilDiv(type.getDim(1), image.block));
  image.height = size(type.getDim(2));
  image.width = size(type.getDim(3));
  image.rowPitch = mul(add(image.width, image.left + image.right), image.block);
  image.planePitch = mul(add(image.height, image.top + image.bottom), image.rowPitch);
  image.imagePitch = mul(image.planes, image.planePitch);
  return image;
}

Image KernelBuilder::getMatrix(Value buffer, int64_t columns) {
  PlannedType type = getTensor(buffer);
  Image image = {};
  image.base = getAddress(buffer);
  auto layout = dyn_cast_or_null<RowLayoutAttr>(type.getLayout());
  image.block = layout ? layout.getPitch() : columns;
  image.count = image.planes = image.width = i64(1);
  image.height = size(type.getDims().drop_back());
  image.rowPitch = i64(image.block);
  image.planePitch = image.imagePitch = mul(image.height, image.block);
  return image;
}

Value KernelBuilder::offset(Value address, Value elements) {
  IntegerAttr constant;
  if (matchPattern(elements, m_Constant(&constant)))
    return offset(address, constant.getInt());
  return LLVM::GEPOp::create(*this, address.getType(), getF32Type(), address,
                             ArrayRef<LLVM::GEPArg>{elements});
}

Value KernelBuilder::offset(Value address, int64_t elements) {
  if (elements == 0)
    return address;
  LLVM::GEPArg index = llvm::isInt<31>(elements) ? LLVM::GEPArg(static_cast<int32_t>(elements))
                                                 : LLVM::GEPArg(i64(elements));
  return LLVM::GEPOp::create(*this, address.getType(), getF32Type(), address,
                             ArrayRef<LLVM::GEPArg>{index});
}

Value KernelBuilder::offset(Value address, Value elements, Type elementType) {
  Type stored = getStoredType(elementType);
  return LLVM::GEPOp::create(*this, address.getType(), stored, address,
                             ArrayRef<LLVM::GEPArg>{elements});
}

Value KernelBuilder::offset(const Image &image, Value n, Value plane, Value h, Value w) {
  Value start = add(mul(n, image.imagePitch), mul(plane, image.planePitch));
  start = add(start, mul(add(h, image.top), image.rowPitch));
  return offset(image.base, add(start, mul(add(w, image.left), image.block)));
}

Value KernelBuilder::getElement(const Image &image, Value n, Value channel, Value h, Value w) {
  Value block = i64(image.block);
  return offset(offset(image, n, div(channel, block), h, w), rem(channel, block));
}

Taps KernelBuilder::clipTaps(Value start, int64_t taps, int64_t dilation, Value low, Value high) {
  auto countBefore = [&](Value end) {
    return min(ceilDiv(max(sub(end, start), i64(0)), dilation), i64(taps));
  };
  return {countBefore(low), countBefore(high)};
}

Value KernelBuilder::load(Value address, Type type) {
  return LLVM::LoadOp::create(*this, type, address, elementAlignment);
}

void KernelBuilder::prefetch(Value address, int64_t elements) {
  constexpr int64_t lineElements = 16;
  for (int64_t element = 0; element < elements; element += lineElements)
    LLVM::Prefetch::create(*this, offset(address, element), /*rw=*/0, /*hint=*/2, /*cache=*/1);
}

void KernelBuilder::store(Value value, Value address, Value mask) {
  if (mask)
    LLVM::MaskedStoreOp::create(*this, value, address, mask, elementAlignment);
  else
    LLVM::StoreOp::create(*this, value, address, elementAlignment);
}

void KernelBuilder::storeZeros(Value address, Value elements) {
  Value wide = splat(0.0f), narrow = f32(0.0f);
  loopOverTiles(elements, {getLanes(), 1}, [&](Value start, int64_t width) {
    store(width == 1 ? narrow : wide, offset(address, start));
  });
}

void KernelBuilder::storeHalo(const Image &image, Value n, Value plane, Value begin, Value end) {
  if (!image.hasHalo())
    return;
  Value zero = i64(0);
  if (image.top)
    onlyIf(equal(begin, zero), [&] {
      storeZeros(offset(image, n, plane, i64(-image.top), i64(-image.left)),
                 mul(image.rowPitch, image.top));
    });
  if (image.left || image.right)
    loop(begin, end, 1, [&](Value h) {
      storeZeros(offset(image, n, plane, h, i64(-image.left)), i64(image.left * image.block));
      storeZeros(offset(image, n, plane, h, image.width), i64(image.right * image.block));
    });
  if (image.bottom)
    onlyIf(equal(end, image.height), [&] {
      storeZeros(offset(image, n, plane, image.height, i64(-image.left)),
                 mul(image.rowPitch, image.bottom));
    });
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

Value KernelBuilder::f32(float value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}

Value KernelBuilder::getGlobal(DenseElementsAttr elements) {
  LLVM::GlobalOp &global = globals[elements];
  if (!global) {
    auto module = function->getParentOfType<ModuleOp>();
    std::string base = function.getName().str() + "_constant", name = base;
    for (int64_t number = 1; module.lookupSymbol(name); ++number)
      name = base + "_" + std::to_string(number);
    InsertionGuard guard(*this);
    setInsertionPointToStart(module.getBody());
    int64_t count = elements.getNumElements();
    Type stored = getStoredType(elements.getElementType());
    auto contents = DenseElementsAttr::getFromRawBuffer(RankedTensorType::get({count}, stored),
                                                        getDenseBytes(elements));
    global = LLVM::GlobalOp::create(*this, LLVM::LLVMArrayType::get(stored, count),
                                    /*isConstant=*/true, LLVM::Linkage::Private, name, contents,
                                    /*alignment=*/64);
    global.setDsoLocal(true);
  }
  return LLVM::AddressOfOp::create(*this, global);
}

Value KernelBuilder::splat(Value scalar) {
  auto type = VectorType::get(getLanes(), scalar.getType());
  return vector::BroadcastOp::create(*this, type, scalar);
}

Value KernelBuilder::laneNumbers() {
  SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, getLanes()));
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(getIndexVectorType(), ArrayRef<int32_t>(numbers)));
}

Value KernelBuilder::laneMultiples(Value step) {
  SmallVector<int64_t> numbers = llvm::to_vector(llvm::seq<int64_t>(0, getLanes()));
  auto type = VectorType::get(getLanes(), getI64Type());
  Value lanes =
      arith::ConstantOp::create(*this, DenseElementsAttr::get(type, ArrayRef<int64_t>(numbers)));
  return mul(lanes, splat(step));
}

Value KernelBuilder::laneRange(Value low, Value high) {
  Value lanes = i64(getLanes());
  low = max(min(low, lanes), i64(0));
  high = max(min(high, lanes), low);
  return insideMask(laneNumbers(), sub(i64(0), low), sub(high, low));
}

Value KernelBuilder::laneMask(Value count) {
  Value below = max(min(count, i64(getLanes())), i64(0));
  Value narrow = arith::TruncIOp::create(*this, getI32Type(), below);
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, laneNumbers(), splat(narrow));
}

Value KernelBuilder::laneMask(Value start, Value size) {
  return insideMask(laneNumbers(), start, size);
}

Value KernelBuilder::insideMask(Value places, Value start, Value size) {
  Value first = arith::TruncIOp::create(*this, getI32Type(), start);
  Value end = arith::TruncIOp::create(*this, getI32Type(), size);
  places = arith::AddIOp::create(*this, places, splat(first));
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::ult, places, splat(end));
}

Value KernelBuilder::select(Value condition, Value whenTrue, Value whenFalse) {
  return arith::SelectOp::create(*this, condition, whenTrue, whenFalse);
}

Value KernelBuilder::fma(Value lhs, Value rhs, Value sum) {
  if (!machine.hasFma)
    return arith::AddFOp::create(*this, arith::MulFOp::create(*this, lhs, rhs), sum);
  return LLVM::FMAOp::create(*this, lhs, rhs, sum);
}
