#include "dlc/IR/Dlc.h"

using namespace mlir;
using namespace dlc;

#include "dlc/IR/DlcDialect.cpp.inc"

void DlcDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dlc/IR/DlcOps.cpp.inc"
      >();
}
