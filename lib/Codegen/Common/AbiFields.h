// The fields of the ABI's structs that generated code names, by their places in its struct types,
// which have a type for each field of dlc/ABI/Program.h and dlc/ABI/Op.h.
#ifndef DLC_LIB_CODEGEN_COMMON_ABIFIELDS_H
#define DLC_LIB_CODEGEN_COMMON_ABIFIELDS_H

#include "dlc/ABI/Program.h"

#include <cstddef>

namespace dlc {

/// Of dlc_plan_call and dlc_run_call, which begin alike.
enum CallField : int32_t {
  callVersion = 1,
  callState,
  callServices,
  callSymbols,
  callInputs,
};
enum PlanField : int32_t {
  planOutputDims = callInputs + 1,
  planWorkspace,
  planDeviceWorkspace,
  planOnDevice,
};
enum RunField : int32_t {
  runOutputs = callInputs + 1,
  runArena,
  runWeights,
  runValues,
  runDeviceArena,
  runDeviceWeights,
};
/// Of dlc_kernel_call.
enum KernelCallField : int32_t {
  kernelBuffers = 2,
  kernelSymbols,
  kernelErrorRecord,
  kernelScratch,
};
/// Of dlc_kernel_error, all of 8 bytes.
enum KernelErrorField : int32_t { errorIndex = 1, errorSize };
/// Of dlc_services.
enum class Service : int32_t {
  launch = 2,
  call,
  unequal,
  match,
  newTensor,
  keep,
  release,
  poll,
  launchOnDevice,
  copy,
  allocateOnDevice,
};
/// Of dlc_value.
enum ValueField : int32_t { valueRank = 4, valueData = 8 };
/// Of dlc_op_call.
enum OpCallField : int32_t {
  opCallSize,
  opCallNumInputs,
  opCallNumOutputs,
  opCallNumAttributes,
  opCallInputs,
  opCallOutputs,
  opCallAttributes,
};

// Fields of 4 bytes come by twos in front of those of 8.
static_assert(offsetof(dlc_plan_call, symbols) == 8 * (callSymbols - 1) &&
              offsetof(dlc_plan_call, on_device) == 8 * (planOnDevice - 1));
static_assert(offsetof(dlc_run_call, symbols) == 8 * (callSymbols - 1) &&
              offsetof(dlc_run_call, device_weights) == 8 * (runDeviceWeights - 1));
static_assert(offsetof(dlc_kernel_call, buffers) == 8 * (kernelBuffers - 1) &&
              offsetof(dlc_kernel_call, scratch) == 8 * (kernelScratch - 1));
static_assert(offsetof(dlc_kernel_error, index) == 8 * errorIndex &&
              offsetof(dlc_kernel_error, size) == 8 * errorSize);
static_assert(offsetof(dlc_services, allocate_on_device) ==
              8 * (static_cast<int32_t>(Service::allocateOnDevice) - 1));
static_assert(offsetof(dlc_value, rank) == 4 * valueRank &&
              offsetof(dlc_value, data) == 8 * (valueData - 3));
static_assert(offsetof(dlc_op_call, num_attributes) == 4 * opCallNumAttributes &&
              offsetof(dlc_op_call, attributes) == 8 * (opCallAttributes - 2));

} // namespace dlc

#endif
