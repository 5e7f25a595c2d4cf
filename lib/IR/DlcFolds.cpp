// Folders.

#include "dlc/IR/Dlc.h"

using namespace mlir;
using namespace dlc;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }
