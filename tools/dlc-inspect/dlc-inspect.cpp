// Says what an artifact holds: reads its note and manifest, and runs none of its code.
#include "ArtifactFile.h"
#include "Manifest.h"

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

using namespace dlc::runtime;

namespace {

enum ExitCode { exitOk = 0, exitRejected = 1, exitUsage = 2 };

const char *const helpText = R"(usage: dlc-inspect MODEL.so [--json]

Says what is in a model that dlc-compile built, without running its code.

  --json   one object, of these keys:
             model, compiler, target, features   strings, and the CPU features as a list
             sections   bytes of the whole file, the manifest and the weights
             inputs, outputs   name, dtype, dims (as texts: "3", "N", "3*H"); dtype is null
                               and dims are empty for what is no tensor of known rank
             symbols    name, min, max
             versions   what each is for: "N = 1"; the last, "", is for all other sizes
             kernels    name, nodes: the ONNX nodes that it computes
             sites      nodes, text: library calls with the op's name, guards with what they demand
  --help   prints this

Exit status: 0; 1 where the file is at fault (damaged, or for a CPU unlike this one) or the output
cannot be written; 2 for a wrong command line.
)";

/// A JSON string. Names may hold anything; bytes that are no ASCII stay as they are.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      quoted += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f)
      quoted += fmt::format("\\u{:04x}", byte);
    else
      quoted += c;
  }
  return quoted + "\"";
}

/// Names for people: one line each, whatever they hold.
std::string escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    escaped += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return escaped;
}

/// What `print` makes of rows, joined by ", ".
template <typename Rows, typename Print> std::string join(const Rows &rows, Print print) {
  std::string text;
  for (const auto &row : rows)
    text += (text.empty() ? "" : ", ") + print(row);
  return text;
}

struct Artifact {
  uint64_t size = 0;
  ArtifactParts parts;
  Manifest manifest;
};

std::vector<std::string_view> listFeatures(uint64_t bits) {
  std::vector<std::string_view> names;
#define DLC_ADD(NAME, number, text)                                                                \
  if (bits & DLC_CPU_##NAME)                                                                       \
    names.push_back(text);
  DLC_CPU_FEATURES(DLC_ADD)
#undef DLC_ADD
  return names;
}

std::vector<std::string_view> listDims(const ManifestTensor &tensor) {
  return {tensor.dimTexts, tensor.dimTexts + tensor.rank};
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

std::string tensorsToJson(const OwnedArray<ManifestTensor> &tensors) {
  return join(tensors, [](const ManifestTensor &tensor) {
    const char *dtype = tensor.isValue ? nullptr : dlc_dtype_name(tensor.dtype);
    return fmt::format(R"({{"name": {}, "dtype": {}, "dims": [{}]}})", quote(tensor.name),
                       dtype ? quote(dtype) : "null", join(listDims(tensor), quote));
  });
}

std::string toJson(const Artifact &artifact) {
  const Manifest &manifest = artifact.manifest;
  std::string text =
      fmt::format("{{\n\"model\": {},\n\"compiler\": {},\n\"target\": {},\n\"features\": [{}],\n",
                  quote(manifest.model()), quote(manifest.compiler()), quote(manifest.target()),
                  join(listFeatures(artifact.parts.note.cpu_features), quote));
  text += fmt::format("\"sections\": {{\"file\": {}, \"manifest\": {}, \"weights\": {}}},\n",
                      artifact.size, artifact.parts.note.manifest_size,
                      artifact.parts.note.weights_size);
  text += fmt::format("\"inputs\": [{}],\n\"outputs\": [{}],\n", tensorsToJson(manifest.inputs()),
                      tensorsToJson(manifest.outputs()));
  text += fmt::format("\"symbols\": [{}],\n",
                      join(manifest.symbols(), [](const ManifestSymbol &symbol) {
                        return fmt::format(R"({{"name": {}, "min": {}, "max": {}}})",
                                           quote(symbol.name), symbol.min, symbol.max);
                      }));
  text += fmt::format("\"versions\": [{}],\n", join(manifest.versions(), quote));
  text += fmt::format("\"kernels\": [{}],\n",
                      join(manifest.kernels(), [](const ManifestKernel &kernel) {
                        return fmt::format(R"({{"name": {}, "nodes": {}}})", quote(kernel.name),
                                           quote(kernel.nodes));
                      }));
  text += fmt::format("\"sites\": [{}]\n}}\n", join(manifest.sites(), [](const ManifestSite &site) {
                        return fmt::format(R"({{"nodes": {}, "text": {}}})", quote(site.nodes),
                                           quote(site.text));
                      }));
  return text;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string tensorsToText(const char *kind, const OwnedArray<ManifestTensor> &tensors) {
  std::string text;
  for (const ManifestTensor &tensor : tensors) {
    const char *dtype = tensor.isValue ? nullptr : dlc_dtype_name(tensor.dtype);
    text += fmt::format("{} {}: {}[{}]\n", kind, escape(tensor.name), dtype ? dtype : "value",
                        join(listDims(tensor), escape));
  }
  return text;
}

std::string toText(const Artifact &artifact) {
  const Manifest &manifest = artifact.manifest;
  std::string text = fmt::format("model {}, by dlc {}\ntarget {}: {}\n", escape(manifest.model()),
                                 escape(manifest.compiler()), escape(manifest.target()),
                                 join(listFeatures(artifact.parts.note.cpu_features), escape));
  text += fmt::format("{} bytes, of them manifest {}, weights {}\n", artifact.size,
                      artifact.parts.note.manifest_size, artifact.parts.note.weights_size);
  text += tensorsToText("input", manifest.inputs()) + tensorsToText("output", manifest.outputs());
  for (const ManifestSymbol &symbol : manifest.symbols())
    text += fmt::format("symbol {}: {} to {}\n", escape(symbol.name), symbol.min, symbol.max);
  for (const char *when : manifest.versions())
    text += fmt::format("version {}\n", *when ? escape(when) : "for all other sizes");
  for (const ManifestKernel &kernel : manifest.kernels())
    text += fmt::format("kernel {}: {}\n", escape(kernel.name), escape(kernel.nodes));
  for (const ManifestSite &site : manifest.sites())
    text += fmt::format("site {}: {}\n", escape(site.nodes), escape(site.text));
  return text;
}

int inspect(const char *path, bool json) {
  MappedFile file;
  Artifact artifact;
  ErrorText error;
  if (file.open(path, error) != DLC_OK ||
      checkArtifact(file.bytes(), DLC_VERIFY_SMALL, artifact.parts, error) != DLC_OK ||
      artifact.manifest.load(artifact.parts.manifest, error) != DLC_OK) {
    fmt::print(stderr, "error: {}: {}\n", escape(path), error.text());
    return exitRejected;
  }
  artifact.size = file.bytes().size();
  std::string text = json ? toJson(artifact) : toText(artifact);
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0)
    return exitOk;
  fmt::print(stderr, "error: cannot write to standard output\n");
  return exitRejected;
}
} // namespace

int main(int argc, char **argv) {
  const char *path = nullptr;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--help")
      return fputs(helpText, stdout) < 0 || fflush(stdout) != 0 ? exitRejected : exitOk;
    if (argument == "--json") {
      json = true;
    } else if (argument.starts_with("-") || path) {
      fmt::print(stderr, "error: unexpected argument '{}'; see --help\n", escape(argument));
      return exitUsage;
    } else {
      path = argv[i];
    }
  }
  if (!path) {
    fmt::print(stderr, "error: expected an artifact; see --help\n");
    return exitUsage;
  }
  return inspect(path, json);
}
