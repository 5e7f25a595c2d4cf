// The memory plan, checked against what it must hold for every value of the symbols: buffers that
// are alive together do not overlap, none leaves the arena.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "dlc/Plan/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <functional>
#include <random>

using namespace mlir;
using namespace dlc;

namespace {
struct Placed {
  int64_t offset, size;
  size_t first, last;
};
} // namespace

/// A host program whose launches read earlier buffers and write new ones, of random sizes.
static std::string makeProgram(std::mt19937 &random) {
  auto pick = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  const char *sizes[] = {"H", "16*H",      "H*W",       "H*W + W",       "W",
                         "7", "3*H*W + 5", "max(H, W)", "floordiv(H, 2)"};
  std::string text = "func.func @main() {\n";
  std::vector<std::string> types;
  int count = pick(2, 12);
  for (int i = 0; i != count; ++i) {
    types.push_back("!dlc.buffer<!dlc.tensor<" + std::string(sizes[pick(0, 8)]) + " x f32>>");
    std::string name = "%b" + std::to_string(i);
    text += name + " = dlc.alloc : " + types.back() + "\n";
    int source = pick(std::max(0, i - 3), i);
    text += "dlc.launch @k tasks <1> (%b" + std::to_string(source) + ", " + name +
            ") : " + types[source] + ", " + types.back() + "\n";
  }
  return text + "return\n}\n";
}

static std::vector<Placed> evaluatePlan(func::FuncOp main, int64_t h, int64_t w) {
  auto valueOf = [&](StringRef name) -> std::optional<int64_t> { return name == "H" ? h : w; };
  std::vector<Placed> placed;
  for (auto slot : main.getOps<SlotOp>()) {
    Placed buffer{*slot.getOffset().evaluate(valueOf),
                  *slot.getBuffer().getType().getTensor().getBufferBytes().evaluate(valueOf),
                  SIZE_MAX, 0};
    for (auto [time, launch] : llvm::enumerate(main.getOps<LaunchOp>()))
      if (llvm::is_contained(launch.getBuffers(), slot.getBuffer())) {
        buffer.first = std::min(buffer.first, time);
        buffer.last = std::max(buffer.last, time);
      }
    placed.push_back(buffer);
  }
  return placed;
}

static void checkPlan(func::FuncOp main, int64_t h, int64_t w) {
  auto valueOf = [&](StringRef name) -> std::optional<int64_t> { return name == "H" ? h : w; };
  int64_t workspace = *main->getAttrOfType<ExprAttr>(workspaceName).evaluate(valueOf);
  std::vector<Placed> buffers = evaluatePlan(main, h, w);
  for (size_t i = 0; i != buffers.size(); ++i) {
    const Placed &a = buffers[i];
    EXPECT_EQ(a.offset % 64, 0);
    EXPECT_LE(a.offset + a.size, workspace);
    for (size_t j = 0; j != i; ++j) {
      const Placed &b = buffers[j];
      bool together = a.first <= b.last && b.first <= a.last;
      bool overlap = a.offset < b.offset + b.size && b.offset < a.offset + a.size;
      EXPECT_FALSE(together && overlap)
          << "buffers " << i << " and " << j << " at H = " << h << ", W = " << w;
    }
  }
}

TEST(PlanMemory, LiveBuffersNeverOverlap) {
  MLIRContext context;
  context.loadDialect<DlcDialect, func::FuncDialect>();
  std::mt19937 random(3);
  size_t shared = 0, total = 0;
  for (int round = 0; round != 300; ++round) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(makeProgram(random), &context);
    ASSERT_TRUE(module);
    PassManager pm(&context);
    pm.addPass(createPlanMemory());
    ASSERT_TRUE(succeeded(pm.run(*module)));
    auto main = module->lookupSymbol<func::FuncOp>(mainName);
    for (int64_t h : {0, 1, 7, 1000})
      for (int64_t w : {0, 1, 13, 999})
        checkPlan(main, h, w);
    llvm::DenseSet<Attribute> offsets;
    for (auto slot : main.getOps<SlotOp>()) {
      offsets.insert(slot.getOffsetAttr());
      ++total;
    }
    shared += llvm::range_size(main.getOps<SlotOp>()) - offsets.size();
  }
  // A plan that shares nothing would pass the checks above.
  EXPECT_GT(shared, total / 10);
}

//===----------------------------------------------------------------------===//
// Branches and loops
//===----------------------------------------------------------------------===//

namespace {
/// Programs whose launches read and write buffers of all blocks around them.
class NestedProgram {
public:
  explicit NestedProgram(std::mt19937 &random) : random(random) {}

