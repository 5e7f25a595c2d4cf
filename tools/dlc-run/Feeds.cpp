#include "Feeds.h"

#include "Picture.h"
#include "Prepare.h"
#include "Random.h"
#include "Sources.h"

#include <algorithm>
#include <map>

using namespace dlc::run;

/// A picture feeds f32 inputs 1 x 1 or 3 x H x W, whose H and W the session itself compares.
static bool inspectPictureFor(const std::string &path, std::string_view bytes,
                              const dlc_tensor_info &info, Tensor &tensor, Problems &problems) {
  const bool takesPicture = info.dtype == DLC_F32 && info.rank == 4 &&
                            (info.dims[0] == 1 || info.dims[0] == -1) &&
                            (info.dims[1] == 1 || info.dims[1] == 3 || info.dims[1] == -1);
  if (!takesPicture) {
    std::string dims = info.flags & DLC_INFO_ANY_DIMS ? "of any dims" : "";
    for (uint32_t d = 0; d < info.rank; ++d)
      dims += fmt::format("{}{}", d ? " x " : "", info.dim_texts[d]);
    const char *type = dlc_dtype_name(info.dtype);
    problems.add("{}: a picture is f32 1 x 3 x H x W or 1 x 1 x H x W; input '{}' takes {} {}",
                 path, info.name, type ? type : "elements of any type",
                 dims.empty() ? "scalar" : dims);
    return false;
  }
  const int channels = info.dims[1] == -1 ? 0 : static_cast<int>(info.dims[1]);
  return inspectPicture(path, bytes, channels, tensor, problems);
}

static void readPicture(const Source &source, const Preparation &preparation, Feeds &feeds,
                        Problems &problems) {
  PictureFile picture = {source.label, {}, {}, source.port};
  if (!readFile(picture.path, picture.contents, problems) ||
      !inspectPictureFor(picture.path, {picture.contents.data(), picture.contents.size()},
                         source.info, picture.decoded, problems) ||
      !checkPreparation(picture.path, preparation, picture.decoded.dims[1], problems))
    return;
  Tensor &tensor = feeds.tensors[source.port];
  tensor.dtype = DLC_F32;
  tensor.dims = preparedDims(preparation, picture.decoded.dims);
  feeds.planReadsPictures =
      feeds.planReadsPictures || (source.info.flags & DLC_INFO_READ_BY_PLAN) != 0;
  feeds.pictures.push_back(std::move(picture));
}

namespace {
/// Fills inputs that no --input feeds.
class RandomFeeder {
public:
  RandomFeeder(const Options &options, const dlc_session *session, Problems &problems)
      : options(options), problems(problems) {
    std::vector<std::string> symbols;
    dlc_symbol_info symbol = {};
    symbol.struct_size = sizeof(symbol);
    for (uint32_t i = 0; dlc_session_symbol(session, i, &symbol) == DLC_OK; ++i)
      symbols.push_back(symbol.name);
    for (const Dim &dim : options.dims) {
      if (std::find(symbols.begin(), symbols.end(), dim.name) == symbols.end())
        problems.add("--dim: no dim '{}'; {}", dim.name,
                     symbols.empty() ? "the model has none that is open"
                                     : fmt::format("the model has {}", fmt::join(symbols, ", ")));
      sizes.emplace(dim.name, dim.size);
    }
  }

  /// Takes the sizes that an input which is fed gives to open dims.
  void learn(const dlc_tensor_info &info, const Tensor &tensor) {
    for (uint32_t d = 0; d < info.rank && tensor.dims.size() == info.rank; ++d)
      if (info.dims[d] < 0)
        sizes.emplace(info.dim_texts[d], tensor.dims[d]);
  }

