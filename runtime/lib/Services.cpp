// The services of dlc/ABI/Program.h, but for launches and devices, and those of dlc/ABI/Op.h.
#include "Services.h"
#include "Dtype.h"
#include "Pool.h"

#include <cstdarg>
#include <cstdio>

using namespace dlc::runtime;

int32_t RunState::fail(dlc_status why, const char *where, const char *format, ...) {
  if (status != DLC_OK)
    return DLC_PROGRAM_STOPPED;
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  status = where ? error.fail(why, "%s: %s", where, reason) : error.fail(why, "%s", reason);
  return DLC_PROGRAM_STOPPED;
}

const char *RunState::nodesOf(uint32_t row) const {
  return row < manifest.sites().size() ? manifest.sites()[row].nodes : "a node";
}

bool RunState::goesOn() {
  if (cancelled.load(std::memory_order_relaxed))
    (void)fail(DLC_CANCELLED, nullptr, "the run was cancelled");
  return status == DLC_OK;
}

static const char *dtypeName(int32_t dtype) {
  const char *name = dlc_dtype_name(dtype);
  return name ? name : "unknown";
}

//===-- Objects ----------------------------------------------------------------------------------//

/// Takes note of a new object, or reports why there is none; `nodes` may be null.
static dlc_value *track(RunState &run, const char *nodes, dlc_status status, dlc_value *object) {
  if (object) {
    run.objects.add(*object);
    return object;
  }
  if (status == DLC_OUT_OF_MEMORY)
    (void)run.fail(status, nodes, "out of memory for a value");
  else if (status == DLC_OVERFLOW)
    (void)run.fail(status, nodes, "the size of a value does not fit 63 bits");
  else if (status == DLC_SHAPE_MISMATCH)
    (void)run.fail(status, nodes, "a dim of a value would be negative");
  else
    (void)run.fail(DLC_INTERNAL, nodes, "a value of an unknown element type");
  return nullptr;
}

static dlc_value *newTensor(RunState &run, uint32_t site, int32_t dtype, uint32_t rank,
                            const int64_t *dims, uint64_t extra) {
  dlc_value *object = nullptr;
  dlc_status status = makeTensor(dtype, rank, dims, extra, object);
  return track(run, run.nodesOf(site), status, object);
}

static dlc_value *newTensorOfProgram(void *state, uint32_t site, int32_t dtype, uint32_t rank,
                                     const int64_t *dims) {
  return newTensor(runOf(state), site, dtype, rank, dims, 0);
}

static dlc_value *newTensorOfOp(void *state, int32_t dtype, uint32_t rank, const int64_t *dims,
                                uint64_t extra) {
  return newTensor(runOf(state), runOf(state).site, dtype, rank, dims, extra);
}

static dlc_value *newList(void *state, uint32_t kind, int32_t dtype, uint64_t count) {
  RunState &run = runOf(state);
  dlc_value *object = nullptr;
  dlc_status status = makeList(kind, dtype, count, object);
  return track(run, run.nodesOf(run.site), status, object);
}

static dlc_value *keep(RunState &run, const char *nodes, const dlc_value *value) {
  auto &kept = *const_cast<dlc_value *>(value);
  if (run.objects.holds(kept)) {
    retain(kept);
    return &kept;
  }
  dlc_value *object = nullptr;
  dlc_status status = kept.is_object ? makeAlias(kept, object) : copyTensor(kept, object);
  return track(run, nodes, status, object);
}

static dlc_value *keepOfProgram(void *state, const dlc_value *value) {
  return keep(runOf(state), nullptr, value);
}

static dlc_value *keepOfOp(void *state, const dlc_value *value) {
  return keep(runOf(state), runOf(state).nodesOf(runOf(state).site), value);
}

static void releaseObject(void *, dlc_value *value) { release(value); }

//===-- Library ops ------------------------------------------------------------------------------//

static void *takeScratch(void *state, uint64_t bytes) {
  RunState &run = runOf(state);
  void *memory = run.scratch.take(bytes);
  if (!memory)
    (void)run.fail(DLC_OUT_OF_MEMORY, run.nodesOf(run.site), "out of memory for %llu bytes",
                   static_cast<unsigned long long>(bytes));
  return memory;
}

namespace {
struct Body {
  void (*function)(void *argument, int64_t index);
  void *argument;
};
} // namespace

