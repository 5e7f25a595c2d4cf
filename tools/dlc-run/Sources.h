// Tensors that the command line names: --input and --expected.
#ifndef DLC_RUN_SOURCES_H
#define DLC_RUN_SOURCES_H

#include "Options.h"
#include "Tensor.h"
#include "Zip.h"

#include <deque>
#include <optional>

namespace dlc::run {

/// The inputs or the outputs of a session.
struct Ports {
  const char *kind; // "input" or "output"
  dlc_status (*find)(const dlc_session *, const char *, uint32_t *, const char **);
  dlc_status (*describe)(const dlc_session *, uint32_t, dlc_tensor_info *);

  static const Ports inputs, outputs;
};

/// Where one port's tensor comes from.
struct Source {
  uint32_t port;
  dlc_tensor_info info;
  std::string label;               // for messages
  std::string value;               // as Binding.value; unused where there is a member
  std::optional<ZipMember> member; // of an .npz archive
};

/// All sources of one option, and the archives that their members point into.
struct Sources {
  std::vector<Source> list;
  std::deque<Buffer> archives;
};

/// Finds the port of each binding, and of each member of an archive. Reports unknown names, ports
/// named twice and unreadable archives.
void resolveSources(const std::string &model, const dlc_session *session, const Ports &ports,
                    const std::vector<Binding> &bindings, Sources &sources, Problems &problems);

/// Reads a source's tensor: numbers, .npy, .pb or a member. Its element type is the port's. False
/// after a report.
[[nodiscard]] bool readSource(const Ports &ports, const Source &source, Tensor &tensor,
                              Problems &problems);

/// The part of a path behind its last dot, in lower case: "png"; empty without one.
std::string suffixOf(const std::string &path);

} // namespace dlc::run

#endif
