// Ops of the host program as code of dlc_run and dlc_plan.
#ifndef DLC_LIB_CODEGEN_COMMON_HOSTEMITTER_H
#define DLC_LIB_CODEGEN_COMMON_HOSTEMITTER_H

#include "AbiFields.h"
#include "ExprEmitter.h"

#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {

/// What all functions of a program share: its tables and constants.
class HostProgram {
public:
  explicit HostProgram(mlir::ModuleOp module) : module(module) {}

  mlir::ModuleOp getModule() const { return module; }
  /// A new row of the kernel table.
  int64_t addLaunch(LaunchOp launch);
  llvm::ArrayRef<Kernel> getLaunches() const { return launches; }
  enum class SiteKind : uint32_t { call, guard, match, tensor }; // DLC_SITE_
  /// A new row of the site table.
  int64_t addSite(mlir::Operation *op, SiteKind kind, std::string text);
  llvm::ArrayRef<HostSite> getSites() const { return sites; }
  /// The name of a constant of these bytes, aligned to 8.
  llvm::StringRef getConstant(llvm::StringRef bytes);
  /// The row of a function in the table of device functions.
  int64_t addDeviceFunction(llvm::StringRef name);
  llvm::ArrayRef<std::string> getDeviceFunctions() const { return deviceFunctions; }
  /// The name of the library's function, which is declared.
  std::string getLibraryFunction(llvm::StringRef callee);

private:
  mlir::ModuleOp module;
  llvm::StringMap<std::string> constants;
  llvm::SmallVector<Kernel> launches;
  llvm::SmallVector<HostSite> sites;
  llvm::SmallVector<std::string> deviceFunctions;
};

/// Short forms for code of the `llvm` dialect.
class CodeBuilder {
public:
  CodeBuilder(mlir::MLIRContext *context, mlir::Location loc);

  mlir::LLVM::LLVMFuncOp createFunction(mlir::ModuleOp module, llvm::StringRef name,
                                        mlir::Type result, llvm::ArrayRef<mlir::Type> arguments,
                                        mlir::LLVM::Linkage linkage);
  mlir::Block *addBlock() { return builder.createBlock(builder.getBlock()->getParent()); }
  /// Goes on in a new block where `condition` holds.
  void returnUnless(mlir::Value condition, int32_t code);
  mlir::Value constant(mlir::Type type, int64_t value);
  mlir::Value isEqual(mlir::Value lhs, mlir::Value rhs);
  mlir::Value field(mlir::Value base, mlir::Type structType, int32_t index);
  mlir::Value element(mlir::Value base, mlir::Type type, mlir::LLVM::GEPArg index);
  mlir::Value load(mlir::Value address, mlir::Type type = {});
  void store(mlir::Value value, mlir::Value address);
  mlir::Value addressOf(llvm::StringRef symbol);
  mlir::Type getStruct(llvm::ArrayRef<mlir::Type> fields);

  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Type i8, i32, i64, pointer;
  // The structs of the ABI.
  mlir::Type planCallType, runCallType, servicesType, launchType, deviceLaunchType, libraryCallType,
      opCallType, valueType, attributeType;
};

/// Emits one function, op by op.
class HostEmitter : public CodeBuilder {
public:
  /// Begins function `name`, which takes a dlc_plan_call or dlc_run_call. Their first fields agree.
  HostEmitter(HostProgram &program, const Signature &signature, mlir::Location loc,
              llvm::StringRef name);

  mlir::Value getCall() { return call; }
  mlir::Value getSymbols() { return symbols; }
  llvm::ArrayRef<llvm::StringRef> getSymbolNames() const { return names; }
  mlir::Value getInput(size_t index);
  void setAddress(mlir::Value value, mlir::Value address) { addresses[value] = address; }
  mlir::Value getAddress(mlir::Value value) { return addresses.lookup(value); }

  /// From here on sizes without late symbols are what plan has computed. Emits them once, where the
  /// function begins.
  struct Memory {
    mlir::Value arena, weights;
  };
  void assumePlanned(Memory host, Memory device);
  /// All ops of `block` but its terminator.
  llvm::LogicalResult emitOps(mlir::Block &block);
  /// Ends the function, whose last block has its return.
  void finish();

private:
  enum class Area { values, pointers, numbers, attributes };

