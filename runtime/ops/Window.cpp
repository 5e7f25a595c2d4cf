// Windows and pooling.

#include "Window.h"

#include <math.h>

using namespace dlc::ops;

static constexpr int64_t sizeLimit = int64_t(1) << 31; // of what is no dim of a tensor

/// `count` integers from least on, below sizeLimit, all `absent` where the attribute is absent or
/// empty: import leaves them out where it does not know how many there are.
static bool readSizes(OpCall &call, const char *name, uint32_t count, int64_t least, int64_t absent,
                      Dims &sizes) {
  List<int64_t> found = call.intsAttribute(name);
  if (found.count && found.count != count)
    return call.fail("expected %u %s, found %lu", count, name, (unsigned long)found.count), false;
  sizes = Dims(count, absent);
  for (uint32_t i = 0; i < found.count; ++i) {
    if (found[i] < least || found[i] >= sizeLimit)
      return call.fail("%ld is not allowed among the %s", long(found[i]), name), false;
    sizes[i] = found[i];
  }
  return true;
}

bool Window::read(OpCall &call, const dlc_value *value, const Dims &kernelDims) {
  uint32_t rank = value->rank - 2;
  if (kernelDims.rank != rank)
    return call.fail("expected a kernel of rank %u, found dims %s", rank,
                     DimsText(kernelDims).text),
           false;
  input = Dims();
  for (uint32_t i = 0; i < rank; ++i) {
    input.push(value->dims[i + 2]);
    if (kernelDims[i] < 1 || kernelDims[i] >= sizeLimit || input[i] >= INT64_MAX / 4)
      return call.fail("a kernel of dims %s does not fit an input of dims %s",
                       DimsText(kernelDims).text, DimsText(Dims(value)).text),
             false;
  }
  kernel = kernelDims;
  Dims pads;
  if (!call.expectRoom(2 * uint64_t(rank)) || !readSizes(call, "strides", rank, 1, 1, strides) ||
      !readSizes(call, "dilations", rank, 1, 1, dilations) ||
      !readSizes(call, "pads", 2 * rank, 0, 0, pads))
    return false;
  begins = ends = Dims();
  for (uint32_t i = 0; i < rank; ++i) {
    begins.push(pads[i]);
    ends.push(pads[rank + i]);
  }
  ceil = call.flag("ceil");
  return true;
}

bool Window::appendDims(OpCall &call, Dims &dims) const {
  for (uint32_t i = 0; i < kernel.rank; ++i) {
    int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    int64_t room = input[i] + begins[i] + ends[i] - reach;
    if (room < 0)
      return call.fail("a window of %ld elements does not fit a dim of %ld with pads %ld and %ld",
                       long(reach), long(input[i]), long(begins[i]), long(ends[i])),
             false;
    int64_t size = room / strides[i] + 1;
    // One more window, where it begins in the input or in the pads before it.
    if (ceil && room % strides[i] != 0 && size * strides[i] < input[i] + begins[i])
      ++size;
    dims.push(size);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

enum Kind : uint32_t { sumKind, meanKind, maxKind, l1Kind, l2Kind };

/// The window of a pooling of operand 0, and the dims of its result.
static const dlc_value *readPool(OpCall &call, uint32_t types, Window &window, Dims &dims) {
  const dlc_value *input = call.tensor(0, types);
  if (!input)
    return nullptr;
  if (input->rank < 3)
    return call.fail("expected at least 3 dims, found %s", DimsText(Dims(input)).text), nullptr;
  Dims kernel;
  List<int64_t> sizes = call.intsAttribute("kernel");
  if (!call.expectRoom(sizes.count))
    return nullptr;
  for (int64_t size : sizes)
    kernel.push(size);
  dims.push(input->dims[0]);
  dims.push(input->dims[1]);
  bool good = window.read(call, input, kernel) && window.appendDims(call, dims);
  return good ? input : nullptr;
}

/// Calls visit(i, at, base) for each element of the result: its number and index, and where the
/// plane of its window begins in the input.
template <typename Visit>
static void visitWindows(const dlc_value *input, const Dims &dims, Visit visit) {
  int64_t plane = Dims(input).product(2, input->rank);
  Walk walk(dims);
  for (int64_t i = 0, end = dims.product(0, dims.rank); i < end; ++i, walk.next())
    visit(i, walk.index(), (walk.index()[0] * dims[1] + walk.index()[1]) * plane);
}

static double poolReals(const dlc_value *input, const Window &window, const Dims &at, int64_t base,
                        uint32_t kind, bool includePads) {
  double sum = 0;
  int64_t count = 0;
  window.visit(at, [&](int64_t place, int64_t) {
    double element = loadReal(input, base + place);
    sum += kind == l1Kind ? fabs(element) : kind == l2Kind ? element * element : element;
    ++count;
  });
  if (kind == meanKind)
    return sum / double(includePads ? window.countWithPads(at) : count);
  return kind == l2Kind ? sqrt(sum) : sum;
}

DLC_LIBRARY_OP(pool) {
  uint32_t kind;
  if (!call.keyword("kind", "", "sum mean max l1 l2", kind))
    return stopped;
  Window window;
  Dims dims;
  const dlc_value *input = readPool(call, kind == maxKind ? numbers : floats, window, dims);
  dlc_value *result = input ? call.output(0, input->dtype, dims) : nullptr;
  if (!result)
    return stopped;
  bool includePads = call.flag("include_pads");
  if (kind != maxKind) {
    visitWindows(input, dims, [&](int64_t i, const Dims &at, int64_t base) {
      storeReal(result, i, poolReals(input, window, at, base, kind, includePads));
    });
    return done;
  }
  return visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    visitWindows(input, dims, [&](int64_t i, const Dims &at, int64_t base) {
      T most = leastOf<T>(input->dtype);
      window.visit(
          at, [&](int64_t place, int64_t) { most = larger(load<T>(input, base + place), most); });
      store<T>(result, i, most);
    });
    return done;
  });
}

/// `place` in a plane of dims `input`, as if its first dim were the innermost.
static int64_t transposePlace(int64_t place, const Dims &input) {
  int64_t result = 0, stride = input.product(0, input.rank);
  for (uint32_t i = input.rank; i-- > 0; place /= input[i]) {
    stride /= input[i];
    result += place % input[i] * stride;
  }
  return result;
}

/// The largest elements, and where the first of each lies in the flat input.
DLC_LIBRARY_OP(max_pool_indices) {
  Window window;
  Dims dims;
  const dlc_value *input = readPool(call, numbers, window, dims);
  dlc_value *result = input ? call.output(0, input->dtype, dims) : nullptr;
  dlc_value *indices = result ? call.output(1, DLC_DTYPE_I64, dims) : nullptr;
  if (!indices)
    return stopped;
  bool columnMajor = call.intAttribute("storage_order", 0) != 0;
  return visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    visitWindows(input, dims, [&](int64_t i, const Dims &at, int64_t base) {
      T most = leastOf<T>(input->dtype);
      int64_t found = -1;
      window.visit(at, [&](int64_t place, int64_t) {
        T element = load<T>(input, base + place);
        if (found < 0 || element > most || (element != element && most == most))
          most = element, found = place;
      });
      store<T>(result, i, most);
      int64_t place = columnMajor && found >= 0 ? transposePlace(found, window.input) : found;
      storeInteger(indices, i, found < 0 ? 0 : base + place);
    });
    return done;
  });
}
