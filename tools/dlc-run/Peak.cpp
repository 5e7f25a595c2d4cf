#include "Peak.h"

#include <algorithm>
#include <chrono>
#include <immintrin.h>
#include <numeric>
#include <pthread.h>
#include <vector>

using namespace dlc::run;

namespace {
/// One way to compute. Twelve sums that do not depend on each other keep two units with a latency
/// of up to six cycles busy, and fit the sixteen registers of AVX.
struct Loop {
  const char *unit;
  /// Does `rounds` times x = x * factor + term for each lane of twelve vectors; returns a number
  /// that depends on all of them, so that none can be left out.
  float (*run)(int64_t rounds, float factor, float term);
  double flopsPerRound;
};
} // namespace

static constexpr int numSums = 12;

/// Unrolls the loop that follows, however little the build optimizes. The sums are in registers
/// then; in memory, each would wait for its own store, and the peak would be half of the true one.
#if defined(__clang__)
#define DLC_UNROLL _Pragma("clang loop unroll(full)")
#else
#define DLC_UNROLL _Pragma("GCC unroll 12")
#endif

__attribute__((target("avx512f"))) static float runAvx512(int64_t rounds, float factor,
                                                          float term) {
  const __m512 a = _mm512_set1_ps(factor), b = _mm512_set1_ps(term);
  __m512 sums[numSums];
  for (int i = 0; i < numSums; ++i)
    sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round) {
    DLC_UNROLL
    for (int i = 0; i < numSums; ++i)
      sums[i] = _mm512_fmadd_ps(sums[i], a, b);
  }
  for (int i = 1; i < numSums; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  float lanes[16];
  _mm512_storeu_ps(lanes, sums[0]);
  return std::accumulate(lanes, lanes + 16, 0.0f);
}

__attribute__((target("avx2,fma"))) static float runAvx2(int64_t rounds, float factor, float term) {
  const __m256 a = _mm256_set1_ps(factor), b = _mm256_set1_ps(term);
  __m256 sums[numSums];
  for (int i = 0; i < numSums; ++i)
    sums[i] = _mm256_set1_ps(static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round) {
    DLC_UNROLL
    for (int i = 0; i < numSums; ++i)
      sums[i] = _mm256_fmadd_ps(sums[i], a, b);
  }
  for (int i = 1; i < numSums; ++i)
    sums[0] = _mm256_add_ps(sums[0], sums[i]);
  float lanes[8];
  _mm256_storeu_ps(lanes, sums[0]);
  return std::accumulate(lanes, lanes + 8, 0.0f);
}

static float runSse(int64_t rounds, float factor, float term) {
  const __m128 a = _mm_set1_ps(factor), b = _mm_set1_ps(term);
  __m128 sums[numSums];
  for (int i = 0; i < numSums; ++i)
    sums[i] = _mm_set1_ps(static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round) {
    DLC_UNROLL
    for (int i = 0; i < numSums; ++i)
      sums[i] = _mm_add_ps(_mm_mul_ps(sums[i], a), b);
  }
  for (int i = 1; i < numSums; ++i)
    sums[0] = _mm_add_ps(sums[0], sums[i]);
  float lanes[4];
  _mm_storeu_ps(lanes, sums[0]);
  return std::accumulate(lanes, lanes + 4, 0.0f);
}

static Loop widestLoop() {
  if (__builtin_cpu_supports("avx512f"))
    return {"AVX-512", runAvx512, numSums * 16 * 2};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"AVX2", runAvx2, numSums * 8 * 2};
  return {"SSE", runSse, numSums * 4 * 2};
}

/// The best of short stretches: what else the machine does takes from the others.
static double measureThread(const Loop &loop) {
  using Clock = std::chrono::steady_clock;
  constexpr int64_t rounds = 20000;
  constexpr std::chrono::milliseconds whole(100);
  // The compiler does not know the numbers. They keep the sums near one.
  volatile float factor = 0.999f, term = 0.001f, result = 0;
  double best = 0;
  for (const auto begin = Clock::now(); Clock::now() - begin < whole;) {
    const auto stretch = Clock::now();
    result = loop.run(rounds, factor, term);
    const std::chrono::duration<double> seconds = Clock::now() - stretch;
    best = std::max(best, static_cast<double>(rounds) * loop.flopsPerRound / seconds.count());
  }
  (void)result;
  return best * 1e-9;
}

namespace {
/// One of the threads that measure at the same time.
struct Measurer {
  pthread_t thread = {};
  bool started = false;
  const Loop *loop = nullptr;
  double gflops = 0;
};
} // namespace

static void *measurerMain(void *measurer) {
  auto &self = *static_cast<Measurer *>(measurer);
  self.gflops = measureThread(*self.loop);
  return nullptr;
}

Peak dlc::run::measurePeak(uint32_t numThreads) {
  const Loop loop = widestLoop();
  std::vector<Measurer> others(numThreads - 1);
  for (Measurer &other : others) {
    other.loop = &loop;
    other.started = pthread_create(&other.thread, nullptr, measurerMain, &other) == 0;
  }
  double sum = measureThread(loop);
  for (Measurer &other : others)
    if (other.started) {
      pthread_join(other.thread, nullptr);
      sum += other.gflops;
    }
  return {sum, loop.unit};
}
