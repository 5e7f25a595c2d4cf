#include "Session.h"

#include "ArtifactFile.h"
#include "Binding.h"
#include "Device.h"
#include "Names.h"
#include "StructSize.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <new>

using namespace dlc::runtime;

dlc_session::~dlc_session() {
  cuda::releaseProgram(onDevice);
  if (library)
    dlclose(library);
}

namespace {
/// A loaded object looked for by its base address, and the note found in its memory.
struct LoadedNote {
  ElfW(Addr) base;
  dlc_note note;
  bool found;
};

/// The ways by which one file can be named: the dynamic linker takes an object that is still loaded
/// under the same name for the file, even where another file has the name now. `/dir/./model.so` is
/// a name it has not seen.
class FileNames {
public:
  Status resolve(const char *path, ErrorText &error) {
    char *real = realpath(path, nullptr);
    if (!real)
      return error.fail(errno == ENOMEM ? DLC_OUT_OF_MEMORY : DLC_IO, "cannot be opened: %s",
                        strerror(errno));
    bool allocated = name.allocate(strlen(real) + 2 * maxVariants + 1);
    if (allocated)
      strcpy(name.data(), real);
    free(real);
    return allocated ? DLC_OK : error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  }

  const char *current() const { return name.data(); }

  /// Goes on to the next name; false after the last.
  [[nodiscard]] bool next() {
    if (++variant >= maxVariants)
      return false;
    char *file = strrchr(name.data(), '/') + 1;
    memmove(file + 2, file, strlen(file) + 1);
    memcpy(file, "./", 2);
    return true;
  }

private:
  static constexpr size_t maxVariants = 256;
  OwnedArray<char> name;
  size_t variant = 0;
};
} // namespace

/// Whether a program header of a loaded object lies in memory: a note segment need not be part of a
/// loaded one.
static bool isInMemory(const dl_phdr_info &info, const ElfW(Phdr) & header) {
  for (ElfW(Half) i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr) &load = info.dlpi_phdr[i];
    if (load.p_type == PT_LOAD && header.p_vaddr >= load.p_vaddr &&
        header.p_vaddr + header.p_memsz <= load.p_vaddr + load.p_memsz)
      return true;
  }
  return false;
}

/// dl_iterate_phdr's callback: copies the note of the object at LoadedNote::base.
static int readLoadedNote(dl_phdr_info *info, size_t, void *data) {
  auto *loaded = static_cast<LoadedNote *>(data);
  if (info->dlpi_addr != loaded->base)
    return 0;
  for (ElfW(Half) i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &header = info->dlpi_phdr[i];
    Bytes descriptor;
    if (header.p_type == PT_NOTE && isInMemory(*info, header) &&
        findNoteInSegment(
            Bytes(reinterpret_cast<const unsigned char *>(loaded->base + header.p_vaddr),
                  header.p_memsz),
            header.p_align, DLC_NOTE_NAME, DLC_NOTE_TYPE, descriptor) &&
        descriptor.size() >= sizeof(dlc_note)) {
      memcpy(&loaded->note, descriptor.data(), sizeof(dlc_note));
      loaded->found = true;
    }
  }
  return 1;
}

/// Whether the object behind a dlopen handle is the file whose note this is.
static bool isLoadedFrom(void *library, const dlc_note &note) {
  link_map *map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
    return false;
  LoadedNote loaded = {map->l_addr, {}, false};
  dl_iterate_phdr(readLoadedNote, &loaded);
  return loaded.found && memcmp(&loaded.note, &note, sizeof(note)) == 0;
}

static Status openLibrary(const char *path, const dlc_note &note, void *&library,
                          ErrorText &error) {
  FileNames names;
  DLC_RETURN_IF_ERROR(names.resolve(path, error));
  do {
    void *candidate = dlopen(names.current(), RTLD_NOW | RTLD_LOCAL);
    if (!candidate)
      return error.fail(DLC_BAD_ARTIFACT, "cannot be loaded: %s", dlerror());
    if (isLoadedFrom(candidate, note)) {
      library = candidate;
      return DLC_OK;
    }
    dlclose(candidate);
  } while (names.next());
  return error.fail(DLC_IO, "the file was replaced while it was loaded, or too many earlier "
                            "versions of it are still in use");
}

