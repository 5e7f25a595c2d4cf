/* The code of the tests' artifact, written by hand as dlc-compile would generate it:
 *
 *   inputs   x: f32 [N, 3], s: f32 [N]
 *   outputs  y: f32 [N, 3] = x + s + weights, rows: i64 [N - 2] = 0, 1, 2, ...
 *
 * It computes x + s into the arena first, so that a run needs one, and the rows with a library op
 * that takes scratch memory. Three values of N misbehave on purpose. With DLC_TEST_ENLARGE it is
 * another model:
 *
 *   inputs   p: f32 [1, 3, H, W]
 *   outputs  q: f32 [1, 3, 16 * H, 16 * W] = p, each pixel 16 x 16 times */
#include "dlc/ABI/Program.h"

#include "Sections.h"

#include <stddef.h>

enum {
  ENDLESS = 7777,  /* run launches until the service refuses */
  ODD_CODE = 6666, /* plan returns a code that the ABI has not */
  WRONG_DIM = 6667 /* plan contradicts the manifest */
};

enum { NUM_WEIGHTS = 3 };

#ifdef DLC_TEST_NO_QUERY

__attribute__((visibility("default"))) const char *dlc_other(void) { return dlc_weights; }

#else

#ifdef DLC_TEST_ENLARGE

enum { NUM_SYMBOLS = 2, NUM_OUTPUT_DIMS = 4, SCALE = 16 };

static int32_t plan(dlc_plan_call *call) {
  const int64_t *symbols = call->symbols;
  int64_t *output_dims = call->output_dims;
  output_dims[0] = 1;
  output_dims[1] = 3;
  output_dims[2] = symbols[0] * SCALE;
  output_dims[3] = symbols[1] * SCALE;
  call->workspace = 64;
  return DLC_PROGRAM_OK;
}

static int32_t run(const dlc_run_call *call) {
  const int64_t height = call->symbols[0] * SCALE, width = call->symbols[1] * SCALE;
  const float *p = (const float *)call->inputs[0];
  float *q = (float *)call->outputs[0];
  for (int64_t y = 0; y < 3 * height; ++y)
    for (int64_t x = 0; x < width; ++x)
      q[y * width + x] = p[y / SCALE * call->symbols[1] + x / SCALE];
  return DLC_PROGRAM_OK;
}

#else

enum { NUM_SYMBOLS = 1, NUM_OUTPUT_DIMS = 3 };

/* buffers: x, s, arena */
static void add_s(const dlc_kernel_call *call, int64_t task) {
  const float *x = (const float *)call->buffers[0] + task * 3;
  const float *s = (const float *)call->buffers[1];
  float *sum = (float *)call->buffers[2] + task * 3;
  for (int i = 0; i < NUM_WEIGHTS; ++i)
    sum[i] = x[i] + s[task];
}

/* buffers: arena, weights, y */
static void add_weights(const dlc_kernel_call *call, int64_t task) {
  const float *sum = (const float *)call->buffers[0] + task * 3;
  const float *weights = (const float *)call->buffers[1];
  float *y = (float *)call->buffers[2] + task * 3;
  for (int i = 0; i < NUM_WEIGHTS; ++i)
    y[i] = sum[i] + weights[i];
}

static void count_row(void *rows, int64_t row) { ((int64_t *)rows)[row] = row; }

/* Counts in scratch memory and copies to the output, a description of the caller's buffer. */
static int32_t count_rows(const dlc_op_call *call) {
  const uint64_t count = call->outputs[0]->count;
  int64_t *rows = (int64_t *)call->services->scratch(call->state, count * sizeof(int64_t));
  if (!rows || !call->services->scratch(call->state, 100))
    return 1;
  call->services->parallel_for(call->state, (int64_t)count, count_row, rows);
  for (uint64_t i = 0; i < count; ++i)
    ((int64_t *)call->outputs[0]->data)[i] = rows[i];
  return 0;
}

static int32_t call_count_rows(const dlc_run_call *call) {
  const int64_t num_rows = call->symbols[0] - 2;
  dlc_value rows = {sizeof(rows), DLC_VALUE_TENSOR,   DLC_DTYPE_I64,   0, 1, 0,
                    &num_rows,    (uint64_t)num_rows, call->outputs[1]};
  dlc_value *outputs[] = {&rows};
  dlc_op_call op = {sizeof(op), 0, 1, 0, 0, outputs, 0, 0, 0};
  const dlc_library_call library = {sizeof(library), 0, count_rows, &op};
  return call->services->call(call->state, &library);
}

static int32_t plan(dlc_plan_call *call) {
  const int64_t n = call->symbols[0];
  int64_t *output_dims = call->output_dims;
  int64_t bytes;
  if (__builtin_mul_overflow(n, 12, &bytes) || __builtin_add_overflow(bytes, 63, &bytes))
    return DLC_PROGRAM_OVERFLOW;
  if (n < 2)
    return DLC_PROGRAM_NEGATIVE;
  if (n == ODD_CODE)
    return 42;
  output_dims[0] = n == WRONG_DIM ? n + 1 : n;
  output_dims[1] = 3;
  output_dims[2] = n - 2;
  call->workspace = bytes & ~63;
  return DLC_PROGRAM_OK;
}

static int32_t run(const dlc_run_call *call) {
  void *const first[] = {call->inputs[0], call->inputs[1], call->arena};
  void *const second[] = {call->arena, (void *)call->weights, call->outputs[0]};
  /* The second record is an earlier compiler's, which ends before the count of flops. */
  const dlc_launch launches[] = {
      {sizeof(dlc_launch), 0, add_s, first, call->symbols[0], 6 * call->symbols[0]},
      {offsetof(dlc_launch, flops), 1, add_weights, second, call->symbols[0], 999},
  };
  do {
    for (int i = 0; i < 2; ++i)
      if (call->services->launch(call->state, &launches[i]) != 0)
        return DLC_PROGRAM_STOPPED;
    if (call_count_rows(call) != 0)
      return DLC_PROGRAM_STOPPED;
  } while (call->symbols[0] == ENDLESS);
  return DLC_PROGRAM_OK;
}

#endif

static const dlc_program program = {.struct_size = sizeof(dlc_program),
                                    .abi_version = DLC_ABI_VERSION,
                                    .plan = plan,
                                    .run = run,
                                    .weights = dlc_weights,
                                    .weights_size = 12,
                                    .num_symbols = NUM_SYMBOLS,
                                    .num_shape_symbols = NUM_SYMBOLS,
                                    .num_output_dims = NUM_OUTPUT_DIMS};

__attribute__((visibility("default"))) const dlc_program *dlc_query(uint32_t abi_version) {
  return abi_version == DLC_ABI_VERSION ? &program : 0;
}

#endif
