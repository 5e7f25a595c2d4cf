// Which symbols of a program are known when.
#ifndef DLC_LIB_PLAN_SYMBOLS_H
#define DLC_LIB_PLAN_SYMBOLS_H

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

namespace dlc {

/// What of `main` runs before the sizes are known: the binds of entry symbols and all that they
/// depend on, and the guards that need no late symbol. Stands in main's top block, in its order.
using EntryOps = llvm::SetVector<mlir::Operation *>;

/// Inputs and outputs by the attribute `dlc.name` of main's arguments and results; shape symbols in
/// the order of the inputs' dims, the others in the order of their binders. Fails with an error
/// where a name is missing.
mlir::FailureOr<Signature> readSignature(mlir::func::FuncOp main, EntryOps &entryOps);

} // namespace dlc

#endif