static Status queryProgram(dlc_session &session, ErrorText &error) {
  auto query = reinterpret_cast<dlc_query_fn>(dlsym(session.library, DLC_QUERY_SYMBOL));
  if (!query)
    return error.fail(DLC_BAD_ARTIFACT, "exports no " DLC_QUERY_SYMBOL);
  const dlc_program *program = query(DLC_ABI_VERSION);
  if (!program)
    return error.fail(DLC_INCOMPATIBLE, "its code does not speak ABI version %u", DLC_ABI_VERSION);
  if (program->struct_size < sizeof(dlc_program) || program->abi_version != DLC_ABI_VERSION ||
      !program->plan || !program->run ||
      static_cast<uint64_t>(program->weights_size) != session.weightsSize ||
      program->device_weights_size < 0 || program->device_weights_size > program->weights_size)
    return error.fail(DLC_BAD_ARTIFACT, "its program table contradicts its note");
  // The code trusts that it is given room for as much as it reads and writes.
  if (program->num_shape_symbols != session.manifest.symbols().size() ||
      program->num_symbols < program->num_shape_symbols ||
      program->num_output_dims != session.manifest.numOutputDims())
    return error.fail(DLC_BAD_ARTIFACT, "its program table contradicts its manifest");
  constexpr int64_t most = int64_t{1} << 40, alignment = DLC_WORKSPACE_ALIGNMENT;
  if (program->scratch < 0 || program->scratch > most)
    return error.fail(DLC_BAD_ARTIFACT, "its kernels ask for %lld bytes of scratch memory",
                      static_cast<long long>(program->scratch));
  session.scratchBytes = static_cast<uint64_t>((program->scratch + alignment - 1) & -alignment);
  session.program = program;
  return DLC_OK;
}

/// Checks what a program with device code says of it.
static Status checkImages(const dlc_session &session, ErrorText &error) {
  const dlc_program &program = *session.program;
  bool sound = program.num_images == session.manifest.images().size();
  for (uint32_t i = 0; sound && i < program.num_images; ++i) {
    sound = program.images && program.images->struct_size >= sizeof(dlc_image);
    if (sound) {
      const dlc_image &image = rowOf(program.images, i);
      const bool isText = image.form == DLC_IMAGE_PTX;
      sound = image.data && image.size != 0 && (isText || image.form == DLC_IMAGE_CUBIN) &&
              !(isText && image.data[image.size - 1] != '\0');
    }
  }
  sound = sound && (program.num_device_functions == 0 || program.device_functions);
  return sound ? DLC_OK
               : error.fail(DLC_BAD_ARTIFACT, "its code for devices contradicts its manifest");
}

Status dlc::runtime::checkDevice(uint32_t device, const Manifest &manifest, ErrorText &error) {
  const bool isForDevice = manifest.images().size() != 0;
  if (device == DLC_DEVICE_CPU && !manifest.runsOnCpu())
    return error.fail(DLC_INCOMPATIBLE,
                      "expected an artifact with code for the CPU alone, found one for %s: compile "
                      "it with --target=cpu too",
                      manifest.images()[0].target);
  if (device == DLC_DEVICE_CUDA && !isForDevice)
    return error.fail(DLC_INCOMPATIBLE,
                      "expected an artifact with code for CUDA, found one for the CPU alone: "
                      "compile it with --target=cuda:sm_80 or a later architecture");
  return DLC_OK;
}

/// Keeps the reason in the session.
static Status keepFallback(dlc_session &session, const char *reason, ErrorText &error) {
  const size_t size = strlen(reason) + 1;
  if (!session.fallback.allocate(size))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  memcpy(session.fallback.data(), reason, size);
  return DLC_OK;
}

