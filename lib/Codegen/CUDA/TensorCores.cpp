#include "TensorCores.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace dlc;

static Value roundToTf32(KernelBuilder &b, Value value) {
  return NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), value, NVVM::FPRoundingMode::RNA,
                                            NVVM::SaturationMode::NONE, /*relu=*/false);
}

Value dlc::makeWord(KernelBuilder &b, Precision precision, function_ref<Value(int64_t)> load) {
  if (precision == Precision::fp32 || precision == Precision::tf32x3)
    return load(0);
  if (precision == Precision::tf32)
    return roundToTf32(b, load(0));
  auto pair = VectorType::get(2, precision == Precision::fp16 ? Type(b.getF16Type())
                                                              : Type(b.getBF16Type()));
  Value first = load(0), second = load(1);
  Value both = vector::FromElementsOp::create(b, VectorType::get(2, b.getF32Type()),
                                              ValueRange{first, second});
  return LLVM::BitcastOp::create(b, b.getI32Type(), arith::TruncFOp::create(b, pair, both));
}

SmallVector<KernelBuilder::Carried, 2> dlc::splitWords(KernelBuilder &b, Precision precision,
                                                       ValueRange words) {
  if (precision != Precision::tf32x3)
    return {KernelBuilder::Carried(words)};
  auto asFloat = [&](Value word) { return LLVM::BitcastOp::create(b, b.getF32Type(), word); };
  KernelBuilder::Carried nearest, rest;
  for (Value word : words) {
    Value whole = asFloat(word);
    nearest.push_back(roundToTf32(b, whole));
    rest.push_back(roundToTf32(b, arith::SubFOp::create(b, whole, asFloat(nearest.back()))));
  }
  return {nearest, rest};
}

KernelBuilder::Carried dlc::multiplyPieces(KernelBuilder &b, Precision precision, ValueRange lefts,
                                           ValueRange rights, ArrayRef<Value> sums) {
  Type f32 = b.getF32Type();
  Type result = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  NVVM::MMATypes type = precision == Precision::fp16   ? NVVM::MMATypes::f16
                        : precision == Precision::bf16 ? NVVM::MMATypes::bf16
                                                       : NVVM::MMATypes::tf32;
  std::array<NVVM::MMATypes, 2> types = {type, type};
  std::array<NVVM::MMALayout, 2> layouts = {NVVM::MMALayout::row, NVVM::MMALayout::col};
  auto getOperands = [&](ValueRange words) {
    KernelBuilder::Carried operands(words);
    if (precision == Precision::fp16) // packed pairs are vectors to this op
      for (Value &word : operands)
        word = LLVM::BitcastOp::create(b, VectorType::get(2, b.getF16Type()), word);
    return operands;
  };
  Value product =
      NVVM::MmaOp::create(b, result, getOperands(lefts), getOperands(rights), ValueRange(sums),
                          {pieceRows, pieceColumns, pieceWords * getWordParts(precision)},
                          /*b1Op=*/std::nullopt, /*intOverflow=*/std::nullopt, types, layouts);
  KernelBuilder::Carried next;
  for (int64_t element = 0; element != 4; ++element)
    next.push_back(LLVM::ExtractValueOp::create(b, product, element));
  return next;
}

/// Chunks of 8 rows lie as getSwizzled places them, 1024 bytes behind those of the 8 before.
Value dlc::getDescriptor(KernelBuilder &b, Value address) {
  constexpr int64_t unit = 16, addressBits = 18, rowsStride = 8 * sliceWords * 4 / unit;
  constexpr int64_t rowsShift = 32, swizzleShift = 62, swizzle128 = 1;
  Threads threads(b);
  Value number = LLVM::PtrToIntOp::create(b, b.getI32Type(), address);
  Value place = threads.wide(threads.div(threads.rem(number, 1 << addressBits), unit));
  constexpr int64_t form = rowsStride << rowsShift | swizzle128 << swizzleShift;
  return arith::OrIOp::create(b, place, b.i64(form));
}

/// An instruction of PTX whose registers are sums: it changes them in place.
static KernelBuilder::Carried changeSums(KernelBuilder &b, StringRef text, ValueRange others,
                                         ValueRange sums) {
  std::string constraints;
  for (size_t i = 0; i != sums.size(); ++i)
    constraints += "=f,";
  for (size_t i = 0; i != others.size(); ++i)
    constraints += "l,";
  for (size_t i = 0; i != sums.size(); ++i)
    constraints += std::to_string(i) + ",";
  constraints += "~{memory}";
  KernelBuilder::Carried operands(others);
  llvm::append_range(operands, sums);
  SmallVector<Type> types(sums.getTypes());
  Value all = LLVM::InlineAsmOp::create(b, LLVM::LLVMStructType::getLiteral(b.getContext(), types),
                                        operands, text, constraints, /*has_side_effects=*/true,
                                        /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                        LLVM::AsmDialectAttr(), ArrayAttr())
                  .getResult(0);
  KernelBuilder::Carried results;
  for (size_t i = 0; i != sums.size(); ++i)
    results.push_back(LLVM::ExtractValueOp::create(b, all, static_cast<int64_t>(i)));
  return results;
}

