#include "FakeRuntime.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cstdarg>
#include <cstring>
#include <limits>

using namespace dlc::test;

//===----------------------------------------------------------------------===//
// Library ops
//===----------------------------------------------------------------------===//

static const float *floats(const dlc_value *value) {
  return static_cast<const float *>(value->data);
}

/// The output, made where the program has placed none.
static dlc_value *getOutput(const dlc_op_call *call, int32_t dtype, std::vector<int64_t> dims) {
  if (!call->outputs[0])
    call->outputs[0] = call->services->new_tensor(call->state, dtype, dims.size(), dims.data(), 0);
  return call->outputs[0];
}

static std::vector<int64_t> getDims(const dlc_value *value) {
  return {value->dims, value->dims + value->rank};
}

static int32_t add(const dlc_op_call *call) {
  const dlc_value *lhs = call->inputs[0], *rhs = call->inputs[1];
  dlc_value *out = getOutput(call, DLC_DTYPE_F32, getDims(lhs));
  for (uint64_t i = 0; i != out->count; ++i)
    static_cast<float *>(out->data)[i] = floats(lhs)[i] + (rhs ? floats(rhs)[i] : 100);
  return 0;
}

/// The input times attribute `by`.
static int32_t scale(const dlc_op_call *call) {
  const dlc_value *in = call->inputs[0];
  EXPECT_EQ(call->num_attributes, 3u);
  EXPECT_STREQ(call->attributes[0].name, "by");
  EXPECT_STREQ(call->attributes[1].name, "factors");
  EXPECT_EQ(call->attributes[1].kind, uint32_t(DLC_ATTRIBUTE_FLOATS));
  EXPECT_EQ(static_cast<const double *>(call->attributes[1].data)[1], 0.5);
  const auto *text = static_cast<const dlc_string *>(call->attributes[2].data);
  EXPECT_EQ(std::string(text->data, text->size), "linear");
  auto by = static_cast<float>(*static_cast<const int64_t *>(call->attributes[0].data));
  dlc_value *out = getOutput(call, DLC_DTYPE_F32, getDims(in));
  for (uint64_t i = 0; i != out->count; ++i)
    static_cast<float *>(out->data)[i] = floats(in)[i] * by;
  return 0;
}

/// The first element is less than 10.
static int32_t less(const dlc_op_call *call) {
  dlc_value *out = getOutput(call, DLC_DTYPE_BOOL, {1});
  *static_cast<char *>(out->data) = floats(call->inputs[0])[0] < 10;
  return 0;
}

/// The elements that are not zero.
static int32_t nonzero(const dlc_op_call *call) {
  const dlc_value *in = call->inputs[0];
  std::vector<float> found;
  for (uint64_t i = 0; i != in->count; ++i)
    if (floats(in)[i] != 0)
      found.push_back(floats(in)[i]);
  dlc_value *out = getOutput(call, DLC_DTYPE_F32, {static_cast<int64_t>(found.size())});
  std::copy(found.begin(), found.end(), static_cast<float *>(out->data));
  return 0;
}

/// The input and a one behind it.
static int32_t append(const dlc_op_call *call) {
  const dlc_value *in = call->inputs[0];
  dlc_value *out = getOutput(call, DLC_DTYPE_F32, {static_cast<int64_t>(in->count) + 1});
  std::copy(floats(in), floats(in) + in->count, static_cast<float *>(out->data));
  static_cast<float *>(out->data)[in->count] = 1;
  return 0;
}

/// Whole numbers of a vector of floats.
static int32_t to_i64(const dlc_op_call *call) {
  const dlc_value *in = call->inputs[0];
  dlc_value *out = getOutput(call, DLC_DTYPE_I64, getDims(in));
  for (uint64_t i = 0; i != out->count; ++i)
    static_cast<int64_t *>(out->data)[i] = static_cast<int64_t>(floats(in)[i]);
  return 0;
}

/// 0, 1, 2, ... in the output's place.
static int32_t count(const dlc_op_call *call) {
  EXPECT_EQ(call->outputs[0]->is_object, 0u);
  for (uint64_t i = 0; i != call->outputs[0]->count; ++i)
    static_cast<float *>(call->outputs[0]->data)[i] = static_cast<float>(i);
  return 0;
}

