// What a run at given inputs would take: loads the artifact, and lets it plan.
#ifndef DLC_INSPECT_PLAN_H
#define DLC_INSPECT_PLAN_H

#include "Describe.h"
#include "Options.h"
#include "Tensor.h"

namespace dlc::inspect {

/// Nothing after a report.
std::optional<Plan> planAt(const run::Options &options, run::Problems &problems);

} // namespace dlc::inspect

#endif
