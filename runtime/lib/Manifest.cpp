#include "Manifest.h"

#include <cstring>

static_assert(DLC_MANIFEST_MAX_RANK == DLC_MAX_RANK, "packager and API agree in the largest rank");

using namespace dlc::runtime;

static Status outOfMemory(ErrorText &error) {
  return error.fail(DLC_OUT_OF_MEMORY, "out of memory for the manifest");
}

static Status badManifest(ErrorText &error, const char *reason) {
  return error.fail(DLC_BAD_ARTIFACT, "bad manifest: %s", reason);
}

/// A table of `count` rows: aligned and within the blob.
template <typename T> bool Manifest::table(uint64_t offset, uint64_t count, const T *&rows) const {
  static_assert(alignof(T) <= 8);
  if (offset % 8 != 0 || offset > blobSize || count > (blobSize - offset) / sizeof(T))
    return false;
  rows = reinterpret_cast<const T *>(reinterpret_cast<const char *>(blob.data()) + offset);
  return true;
}

/// A string: begins and ends within the blob.
bool Manifest::string(uint32_t offset, const char *&text) const {
  if (offset >= blobSize)
    return false;
  text = reinterpret_cast<const char *>(blob.data()) + offset;
  return memchr(text, '\0', blobSize - offset) != nullptr;
}

Status Manifest::load(Bytes bytes, ErrorText &error) {
  dlc_manifest header;
  if (bytes.size() < sizeof(header))
    return badManifest(error, "smaller than its header");
  memcpy(&header, bytes.data(), sizeof(header));
  if (header.struct_size < sizeof(header))
    return badManifest(error, "its header is of unknown size");
  if (!blob.allocate(bytes.size() / sizeof(uint64_t) + 1))
    return outOfMemory(error);
  memcpy(blob.data(), bytes.data(), bytes.size());
  blobSize = bytes.size();
  numImages = header.num_images;

  if (!string(header.model, modelName) || !string(header.compiler, compilerVersion) ||
      !string(header.target, targetName))
    return badManifest(error, "the model's names lie outside of it");
  DLC_RETURN_IF_ERROR(loadSymbols(header, error));
  DLC_RETURN_IF_ERROR(loadComputedSymbols(header, error));
  size_t numInputDims = 0;
  DLC_RETURN_IF_ERROR(countDims("input", header.inputs, header.num_inputs, numInputDims, error));
  DLC_RETURN_IF_ERROR(
      countDims("output", header.outputs, header.num_outputs, outputDimCount, error));
  if (!inputTable.allocate(header.num_inputs) || !outputTable.allocate(header.num_outputs) ||
      !dimValues.allocate(numInputDims + outputDimCount) ||
      !dimTexts.allocate(numInputDims + outputDimCount))
    return outOfMemory(error);
  DLC_RETURN_IF_ERROR(loadTensors("input", header.inputs, inputTable, 0, false, error));
  DLC_RETURN_IF_ERROR(
      loadTensors("output", header.outputs, outputTable, numInputDims, true, error));
  DLC_RETURN_IF_ERROR(loadKernels(header, error));
  DLC_RETURN_IF_ERROR(loadSites(header, error));
  DLC_RETURN_IF_ERROR(loadVersions(header, error));
  DLC_RETURN_IF_ERROR(loadImages(header, error));
  DLC_RETURN_IF_ERROR(loadArenas(header, error));
  return checkSymbolsBound(error);
}

bool Manifest::runsOnCpu() const {
  bool runs = numImages == 0;
  for (const ManifestVersion &version : versionTable)
    runs = runs || !version.onDevice;
  return runs;
}

void Manifest::bringToCpu() {
  for (ManifestTensor &tensor : inputTable)
    tensor.onDevice = false;
  for (ManifestTensor &tensor : outputTable)
    tensor.onDevice = false;
}

Status Manifest::loadSymbols(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_symbol *rows = nullptr;
  if (!table(header.symbols, header.num_symbols, rows))
    return badManifest(error, "the symbol table lies outside of it");
  if (!symbolTable.allocate(header.num_symbols))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_symbols; ++i) {
    ManifestSymbol &symbol = symbolTable[i];
    symbol.min = rows[i].min;
    symbol.max = rows[i].max;
    symbol.hint = rows[i].hint;
    if (!string(rows[i].name, symbol.name))
      return badManifest(error, "a symbol's name lies outside of it");
    if (symbol.min < 0 || symbol.min > symbol.max)
      return error.fail(DLC_BAD_ARTIFACT,
                        "bad manifest: symbol '%s' has an empty or negative range", symbol.name);
    if (symbol.hint < -1)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: symbol '%s' has a negative usual value",
                        symbol.name);
  }
  return DLC_OK;
}

