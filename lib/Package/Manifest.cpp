#include "Manifest.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"

#include "llvm/ADT/StringMap.h"

#include <cstring>
#include <limits>
#include <optional>

using namespace mlir;
using namespace dlc;

namespace {
/// Appends tables and strings to the blob as they come up; a table's rows are stored once their
/// strings have offsets.
class ManifestBuilder {
public:
  ManifestBuilder(ModuleOp module, const Signature &signature)
      : module(module), signature(signature) {}

  FailureOr<std::string> build(ArrayRef<Kernel> kernels, ArrayRef<HostSite> sites,
                               ArrayRef<Version> versions, ArrayRef<DeviceImage> images,
                               StringRef target);

private:
  /// Reserves an aligned table and returns its offset.
  uint32_t reserve(size_t bytes) {
    blob.resize(llvm::alignTo(blob.size(), 8), '\0');
    uint32_t offset = blob.size();
    blob.resize(offset + bytes, '\0');
    return offset;
  }
  template <typename T> void store(uint32_t offset, const T &value) {
    std::memcpy(blob.data() + offset, &value, sizeof(T));
  }
  /// Equal strings are stored once.
  uint32_t addString(StringRef text);
  LogicalResult addPorts(StringRef kind, ArrayRef<Port> ports, uint32_t &offset);
  LogicalResult addTensor(StringRef kind, const Port &port, dlc_manifest_tensor &row);
  FailureOr<dlc_manifest_dim> makeDim(StringRef kind, const Port &port, ExprAttr dim);

  ModuleOp module;
  const Signature &signature;
  std::string blob;
  llvm::StringMap<uint32_t> strings;
};
} // namespace

uint32_t ManifestBuilder::addString(StringRef text) {
  auto [entry, isNew] = strings.try_emplace(text, blob.size());
  if (isNew) {
    blob.append(text.data(), text.size());
    blob.push_back('\0');
  }
  return entry->second;
}

FailureOr<dlc_manifest_dim> ManifestBuilder::makeDim(StringRef kind, const Port &port,
                                                     ExprAttr dim) {
  dlc_manifest_dim row = {-1, -1, 0};
  if (std::optional<int64_t> value = dim.getConstant()) {
    row.value = *value;
    if (*value < 0)
      return module.emitError() << kind << " '" << port.name
                                << "': expected a dim that is not negative, found " << *value;
  } else if (std::optional<StringRef> symbol = dim.getSymbol()) {
    const auto *found = llvm::find(signature.symbols, *symbol);
    if (found != signature.symbols.end())
      row.symbol = found - signature.symbols.begin();
    else if (!llvm::is_contained(signature.getAllSymbols(), *symbol)) // others are computed
      return module.emitError() << kind << " '" << port.name << "': expected symbol '" << *symbol
                                << "' to be one of the signature's";
  }
  row.text = addString(dim.str());
  return row;
}

/// Type and dims of a planned input or output.
LogicalResult ManifestBuilder::addTensor(StringRef kind, const Port &port,
                                         dlc_manifest_tensor &row) {
  std::optional<int32_t> dtype = getDtype(port.type.getElementType());
  if (!dtype || !port.type.hasRank())
    return module.emitError() << kind << " '" << port.name
                              << "': expected a ranked tensor of numbers, found " << port.type;
  if (port.type.getRank() > DLC_MANIFEST_MAX_RANK)
    return module.emitError() << kind << " '" << port.name << "': expected at most "
                              << DLC_MANIFEST_MAX_RANK << " dims, found " << port.type.getRank();
  row.dtype = *dtype;
  row.rank = port.type.getRank();
  row.dims = reserve(row.rank * sizeof(dlc_manifest_dim));
  for (auto [axis, dim] : llvm::enumerate(port.type.getDims())) {
    FailureOr<dlc_manifest_dim> dimRow = makeDim(kind, port, dim);
    if (failed(dimRow))
      return failure();
    store(row.dims + axis * sizeof(dlc_manifest_dim), *dimRow);
  }
  return success();
}

