#include "DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace dlc;

static constexpr int64_t warpSize = 32;
static constexpr unsigned sharedSpace = 3;
static constexpr StringLiteral dynamicName = "dynamic_memory", bytesName = "dlc.dynamic_memory";

Value Threads::getThread() { return NVVM::ThreadIdXOp::create(b, b.getI32Type()); }
Value Threads::getBlock() { return wide(NVVM::BlockIdXOp::create(b, b.getI32Type())); }
void Threads::wait() { NVVM::Barrier0Op::create(b); }

Value Threads::i32(int64_t value) {
  return arith::ConstantOp::create(b, b.getI32IntegerAttr(static_cast<int32_t>(value)));
}
Value Threads::add(Value lhs, Value rhs) { return b.createOrFold<arith::AddIOp>(lhs, rhs); }
Value Threads::mul(Value lhs, int64_t rhs) { return b.createOrFold<arith::MulIOp>(lhs, i32(rhs)); }
Value Threads::div(Value lhs, int64_t rhs) { return b.createOrFold<arith::DivUIOp>(lhs, i32(rhs)); }
Value Threads::rem(Value lhs, int64_t rhs) { return b.createOrFold<arith::RemUIOp>(lhs, i32(rhs)); }
Value Threads::less(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, lhs, rhs);
}
Value Threads::exclusiveOr(Value lhs, Value rhs) { return b.createOrFold<arith::XOrIOp>(lhs, rhs); }
Value Threads::narrow(Value number) {
  return b.createOrFold<arith::TruncIOp>(b.getI32Type(), number);
}
Value Threads::wide(Value number) { return arith::ExtUIOp::create(b, b.getI64Type(), number); }

Value Threads::share(StringRef name, int64_t count) {
  auto module = b.getFunction()->getParentOfType<ModuleOp>();
  std::string full = (b.getFunction().getName() + "_" + name).str();
  auto type = LLVM::LLVMArrayType::get(b.getF32Type(), count);
  if (!module.lookupSymbol(full)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(b, type, /*isConstant=*/false, LLVM::Linkage::Internal, full,
                           Attribute(), /*alignment=*/16, sharedSpace);
  }
  return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), sharedSpace),
                                   full);
}

Value Threads::shareDynamic(int64_t count) {
  auto module = b.getFunction()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(dynamicName)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(b.getF32Type(), 0), /*isConstant=*/false,
                           LLVM::Linkage::External, dynamicName, Attribute(), /*alignment=*/1024,
                           sharedSpace);
  }
  b.getFunction()->setAttr(bytesName, b.getI64IntegerAttr(4 * count));
  return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), sharedSpace),
                                   dynamicName);
}

int64_t dlc::takeDynamicMemory(LLVM::LLVMFuncOp function) {
  auto bytes = dyn_cast_or_null<IntegerAttr>(function->removeAttr(bytesName));
  return bytes ? bytes.getInt() : 0;
}

Value Threads::exchange(Value value, int64_t mask) {
  return NVVM::ShflOp::create(b, b.getF32Type(), i32(-1), value, i32(mask), i32(warpSize - 1),
                              NVVM::ShflKind::bfly, UnitAttr());
}

Value Threads::getOfQuad(Value value, int64_t number) {
  constexpr int64_t segments = (warpSize - 4) << 8 | (warpSize - 1); // of four lanes
  return NVVM::ShflOp::create(b, b.getF32Type(), i32(-1), value, i32(number), i32(segments),
                              NVVM::ShflKind::idx, UnitAttr());
}

Value Threads::reduce(Value value, int64_t count, function_ref<Value(Value, Value)> combine) {
  for (int64_t mask = warpSize / 2; mask != 0; mask /= 2)
    value = combine(value, exchange(value, mask));
  int64_t warps = count / warpSize;
  if (warps <= 1)
    return value;
  Value thread = getThread(), shared = share("sums", warps);
  auto place = [&](Value index) { return b.offset(shared, wide(index)); };
  b.onlyIf(b.equal(rem(thread, warpSize), i32(0)),
           [&] { b.store(value, place(div(thread, warpSize))); });
  wait();
  Value sum = b.loadScalar(place(i32(0)));
  for (int64_t warp = 1; warp != warps; ++warp)
    sum = combine(sum, b.loadScalar(place(i32(warp))));
  wait(); // before the next reduction writes
  return sum;
}

Value dlc::areAligned(KernelBuilder &b, ValueRange addresses) {
  Value bits = b.i64(0);
  for (Value address : addresses)
    bits = arith::OrIOp::create(b, bits, LLVM::PtrToIntOp::create(b, b.getI64Type(), address));
  return b.equal(arith::AndIOp::create(b, bits, b.i64(15)), b.i64(0));
}

ModuleOp dlc::getDeviceModule(ModuleOp module) {
  auto nested = module.getOps<ModuleOp>();
  return nested.empty() ? ModuleOp() : *nested.begin();
}
