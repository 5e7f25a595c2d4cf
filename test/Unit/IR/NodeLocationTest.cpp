// Locations name ONNX nodes, alone and fused.

#include "dlc/IR/NodeLocation.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dlc;

TEST(NodeLocation, NamesFileNodeAndOp) {
  MLIRContext context;
  EXPECT_EQ(describeLocation(makeNodeLocation(&context, "m.onnx", "conv1", "Conv", 11)),
            "m.onnx: node 'conv1' (Conv)");
}

TEST(NodeLocation, ListsTheNodesOfABoxOnce) {
  MLIRContext context;
  Location conv = makeNodeLocation(&context, "m.onnx", "conv1", "Conv", 11);
  Location relu = makeNodeLocation(&context, "m.onnx", "relu1", "Relu", 11);
  Location box = Builder(&context).getFusedLoc({conv, relu, conv});
  EXPECT_EQ(getNodes(box), (SmallVector<std::string>{"conv1 (Conv)", "relu1 (Relu)"}));
  EXPECT_EQ(describeLocation(box), "m.onnx: node 'conv1' (Conv)");
}

TEST(NodeLocation, FallsBackToFileAndLine) {
  MLIRContext context;
  EXPECT_EQ(describeLocation(FileLineColLoc::get(&context, "a.mlir", 3, 5)), "a.mlir:3:5");
  EXPECT_EQ(describeLocation(FileLineColLoc::get(&context, "m.onnx", 0, 0)), "m.onnx");
  EXPECT_EQ(describeLocation(UnknownLoc::get(&context)), "");
  EXPECT_TRUE(getNodes(UnknownLoc::get(&context)).empty());
}
