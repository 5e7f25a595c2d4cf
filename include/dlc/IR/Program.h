// What a module says about its program as a whole, from import to package: attributes of the
// module, read and written through here alone.
//
//   dlc.model      the model's file name without its folder
//   dlc.sources    array of #dlc.source: the files that #dlc.range counts
//   dlc.target     #dlc.target: what the phases from schedule on compile for
//   dlc.device     #dlc.device: the GPU that boxes run on, where there is one
//   dlc.with_cpu   beside it: the artifact also runs on the CPU alone
//   dlc.ranges     declared ranges of symbols
//   dlc.hints      usual values of symbols
//   dlc.signature  symbols, inputs and outputs
//   dlc.kernels    the launches: kernels, ONNX nodes, schedules (from the codegen phase on)
//   dlc.sites      the places of the host program that can fail (from the codegen phase on)
//   dlc.arenas     sizes and slots of the arenas (from the codegen phase on)
//   dlc.images     the device code (from the codegen phase on, where there is a device)
//   dlc.versions   for which sizes and machines its versions are (from the plan phase on)
//   dlc.weights    the contents of the weights section (from the plan phase on)
#ifndef DLC_IR_PROGRAM_H
#define DLC_IR_PROGRAM_H

#include "dlc/IR/Expr.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <limits>
#include <optional>
#include <string>

namespace dlc {

/// The function that is the model; after the plan phase the host program.
inline constexpr llvm::StringLiteral mainName = "main";
/// Attribute of a version of `main`: a dictionary of the symbols and values that it is for.
inline constexpr llvm::StringLiteral whenName = "dlc.when";
/// Attribute of a version of `main`, and of its entry function: it runs on the CPU alone, though
/// the module has a device.
inline constexpr llvm::StringLiteral onCpuName = "dlc.on_cpu";
/// The function that computes the entry symbols (from the plan phase on), where there are any.
inline constexpr llvm::StringLiteral entryName = "entry";
/// Attribute of the host program (from the plan phase on): the size of its arena in bytes, a
/// #dlc.expr.
inline constexpr llvm::StringLiteral workspaceName = "dlc.workspace";
/// The same of the device's arena, in modules with a device.
inline constexpr llvm::StringLiteral deviceWorkspaceName = "dlc.device_workspace";
/// Attribute of the host program (from the plan phase on): its #dlc.expr of offsets and sizes of
/// the arenas' slots.
inline constexpr llvm::StringLiteral slotsName = "dlc.slots";
/// Bytes in front of the device's arena that are zeros before and after each launch: counters of
/// blocks (DLC_DEVICE_ZEROS of dlc/ABI/Program.h).
inline constexpr int64_t deviceZeros = 4096;
/// Attribute of the module, and of versions beside the general one: see Signature.
inline constexpr llvm::StringLiteral signatureName = "dlc.signature";
/// Attribute of kernel functions (from the plan phase on): their #dlc.schedule.
inline constexpr llvm::StringLiteral scheduleName = "dlc.schedule";
/// Attribute of an emitted kernel: how many bytes of scratch memory each of its threads needs.
inline constexpr llvm::StringLiteral scratchName = "dlc.scratch";

/// Attribute of `main`'s arguments and results (up to the plan phase): the names of inputs and
/// outputs.
inline constexpr llvm::StringLiteral portName = "dlc.name";

/// What an input or output is that is no planned value: the numbers of dlc/ABI/Op.h.
struct HandlePort {
  uint32_t kind; ///< DLC_VALUE_
  int32_t dtype; ///< DLC_DTYPE_; 0 for any
};

/// Attribute of `main`'s arguments and results that are handles (up to the plan phase): an array of
/// DLC_VALUE_ and DLC_DTYPE_ of HandlePort. A tensor of any type where it is absent.
inline constexpr llvm::StringLiteral handleName = "dlc.handle";

/// The versions of `main` in the order that a run tries them, the last of which is `main`.
llvm::SmallVector<mlir::func::FuncOp> getHostPrograms(mlir::ModuleOp module);
/// The name of the function that computes the entry symbols of a version.
std::string getEntryName(mlir::func::FuncOp host);
/// Whether `function` computes entry symbols.
bool isEntry(mlir::func::FuncOp function);
/// Whether `function` is `main` or a version of it.
bool isHostProgram(mlir::func::FuncOp function);

/// A named input or output.
struct Port {
  llvm::StringRef name;
  PlannedType type = {};                 ///< null for a handle
  std::optional<HandlePort> handle = {}; ///< of a handle
  bool readAtEntry = false;              ///< an input whose elements entry symbols depend on
  bool isOnDevice = false;               ///< given and taken in the device's memory
};

/// Symbols in the order that generated code counts them: those of the inputs' shapes (the
/// manifest's), those that `entry` computes, and late ones, which the run finds on its way.
struct Signature {
  llvm::SmallVector<llvm::StringRef> symbols, entrySymbols = {}, lateSymbols = {};
  llvm::SmallVector<Port> inputs, outputs;

