/* The runtime of dlc: loads an artifact that dlc-compile built and runs it.
 *
 *   dlc_session   a loaded artifact. Immutable: any number of threads may use one at the same time.
 *   dlc_context   what one run needs: arena, symbols, error text. Used by one thread at a time: one
 *                 for each run that goes on at the same time. It keeps its session alive, so that
 *                 the two may be released in any order.
 *
 *   dlc_session *session = NULL;
 *   dlc_context *context = NULL;
 *   char why[512];
 *   if (dlc_session_load("model.so", NULL, why, sizeof why, &session) != DLC_OK) puts(why);
 *   dlc_context_create(session, NULL, &context);
 *   const int64_t dims[4] = {1, 3, 64, 48};
 *   dlc_input x = {.struct_size = sizeof x, .dtype = DLC_F32, .rank = 4, .dims = dims};
 *   x.data = pixels;
 *   x.size = sizeof pixels;
 *   dlc_output y = {.struct_size = sizeof y}; // its data is null: the run allocates it
 *   if (dlc_context_run(context, NULL, &x, 1, &y, 1) != DLC_OK)
 *     puts(dlc_context_error_text(context));
 *   ... y.data, y.dims ...
 *   dlc_output_release(&y);
 *   dlc_context_release(context);
 *   dlc_session_release(session);
 *
 * Sizes are in bytes, dims in elements, tensors dense and row-major. Every struct starts with its
 * own size, set by the caller, and only ever grows at its end; in an array of structs all have the
 * same size, which is the array's stride. Fields not mentioned are zero. No function throws, exits
 * or prints.
 *
 * Threads: a run computes on the thread that calls it and on helpers, which all sessions of a
 * process share and which start when a run first has use for them. The environment variable
 * DLC_NUM_THREADS sets how many threads that are at most, callers not counted beyond one; 1: no
 * helper. Without it they are as many as the CPUs that the process may use, by its main thread's
 * affinity mask and its cgroup's quota. A run never waits for a helper that has not begun; results
 * are bitwise equal for any number of threads. A child made by fork() starts helpers of its own.
 *
 * An artifact is native code: loading one equals running a program. The checks at load find damage,
 * not malice. While a session lives its file must not be written in place; replacing it by renaming
 * is fine. */
#ifndef DLC_DLC_H
#define DLC_DLC_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DLC_API __attribute__((visibility("default")))
#else
#define DLC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlc_session dlc_session;
typedef struct dlc_context dlc_context;
typedef struct dlc_value dlc_value;

typedef enum dlc_status {
  DLC_OK = 0,
  DLC_INVALID_ARGUMENT =
      1, /* the call itself is wrong: null pointer, struct size, index, name, alignment, overlap */
  DLC_IO = 2,           /* the file cannot be opened or read */
  DLC_BAD_ARTIFACT = 3, /* not an artifact, truncated, or damaged */
  DLC_INCOMPATIBLE =
      4, /* a sound artifact for another format version, ABI version, machine, CPU or device */
  DLC_SHAPE_MISMATCH = 5, /* rank, a dim, a symbol's range, or an input too small for the model */
  DLC_TYPE_MISMATCH = 6,  /* an input's element type */
  DLC_BUFFER_TOO_SMALL =
      7, /* an input, output or workspace buffer has not the bytes that it needs */
  DLC_OUT_OF_MEMORY = 8,
  DLC_OVERFLOW = 9,      /* a size does not fit 63 bits */
  DLC_CANCELLED = 10,    /* dlc_context_cancel */
  DLC_INTERNAL = 11,     /* the artifact's code broke its contract */
  DLC_OP_FAILED = 12,    /* a node cannot compute what it was given: an index is out of range */
  DLC_NO_DEVICE = 13,    /* no CUDA driver or one that is too old, no GPU, or none of this number */
  DLC_DEVICE_FAILED = 14 /* the CUDA driver reports a failure. After some, as an illegal address,
                            the device is of no use to this process until all of its sessions,
                            contexts and outputs on it are released; other sessions go on */
} dlc_status;

