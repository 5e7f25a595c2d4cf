// Rows of ops that the op library alone computes, and of control flow.

#include "OpTable.h"

#include "onnx-ml.pb.h"

using namespace mlir;
using namespace dlc;
using Proto = onnx::AttributeProto;

static constexpr bool optional = false;

static constexpr InputRow dataInputs[] = {{"data"}};
static constexpr InputRow cumSumInputs[] = {{"x"}, {"axis"}};
static constexpr InputRow gatherInputs[] = {{"data"}, {"indices"}};
static constexpr InputRow ifInputs[] = {{"cond"}};
static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow inputsInputs[] = {{"inputs"}};
static constexpr InputRow loopInputs[] = {
    {"M", optional}, {"cond", optional}, {"v_initial", optional}};
static constexpr InputRow oneHotInputs[] = {{"indices"}, {"depth"}, {"values"}};
static constexpr InputRow optionalInputs[] = {{"input", optional}};
static constexpr InputRow positionInputs[] = {{"input_sequence"}, {"position"}};
static constexpr InputRow reverseInputs[] = {{"input"}, {"sequence_lens"}};
static constexpr InputRow scanInputs8[] = {{"sequence_lens", optional},
                                           {"initial_state_and_scan_inputs"}};
static constexpr InputRow scanInputs9[] = {{"initial_state_and_scan_inputs"}};
static constexpr InputRow scatterInputs[] = {{"data"}, {"indices"}, {"updates"}};
static constexpr InputRow sequenceEraseInputs[] = {{"input_sequence"}, {"position", optional}};
static constexpr InputRow sequenceInputs[] = {{"input_sequence"}};
static constexpr InputRow sequenceInsertInputs[] = {
    {"input_sequence"}, {"tensor"}, {"position", optional}};
static constexpr InputRow splitInputs[] = {{"input"}, {"split", optional}};
static constexpr InputRow topKInputs1[] = {{"X"}};
static constexpr InputRow topKInputs10[] = {{"X"}, {"K"}};
static constexpr InputRow triluInputs[] = {{"input"}, {"k", optional}};
static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"X"}, {"Y"}};

static constexpr AttributeRow argAttributes1[] = {{"axis", Proto::INT}, {"keepdims", Proto::INT}};
static constexpr AttributeRow argAttributes12[] = {
    {"axis", Proto::INT}, {"keepdims", Proto::INT}, {"select_last_index", Proto::INT}};
static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow batchAttributes[] = {{"batch_dims", Proto::INT}};
static constexpr AttributeRow concatAttributes[] = {{"axis", Proto::INT}, {"new_axis", Proto::INT}};
static constexpr AttributeRow cumSumAttributes[] = {{"exclusive", Proto::INT},
                                                    {"reverse", Proto::INT}};
static constexpr AttributeRow dtypeAttributes[] = {{"dtype", Proto::INT}};
static constexpr AttributeRow ifAttributes[] = {{"else_branch", Proto::GRAPH},
                                                {"then_branch", Proto::GRAPH}};
static constexpr AttributeRow loopAttributes[] = {{"body", Proto::GRAPH}};
static constexpr AttributeRow normalizerAttributes[] = {{"case_change_action", Proto::STRING},
                                                        {"is_case_sensitive", Proto::INT},
                                                        {"locale", Proto::STRING},
                                                        {"stopwords", Proto::STRINGS}};
static constexpr AttributeRow reverseAttributes[] = {{"batch_axis", Proto::INT},
                                                     {"time_axis", Proto::INT}};
static constexpr AttributeRow scanAttributes8[] = {
    {"body", Proto::GRAPH}, {"directions", Proto::INTS}, {"num_scan_inputs", Proto::INT}};
static constexpr AttributeRow scanAttributes9[] = {{"body", Proto::GRAPH},
                                                   {"num_scan_inputs", Proto::INT},
                                                   {"scan_input_axes", Proto::INTS},
                                                   {"scan_input_directions", Proto::INTS},
                                                   {"scan_output_axes", Proto::INTS},
                                                   {"scan_output_directions", Proto::INTS}};
static constexpr AttributeRow scatterAttributes16[] = {{"axis", Proto::INT},
                                                       {"reduction", Proto::STRING}};
static constexpr AttributeRow scatterNDAttributes16[] = {{"reduction", Proto::STRING}};
static constexpr AttributeRow splitAttributes[] = {{"axis", Proto::INT}, {"keepdims", Proto::INT}};
static constexpr AttributeRow stringSplitAttributes[] = {{"delimiter", Proto::STRING},
                                                         {"maxsplit", Proto::INT}};
static constexpr AttributeRow topKAttributes1[] = {{"axis", Proto::INT}, {"k", Proto::INT}};
static constexpr AttributeRow topKAttributes11[] = {
    {"axis", Proto::INT}, {"largest", Proto::INT}, {"sorted", Proto::INT}};
static constexpr AttributeRow triluAttributes[] = {{"upper", Proto::INT}};
static constexpr AttributeRow typeAttributes[] = {{"type", Proto::TYPE_PROTO}};
static constexpr AttributeRow uniqueAttributes[] = {{"axis", Proto::INT}, {"sorted", Proto::INT}};

static constexpr StringLiteral topKOutputs[] = {"Indices"};
static constexpr StringLiteral stringSplitOutputs[] = {"Z"};
static constexpr StringLiteral uniqueOutputs[] = {"indices", "inverse_indices", "counts"};

