#include "Context.h"

#include "Dtype.h"
#include "Launch.h"
#include "Pool.h"
#include "StructSize.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace dlc::runtime;

bool dlc_context::open(dlc_session &of) {
  of.references.fetch_add(1);
  session = &of;
  const Manifest &manifest = of.manifest;
  return binding.allocate(manifest) && outputDims.allocate(manifest.numOutputDims()) &&
         inputBuffers.allocate(manifest.inputs().size()) &&
         outputBuffers.allocate(manifest.outputs().size());
}

dlc_context::~dlc_context() { dlc_session_release(session); }

dlc_status dlc_context_create(dlc_session *session, const dlc_context_options *options,
                              dlc_context **context) {
  if (context)
    *context = nullptr;
  dlc_context_options known = {};
  if (!session || !context || (options && !readStruct(*options, known)))
    return DLC_INVALID_ARGUMENT;
  void *memory = malloc(sizeof(dlc_context));
  if (!memory)
    return DLC_OUT_OF_MEMORY;
  auto *created = new (memory) dlc_context();
  created->maxWorkspace = known.max_workspace;
  created->numThreads = known.num_threads;
  if (!created->open(*session)) {
    dlc_context_release(created);
    return DLC_OUT_OF_MEMORY;
  }
  *context = created;
  return DLC_OK;
}

void dlc_context_release(dlc_context *context) {
  if (context) {
    context->~dlc_context();
    free(context);
  }
}

uint32_t dlc_context_num_threads(const dlc_context *context) {
  if (!context)
    return 0;
  const uint32_t most = processPool.size();
  return context->numThreads ? std::min(context->numThreads, most) : most;
}

const char *dlc_context_error_text(const dlc_context *context) {
  return context ? context->error.text() : "";
}

void dlc_context_cancel(dlc_context *context) {
  if (context)
    context->cancelled.store(true);
}

/// Turns what an entry point of a program returned into a status.
static Status programStatus(dlc_context &context, int32_t code) {
  ErrorText &error = context.error;
  if (code == DLC_PROGRAM_OK)
    return DLC_OK;
  if (code == DLC_PROGRAM_STOPPED && context.cancelled.load())
    return error.fail(DLC_CANCELLED, "the run was cancelled");
  char bound[512] = "";
  size_t length = 0;
  const OwnedArray<ManifestSymbol> &symbols = context.session->manifest.symbols();
  for (size_t i = 0; i < symbols.size() && length < sizeof(bound); ++i)
    length += static_cast<size_t>(snprintf(bound + length, sizeof(bound) - length, "%s%s = %lld",
                                           i ? ", " : " at ", symbols[i].name,
                                           static_cast<long long>(context.binding.symbols()[i])));
  if (code == DLC_PROGRAM_OVERFLOW)
    return error.fail(DLC_OVERFLOW, "a size does not fit 63 bits%s", bound);
  if (code == DLC_PROGRAM_NEGATIVE)
    return error.fail(DLC_SHAPE_MISMATCH,
                      "the inputs are too small for the model: a dim would be negative%s", bound);
  return error.fail(DLC_INTERNAL, "the artifact's code returned %d%s", code, bound);
}

/// Compares dims that the program computed with those that the manifest declares.
static Status checkOutputDims(dlc_context &context) {
  const int64_t *dims = context.outputDims.data();
  for (const ManifestTensor &output : context.session->manifest.outputs()) {
    for (uint32_t d = 0; d < output.rank; ++d) {
      const dlc_manifest_dim &declared = output.dims[d];
      const int64_t expected =
          declared.symbol >= 0 ? context.binding.symbols()[declared.symbol] : declared.value;
      if (dims[d] < 0 || (expected >= 0 && dims[d] != expected))
        return context.error.fail(
            DLC_INTERNAL, "output '%s': the artifact's code computed %lld for dimension %u (%s)",
            output.name, static_cast<long long>(dims[d]), d, output.dimTexts[d]);
    }
    dims += output.rank;
  }
  return DLC_OK;
}