static int32_t fail(const dlc_op_call *call) {
  return call->services->fail(call->state, "it %s", "failed");
}

std::string dlc::test::getOpLibrary() {
  const std::pair<const char *, dlc_op_fn> ops[] = {
      {"add", add},       {"scale", scale},   {"less", less}, {"nonzero", nonzero},
      {"append", append}, {"to_i64", to_i64}, {"fail", fail}, {"count", count}};
  std::string text;
  for (auto [name, function] : ops)
    text += llvm::formatv(R"(
  llvm.func @dlc_op_{0}(%call: !llvm.ptr) -> i32 {{
    %address = llvm.mlir.constant({1} : i64) : i64
    %function = llvm.inttoptr %address : i64 to !llvm.ptr
    %result = llvm.call %function(%call) : !llvm.ptr, (!llvm.ptr) -> i32
    llvm.return %result : i32
  })",
                          name, reinterpret_cast<uintptr_t>(function));
  return text;
}

//===----------------------------------------------------------------------===//
// Services
//===----------------------------------------------------------------------===//

FakeRuntime::~FakeRuntime() = default;

dlc_value *FakeRuntime::makeTensor(int32_t dtype, std::vector<int64_t> dims) {
  auto object = std::make_unique<Object>();
  uint64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  object->dims = std::move(dims);
  object->bytes.assign(count * 8 + 8, char(0xff)); // NaNs
  object->references = 1;
  object->value = {sizeof(dlc_value),
                   DLC_VALUE_TENSOR,
                   dtype,
                   1,
                   uint32_t(object->dims.size()),
                   0,
                   object->dims.data(),
                   count,
                   object->bytes.data()};
  objects.push_back(std::move(object));
  ++numObjects;
  size_t live = 0;
  for (const auto &other : objects)
    live += other->references > 0;
  maxLive = std::max(maxLive, live);
  return &objects.back()->value;
}

static FakeRuntime &from(void *state) { return *static_cast<FakeRuntime *>(state); }

size_t FakeRuntime::countLive() const {
  int64_t live = 0;
  for (const auto &object : objects)
    live += object->references;
  for (const dlc_value *value : values)
    live -= value != nullptr;
  return live;
}

static int32_t failOp(void *state, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char text[100];
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  from(state).error = text;
  return 1;
}

void FakeRuntime::addChecks(dlc_services &services) {
  services.unequal = [](void *state, uint32_t, int64_t lhs, int64_t rhs) {
    from(state).error = llvm::formatv("{0} is not {1}", lhs, rhs);
    return 1;
  };
  services.match = [](void *state, uint32_t, const dlc_value *value, int32_t dtype, uint32_t rank,
                      int64_t *dims) {
    if (value->kind != DLC_VALUE_TENSOR || value->dtype != dtype || value->rank != rank) {
      from(state).error = "no match";
      return 1;
    }
    for (uint32_t i = 0; i != rank; ++i) {
      if (dims[i] < 0) {
        dims[i] = value->dims[i];
      } else if (dims[i] != value->dims[i]) {
        from(state).error = llvm::formatv("dim {0} is {1}", i, value->dims[i]);
        return 1;
      }
    }
    return 0;
  };
}

void FakeRuntime::addObjects(dlc_services &services) {
  services.new_tensor = [](void *state, uint32_t, int32_t dtype, uint32_t rank,
                           const int64_t *dims) -> dlc_value * {
    for (uint32_t i = 0; i != rank; ++i)
      if (dims[i] < 0) {
        from(state).error = "negative dim";
        return nullptr;
      }
    return from(state).makeTensor(dtype, {dims, dims + rank});
  };
  services.keep = [](void *state, const dlc_value *value) -> dlc_value * {
    for (auto &object : from(state).objects)
      if (&object->value == value) {
        EXPECT_GT(object->references, 0) << "kept after its end";
        ++object->references;
        return &object->value;
      }
    EXPECT_EQ(value->is_object, 0u);
    dlc_value *copy = from(state).makeTensor(value->dtype, getDims(value));
    EXPECT_EQ(copy->count, value->count);
    std::memcpy(copy->data, value->data, value->count * (value->dtype == DLC_DTYPE_I64 ? 8 : 4));
    return copy;
  };
  services.release = [](void *state, dlc_value *value) {
    for (auto &object : from(state).objects)
      if (&object->value == value) {
        EXPECT_GT(object->references, 0) << "released twice";
        if (--object->references == 0) // who still reads it finds NaNs
          std::fill(object->bytes.begin(), object->bytes.end(), char(0xff));
        return;
      }
    ADD_FAILURE() << "released what is no object";
  };
  services.poll = [](void *state) { return ++from(state).numPolls > 1000 ? 1 : 0; };
}