  // Sizes.
  mlir::FailureOr<mlir::Value> emitSize(ExprAttr expr);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> emitChecked(llvm::ArrayRef<ExprAttr> exprs);
  void storeSymbol(llvm::StringRef name, mlir::Value value);

  // Straight-line code.
  llvm::LogicalResult emitOp(mlir::Operation *op);
  llvm::LogicalResult emitAlloc(AllocOp alloc);
  llvm::LogicalResult emitSlot(SlotOp slot);
  llvm::LogicalResult emitLaunch(LaunchOp launch);
  llvm::LogicalResult emitDeviceLaunch(LaunchOp launch, mlir::LLVM::LLVMFuncOp kernel);
  mlir::FailureOr<mlir::Value> emitFlops(LaunchOp launch);
  mlir::Value storeBuffers(LaunchOp launch);
  void storeFields(mlir::Value record, mlir::Type type, llvm::ArrayRef<mlir::Value> fields);
  llvm::LogicalResult emitStoreSizes(StoreSizesOp op);
  llvm::LogicalResult emitCopy(CopyOp op);
  llvm::LogicalResult emitBind(BindOp op);
  llvm::LogicalResult emitGuard(GuardOp op);

  // Handles and library calls.
  mlir::FailureOr<int32_t> getDtype(mlir::Operation *op, PlannedType type);
  llvm::LogicalResult emitMatch(MatchOp op);
  llvm::LogicalResult emitSingleMatch(MatchOp op);
  llvm::LogicalResult emitNewTensor(NewTensorOp op);
  llvm::LogicalResult emitWrap(WrapOp op);
  llvm::LogicalResult emitReinterpret(ReinterpretOp op);
  llvm::LogicalResult emitLibraryCall(LibraryCallOp op);
  llvm::LogicalResult emitOperands(LibraryCallOp op, mlir::Value pointers);
  llvm::LogicalResult emitAttributes(LibraryCallOp op, llvm::ArrayRef<LibraryAttribute> attributes);
  void emitAttribute(const LibraryAttribute &attribute, llvm::ArrayRef<mlir::Value> ints,
                     mlir::Value record);
  llvm::LogicalResult describe(mlir::Operation *op, mlir::Value buffer, mlir::Value record);
  mlir::Value keep(mlir::Value address);

  // Control flow.
  llvm::LogicalResult emitBody(mlir::Block &block);
  llvm::LogicalResult emitIf(IfOp op);
  llvm::LogicalResult emitLoop(LoopOp op);
  mlir::FailureOr<mlir::Value> emitTripCount(LoopOp op);
  mlir::Value emitCondition(mlir::Value buffer);
  llvm::SmallVector<mlir::Value> getAddresses(mlir::ValueRange range);

  /// Calls a service with the runtime's state in front of `arguments`.
  mlir::Value callService(Service service, mlir::Type result, mlir::ValueRange arguments);
  /// The same, and leaves where it says that the program is to stop.
  void callStatus(Service service, mlir::ValueRange arguments);
  mlir::Value callForObject(Service service, mlir::ValueRange arguments);
  /// Leaves with an error about both sizes where a condition does not hold.
  void leaveUnless(mlir::Value holds, int64_t site, mlir::Value lhs, mlir::Value rhs);
  /// Memory of the frame for `count` elements, until the next service is called.
  mlir::Value take(Area area, size_t count);
  mlir::Value allocate(mlir::Type type, int64_t count, unsigned alignment = 0);

  HostProgram &program;
  const Signature &signature;
  llvm::SmallVector<llvm::StringRef> names;
  mlir::LLVM::LLVMFuncOp function;
  mlir::Block *entry; // memory of the frame, what the call holds, planned sizes
  mlir::Value call, state, services, symbols, inputs;
  std::optional<Memory> host, device; // known in run
  std::optional<ExprEmitter> planned;
  llvm::DenseMap<mlir::Value, mlir::Value> addresses;

  struct AreaState {
    mlir::LLVM::AllocaOp memory;
    mlir::LLVM::ConstantOp count;
    size_t used = 0, most = 0;
  };
  AreaState areas[4];
  mlir::Value launchRecord, deviceLaunchRecord, libraryCallRecord, opCallRecord;
};

} // namespace dlc

#endif
