// The inputs and outputs of a run on a device, which callers give in its memory or in the host's.
#ifndef DLC_RUNTIME_CUDA_PORTS_H
#define DLC_RUNTIME_CUDA_PORTS_H

#include "Context.h"
#include "Services.h"

namespace dlc::runtime::cuda {

/// Checks whether the caller's inputs can lie where they do, without a look at them. For every
/// session: one on the CPU takes memory of the host alone.
Status checkInputMemory(dlc_context &context);
Status checkOutputMemory(dlc_context &context, const dlc_output *outputs);

/// Checks that what is said to lie on the device does, as far as the driver knows it.
Status checkPointers(dlc_context &context, const dlc_output *outputs);

/// Begins a run: the device's arena, with room for what the caller gave in the host's memory, and
/// the inputs in it. Sets the buffers that the program takes.
Status beginRun(dlc_context &context, const dlc_output *outputs, void *stream);

/// Ends what the device still has to do and brings outputs to the host.
Status finishRun(dlc_context &context, RunState &run, const dlc_output *outputs);

} // namespace dlc::runtime::cuda

#endif
