// From outputs to --output.
#ifndef DLC_RUN_SINKS_H
#define DLC_RUN_SINKS_H

#include "Options.h"
#include "Tensor.h"

namespace dlc::run {

/// The outputs of a run. Frees what the run allocated.
class Outputs {
public:
  explicit Outputs(uint32_t count);
  Outputs(const Outputs &) = delete;
  Outputs &operator=(const Outputs &) = delete;
  ~Outputs();
  dlc_output *data() { return outputs.data(); }
  uint32_t size() const { return static_cast<uint32_t>(outputs.size()); }
  TensorView view(uint32_t index) const;
  /// The output where it is a sequence or optional, else null.
  const dlc_value *value(uint32_t index) const { return outputs[index].value; }

private:
  std::vector<dlc_output> outputs;
};

/// An --output, resolved.
struct Sink {
  std::string path;
  uint32_t index;
  bool picture; // else .npy
  bool anyDims; // the run finds the rank
};

/// Resolves every --output. Reports all unknown names and file types, and files that the run reads
/// or that two outputs go to.
[[nodiscard]] bool resolveSinks(const Options &options, const dlc_session *session,
                                std::vector<Sink> &sinks, Problems &problems);

/// Reports outputs whose type and dims, as far as they are known, their file cannot hold: before
/// the model runs.
[[nodiscard]] bool checkSinks(const std::vector<Sink> &sinks, const Outputs &outputs,
                              Problems &problems);

/// Writes the files, each whole or not at all.
[[nodiscard]] bool writeSinks(const std::vector<Sink> &sinks, const Outputs &outputs,
                              Problems &problems);

} // namespace dlc::run

#endif
