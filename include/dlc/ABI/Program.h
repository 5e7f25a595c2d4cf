/* What the code of an artifact and the runtime that executes it say to each other.
 *
 * C, versioned, depends on nothing. Every struct starts with its own size in bytes and only ever
 * grows at its end: a reader uses a field only where the writer's `struct_size` covers it. Sizes
 * are in bytes, dims in elements. */
#ifndef DLC_ABI_PROGRAM_H
#define DLC_ABI_PROGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI_VERSION 1u

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

/* All tasks of one launch share one of these. */
typedef struct dlc_kernel_call {
  uint32_t struct_size;
  uint32_t reserved;
  void *const *buffers;   /* base addresses, in the kernel's argument order */
  const int64_t *symbols; /* all symbols of the program, in the manifest's order */
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
} dlc_launch;

/* What the runtime offers to a running program. `state` is the runtime's own and passed back to it.
 */
typedef struct dlc_services {
  uint32_t struct_size;
  uint32_t reserved;
  /* Executes a launch; anything but 0 ends the run (cancelled, or a kernel reported an error). */
  int32_t (*launch)(void *state, const dlc_launch *launch);
} dlc_services;

/* One run. Buffers are dense and row-major; the arena is 64-byte aligned and at least as large as
 * `plan` said. */
typedef struct dlc_run_call {
  uint32_t struct_size;
  uint32_t reserved;
  void *state;
  const dlc_services *services;
  const int64_t *symbols;
  void *const *inputs; /* in the manifest's order; only read */
  void *const *outputs;
  char *arena;
  const char *weights; /* dlc_program.weights */
} dlc_run_call;

/* The table that `dlc_query` returns. */
typedef struct dlc_program {
  uint32_t struct_size;
  uint32_t abi_version;
  /* Sizes at given symbols, in checked arithmetic: all dims of all outputs, one after the other,
   * and the arena's size. Returns DLC_PROGRAM_OK, _OVERFLOW or _NEGATIVE. */
  int32_t (*plan)(const int64_t *symbols, int64_t *output_dims, int64_t *workspace);
  /* The host program: runs on the calling thread and launches kernels through the services. */
  int32_t (*run)(const dlc_run_call *call);
  const char *weights; /* page-aligned, read-only; valid as long as the artifact is loaded */
  int64_t weights_size;
  uint32_t num_symbols;     /* that plan, run and kernels read; the manifest has as many */
  uint32_t num_output_dims; /* that plan writes; the manifest's outputs have as many */
} dlc_program;

/* Returns null where the artifact does not speak `abi_version`. */
typedef const dlc_program *(*dlc_query_fn)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif
