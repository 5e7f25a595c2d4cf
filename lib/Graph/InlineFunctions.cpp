// Puts the bodies of functions in the place of their calls. The importer makes a function for each
// call, for the attributes and element types of that call, so that a body is cloned once.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

#define DEBUG_TYPE "dlc-inline-functions"

namespace dlc {
#define GEN_PASS_DEF_INLINEFUNCTIONS
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Clones the body of `callee` in front of `call`, whose results become the returned values. Ops
/// keep their own locations: they are nodes of the function.
static void inlineCall(func::CallOp call, func::FuncOp callee) {
  OpBuilder builder(call);
  IRMapping mapping;
  Block &body = callee.getBody().front();
  mapping.map(body.getArguments(), call.getOperands());
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  for (auto [result, value] :
       llvm::zip_equal(call.getResults(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(mapping.lookup(value));
  call.erase();
}

namespace {
struct InlineFunctions : dlc::impl::InlineFunctionsBase<InlineFunctions> {
  /// Calls by what they call, from the callees on: each body has no calls left when it is cloned.
  LogicalResult inlineInto(func::FuncOp function, SymbolTable &symbols,
                           SmallPtrSetImpl<Operation *> &done,
                           SmallVectorImpl<func::FuncOp> &path) {
    if (done.contains(function))
      return success();
    if (llvm::is_contained(path, function))
      return function.emitError("function '") << function.getSymName() << "' calls itself";
    path.push_back(function);
    SmallVector<func::CallOp> calls; // in branches and loops too
    function.walk([&](func::CallOp call) { calls.push_back(call); });
    for (func::CallOp call : calls) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!callee || callee.isExternal())
        return call.emitError("expected a function '") << call.getCallee() << "'";
      if (failed(inlineInto(callee, symbols, done, path)))
        return failure();
      inlineCall(call, callee);
    }
    path.pop_back();
    done.insert(function);
    return success();
  }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallPtrSet<Operation *, 16> done;
    SmallVector<func::FuncOp> path;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isPrivate() && failed(inlineInto(function, symbols, done, path)))
        return signalPassFailure();
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function.isPrivate())
        function.erase();
  }
};
} // namespace
