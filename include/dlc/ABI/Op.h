/* The one calling convention of library ops: plain functions that compute an operator at run time.
 *
 * They are linked into the artifacts that use them, and into the compiler, which folds constants
 * with them. An op sees its operands as dlc_values, describes a failure through the services, and
 * returns 0 or what the service gave back. It owns nothing, keeps no state, calls libc's and libm's
 * pure functions alone, and may be called from several threads at a time.
 *
 * C, versioned, depends on nothing. Structs grow at their end only; sizes are in bytes, dims in
 * elements. */
#ifndef DLC_ABI_OP_H
#define DLC_ABI_OP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Element types; the values are those of ONNX's TensorProto.DataType. */
enum {
  DLC_DTYPE_F32 = 1,
  DLC_DTYPE_U8 = 2,
  DLC_DTYPE_I8 = 3,
  DLC_DTYPE_U16 = 4,
  DLC_DTYPE_I16 = 5,
  DLC_DTYPE_I32 = 6,
  DLC_DTYPE_I64 = 7,
  DLC_DTYPE_STRING = 8, /* elements are dlc_string */
  DLC_DTYPE_BOOL = 9,   /* one byte, 0 or 1 */
  DLC_DTYPE_F16 = 10,
  DLC_DTYPE_F64 = 11,
  DLC_DTYPE_U32 = 12,
  DLC_DTYPE_U64 = 13,
  DLC_DTYPE_BF16 = 16,
  /* Types of 8 bits or less: each element is the low bits of a byte of its own, as in NumPy's
   * arrays of ml_dtypes. The bits above are 0 in outputs and not read in inputs. */
  DLC_DTYPE_F8E4M3FN = 17,
  DLC_DTYPE_F8E4M3FNUZ = 18,
  DLC_DTYPE_F8E5M2 = 19,
  DLC_DTYPE_F8E5M2FNUZ = 20,
  DLC_DTYPE_U4 = 21,
  DLC_DTYPE_I4 = 22,
  DLC_DTYPE_F4E2M1 = 23,
  DLC_DTYPE_F8E8M0 = 24,
  DLC_DTYPE_U2 = 25,
  DLC_DTYPE_I2 = 26,
  DLC_DTYPE_F6E2M3 = 27,
  DLC_DTYPE_F6E3M2 = 28
};

/* Bytes of UTF-8, not terminated. Belongs to the value whose element it is. */
typedef struct dlc_string {
  const char *data; /* may be null where size is 0 */
  uint64_t size;
} dlc_string;

enum {
  DLC_VALUE_TENSOR = 0,
  DLC_VALUE_SEQUENCE = 1,
  DLC_VALUE_OPTIONAL = 2 /* of no value or one */
};

/* A run-time value. Either an object of the runtime, which is counted and whose fields never change
 * while anybody else holds it, or a description of memory that the compiler has placed. */
typedef struct dlc_value {
  uint32_t struct_size;
  uint32_t kind;      /* DLC_VALUE_ */
  int32_t dtype;      /* of the elements, of a sequence or optional too; 0 where unknown */
  uint32_t is_object; /* 0: a description, valid as long as the call that it is given to */
  uint32_t rank;      /* of a tensor */
  uint32_t reserved;
  const int64_t *dims; /* of a tensor: rank of them; may be null for rank 0 */
  uint64_t count;      /* elements of a tensor; values of a sequence or optional */
  void *data;          /* a tensor's elements, dense and row-major, aligned to 64 for objects; else
                          count pointers: struct dlc_value *const * */
} dlc_value;

enum {
  DLC_ATTRIBUTE_INT = 0,    /* data: int64_t */
  DLC_ATTRIBUTE_FLOAT = 1,  /* double */
  DLC_ATTRIBUTE_STRING = 2, /* dlc_string */
  DLC_ATTRIBUTE_INTS = 3,   /* count of them */
  DLC_ATTRIBUTE_FLOATS = 4,
  DLC_ATTRIBUTE_STRINGS = 5
};

typedef struct dlc_attribute {
  const char *name; /* as the dialect's op or the ONNX operator spells it */
  uint32_t kind;    /* DLC_ATTRIBUTE_ */
  uint32_t reserved;
  uint64_t count; /* 1 for a single one */
  const void *data;
} dlc_attribute;

/* What an op may ask for. `state` is that of the call. */
typedef struct dlc_op_services {
  uint32_t struct_size;
  uint32_t reserved;
  /* New objects, each with one reference, which belongs to the caller; null where memory is short
   * or a size does not fit, which is then already reported: the op returns 1. A tensor's elements
   * are undefined, `extra` further bytes follow them (the bytes of strings); those of a sequence or
   * optional are null and must all be set, each taking over one reference. */
  dlc_value *(*new_tensor)(void *state, int32_t dtype, uint32_t rank, const int64_t *dims,
                           uint64_t extra);
  dlc_value *(*new_list)(void *state, uint32_t kind, int32_t dtype, uint64_t count);
  /* One more reference to an object; a copy of a description. Null as above. */
  dlc_value *(*keep)(void *state, const dlc_value *value);
  /* Gives a reference back. */
  void (*release)(void *state, dlc_value *value);
  /* Memory until the op returns, aligned to 64; null as above. */
  void *(*scratch)(void *state, uint64_t bytes);
  /* Runs body(argument, 0) to body(argument, count - 1), in any order and on any thread. */
  void (*parallel_for)(void *state, int64_t count, void (*body)(void *argument, int64_t index),
                       void *argument);
  /* Reports what is wrong with the operands or attributes, in printf's form, in the words of an
   * error message; returns what the op is to return. */
  int32_t (*fail)(void *state, const char *format, ...);
} dlc_op_services;

typedef struct dlc_op_call {
  uint32_t struct_size;
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t num_attributes;
  /* Null where an optional operand is absent. */
  const dlc_value *const *inputs;
  /* Where an output is not null it describes memory of the right dtype and dims: the op writes all
   * elements. Where it is null the op makes a new object and stores it there. Either all are null
   * or none, but an op may see both and treats them alike through one helper. */
  dlc_value **outputs;
  const dlc_attribute *attributes;
  void *state;
  const dlc_op_services *services;
} dlc_op_call;

/* 0: done. Anything else: `fail` or a service has said why; objects stored in `outputs` are still
 * taken over by the caller. Named dlc_op_<mnemonic>. */
typedef int32_t (*dlc_op_fn)(const dlc_op_call *call);

#ifdef __cplusplus
}
#endif

#endif