/// Brings the artifact to the device that the caller asks for. Where nobody asks, one that cannot
/// be used is no failure of an artifact that has code for the CPU too.
static Status chooseDevice(const dlc_session_options &options, dlc_session &session,
                           ErrorText &error) {
  session.usesDevice = session.program->num_images != 0 && options.device != DLC_DEVICE_CPU;
  if (session.usesDevice && options.device != DLC_DEVICE_NONE) {
    const bool mayFallBack = options.device == DLC_DEVICE_ANY && session.manifest.runsOnCpu();
    ErrorText reason;
    dlc_status status = cuda::acquireProgram(*session.program, options.ordinal, session.onDevice,
                                             mayFallBack ? reason : error);
    if (status != DLC_OK && !mayFallBack)
      return status;
    if (status == DLC_BAD_ARTIFACT)
      return error.fail(status, "%s", reason.text());
    session.usesDevice = status == DLC_OK;
    if (!session.usesDevice)
      DLC_RETURN_IF_ERROR(keepFallback(session, reason.text(), error));
  }
  if (!session.usesDevice)
    session.manifest.bringToCpu();
  return DLC_OK;
}

static Status loadSession(const char *path, const dlc_session_options &options,
                          dlc_session &session, ErrorText &error) {
  MappedFile file;
  DLC_RETURN_IF_ERROR(file.open(path, error));
  ArtifactParts parts;
  DLC_RETURN_IF_ERROR(checkArtifact(file.bytes(), options.verify_weights, parts, error));
  DLC_RETURN_IF_ERROR(session.manifest.load(parts.manifest, error));
  DLC_RETURN_IF_ERROR(checkDevice(options.device, session.manifest, error));
  session.weightsSize = parts.weights.size();
  DLC_RETURN_IF_ERROR(openLibrary(path, parts.note, session.library, error));
  DLC_RETURN_IF_ERROR(queryProgram(session, error));
  DLC_RETURN_IF_ERROR(checkImages(session, error));
  return chooseDevice(options, session, error);
}

static Status loadNewSession(const char *path, const dlc_session_options *options,
                             dlc_session **result, ErrorText &error) {
  dlc_session_options known = {};
  if (options && !readStruct(*options, known))
    return error.fail(DLC_INVALID_ARGUMENT, "the options' struct_size is too small");
  if (known.verify_weights > DLC_VERIFY_NEVER)
    return error.fail(DLC_INVALID_ARGUMENT, "unknown verify_weights %u", known.verify_weights);
  if (known.device > DLC_DEVICE_NONE)
    return error.fail(DLC_INVALID_ARGUMENT, "unknown device %u", known.device);
  if (known.ordinal != 0 && known.device != DLC_DEVICE_CUDA)
    return error.fail(DLC_INVALID_ARGUMENT, "ordinal %u is for CUDA devices", known.ordinal);
  void *memory = malloc(sizeof(dlc_session));
  if (!memory)
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  auto *session = new (memory) dlc_session();
  dlc_status status = loadSession(path, known, *session, error);
  if (status == DLC_OK)
    *result = session;
  else
    dlc_session_release(session);
  return status;
}

dlc_status dlc_session_load(const char *path, const dlc_session_options *options, char *error_text,
                            size_t error_text_capacity, dlc_session **session) {
  if (error_text && error_text_capacity)
    error_text[0] = '\0';
  if (session)
    *session = nullptr;
  if (!path || !session)
    return DLC_INVALID_ARGUMENT;
  ErrorText error;
  dlc_status status = loadNewSession(path, options, session, error);
  if (status != DLC_OK && error_text) {
    ErrorText located;
    status = located.fail(status, "%s: %s", path, error.text());
    snprintf(error_text, error_text_capacity, "%s", located.text());
  }
  return status;
}

void dlc_session_release(dlc_session *session) {
  if (session && session->references.fetch_sub(1) == 1) {
    session->~dlc_session();
    free(session);
  }
}

template <typename T> static dlc_status fill(T *info, const T &full) {
  return info && writeStruct(*info, full) ? DLC_OK : DLC_INVALID_ARGUMENT;
}

dlc_status dlc_session_describe(const dlc_session *session, dlc_session_info *info) {
  if (!session)
    return DLC_INVALID_ARGUMENT;
  const Manifest &manifest = session->manifest;
  return fill<dlc_session_info>(
      info, {.struct_size = 0,
             .num_inputs = static_cast<uint32_t>(manifest.inputs().size()),
             .num_outputs = static_cast<uint32_t>(manifest.outputs().size()),
             .num_symbols = static_cast<uint32_t>(manifest.symbols().size()),
             .num_kernels = static_cast<uint32_t>(manifest.kernels().size()),
             .reserved = 0,
             .weights_size = session->weightsSize,
             .model = manifest.model(),
             .compiler = manifest.compiler(),
             .target = manifest.target(),
             .device = session->onDevice     ? session->onDevice->device->label
                       : session->usesDevice ? "none"
                                             : "cpu",
             .fallback = session->fallback.data() ? session->fallback.data() : ""});
}

