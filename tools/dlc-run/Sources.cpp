#include "Sources.h"

#include "Literal.h"
#include "Npy.h"
#include "TensorProto.h"

#include <cctype>

using namespace dlc::run;

const Ports Ports::inputs = {"input", dlc_session_find_input, dlc_session_input};
const Ports Ports::outputs = {"output", dlc_session_find_output, dlc_session_output};

std::string dlc::run::suffixOf(const std::string &path) {
  size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.')
    return "";
  std::string suffix = path.substr(dot + 1);
  for (char &c : suffix)
    c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return suffix;
}

namespace {
/// Collects the sources of one option.
class Resolver {
public:
  Resolver(const std::string &model, const dlc_session *session, const Ports &ports,
           Sources &sources, Problems &problems)
      : model(model), session(session), ports(ports), sources(sources), problems(problems) {}

  void add(const std::string &name, const std::string &where, Source source) {
    const char *nearest = nullptr;
    source.info = {};
    source.info.struct_size = sizeof(source.info);
    if (ports.find(session, name.c_str(), &source.port, &nearest) != DLC_OK ||
        ports.describe(session, source.port, &source.info) != DLC_OK) {
      problems.add("{}: no {} '{}'; {}", where, ports.kind, name,
                   nearest ? fmt::format("the nearest name is '{}'", nearest)
                           : "the model has none");
      return;
    }
    for (const Source &other : sources.list)
      if (other.port == source.port) {
        problems.add("{}: {} '{}' is given twice", where, ports.kind, name);
        return;
      }
    sources.list.push_back(std::move(source));
  }

  void addBinding(const Binding &binding) {
    if (!binding.name.empty()) {
      const std::string label = binding.value[0] == '@'
                                    ? binding.value.substr(1)
                                    : fmt::format("{} '{}'", ports.kind, binding.name);
      return add(binding.name, model, {0, {}, label, binding.value, {}});
    }
    const std::string path = binding.value.substr(1);
    Buffer &archive = sources.archives.emplace_back();
    std::vector<ZipMember> members;
    if (!readFile(path, archive, problems) ||
        !listZip(path, {archive.data(), archive.size()}, members, problems))
      return;
    for (const ZipMember &member : members) {
      // numpy.savez writes array x as member x.npy.
      constexpr std::string_view suffix = ".npy";
      const bool named = member.name.ends_with(suffix);
      const std::string name(member.name.substr(0, member.name.size() - (named ? 4 : 0)));
      add(name, path, {0, {}, fmt::format("{}: {}", path, member.name), "", member});
    }
  }

private:
  const std::string &model;
  const dlc_session *session;
  const Ports &ports;
  Sources &sources;
  Problems &problems;
};
} // namespace

void dlc::run::resolveSources(const std::string &model, const dlc_session *session,
                              const Ports &ports, const std::vector<Binding> &bindings,
                              Sources &sources, Problems &problems) {
  Resolver resolver(model, session, ports, sources, problems);
  for (const Binding &binding : bindings)
    resolver.addBinding(binding);
}

/// Reads a file that holds one tensor, of whatever type.
static bool readTensorFile(const Source &source, Tensor &tensor, Problems &problems) {
  const std::string &label = source.label;
  Buffer contents;
  if (source.member)
    return extractZip(label, *source.member, contents, problems) &&
           parseNpy(label, {contents.data(), contents.size()}, tensor, problems);
  if (!readFile(source.value.substr(1), contents, problems))
    return false;
  const std::string_view bytes(contents.data(), contents.size());
  return suffixOf(source.value) == "npy" ? parseNpy(label, bytes, tensor, problems)
                                         : parseTensorProto(label, bytes, tensor, problems);
}

bool dlc::run::readSource(const Ports &ports, const Source &source, Tensor &tensor,
                          Problems &problems) {
  const dlc_tensor_info &info = source.info;
  if (!source.member && source.value[0] != '@')
    return parseLiteral(source.label, source.value, info, tensor, problems);
  const std::string suffix = suffixOf(source.value);
  if (!source.member && suffix != "npy" && suffix != "pb") {
    problems.add("{}: expected a file .npy{} or .pb for {} '{}'", source.label,
                 &ports == &Ports::inputs ? ", .png, .jpg, .jpeg" : "", ports.kind, info.name);
    return false;
  }
  if (!readTensorFile(source, tensor, problems))
    return false;
  if (tensor.dtype != info.dtype) {
    problems.add("{}: expected {} for {} '{}', found {}", source.label, dlc_dtype_name(info.dtype),
                 ports.kind, info.name, dlc_dtype_name(tensor.dtype));
    return false;
  }
  return true;
}
