#include "Binding.h"

#include "Dtype.h"
#include "Session.h"

#include <cstdio>
#include <cstring>

using namespace dlc::runtime;

/// " (H)" for a dim whose text says more than its number, else "".
static const char *dimLabel(const ManifestTensor &tensor, uint32_t dim, char (&label)[80]) {
  char number[24];
  snprintf(number, sizeof(number), "%lld", static_cast<long long>(tensor.dimValues[dim]));
  label[0] = '\0';
  const char *text = tensor.dimTexts[dim];
  if (text[0] != '\0' && strcmp(number, text) != 0)
    snprintf(label, sizeof(label), " (%s)", text);
  return label;
}

static const char *kindName(uint32_t kind) {
  return kind == DLC_VALUE_TENSOR     ? "a tensor"
         : kind == DLC_VALUE_SEQUENCE ? "a sequence"
                                      : "an optional";
}

static GivenInput viewOf(const dlc_input &input) {
  if (!DLC_COVERS(input, value) || !input.value)
    return {
        true,       DLC_VALUE_TENSOR, input.dtype,
        input.rank, input.dims,       input.data,
        input.size, nullptr,          DLC_COVERS(input, memory) ? input.memory : DLC_MEMORY_HOST};
  dlc_value &value = *input.value;
  const bool isTensor = value.kind == DLC_VALUE_TENSOR;
  return {true,
          value.kind,
          value.dtype,
          value.rank,
          value.dims,
          isTensor ? value.data : nullptr,
          isTensor ? value.count * dlc_dtype_size(value.dtype) : 0,
          &value,
          DLC_MEMORY_HOST};
}

bool Binding::allocate(const Manifest &of, size_t numSymbols) {
  manifest = &of;
  return matched.allocate(of.inputs().size()) && values.allocate(numSymbols) &&
         origins.allocate(of.symbols().size());
}

Status Binding::match(const dlc_input *inputs, uint32_t count, ErrorText &error) {
  DLC_RETURN_IF_ERROR(checkRows("input", inputs, count, error));
  uint32_t numNamed = 0;
  for (uint32_t i = 0; i < count; ++i)
    numNamed += rowOf(inputs, i).name != nullptr;
  if (numNamed != 0 && numNamed != count)
    return error.fail(DLC_INVALID_ARGUMENT, "some inputs have names and some have none");
  if (numNamed == 0 && count != matched.size())
    return error.fail(DLC_INVALID_ARGUMENT, "expected %zu inputs, found %u", matched.size(), count);

  FirstFailure failure;
  for (GivenInput &slot : matched)
    slot = {};
  for (uint32_t i = 0; i < count; ++i) {
    const dlc_input &given = rowOf(inputs, i);
    const char *nearest = nullptr;
    int64_t row = given.name ? findTensor(manifest->inputs(), given.name, nearest) : i;
    if (row < 0)
      failure.add(error.fail(DLC_INVALID_ARGUMENT,
                             nearest ? "no input '%s'; the nearest name is '%s'"
                                     : "no input '%s'; the model has none",
                             given.name, nearest));
    else if (matched[row].isGiven)
      failure.add(error.fail(DLC_INVALID_ARGUMENT, "input '%s' is given twice", given.name));
    else
      matched[row] = viewOf(given);
  }
  for (size_t i = 0; i < matched.size(); ++i)
    if (!matched[i].isGiven)
      failure.add(
          error.fail(DLC_INVALID_ARGUMENT, "input '%s' is missing", manifest->inputs()[i].name));
  return failure.status();
}

Status Binding::bind(ErrorText &error) {
  FirstFailure failure;
  for (Origin &origin : origins)
    origin.bound = false;
  for (uint32_t i = 0; i < matched.size(); ++i)
    failure.add(bindInput(i, error));
  return failure.status();
}

Status Binding::checkType(const ManifestTensor &tensor, const GivenInput &given, ErrorText &error) {
  if (given.kind != tensor.valueKind)
    return error.fail(DLC_TYPE_MISMATCH, "input '%s': expected %s, found %s", tensor.name,
                      kindName(tensor.valueKind), kindName(given.kind));
  const bool takesAny = tensor.isValue && tensor.dtype == 0;
  if (takesAny ? dlc_dtype_size(given.dtype) == 0 : given.dtype != tensor.dtype) {
    const char *expected = takesAny ? "a known one" : dlc_dtype_name(tensor.dtype);
    const char *found = dlc_dtype_name(given.dtype);
    return error.fail(DLC_TYPE_MISMATCH, "input '%s': expected element type %s, found %s",
                      tensor.name, expected, found ? found : "an unknown one");
  }
  return DLC_OK;
}

/// Checks what the run takes as a value of any dims.
Status Binding::bindValue(const ManifestTensor &tensor, const GivenInput &given, ErrorText &error) {
  if (given.rank > DLC_MAX_RANK)
    return error.fail(DLC_SHAPE_MISMATCH, "input '%s': expected a rank of up to %d, found %u",
                      tensor.name, DLC_MAX_RANK, given.rank);
  if (given.rank != 0 && !given.dims)
    return error.fail(DLC_INVALID_ARGUMENT, "input '%s': dims are null", tensor.name);
  for (uint32_t dim = 0; dim < given.rank; ++dim)
    if (given.dims[dim] < 0)
      return error.fail(DLC_SHAPE_MISMATCH, "input '%s': dimension %u is %lld", tensor.name, dim,
                        static_cast<long long>(given.dims[dim]));
  return DLC_OK;
}

