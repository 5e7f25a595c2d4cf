#include "Context.h"

#include "DeviceRun.h"
#include "Outputs.h"
#include "Pool.h"
#include "Ports.h"
#include "Services.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace dlc::runtime;

bool dlc_context::open(dlc_session &of) {
  of.references.fetch_add(1);
  session = &of;
  const Manifest &manifest = of.manifest;
  const size_t numInputs = manifest.inputs().size(), numOutputs = manifest.outputs().size();
  if (of.onDevice) {
    void *memory = malloc(sizeof(cuda::DeviceRun));
    if (!memory || !programInputs.allocate(numInputs) || !programOutputs.allocate(numOutputs)) {
      free(memory);
      return false;
    }
    device = new (memory) cuda::DeviceRun(*of.onDevice);
  }
  return binding.allocate(manifest, of.program->num_symbols) &&
         outputDims.allocate(manifest.numOutputDims()) && inputValues.allocate(numInputs) &&
         inputBuffers.allocate(numInputs) && outputBuffers.allocate(numOutputs) &&
         outputValues.allocate(numOutputs) && isLate.allocate(numOutputs);
}

dlc_context::~dlc_context() {
  if (device) {
    cuda::Current current(device->device());
    device->~DeviceRun();
    free(device);
  }
  dlc_session_release(session);
}

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

const char *dlc_context_version(const dlc_context *context) {
  return context ? context->session->manifest.versions()[context->version].when : "";
}

void dlc_context_cancel(dlc_context *context) {
  if (context)
    context->cancelled.store(true);
}

