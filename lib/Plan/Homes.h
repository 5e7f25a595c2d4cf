// In which memory values lie.
#ifndef DLC_LIB_PLAN_HOMES_H
#define DLC_LIB_PLAN_HOMES_H

#include "dlc/IR/Program.h"

namespace dlc {

/// A value lies where the op runs that computes it. Without a device all values lie on the host.
class Homes {
public:
  explicit Homes(bool hasDevice) : hasDevice(hasDevice) {}

  Space get(mlir::Value value) const;
  /// Where constants are read, as long as nobody asks for them elsewhere.
  Space getOfConstants() const { return hasDevice ? Space::device : Space::host; }
  /// Whether kernels of the device read `input`, an argument of main, directly.
  bool isReadOnDevice(mlir::Value input) const;
  /// Says where the arguments of main lie.
  void setInput(mlir::Value input, Space space) { inputs[input] = space; }

private:
  bool hasDevice;
  llvm::DenseMap<mlir::Value, Space> inputs;
};

} // namespace dlc

#endif
