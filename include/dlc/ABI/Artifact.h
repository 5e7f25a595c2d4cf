/* The file format of an artifact: an ELF shared object with three parts beside its code.
 *
 *   note      an ELF note (PT_NOTE, owner "dlc", type DLC_NOTE_TYPE) whose descriptor is one
 * dlc_note: what must be known and checked before any code of the file runs. It lies in a loaded
 * segment (SHF_ALLOC) manifest  a flat, position-independent blob: signature, symbols, kernels. All
 * offsets count from its first byte, strings end in '\0' weights   the last bytes of the file,
 * page-aligned, mapped read-only
 *
 * Little-endian. `code_hash` covers the whole file but the weights, with the note's two hash fields
 * taken as zero bytes. Hashes are XXH3, 128 bits, in the canonical (big-endian) byte order: they
 * find damage, not forgery. Loading an artifact equals running a program. */
#ifndef DLC_ABI_ARTIFACT_H
#define DLC_ABI_ARTIFACT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_NOTE_NAME "dlc"
#define DLC_NOTE_TYPE 0x444c4331u /* "DLC1" */
#define DLC_FORMAT_VERSION 1u
#define DLC_WEIGHTS_ALIGNMENT 64 /* of each weight; the section itself is page-aligned */

/* CPU features that the code of an artifact uses. */
enum {
  DLC_CPU_SSE42 = 1u << 0,
  DLC_CPU_AVX = 1u << 1,
  DLC_CPU_AVX2 = 1u << 2,
  DLC_CPU_FMA = 1u << 3,
  DLC_CPU_AVX512F = 1u << 4,
  DLC_CPU_AVX512BW = 1u << 5,
  DLC_CPU_AVX512DQ = 1u << 6,
  DLC_CPU_AVX512VL = 1u << 7
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

/* Element types; the values are those of ONNX's TensorProto.DataType. */
enum {
  DLC_DTYPE_F32 = 1,
  DLC_DTYPE_U8 = 2,
  DLC_DTYPE_I8 = 3,
  DLC_DTYPE_U16 = 4,
  DLC_DTYPE_I16 = 5,
  DLC_DTYPE_I32 = 6,
  DLC_DTYPE_I64 = 7,
  DLC_DTYPE_BOOL = 9,
  DLC_DTYPE_F16 = 10,
  DLC_DTYPE_F64 = 11,
  DLC_DTYPE_U32 = 12,
  DLC_DTYPE_U64 = 13,
  DLC_DTYPE_BF16 = 16
};

/* One dim of the signature: `value` elements where `symbol` is -1, else the value of that symbol.
 * An output's dim that is an expression has symbol -1 and value -1, and a `text` to show;
 * dlc_program.plan computes it. */
typedef struct dlc_manifest_dim {
  int64_t value;
  int32_t symbol;
  uint32_t text; /* offset of a string: the dim as people read it ("3*H") */
} dlc_manifest_dim;

typedef struct dlc_manifest_tensor {
  uint32_t name; /* offset of a string */
  uint32_t dtype;
  uint32_t rank;
  uint32_t dims; /* offset of `rank` dlc_manifest_dim */
} dlc_manifest_tensor;

typedef struct dlc_manifest_symbol {
  uint32_t name; /* offset of a string */
  uint32_t reserved;
  int64_t min; /* declared range, both ends included */
  int64_t max;
} dlc_manifest_symbol;

typedef struct dlc_manifest_kernel {
  uint32_t name;  /* offset of a string */
  uint32_t nodes; /* offset of a string: the ONNX nodes that it computes, separated by ", " */
} dlc_manifest_kernel;

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
} dlc_manifest;

#ifdef __cplusplus
}
#endif

#endif
