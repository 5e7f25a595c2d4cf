// How many tasks the kernel of a box has.
#ifndef DLC_LIB_PLAN_TASKS_H
#define DLC_LIB_PLAN_TASKS_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// See `#dlc.schedule`. Null where the number leaves 64 bits.
ExprAttr getCpuTasks(KernelOp box);
/// The same for boxes that run on a GPU: blocks of threads.
ExprAttr getCudaTasks(KernelOp box);

} // namespace dlc

#endif