LogicalResult ManifestBuilder::addPorts(StringRef kind, ArrayRef<Port> ports, uint32_t &offset) {
  offset = reserve(ports.size() * sizeof(dlc_manifest_tensor));
  for (auto [index, port] : llvm::enumerate(ports)) {
    dlc_manifest_tensor row = {};
    row.name = addString(port.name);
    row.flags =
        (port.readAtEntry ? DLC_PORT_READ_AT_ENTRY : 0) | (port.isOnDevice ? DLC_PORT_DEVICE : 0);
    if (port.handle) {
      row.port = DLC_PORT_VALUE;
      row.value_kind = port.handle->kind;
      row.dtype = port.handle->dtype;
      row.dims = reserve(0);
    } else if (failed(addTensor(kind, port, row))) {
      return failure();
    }
    store(offset + index * sizeof(dlc_manifest_tensor), row);
  }
  return success();
}

FailureOr<std::string> ManifestBuilder::build(ArrayRef<Kernel> kernels, ArrayRef<HostSite> sites,
                                              ArrayRef<Version> versions,
                                              ArrayRef<DeviceImage> images, StringRef target) {
  dlc_manifest header = {};
  reserve(sizeof(header));
  header.struct_size = sizeof(header);
  header.num_inputs = signature.inputs.size();
  header.num_outputs = signature.outputs.size();
  header.num_symbols = signature.symbols.size();
  header.num_kernels = kernels.size();
  header.num_sites = sites.size();
  header.num_versions = versions.size();
  header.num_images = images.size();
  if (failed(addPorts("input", signature.inputs, header.inputs)) ||
      failed(addPorts("output", signature.outputs, header.outputs)))
    return failure();

  header.symbols = reserve(signature.symbols.size() * sizeof(dlc_manifest_symbol));
  for (auto [index, symbol] : llvm::enumerate(signature.symbols)) {
    SymbolRange range = getRange(module, symbol);
    dlc_manifest_symbol row = {addString(symbol), 0, range.min, range.max};
    store(header.symbols + index * sizeof(row), row);
  }
  header.kernels = reserve(kernels.size() * sizeof(dlc_manifest_kernel));
  for (auto [index, kernel] : llvm::enumerate(kernels)) {
    dlc_manifest_kernel row = {addString(kernel.name), addString(kernel.nodes)};
    store(header.kernels + index * sizeof(row), row);
  }
  header.sites = reserve(sites.size() * sizeof(dlc_manifest_site));
  for (auto [index, site] : llvm::enumerate(sites)) {
    dlc_manifest_site row = {addString(site.nodes), addString(site.text)};
    store(header.sites + index * sizeof(row), row);
  }
  header.versions = reserve(versions.size() * sizeof(dlc_manifest_version));
  for (auto [index, version] : llvm::enumerate(versions)) {
    dlc_manifest_version row = {addString(version.when), 0};
    store(header.versions + index * sizeof(row), row);
  }
  header.images = reserve(images.size() * sizeof(dlc_manifest_image));
  for (auto [index, image] : llvm::enumerate(images)) {
    dlc_manifest_image row = {addString("cuda:sm_" + std::to_string(image.architecture)),
                              image.form};
    store(header.images + index * sizeof(row), row);
  }
  header.model = addString(getModelName(module));
  header.compiler = addString(DLC_VERSION);
  header.target = addString(target);
  store(0, header);
  if (blob.size() > std::numeric_limits<uint32_t>::max())
    return module.emitError("expected a manifest of less than 4 GB");
  return blob;
}

FailureOr<std::string> dlc::buildManifest(ModuleOp module, ArrayRef<Kernel> kernels) {
  FailureOr<Signature> signature = getSignature(module);
  FailureOr<TargetAttr> target = getTarget(module);
  FailureOr<SmallVector<HostSite>> sites = getSites(module);
  FailureOr<SmallVector<Version>> versions = getVersions(module);
  FailureOr<SmallVector<DeviceImage>> images = getImages(module);
  if (failed(signature) || failed(target) || failed(sites) || failed(versions) || failed(images))
    return failure();
  return ManifestBuilder(module, *signature)
      .build(kernels, *sites, *versions, *images, target->getCpu());
}
