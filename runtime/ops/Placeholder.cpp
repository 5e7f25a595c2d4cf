#include "dlc/ABI/Op.h"
#include <cmath>
static int32_t unary(const dlc_op_call *call, float (*f)(float)) {
  const dlc_value *in = call->inputs[0];
  dlc_value *out = call->outputs[0];
  for (uint64_t i = 0; i < out->count; ++i)
    ((float *)out->data)[i] = f(((const float *)in->data)[i]);
  return 0;
}
extern "C" int32_t dlc_op_erf(const dlc_op_call *call) { return unary(call, erff); }
extern "C" int32_t dlc_op_relu(const dlc_op_call *call) {
  return unary(call, [](float x) { return x < 0 ? 0 : x; });
}
extern "C" int32_t dlc_op_add(const dlc_op_call *call) {
  const dlc_value *a = call->inputs[0], *b = call->inputs[1];
  dlc_value *out = call->outputs[0];
  if (a->count != b->count)
    return call->services->fail(call->state, "expected equal shapes, found %d and %d elements", (int)a->count, (int)b->count);
  for (uint64_t i = 0; i < out->count; ++i)
    ((float *)out->data)[i] = ((const float *)a->data)[i] + ((const float *)b->data)[i];
  return 0;
}