  std::string make() {
    text = "func.func @main(%c: !dlc.buffer<!dlc.tensor<i1>>) {\n";
    addBlock({}, 0);
    return text + "return\n}\n";
  }

private:
  using Buffers = std::vector<std::pair<std::string, std::string>>; // names and types

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); }

  void addLaunch(Buffers &buffers) {
    const char *sizes[] = {"H", "16*H", "H*W", "W", "7", "max(H, W)"};
    bool isNew = buffers.empty() || pick(0, 3) != 0;
    auto source = buffers.empty() ? std::pair<std::string, std::string>()
                                  : buffers[pick(0, static_cast<int>(buffers.size()) - 1)];
    if (isNew) {
      buffers.push_back({"%b" + std::to_string(count++),
                         "!dlc.buffer<!dlc.tensor<" + std::string(sizes[pick(0, 5)]) + " x f32>>"});
      text += buffers.back().first + " = dlc.alloc : " + buffers.back().second + "\n";
    }
    auto target = isNew ? buffers.back() : buffers[pick(0, static_cast<int>(buffers.size()) - 1)];
    if (source.first.empty())
      source = target;
    text += "dlc.launch @k tasks <1> (" + source.first + ", " + target.first +
            ") : " + source.second + ", " + target.second + "\n";
  }

  void addBlock(Buffers buffers, int depth) {
    for (int i = pick(1, 5); i != 0; --i) {
      int kind = depth < 3 ? pick(0, 6) : 6;
      if (kind == 0) {
        text += "dlc.loop \"i\" trip <3> () : () -> () {\n";
        addBlock(buffers, depth + 1);
        text += "dlc.yield\n}\n";
      } else if (kind == 1) {
        text += "dlc.if %c : (!dlc.buffer<!dlc.tensor<i1>>) -> () {\n";
        addBlock(buffers, depth + 1);
        text += "dlc.yield\n} else {\n";
        addBlock(buffers, depth + 1);
        text += "dlc.yield\n}\n";
      } else {
        addLaunch(buffers);
      }
    }
  }

  std::mt19937 &random;
  std::string text;
  int count = 0;
};

/// Runs launches as writes of the target's name into its bytes. What was last written into the
/// source's bytes must be the source's name.
class Execution {
public:
  Execution(func::FuncOp main, int64_t h, int64_t w, std::mt19937 &random)
      : valueOf([=](StringRef name) -> std::optional<int64_t> { return name == "H" ? h : w; }),
        memory(*main->getAttrOfType<ExprAttr>(workspaceName).evaluate(valueOf)), random(random) {
    run(main.getBody().front());
  }

  size_t wrong = 0;

private:
  llvm::MutableArrayRef<const void *> getBytes(Value buffer) {
    auto slot = buffer.getDefiningOp<SlotOp>();
    int64_t offset = *slot.getOffset().evaluate(valueOf);
    int64_t size = *slot.getBuffer().getType().getTensor().getBufferBytes().evaluate(valueOf);
    return llvm::MutableArrayRef(memory).slice(offset, size);
  }

  void run(Block &block) {
    for (Operation &op : block) {
      if (auto launch = dyn_cast<LaunchOp>(op)) {
        Value source = launch.getBuffers()[0], target = launch.getBuffers()[1];
        if (source != target)
          wrong += llvm::any_of(getBytes(source), [&](const void *name) {
            return name != source.getAsOpaquePointer();
          });
        llvm::fill(getBytes(target), target.getAsOpaquePointer());
      } else if (isa<IfOp>(op)) {
        run(op.getRegion(random() % 2).front());
      } else if (isa<LoopOp>(op)) {
        for (int iteration = 0; iteration != 3; ++iteration)
          run(op.getRegion(0).front());
      }
    }
  }

  std::function<std::optional<int64_t>(StringRef)> valueOf;
  std::vector<const void *> memory;
  std::mt19937 &random;
};
} // namespace

TEST(PlanMemory, NestedProgramsReadWhatTheyWrote) {
  MLIRContext context;
  context.loadDialect<DlcDialect, func::FuncDialect>();
  std::mt19937 random(5);
  size_t shared = 0;
  for (int round = 0; round != 400; ++round) {
    std::string text = NestedProgram(random).make();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    PassManager pm(&context);
    pm.addPass(createPlanMemory());
    ASSERT_TRUE(succeeded(pm.run(*module)));
    auto main = module->lookupSymbol<func::FuncOp>(mainName);
    for (auto [h, w] : {std::pair<int64_t, int64_t>{1, 40}, {7, 1}, {13, 9}})
      ASSERT_EQ(Execution(main, h, w, random).wrong, 0u) << text;
    llvm::DenseSet<Attribute> offsets;
    main.walk([&](SlotOp slot) { shared += !offsets.insert(slot.getOffsetAttr()).second; });
  }
  EXPECT_GT(shared, 100u);
}