static void callBody(const dlc_kernel_call *call, int64_t task) {
  const auto *body = static_cast<const Body *>(call->buffers[0]);
  body->function(body->argument, task);
}

static void parallelFor(void *state, int64_t count, void (*function)(void *, int64_t),
                        void *argument) {
  Body body = {function, argument};
  void *const buffers[] = {&body};
  const dlc_kernel_call call = {sizeof(dlc_kernel_call), 0, buffers, nullptr, nullptr, nullptr};
  processPool.run(callBody, call, count, runOf(state).numThreads);
}

static int32_t failOp(void *state, const char *format, ...) {
  RunState &run = runOf(state);
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  return run.fail(DLC_OP_FAILED, run.nodesOf(run.site), "%s", reason);
}

static const dlc_op_services opServices = {
    sizeof(dlc_op_services), 0,           newTensorOfOp, newList, keepOfOp,
    releaseObject,           takeScratch, parallelFor,   failOp};

/// Whether an object that an op made is whole.
static bool isComplete(const dlc_value *value) {
  if (!value || value->kind == DLC_VALUE_TENSOR)
    return value != nullptr;
  for (uint64_t i = 0; i < value->count; ++i)
    if (!elementsOf(*value)[i])
      return false;
  return true;
}

static int32_t callOp(void *state, const dlc_library_call *call) {
  RunState &run = runOf(state);
  if (!run.goesOn())
    return DLC_PROGRAM_STOPPED;
  run.site = call->site;
  call->call->state = state;
  call->call->services = &opServices;
  const int32_t result = call->function(call->call);
  run.scratch.giveBack();
  if (result != 0)
    (void)run.fail(DLC_INTERNAL, run.nodesOf(call->site), "its function returned %d", result);
  for (uint32_t i = 0; run.status == DLC_OK && i < call->call->num_outputs; ++i)
    if (!isComplete(call->call->outputs[i]))
      (void)run.fail(DLC_INTERNAL, run.nodesOf(call->site), "its function made no output %u", i);
  return run.status == DLC_OK ? DLC_PROGRAM_OK : DLC_PROGRAM_STOPPED;
}

//===-- Checks -----------------------------------------------------------------------------------//

static int32_t unequal(void *state, uint32_t site, int64_t lhs, int64_t rhs) {
  RunState &run = runOf(state);
  const OwnedArray<ManifestSite> &sites = run.manifest.sites();
  return run.fail(DLC_SHAPE_MISMATCH, run.nodesOf(site), "%s, found %lld and %lld",
                  site < sites.size() ? sites[site].text : "expected equal sizes",
                  static_cast<long long>(lhs), static_cast<long long>(rhs));
}

static int32_t match(void *state, uint32_t site, const dlc_value *value, int32_t dtype,
                     uint32_t rank, int64_t *dims) {
  RunState &run = runOf(state);
  const char *nodes = run.nodesOf(site);
  if (value->kind != DLC_VALUE_TENSOR)
    return run.fail(DLC_TYPE_MISMATCH, nodes, "expected a tensor, found %s",
                    value->kind == DLC_VALUE_SEQUENCE ? "a sequence" : "an optional");
  if (value->dtype != dtype)
    return run.fail(DLC_TYPE_MISMATCH, nodes, "expected element type %s, found %s",
                    dtypeName(dtype), dtypeName(value->dtype));
  if (value->rank != rank)
    return run.fail(DLC_SHAPE_MISMATCH, nodes, "expected rank %u, found %u", rank, value->rank);
  for (uint32_t i = 0; i < rank; ++i) {
    if (dims[i] >= 0 && dims[i] != value->dims[i])
      return run.fail(DLC_SHAPE_MISMATCH, nodes, "expected %lld in dimension %u, found %lld",
                      static_cast<long long>(dims[i]), i, static_cast<long long>(value->dims[i]));
    dims[i] = value->dims[i];
  }
  return DLC_PROGRAM_OK;
}

static int32_t poll(void *state) {
  return runOf(state).goesOn() ? DLC_PROGRAM_OK : DLC_PROGRAM_STOPPED;
}

const dlc_services dlc::runtime::runServices = {sizeof(dlc_services),
                                                0,
                                                launchKernel,
                                                callOp,
                                                unequal,
                                                match,
                                                newTensorOfProgram,
                                                keepOfProgram,
                                                releaseObject,
                                                poll,
                                                launchOnDevice,
                                                copyForDevice,
                                                allocateOnDevice};
