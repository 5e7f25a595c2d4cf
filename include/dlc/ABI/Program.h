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

#define DLC_ABI_VERSION 2u

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

/* All tasks of one launch share one of these. */
typedef struct dlc_kernel_call {
  uint32_t struct_size;
  uint32_t reserved;
  void *const *buffers;   /* base addresses, in the kernel's argument order */
  const int64_t *symbols; /* all symbols of the program */
  int64_t *error;         /* the error word: INT64_MAX, or the least task that met an index out of
                             range, which went on with a safe one. Kernels lower it atomically */
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
} dlc_services;

/* The arguments of `plan`. */
typedef struct dlc_plan_call {
  uint32_t struct_size;
  uint32_t version; /* set by plan: row of the manifest's version table, the one that `run` takes */
  void *state;
  const dlc_services *services;
  int64_t *symbols;     /* shape symbols are given, entry symbols are set */
  void *const *inputs;  /* in the manifest's order: the data of planned inputs, of others a
                                 dlc_value; only those that the manifest marks as read at entry */
  int64_t *output_dims; /* set: all dims of all outputs, one after the other; -1 for late ones
                           and for each dim that a handle's port has */
  int64_t workspace;    /* set: bytes of the arena */
} dlc_plan_call;

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
} dlc_run_call;

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
  uint32_t reserved;
} dlc_program;

/* Returns null where the artifact does not speak `abi_version`. */
typedef const dlc_program *(*dlc_query_fn)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif
