#include "Outputs.h"

#include "DeviceRun.h"
#include "Dtype.h"

#include <cstdlib>

using namespace dlc::runtime;

namespace {
/// dlc_output.allocated: who frees the data.
enum Allocated : uint32_t {
  byCaller = 0,
  asBuffer = 1, // a buffer of its own
  inObject = 2, // the elements of an object, to which the output has the one reference
  onDevice = 3  // memory of the device with the output's ordinal
};
} // namespace

//===-- Before the run ---------------------------------------------------------------------------//

Status dlc::runtime::checkOutputDims(dlc_context &context) {
  const int64_t *dims = context.outputDims.data();
  const OwnedArray<ManifestTensor> &outputs = context.session->manifest.outputs();
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    const ManifestTensor &output = outputs[i];
    context.isLate[i] = output.isValue;
    for (uint32_t d = 0; d < output.rank; ++d) {
      const dlc_manifest_dim &declared = output.dims[d];
      const int64_t expected =
          declared.symbol >= 0 ? context.binding.symbols()[declared.symbol] : declared.value;
      if (dims[d] < -1 || (expected >= 0 && dims[d] != expected))
        return context.error.fail(
            DLC_INTERNAL, "output '%s': the artifact's code computed %lld for dimension %u (%s)",
            output.name, static_cast<long long>(dims[d]), d, output.dimTexts[d]);
      context.isLate[i] = context.isLate[i] || dims[d] == -1;
    }
    dims += output.rank;
  }
  return DLC_OK;
}

Status dlc::runtime::fillOutputs(dlc_context &context, dlc_output *outputs) {
  const int64_t *dims = context.outputDims.data();
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  for (uint32_t i = 0; i < declared.size(); ++i) {
    uint64_t bytes = 0;
    if (!context.isLate[i] && !tensorBytes(declared[i].dtype, dims, declared[i].rank, bytes))
      return context.error.fail(DLC_OVERFLOW, "output '%s': its size does not fit 63 bits",
                                declared[i].name);
    if (outputs) {
      dlc_output &output = rowOf(outputs, i);
      output.dtype = declared[i].dtype;
      output.rank = declared[i].rank;
      output.size = bytes;
      for (uint32_t d = 0; d < output.rank; ++d)
        output.dims[d] = dims[d];
    }
    dims += declared[i].rank;
  }
  return DLC_OK;
}

/// Checks the buffer for an output whose type and size are known.
static Status checkOutputBuffer(dlc_context &context, const char *name, const dlc_output &output) {
  if (output.data && output.capacity < output.size)
    return context.error.fail(DLC_BUFFER_TOO_SMALL,
                              "output '%s': expected a buffer of %llu bytes, found %llu", name,
                              static_cast<unsigned long long>(output.size),
                              static_cast<unsigned long long>(output.capacity));
  if (reinterpret_cast<uintptr_t>(output.data) % dtypeAlignment(output.dtype) != 0)
    return context.error.fail(DLC_INVALID_ARGUMENT,
                              "output '%s': data is not aligned to its elements", name);
  return DLC_OK;
}

Status dlc::runtime::checkOutputBuffers(dlc_context &context, const dlc_output *outputs) {
  FirstFailure failure;
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  for (uint32_t i = 0; i < declared.size(); ++i) {
    const dlc_output &output = rowOf(outputs, i);
    if (declared[i].valueKind != DLC_VALUE_TENSOR && !DLC_COVERS(output, value))
      failure.add(context.error.fail(DLC_INVALID_ARGUMENT,
                                     "output '%s': expected a dlc_output with the field 'value'",
                                     declared[i].name));
    else if (!context.isLate[i])
      failure.add(checkOutputBuffer(context, declared[i].name, output));
  }
  return failure.status();
}

static bool overlap(const void *a, uint64_t sizeA, const void *b, uint64_t sizeB) {
  const auto beginA = reinterpret_cast<uintptr_t>(a), beginB = reinterpret_cast<uintptr_t>(b);
  return sizeA != 0 && sizeB != 0 && a && b && beginA < beginB + sizeB && beginB < beginA + sizeA;
}