/* Element types; the values are those of ONNX's TensorProto.DataType. */
typedef enum dlc_dtype {
  DLC_F32 = 1,
  DLC_U8 = 2,
  DLC_I8 = 3,
  DLC_U16 = 4,
  DLC_I16 = 5,
  DLC_I32 = 6,
  DLC_I64 = 7,
  DLC_STRING = 8, /* elements are dlc_text */
  DLC_BOOL = 9,   /* one byte, 0 or 1 */
  DLC_F16 = 10,
  DLC_F64 = 11,
  DLC_U32 = 12,
  DLC_U64 = 13,
  DLC_BF16 = 16,
  /* Types of 8 bits or less: each element is the low bits of a byte of its own, as in NumPy's
   * arrays of ml_dtypes. The bits above are 0 in outputs and not read in inputs. */
  DLC_F8E4M3FN = 17,
  DLC_F8E4M3FNUZ = 18,
  DLC_F8E5M2 = 19,
  DLC_F8E5M2FNUZ = 20,
  DLC_U4 = 21,
  DLC_I4 = 22,
  DLC_F4E2M1 = 23,
  DLC_F8E8M0 = 24,
  DLC_U2 = 25,
  DLC_I2 = 26,
  DLC_F6E2M3 = 27,
  DLC_F6E3M2 = 28
} dlc_dtype;

/* An element of a tensor of strings: bytes of UTF-8, not terminated. */
typedef struct dlc_text {
  const char *data; /* may be null where size is 0 */
  uint64_t size;
} dlc_text;

/* What an input or output is. */
enum {
  DLC_KIND_TENSOR = 0,
  DLC_KIND_SEQUENCE = 1, /* of tensors */
  DLC_KIND_OPTIONAL = 2  /* nothing, or a tensor, or a sequence */
};

#define DLC_MAX_RANK 32
#define DLC_WORKSPACE_ALIGNMENT 64

/* A short lower-case name of a status ("shape mismatch"). Never null. */
DLC_API const char *dlc_status_text(dlc_status status);

/* "f32", "i64", ...; null for a number that is no dlc_dtype. */
DLC_API const char *dlc_dtype_name(int32_t dtype);

/* Bytes of one element; 0 for a number that is no dlc_dtype. */
DLC_API uint32_t dlc_dtype_size(int32_t dtype);

/* ---- sessions ---- */

/* Where a session runs. An artifact is for the CPU, for CUDA devices (--target=cuda:...), or for
 * both (--target=cpu,cuda:...). A device needs nothing but the driver (libcuda.so.1), which is
 * opened by the first session on one. Code and weights are brought to a device once for all
 * sessions of the same file. */
enum {
  DLC_DEVICE_ANY = 0, /* where the artifact is for; of one for both CUDA's device 0 where that can
                         be used, else the CPU: dlc_session_info says which, and why */
  DLC_DEVICE_CPU = 1,
  DLC_DEVICE_CUDA = 2, /* never the CPU */
  DLC_DEVICE_NONE = 3  /* plans for the device that the artifact is for, or else the CPU, without
                          opening a driver; where it is a device, runs end with NO_DEVICE */
};

enum {
  DLC_VERIFY_SMALL = 0,  /* weights up to 16 MiB */
  DLC_VERIFY_ALWAYS = 1, /* reads all weights once */
  DLC_VERIFY_NEVER = 2
};

typedef struct dlc_session_options {
  uint32_t struct_size;
  uint32_t
      verify_weights; /* DLC_VERIFY_...: whether to compare the weights' hash; code always is */
  uint32_t device;    /* DLC_DEVICE_; an artifact for others is INCOMPATIBLE */
  uint32_t ordinal;   /* of DLC_DEVICE_CUDA: the driver's number of the device */
} dlc_session_options;

/* Loads the artifact at `path`. All that can be checked is checked before its code is loaded.
 *   options      null for the defaults
 *   error_text   null, or where a failure's reason goes: one line that starts with the path, cut to
 *                fit and always terminated; empty on success. Control characters are shown as
 *                \xNN
 *   session      the new session, or null on failure; dlc_session_release ends it
 * Errors: INVALID_ARGUMENT, IO, BAD_ARTIFACT, INCOMPATIBLE, OUT_OF_MEMORY, NO_DEVICE,
 * DEVICE_FAILED. Thread-safe. */
DLC_API dlc_status dlc_session_load(const char *path, const dlc_session_options *options,
                                    char *error_text, size_t error_text_capacity,
                                    dlc_session **session);

