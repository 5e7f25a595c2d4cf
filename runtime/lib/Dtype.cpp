// Element types. The public names and those of the artifact are two lists of the same numbers.
#include "Dtype.h"

#include "dlc/ABI/Artifact.h"

static_assert(DLC_F32 == +DLC_DTYPE_F32 && DLC_U8 == +DLC_DTYPE_U8 && DLC_I8 == +DLC_DTYPE_I8);
static_assert(DLC_U16 == +DLC_DTYPE_U16 && DLC_I16 == +DLC_DTYPE_I16 && DLC_I32 == +DLC_DTYPE_I32);
static_assert(DLC_I64 == +DLC_DTYPE_I64 && DLC_BOOL == +DLC_DTYPE_BOOL &&
              DLC_F16 == +DLC_DTYPE_F16);
static_assert(DLC_F64 == +DLC_DTYPE_F64 && DLC_U32 == +DLC_DTYPE_U32 && DLC_U64 == +DLC_DTYPE_U64);
static_assert(DLC_BF16 == +DLC_DTYPE_BF16 && DLC_STRING == +DLC_DTYPE_STRING);
static_assert(DLC_F8E4M3FN == +DLC_DTYPE_F8E4M3FN);
static_assert(DLC_F8E4M3FNUZ == +DLC_DTYPE_F8E4M3FNUZ);
static_assert(DLC_F8E5M2 == +DLC_DTYPE_F8E5M2);
static_assert(DLC_F8E5M2FNUZ == +DLC_DTYPE_F8E5M2FNUZ);
static_assert(DLC_U4 == +DLC_DTYPE_U4);
static_assert(DLC_I4 == +DLC_DTYPE_I4);
static_assert(DLC_F4E2M1 == +DLC_DTYPE_F4E2M1);
static_assert(DLC_F8E8M0 == +DLC_DTYPE_F8E8M0);
static_assert(DLC_U2 == +DLC_DTYPE_U2);
static_assert(DLC_I2 == +DLC_DTYPE_I2);
static_assert(DLC_F6E2M3 == +DLC_DTYPE_F6E2M3);
static_assert(DLC_F6E3M2 == +DLC_DTYPE_F6E3M2);
static_assert(DLC_KIND_TENSOR == +DLC_VALUE_TENSOR && DLC_KIND_SEQUENCE == +DLC_VALUE_SEQUENCE &&
              DLC_KIND_OPTIONAL == +DLC_VALUE_OPTIONAL);

namespace {
struct DtypeRow {
  int32_t dtype;
  uint32_t size;
  const char *name;
};
} // namespace

static constexpr DtypeRow dtypeRows[] = {
    {DLC_F32, 4, "f32"},
    {DLC_U8, 1, "u8"},
    {DLC_I8, 1, "i8"},
    {DLC_U16, 2, "u16"},
    {DLC_I16, 2, "i16"},
    {DLC_I32, 4, "i32"},
    {DLC_I64, 8, "i64"},
    {DLC_BOOL, 1, "bool"},
    {DLC_F16, 2, "f16"},
    {DLC_F64, 8, "f64"},
    {DLC_U32, 4, "u32"},
    {DLC_U64, 8, "u64"},
    {DLC_BF16, 2, "bf16"},
    {DLC_STRING, sizeof(dlc_text), "string"},
    {DLC_F8E4M3FN, 1, "f8e4m3fn"},
    {DLC_F8E4M3FNUZ, 1, "f8e4m3fnuz"},
    {DLC_F8E5M2, 1, "f8e5m2"},
    {DLC_F8E5M2FNUZ, 1, "f8e5m2fnuz"},
    {DLC_U4, 1, "u4"},
    {DLC_I4, 1, "i4"},
    {DLC_F4E2M1, 1, "f4e2m1"},
    {DLC_F8E8M0, 1, "f8e8m0"},
    {DLC_U2, 1, "u2"},
    {DLC_I2, 1, "i2"},
    {DLC_F6E2M3, 1, "f6e2m3"},
    {DLC_F6E3M2, 1, "f6e3m2"},
};

static const DtypeRow *findRow(int32_t dtype) {
  for (const DtypeRow &row : dtypeRows)
    if (row.dtype == dtype)
      return &row;
  return nullptr;
}

const char *dlc_dtype_name(int32_t dtype) {
  const DtypeRow *row = findRow(dtype);
  return row ? row->name : nullptr;
}

uint32_t dlc_dtype_size(int32_t dtype) {
  const DtypeRow *row = findRow(dtype);
  return row ? row->size : 0;
}

bool dlc::runtime::stringsExist(const dlc_text *strings, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    if (!strings[i].data && strings[i].size != 0)
      return false;
  return true;
}

uint32_t dlc::runtime::dtypeAlignment(int32_t dtype) {
  return dtype == DLC_STRING ? alignof(dlc_text) : dlc_dtype_size(dtype);
}

bool dlc::runtime::tensorBytes(int32_t dtype, const int64_t *dims, uint32_t rank, uint64_t &bytes) {
  int64_t product = dlc_dtype_size(dtype);
  bool fits = true;
  for (uint32_t i = 0; i < rank; ++i) {
    if (dims[i] == 0) {
      bytes = 0;
      return true;
    }
    fits = fits && !__builtin_mul_overflow(product, dims[i], &product);
  }
  bytes = static_cast<uint64_t>(product);
  return fits;
}
