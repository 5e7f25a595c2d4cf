// What is left of a model with problems, for those who look for more of them.

#include "ModelImporter.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;

namespace {
/// The ops that depend on a value that could not be imported, and the functions that hold one.
class Unknown {
public:
  explicit Unknown(ModuleOp module) {
    size_t before = 0;
    do { // until no more functions call one
      before = functions.size();
      for (auto function : module.getOps<func::FuncOp>())
        if (!isMain(function) && isIn(function))
          functions.insert(function.getSymName());
    } while (functions.size() != before);
  }

  /// Whether `op` or one in its regions is unknown.
  bool isIn(Operation *op) const {
    auto isUnknown = [&](Operation *inner) {
      auto call = dyn_cast<func::CallOp>(inner);
      return isa<UnrealizedConversionCastOp>(inner) ||
             (call && functions.contains(call.getCallee())) ||
             llvm::any_of(inner->getOperands(),
                          [&](Value value) { return values.contains(value); });
    };
    return op
        ->walk([&](Operation *inner) {
          return isUnknown(inner) ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  }
  bool contains(Value value) const { return values.contains(value); }
  bool contains(func::FuncOp function) const { return functions.contains(function.getSymName()); }
  void add(Operation &op) { values.insert_range(op.getResults()); }

private:
  static bool isMain(func::FuncOp function) { return function.getSymName() == mainName; }

  DenseSet<Value> values;
  llvm::StringSet<> functions;
};
} // namespace

/// The results of ops in `block` that ops read which are in `dropped`.
static llvm::SetVector<Value> findReadResults(Block &block, ArrayRef<Operation *> dropped,
                                              const Unknown &unknown) {
  llvm::SetVector<Value> results;
  for (Operation *op : dropped)
    op->walk([&](Operation *inner) {
      for (Value value : inner->getOperands())
        if (Operation *source = value.getDefiningOp();
            source && source->getBlock() == &block && !unknown.contains(value))
          results.insert(value);
    });
  return results;
}

/// Takes out of the module what depends on a value that could not be imported. What only that would
/// have read becomes an output, so that no later pass takes it for dead.
void ModelImporter::keepRemainder(ModuleOp module) {
  Unknown unknown(module);
  Block &block = main.front();
  SmallVector<Operation *> dropped;
  for (Operation &op : block.without_terminator())
    if (unknown.isIn(&op)) {
      unknown.add(op);
      dropped.push_back(&op);
    }
  llvm::SetVector<Value> outputs = findReadResults(block, dropped, unknown);
  for (Value value : block.getTerminator()->getOperands())
    if (!unknown.contains(value))
      outputs.insert(value);
  SmallVector<Attribute> attributes;
  for (size_t index = 0; index < outputs.size(); ++index)
    attributes.push_back(makePortAttributes("output " + std::to_string(index), outputs[index]));

  block.getTerminator()->setOperands(outputs.getArrayRef());
  for (Operation *op : llvm::reverse(dropped))
    op->erase();
  for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (unknown.contains(function))
      function.erase();
  main.setFunctionType(
      builder.getFunctionType(block.getArgumentTypes(), block.getTerminator()->getOperandTypes()));
  main.setAllResultAttrs(attributes);
}