Status Manifest::loadComputedSymbols(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_computed_symbol *rows = nullptr;
  if (!table(header.computed_symbols, header.num_computed_symbols, rows))
    return badManifest(error, "the table of computed symbols lies outside of it");
  if (!computedTable.allocate(header.num_computed_symbols))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_computed_symbols; ++i) {
    computedTable[i].symbolClass = rows[i].symbol_class;
    if (!string(rows[i].name, computedTable[i].name))
      return badManifest(error, "a symbol's name lies outside of it");
    if (rows[i].symbol_class != DLC_SYMBOL_ENTRY && rows[i].symbol_class != DLC_SYMBOL_LATE)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: symbol '%s' is of an unknown class",
                        computedTable[i].name);
  }
  return DLC_OK;
}

/// Checks what kind of thing an input or output is.
Status Manifest::checkPort(const char *kind, const char *name, const dlc_manifest_tensor &row,
                           ErrorText &error) const {
  const bool isValue = row.port == DLC_PORT_VALUE;
  if (row.port > DLC_PORT_VALUE || row.value_kind > DLC_VALUE_OPTIONAL)
    return error.fail(DLC_INCOMPATIBLE, "%s '%s' is of an unknown kind", kind, name);
  if (isValue ? row.rank != 0 : row.value_kind != DLC_VALUE_TENSOR)
    return error.fail(DLC_BAD_ARTIFACT, "bad manifest: %s '%s' contradicts its kind", kind, name);
  const auto dtype = static_cast<int32_t>(row.dtype);
  if ((dlc_dtype_size(dtype) == 0 && !(isValue && dtype == 0)) || (dtype == DLC_STRING && !isValue))
    return error.fail(DLC_INCOMPATIBLE, "%s '%s' has the unknown element type %u", kind, name,
                      row.dtype);
  if ((row.flags & DLC_PORT_DEVICE) != 0 &&
      (isValue || (row.flags & DLC_PORT_READ_AT_ENTRY) != 0 || numImages == 0))
    return error.fail(DLC_BAD_ARTIFACT, "bad manifest: %s '%s' cannot lie on a device", kind, name);
  return DLC_OK;
}

/// Checks the rows of a tensor table and adds up their ranks.
Status Manifest::countDims(const char *kind, uint32_t offset, uint32_t count, size_t &dims,
                           ErrorText &error) const {
  const dlc_manifest_tensor *rows = nullptr;
  if (!table(offset, count, rows))
    return error.fail(DLC_BAD_ARTIFACT, "bad manifest: the %s table lies outside of it", kind);
  for (uint32_t i = 0; i < count; ++i) {
    const dlc_manifest_dim *tensorDims = nullptr;
    const char *name = nullptr;
    if (!string(rows[i].name, name))
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: the name of %s %u lies outside of it",
                        kind, i);
    if (rows[i].rank > DLC_MAX_RANK)
      return error.fail(DLC_INCOMPATIBLE, "%s '%s' has rank %u; this runtime takes up to %d", kind,
                        name, rows[i].rank, DLC_MAX_RANK);
    DLC_RETURN_IF_ERROR(checkPort(kind, name, rows[i], error));
    if (!table(rows[i].dims, rows[i].rank, tensorDims))
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: the dims of %s '%s' lie outside of it",
                        kind, name);
    dims += rows[i].rank;
  }
  return DLC_OK;
}

Status Manifest::loadTensors(const char *kind, uint32_t offset, OwnedArray<ManifestTensor> &tensors,
                             size_t firstDim, bool expressions, ErrorText &error) {
  const dlc_manifest_tensor *rows = nullptr;
  if (!table(offset, tensors.size(), rows))
    return badManifest(error, "a tensor table lies outside of it");
  for (size_t i = 0; i < tensors.size(); ++i) {
    ManifestTensor &tensor = tensors[i];
    tensor.dtype = static_cast<int32_t>(rows[i].dtype);
    tensor.rank = rows[i].rank;
    tensor.dimValues = dimValues.data() + firstDim;
    tensor.dimTexts = dimTexts.data() + firstDim;
    tensor.isValue = rows[i].port == DLC_PORT_VALUE;
    tensor.valueKind = rows[i].value_kind;
    tensor.readAtEntry = (rows[i].flags & DLC_PORT_READ_AT_ENTRY) != 0;
    tensor.onDevice = (rows[i].flags & DLC_PORT_DEVICE) != 0;
    if (!string(rows[i].name, tensor.name) || !table(rows[i].dims, rows[i].rank, tensor.dims))
      return badManifest(error, "a tensor lies outside of it");
    for (uint32_t d = 0; d < tensor.rank; ++d) {
      const dlc_manifest_dim &dim = tensor.dims[d];
      bool isSymbol = dim.symbol >= 0 && static_cast<size_t>(dim.symbol) < symbolTable.size();
      bool isStatic = dim.symbol == -1 && dim.value >= 0;
      bool isExpression = dim.symbol == -1 && dim.value == -1 && expressions;
      if (!isSymbol && !isStatic && !isExpression)
        return error.fail(DLC_BAD_ARTIFACT,
                          "bad manifest: dimension %u of %s '%s' is neither a size nor a symbol", d,
                          kind, tensor.name);
      if (!string(dim.text, dimTexts[firstDim + d]))
        return error.fail(DLC_BAD_ARTIFACT,
                          "bad manifest: the text of dimension %u of %s '%s' lies outside of it", d,
                          kind, tensor.name);
      dimValues[firstDim + d] = isStatic ? dim.value : -1;
    }
    firstDim += tensor.rank;
  }
  return DLC_OK;
}

