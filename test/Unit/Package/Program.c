/* A program as the compiler makes them: y[i] = exp(x[i]) * w[i % 3], one task for each i; w are the first weights. */
#include "dlc/ABI/Program.h"

#include <math.h>
#include <stddef.h>

#ifndef WEIGHTS_SIZE
#define WEIGHTS_SIZE 0
#endif

extern const char dlc_weights[] __attribute__((visibility("hidden")));

/* Not exported, whatever its visibility. */
__attribute__((visibility("default"))) void kernel(const dlc_kernel_call *call, int64_t task) {
  const float *x = call->buffers[0], *w = call->buffers[1];
  float *y = call->buffers[2];
  y[task] = (float)exp(x[task]) * (WEIGHTS_SIZE ? w[task % 3] : 1.0f);
}

static int32_t plan(dlc_plan_call *call) {
  call->output_dims[0] = call->symbols[0];
  call->workspace = 0;
  return DLC_PROGRAM_OK;
}

static int32_t run(const dlc_run_call *call) {
  void *buffers[] = {call->inputs[0], (void *)call->weights, call->outputs[0]};
  dlc_launch launch = {sizeof launch, 0, kernel, buffers, call->symbols[0], 0};
  return call->services->launch(call->state, &launch) ? DLC_PROGRAM_STOPPED : DLC_PROGRAM_OK;
}

static const dlc_program program = {.struct_size = sizeof program,
                                    .abi_version = DLC_ABI_VERSION,
                                    .plan = plan,
                                    .run = run,
                                    .weights = dlc_weights,
                                    .weights_size = WEIGHTS_SIZE,
                                    .num_symbols = 1,
                                    .num_shape_symbols = 1,
                                    .num_output_dims = 1};

__attribute__((visibility("default"))) const dlc_program *dlc_query(uint32_t abi_version) {
  return abi_version == DLC_ABI_VERSION ? &program : NULL;
}
