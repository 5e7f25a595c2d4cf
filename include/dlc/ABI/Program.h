/* What the code of an artifact and the runtime that executes it say to each other.
 *
 * C, versioned, depends on nothing. Every struct starts with its own size in bytes and only ever
 * grows at its end: a reader uses a field only where the writer's `struct_size` covers it. Sizes
 * are in bytes, dims in elements. */
#ifndef DLC_ABI_PROGRAM_H
#define DLC_ABI_PROGRAM_H

#include "dlc/ABI/Op.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI_VERSION 4u

/* The one symbol an artifact exports. */
#define DLC_QUERY_SYMBOL "dlc_query"

/* What the entry points of a program return. */
enum {
  DLC_PROGRAM_OK = 0,
  DLC_PROGRAM_OVERFLOW = 1, /* a dim or the workspace does not fit 63 bits at these symbols */
  DLC_PROGRAM_NEGATIVE =
      2, /* a dim is negative at these symbols (the input is too small for the model) */
  DLC_PROGRAM_STOPPED = 3 /* a service refused to go on; the runtime knows why */
};

/* Symbols. A program has one array of them, in this order: shape symbols, which the manifest names
 * and the dims of inputs bind; entry symbols, which `plan` computes from these and from the values
 * of inputs; late symbols, which `run` computes on its way. Kernels read all three alike. */

/* What the tasks of a launch have met. Kernels write it atomically. */
typedef struct dlc_kernel_error {
  int64_t task; /* INT64_MAX, or the least task that met an index out of range, which went on with a
                   safe one */
  int64_t index; /* where one task alone ran: the first such index that it met, */
  int64_t size;  /* and the size of the dim that it should lie in */
} dlc_kernel_error;

/* All tasks of one launch share one of these, but for `scratch`. */
typedef struct dlc_kernel_call {
  uint32_t struct_size;
  uint32_t reserved;
  void *const *buffers;   /* base addresses, in the kernel's argument order */
  const int64_t *symbols; /* all symbols of the program */
  dlc_kernel_error *error;
  char *scratch; /* memory for the thread that computes the task, while it does: dlc_program.scratch
                    bytes, aligned to 64. What it holds is undefined */
} dlc_kernel_call;

/* Computes one task. Tasks of a launch are independent of each other and may run in any order, on
 * any thread. */
typedef void (*dlc_kernel_fn)(const dlc_kernel_call *call, int64_t task);

/* One launch: `num_tasks` tasks of a kernel, all finished when the service returns. */
typedef struct dlc_launch {
  uint32_t struct_size;
  uint32_t kernel; /* row of the manifest's kernel table, for errors and profiles */
  dlc_kernel_fn function;
  void *const *buffers; /* see dlc_kernel_call */
  int64_t num_tasks;    /* may be 0 */
  int64_t flops;        /* 2 x multiply-adds of all tasks, for profiles; 0 where nobody counts */
} dlc_launch;

/* One launch on the device: `blocks` blocks of `threads` threads each, both along x. The parameters
 * of the function are, in this order and of 8 bytes each: the `num_buffers` device addresses of
 * `buffers`, the `num_symbols` values of `symbols`, the device address of a dlc_kernel_error, whose
 * `task` the kernel lowers to the number `kernel` where it meets an index out of range, and that
 * number. The record and what it points to are valid during the call alone. The launch
 * itself may come later, but in the order of the calls, and before what `copy` brings back. */
typedef struct dlc_device_launch {
  uint32_t struct_size;
  uint32_t kernel;   /* row of the manifest's kernel table, for errors and profiles */
  uint32_t function; /* row of dlc_program.device_functions */
  uint32_t threads;
  int64_t blocks;         /* may be 0: nothing to do */
  uint32_t shared_memory; /* dynamic, in bytes */
  uint32_t num_buffers;
  void *const *buffers;
  const int64_t *symbols;
  uint32_t num_symbols;
  uint32_t reserved;
  int64_t flops; /* see dlc_launch */
} dlc_device_launch;

/* From where to where dlc_services.copy copies. */
enum { DLC_COPY_TO_DEVICE = 1, DLC_COPY_TO_HOST = 2, DLC_COPY_ON_DEVICE = 3 };

/* A call of a library op. */
typedef struct dlc_library_call {
  uint32_t struct_size;
  uint32_t site; /* row of the manifest's site table, for errors and profiles */
  dlc_op_fn function;
  dlc_op_call *call; /* its state and services are set by the service */
} dlc_library_call;

/* What the runtime offers to a running program. `state` is the runtime's own and passed back to it.
 * Services that return a status end plan or run with DLC_PROGRAM_STOPPED where it is not 0, those
 * that return a pointer where it is null; `site` is a row of the manifest's site table, whose text
 * an error message starts with. */