/// Turns what an entry point of a program returned into a status.
static Status programStatus(dlc_context &context, const RunState &state, int32_t code) {
  ErrorText &error = context.error;
  if (state.status != DLC_OK || code == DLC_PROGRAM_OK)
    return state.status;
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

/// What a plan or run of the context begins with.
static RunState beginState(dlc_context &context, const std::atomic<bool> &cancelled) {
  return {context.session->manifest,
          context.binding.symbols(),
          cancelled,
          context.numThreads,
          context.error,
          context.scratch};
}

/// Inputs as programs take them: those that the manifest marks as read at entry, or all.
static void fillInputs(dlc_context &context, bool all) {
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.inputs();
  for (uint32_t i = 0; i < declared.size(); ++i) {
    const GivenInput &given = context.binding.input(i);
    void *&buffer = context.inputBuffers[i];
    if (!all && !declared[i].readAtEntry) {
      buffer = nullptr;
    } else if (!declared[i].isValue) {
      buffer = const_cast<void *>(given.data);
    } else if (given.value) {
      buffer = given.value;
    } else {
      context.inputValues[i] = {.struct_size = sizeof(dlc_value),
                                .kind = DLC_VALUE_TENSOR,
                                .dtype = given.dtype,
                                .is_object = 0,
                                .rank = given.rank,
                                .reserved = 0,
                                .dims = given.dims,
                                .count = given.size / dlc_dtype_size(given.dtype),
                                .data = const_cast<void *>(given.data)};
      buffer = &context.inputValues[i];
    }
  }
}

/// The workspace of a run: `arena` bytes, and behind them the scratch memory of each thread's
/// kernels.
static Status addScratch(dlc_context &context, int64_t arena) {
  constexpr uint64_t alignment = DLC_WORKSPACE_ALIGNMENT;
  const uint64_t scratch = context.session->scratchBytes * dlc_context_num_threads(&context);
  context.scratchBegin = (static_cast<uint64_t>(arena) + alignment - 1) & -alignment;
  const uint64_t size = scratch ? context.scratchBegin + scratch : static_cast<uint64_t>(arena);
  if (size > INT64_MAX)
    return context.error.fail(DLC_OVERFLOW, "the size of the workspace does not fit 63 bits");
  context.workspace = static_cast<int64_t>(size);
  return DLC_OK;
}

/// Lets the program compute entry symbols, output dims, the arena's size and its version.
static Status planProgram(dlc_context &context, const std::atomic<bool> &cancelled) {
  ErrorText &error = context.error;
  fillInputs(context, /*all=*/false);
  RunState state = beginState(context, cancelled);
  dlc_plan_call call = {.struct_size = sizeof(dlc_plan_call),
                        .version = 0,
                        .state = &state,
                        .services = &runServices,
                        .symbols = context.binding.symbols(),
                        .inputs = context.inputBuffers.data(),
                        .output_dims = context.outputDims.data(),
                        .workspace = 0,
                        .device_workspace = 0,
                        .on_device = context.session->usesDevice,
                        .reserved = 0};
  DLC_RETURN_IF_ERROR(programStatus(context, state, context.session->program->plan(&call)));
  context.version = call.version;
  if (context.version >= context.session->manifest.versions().size())
    return error.fail(DLC_INTERNAL, "the artifact's code chose version %u, which it has not",
                      context.version);
  context.deviceWorkspace = call.device_workspace;
  if (call.workspace < 0 || call.device_workspace < 0)
    return error.fail(DLC_INTERNAL, "the artifact's code computed a negative arena size");
  DLC_RETURN_IF_ERROR(addScratch(context, call.workspace));
  return checkOutputDims(context);
}

/// The part that plan and run share: from inputs to symbols, output dims and the arena's size.
static Status planCall(dlc_context &context, const dlc_input *inputs, uint32_t numInputs,
                       dlc_output *outputs, uint32_t numOutputs,
                       const std::atomic<bool> &cancelled) {
  ErrorText &error = context.error;
  const Manifest &manifest = context.session->manifest;
  DLC_RETURN_IF_ERROR(context.binding.match(inputs, numInputs, error));
  DLC_RETURN_IF_ERROR(context.binding.bind(error));
  DLC_RETURN_IF_ERROR(cuda::checkInputMemory(context));
  if (outputs) {
    if (numOutputs != manifest.outputs().size())
      return error.fail(DLC_INVALID_ARGUMENT, "expected %zu outputs, found %u",
                        manifest.outputs().size(), numOutputs);
    DLC_RETURN_IF_ERROR(checkRows("output", outputs, numOutputs, error));
  }
  DLC_RETURN_IF_ERROR(context.binding.checkEntryData(error));
  DLC_RETURN_IF_ERROR(planProgram(context, cancelled));
  return fillOutputs(context, outputs);
}

/// The workspace of a run: the caller's, or the context's own.
static Status findWorkspace(dlc_context &context, const dlc_run_options &options,
                            char *&workspace) {
  const auto needed = static_cast<uint64_t>(context.workspace);
  ErrorText &error = context.error;
  if (context.maxWorkspace != 0 && needed > context.maxWorkspace)
    return error.fail(DLC_OUT_OF_MEMORY, "a workspace of %llu bytes is over the limit of %llu",
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
  workspace =
      context.device ? context.device->reserveHostArena(needed) : context.arena.reserve(needed);
  if (!workspace)
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a workspace of %llu bytes",
                      static_cast<unsigned long long>(needed));
  return DLC_OK;
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

/// Runs the program on the buffers of the context.
static Status runProgram(dlc_context &context, RunState &state, char *workspace) {
  const dlc_program &program = *context.session->program;
  const cuda::DeviceRun *device = context.device;
  const dlc_run_call call = {
      .struct_size = sizeof(dlc_run_call),
      .version = context.version,
      .state = &state,
      .services = &runServices,
      .symbols = context.binding.symbols(),
      .inputs = (device ? context.programInputs : context.inputBuffers).data(),
      .outputs = (device ? context.programOutputs : context.outputBuffers).data(),
      .arena = workspace,
      .weights = program.weights,
      .values = context.outputValues.data(),
      .device_arena = device ? reinterpret_cast<char *>(device->memory()) : nullptr,
      .device_weights = device ? reinterpret_cast<char *>(device->weights()) : nullptr};
  return programStatus(context, state, program.run(&call));
}

static Status execute(dlc_context &context, const dlc_run_options &options, dlc_output *outputs,
                      char *workspace) {
  RunState state = beginState(context, context.cancelled);
  state.profile = options.profile;
  state.numProfileRows = options.num_profile_rows;
  if (context.session->scratchBytes != 0) {
    state.numThreads = dlc_context_num_threads(&context);
    state.kernelScratch = workspace + context.scratchBegin;
    state.kernelScratchBytes = static_cast<int64_t>(context.session->scratchBytes);
  }
  fillInputs(context, /*all=*/true);
  state.device = context.device;
  dlc_status status = allocateOutputs(context, outputs);
  if (status == DLC_OK && context.device)
    status = cuda::beginRun(context, outputs, options.stream);
  if (status == DLC_OK)
    status = runProgram(context, state, workspace);
  if (status == DLC_OK && context.device)
    status = cuda::finishRun(context, state, outputs);
  if (context.device)
    context.device->end(status != DLC_OK);
  if (status == DLC_OK)
    status = takeValues(context, outputs, state.objects);
  settleOutputs(context, outputs, state.objects, status);
  return status;
}

/// Runs with buffers that are of the right size and alignment.
static Status runOnBuffers(dlc_context &context, const dlc_run_options &options,
                           dlc_output *outputs) {
  if (context.device)
    DLC_RETURN_IF_ERROR(cuda::checkPointers(context, outputs));
  char *workspace = nullptr;
  DLC_RETURN_IF_ERROR(findWorkspace(context, options, workspace));
  DLC_RETURN_IF_ERROR(checkOverlap(context, outputs, workspace));
  return execute(context, options, outputs, workspace);
}

static Status runCall(dlc_context &context, const dlc_run_options *options, const dlc_input *inputs,
                      uint32_t numInputs, dlc_output *outputs, uint32_t numOutputs) {
  ErrorText &error = context.error;
  if (context.session->usesDevice && !context.device)
    return error.fail(DLC_NO_DEVICE, "the session has been loaded without a device, to plan alone");
  dlc_run_options known = {};
  if (options && !readStruct(*options, known))
    return error.fail(DLC_INVALID_ARGUMENT, "the options' struct_size is too small");
  if (!outputs && context.session->manifest.outputs().size() != 0)
    return error.fail(DLC_INVALID_ARGUMENT, "the outputs are null");
  DLC_RETURN_IF_ERROR(checkProfile(context, known));
  DLC_RETURN_IF_ERROR(planCall(context, inputs, numInputs, outputs, numOutputs, context.cancelled));
  DLC_RETURN_IF_ERROR(context.binding.checkData(error));
  DLC_RETURN_IF_ERROR(cuda::checkOutputMemory(context, outputs));
  DLC_RETURN_IF_ERROR(checkOutputBuffers(context, outputs));
  if (known.stream && !context.device)
    return error.fail(DLC_INVALID_ARGUMENT, "a stream is for sessions on a CUDA device");
  if (!context.device)
    return runOnBuffers(context, known, outputs);
  cuda::Device &device = context.device->device();
  cuda::Current current(device);
  DLC_RETURN_IF_ERROR(device.check(current.result(), "making it current", error));
  return runOnBuffers(context, known, outputs);
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
  static const std::atomic<bool> never{false}; // a cancel is for the next run
  DLC_RETURN_IF_ERROR(planCall(*context, inputs, num_inputs, outputs, num_outputs, never));
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