/* Gives back the caller's reference; null is fine. The artifact is unloaded when its last context
 * is released too. */
DLC_API void dlc_session_release(dlc_session *session);

typedef struct dlc_session_info {
  uint32_t struct_size;
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t num_symbols;
  uint32_t num_kernels;
  uint32_t reserved;
  uint64_t weights_size;
  const char *model;    /* the model's file name */
  const char *compiler; /* the dlc version that built the artifact */
  const char *target;   /* the CPU it was built for */
  const char *device;   /* where the session runs: "cpu", "cuda:0 (NVIDIA H100, sm_90)", "none" */
  const char *fallback; /* why that is the CPU though the artifact has code for CUDA and the caller
                           has named no device: "no CUDA driver: ..."; else "" */
} dlc_session_info;

typedef struct dlc_tensor_info {
  uint32_t struct_size;
  int32_t dtype; /* dlc_dtype */
  const char *name;
  uint32_t rank;
  uint32_t flags;               /* DLC_INFO_ bits */
  const int64_t *dims;          /* `rank` dims; -1 where the inputs or the run decide */
  const char *const *dim_texts; /* `rank` texts: "3", "H", "3*H" */
  uint32_t kind;                /* DLC_KIND_; dtype is then that of the elements, 0 for any */
  uint32_t reserved;
} dlc_tensor_info;

enum {
  DLC_INFO_ANY_DIMS = 1, /* a tensor of any rank and dims, a sequence or an optional: rank is 0 */
  DLC_INFO_READ_BY_PLAN = 2, /* an input whose elements decide sizes: dlc_context_plan reads them */
  DLC_INFO_ON_DEVICE = 4     /* the model uses it on the device: DLC_MEMORY_DEVICE saves a copy */
};

typedef struct dlc_symbol_info {
  uint32_t struct_size;
  uint32_t reserved;
  const char *name;
  int64_t min; /* declared range, both ends included */
  int64_t max;
} dlc_symbol_info;

typedef struct dlc_kernel_info {
  uint32_t struct_size;
  uint32_t reserved;
  const char *name;
  const char *nodes; /* the ONNX nodes that it computes, separated by ", " */
} dlc_kernel_info;

/* These fill `info`, whose struct_size the caller has set. Pointers in it belong to the session and
 * live as long. Errors: INVALID_ARGUMENT (null, struct_size too small, index out of range).
 * Thread-safe. */
DLC_API dlc_status dlc_session_describe(const dlc_session *session, dlc_session_info *info);
DLC_API dlc_status dlc_session_input(const dlc_session *session, uint32_t index,
                                     dlc_tensor_info *info);
DLC_API dlc_status dlc_session_output(const dlc_session *session, uint32_t index,
                                      dlc_tensor_info *info);
DLC_API dlc_status dlc_session_symbol(const dlc_session *session, uint32_t index,
                                      dlc_symbol_info *info);
DLC_API dlc_status dlc_session_kernel(const dlc_session *session, uint32_t index,
                                      dlc_kernel_info *info);

/* Finds an input or output by name and sets `index`. An unknown name is INVALID_ARGUMENT, and
 * `nearest`, where not null, then points at the name most like it (null where the model has none).
 * Thread-safe. */
DLC_API dlc_status dlc_session_find_input(const dlc_session *session, const char *name,
                                          uint32_t *index, const char **nearest);
DLC_API dlc_status dlc_session_find_output(const dlc_session *session, const char *name,
                                           uint32_t *index, const char **nearest);

/* ---- values ----
 *
 * Sequences, optionals, and tensors that several owners share. Values are counted, do not change
 * once they are made, and may be used by any number of threads and runs at the same time. */

/* A tensor of a copy of `data`, the bytes of strings included. `dims` may be null for rank 0.
 * Errors of this and the next two: INVALID_ARGUMENT (null, rank, element type, negative dims),
 * OVERFLOW, OUT_OF_MEMORY. `value` is then null. Thread-safe, as all of this part. */
DLC_API dlc_status dlc_value_create_tensor(int32_t dtype, uint32_t rank, const int64_t *dims,
                                           const void *data, dlc_value **value);

/* A sequence of `count` tensors of one element type, each with one more reference. `dtype` is
 * theirs also where there is none. */
