/* Programs whose query function returns a table of library ops: of all of them, in the order of Ops.def, or of relu. */
#include "dlc/ABI/Op.h"

#define DLC_OP(name) int32_t dlc_op_##name(const dlc_op_call *call);
#include "dlc/ABI/Ops.def"

static const dlc_op_fn functions[] = {
#ifdef ALL_OPS
#define DLC_OP(name) dlc_op_##name,
#include "dlc/ABI/Ops.def"
#else
    dlc_op_relu,
#endif
};

__attribute__((visibility("default"))) const dlc_op_fn *dlc_query(void) { return functions; }
