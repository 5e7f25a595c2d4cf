#include "Plan.h"

#include "Context.h"
#include "Feeds.h"
#include "Model.h"

using namespace dlc::inspect;
using namespace dlc;

/// Reads what the plan has left in the context.
static Plan describe(const run::Model &model, const std::vector<dlc_output> &outputs,
                     uint64_t workspace) {
  const dlc_context &context = *model.context;
  const runtime::Manifest &manifest = model.session->manifest;
  Plan plan;
  const int64_t *values = model.context->binding.symbols();
  for (const runtime::ManifestSymbol &symbol : manifest.symbols())
    plan.symbols.emplace_back(symbol.name, *values++);
  for (const runtime::ManifestComputedSymbol &symbol : manifest.computedSymbols())
    if (symbol.symbolClass == DLC_SYMBOL_ENTRY)
      plan.symbols.emplace_back(symbol.name, *values++);
  plan.version = dlc_context_version(model.context);
  plan.onDevice = model.session->usesDevice;
  plan.workspace = workspace;
  plan.numThreads = dlc_context_num_threads(model.context);
  plan.deviceWorkspace = context.deviceWorkspace;
  for (size_t i = 0; i < outputs.size(); ++i)
    plan.outputs.push_back(
        {manifest.outputs()[i].name,
         manifest.outputs()[i].isValue ? 0 : outputs[i].dtype,
         {outputs[i].dims,
          outputs[i].dims + (manifest.outputs()[i].isValue ? 0 : outputs[i].rank)}});
  return plan;
}

std::optional<Plan> dlc::inspect::planAt(const run::Options &options, run::Problems &problems) {
  run::Model model;
  run::Feeds feeds;
  if (!run::loadModel(options, model, problems) ||
      !run::readFeeds(options, model.session, feeds, problems) ||
      (feeds.planReadsPictures && !run::decodePictures(options, feeds, problems)))
    return std::nullopt;
  std::vector<dlc_output> outputs(model.session->manifest.outputs().size());
  for (dlc_output &output : outputs)
    output.struct_size = sizeof(output);
  uint64_t workspace = 0;
  if (dlc_context_plan(model.context, feeds.inputs.data(),
                       static_cast<uint32_t>(feeds.inputs.size()), outputs.data(),
                       static_cast<uint32_t>(outputs.size()), &workspace) != DLC_OK) {
    problems.addLines(options.model, dlc_context_error_text(model.context));
    return std::nullopt;
  }
  return describe(model, outputs, workspace);
}
