// What the files of this folder write their rows with. Each has builders and, at its end, the rows
// that name them.
#ifndef DLC_IMPORT_OPS_ROWS_H
#define DLC_IMPORT_OPS_ROWS_H

#include "../OpTable.h"
#include "onnx-ml.pb.h"

namespace dlc {

using Proto = onnx::AttributeProto;

/// Of an input.
inline constexpr bool optional = false;

inline constexpr OpRow::Extra anyOutputs{.outputs = OpRow::anyOutputs};
inline constexpr OpRow::Extra fiveOutputs{.outputs = 5};
inline constexpr OpRow::Extra fourOutputs{.outputs = 4};
inline constexpr OpRow::Extra handles{.handles = true};
inline constexpr OpRow::Extra iterations{
    .outputs = OpRow::anyOutputs, .variadicInputs = true, .handles = true};
inline constexpr OpRow::Extra fourOutputsOfStrings{.outputs = 4, .strings = 1};
inline constexpr OpRow::Extra stringParts{.outputs = OpRow::anyOutputs, .strings = 1};
inline constexpr OpRow::Extra stringChoices{.strings = 0b110};
inline constexpr OpRow::Extra strings{.strings = 1};
inline constexpr OpRow::Extra stringUpdates{.strings = 0b101};
inline constexpr OpRow::Extra stringValues{.strings = 0b100};
inline constexpr OpRow::Extra threeOutputs{.outputs = 3};
inline constexpr OpRow::Extra twoHandles{.outputs = 2, .handles = true};
inline constexpr OpRow::Extra twoOutputs{.outputs = 2};
inline constexpr OpRow::Extra variadic{.variadicInputs = true};
inline constexpr OpRow::Extra variadicStrings{.variadicInputs = true, .strings = ~0u};
inline constexpr OpRow::Extra variadicHandles{.variadicInputs = true, .handles = true};

} // namespace dlc

#endif