Status Manifest::loadKernels(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_kernel *rows = nullptr;
  if (!table(header.kernels, header.num_kernels, rows))
    return badManifest(error, "the kernel table lies outside of it");
  if (!kernelTable.allocate(header.num_kernels))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_kernels; ++i)
    if (!string(rows[i].name, kernelTable[i].name) ||
        !string(rows[i].nodes, kernelTable[i].nodes) ||
        !string(rows[i].schedule, kernelTable[i].schedule) ||
        !string(rows[i].precision, kernelTable[i].precision))
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: the texts of kernel %u lie outside of it",
                        i);
  return DLC_OK;
}

Status Manifest::loadSites(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_site *rows = nullptr;
  if (!table(header.sites, header.num_sites, rows))
    return badManifest(error, "the site table lies outside of it");
  if (!siteTable.allocate(header.num_sites))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_sites; ++i) {
    siteTable[i].kind = rows[i].kind;
    if (!string(rows[i].nodes, siteTable[i].nodes) || !string(rows[i].text, siteTable[i].text))
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: the texts of site %u lie outside of it",
                        i);
    if (rows[i].kind > DLC_SITE_TENSOR)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: site %u is of an unknown kind", i);
  }
  return DLC_OK;
}

Status Manifest::loadVersions(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_version *rows = nullptr;
  if (!table(header.versions, header.num_versions, rows))
    return badManifest(error, "the version table lies outside of it");
  if (header.num_versions == 0)
    return badManifest(error, "it has no version of the program");
  if (!versionTable.allocate(header.num_versions))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_versions; ++i) {
    versionTable[i].onDevice = rows[i].on_device != 0;
    if (!string(rows[i].when, versionTable[i].when))
      return badManifest(error, "the text of a version lies outside of it");
    if (rows[i].on_device > 1)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: version %u is for an unknown machine", i);
  }
  return DLC_OK;
}

Status Manifest::loadImages(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_image *rows = nullptr;
  if (!table(header.images, header.num_images, rows))
    return badManifest(error, "the image table lies outside of it");
  if (!imageTable.allocate(header.num_images))
    return outOfMemory(error);
  for (uint32_t i = 0; i < header.num_images; ++i) {
    imageTable[i].form = rows[i].form;
    if (!string(rows[i].target, imageTable[i].target))
      return badManifest(error, "the target of an image lies outside of it");
  }
  return DLC_OK;
}

Status Manifest::loadArenas(const dlc_manifest &header, ErrorText &error) {
  const dlc_manifest_arena *rows = nullptr;
  if (!table(header.arenas, header.num_arenas, rows))
    return badManifest(error, "the arena table lies outside of it");
  if (!arenaTable.allocate(header.num_arenas))
    return outOfMemory(error);
  size_t numSlots = 0;
  for (uint32_t i = 0; i < header.num_arenas; ++i) {
    const dlc_manifest_slot *slots = nullptr;
    arenaTable[i] = {rows[i].version, rows[i].memory, nullptr, numSlots, rows[i].num_slots};
    if (rows[i].version >= header.num_versions || rows[i].memory > DLC_ARENA_DEVICE)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: arena %u is of nothing known", i);
    if (!string(rows[i].size, arenaTable[i].size) ||
        !table(rows[i].slots, rows[i].num_slots, slots))
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: arena %u lies outside of it", i);
    numSlots += rows[i].num_slots;
  }
  return slotTable.allocate(numSlots) ? loadSlots(rows, error) : outOfMemory(error);
}

Status Manifest::loadSlots(const dlc_manifest_arena *rows, ErrorText &error) {
  for (size_t i = 0; i < arenaTable.size(); ++i) {
    const dlc_manifest_slot *slots = nullptr;
    if (!table(rows[i].slots, rows[i].num_slots, slots))
      return badManifest(error, "a slot table lies outside of it");
    for (size_t s = 0; s < arenaTable[i].numSlots; ++s) {
      ManifestSlot &slot = slotTable[arenaTable[i].firstSlot + s];
      slot.numValues = slots[s].num_values;
      slot.place = slots[s].place;
      if (!string(slots[s].size, slot.size))
        return badManifest(error, "the size of a slot lies outside of it");
      if (slot.place < -1)
        return badManifest(error, "a slot lies before its arena");
    }
  }
  return DLC_OK;
}

/// A run takes the shape symbols from the inputs' dims, so that each must be one.
Status Manifest::checkSymbolsBound(ErrorText &error) const {
  for (size_t s = 0; s < symbolTable.size(); ++s) {
    bool bound = false;
    for (const ManifestTensor &input : inputTable)
      for (uint32_t d = 0; d < input.rank; ++d)
        bound = bound || input.dims[d].symbol == static_cast<int32_t>(s);
    if (!bound)
      return error.fail(DLC_BAD_ARTIFACT, "bad manifest: symbol '%s' is no input's dimension",
                        symbolTable[s].name);
  }
  return DLC_OK;
}