  llvm::SmallVector<llvm::StringRef> getAllSymbols() const;
  /// Whether `expr`, or a dim of `type`, is known only during the run.
  bool isLate(ExprAttr expr) const;
  bool isLate(PlannedType type) const;
  /// Whether an output's memory is the caller's, since its size is known before the run.
  bool isCallersMemory(const Port &output) const;
};

/// A weight and its offset from the section's start, in bytes; `size` is that of its data after the
/// recipe.
struct PlacedWeight {
  WeightAttr weight;
  int64_t offset;
  int64_t size;
};

/// A row of the kernel table, one for each launch: `nodes` as people read them ("conv1 (Conv),
/// relu1 (Relu)").
struct Kernel {
  std::string name, nodes;
  ScheduleAttr schedule = {};
};

/// A row of the site table: the node as an error message starts ("node 'conv1' (Conv)"), and what
/// it demands or the name of the op that it calls.
struct HostSite {
  std::string nodes, text;
  uint32_t kind = 0; ///< DLC_SITE_ of dlc/ABI/Artifact.h
};

/// A part of an arena, which values have one after the other. Sizes are in bytes.
struct ArenaSlot {
  ExprAttr offset, size;
  int64_t numValues;
};

/// The arena of a host program in one memory.
struct Arena {
  int64_t version; ///< in the order of getHostPrograms
  Space space;
  ExprAttr size;
  llvm::SmallVector<ArenaSlot> slots = {};
};

/// A row of the version table.
struct Version {
  std::string when; ///< "N = 1"; empty for the general one, the last of its machine
  bool isOnDevice;
};

/// The signature of the program (`op` is the module), or of one version (`op` is its host program).
void setSignature(mlir::Operation *op, const Signature &signature);
mlir::FailureOr<Signature> getSignature(mlir::Operation *op);

/// The declared range of a symbol; that of any size unless there is one.
void setRange(mlir::ModuleOp module, llvm::StringRef symbol, SizeRange range);
SizeRange getRange(mlir::ModuleOp module, llvm::StringRef symbol);

/// The usual value of a symbol; nothing unless declared.
void setHint(mlir::ModuleOp module, llvm::StringRef symbol, int64_t value);
std::optional<int64_t> getHint(mlir::ModuleOp module, llvm::StringRef symbol);

void setWeights(mlir::ModuleOp module, llvm::ArrayRef<PlacedWeight> weights);
mlir::FailureOr<llvm::SmallVector<PlacedWeight>> getWeights(mlir::ModuleOp module);

void setKernels(mlir::ModuleOp module, llvm::ArrayRef<Kernel> kernels);
mlir::FailureOr<llvm::SmallVector<Kernel>> getKernels(mlir::ModuleOp module);

/// A module without the attribute has no site.
void setSites(mlir::ModuleOp module, llvm::ArrayRef<HostSite> sites);
mlir::FailureOr<llvm::SmallVector<HostSite>> getSites(mlir::ModuleOp module);

/// The slots of a host program's arena in one memory; none unless set.
void setSlots(mlir::func::FuncOp host, Space space, llvm::ArrayRef<ArenaSlot> slots);
mlir::FailureOr<llvm::SmallVector<ArenaSlot>> getSlots(mlir::func::FuncOp host, Space space);

/// What a module without host programs keeps of their arenas; none unless set.
void setArenas(mlir::ModuleOp module, llvm::ArrayRef<Arena> arenas);
mlir::FailureOr<llvm::SmallVector<Arena>> getArenas(mlir::ModuleOp module);

/// A module without the attribute has the general version alone.
void setVersions(mlir::ModuleOp module, llvm::ArrayRef<Version> versions);
mlir::FailureOr<llvm::SmallVector<Version>> getVersions(mlir::ModuleOp module);

void setSources(mlir::ModuleOp module, llvm::ArrayRef<SourceAttr> sources);
mlir::FailureOr<llvm::SmallVector<SourceAttr>> getSources(mlir::ModuleOp module);

void setTarget(mlir::ModuleOp module, TargetAttr target);
bool hasTarget(mlir::ModuleOp module);
/// Fails with an error on the module where there is none.
mlir::FailureOr<TargetAttr> getTarget(mlir::ModuleOp module);

/// The device of a module, where it is not null; `withCpu`: it is to have versions for the CPU
/// alone too.
void setDevice(mlir::ModuleOp module, DeviceAttr device, bool withCpu);
bool isWithCpu(mlir::ModuleOp module);
/// Of a module, a function or an op: null where its code is for the CPU alone.
DeviceAttr getDevice(mlir::Operation *op);
/// Whether a box or kernel with this schedule runs on the device.
bool isOnDevice(ScheduleAttr schedule);
/// Whether `kernel`, a function or declaration with a schedule, runs on the device.
bool isOnDevice(mlir::Operation *kernel);

/// How a kernel of the device is launched: attributes of its declaration beside the host program.
struct DeviceKernel {
  llvm::SmallVector<llvm::StringRef> symbols; ///< whose values it takes
  int64_t threads = 0;                        ///< of a block
  int64_t sharedMemory = 0;                   ///< dynamic, in bytes
};
void setDeviceKernel(mlir::Operation *kernel, const DeviceKernel &properties);
DeviceKernel getDeviceKernel(mlir::Operation *kernel);

/// Code for devices (a dlc_image of dlc/ABI/Program.h): the bytes of global `name`.
struct DeviceImage {
  llvm::StringRef name;
  uint32_t form, architecture;
  bool isSpecific; ///< runs on this architecture alone
  uint64_t size;
};
void setImages(mlir::ModuleOp module, llvm::ArrayRef<DeviceImage> images);
/// None without the attribute.
mlir::FailureOr<llvm::SmallVector<DeviceImage>> getImages(mlir::ModuleOp module);

void setModelName(mlir::ModuleOp module, llvm::StringRef name);
llvm::StringRef getModelName(mlir::ModuleOp module);

/// The size of a weight's data after its recipe, in bytes.
int64_t getPackedBytes(WeightAttr weight);

} // namespace dlc

#endif