static dlc_status describeTensor(const OwnedArray<ManifestTensor> &tensors, uint32_t index,
                                 dlc_tensor_info *info) {
  if (index >= tensors.size())
    return DLC_INVALID_ARGUMENT;
  const ManifestTensor &tensor = tensors[index];
  return fill(info, {.struct_size = 0,
                     .dtype = tensor.dtype,
                     .name = tensor.name,
                     .rank = tensor.rank,
                     .flags = (tensor.isValue ? DLC_INFO_ANY_DIMS : 0u) |
                              (tensor.readAtEntry ? DLC_INFO_READ_BY_PLAN : 0u) |
                              (tensor.onDevice ? DLC_INFO_ON_DEVICE : 0u),
                     .dims = tensor.dimValues,
                     .dim_texts = tensor.dimTexts,
                     .kind = tensor.valueKind,
                     .reserved = 0});
}

dlc_status dlc_session_input(const dlc_session *session, uint32_t index, dlc_tensor_info *info) {
  return session ? describeTensor(session->manifest.inputs(), index, info) : DLC_INVALID_ARGUMENT;
}

dlc_status dlc_session_output(const dlc_session *session, uint32_t index, dlc_tensor_info *info) {
  return session ? describeTensor(session->manifest.outputs(), index, info) : DLC_INVALID_ARGUMENT;
}

dlc_status dlc_session_symbol(const dlc_session *session, uint32_t index, dlc_symbol_info *info) {
  if (!session || index >= session->manifest.symbols().size())
    return DLC_INVALID_ARGUMENT;
  const ManifestSymbol &symbol = session->manifest.symbols()[index];
  return fill(
      info,
      {.struct_size = 0, .reserved = 0, .name = symbol.name, .min = symbol.min, .max = symbol.max});
}

dlc_status dlc_session_kernel(const dlc_session *session, uint32_t index, dlc_kernel_info *info) {
  if (!session || index >= session->manifest.kernels().size())
    return DLC_INVALID_ARGUMENT;
  const ManifestKernel &kernel = session->manifest.kernels()[index];
  return fill(info, {.struct_size = 0, .reserved = 0, .name = kernel.name, .nodes = kernel.nodes});
}

int64_t dlc::runtime::findTensor(const OwnedArray<ManifestTensor> &tensors, const char *name,
                                 const char *&nearest) {
  nearest = nullptr;
  uint32_t least = UINT32_MAX;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (strcmp(tensors[i].name, name) == 0)
      return static_cast<int64_t>(i);
    uint32_t distance = editDistance(tensors[i].name, name);
    if (distance < least) {
      least = distance;
      nearest = tensors[i].name;
    }
  }
  return -1;
}

static dlc_status findIndex(const OwnedArray<ManifestTensor> &tensors, const char *name,
                            uint32_t *index, const char **nearest) {
  const char *nearestName = nullptr;
  int64_t found = findTensor(tensors, name, nearestName);
  if (nearest)
    *nearest = found < 0 ? nearestName : nullptr;
  if (found < 0)
    return DLC_INVALID_ARGUMENT;
  *index = static_cast<uint32_t>(found);
  return DLC_OK;
}

dlc_status dlc_session_find_input(const dlc_session *session, const char *name, uint32_t *index,
                                  const char **nearest) {
  if (!session || !name || !index)
    return DLC_INVALID_ARGUMENT;
  return findIndex(session->manifest.inputs(), name, index, nearest);
}

dlc_status dlc_session_find_output(const dlc_session *session, const char *name, uint32_t *index,
                                   const char **nearest) {
  if (!session || !name || !index)
    return DLC_INVALID_ARGUMENT;
  return findIndex(session->manifest.outputs(), name, index, nearest);
}
