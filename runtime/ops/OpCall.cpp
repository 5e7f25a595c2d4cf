#include "OpCall.h"

#include "Elements.h"

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Dims and names
//===----------------------------------------------------------------------===//

Dims::Dims(const dlc_value *value) : rank(value->rank) {
  if (rank)
    memcpy(sizes, value->dims, rank * sizeof(int64_t));
}

Dims::Dims(uint32_t rank, int64_t size) : rank(rank) {
  for (int64_t &each : *this)
    each = size;
}

bool Dims::operator==(const Dims &other) const {
  return rank == other.rank && memcmp(sizes, other.sizes, rank * sizeof(int64_t)) == 0;
}

int64_t Dims::product(uint32_t first, uint32_t last) const {
  int64_t result = 1;
  for (uint32_t i = first; i < last; ++i)
    result *= sizes[i];
  return result;
}

DimsText::DimsText(const Dims &dims) {
  char *out = text;
  *out++ = '[';
  for (uint32_t i = 0; i < dims.rank; ++i) {
    // Room for a separator, a sign, 19 digits and the end.
    if (out + 30 > text + sizeof(text)) {
      memcpy(out, ", ...", 5);
      out += 5;
      break;
    }
    if (i)
      *out++ = ',', *out++ = ' ';
    out += formatInteger(dims[i], out);
  }
  *out++ = ']';
  *out = 0;
}

const char *dlc::ops::dtypeName(int32_t dtype) {
  switch (dtype) {
  case DLC_DTYPE_F32:
    return "f32";
  case DLC_DTYPE_F64:
    return "f64";
  case DLC_DTYPE_F16:
    return "f16";
  case DLC_DTYPE_BF16:
    return "bf16";
  case DLC_DTYPE_F8E4M3FN:
    return "f8e4m3fn";
  case DLC_DTYPE_F8E4M3FNUZ:
    return "f8e4m3fnuz";
  case DLC_DTYPE_F8E5M2:
    return "f8e5m2";
  case DLC_DTYPE_F8E5M2FNUZ:
    return "f8e5m2fnuz";
  case DLC_DTYPE_U4:
    return "u4";
  case DLC_DTYPE_I4:
    return "i4";
  case DLC_DTYPE_F4E2M1:
    return "f4e2m1";
  case DLC_DTYPE_F8E8M0:
    return "f8e8m0";
  case DLC_DTYPE_U2:
    return "u2";
  case DLC_DTYPE_I2:
    return "i2";
  case DLC_DTYPE_F6E2M3:
    return "f6e2m3";
  case DLC_DTYPE_F6E3M2:
    return "f6e3m2";
  case DLC_DTYPE_U8:
    return "u8";
  case DLC_DTYPE_I8:
    return "i8";
  case DLC_DTYPE_U16:
    return "u16";
  case DLC_DTYPE_I16:
    return "i16";
  case DLC_DTYPE_U32:
    return "u32";
  case DLC_DTYPE_I32:
    return "i32";
  case DLC_DTYPE_U64:
    return "u64";
  case DLC_DTYPE_I64:
    return "i64";
  case DLC_DTYPE_BOOL:
    return "bool";
  case DLC_DTYPE_STRING:
    return "string";
  }
  return "?";
}

static const char *kindName(uint32_t kind) {
  return kind == DLC_VALUE_TENSOR ? "tensor" : kind == DLC_VALUE_SEQUENCE ? "sequence" : "optional";
}

bool dlc::ops::equals(dlc_string lhs, dlc_string rhs) {
  return lhs.size == rhs.size && (lhs.size == 0 || memcmp(lhs.data, rhs.data, lhs.size) == 0);
}