typedef struct dlc_services {
  uint32_t struct_size;
  uint32_t reserved;
  /* Executes a launch; anything but 0 ends the run (cancelled, or a kernel reported an error). */
  int32_t (*launch)(void *state, const dlc_launch *launch);
  /* Calls a library op. Objects that it makes belong to the program. Null outputs are objects after
   * success. */
  int32_t (*call)(void *state, const dlc_library_call *call);
  /* Reports that sizes which a node demands to be equal are not. Never 0. */
  int32_t (*unequal)(void *state, uint32_t site, int64_t lhs, int64_t rhs);
  /* Compares a tensor with what the program expects of it: each dim that is not negative must be
   * equal, a negative one is set to what the tensor has. */
  int32_t (*match)(void *state, uint32_t site, const dlc_value *value, int32_t dtype, uint32_t rank,
                   int64_t *dims);
  /* A new tensor with one reference, of undefined contents. Negative dims are an error. */
  dlc_value *(*new_tensor)(void *state, uint32_t site, int32_t dtype, uint32_t rank,
                           const int64_t *dims);
  /* One more reference: of an object itself, of a copy of a description. */
  dlc_value *(*keep)(void *state, const dlc_value *value);
  /* Gives a reference back. What a program still holds when it ends the runtime takes back. */
  void (*release)(void *state, dlc_value *value);
  /* Whether the run is to go on: asked once in each iteration of a loop. 0: go on. */
  int32_t (*poll)(void *state);
  /* What follows is called by programs with device code alone (dlc_program.num_images != 0). */
  /* Executes a launch on the device, now or later. */
  int32_t (*launch_on_device)(void *state, const dlc_device_launch *launch);
  /* Copies `bytes` bytes, which may be 0, after all that was launched before. DLC_COPY_TO_DEVICE
   * has read the source when it returns, DLC_COPY_TO_HOST has written the target: it waits for
   * the device, looks at the error, and fails where a kernel has met one. */
  int32_t (*copy)(void *state, uint32_t direction, void *target, const void *source, int64_t bytes);
  /* Device memory of a size that only the run knows, aligned to 256, until the run ends. Null,
   * after a report, where there is not enough. */
  void *(*allocate_on_device)(void *state, int64_t bytes);
} dlc_services;

/* The arguments of `plan`. */
typedef struct dlc_plan_call {
  uint32_t struct_size;
  uint32_t version; /* set by plan: row of the manifest's version table, the one that `run` takes */
  void *state;
  const dlc_services *services;
  int64_t *symbols;         /* shape symbols are given, entry symbols are set */
  void *const *inputs;      /* in the manifest's order: the data of planned inputs, of others a
                                     dlc_value; only those that the manifest marks as read at entry */
  int64_t *output_dims;     /* set: all dims of all outputs, one after the other; -1 for late ones
                               and for each dim that a handle's port has */
  int64_t workspace;        /* set: bytes of the arena */
  int64_t device_workspace; /* set by programs with device code: bytes of the device's arena */
  uint32_t on_device; /* 1: the version must be one that uses the device, 0: one for the CPU alone;
                         of programs that have both */
  uint32_t reserved;
} dlc_plan_call;

/* The first bytes of a device's arena, which are zeros when the memory is new. Kernels leave them
 * so. */
#define DLC_DEVICE_ZEROS 4096

/* One run. Planned buffers are dense and row-major; the arena is 64-byte aligned and at least as
 * large as `plan` said. */
typedef struct dlc_run_call {
  uint32_t struct_size;
  uint32_t version; /* what plan has set */
  void *state;
  const dlc_services *services;
  int64_t *symbols;     /* as plan left them; late ones are set */
  void *const *inputs;  /* in the manifest's order: as dlc_plan_call.inputs, all of them */
  void *const *outputs; /* in the manifest's order; of planned outputs whose dims plan knows */
  char *arena;
  const char *weights; /* dlc_program.weights */
  dlc_value **values;  /* in the manifest's order; set: the other outputs, each one reference */
  /* For programs with device code: the device's arena, of 256-byte alignment, and the weights
   * section's copy on the device. Inputs and outputs that the manifest marks with DLC_PORT_DEVICE
   * are device addresses, aligned to their element; all others are host addresses. */
  char *device_arena;
  const char *device_weights; /* at least dlc_program.device_weights_size bytes */
} dlc_run_call;

/* Code for devices, in one form for one architecture. */
enum {
  DLC_IMAGE_PTX = 1, /* text, with a '\0' behind it: for this architecture and all later ones */
  DLC_IMAGE_CUBIN =
      2 /* machine code, for this architecture and later ones of the same major version */
};

typedef struct dlc_image {
  uint32_t struct_size;
  uint32_t form;         /* DLC_IMAGE_ */
  uint32_t architecture; /* 80 for sm_80 */
  uint32_t is_specific;  /* 1: runs on this architecture alone, as code for sm_90a does */
  const char *data;      /* aligned to 16 */
  uint64_t size;         /* of PTX with its '\0' */
} dlc_image;

/* The table that `dlc_query` returns. */
typedef struct dlc_program {
  uint32_t struct_size;
  uint32_t abi_version;
  /* Sizes, in checked arithmetic, and the choice of a version. Returns DLC_PROGRAM_. */
  int32_t (*plan)(dlc_plan_call *call);
  /* The host program: runs on the calling thread, launches kernels and calls library ops through
   * the services. Returns DLC_PROGRAM_. */
  int32_t (*run)(const dlc_run_call *call);
  const char *weights; /* page-aligned, read-only; valid as long as the artifact is loaded */
  int64_t weights_size;
  uint32_t num_symbols;       /* of all three kinds */
  uint32_t num_shape_symbols; /* the manifest has as many */
  uint32_t num_output_dims;   /* that plan writes; the manifest's outputs have as many */
  uint32_t num_images;        /* 0: no device code */
  /* Each image holds all device functions. The best one is a cubin for the device's architecture,
   * then the PTX of the latest architecture that is not newer than the device's. */
  const dlc_image *images;
  const char *const *device_functions; /* names */
  uint32_t num_device_functions;
  uint32_t reserved;
  int64_t scratch;             /* bytes that kernels need for each thread, see dlc_kernel_call */
  int64_t device_weights_size; /* so many of the weights, the first ones, are used on the device */
} dlc_program;

/* Returns null where the artifact does not speak `abi_version`. */
typedef const dlc_program *(*dlc_query_fn)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif
