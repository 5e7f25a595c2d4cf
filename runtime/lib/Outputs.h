// The outputs of a call: what plan says of them, the buffers of a run, and what the run has found.
#ifndef DLC_RUNTIME_OUTPUTS_H
#define DLC_RUNTIME_OUTPUTS_H

#include "Context.h"
#include "Value.h"

namespace dlc::runtime {

/// DLC_MEMORY_ of an output's buffer.
inline uint32_t memoryOf(const dlc_output &output) {
  return DLC_COVERS(output, memory) ? output.memory : DLC_MEMORY_HOST;
}

/// Compares dims that the program computed with those that the manifest declares, and notes which
/// outputs only the run will know.
Status checkOutputDims(dlc_context &context);

/// Fills what is known of the outputs before the run. `outputs` may be null.
Status fillOutputs(dlc_context &context, dlc_output *outputs);

/// Checks the buffers that the caller gave for the outputs.
Status checkOutputBuffers(dlc_context &context, const dlc_output *outputs);

/// Refuses buffers that the run would write while it reads them under another name.
Status checkOverlap(dlc_context &context, const dlc_output *outputs, const void *workspace);

/// Finds a buffer for each output whose size is known: the caller's, or a new one.
Status allocateOutputs(dlc_context &context, const dlc_output *outputs);

/// Checks the values that a run has set for the other outputs and fills in what they are, so that
/// settleOutputs() cannot fail any more.
Status takeValues(dlc_context &context, dlc_output *outputs, ObjectList &objects);

/// Hands over to the caller what this run has made, or frees it after a failure.
void settleOutputs(dlc_context &context, dlc_output *outputs, ObjectList &objects,
                   dlc_status status);

} // namespace dlc::runtime

#endif
