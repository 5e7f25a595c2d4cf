// Windows and pooling.

#include "Window.h"

using namespace dlc::ops;

static constexpr int64_t sizeLimit = int64_t(1) << 31; // of what is no dim of a tensor

/// `count` integers from least on, below sizeLimit, all `absent` where the attribute is absent.
static bool readSizes(OpCall &call, const char *name, uint32_t count, int64_t least, int64_t absent,
                      Dims &sizes) {
  List<int64_t> found = call.intsAttribute(name);
  if (call.hasAttribute(name) && found.count != count)
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

DLC_LIBRARY_OP(max_pool) {
  const dlc_value *input = call.tensor(0, numbers);
  if (!input)
    return stopped;
  if (input->rank < 3)
    return call.fail("expected at least 3 dims, found %s", DimsText(Dims(input)).text);
  Window window;
  Dims kernel, dims;
  List<int64_t> sizes = call.intsAttribute("kernel");
  if (!call.expectRoom(sizes.count))
    return stopped;
  for (int64_t size : sizes)
    kernel.push(size);
  dims.push(input->dims[0]);
  dims.push(input->dims[1]);
  if (!window.read(call, input, kernel) || !window.appendDims(call, dims))
    return stopped;
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  int64_t plane = Dims(input).product(2, input->rank);
  return visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    Walk walk(dims);
    for (uint64_t i = 0; i < result->count; ++i, walk.next()) {
      int64_t base = (walk.index()[0] * dims[1] + walk.index()[1]) * plane;
      T most = leastOf<T>(input->dtype);
      window.visit(walk.index(), [&](int64_t place, int64_t) {
        most = larger(load<T>(input, base + place), most);
      });
      store<T>(result, i, most);
    }
    return done;
  });
}
