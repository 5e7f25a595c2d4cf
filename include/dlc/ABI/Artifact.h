/* The file format of an artifact: an ELF shared object with three parts beside its code.
 *
 * - The note: an ELF note (PT_NOTE, owner "dlc", type DLC_NOTE_TYPE) whose descriptor is one
 *   dlc_note: what must be known and checked before any code of the file runs. It lies in a loaded
 *   segment (SHF_ALLOC).
 * - The manifest: a flat, position-independent blob: signature, symbols, kernels, arenas. All
 *   offsets count from its first byte, strings end in '\0'.
 * - The weights: the last bytes of the file, page-aligned, mapped read-only.
 *
 * The rows of the manifest's tables have no size of their own: a change of one is a new
 * DLC_FORMAT_VERSION, and a reader takes its own version alone.
 *
 * Little-endian. `code_hash` covers the whole file but the weights, with the note's two hash fields
 * taken as zero bytes. Hashes are XXH3, 128 bits, in the canonical (big-endian) byte order: they
 * find damage, not forgery. Loading an artifact equals running a program. */
#ifndef DLC_ABI_ARTIFACT_H
#define DLC_ABI_ARTIFACT_H

#include "dlc/ABI/Op.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_NOTE_NAME "dlc"
#define DLC_NOTE_TYPE 0x444c4331u /* "DLC1" */
#define DLC_FORMAT_VERSION 4u
#define DLC_WEIGHTS_ALIGNMENT 64 /* of each weight; the section itself is page-aligned */

/* CPU features that the code of an artifact may use: name of the bit, its number, and the name that
 * both LLVM and compilers' __builtin_cpu_supports give it. Bits keep their numbers for ever. */
#define DLC_CPU_FEATURES(X)                                                                        \
  X(SSE3, 0, "sse3")                                                                               \
  X(SSSE3, 1, "ssse3")                                                                             \
  X(SSE41, 2, "sse4.1")                                                                            \
  X(SSE42, 3, "sse4.2")                                                                            \
  X(POPCNT, 4, "popcnt")                                                                           \
  X(MOVBE, 5, "movbe")                                                                             \
  X(AVX, 6, "avx")                                                                                 \
  X(F16C, 7, "f16c")                                                                               \
  X(FMA, 8, "fma")                                                                                 \
  X(BMI, 9, "bmi")                                                                                 \
  X(BMI2, 10, "bmi2")                                                                              \
  X(LZCNT, 11, "lzcnt")                                                                            \
  X(AVX2, 12, "avx2")                                                                              \
  X(AVX512F, 13, "avx512f")                                                                        \
  X(AVX512CD, 14, "avx512cd")                                                                      \
  X(AVX512BW, 15, "avx512bw")                                                                      \
  X(AVX512DQ, 16, "avx512dq")                                                                      \
  X(AVX512VL, 17, "avx512vl")                                                                      \
  X(AVX512IFMA, 18, "avx512ifma")                                                                  \
  X(AVX512VBMI, 19, "avx512vbmi")                                                                  \
  X(AVX512VBMI2, 20, "avx512vbmi2")                                                                \
  X(AVX512VNNI, 21, "avx512vnni")                                                                  \
  X(AVX512BITALG, 22, "avx512bitalg")                                                              \
  X(AVX512VPOPCNTDQ, 23, "avx512vpopcntdq")                                                        \
  X(AVX512BF16, 24, "avx512bf16")                                                                  \
  X(AVX512FP16, 25, "avx512fp16")                                                                  \
  X(AVXVNNI, 26, "avxvnni")                                                                        \
  X(GFNI, 27, "gfni")                                                                              \
  X(VPCLMULQDQ, 28, "vpclmulqdq")

enum {
#define DLC_CPU_BIT(NAME, number, text) DLC_CPU_##NAME = 1 << number,
  DLC_CPU_FEATURES(DLC_CPU_BIT)
#undef DLC_CPU_BIT
};

typedef struct dlc_note {
  uint32_t struct_size;
  uint32_t format_version;
  uint32_t abi_version;
  uint32_t machine;         /* ELF e_machine of the code */
  uint64_t cpu_features;    /* DLC_CPU_ bits */
  uint64_t manifest_offset; /* file offsets */
  uint64_t manifest_size;
  uint64_t weights_offset;
  uint64_t weights_size; /* weights_offset + weights_size is the size of the file */
  uint8_t code_hash[16];
  uint8_t weights_hash[16];
} dlc_note;

/* One dim of the signature: `value` elements where `symbol` is -1, else the value of that shape
 * symbol. An output's dim that is an expression has symbol -1 and value -1, and a `text` to show;
 * dlc_program.plan computes it, or sets -1 where only the run will know. */
typedef struct dlc_manifest_dim {
  int64_t value;
  int32_t symbol;
  uint32_t text; /* offset of a string: the dim as people read it ("3*H") */
} dlc_manifest_dim;

#define DLC_MANIFEST_MAX_RANK 32 /* of inputs and outputs; a reader refuses more */

enum {
  /* A planned tensor of known rank: dense memory, given and taken as such. */
  DLC_PORT_TENSOR = 0,
  /* A run-time value, given and taken as a dlc_value: strings, sequences, optionals, tensors of
   * unknown rank. It has rank 0 and no dims here. */
  DLC_PORT_VALUE = 1
};

enum {
  DLC_PORT_READ_AT_ENTRY = 1, /* plan reads this input's elements */
  /* Versions on a device take and give this planned tensor in its memory. Inputs that are read at
   * entry are none of these. */
  DLC_PORT_DEVICE = 2
};