dlc_string dlc::ops::stringOf(const char *literal) {
  uint64_t size = 0;
  while (literal[size])
    ++size;
  return {literal, size};
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

const dlc_value *OpCall::optionalTensor(uint32_t i, uint32_t dtypes) {
  const dlc_value *value = input(i);
  if (!value)
    return nullptr;
  if (value->kind != DLC_VALUE_TENSOR) {
    fail("expected operand %u to be a tensor, found %s", i, kindName(value->kind));
    return nullptr;
  }
  if (!isIn(value->dtype, dtypes)) {
    fail("operand %u has element type %s, which is not among those of the op", i,
         dtypeName(value->dtype));
    return nullptr;
  }
  return expectRoom(value->rank) ? value : nullptr;
}

const dlc_value *OpCall::tensor(uint32_t i, uint32_t dtypes) {
  if (!input(i)) {
    fail("operand %u is missing", i);
    return nullptr;
  }
  return optionalTensor(i, dtypes);
}

const dlc_value *OpCall::tensorLike(uint32_t i, const dlc_value *other) {
  const dlc_value *value = tensor(i);
  if (value && value->dtype != other->dtype) {
    fail("expected operand %u to have element type %s, found %s", i, dtypeName(other->dtype),
         dtypeName(value->dtype));
    return nullptr;
  }
  return value;
}

const dlc_value *OpCall::list(uint32_t i, uint32_t kind) {
  const dlc_value *value = input(i);
  if (!value) {
    fail("operand %u is missing", i);
    return nullptr;
  }
  if (value->kind != kind) {
    fail("expected operand %u to be a value of kind %s, found %s", i, kindName(kind),
         kindName(value->kind));
    return nullptr;
  }
  return value;
}

bool OpCall::integerList(uint32_t i, Dims &result) {
  const dlc_value *value = tensor(i, indices);
  if (!value)
    return false;
  if (value->rank > 1)
    return fail("expected operand %u to be a vector, found dims %s", i, DimsText(Dims(value)).text),
           false;
  if (!expectRoom(value->count))
    return false;
  result.rank = 0;
  for (uint64_t k = 0; k < value->count; ++k)
    result.push(load<int64_t>(value, k));
  return true;
}

bool OpCall::integer(uint32_t i, int64_t &result) {
  if (!input(i))
    return true;
  const dlc_value *value = tensor(i, indices);
  if (!value)
    return false;
  if (value->count != 1)
    return fail("expected operand %u to have one element, found dims %s", i,
                DimsText(Dims(value)).text),
           false;
  result = load<int64_t>(value, 0);
  return true;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const dlc_attribute *OpCall::find(const char *name) const {
  for (uint32_t i = 0; i < raw->num_attributes; ++i)
    if (equals(stringOf(raw->attributes[i].name), stringOf(name)))
      return &raw->attributes[i];
  return nullptr;
}

const dlc_attribute *OpCall::find(const char *name, uint32_t kind) {
  const dlc_attribute *attribute = find(name);
  if (attribute && attribute->kind != kind) {
    fail("attribute '%s' is of kind %u, expected %u", name, attribute->kind, kind);
    return nullptr;
  }
  return attribute;
}

int64_t OpCall::intAttribute(const char *name, int64_t absent) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_INT);
  return attribute ? *static_cast<const int64_t *>(attribute->data) : absent;
}

double OpCall::floatAttribute(const char *name, double absent) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_FLOAT);
  return attribute ? *static_cast<const double *>(attribute->data) : absent;
}

dlc_string OpCall::stringAttribute(const char *name, const char *absent) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_STRING);
  return attribute ? *static_cast<const dlc_string *>(attribute->data) : stringOf(absent);
}

List<int64_t> OpCall::intsAttribute(const char *name) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_INTS);
  if (!attribute)
    return {};
  return {static_cast<const int64_t *>(attribute->data), attribute->count};
}

List<double> OpCall::floatsAttribute(const char *name) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_FLOATS);
  if (!attribute)
    return {};
  return {static_cast<const double *>(attribute->data), attribute->count};
}

List<dlc_string> OpCall::stringsAttribute(const char *name) {
  const dlc_attribute *attribute = find(name, DLC_ATTRIBUTE_STRINGS);
  if (!attribute)
    return {};
  return {static_cast<const dlc_string *>(attribute->data), attribute->count};
}

bool OpCall::keyword(const char *name, const char *absent, const char *names, uint32_t &which) {
  dlc_string found = stringAttribute(name, absent);
  which = 0;
  for (dlc_string rest = stringOf(names); rest.size; ++which) {
    uint64_t length = 0;
    while (length < rest.size && rest.data[length] != ' ')
      ++length;
    if (equals(found, {rest.data, length}))
      return true;
    length += length < rest.size; // the space
    rest = {rest.data + length, rest.size - length};
  }
  fail("attribute '%s' has the unknown value '%.*s'", name, int(found.size), found.data);
  return false;
}

//===----------------------------------------------------------------------===//
// Outputs and services
//===----------------------------------------------------------------------===//

