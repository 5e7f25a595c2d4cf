#include "Feeds.h"

#include "Literal.h"
#include "Npy.h"
#include "Picture.h"

#include <cctype>

using namespace dlc::run;

std::string dlc::run::suffixOf(const std::string &path) {
  size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.')
    return "";
  std::string suffix = path.substr(dot + 1);
  for (char &c : suffix)
    c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return suffix;
}

/// A picture feeds f32 inputs 1 x 1 or 3 x H x W, whose H and W the session itself compares.
static bool inspectPictureFor(const std::string &path, std::string_view bytes,
                              const dlc_tensor_info &info, Tensor &tensor, Problems &problems) {
  const bool takesPicture = info.dtype == DLC_F32 && info.rank == 4 &&
                            (info.dims[0] == 1 || info.dims[0] == -1) &&
                            (info.dims[1] == 1 || info.dims[1] == 3 || info.dims[1] == -1);
  if (!takesPicture) {
    std::string dims;
    for (uint32_t d = 0; d < info.rank; ++d)
      dims += fmt::format("{}{}", d ? " x " : "", info.dim_texts[d]);
    problems.add("{}: a picture is f32 1 x 3 x H x W or 1 x 1 x H x W; input '{}' takes {} {}",
                 path, info.name, dlc_dtype_name(info.dtype), dims.empty() ? "scalar" : dims);
    return false;
  }
  const int channels = info.dims[1] == -1 ? 0 : static_cast<int>(info.dims[1]);
  return inspectPicture(path, bytes, channels, tensor, problems);
}

static bool readFeed(const Binding &binding, size_t input, const dlc_tensor_info &info,
                     Feeds &feeds, Problems &problems) {
  Tensor &tensor = feeds.tensors[input];
  if (binding.value[0] != '@')
    return parseLiteral(fmt::format("input '{}'", info.name), binding.value, info, tensor,
                        problems);
  const std::string path = binding.value.substr(1);
  const std::string suffix = suffixOf(path);
  const bool picture = suffix == "png" || suffix == "jpg" || suffix == "jpeg";
  if (!picture && suffix != "npy") {
    problems.add("{}: expected a file .npy, .png, .jpg or .jpeg for input '{}'", path, info.name);
    return false;
  }
  Buffer contents;
  if (!readFile(path, contents, problems))
    return false;
  const std::string_view bytes(contents.data(), contents.size());
  if (picture) {
    if (!inspectPictureFor(path, bytes, info, tensor, problems))
      return false;
    feeds.pictures.push_back({path, std::move(contents), input});
    return true;
  }
  if (!parseNpy(path, bytes, tensor, problems))
    return false;
  if (tensor.dtype != info.dtype) {
    problems.add("{}: expected {} for input '{}', found {}", path, dlc_dtype_name(info.dtype),
                 info.name, dlc_dtype_name(tensor.dtype));
    return false;
  }
  return true;
}

bool dlc::run::readFeeds(const Options &options, const dlc_session *session, Feeds &feeds,
                         Problems &problems) {
  dlc_session_info model = {};
  model.struct_size = sizeof(model);
  (void)dlc_session_describe(session, &model);
  feeds.tensors.resize(model.num_inputs);
  std::vector<bool> fed(model.num_inputs);
  for (const Binding &binding : options.inputs) {
    uint32_t index = 0;
    const char *nearest = nullptr;
    dlc_tensor_info info = {};
    info.struct_size = sizeof(info);
    if (dlc_session_find_input(session, binding.name.c_str(), &index, &nearest) != DLC_OK ||
        dlc_session_input(session, index, &info) != DLC_OK) {
      problems.add("{}: no input '{}'; {}", options.model, binding.name,
                   nearest ? fmt::format("the nearest name is '{}'", nearest)
                           : "the model has none");
      continue;
    }
    fed[index] = true;
    (void)readFeed(binding, index, info, feeds, problems);
  }
  for (uint32_t i = 0; i < model.num_inputs; ++i) {
    dlc_tensor_info info = {};
    info.struct_size = sizeof(info);
    if (!fed[i] && dlc_session_input(session, i, &info) == DLC_OK)
      problems.add("{}: input '{}' is missing; feed it with --input {}=...", options.model,
                   info.name, info.name);
    Tensor &tensor = feeds.tensors[i];
    feeds.inputs.push_back({.struct_size = sizeof(dlc_input),
                            .dtype = tensor.dtype,
                            .name = nullptr,
                            .rank = static_cast<uint32_t>(tensor.dims.size()),
                            .reserved = 0,
                            .dims = tensor.dims.data(),
                            .data = tensor.data.data(),
                            .size = tensor.data.size(),
                            .value = nullptr});
  }
  return problems.empty();
}

bool dlc::run::decodePictures(Feeds &feeds, Problems &problems) {
  for (const PictureFile &picture : feeds.pictures) {
    Tensor &tensor = feeds.tensors[picture.input];
    if (!decodePicture(picture.path, {picture.contents.data(), picture.contents.size()}, tensor,
                       problems))
      continue;
    feeds.inputs[picture.input].data = tensor.data.data();
    feeds.inputs[picture.input].size = tensor.data.size();
  }
  feeds.pictures.clear();
  return problems.empty();
}
