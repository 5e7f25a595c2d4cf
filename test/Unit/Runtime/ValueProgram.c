/* A program with run-time values, written by hand as dlc-compile would generate it:
 *
 *   inputs   mode: i64 [], read at entry; x: f32 [N]; text: strings; list: a sequence of f32
 *   outputs  y: f32 [M] = version, version + 1, ... where M is the mode
 *            late, twin: f32 [K], twice what is not zero in x
 *            words: strings, what spaces separate in each string of text
 *            longer: list with `late` behind it
 *
 * Version 0 is for M = 1, 1 for all others. Modes from FIRST_FAULT on misbehave. */
#include "dlc/ABI/Program.h"

#include "Sections.h"
#include "ValueModes.h"

enum { N, M, K, NUM_SYMBOLS };
enum { MODE, X, TEXT, LIST };
enum { Y, LATE, TWIN, WORDS, LONGER };
enum { SITE_OP, SITE_GUARD };

/* ---- kernels ---- */

/* buffers: y */
static void count_up(const dlc_kernel_call *call, int64_t task) {
  ((float *)call->buffers[0])[task] = (float)(task + (call->symbols[M] != 1));
  if (call->symbols[M] == INDEX_OUT_OF_RANGE && task % 2 == 1) {
    int64_t least = __atomic_load_n(&call->error->task, __ATOMIC_RELAXED);
    while (task < least && !__atomic_compare_exchange_n(&call->error->task, &least, task, 1,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    if (least == INT64_MAX) {
      __atomic_store_n(&call->error->index, 100 + task, __ATOMIC_RELAXED);
      __atomic_store_n(&call->error->size, 100, __ATOMIC_RELAXED);
    }
  }
}

/* buffers: from, to */
static void twice(const dlc_kernel_call *call, int64_t task) {
  if (task < call->symbols[K])
    ((float *)call->buffers[1])[task] = 2 * ((const float *)call->buffers[0])[task];
}

/* ---- library ops ---- */

struct compare {
  const float *x;
  uint8_t *differs;
};

static void compare(void *argument, int64_t index) {
  const struct compare *at = (const struct compare *)argument;
  at->differs[index] = at->x[index] != 0;
}

static int32_t not_zero(const dlc_op_call *call) {
  const dlc_value *x = call->inputs[0];
  struct compare at = {(const float *)x->data,
                       (uint8_t *)call->services->scratch(call->state, x->count)};
  if (!at.differs)
    return 1;
  call->services->parallel_for(call->state, (int64_t)x->count, compare, &at);
  int64_t count = 0;
  for (uint64_t i = 0; i < x->count; ++i)
    count += at.differs[i];
  call->outputs[0] = call->services->new_tensor(call->state, DLC_DTYPE_F32, 1, &count, 0);
  if (!call->outputs[0])
    return 1;
  float *to = (float *)call->outputs[0]->data;
  for (uint64_t i = 0; i < x->count; ++i)
    if (at.differs[i])
      *to++ = at.x[i];
  return 0;
}

/* Writes the words of `text` and their bytes where `strings` is not null; returns how many. */
static int64_t find_words(const dlc_value *text, dlc_string *strings, char *bytes) {
  int64_t count = 0;
  for (uint64_t i = 0; i < text->count; ++i) {
    const dlc_string *line = (const dlc_string *)text->data + i;
    for (uint64_t begin = 0, end; begin < line->size; begin = end + 1) {
      for (end = begin; end < line->size && line->data[end] != ' '; ++end)
        if (strings)
          bytes[end - begin] = line->data[end];
      if (strings) {
        strings[count].data = bytes;
        strings[count].size = end - begin;
        bytes += end - begin;
      }
      ++count;
    }
  }
  return count;
}

static int32_t split(const dlc_op_call *call) {
  const dlc_value *text = call->inputs[0];
  const int64_t count = find_words(text, 0, 0);
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < text->count; ++i)
    bytes += ((const dlc_string *)text->data)[i].size;
  call->outputs[0] = call->services->new_tensor(call->state, DLC_DTYPE_STRING, 1, &count, bytes);
  if (!call->outputs[0])
    return 1;
  dlc_string *strings = (dlc_string *)call->outputs[0]->data;
  find_words(text, strings, (char *)(strings + count));
  return 0;
}

static int32_t append(const dlc_op_call *call) {
  const dlc_value *list = call->inputs[0];
  dlc_value *longer =
      call->services->new_list(call->state, DLC_VALUE_SEQUENCE, DLC_DTYPE_F32, list->count + 1);
  call->outputs[0] = longer;
  if (!longer)
    return 1;
  dlc_value **to = (dlc_value **)longer->data;
  for (uint64_t i = 0; i < list->count; ++i)
    if (!(to[i] = call->services->keep(call->state, ((dlc_value **)list->data)[i])))
      return 1;
  to[list->count] = call->services->keep(call->state, call->inputs[1]);
  return to[list->count] ? 0 : 1;
}

static int32_t fail(const dlc_op_call *call) {
  const int64_t three = 3;
  call->outputs[0] = call->services->new_tensor(call->state, DLC_DTYPE_F32, 1, &three, 0);
  return call->services->fail(call->state, "index %d is out of range for %d entries", 7, 5);
}

static int32_t fail_silently(const dlc_op_call *call) { return 5; }

static int32_t forget_output(const dlc_op_call *call) { return 0; }

static int32_t forget_element(const dlc_op_call *call) {
  call->outputs[0] = call->services->new_list(call->state, DLC_VALUE_SEQUENCE, DLC_DTYPE_F32, 2);
  return 0;
}

static int32_t ask_for_too_much(const dlc_op_call *call) {
  const int64_t dims[2] = {INT64_MAX / 2, 3};
  call->outputs[0] = call->services->new_tensor(call->state, DLC_DTYPE_F32, 2, dims, 0);
  return 0; /* goes on all the same */
}

/* Says in its input that it is at work, and waits there for leave to return. */
static int32_t wait(const dlc_op_call *call) {
  int32_t *word = (int32_t *)call->inputs[0]->data;
  __atomic_store_n(word, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2) {
  }
  return not_zero(call);
}

/* ---- the host program ---- */

static int32_t plan(dlc_plan_call *call) {
  const int64_t mode = *(const int64_t *)call->inputs[MODE];
  if (call->inputs[X] || call->inputs[TEXT])
    return 43; /* they are not to be read here */
  call->symbols[M] = mode;
  if (mode == GUARD_IN_PLAN &&
      call->services->unequal(call->state, SITE_GUARD, mode, call->symbols[N]))
    return DLC_PROGRAM_STOPPED;
  if (mode < 0)
    return DLC_PROGRAM_NEGATIVE;
  call->version = mode == UNKNOWN_VERSION ? 2 : mode != 1;
  call->output_dims[0] = mode;
  call->output_dims[1] = call->output_dims[2] = -1;
  call->workspace = 0;
  return DLC_PROGRAM_OK;
}

/* A new object of an op of two inputs, the second of which may be null. */
static dlc_value *make(const dlc_run_call *call, dlc_op_fn function, const dlc_value *first,
                       const dlc_value *second) {
  const dlc_value *inputs[2] = {first, second};
  dlc_value *output = 0;
  dlc_op_call op = {sizeof(op), 2, 1, 0, inputs, &output, 0, 0, 0};
  const dlc_library_call library = {sizeof(library), SITE_OP, function, &op};
  return call->services->call(call->state, &library) == 0 ? output : 0;
}

/* What modes that misbehave do in the middle of a run. 0: go on. */
static int32_t misbehave(const dlc_run_call *call, int64_t mode, const dlc_value *x) {
  static dlc_op_fn const faults[] = {
      [FAILING_OP - FIRST_FAULT] = fail,
      [SILENT_OP - FIRST_FAULT] = fail_silently,
      [FORGOTTEN_OUTPUT - FIRST_FAULT] = forget_output,
      [FORGOTTEN_ELEMENT - FIRST_FAULT] = forget_element,
      [OVERFLOWING_OP - FIRST_FAULT] = ask_for_too_much,
      [WAITING_OP - FIRST_FAULT] = wait,
  };
  const int64_t fault = mode - FIRST_FAULT, negative[2] = {3, -2};
  int64_t dims[1] = {-1};
  if (fault < 0)
    return 0;
  if (fault < (int64_t)(sizeof faults / sizeof *faults) && faults[fault])
    return make(call, faults[fault], x, 0) ? 0 : 1;
  const dlc_value *text = (const dlc_value *)call->inputs[TEXT];
  switch (mode) {
  case GUARD:
    return call->services->unequal(call->state, SITE_GUARD, 3, 4);
  case NEGATIVE_DIM:
    return call->services->new_tensor(call->state, SITE_GUARD, DLC_DTYPE_F32, 2, negative) ? 0 : 1;
  case WRONG_KIND:
    return call->services->match(call->state, SITE_GUARD, (const dlc_value *)call->inputs[LIST],
                                 DLC_DTYPE_F32, 1, dims);
  case WRONG_TYPE:
    return call->services->match(call->state, SITE_GUARD, text, DLC_DTYPE_F32, 1, dims);
  case WRONG_RANK:
    return call->services->match(call->state, SITE_GUARD, x, DLC_DTYPE_F32, 0, 0);
  case WRONG_DIM:
    dims[0] = 77;
    return call->services->match(call->state, SITE_GUARD, x, DLC_DTYPE_F32, 1, dims);
  case ENDLESS_LOOP:
    while (call->services->poll(call->state) == 0) {
    }
    return 1;
  default:
    return 0;
  }
}

/* The outputs whose sizes only a run finds. */
static int32_t run_late(const dlc_run_call *call, int64_t mode, const dlc_value *x) {
  const dlc_services *services = call->services;
  int64_t dims[1] = {-1};
  dlc_value *found = make(call, not_zero, x, 0);
  if (!found || services->match(call->state, SITE_OP, found, DLC_DTYPE_F32, 1, dims) != 0)
    return 1;
  call->symbols[K] = dims[0];
  dlc_value *late = services->new_tensor(call->state, SITE_OP, DLC_DTYPE_F32, 1, dims);
  if (!late)
    return 1;
  void *const buffers[] = {found->data, late->data};
  const dlc_launch launch = {sizeof(launch), 1, twice, buffers, dims[0], 0};
  if (services->launch(call->state, &launch) != 0)
    return 1;
  if (mode != HELD_OBJECTS)
    services->release(call->state, found);
  call->values[LATE] = late;
  if (!(call->values[TWIN] = services->keep(call->state, late)) ||
      !(call->values[WORDS] = make(call, split, (const dlc_value *)call->inputs[TEXT], 0)))
    return 1;
  /* A copy of a description, and of the caller's own value. */
  dlc_value *copy = services->keep(call->state, x);
  dlc_value *list = services->keep(call->state, (const dlc_value *)call->inputs[LIST]);
  if (!copy || !list || !(call->values[LONGER] = make(call, append, list, late)))
    return 1;
  if (mode == HELD_OBJECTS)
    return services->keep(call->state, call->values[LONGER]) ? 0 : 1;
  services->release(call->state, copy);
  services->release(call->state, list);
  if (mode == WRONG_VALUE)
    call->values[LATE] = call->values[WORDS];
  if (mode == NO_VALUE)
    call->values[TWIN] = 0;
  return 0;
}

static int32_t run(const dlc_run_call *call) {
  const int64_t mode = call->symbols[M];
  const dlc_value x = {sizeof(x),         DLC_VALUE_TENSOR,           DLC_DTYPE_F32,  0, 1, 0,
                       &call->symbols[N], (uint64_t)call->symbols[N], call->inputs[X]};
  if (call->version != (mode != 1))
    return 44;
  if (misbehave(call, mode, &x) != 0)
    return DLC_PROGRAM_STOPPED;
  const dlc_launch launch = {sizeof(launch), 0, count_up, call->outputs, mode, 0};
  if (call->services->launch(call->state, &launch) != 0 || run_late(call, mode, &x) != 0)
    return DLC_PROGRAM_STOPPED;
  return DLC_PROGRAM_OK;
}

static const dlc_program program = {.struct_size = sizeof(dlc_program),
                                    .abi_version = DLC_ABI_VERSION,
                                    .plan = plan,
                                    .run = run,
                                    .weights = dlc_weights,
                                    .weights_size = 12,
                                    .num_symbols = NUM_SYMBOLS,
                                    .num_shape_symbols = 1,
                                    .num_output_dims = 3};

__attribute__((visibility("default"))) const dlc_program *dlc_query(uint32_t abi_version) {
  return abi_version == DLC_ABI_VERSION ? &program : 0;
}
