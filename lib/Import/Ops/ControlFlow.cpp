// If, Loop, Scan: their bodies are imported by ModelImporter.

#include "Rows.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow ifInputs[] = {{"cond"}};
static constexpr InputRow loopInputs[] = {
    {"M", optional}, {"cond", optional}, {"v_initial", optional}};
static constexpr InputRow scanInputs8[] = {{"sequence_lens", optional},
                                           {"initial_state_and_scan_inputs"}};
static constexpr InputRow scanInputs9[] = {{"initial_state_and_scan_inputs"}};

static constexpr AttributeRow ifAttributes[] = {{"else_branch", Proto::GRAPH},
                                                {"then_branch", Proto::GRAPH}};
static constexpr AttributeRow loopAttributes[] = {{"body", Proto::GRAPH}};
static constexpr AttributeRow scanAttributes8[] = {
    {"body", Proto::GRAPH}, {"directions", Proto::INTS}, {"num_scan_inputs", Proto::INT}};
static constexpr AttributeRow scanAttributes9[] = {{"body", Proto::GRAPH},
                                                   {"num_scan_inputs", Proto::INT},
                                                   {"scan_input_axes", Proto::INTS},
                                                   {"scan_input_directions", Proto::INTS},
                                                   {"scan_output_axes", Proto::INTS},
                                                   {"scan_output_directions", Proto::INTS}};

static constexpr OpRow rows[] = {
    {"", "If", oldestOpset, newestOpset, ifInputs, ifAttributes, nullptr, {}, anyOutputs},
    {"", "Loop", oldestOpset, newestOpset, loopInputs, loopAttributes, nullptr, {}, iterations},
    {"", "Scan", 8, 8, scanInputs8, scanAttributes8, nullptr, {}, iterations},
    {"", "Scan", 9, newestOpset, scanInputs9, scanAttributes9, nullptr, {}, iterations},
};

ArrayRef<OpRow> dlc::getControlFlowRows() { return rows; }
