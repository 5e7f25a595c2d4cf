/// The services of a library call on the C++ heap, for tests: it counts its objects, poisons what
/// it hands out, and fails at an allocation of choice.
#ifndef DLC_TEST_OPS_HEAP_H
#define DLC_TEST_OPS_HEAP_H

#include "dlc/ABI/Op.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::test {

class Heap {
public:
  ~Heap();

  static const dlc_op_services services;

  /// Calls the op once for each allocation that it makes, with this one failing, and then for good.
  /// All but the last must report a failure and leave nothing behind; else `problem` says so.
  int32_t call(dlc_op_fn function, dlc_op_call &call);

  dlc_value *newTensor(int32_t dtype, const std::vector<int64_t> &dims, uint64_t extra = 0);
  dlc_value *newList(uint32_t kind, int32_t dtype, uint64_t count);
  dlc_value *keep(const dlc_value *value);
  void release(dlc_value *value);

  int64_t numObjects = 0; // alive
  std::string message;    // what the op has reported
  std::string problem;    // what it does wrong

private:
  friend struct Services;
  /// Null at the allocation that is to fail, which is reported.
  void *allocate(uint64_t bytes);
  dlc_value *newObject(uint32_t kind, int32_t dtype, uint32_t rank, const int64_t *dims,
                       uint64_t count, uint64_t bytes);
  int32_t runOnce(dlc_op_fn function, dlc_op_call &call);

  int64_t allocationsLeft = -1; // before one fails; none where negative
  bool hasFailed = false;
  std::vector<void *> scratch;
};

/// Bytes of one element.
uint64_t elementBytes(int32_t dtype);

/// The function of Ops.def of this name; null where there is none.
dlc_op_fn findOp(const char *name);

} // namespace dlc::test

#endif