dlc_value *OpCall::output(uint32_t i, int32_t dtype, const Dims &dims, uint64_t extra) {
  if (!wants(i)) {
    fail("expected at least %u outputs, found %u", i + 1, raw->num_outputs);
    return nullptr;
  }
  dlc_value *&result = raw->outputs[i];
  if (!result)
    return result = newTensor(dtype, dims, extra);
  if (result->kind != DLC_VALUE_TENSOR || dtype == DLC_DTYPE_STRING || result->dtype != dtype ||
      result->rank > maxRank || !(Dims(result) == dims)) {
    fail("expected memory for output %u of %s %s, found %s %s", i, dtypeName(dtype),
         DimsText(dims).text, dtypeName(result->dtype),
         result->rank > maxRank ? "[...]" : DimsText(Dims(result)).text);
    return nullptr;
  }
  return result;
}

dlc_value *OpCall::listOutput(uint32_t i, uint32_t kind, int32_t dtype, uint64_t count) {
  if (!wants(i) || raw->outputs[i]) {
    fail("expected output %u to be an object that the op makes", i);
    return nullptr;
  }
  dlc_value *list = raw->services->new_list(raw->state, kind, dtype, count);
  if (!list)
    status = stopped;
  return raw->outputs[i] = list;
}

Status OpCall::keepAsOutput(uint32_t i, const dlc_value *value) {
  if (!wants(i))
    return fail("expected at least %u outputs, found %u", i + 1, raw->num_outputs);
  if (!raw->outputs[i])
    return (raw->outputs[i] = keep(value)) ? done : stopped;
  if (value->kind != DLC_VALUE_TENSOR)
    return fail("expected output %u to be an object that the op makes", i);
  dlc_value *result = output(i, value->dtype, Dims(value));
  if (!result)
    return stopped;
  if (value->count)
    memcpy(result->data, value->data, value->count * elementBytes(value->dtype));
  return done;
}

dlc_value *OpCall::newTensor(int32_t dtype, const Dims &dims, uint64_t extra) {
  dlc_value *value = raw->services->new_tensor(raw->state, dtype, dims.rank, dims.sizes, extra);
  if (!value)
    status = stopped;
  return value;
}

dlc_value *OpCall::keep(const dlc_value *value) {
  dlc_value *kept = raw->services->keep(raw->state, value);
  if (!kept)
    status = stopped;
  return kept;
}

void *OpCall::scratchBytes(int64_t count, size_t size) {
  if (count > INT64_MAX / int64_t(size)) {
    fail("a size does not fit");
    return nullptr;
  }
  // Never nothing, so that null means failure alone.
  void *memory = raw->services->scratch(raw->state, count ? count * size : size);
  if (!memory)
    status = stopped;
  return memory;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

bool OpCall::countElements(const Dims &dims, int64_t &count) {
  count = 1;
  bool fits = true;
  for (int64_t size : dims)
    fits = fits && size >= 0 && !__builtin_mul_overflow(count, size, &count);
  if (!fits || count > INT64_MAX / 2)
    return fail("a tensor cannot have the dims %s", DimsText(dims).text), false;
  return true;
}

bool OpCall::normalizeAxis(int64_t axis, uint32_t rank, uint32_t &result) {
  int64_t fromFirst = axis < 0 ? axis + int64_t(rank) : axis;
  if (fromFirst < 0 || fromFirst >= int64_t(rank))
    return fail("axis %ld is not among %u dims", long(axis), rank), false;
  result = uint32_t(fromFirst);
  return true;
}

bool OpCall::broadcastDims(const Dims &lhs, const Dims &rhs, Dims &result) {
  const Dims &longer = lhs.rank >= rhs.rank ? lhs : rhs;
  const Dims &shorter = lhs.rank >= rhs.rank ? rhs : lhs;
  Dims both = longer;
  for (uint32_t i = 0; i < shorter.rank; ++i) {
    int64_t size = shorter[shorter.rank - 1 - i];
    int64_t &other = both[longer.rank - 1 - i];
    if (other == 1)
      other = size;
    else if (size != 1 && size != other)
      return fail("dims %s and %s do not broadcast", DimsText(lhs).text, DimsText(rhs).text), false;
  }
  result = both;
  return true;
}

bool OpCall::expectRank(uint32_t i, const dlc_value *value, uint32_t rank) {
  if (value->rank == rank)
    return true;
  return fail("expected operand %u to have rank %u, found dims %s", i, rank,
              DimsText(Dims(value)).text),
         false;
}

bool OpCall::expectRoom(uint64_t rank) {
  if (rank <= maxRank)
    return true;
  return fail("expected at most %u dims, found %lu", maxRank, (unsigned long)rank), false;
}
