// FlexAttention, If, Loop, Scan, SequenceMap: their bodies are imported by ModelImporter.

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

static constexpr InputRow flexInputs[] = {{"Q"}, {"K"}, {"V"}};
static constexpr InputRow mapInputs[] = {{"input_sequence"}, {"additional_inputs", optional}};

static constexpr AttributeRow flexAttributes[] = {{"prob_mod", Proto::GRAPH},
                                                  {"scale", Proto::FLOAT},
                                                  {"score_mod", Proto::GRAPH},
                                                  {"softmax_precision", Proto::INT}};
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
    {"", "SequenceMap", 17, newestOpset, mapInputs, loopAttributes, nullptr, {}, iterations},
    {"ai.onnx.preview", "FlexAttention", 1, 1, flexInputs, flexAttributes, nullptr},
};

ArrayRef<OpRow> dlc::getControlFlowRows() { return rows; }
