#include "Sinks.h"

#include "Feeds.h"
#include "Npy.h"
#include "OutputFile.h"
#include "Picture.h"

using namespace dlc::run;

Outputs::Outputs(uint32_t count) : outputs(count) {
  for (dlc_output &output : outputs) {
    output = {};
    output.struct_size = sizeof(output);
  }
}

Outputs::~Outputs() {
  for (dlc_output &output : outputs)
    dlc_output_release(&output);
}

TensorView Outputs::view(uint32_t index) const {
  const dlc_output &output = outputs[index];
  return {output.dtype, {output.dims, output.dims + output.rank}, output.data, output.size};
}

bool dlc::run::resolveSinks(const Options &options, const dlc_session *session,
                            std::vector<Sink> &sinks, Problems &problems) {
  for (const Binding &binding : options.outputs) {
    Sink sink = {binding.value, 0, suffixOf(binding.value) == "png"};
    const char *nearest = nullptr;
    if (dlc_session_find_output(session, binding.name.c_str(), &sink.index, &nearest) != DLC_OK)
      problems.add("{}: no output '{}'; {}", options.model, binding.name,
                   nearest ? fmt::format("the nearest name is '{}'", nearest)
                           : "the model has none");
    if (!sink.picture && suffixOf(binding.value) != "npy")
      problems.add("{}: expected a file .npy or .png for output '{}'", binding.value, binding.name);
    sinks.push_back(sink);
  }
  return problems.empty();
}

bool dlc::run::checkSinks(const std::vector<Sink> &sinks, const Outputs &outputs,
                          Problems &problems) {
  for (const Sink &sink : sinks) {
    const TensorView tensor = outputs.view(sink.index);
    if (sink.picture)
      (void)checkPicture(sink.path, tensor.dtype, tensor.dims, problems);
    else if (!npyHolds(tensor.dtype))
      problems.add("{}: .npy has no element type {}", sink.path, dlc_dtype_name(tensor.dtype));
  }
  return problems.empty();
}

bool dlc::run::writeSinks(const std::vector<Sink> &sinks, const Outputs &outputs,
                          Problems &problems) {
  for (const Sink &sink : sinks) {
    const TensorView tensor = outputs.view(sink.index);
    if (sink.picture) {
      std::string png;
      if (encodePng(sink.path, tensor, png, problems))
        (void)writeFile(sink.path, {png}, problems);
    } else {
      const std::string header = npyHeader(tensor.dtype, tensor.dims);
      (void)writeFile(sink.path, {header, {static_cast<const char *>(tensor.data), tensor.size}},
                      problems);
    }
  }
  return problems.empty();
}