DLC_API dlc_status dlc_value_create_sequence(int32_t dtype, dlc_value *const *elements,
                                             uint64_t count, dlc_value **value);

/* An optional: of nothing where `element` is null, else of this tensor or sequence, with one more
 * reference. */
DLC_API dlc_status dlc_value_create_optional(int32_t dtype, dlc_value *element, dlc_value **value);

/* Adds a reference and returns `value`; null is fine. */
DLC_API dlc_value *dlc_value_retain(dlc_value *value);

/* Gives a reference back; null is fine. The last one frees the value. */
DLC_API void dlc_value_release(dlc_value *value);

/* What a value is. It must not be null. Pointers belong to the value and live as long. */
DLC_API uint32_t dlc_value_kind(const dlc_value *value); /* DLC_KIND_ */
DLC_API int32_t dlc_value_dtype(const dlc_value *value); /* of the elements; 0 where unknown */
DLC_API uint32_t dlc_value_rank(const dlc_value *value); /* of a tensor, which may be larger than
                                                            DLC_MAX_RANK; else 0 */
DLC_API const int64_t *dlc_value_dims(const dlc_value *value);
/* A tensor's elements, aligned to 64 bytes unless it is part of another's memory; null for others.
 */
DLC_API const void *dlc_value_data(const dlc_value *value);
/* Elements of a tensor, values of a sequence, 0 or 1 for an optional. */
DLC_API uint64_t dlc_value_count(const dlc_value *value);
/* One value of a sequence or optional, which keeps it; null where there is none. */
DLC_API dlc_value *dlc_value_element(const dlc_value *value, uint64_t index);

/* ---- contexts ---- */

typedef struct dlc_context_options {
  uint32_t struct_size;
  uint32_t num_threads; /* at most so many threads compute a run, the caller's included; 0: no limit
                           but that of the process, see "threads" above; 1: the caller's alone */
  uint64_t max_workspace; /* a run that needs a larger workspace ends with OUT_OF_MEMORY; 0: no
                             limit */
} dlc_context_options;

/* Makes a context; `options` may be null. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY. Thread-safe. */
DLC_API dlc_status dlc_context_create(dlc_session *session, const dlc_context_options *options,
                                      dlc_context **context);

/* Frees the context and its workspace; null is fine. No run may be going on in it. */
DLC_API void dlc_context_release(dlc_context *context);

/* How many threads compute a run of this context at most, the caller's included; 0 for null. */
DLC_API uint32_t dlc_context_num_threads(const dlc_context *context);

/* Why the last dlc_context_plan or dlc_context_run of this context failed: one line for each
 * problem, without a newline at the end and with control characters of names shown as \xNN; empty
 * after success. Valid until the next such call. */
DLC_API const char *dlc_context_error_text(const dlc_context *context);

/* Which version of the program the last dlc_context_plan or dlc_context_run of this context chose:
 * the sizes that it is for, as "N = 1", or "" for the general one. Never null; belongs to the
 * session. */
DLC_API const char *dlc_context_version(const dlc_context *context);

/* Where the data of an input or output lies. Memory of the session's device is used as it is, and
 * only inputs and outputs with DLC_INFO_ON_DEVICE can have it; between the host's memory and the
 * device a run copies. */
enum { DLC_MEMORY_HOST = 0, DLC_MEMORY_DEVICE = 1 };

typedef struct dlc_input {
  uint32_t struct_size;
  int32_t dtype;    /* dlc_dtype */
  const char *name; /* null: given in the session's order. Either all inputs have names or none */
  uint32_t rank;
  uint32_t reserved;
  const int64_t *dims; /* `rank` dims; may be null for rank 0 */
  const void *data;    /* aligned to its element; may be null where `size` is 0. Only read */
  uint64_t size;       /* bytes: the product of the dims times the element's size */
  dlc_value *value; /* or all of it as a value: the fields from dtype on, but the name, are then not
                       looked at. Sequences and optionals are given so. Must live until the call
                       returns */
  uint32_t memory;  /* DLC_MEMORY_ of `data` */
  uint32_t reserved2;
} dlc_input;

