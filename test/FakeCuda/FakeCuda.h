// A libcuda.so.1 for tests: devices whose memory is the host's, kernels that are functions of the
// test, and a watch over how the driver's API is used.
//
// Work is done at once, in the order of the calls. Misuse (an unknown or destroyed handle, memory
// that is not there, no current context, a graph's node that is another's) is noted and fails the
// call.
#ifndef DLC_TEST_FAKECUDA_H
#define DLC_TEST_FAKECUDA_H

#include <cstdint>

extern "C" {

/// A kernel: called once for each launch. Parameters are given as cuLaunchKernel has them.
typedef void (*fake_kernel)(void **parameters, unsigned blocks, unsigned threads);

struct fake_counts {
  int64_t live;         // objects and memory that exist: contexts, modules, streams, graphs, ...
  int64_t device_bytes; // allocated on all devices
  int64_t calls;        // of the driver's API
  int64_t misuse;       // misuses found
  int64_t launches;     // kernels that ran, those of graphs included
  int64_t graph_launches;
  int64_t node_updates;
  int64_t instantiations;
  int64_t copies_to_device;
  int64_t copies_to_host;
  int64_t bytes_to_device;
};

/// Forgets counts and settings; kernels stay. 2 devices of architecture 90, CUDA 12.4.
void fake_reset(void);
void fake_set_devices(int count, int architecture);
void fake_set_version(int version);
/// So many bytes are all that a device has.
void fake_set_memory(uint64_t bytes);
/// The call that counts this down to zero returns `result`, and, where it is a sticky error, all
/// later ones of the context do too. A negative number: none does.
void fake_fail_at(int64_t call, int result);
/// Each parameter is a word of 64 bits.
void fake_register(const char *name, fake_kernel kernel, unsigned num_parameters);
fake_counts fake_get_counts(void);
/// What the first misuse was, or "".
const char *fake_first_misuse(void);
}

#endif
