#include "Sinks.h"

#include "Npy.h"
#include "OutputFile.h"
#include "Picture.h"
#include "Sources.h"

#include <sys/stat.h>
#include <tuple>

using namespace dlc::run;

namespace {
/// Two paths lead to one file where these are equal. A file that is not there yet is known by its
/// folder and name.
struct FileIdentity {
  explicit FileIdentity(const std::string &path) {
    if (stat(path.c_str(), &status) == 0)
      return;
    const size_t slash = path.rfind('/');
    name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (stat(folder.c_str(), &status) != 0)
      name = path;
  }
  bool operator==(const FileIdentity &other) const {
    return std::tie(status.st_dev, status.st_ino, name) ==
           std::tie(other.status.st_dev, other.status.st_ino, other.name);
  }

  struct stat status = {};
  std::string name; // of a file that is not there
};
} // namespace

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

/// Reports an --output that would replace a file which the run reads, or which another --output
/// writes.
static void checkFileClashes(const Options &options, Problems &problems) {
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    const Binding &output = options.outputs[i];
    const FileIdentity file(output.value);
    if (file == FileIdentity(options.model))
      problems.add("{}: output '{}' would replace the model", output.value, output.name);
    for (const auto &[kind, sources] :
         {std::pair("input", &options.inputs), std::pair("expected output", &options.expected)})
      for (const Binding &source : *sources)
        if (source.value[0] == '@' && file == FileIdentity(source.value.substr(1)))
          problems.add("{}: output '{}' would replace the file of {} '{}'", output.value,
                       output.name, kind, source.name);
    for (size_t other = 0; other < i; ++other)
      if (file == FileIdentity(options.outputs[other].value))
        problems.add("{}: outputs '{}' and '{}' would go to one file", output.value,
                     options.outputs[other].name, output.name);
  }
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
  checkFileClashes(options, problems);
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