typedef struct dlc_output {
  uint32_t struct_size;
  int32_t dtype;      /* set by plan and run */
  uint32_t rank;      /* set by plan and run */
  uint32_t allocated; /* zero at first; not zero once a run has allocated `data` */
  void *data; /* the caller's buffer, aligned to its element; or null: the run allocates it */
  uint64_t capacity; /* bytes at `data` */
  uint64_t size;     /* set by plan and run: bytes of the output; strings' bytes included */
  int64_t dims[DLC_MAX_RANK]; /* set by plan and run: the first `rank` */
  dlc_value *value; /* null at first; set by a run where the output is a sequence or optional: one
                       reference, which dlc_output_release gives back, as does the next run */
  uint32_t memory;  /* DLC_MEMORY_ of `data`, or of what the run is to allocate */
  uint32_t ordinal; /* set by a run that allocates on a device: which one */
} dlc_output;

/* Computes what a run with inputs of these dtypes and dims would give: fills dtype, rank, dims and
 * size of each output (data is left alone), and `workspace_size`, the bytes that a run works in:
 * the arena, where values lie, and behind it scratch memory for each thread. `outputs` and
 * `workspace_size` may be null; the inputs' data and size are not looked at, but of those that have
 * DLC_INFO_READ_BY_PLAN. What only a run finds out is unknown here: such a dim is -1 and the size
 * 0; an output with DLC_INFO_ANY_DIMS has rank 0. The workspace does not count such outputs, nor
 * what lies between nodes that make them: a run allocates these as it goes. Errors:
 * INVALID_ARGUMENT (also where a plan or run of this context goes on in another thread; the error
 * text is then that call's), SHAPE_MISMATCH, TYPE_MISMATCH, BUFFER_TOO_SMALL, OUT_OF_MEMORY,
 * OVERFLOW, OP_FAILED, INTERNAL. */
DLC_API dlc_status dlc_context_plan(dlc_context *context, const dlc_input *inputs,
                                    uint32_t num_inputs, dlc_output *outputs, uint32_t num_outputs,
                                    uint64_t *workspace_size);

/* What a run adds up for one kernel. */
typedef struct dlc_profile_row {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t calls;
  uint64_t nanoseconds; /* from each launch until all of its tasks are finished; on a device its own
                           time */
  uint64_t flops;       /* 2 x multiply-adds; 0 where the compiler does not count them */
} dlc_profile_row;

typedef struct dlc_run_options {
  uint32_t struct_size;
  uint32_t reserved;
  void *workspace; /* aligned to DLC_WORKSPACE_ALIGNMENT; null: the context's own */
  uint64_t workspace_size;
  dlc_profile_row *profile;  /* null, or a row for each kernel of the session, to which the run
                                adds what it measures */
  uint32_t num_profile_rows; /* the session's num_kernels where `profile` is not null */
  uint32_t reserved2;
  void *stream; /* of a session on a CUDA device: a CUstream of the device's primary context, behind
                   whose work the run's is put; null: a stream of the context, which waits for the
                   default stream. In both cases the run has ended when the call returns */
} dlc_run_options;

/* Runs the model. Outputs are given in the session's order, all of them. Where an output's data is
 * null the run allocates it (64-byte aligned): it then belongs to the caller, outlives context and
 * session, and is freed by dlc_output_release; a later run may reuse it as a buffer of that
 * capacity. A buffer for strings takes the dlc_texts and behind them all their bytes. Where a
 * buffer is too small for what only the run has found out, the outputs' dims and sizes say what is
 * needed. Inputs, outputs and the workspace must not overlap each other, except inputs among
 * themselves. After a failure the contents of the callers' outputs are undefined, and no output is
 * newly allocated. Errors: those of dlc_context_plan, CANCELLED, NO_DEVICE (a session that only
 * plans), DEVICE_FAILED. */
DLC_API dlc_status dlc_context_run(dlc_context *context, const dlc_run_options *options,
                                   const dlc_input *inputs, uint32_t num_inputs,
                                   dlc_output *outputs, uint32_t num_outputs);

/* Frees what a run has allocated and sets data, capacity and value to zero; a caller's own buffer
 * is left alone. */
DLC_API void dlc_output_release(dlc_output *output);

/* Asks the run in progress to end with CANCELLED after the kernel at work; where none is in
 * progress, the next run ends so at once. Each run takes the request with it when it returns. Any
 * thread may call this, and a signal handler. */
DLC_API void dlc_context_cancel(dlc_context *context);

#ifdef __cplusplus
}
#endif

#endif
