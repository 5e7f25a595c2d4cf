/* Runs a model that has one float32 input and one float32 output, and prints the output's dims and
 * the sum of its elements:
 *
 *   run-model model.so 1 3 64 48      the numbers are the input's dims
 *
 * The input's elements count from 0 to 250, over and over. */
#include <dlc/dlc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what) {
  fprintf(stderr, "error: %s\n", what);
  return EXIT_FAILURE;
}

static int print_output(const dlc_output *output) {
  if (output->dtype != DLC_F32)
    return fail("the output is not of type f32");
  printf("output");
  for (uint32_t i = 0; i < output->rank; ++i)
    printf(" %" PRId64, output->dims[i]);
  const float *elements = output->data;
  double sum = 0;
  for (uint64_t i = 0; i < output->size / sizeof *elements; ++i)
    sum += elements[i];
  printf(", sum %.17g\n", sum);
  return EXIT_SUCCESS;
}

static int run(dlc_session *session, const dlc_input *input) {
  /* A context is what one run needs. Threads that run at the same time have one each. */
  dlc_context *context = NULL;
  dlc_status status = dlc_context_create(session, NULL, &context);
  if (status != DLC_OK)
    return fail(dlc_status_text(status));

  /* Its data is null: the run allocates it. */
  dlc_output output = {.struct_size = sizeof output};
  status = dlc_context_run(context, NULL, input, 1, &output, 1);
  int result = status == DLC_OK ? print_output(&output) : fail(dlc_context_error_text(context));
  dlc_output_release(&output);
  dlc_context_release(context);
  return result;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc - 2 > DLC_MAX_RANK) {
    fprintf(stderr, "usage: run-model MODEL.so DIM...\n");
    return 2;
  }
  int64_t dims[DLC_MAX_RANK] = {0};
  uint64_t count = 1;
  for (int i = 2; i < argc; ++i) {
    int64_t dim = dims[i - 2] = strtoll(argv[i], NULL, 10);
    if (dim < 1 || count > INT32_MAX / (uint64_t)dim)
      return fail("the dims must be positive, and their product less than 2^31");
    count *= (uint64_t)dim;
  }

  /* Loading checks that the file is whole, and that this CPU can run its code. */
  char why[512];
  dlc_session *session = NULL;
  if (dlc_session_load(argv[1], NULL, why, sizeof why, &session) != DLC_OK)
    return fail(why);

  dlc_input input = {.struct_size = sizeof input, .dtype = DLC_F32, .rank = (uint32_t)(argc - 2)};
  float *elements = malloc(count * sizeof *elements);
  for (uint64_t i = 0; elements && i < count; ++i)
    elements[i] = (float)(i % 251);
  input.dims = dims;
  input.data = elements;
  input.size = count * sizeof *elements;
  int result = elements ? run(session, &input) : fail("out of memory");
  free(elements);
  dlc_session_release(session);
  return result;
}
