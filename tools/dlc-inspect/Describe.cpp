#include "Describe.h"

#include "Terminal.h"
#include "dlc/ABI/Program.h"
#include "dlc/dlc.h"

#include <fmt/format.h>
#include <set>

using namespace dlc;
using namespace dlc::inspect;
using namespace dlc::runtime;

/// A JSON string. Names may hold anything; bytes that are no ASCII stay as they are.
static std::string quote(std::string_view text) {
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

/// What `print` makes of rows, joined by ", ".
template <typename Rows, typename Print> static std::string join(const Rows &rows, Print print) {
  std::string text;
  for (const auto &row : rows)
    text += (text.empty() ? "" : ", ") + print(row);
  return text;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static std::vector<std::string_view> listFeatures(uint64_t bits) {
  std::vector<std::string_view> names;
#define DLC_ADD(NAME, number, text)                                                                \
  if (bits & DLC_CPU_##NAME)                                                                       \
    names.push_back(text);
  DLC_CPU_FEATURES(DLC_ADD)
#undef DLC_ADD
  return names;
}

static std::vector<std::string_view> listDims(const ManifestTensor &tensor) {
  return {tensor.dimTexts, tensor.dimTexts + tensor.rank};
}

static const char *kindOf(const ManifestTensor &tensor) {
  constexpr const char *names[] = {"tensor", "sequence", "optional"};
  return names[tensor.valueKind];
}

/// "f32[N, 3]"; of what has no known rank "tensor of string", "sequence of f32".
static std::string describeType(const ManifestTensor &tensor) {
  const char *dtype = dlc_dtype_name(tensor.dtype);
  return tensor.isValue ? fmt::format("{} of {}", kindOf(tensor), dtype ? dtype : "any type")
                        : fmt::format("{}[{}]", dtype, join(listDims(tensor), escape));
}

static const char *symbolClass(uint32_t number) {
  return number == DLC_SYMBOL_ENTRY ? "entry" : "late";
}

static const char *siteKind(uint32_t kind) {
  constexpr const char *names[] = {"call", "guard", "match", "tensor"};
  return names[kind];
}

static const char *imageForm(uint32_t form) { return form == DLC_IMAGE_PTX ? "ptx" : "cubin"; }

static const char *machineName(const ManifestVersion &version) {
  return version.onDevice ? "cuda" : "cpu";
}

static const char *memoryName(uint32_t memory) {
  return memory == DLC_ARENA_DEVICE ? "device" : "host";
}

/// The names of the library ops that the program calls.
static std::set<std::string_view> listLibraryOps(const Manifest &manifest) {
  std::set<std::string_view> names;
  for (const ManifestSite &site : manifest.sites())
    if (site.kind == DLC_SITE_CALL)
      names.insert(site.text);
  return names;
}

static std::vector<ManifestSlot> listSlots(const Manifest &manifest, const ManifestArena &arena) {
  const ManifestSlot *first = manifest.slots().data() + arena.firstSlot;
  return {first, first + arena.numSlots};
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static std::string tensorsToJson(const OwnedArray<ManifestTensor> &tensors) {
  return join(tensors, [](const ManifestTensor &tensor) {
    const char *dtype = dlc_dtype_name(tensor.dtype);
    return fmt::format(R"({{"name": {}, "kind": "{}", "dtype": {}, "dims": {}}})",
                       quote(tensor.name), kindOf(tensor), dtype ? quote(dtype) : "null",
                       tensor.isValue ? "null" : "[" + join(listDims(tensor), quote) + "]");
  });
}

static std::string symbolsToJson(const Manifest &manifest) {
  std::string shape = join(manifest.symbols(), [](const ManifestSymbol &symbol) {
    return fmt::format(R"({{"name": {}, "class": "shape", "min": {}, "max": {}, "hint": {}}})",
                       quote(symbol.name), symbol.min, symbol.max,
                       symbol.hint < 0 ? "null" : fmt::format("{}", symbol.hint));
  });
  std::string computed = join(manifest.computedSymbols(), [](const ManifestComputedSymbol &symbol) {
    return fmt::format(R"({{"name": {}, "class": "{}"}})", quote(symbol.name),
                       symbolClass(symbol.symbolClass));
  });
  return shape + (shape.empty() || computed.empty() ? "" : ", ") + computed;
}

/// The machine of a kernel: algorithms of GPUs are named so.
static const char *getMachine(const ManifestKernel &kernel) {
  return std::string_view(kernel.schedule).starts_with("cuda_") ? "cuda" : "cpu";
}

static std::string kernelsToJson(const Manifest &manifest) {
  return join(manifest.kernels(), [](const ManifestKernel &kernel) {
    return fmt::format(
        R"({{"name": {}, "nodes": {}, "on": "{}", "schedule": {}, "precision": {}}})",
        quote(kernel.name), quote(kernel.nodes), getMachine(kernel), quote(kernel.schedule),
        quote(kernel.precision));
  });
}

static std::string arenasToJson(const Manifest &manifest) {
  return join(manifest.arenas(), [&](const ManifestArena &arena) {
    const ManifestVersion &version = manifest.versions()[arena.version];
    return fmt::format(
        R"({{"version": {}, "on": "{}", "memory": "{}", "size": {}, "slots": [{}]}})",
        quote(version.when), machineName(version), memoryName(arena.memory), quote(arena.size),
        join(listSlots(manifest, arena), [](const ManifestSlot &slot) {
          return fmt::format(R"({{"place": {}, "size": {}, "values": {}}})",
                             slot.place < 0 ? "null" : fmt::format("{}", slot.place),
                             quote(slot.size), slot.numValues);
        }));
  });
}

static std::string planToJson(const Plan &plan) {
  std::string symbols = join(plan.symbols, [](const auto &symbol) {
    return fmt::format("{}: {}", quote(symbol.first), symbol.second);
  });
  std::string outputs = join(plan.outputs, [](const Plan::Output &output) {
    const char *dtype = dlc_dtype_name(output.dtype);
    return fmt::format(R"({{"name": {}, "dtype": {}, "dims": [{}]}})", quote(output.name),
                       dtype ? quote(dtype) : "null", join(output.dims, [](int64_t dim) {
                         return dim < 0 ? std::string("null") : fmt::format("{}", dim);
                       }));
  });
  return fmt::format(
      R"({{"symbols": {{{}}}, "version": {}, "on": "{}", "workspace": {}, "threads": {}, )"
      R"("device_workspace": {}, "outputs": [{}]}})",
      symbols, quote(plan.version), plan.onDevice ? "cuda" : "cpu", plan.workspace, plan.numThreads,
      plan.deviceWorkspace, outputs);
}

std::string dlc::inspect::toJson(const Artifact &artifact) {
  const Manifest &manifest = artifact.manifest;
  std::string text;
  auto add = [&](const char *key, const std::string &value) {
    text += fmt::format("{}\"{}\": {}", text.empty() ? "{\n" : ",\n", key, value);
  };
  auto addList = [&](const char *key, const std::string &rows) { add(key, "[" + rows + "]"); };
  add("model", quote(manifest.model()));
  add("compiler", quote(manifest.compiler()));
  add("target", quote(manifest.target()));
  addList("features", join(listFeatures(artifact.parts.note.cpu_features), quote));
  addList("images", join(manifest.images(), [](const ManifestImage &image) {
            return fmt::format(R"({{"target": {}, "form": "{}"}})", quote(image.target),
                               imageForm(image.form));
          }));
  add("sections", fmt::format(R"({{"file": {}, "code": {}, "manifest": {}, "weights": {}}})",
                              artifact.size, artifact.codeSize, artifact.parts.note.manifest_size,
                              artifact.parts.note.weights_size));
  addList("inputs", tensorsToJson(manifest.inputs()));
  addList("outputs", tensorsToJson(manifest.outputs()));
  addList("symbols", symbolsToJson(manifest));
  addList("versions", join(manifest.versions(), [](const ManifestVersion &version) {
            return fmt::format(R"({{"when": {}, "on": "{}"}})", quote(version.when),
                               machineName(version));
          }));
  addList("arenas", arenasToJson(manifest));
  addList("kernels", kernelsToJson(manifest));
  addList("library_ops", join(listLibraryOps(manifest), quote));
  addList("sites", join(manifest.sites(), [](const ManifestSite &site) {
            return fmt::format(R"({{"kind": "{}", "nodes": {}, "text": {}}})", siteKind(site.kind),
                               quote(site.nodes), quote(site.text));
          }));
  if (artifact.plan)
    add("plan", planToJson(*artifact.plan));
  return text + "\n}\n";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string tensorsToText(const char *kind, const OwnedArray<ManifestTensor> &tensors) {
  std::string text;
  for (const ManifestTensor &tensor : tensors)
    text += fmt::format("{} {}: {}\n", kind, escape(tensor.name), describeType(tensor));
  return text;
}

static std::string symbolsToText(const Manifest &manifest) {
  std::string text;
  for (const ManifestSymbol &symbol : manifest.symbols()) {
    text += fmt::format("symbol {} (shape): {}", escape(symbol.name), symbol.min);
    text += symbol.max == INT64_MAX ? " or more" : fmt::format(" to {}", symbol.max);
    text += symbol.hint < 0 ? "\n" : fmt::format(", usually {}\n", symbol.hint);
  }
  for (const ManifestComputedSymbol &symbol : manifest.computedSymbols())
    text += fmt::format("symbol {} ({})\n", escape(symbol.name), symbolClass(symbol.symbolClass));
  return text;
}

/// Where a version runs, of an artifact that leaves a choice.
static std::string nameMachine(const Manifest &manifest, const ManifestVersion &version) {
  const bool isChosen = manifest.images().size() != 0 && manifest.runsOnCpu();
  return isChosen ? fmt::format(" on {}", machineName(version)) : "";
}

static std::string arenasToText(const Manifest &manifest) {
  std::string text;
  for (const ManifestArena &arena : manifest.arenas()) {
    const ManifestVersion &version = manifest.versions()[arena.version];
    text += fmt::format("arena{}{}{}: {} bytes\n",
                        arena.memory == DLC_ARENA_DEVICE ? " of the device" : "",
                        *version.when ? " for " + escape(version.when) : "",
                        nameMachine(manifest, version), escape(arena.size));
    for (const ManifestSlot &slot : listSlots(manifest, arena))
      text += fmt::format("  slot {}: {} bytes, {} value{}\n",
                          slot.place < 0 ? "behind it" : fmt::format("at {}", slot.place),
                          escape(slot.size), slot.numValues, slot.numValues == 1 ? "" : "s");
  }
  return text;
}

static std::string sitesToText(const Manifest &manifest) {
  std::string text;
  for (const ManifestSite &site : manifest.sites())
    text += site.kind == DLC_SITE_CALL
                ? fmt::format("library op {}: {}\n", escape(site.text), escape(site.nodes))
                : fmt::format("{} {}: {}\n", siteKind(site.kind), escape(site.nodes),
                              escape(site.text));
  return text;
}

static std::string planToText(const Plan &plan) {
  std::string symbols = join(plan.symbols, [](const auto &symbol) {
    return fmt::format("{} = {}", escape(symbol.first), symbol.second);
  });
  std::string text = fmt::format("plan{}{}:\n", symbols.empty() ? "" : " at ", symbols);
  text += fmt::format("  version {}, on {}\n",
                      plan.version.empty() ? "for all other sizes" : escape(plan.version),
                      plan.onDevice ? "cuda" : "cpu");
  text += fmt::format("  workspace {} bytes, for {} thread{}\n", plan.workspace, plan.numThreads,
                      plan.numThreads == 1 ? "" : "s");
  if (plan.deviceWorkspace != 0)
    text += fmt::format("  workspace of the device {} bytes\n", plan.deviceWorkspace);
  for (const Plan::Output &output : plan.outputs) {
    const char *dtype = dlc_dtype_name(output.dtype);
    text += fmt::format("  output {}: {}[{}]\n", escape(output.name), dtype ? dtype : "value",
                        join(output.dims, [](int64_t dim) {
                          return dim < 0 ? std::string("?") : fmt::format("{}", dim);
                        }));
  }
  return text;
}

std::string dlc::inspect::toText(const Artifact &artifact) {
  const Manifest &manifest = artifact.manifest;
  std::string text = fmt::format("model {}, by dlc {}\ntarget {}: {}\n", escape(manifest.model()),
                                 escape(manifest.compiler()), escape(manifest.target()),
                                 join(listFeatures(artifact.parts.note.cpu_features), escape));
  for (const ManifestImage &image : manifest.images())
    text += fmt::format("image {}: {}\n", escape(image.target), imageForm(image.form));
  text += fmt::format("{} bytes, of them code {}, manifest {}, weights {}\n", artifact.size,
                      artifact.codeSize, artifact.parts.note.manifest_size,
                      artifact.parts.note.weights_size);
  text += tensorsToText("input", manifest.inputs()) + tensorsToText("output", manifest.outputs()) +
          symbolsToText(manifest);
  for (const ManifestVersion &version : manifest.versions())
    text +=
        fmt::format("version {}{}\n", *version.when ? escape(version.when) : "for all other sizes",
                    nameMachine(manifest, version));
  text += arenasToText(manifest);
  const bool hasImages = manifest.images().size() != 0;
  for (const ManifestKernel &kernel : manifest.kernels())
    text += fmt::format("kernel {}: {}\n  {}{}, {}\n", escape(kernel.name), escape(kernel.nodes),
                        hasImages ? fmt::format("on {}: ", getMachine(kernel)) : "",
                        escape(kernel.schedule), escape(kernel.precision));
  text += sitesToText(manifest);
  return artifact.plan ? text + planToText(*artifact.plan) : text;
}