Status Binding::bindInput(uint32_t index, ErrorText &error) {
  const ManifestTensor &tensor = manifest->inputs()[index];
  const GivenInput &given = matched[index];
  DLC_RETURN_IF_ERROR(checkType(tensor, given, error));
  if (tensor.isValue)
    return bindValue(tensor, given, error);
  if (given.rank != tensor.rank)
    return error.fail(DLC_SHAPE_MISMATCH, "input '%s': expected rank %u, found %u", tensor.name,
                      tensor.rank, given.rank);
  if (given.rank != 0 && !given.dims)
    return error.fail(DLC_INVALID_ARGUMENT, "input '%s': dims are null", tensor.name);
  FirstFailure failure;
  for (uint32_t dim = 0; dim < tensor.rank; ++dim)
    failure.add(bindDim(index, dim, error));
  return failure.status();
}

Status Binding::bindDim(uint32_t index, uint32_t dim, ErrorText &error) {
  const ManifestTensor &tensor = manifest->inputs()[index];
  const int64_t found = matched[index].dims[dim];
  const auto shown = static_cast<long long>(found);
  const int32_t row = tensor.dims[dim].symbol;
  char label[80];
  dimLabel(tensor, dim, label);
  if (row < 0) {
    if (found == tensor.dims[dim].value)
      return DLC_OK;
    return error.fail(DLC_SHAPE_MISMATCH, "input '%s': expected %lld in dimension %u%s, found %lld",
                      tensor.name, static_cast<long long>(tensor.dims[dim].value), dim, label,
                      shown);
  }
  const ManifestSymbol &symbol = manifest->symbols()[row];
  Origin &origin = origins[row];
  if (origin.bound) {
    if (found == values[row])
      return DLC_OK;
    return error.fail(DLC_SHAPE_MISMATCH,
                      "input '%s': expected %lld in dimension %u%s, as in dimension %u of input "
                      "'%s', found %lld",
                      tensor.name, static_cast<long long>(values[row]), dim, label, origin.dim,
                      manifest->inputs()[origin.input].name, shown);
  }
  // Bound even where out of range, so that later uses are compared with it and not reported anew.
  origin = {true, index, dim};
  values[row] = found;
  if (found < symbol.min || found > symbol.max)
    return error.fail(DLC_SHAPE_MISMATCH,
                      "input '%s': expected %lld to %lld in dimension %u%s, found %lld",
                      tensor.name, static_cast<long long>(symbol.min),
                      static_cast<long long>(symbol.max), dim, label, shown);
  return DLC_OK;
}

Status Binding::checkEntryData(ErrorText &error) const {
  FirstFailure failure;
  for (size_t i = 0; i < matched.size(); ++i) {
    const ManifestTensor &tensor = manifest->inputs()[i];
    if (!tensor.readAtEntry)
      continue;
    if (!matched[i].value && !matched[i].data && matched[i].size == 0) {
      uint64_t bytes = 0;
      if (!tensorBytes(matched[i].dtype, matched[i].dims, matched[i].rank, bytes) || bytes != 0) {
        failure.add(error.fail(DLC_INVALID_ARGUMENT,
                               "input '%s': its elements decide sizes, so that a plan needs them",
                               tensor.name));
        continue;
      }
    }
    failure.add(checkBuffer(tensor, matched[i], error));
  }
  return failure.status();
}

Status Binding::checkData(ErrorText &error) const {
  FirstFailure failure;
  for (size_t i = 0; i < matched.size(); ++i)
    failure.add(checkBuffer(manifest->inputs()[i], matched[i], error));
  return failure.status();
}

Status Binding::checkBuffer(const ManifestTensor &tensor, const GivenInput &given,
                            ErrorText &error) {
  if (given.value) // made of what was checked
    return DLC_OK;
  uint64_t bytes = 0;
  if (!tensorBytes(given.dtype, given.dims, given.rank, bytes))
    return error.fail(DLC_OVERFLOW, "input '%s': its size does not fit 63 bits", tensor.name);
  if (given.size != bytes)
    return error.fail(given.size < bytes ? DLC_BUFFER_TOO_SMALL : DLC_INVALID_ARGUMENT,
                      "input '%s': expected %llu bytes for its dims, found %llu", tensor.name,
                      static_cast<unsigned long long>(bytes),
                      static_cast<unsigned long long>(given.size));
  if (!given.data && bytes != 0)
    return error.fail(DLC_INVALID_ARGUMENT, "input '%s': data is null", tensor.name);
  if (reinterpret_cast<uintptr_t>(given.data) % dtypeAlignment(given.dtype) != 0)
    return error.fail(DLC_INVALID_ARGUMENT, "input '%s': data is not aligned to its elements",
                      tensor.name);
  if (given.dtype == DLC_STRING &&
      !stringsExist(static_cast<const dlc_text *>(given.data), given.size / sizeof(dlc_text)))
    return error.fail(DLC_INVALID_ARGUMENT, "input '%s': the data of a string is null",
                      tensor.name);
  return DLC_OK;
}