KernelBuilder::Carried dlc::beginProducts(KernelBuilder &b, Precision precision, ValueRange lefts,
                                          Value right, ValueRange sums) {
  constexpr int64_t pieceUnits = pieceWords * 4 / 16; // of a descriptor's address
  bool areHalves = getWordParts(precision) == 2;
  StringRef type = precision == Precision::fp16 ? "f16" : areHalves ? "bf16" : "tf32";
  size_t sumsOfRows = sums.size() / lefts.size(); // of a thread
  std::string instruction =
      llvm::formatv("wgmma.mma_async.sync.aligned.m{0}n{1}k{2}.f32.{3}.{3} ", groupRows,
                    2 * sumsOfRows, pieceWords * getWordParts(precision), type);
  // Sums are added to, operands are not negated; both lie along k, which halves need not.
  StringRef flags = areHalves ? ", adds, 1, 1, 0, 0;\n" : ", adds, 1, 1;\n";
  std::string text = "{\n.reg .pred adds;\nsetp.ne.b32 adds, 1, 0;\nwgmma.fence.sync.aligned;\n";
  KernelBuilder::Carried descriptors;
  auto addDescriptor = [&](Value start, int64_t piece) {
    descriptors.push_back(b.add(start, piece * pieceUnits));
    return "$" + std::to_string(sums.size() + descriptors.size() - 1);
  };
  for (int64_t piece = 0; piece != sliceWords / pieceWords; ++piece) {
    std::string rightName = addDescriptor(right, piece);
    for (auto [i, left] : llvm::enumerate(lefts)) {
      text += instruction;
      for (size_t sum = 0; sum != sumsOfRows; ++sum)
        text += (sum ? ", $" : "{$") + std::to_string(i * sumsOfRows + sum);
      text += "}, " + addDescriptor(left, piece) + ", " + rightName + flags.str();
    }
  }
  text += "wgmma.commit_group.sync.aligned;\n}";
  return changeSums(b, text, descriptors, sums);
}

KernelBuilder::Carried dlc::waitForProducts(KernelBuilder &b, ValueRange sums, int64_t pending) {
  return changeSums(b, llvm::formatv("wgmma.wait_group.sync.aligned {0};", pending).str(), {},
                    sums);
}

void dlc::showCopies(KernelBuilder &b) {
  NVVM::FenceProxyOp::create(
      b, NVVM::ProxyKindAttr::get(b.getContext(), NVVM::ProxyKind::async_shared),
      NVVM::SharedSpaceAttr::get(b.getContext(), NVVM::SharedSpace::shared_cta));
}

KernelBuilder::Carried dlc::loadPieces(KernelBuilder &b, Value address, bool transposed) {
  constexpr int32_t matrices = 4;
  Type i32 = b.getI32Type();
  Type type = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(matrices, i32));
  auto shape = NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(b, type, address, matrices,
                                          transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                                          shape, NVVM::LdStMatrixEltType::B16);
  KernelBuilder::Carried words;
  for (int64_t i = 0; i != matrices; ++i)
    words.push_back(LLVM::ExtractValueOp::create(b, loaded, i));
  return words;
}

Value dlc::getSwizzled(Threads &threads, Value row, Value word) {
  Value chunk = threads.exclusiveOr(threads.div(word, chunkWords), threads.rem(row, sliceChunks));
  Value place = threads.add(threads.mul(row, sliceWords), threads.mul(chunk, chunkWords));
  return threads.add(place, threads.rem(word, chunkWords));
}

void dlc::copyChunk(KernelBuilder &b, Value to, Value from, Value exists) {
  constexpr int32_t bytes = chunkWords * 4;
  constexpr unsigned globalSpace = 1;
  Threads threads(b);
  Type global = LLVM::LLVMPointerType::get(b.getContext(), globalSpace);
  Value size = b.select(exists, threads.i32(bytes), threads.i32(0));
  NVVM::CpAsyncOp::create(b, to, LLVM::AddrSpaceCastOp::create(b, global, from), bytes,
                          NVVM::LoadCacheModifierKind::CG, size);
}

void dlc::commitCopies(KernelBuilder &b) { NVVM::CpAsyncCommitGroupOp::create(b); }

void dlc::waitForCopies(KernelBuilder &b, int64_t pending) {
  NVVM::CpAsyncWaitGroupOp::create(b, static_cast<uint32_t>(pending));
}
