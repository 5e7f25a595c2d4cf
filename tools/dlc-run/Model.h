// The model that a command line names, loaded, with a context to run it in.
#ifndef DLC_TOOLS_RUN_MODEL_H
#define DLC_TOOLS_RUN_MODEL_H

#include "Options.h"
#include "Report.h"

#include "dlc/dlc.h"

namespace dlc::run {

struct Model {
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;

  Model() = default;
  Model(const Model &) = delete;
  ~Model() {
    dlc_context_release(context);
    dlc_session_release(session);
  }
};

/// Loads the artifact as the options say. What is wrong becomes a problem.
bool loadModel(const Options &options, Model &model, Problems &problems);

} // namespace dlc::run

#endif
