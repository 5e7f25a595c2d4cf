// The services that a library op may ask for, as simple as they can be. All outputs are described,
// so that no op has to make an object.

#include "CallLibraryOp.h"

#include "dlc/ABI/Op.h"

#include "llvm/Support/MathExtras.h"

#include <cstdarg>
#include <cstdlib>
#include <memory>
#include <numeric>

using namespace llvm;
using namespace dlc;

#define DLC_OP(name) extern "C" int32_t dlc_op_##name(const dlc_op_call *call);
#include "dlc/ABI/Ops.def"

static dlc_op_fn findFunction(StringRef name) {
  struct Row {
    StringLiteral name;
    dlc_op_fn function;
  };
  static constexpr Row rows[] = {
#define DLC_OP(name) {#name, dlc_op_##name},
#include "dlc/ABI/Ops.def"
  };
  for (const Row &row : rows)
    if (row.name == name)
      return row.function;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Services
//===----------------------------------------------------------------------===//

namespace {
struct FreeMemory {
  void operator()(void *memory) const { std::free(memory); }
};

/// The state of a call.
struct CallState {
  std::string error;
  SmallVector<std::unique_ptr<void, FreeMemory>> memory;
};
} // namespace

static int32_t failCall(void *opaque, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  std::string text(std::max(vsnprintf(nullptr, 0, format, arguments), 0), '\0');
  vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  va_end(arguments);
  static_cast<CallState *>(opaque)->error = std::move(text);
  return 1;
}

static dlc_value *refuse(void *opaque) {
  failCall(opaque, "an object cannot become a constant");
  return nullptr;
}

static dlc_value *newTensor(void *opaque, int32_t, uint32_t, const int64_t *, uint64_t) {
  return refuse(opaque);
}

static dlc_value *newList(void *opaque, uint32_t, int32_t, uint64_t) { return refuse(opaque); }

static dlc_value *keep(void *opaque, const dlc_value *) { return refuse(opaque); }

static void release(void *, dlc_value *) {}

static void *allocateScratch(void *opaque, uint64_t bytes) {
  constexpr size_t alignment = 64;
  void *memory = nullptr;
  if (bytes <= uint64_t(std::numeric_limits<int64_t>::max()))
    memory = std::aligned_alloc(alignment, alignTo(std::max<uint64_t>(bytes, 1), alignment));
  if (memory)
    static_cast<CallState *>(opaque)->memory.emplace_back(memory);
  else
    failCall(opaque, "cannot allocate %llu bytes", static_cast<unsigned long long>(bytes));
  return memory;
}

static void runBodies(void *, int64_t count, void (*body)(void *, int64_t), void *argument) {
  for (int64_t index = 0; index < count; ++index)
    body(argument, index);
}

static constexpr dlc_op_services services = {
    sizeof(dlc_op_services), 0,         newTensor, newList, keep, release,
    allocateScratch,         runBodies, failCall};

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

namespace {
/// The attributes of a call, and what they point to.
class Attributes {
public:
  explicit Attributes(ArrayRef<LibraryAttribute> attributes) {
    for (const LibraryAttribute &attribute : attributes) {
      dlc_attribute row = {};
      names.push_back(std::make_unique<std::string>(attribute.name));
      row.name = names.back()->c_str();
      row.kind = attribute.kind;
      row.count =
          std::max({attribute.ints.size(), attribute.floats.size(), attribute.strings.size()});
      row.data = store(attribute);
      rows.push_back(row);
    }
  }

  ArrayRef<dlc_attribute> get() const { return rows; }

private:
  const void *store(const LibraryAttribute &attribute) {
    if (!attribute.floats.empty())
      return floats.emplace_back(std::make_unique<SmallVector<double>>(attribute.floats))->data();
    if (!attribute.strings.empty()) {
      auto views = map_to_vector(
          attribute.strings, [](StringRef text) { return dlc_string{text.data(), text.size()}; });
      return strings.emplace_back(std::make_unique<SmallVector<dlc_string>>(views))->data();
    }
    auto values = map_to_vector(attribute.ints, [](ExprAttr expr) { return *expr.getConstant(); });
    return ints.emplace_back(std::make_unique<SmallVector<int64_t>>(values))->data();
  }

  SmallVector<dlc_attribute> rows;
  SmallVector<std::unique_ptr<std::string>> names;
  SmallVector<std::unique_ptr<SmallVector<int64_t>>> ints;
  SmallVector<std::unique_ptr<SmallVector<double>>> floats;
  SmallVector<std::unique_ptr<SmallVector<dlc_string>>> strings;
};
} // namespace

static dlc_value describe(const TensorData &tensor) {
  dlc_value value = {};
  value.struct_size = sizeof(value);
  value.kind = DLC_VALUE_TENSOR;
  value.dtype = tensor.dtype;
  value.rank = tensor.dims.size();
  value.dims = tensor.dims.data();
  value.count =
      std::accumulate(tensor.dims.begin(), tensor.dims.end(), uint64_t(1), std::multiplies<>());
  value.data = tensor.bytes.data();
  return value;
}

std::optional<std::string> dlc::callLibraryOp(StringRef name, ArrayRef<const TensorData *> inputs,
                                              ArrayRef<TensorData> outputs,
                                              ArrayRef<LibraryAttribute> attributes) {
  SmallVector<dlc_value> inputValues(inputs.size()), outputValues(outputs.size());
  SmallVector<const dlc_value *> inputPointers(inputs.size());
  SmallVector<dlc_value *> outputPointers(outputs.size());
  for (auto [index, input] : llvm::enumerate(inputs))
    if (input) {
      inputValues[index] = describe(*input);
      inputPointers[index] = &inputValues[index];
    }
  for (auto [index, output] : llvm::enumerate(outputs)) {
    outputValues[index] = describe(output);
    outputPointers[index] = &outputValues[index];
  }
  Attributes encoded(attributes);
  CallState state;
  dlc_op_call call = {};
  call.struct_size = sizeof(call);
  call.num_inputs = inputs.size();
  call.num_outputs = outputs.size();
  call.num_attributes = attributes.size();
  call.inputs = inputPointers.data();
  call.outputs = outputPointers.data();
  call.attributes = encoded.get().data();
  call.state = &state;
  call.services = &services;
  if (findFunction(name)(&call) == 0)
    return std::nullopt;
  return state.error;
}
