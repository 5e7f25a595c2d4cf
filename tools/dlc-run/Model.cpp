#include "Model.h"

using namespace dlc;

bool run::loadModel(const Options &options, Model &model, Problems &problems) {
  char reason[4096];
  const dlc_session_options sessionOptions = {
      sizeof(sessionOptions), options.verifyWeights ? DLC_VERIFY_ALWAYS : DLC_VERIFY_SMALL,
      options.device, options.ordinal};
  const dlc_context_options contextOptions = {sizeof(contextOptions), options.threads, 0};
  if (dlc_session_load(options.model.c_str(), &sessionOptions, reason, sizeof(reason),
                       &model.session) != DLC_OK)
    problems.add("{}", reason); // starts with the path
  else if (dlc_status status = dlc_context_create(model.session, &contextOptions, &model.context);
           status != DLC_OK)
    problems.add("{}: {}", options.model, dlc_status_text(status));
  return problems.empty();
}
