// The shared library of the runtime can be unloaded: its helpers end with it.
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace dlc::test;

/// Threads of this process that are helpers: also those of the runtime that is part of this test.
static int countHelpers() {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    count += name == "dlc-helper";
  }
  return count;
}

/// A helper names itself when it first runs, and one that was joined may stand in /proc a little
/// longer.
static int countHelpersOnce(int expected) {
  for (int i = 0; i < 10000 && countHelpers() != expected; ++i)
    usleep(1000);
  return countHelpers();
}

static void runOnce(void *library, const std::string &artifact) {
#define FIND(name) auto *name##_ = reinterpret_cast<decltype(&name)>(dlsym(library, #name))
  FIND(dlc_session_load);
  FIND(dlc_session_release);
  FIND(dlc_context_create);
  FIND(dlc_context_release);
  FIND(dlc_context_run);
  FIND(dlc_output_release);
#undef FIND
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_session_load_(artifact.c_str(), nullptr, nullptr, 0, &session), DLC_OK);
  ASSERT_EQ(dlc_context_create_(session, nullptr, &context), DLC_OK);
  const int64_t dims[] = {500, 3};
  const std::vector<float> data(1500, 1.0f);
  const dlc_input inputs[2] = {
      {sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, &data[0], 6000, nullptr, 0, 0},
      {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, &data[0], 2000, nullptr, 0, 0}};
  dlc_output outputs[2] = {};
  outputs[0].struct_size = outputs[1].struct_size = sizeof(dlc_output);
  ASSERT_EQ(dlc_context_run_(context, nullptr, inputs, 2, outputs, 2), DLC_OK);
  EXPECT_EQ(static_cast<float *>(outputs[0].data)[1499], 32.0f);
  dlc_output_release_(&outputs[0]);
  dlc_output_release_(&outputs[1]);
  dlc_context_release_(context);
  dlc_session_release_(session);
}

TEST(Unload, EndsTheHelpers) {
  TemporaryFolder folder;
  const std::string artifact = folder.write("model.so", buildArtifact().bytes);
  const int before = countHelpers();
  for (bool asleep : {false, true}) {
    void *library = dlopen(DLC_RUNTIME, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    runOnce(library, artifact);
    EXPECT_EQ(countHelpersOnce(before + 3), before + 3);
    if (asleep)
      usleep(5000);
    else
      runOnce(library, artifact);
    dlclose(library);
    EXPECT_FALSE(dlopen(DLC_RUNTIME, RTLD_NOW | RTLD_NOLOAD));
    EXPECT_EQ(countHelpersOnce(before), before);
  }
}