static constexpr OpRow::Extra fourOutputs{.outputs = 4};
static constexpr OpRow::Extra handles{.handles = true};
static constexpr OpRow::Extra twoHandles{.outputs = 2, .handles = true};
static constexpr OpRow::Extra twoOutputs{.outputs = 2};
static constexpr OpRow::Extra variadic{.variadicInputs = true, .handles = true};
static constexpr OpRow::Extra branches{.outputs = OpRow::anyOutputs};
static constexpr OpRow::Extra iterations{
    .outputs = OpRow::anyOutputs, .variadicInputs = true, .handles = true};

static constexpr OpRow rows[] = {
    {"", "ArgMax", oldestOpset, 11, dataInputs, argAttributes1, importLibraryCall},
    {"", "ArgMax", 12, newestOpset, dataInputs, argAttributes12, importLibraryCall},
    {"", "ArgMin", oldestOpset, 11, dataInputs, argAttributes1, importLibraryCall},
    {"", "ArgMin", 12, newestOpset, dataInputs, argAttributes12, importLibraryCall},
    {"",
     "ConcatFromSequence",
     11,
     newestOpset,
     sequenceInputs,
     concatAttributes,
     importSequenceUse,
     {},
     handles},
    {"", "CumSum", 11, newestOpset, cumSumInputs, cumSumAttributes, importLibraryCall},
    {"", "GatherElements", 11, newestOpset, gatherInputs, axisAttributes, importLibraryCall},
    {"", "GatherND", 11, 11, gatherInputs, {}, importLibraryCall},
    {"", "GatherND", 12, newestOpset, gatherInputs, batchAttributes, importLibraryCall},
    {"", "If", oldestOpset, newestOpset, ifInputs, ifAttributes, nullptr, {}, branches},
    {"", "Loop", oldestOpset, newestOpset, loopInputs, loopAttributes, nullptr, {}, iterations},
    {"", "NonZero", 9, newestOpset, unaryInputs, {}, importLibraryCall},
    {"", "OneHot", 9, newestOpset, oneHotInputs, axisAttributes, importLibraryCall},
    {"", "Optional", 15, newestOpset, optionalInputs, typeAttributes, importOptional, {}, handles},
    {"", "OptionalGetElement", 15, newestOpset, inputInputs, {}, importOptionalGet, {}, handles},
    {"", "OptionalHasElement", 15, 17, inputInputs, {}, importOptionalHas, {}, handles},
    {"", "OptionalHasElement", 18, newestOpset, optionalInputs, {}, importOptionalHas, {}, handles},
    {"", "ReverseSequence", 10, newestOpset, reverseInputs, reverseAttributes, importLibraryCall},
    {"", "Scan", 8, 8, scanInputs8, scanAttributes8, nullptr, {}, iterations},
    {"", "Scan", 9, newestOpset, scanInputs9, scanAttributes9, nullptr, {}, iterations},
    {"", "Scatter", 9, 10, scatterInputs, axisAttributes, importLibraryCall},
    {"", "ScatterElements", 11, 15, scatterInputs, axisAttributes, importLibraryCall},
    {"", "ScatterElements", 16, newestOpset, scatterInputs, scatterAttributes16, importLibraryCall},
    {"", "ScatterND", 11, 15, scatterInputs, {}, importLibraryCall},
    {"", "ScatterND", 16, newestOpset, scatterInputs, scatterNDAttributes16, importLibraryCall},
    {"", "SequenceAt", 11, newestOpset, positionInputs, {}, importSequenceAt, {}, handles},
    {"",
     "SequenceConstruct",
     11,
     newestOpset,
     inputsInputs,
     {},
     importSequenceConstruct,
     {},
     variadic},
    {"", "SequenceEmpty", 11, newestOpset, {}, dtypeAttributes, importSequenceEmpty},
    {"",
     "SequenceErase",
     11,
     newestOpset,
     sequenceEraseInputs,
     {},
     importSequenceUpdate,
     {},
     handles},
    {"",
     "SequenceInsert",
     11,
     newestOpset,
     sequenceInsertInputs,
     {},
     importSequenceUpdate,
     {},
     handles},
    {"", "SequenceLength", 11, newestOpset, sequenceInputs, {}, importSequenceUse, {}, handles},
    {"",
     "SplitToSequence",
     11,
     newestOpset,
     splitInputs,
     splitAttributes,
     importSplitToSequence,
     {},
     handles},
    {"", "StringConcat", 20, newestOpset, binaryInputs, {}, importStringOp, {}, handles},
    {"",
     "StringNormalizer",
     10,
     newestOpset,
     unaryInputs,
     normalizerAttributes,
     importStringOp,
     {},
     handles},
    {"", "StringSplit", 20, newestOpset, unaryInputs, stringSplitAttributes, importStringOp,
     stringSplitOutputs, twoHandles},
    {"", "TopK", oldestOpset, 9, topKInputs1, topKAttributes1, importTopKAttribute, topKOutputs,
     twoOutputs},
    {"", "TopK", 10, 10, topKInputs10, axisAttributes, importLibraryCall, topKOutputs, twoOutputs},
    {"", "TopK", 11, newestOpset, topKInputs10, topKAttributes11, importLibraryCall, topKOutputs,
     twoOutputs},
    {"", "Trilu", 14, newestOpset, triluInputs, triluAttributes, importLibraryCall},
    {"", "Unique", 11, newestOpset, unaryInputs, uniqueAttributes, importLibraryCall, uniqueOutputs,
     fourOutputs},
};

ArrayRef<OpRow> dlc::getHostRows() { return rows; }