Status dlc::runtime::checkOverlap(dlc_context &context, const dlc_output *outputs,
                                  const void *workspace) {
  const Manifest &manifest = context.session->manifest;
  const Binding &binding = context.binding;
  const auto workspaceSize = static_cast<uint64_t>(context.workspace);
  // How much a run will write of a buffer of a late output is not known yet.
  auto written = [&](uint32_t i) {
    return context.isLate[i] ? rowOf(outputs, i).capacity : rowOf(outputs, i).size;
  };
  for (uint32_t i = 0; i < manifest.inputs().size(); ++i)
    if (overlap(workspace, workspaceSize, binding.input(i).data, binding.input(i).size))
      return context.error.fail(DLC_INVALID_ARGUMENT, "the workspace overlaps input '%s'",
                                manifest.inputs()[i].name);
  for (uint32_t o = 0; o < manifest.outputs().size(); ++o) {
    const void *data = rowOf(outputs, o).data;
    const char *name = manifest.outputs()[o].name;
    if (overlap(workspace, workspaceSize, data, written(o)))
      return context.error.fail(DLC_INVALID_ARGUMENT, "the workspace overlaps output '%s'", name);
    for (uint32_t i = 0; i < manifest.inputs().size(); ++i)
      if (overlap(data, written(o), binding.input(i).data, binding.input(i).size))
        return context.error.fail(DLC_INVALID_ARGUMENT, "output '%s' overlaps input '%s'", name,
                                  manifest.inputs()[i].name);
    for (uint32_t other = 0; other < o; ++other)
      if (overlap(data, written(o), rowOf(outputs, other).data, written(other)))
        return context.error.fail(DLC_INVALID_ARGUMENT, "output '%s' overlaps output '%s'", name,
                                  manifest.outputs()[other].name);
  }
  return DLC_OK;
}

Status dlc::runtime::allocateOutputs(dlc_context &context, const dlc_output *outputs) {
  for (uint32_t i = 0; i < context.outputBuffers.size(); ++i) {
    context.outputBuffers[i] = nullptr;
    context.outputValues[i] = nullptr;
  }
  for (uint32_t i = 0; i < context.outputBuffers.size(); ++i) {
    if (context.isLate[i])
      continue;
    const dlc_output &output = rowOf(outputs, i);
    if (!output.data && memoryOf(output) == DLC_MEMORY_DEVICE) {
      DLC_RETURN_IF_ERROR(cuda::allocateForCaller(context.device->device(), output.size,
                                                  context.outputBuffers[i], context.error));
      continue;
    }
    context.outputBuffers[i] = output.data ? output.data : allocateAligned(output.size);
    if (!context.outputBuffers[i])
      return context.error.fail(DLC_OUT_OF_MEMORY, "out of memory for output '%s' of %llu bytes",
                                context.session->manifest.outputs()[i].name,
                                static_cast<unsigned long long>(output.size));
  }
  return DLC_OK;
}

//===-- After the run ----------------------------------------------------------------------------//

/// Whether a value is what the manifest and plan say of the output.
static bool isOfKind(const ManifestTensor &declared, const int64_t *plannedDims,
                     const dlc_value &value) {
  if (!value.is_object || value.kind != declared.valueKind ||
      (declared.dtype != 0 && value.dtype != declared.dtype))
    return false;
  if (declared.isValue)
    return true;
  bool same = value.rank == declared.rank;
  for (uint32_t d = 0; same && d < declared.rank; ++d)
    same = plannedDims[d] < 0 || plannedDims[d] == value.dims[d];
  return same;
}

/// Fills in what a tensor of late size is, and checks the caller's buffer.
static Status describeTensor(dlc_context &context, const char *name, const dlc_value &value,
                             dlc_output &output) {
  if (value.rank > DLC_MAX_RANK)
    return context.error.fail(DLC_SHAPE_MISMATCH,
                              "output '%s': expected a rank of up to %d, found %u", name,
                              DLC_MAX_RANK, value.rank);
  output.rank = value.rank;
  for (uint32_t d = 0; d < value.rank; ++d)
    output.dims[d] = value.dims[d];
  if (!copiedBytes(value, output.size))
    return context.error.fail(DLC_OVERFLOW, "output '%s': its size does not fit 63 bits", name);
  return checkOutputBuffer(context, name, output);
}

