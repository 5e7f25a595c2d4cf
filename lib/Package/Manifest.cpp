#include "Manifest.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ScopedPrinter.h"

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

  FailureOr<std::string> build(ArrayRef<Kernel> kernels, StringRef target);

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
  /// A table with a row for each of `items`, which `makeRow` makes; sets its place in the header.
  template <typename Items, typename MakeRow>
  void addTable(const Items &items, uint32_t &count, uint32_t &offset, MakeRow makeRow) {
    using Row = decltype(makeRow(*items.begin()));
    count = items.size();
    offset = reserve(items.size() * sizeof(Row));
    for (auto [index, item] : llvm::enumerate(items)) {
      Row row = makeRow(item); // may append strings and tables
      store(offset + index * sizeof(Row), row);
    }
  }
  LogicalResult addPorts(StringRef kind, ArrayRef<Port> ports, uint32_t &offset);
  LogicalResult addTensor(StringRef kind, const Port &port, dlc_manifest_tensor &row);
  FailureOr<dlc_manifest_dim> makeDim(StringRef kind, const Port &port, ExprAttr dim);
  void addSymbols(dlc_manifest &header);
  void addKernels(ArrayRef<Kernel> kernels, dlc_manifest &header);
  LogicalResult addHostTables(dlc_manifest &header);
  void addArenas(ArrayRef<Arena> arenas, dlc_manifest &header);

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

/// Those that a run takes from its inputs, then the names of those that are computed.
void ManifestBuilder::addSymbols(dlc_manifest &header) {
  addTable(signature.symbols, header.num_symbols, header.symbols, [&](StringRef symbol) {
    SizeRange range = getRange(module, symbol);
    return dlc_manifest_symbol{addString(symbol), 0, range.min, range.max,
                               getHint(module, symbol).value_or(-1)};
  });
  SmallVector<std::pair<StringRef, uint32_t>> computed;
  for (StringRef symbol : signature.entrySymbols)
    computed.push_back({symbol, DLC_SYMBOL_ENTRY});
  for (StringRef symbol : signature.lateSymbols)
    computed.push_back({symbol, DLC_SYMBOL_LATE});
  addTable(computed, header.num_computed_symbols, header.computed_symbols, [&](auto symbol) {
    return dlc_manifest_computed_symbol{addString(symbol.first), symbol.second};
  });
}

/// "direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1"
static std::string describeSchedule(ScheduleAttr schedule) {
  std::string text = llvm::to_string(schedule);
  StringRef inner = text;
  inner = inner.substr(inner.find('<') + 1);
  return inner.substr(0, inner.rfind('>')).str();
}

void ManifestBuilder::addKernels(ArrayRef<Kernel> kernels, dlc_manifest &header) {
  addTable(kernels, header.num_kernels, header.kernels, [&](const Kernel &kernel) {
    return dlc_manifest_kernel{addString(kernel.name), addString(kernel.nodes),
                               addString(describeSchedule(kernel.schedule)),
                               addString(stringifyPrecision(kernel.schedule.getPrecision()))};
  });
}

void ManifestBuilder::addArenas(ArrayRef<Arena> arenas, dlc_manifest &header) {
  addTable(arenas, header.num_arenas, header.arenas, [&](const Arena &arena) {
    dlc_manifest_arena row = {};
    row.version = arena.version;
    row.memory = arena.space == Space::device ? DLC_ARENA_DEVICE : DLC_ARENA_HOST;
    row.size = addString(arena.size.str());
    addTable(arena.slots, row.num_slots, row.slots, [&](const ArenaSlot &slot) {
      return dlc_manifest_slot{slot.offset.getConstant().value_or(-1), addString(slot.size.str()),
                               static_cast<uint32_t>(slot.numValues)};
    });
    return row;
  });
}

/// What codegen has found of the host program.
LogicalResult ManifestBuilder::addHostTables(dlc_manifest &header) {
  FailureOr<SmallVector<HostSite>> sites = getSites(module);
  FailureOr<SmallVector<Version>> versions = getVersions(module);
  FailureOr<SmallVector<DeviceImage>> images = getImages(module);
  FailureOr<SmallVector<Arena>> arenas = getArenas(module);
  if (failed(sites) || failed(versions) || failed(images) || failed(arenas))
    return failure();
  addTable(*sites, header.num_sites, header.sites, [&](const HostSite &site) {
    return dlc_manifest_site{addString(site.nodes), addString(site.text), site.kind, 0};
  });
  addTable(*versions, header.num_versions, header.versions, [&](const Version &version) {
    return dlc_manifest_version{addString(version.when), version.isOnDevice};
  });
  addTable(*images, header.num_images, header.images, [&](const DeviceImage &image) {
    return dlc_manifest_image{
        addString("cuda:sm_" + std::to_string(image.architecture) + (image.isSpecific ? "a" : "")),
        image.form};
  });
  addArenas(*arenas, header);
  return success();
}

FailureOr<std::string> ManifestBuilder::build(ArrayRef<Kernel> kernels, StringRef target) {
  dlc_manifest header = {};
  reserve(sizeof(header));
  header.struct_size = sizeof(header);
  header.num_inputs = signature.inputs.size();
  header.num_outputs = signature.outputs.size();
  if (failed(addPorts("input", signature.inputs, header.inputs)) ||
      failed(addPorts("output", signature.outputs, header.outputs)))
    return failure();
  addSymbols(header);
  addKernels(kernels, header);
  if (failed(addHostTables(header)))
    return failure();
  header.model = addString(getModelName(module));
  header.compiler = addString(DLC_VERSION);
  header.target = addString(target);
  store(0, header);
  if (blob.size() > std::numeric_limits<uint32_t>::max())
    return module.emitError("expected a manifest of less than 4 GB");
  return blob;
}

FailureOr<std::string> dlc::buildManifest(ModuleOp module) {
  FailureOr<Signature> signature = getSignature(module);
  FailureOr<TargetAttr> target = getTarget(module);
  FailureOr<SmallVector<Kernel>> kernels = getKernels(module);
  if (failed(signature) || failed(target) || failed(kernels))
    return failure();
  return ManifestBuilder(module, *signature).build(*kernels, target->getCpu());
}