dlc_services FakeRuntime::getServices() {
  dlc_services services = {};
  services.struct_size = sizeof services;
  services.launch = [](void *state, const dlc_launch *launch) {
    dlc_kernel_error error = {std::numeric_limits<int64_t>::max(), 0, 0};
    dlc_kernel_call call = {sizeof call, 0,      launch->buffers, from(state).symbols.data(),
                            &error,      nullptr};
    for (int64_t task = launch->num_tasks; task-- > 0;)
      launch->function(&call, task);
    return 0;
  };
  addChecks(services);
  addObjects(services);
  services.call = [](void *state, const dlc_library_call *record) {
    ++from(state).numCalls;
    dlc_op_services ops = {};
    ops.struct_size = sizeof ops;
    ops.new_tensor = [](void *state, int32_t dtype, uint32_t rank, const int64_t *dims, uint64_t) {
      return from(state).makeTensor(dtype, {dims, dims + rank});
    };
    ops.fail = failOp;
    record->call->state = state;
    record->call->services = &ops;
    EXPECT_EQ(record->struct_size, sizeof(dlc_library_call));
    EXPECT_EQ(record->call->struct_size, sizeof(dlc_op_call));
    return record->function(record->call);
  };
  return services;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

int32_t FakeRuntime::run(std::vector<int64_t> shapeSymbols, std::vector<void *> inputs,
                         std::vector<int64_t> ranks) {
  const dlc_program *table = program.query(DLC_ABI_VERSION);
  dlc_services services = getServices();
  EXPECT_EQ(table->num_shape_symbols, shapeSymbols.size());
  for (dlc_value *value : values)
    if (value)
      services.release(this, value);
  values.clear();
  error.clear();
  symbols = std::move(shapeSymbols);
  symbols.resize(table->num_symbols, -77);
  outputDims.assign(table->num_output_dims, -77);
  dlc_plan_call plan = {};
  plan.struct_size = sizeof plan;
  plan.state = this;
  plan.services = &services;
  plan.symbols = symbols.data();
  plan.inputs = inputs.data();
  plan.output_dims = outputDims.data();
  for (int again = 0; again != 2; ++again)
    if (int32_t status = table->plan(&plan))
      return status;

  std::vector<char> arena(plan.workspace + 128, char(0xff)); // NaNs
  char *aligned = arena.data() + 64 - reinterpret_cast<uintptr_t>(arena.data()) % 64;
  values.assign(ranks.size(), nullptr);
  outputs.clear();
  std::vector<void *> memory;
  const int64_t *dims = outputDims.data();
  for (int64_t rank : ranks) {
    int64_t count = 1;
    for (int64_t i = 0; i < rank; ++i, ++dims)
      count = *dims < 0 ? 0 : count * *dims;
    outputs.emplace_back(count, std::numeric_limits<float>::quiet_NaN());
    memory.push_back(outputs.back().data());
  }
  dlc_run_call call = {};
  call.struct_size = sizeof call;
  call.state = this;
  call.services = &services;
  call.symbols = symbols.data();
  call.inputs = inputs.data();
  call.outputs = memory.data();
  call.arena = aligned;
  call.weights = table->weights;
  call.values = values.data();
  return table->run(&call);
}

std::vector<float> FakeRuntime::getFloats(size_t output) const {
  if (const dlc_value *value = values[output])
    return {floats(value), floats(value) + value->count};
  return outputs[output];
}