/// Makes sure that nobody else has a part in the memory of a tensor that is to be handed over.
static Status makeOwn(dlc_context &context, const char *name, ObjectList &objects,
                      dlc_value *&value) {
  if (isOwn(*value))
    return DLC_OK;
  dlc_value *copy = nullptr;
  if (dlc_status status = copyTensor(*value, copy); status != DLC_OK)
    return context.error.fail(status, "output '%s': %s for a copy of it", name,
                              dlc_status_text(status));
  objects.add(*copy);
  release(value);
  value = copy;
  return DLC_OK;
}

Status dlc::runtime::takeValues(dlc_context &context, dlc_output *outputs, ObjectList &objects) {
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  const int64_t *dims = context.outputDims.data();
  FirstFailure failure;
  for (uint32_t i = 0; i < declared.size(); dims += declared[i++].rank) {
    if (!context.isLate[i])
      continue;
    const dlc_value *value = context.outputValues[i];
    if (!value || !isOfKind(declared[i], dims, *value))
      return context.error.fail(DLC_INTERNAL, "output '%s': the artifact's code set no such value",
                                declared[i].name);
    dlc_output &output = rowOf(outputs, i);
    output.dtype = value->dtype;
    if (value->kind == DLC_VALUE_TENSOR)
      failure.add(describeTensor(context, declared[i].name, *value, output));
  }
  DLC_RETURN_IF_ERROR(failure.status());
  objects.recount(context.outputValues.data(), context.outputValues.size());
  for (uint32_t i = 0; i < declared.size(); ++i)
    if (context.isLate[i] && declared[i].valueKind == DLC_VALUE_TENSOR && !rowOf(outputs, i).data)
      DLC_RETURN_IF_ERROR(makeOwn(context, declared[i].name, objects, context.outputValues[i]));
  return DLC_OK;
}

static void settleValue(dlc_output &output, dlc_value *value) {
  if (value->kind != DLC_VALUE_TENSOR) {
    release(output.value);
    output.value = value;
  } else if (output.data) {
    copyElements(*value, output.data);
    release(value);
  } else {
    output.data = value->data;
    output.capacity = output.size;
    output.allocated = inObject;
  }
}

void dlc::runtime::settleOutputs(dlc_context &context, dlc_output *outputs, ObjectList &objects,
                                 dlc_status status) {
  if (status == DLC_OK)
    objects.handOver();
  for (uint32_t i = 0; i < context.outputBuffers.size(); ++i) {
    dlc_output &output = rowOf(outputs, i);
    if (context.isLate[i]) {
      if (status == DLC_OK)
        settleValue(output, context.outputValues[i]);
    } else if (!output.data && context.outputBuffers[i]) {
      const bool isDevices = memoryOf(output) == DLC_MEMORY_DEVICE;
      if (status != DLC_OK) {
        if (isDevices)
          cuda::freeForCaller(static_cast<uint32_t>(context.device->device().ordinal),
                              context.outputBuffers[i]);
        else
          free(context.outputBuffers[i]);
        continue;
      }
      output.data = context.outputBuffers[i];
      output.capacity = output.size;
      output.allocated = isDevices ? onDevice : asBuffer;
      if (isDevices)
        output.ordinal = static_cast<uint32_t>(context.device->device().ordinal);
    }
  }
}

void dlc_output_release(dlc_output *output) {
  if (!output)
    return;
  if (DLC_COVERS(*output, value)) {
    release(output->value);
    output->value = nullptr;
  }
  if (output->allocated == byCaller)
    return;
  if (output->allocated == inObject)
    release(objectOfElements(output->data));
  else if (output->allocated == onDevice)
    cuda::freeForCaller(output->ordinal, output->data);
  else
    free(output->data);
  output->data = nullptr;
  output->capacity = 0;
  output->allocated = byCaller;
}
