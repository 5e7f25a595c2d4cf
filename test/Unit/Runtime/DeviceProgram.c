/* The code of an artifact for CUDA devices, written by hand as dlc-compile would generate it:
 *
 *   inputs   mode: i64, x: f32 [N] on the device
 *   outputs  y: f32 [N] on the device = (x + weights[0]) * 2 + N
 *
 * The modes are those of DeviceModes.h. The kernels are functions of the tests. With DLC_TEST_BOTH
 * version 0 computes the same on the CPU alone, and version 1 uses the device. */
#include "dlc/ABI/Program.h"

#include "DeviceModes.h"
#include "Sections.h"

enum { ADD_WEIGHT, TWICE, ADD_VALUE, LOWER };

static int32_t plan(dlc_plan_call *call) {
#ifdef DLC_TEST_BOTH
  call->version = call->on_device;
#endif
  call->output_dims[0] = call->symbols[0];
  call->symbols[1] = *(const int64_t *)call->inputs[0]; /* the mode */
  call->workspace = 64;
  if (__builtin_mul_overflow(call->symbols[0], 4, &call->device_workspace) ||
      __builtin_add_overflow(call->device_workspace, DLC_DEVICE_ZEROS + 256,
                             &call->device_workspace))
    return DLC_PROGRAM_OVERFLOW;
  return DLC_PROGRAM_OK;
}

static int32_t launch(const dlc_run_call *call, uint32_t function, uint32_t num_buffers,
                      void *const *buffers) {
  const int64_t n = call->symbols[0];
  const dlc_device_launch launch = {.struct_size = sizeof(launch),
                                    .kernel = function == ADD_WEIGHT ? 0 : 1,
                                    .function = function,
                                    .threads = 128,
                                    .blocks = call->symbols[1] == MANY_BLOCKS ? INT64_C(1) << 31
                                                                              : (n + 127) / 128,
                                    .shared_memory = call->symbols[1] == SHARED ? 100000 : 0,
                                    .num_buffers = num_buffers,
                                    .buffers = buffers,
                                    .symbols = &n,
                                    .num_symbols = 1,
                                    .flops = n};
  return call->services->launch_on_device(call->state, &launch);
}

/* Copies a value to the device, which changes as soon as the service has returned. */
static int32_t copy_value(const dlc_run_call *call, void *target) {
  float *value = (float *)call->arena;
  *value = (float)call->symbols[0];
  int32_t stopped =
      call->services->copy(call->state, DLC_COPY_TO_DEVICE, target, value, sizeof(*value));
  *value = -1;
  return stopped;
}

/* Brings the first sum back to the host and adds nothing to it. */
static int32_t look_back(const dlc_run_call *call, void *sum) {
  float *first = (float *)call->arena;
  if (call->symbols[0] == 0)
    return 0;
  if (call->services->copy(call->state, DLC_COPY_TO_HOST, first, sum, sizeof(*first)) != 0)
    return 1;
  return call->services->copy(call->state, DLC_COPY_TO_DEVICE, sum, first, sizeof(*first));
}

#ifdef DLC_TEST_BOTH
static void run_on_cpu(const dlc_run_call *call) {
  const float *x = call->inputs[1];
  float *y = call->outputs[0], weight;
  __builtin_memcpy(&weight, call->weights, sizeof(weight));
  for (int64_t i = 0; i < call->symbols[0]; ++i)
    y[i] = (x[i] + weight) * 2 + (float)call->symbols[0];
}
#endif

static int32_t run(const dlc_run_call *call) {
#ifdef DLC_TEST_BOTH
  if (call->version == 0) {
    run_on_cpu(call);
    return DLC_PROGRAM_OK;
  }
#endif
  const int64_t mode = call->symbols[1], n = call->symbols[0];
  char *value = call->device_arena + DLC_DEVICE_ZEROS, *sum = value + 256;
  if (mode == LATE && !(sum = call->services->allocate_on_device(call->state, n * 4)))
    return DLC_PROGRAM_STOPPED;
  void *const first[] = {call->inputs[1], (void *)call->device_weights, sum};
  void *const second[] = {sum};
  void *const third[] = {sum, value, call->outputs[0]};
  for (int i = 0; mode == MANY_COPIES && i < 20000; ++i)
    if (copy_value(call, value) != 0)
      return DLC_PROGRAM_STOPPED;
  do {
    if (copy_value(call, value) != 0 || launch(call, ADD_WEIGHT, 3, first) != 0 ||
        (mode == LOOK_BACK && look_back(call, sum) != 0) ||
        launch(call, mode == LOWER_ERROR ? LOWER : TWICE, 1, second) != 0 ||
        launch(call, ADD_VALUE, 3, third) != 0)
      return DLC_PROGRAM_STOPPED;
    if (mode == COPY_ON_DEVICE &&
        call->services->copy(call->state, DLC_COPY_ON_DEVICE, sum, call->outputs[0], n * 4) != 0)
      return DLC_PROGRAM_STOPPED;
  } while (mode == ENDLESS);
  return DLC_PROGRAM_OK;
}

static const dlc_image images[] = {{.struct_size = sizeof(dlc_image),
                                    .form = DLC_IMAGE_PTX,
                                    .architecture = 80,
                                    .data = "ptx",
                                    .size = 4},
                                   {.struct_size = sizeof(dlc_image),
                                    .form = DLC_IMAGE_PTX,
                                    .architecture = 70,
                                    .data = "bad ptx",
                                    .size = 8},
                                   {.struct_size = sizeof(dlc_image),
                                    .form = DLC_IMAGE_PTX,
                                    .architecture = 86,
                                    .is_specific = 1,
                                    .data = "bad ptx",
                                    .size = 8}};
static const char *const functions[] = {"add_weight", "twice", "add_value", "lower"};

static const dlc_program program = {.struct_size = sizeof(dlc_program),
                                    .abi_version = DLC_ABI_VERSION,
                                    .plan = plan,
                                    .run = run,
                                    .weights = dlc_weights,
                                    .weights_size = 12,
                                    .num_symbols = 2,
                                    .num_shape_symbols = 1,
                                    .num_output_dims = 1,
                                    .num_images = 3,
                                    .images = images,
                                    .device_functions = functions,
                                    .num_device_functions = 4,
                                    .device_weights_size = 4};

__attribute__((visibility("default"))) const dlc_program *dlc_query(uint32_t abi_version) {
  return abi_version == DLC_ABI_VERSION ? &program : 0;
}