  void fill(uint32_t input, const dlc_tensor_info &info, Feeds &feeds) {
    if (info.flags & DLC_INFO_ANY_DIMS) {
      problems.add("input '{}': its dims are not known, so that it cannot be random; feed it with "
                   "--input {}=...",
                   info.name, info.name);
      return;
    }
    Tensor &tensor = feeds.tensors[input];
    tensor.dtype = info.dtype;
    bool open = false;
    for (uint32_t d = 0; d < info.rank; ++d) {
      const auto size = sizes.find(info.dim_texts[d]);
      const bool known = info.dims[d] >= 0 || size != sizes.end();
      if (!known)
        problems.add("input '{}': dimension {} is open; give its size with --dim {}=...", info.name,
                     d, info.dim_texts[d]);
      open = open || !known;
      tensor.dims.push_back(info.dims[d] >= 0 || !known ? info.dims[d] : size->second);
    }
    if (open || options.planOnly)
      return checkPlan(info);
    const std::string source = fmt::format("input '{}'", info.name);
    if (!checkNumbers(source, info.dtype, problems) || !tensor.allocate(source, problems))
      return;
    fillRandom(*options.seed, input, tensor);
    feeds.lines.push_back(fmt::format("{}: {} {}, random with seed {}", info.name,
                                      dlc_dtype_name(info.dtype), dimsText(tensor.dims),
                                      *options.seed));
  }

private:
  /// A plan reads the elements of some inputs.
  void checkPlan(const dlc_tensor_info &info) {
    if (options.planOnly && (info.flags & DLC_INFO_READ_BY_PLAN) != 0)
      problems.add("input '{}': its elements decide sizes; feed it with --input {}=...", info.name,
                   info.name);
  }

  const Options &options;
  std::map<std::string, int64_t> sizes;
  Problems &problems;
};
} // namespace

/// Fills the inputs that are not fed, or reports them.
static void feedOthers(const Options &options, const dlc_session *session,
                       const std::vector<bool> &fed, Feeds &feeds, Problems &problems) {
  RandomFeeder random(options, session, problems);
  dlc_tensor_info info = {};
  info.struct_size = sizeof(info);
  for (uint32_t i = 0; i < fed.size(); ++i)
    if (fed[i] && dlc_session_input(session, i, &info) == DLC_OK)
      random.learn(info, feeds.tensors[i]);
  for (uint32_t i = 0; i < fed.size(); ++i) {
    if (fed[i] || dlc_session_input(session, i, &info) != DLC_OK)
      continue;
    if (options.seed)
      random.fill(i, info, feeds);
    else
      problems.add("{}: input '{}' is missing; feed it with --input {}=... or --random",
                   options.model, info.name, info.name);
  }
}

bool dlc::run::readFeeds(const Options &options, const dlc_session *session, Feeds &feeds,
                         Problems &problems) {
  dlc_session_info model = {};
  model.struct_size = sizeof(model);
  (void)dlc_session_describe(session, &model);
  feeds.tensors.resize(model.num_inputs);
  Sources sources;
  resolveSources(options.model, session, Ports::inputs, options.inputs, sources, problems);
  std::vector<bool> fed(model.num_inputs);
  for (const Source &source : sources.list) {
    fed[source.port] = true;
    const std::string suffix = source.value[0] == '@' ? suffixOf(source.value) : "";
    if (suffix == "png" || suffix == "jpg" || suffix == "jpeg")
      readPicture(source, options.preparation, feeds, problems);
    else
      (void)readSource(Ports::inputs, source, feeds.tensors[source.port], problems);
  }
  feedOthers(options, session, fed, feeds, problems);
  for (const Tensor &tensor : feeds.tensors)
    feeds.inputs.push_back({.struct_size = sizeof(dlc_input),
                            .dtype = tensor.dtype,
                            .name = nullptr,
                            .rank = static_cast<uint32_t>(tensor.dims.size()),
                            .reserved = 0,
                            .dims = tensor.dims.data(),
                            .data = tensor.data.data(),
                            .size = tensor.data.size(),
                            .value = nullptr,
                            .memory = DLC_MEMORY_HOST,
                            .reserved2 = 0});
  return problems.empty();
}

bool dlc::run::decodePictures(const Options &options, Feeds &feeds, Problems &problems) {
  for (PictureFile &picture : feeds.pictures) {
    Tensor &tensor = feeds.tensors[picture.input];
    if (!decodePicture(picture.path, {picture.contents.data(), picture.contents.size()},
                       picture.decoded, problems) ||
        !preparePicture(picture.path, options.preparation, picture.decoded, problems))
      continue;
    tensor.data = std::move(picture.decoded.data);
    feeds.inputs[picture.input].data = tensor.data.data();
    feeds.inputs[picture.input].size = tensor.data.size();
  }
  feeds.pictures.clear();
  return problems.empty();
}