/// Fills what is known of the outputs before the run. `outputs` may be null.
static Status fillOutputs(dlc_context &context, dlc_output *outputs) {
  const int64_t *dims = context.outputDims.data();
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  for (uint32_t i = 0; i < declared.size(); ++i) {
    uint64_t bytes = 0;
    if (!tensorBytes(declared[i].dtype, dims, declared[i].rank, bytes))
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

/// The part that plan and run share: from inputs to symbols, output dims and the arena's size.
static Status planCall(dlc_context &context, const dlc_input *inputs, uint32_t numInputs,
                       dlc_output *outputs, uint32_t numOutputs) {
  ErrorText &error = context.error;
  const Manifest &manifest = context.session->manifest;
  DLC_RETURN_IF_ERROR(context.binding.match(inputs, numInputs, error));
  DLC_RETURN_IF_ERROR(context.binding.bind(error));
  if (outputs) {
    if (numOutputs != manifest.outputs().size())
      return error.fail(DLC_INVALID_ARGUMENT, "expected %zu outputs, found %u",
                        manifest.outputs().size(), numOutputs);
    DLC_RETURN_IF_ERROR(checkRows("output", outputs, numOutputs, error));
  }
  dlc_plan_call call = {};
  call.struct_size = sizeof call;
  call.symbols = context.binding.symbols();
  call.output_dims = context.outputDims.data();
  DLC_RETURN_IF_ERROR(programStatus(context, context.session->program->plan(&call)));
  context.workspace = call.workspace;
  DLC_RETURN_IF_ERROR(checkOutputDims(context));
  if (context.workspace < 0)
    return error.fail(DLC_INTERNAL, "the artifact's code computed a negative arena size");
  return fillOutputs(context, outputs);
}

/// Checks the buffers that the caller gave for the outputs.
static Status checkOutputBuffers(dlc_context &context, dlc_output *outputs) {
  FirstFailure failure;
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  for (uint32_t i = 0; i < declared.size(); ++i) {
    const dlc_output &output = rowOf(outputs, i);
    if (output.data && output.capacity < output.size)
      failure.add(context.error.fail(DLC_BUFFER_TOO_SMALL,
                                     "output '%s': expected a buffer of %llu bytes, found %llu",
                                     declared[i].name, static_cast<unsigned long long>(output.size),
                                     static_cast<unsigned long long>(output.capacity)));
    else if (reinterpret_cast<uintptr_t>(output.data) % dlc_dtype_size(output.dtype) != 0)
      failure.add(context.error.fail(DLC_INVALID_ARGUMENT,
                                     "output '%s': data is not aligned to its elements",
                                     declared[i].name));
  }
  return failure.status();
}

static bool overlap(const void *a, uint64_t sizeA, const void *b, uint64_t sizeB) {
  const auto beginA = reinterpret_cast<uintptr_t>(a), beginB = reinterpret_cast<uintptr_t>(b);
  return sizeA != 0 && sizeB != 0 && a && b && beginA < beginB + sizeB && beginB < beginA + sizeA;
}

/// Refuses buffers that the run would write while it reads them under another name.
static Status checkOverlap(dlc_context &context, const dlc_output *outputs, const void *workspace) {
  const Manifest &manifest = context.session->manifest;
  const auto workspaceSize = static_cast<uint64_t>(context.workspace);
  for (uint32_t i = 0; i < manifest.inputs().size(); ++i)
    if (overlap(workspace, workspaceSize, context.binding.input(i).data,
                context.binding.input(i).size))
      return context.error.fail(DLC_INVALID_ARGUMENT, "the workspace overlaps input '%s'",
                                manifest.inputs()[i].name);
  for (uint32_t o = 0; o < manifest.outputs().size(); ++o) {
    const dlc_output &output = rowOf(outputs, o);
    const char *name = manifest.outputs()[o].name;
    if (overlap(workspace, workspaceSize, output.data, output.size))
      return context.error.fail(DLC_INVALID_ARGUMENT, "the workspace overlaps output '%s'", name);
    for (uint32_t i = 0; i < manifest.inputs().size(); ++i)
      if (overlap(output.data, output.size, context.binding.input(i).data,
                  context.binding.input(i).size))
        return context.error.fail(DLC_INVALID_ARGUMENT, "output '%s' overlaps input '%s'", name,
                                  manifest.inputs()[i].name);
    for (uint32_t other = 0; other < o; ++other)
      if (overlap(output.data, output.size, rowOf(outputs, other).data, rowOf(outputs, other).size))
        return context.error.fail(DLC_INVALID_ARGUMENT, "output '%s' overlaps output '%s'", name,
                                  manifest.outputs()[other].name);
  }
  return DLC_OK;
}

/// The arena of a run: the caller's, or the context's own.
static Status findWorkspace(dlc_context &context, const dlc_run_options &options,
                            char *&workspace) {
  const auto needed = static_cast<uint64_t>(context.workspace);
  ErrorText &error = context.error;
  if (context.maxWorkspace != 0 && needed > context.maxWorkspace)
    return error.fail(DLC_OUT_OF_MEMORY, "an arena of %llu bytes is over the limit of %llu",
                      static_cast<unsigned long long>(needed),
                      static_cast<unsigned long long>(context.maxWorkspace));
  if (options.workspace) {
    workspace = static_cast<char *>(options.workspace);
    if (reinterpret_cast<uintptr_t>(workspace) % DLC_WORKSPACE_ALIGNMENT != 0)
      return error.fail(DLC_INVALID_ARGUMENT, "the workspace is not aligned to %d bytes",
                        DLC_WORKSPACE_ALIGNMENT);
    if (options.workspace_size < needed)
      return error.fail(DLC_BUFFER_TOO_SMALL, "expected a workspace of %llu bytes, found %llu",
                        static_cast<unsigned long long>(needed),
                        static_cast<unsigned long long>(options.workspace_size));
    return DLC_OK;
  }
  workspace = context.arena.reserve(needed);
  if (!workspace)
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for an arena of %llu bytes",
                      static_cast<unsigned long long>(needed));
  return DLC_OK;
}

/// The buffers of a run, in the manifest's order: those that the caller gave, and new ones for the
/// other outputs.
static Status fillBuffers(dlc_context &context, dlc_output *outputs) {
  for (uint32_t i = 0; i < context.inputBuffers.size(); ++i)
    context.inputBuffers[i] = const_cast<void *>(context.binding.input(i).data);
  for (void *&buffer : context.outputBuffers)
    buffer = nullptr;
  for (uint32_t i = 0; i < context.outputBuffers.size(); ++i) {
    const dlc_output &output = rowOf(outputs, i);
    context.outputBuffers[i] = output.data ? output.data : allocateAligned(output.size);
    if (!context.outputBuffers[i])
      return context.error.fail(DLC_OUT_OF_MEMORY, "out of memory for output '%s' of %llu bytes",
                                context.session->manifest.outputs()[i].name,
                                static_cast<unsigned long long>(output.size));
  }
  return DLC_OK;
}

/// Hands buffers that this run allocated over to the caller, or frees them after a failure.
static void settleBuffers(dlc_context &context, dlc_output *outputs, dlc_status status) {
  for (uint32_t i = 0; i < context.outputBuffers.size(); ++i) {
    dlc_output &output = rowOf(outputs, i);
    if (output.data || !context.outputBuffers[i])
      continue;
    if (status == DLC_OK) {
      output.data = context.outputBuffers[i];
      output.capacity = output.size;
      output.allocated = 1;
    } else {
      free(context.outputBuffers[i]);
    }
  }
}

/// Checks the rows that the caller gave for a profile.
static Status checkProfile(dlc_context &context, const dlc_run_options &options) {
  if (!options.profile)
    return DLC_OK;
  const size_t numKernels = context.session->manifest.kernels().size();
  if (options.num_profile_rows != numKernels)
    return context.error.fail(DLC_INVALID_ARGUMENT, "expected %zu profile rows, found %u",
                              numKernels, options.num_profile_rows);
  return checkRows("profile row", options.profile, options.num_profile_rows, context.error);
}

static Status execute(dlc_context &context, const dlc_run_options &options, dlc_output *outputs,
                      char *workspace) {
  DLC_RETURN_IF_ERROR(fillBuffers(context, outputs));
  RunState state = {context.binding.symbols(), &context.cancelled, context.numThreads,
                    options.profile, options.num_profile_rows};
  const dlc_program &program = *context.session->program;
  const dlc_run_call call = {.struct_size = sizeof(dlc_run_call),
                             .version = 0,
                             .state = &state,
                             .services = &runServices,
                             .symbols = context.binding.symbols(),
                             .inputs = context.inputBuffers.data(),
                             .outputs = context.outputBuffers.data(),
                             .arena = workspace,
                             .weights = program.weights,
                             .values = nullptr};
  return programStatus(context, program.run(&call));
}

static Status runCall(dlc_context &context, const dlc_run_options *options, const dlc_input *inputs,
                      uint32_t numInputs, dlc_output *outputs, uint32_t numOutputs) {
  ErrorText &error = context.error;
  dlc_run_options known = {};
  if (options && !readStruct(*options, known))
    return error.fail(DLC_INVALID_ARGUMENT, "the options' struct_size is too small");
  if (!outputs && context.session->manifest.outputs().size() != 0)
    return error.fail(DLC_INVALID_ARGUMENT, "the outputs are null");
  DLC_RETURN_IF_ERROR(checkProfile(context, known));
  DLC_RETURN_IF_ERROR(planCall(context, inputs, numInputs, outputs, numOutputs));
  DLC_RETURN_IF_ERROR(context.binding.checkData(error));
  DLC_RETURN_IF_ERROR(checkOutputBuffers(context, outputs));
  char *workspace = nullptr;
  DLC_RETURN_IF_ERROR(findWorkspace(context, known, workspace));
  DLC_RETURN_IF_ERROR(checkOverlap(context, outputs, workspace));
  dlc_status status = execute(context, known, outputs, workspace);
  settleBuffers(context, outputs, status);
  return status;
}

namespace {
/// Keeps a second call out of a context while one goes on: it must not even write to the error
/// text.
class Occupied {
public:
  explicit Occupied(dlc_context &context)
      : context(context), entered(!context.busy.exchange(true)) {
    if (entered)
      context.error.clear();
  }
  ~Occupied() {
    if (entered)
      context.busy.store(false);
  }
  explicit operator bool() const { return entered; }

private:
  dlc_context &context;
  bool entered;
};
} // namespace

dlc_status dlc_context_plan(dlc_context *context, const dlc_input *inputs, uint32_t num_inputs,
                            dlc_output *outputs, uint32_t num_outputs, uint64_t *workspace_size) {
  if (!context)
    return DLC_INVALID_ARGUMENT;
  Occupied occupied(*context);
  if (!occupied)
    return DLC_INVALID_ARGUMENT;
  DLC_RETURN_IF_ERROR(planCall(*context, inputs, num_inputs, outputs, num_outputs));
  if (workspace_size)
    *workspace_size = static_cast<uint64_t>(context->workspace);
  return DLC_OK;
}

dlc_status dlc_context_run(dlc_context *context, const dlc_run_options *options,
                           const dlc_input *inputs, uint32_t num_inputs, dlc_output *outputs,
                           uint32_t num_outputs) {
  if (!context)
    return DLC_INVALID_ARGUMENT;
  Occupied occupied(*context);
  if (!occupied)
    return DLC_INVALID_ARGUMENT;
  dlc_status status = runCall(*context, options, inputs, num_inputs, outputs, num_outputs);
  context->cancelled.store(false);
  return status;
}

void dlc_output_release(dlc_output *output) {
  if (!output || !output->allocated)
    return;
  free(output->data);
  output->data = nullptr;
  output->capacity = 0;
  output->allocated = 0;
}