typedef struct dlc_manifest_tensor {
  uint32_t name; /* offset of a string */
  uint32_t dtype;
  uint32_t rank;
  uint32_t dims;       /* offset of `rank` dlc_manifest_dim */
  uint32_t port;       /* DLC_PORT_TENSOR or _VALUE */
  uint32_t flags;      /* DLC_PORT_READ_AT_ENTRY, DLC_PORT_DEVICE */
  uint32_t value_kind; /* DLC_VALUE_ of a _VALUE */
  uint32_t reserved;
} dlc_manifest_tensor;

typedef struct dlc_manifest_symbol {
  uint32_t name; /* offset of a string */
  uint32_t reserved;
  int64_t min; /* declared range, both ends included */
  int64_t max;
  int64_t hint; /* usual value, which memory is planned for; -1 where nobody has declared one */
} dlc_manifest_symbol;

/* When the value of a symbol is known. */
enum {
  DLC_SYMBOL_SHAPE = 0, /* a dim of an input */
  DLC_SYMBOL_ENTRY = 1, /* computed by plan, from these and from elements of inputs */
  DLC_SYMBOL_LATE = 2   /* found by the run */
};

/* A symbol that no input's dim binds, for those who read the texts of dims and arenas. */
typedef struct dlc_manifest_computed_symbol {
  uint32_t name;         /* offset of a string */
  uint32_t symbol_class; /* DLC_SYMBOL_ENTRY or _LATE */
} dlc_manifest_computed_symbol;

typedef struct dlc_manifest_kernel {
  uint32_t name;      /* offset of a string */
  uint32_t nodes;     /* offset of a string: the ONNX nodes that it computes, separated by ", " */
  uint32_t schedule;  /* offset of a string: how it is computed ("direct_conv, lanes = 16, ...") */
  uint32_t precision; /* offset of a string: what the operands of its products are rounded to
                         ("tf32"); "fp32": they are not */
} dlc_manifest_kernel;

/* What runs on the device, for those who look at a file without loading it: one row for each
 * dlc_image, in the same order. */
typedef struct dlc_manifest_image {
  uint32_t target; /* offset of a string: "cuda:sm_80" */
  uint32_t form;   /* DLC_IMAGE_ of dlc/ABI/Program.h */
} dlc_manifest_image;

/* What the host program does at a site, and what the site's text is. */
enum {
  DLC_SITE_CALL = 0,  /* calls a library op: its name */
  DLC_SITE_GUARD = 1, /* compares sizes: what is demanded ("expected N to equal M") */
  DLC_SITE_MATCH = 2, /* compares a value of the run with what the program expects: its type */
  DLC_SITE_TENSOR = 3 /* makes a tensor of a size that the run has found: its type */
};

/* A place of the host program that can fail or that a profile may name. */
typedef struct dlc_manifest_site {
  uint32_t nodes; /* offset of a string: "node 'conv1' (Conv)", as an error message starts */
  uint32_t text;  /* offset of a string */
  uint32_t kind;  /* DLC_SITE_ */
  uint32_t reserved;
} dlc_manifest_site;

/* A version of the program for some sizes, on one of the machines that the artifact is for. The
 * last row of each machine is the general one. */
typedef struct dlc_manifest_version {
  uint32_t when;      /* offset of a string: "N = 1", or "" */
  uint32_t on_device; /* 1: it uses the device, 0: the CPU alone */
} dlc_manifest_version;

enum { DLC_ARENA_HOST = 0, DLC_ARENA_DEVICE = 1 };

/* The memory that a version of the program takes for values on their way, for people: plan computes
 * its size. */
typedef struct dlc_manifest_arena {
  uint32_t version; /* row of the version table */
  uint32_t memory;  /* DLC_ARENA_ */
  uint32_t size;    /* offset of a string: bytes, as an expression over symbols ("64*N + 256") */
  uint32_t num_slots;
  uint32_t slots; /* offset of `num_slots` dlc_manifest_slot */
  uint32_t reserved;
} dlc_manifest_arena;

/* A part of an arena, which values have one after the other. Each lies behind the slot before it,
 * at the next multiple of 64 bytes. */
typedef struct dlc_manifest_slot {
  int64_t place; /* bytes from the arena's start; -1 where it depends on symbols */
  uint32_t size; /* offset of a string: bytes, as an expression */
  uint32_t num_values;
} dlc_manifest_slot;

typedef struct dlc_manifest {
  uint32_t struct_size;
  uint32_t num_inputs;
  uint32_t inputs; /* offset of the dlc_manifest_tensor table, 8-byte aligned, as all tables are */
  uint32_t num_outputs;
  uint32_t outputs;
  uint32_t num_symbols;
  uint32_t symbols;
  uint32_t num_kernels;
  uint32_t kernels;
  uint32_t model;    /* offset of a string: the model's file name without its folder */
  uint32_t compiler; /* offset of a string: the dlc version that built it */
  uint32_t target;   /* offset of a string: the CPU it was built for */
  uint32_t num_sites;
  uint32_t sites;
  uint32_t num_versions;
  uint32_t versions;
  uint32_t num_images; /* 0: all runs on the CPU */
  uint32_t images;
  uint32_t num_computed_symbols;
  uint32_t computed_symbols;
  uint32_t num_arenas;
  uint32_t arenas;
} dlc_manifest;

#ifdef __cplusplus
}
#endif

#endif
