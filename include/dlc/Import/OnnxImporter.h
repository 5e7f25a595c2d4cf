// ONNX files into the dlc dialect.
#ifndef DLC_IMPORT_ONNXIMPORTER_H
#define DLC_IMPORT_ONNXIMPORTER_H

#include "dlc/IR/Dlc.h"
#include "dlc/Support/SourceFiles.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace dlc {

/// Imports `sources[file]` as a module with one function `main`: every op with all attributes and
/// its element types, input shapes with the model's symbolic dims, other shapes unknown, weights as
/// ranges of files: the model's, those beside it that it names, which are added to `sources`, and
/// one of the elements that lie in no file in one piece. Bodies of control flow are regions, and
/// each call of one of the model's own functions is a call of a private function of its own.
///
/// Fails after emitting one located error for each problem of the model, all of them in one run.
/// With `remainder` a model with problems gives what does not depend on them, with other outputs
/// than the model's: more problems may show in it.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importOnnxModel(mlir::MLIRContext *context,
                                                                   SourceFiles &sources,
                                                                   size_t file,
                                                                   bool remainder = false);

/// Prints a line for each operator and range of opsets that the importer knows: domain, name, first
/// and last opset, the file of its builder in lib/Import/Ops, and how operators there are computed.
void printOperators(llvm::raw_ostream &os);

} // namespace dlc

#endif
