// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The processor check at open.

extern "C" {
#include "cpu.h"
}
#include "Fake.h"

#include <string>

TEST(Cpu, NothingIsRequiredNothingIsMissing) {
  EXPECT_EQ(edgelm_rt_missing_feature(nullptr), nullptr);
  EXPECT_EQ(edgelm_rt_missing_feature(""), nullptr);
}

TEST(Cpu, AnUnknownFeatureIsMissing) {
  static const char features[] = "warp-drive\0";
  EXPECT_STREQ(edgelm_rt_missing_feature(features), "warp-drive");
}

#if defined(__x86_64__)
// The compiler's own check is the reference.
#define EDGELM_CHECK_FEATURE(name)                                                                                     \
  EXPECT_EQ(edgelm_rt_missing_feature(name "\0") == nullptr, !!__builtin_cpu_supports(name)) << name

TEST(Cpu, AgreesWithTheCompilersRuntime) {
  EDGELM_CHECK_FEATURE("sse3");
  EDGELM_CHECK_FEATURE("sse4.2");
  EDGELM_CHECK_FEATURE("popcnt");
  EDGELM_CHECK_FEATURE("avx");
  EDGELM_CHECK_FEATURE("avx2");
  EDGELM_CHECK_FEATURE("fma");
  EDGELM_CHECK_FEATURE("f16c");
  EDGELM_CHECK_FEATURE("bmi");
  EDGELM_CHECK_FEATURE("bmi2");
  EDGELM_CHECK_FEATURE("lzcnt");
  EDGELM_CHECK_FEATURE("movbe");
  EDGELM_CHECK_FEATURE("avx512f");
  EDGELM_CHECK_FEATURE("avx512dq");
  EDGELM_CHECK_FEATURE("avx512bw");
  EDGELM_CHECK_FEATURE("avx512vl");
  EDGELM_CHECK_FEATURE("avx512cd");
  EDGELM_CHECK_FEATURE("avx512vnni");
  EDGELM_CHECK_FEATURE("avx512vbmi2");
  EDGELM_CHECK_FEATURE("avx512bf16");
  EDGELM_CHECK_FEATURE("avx512fp16");
  EDGELM_CHECK_FEATURE("avxvnni");
  // With the system's permission, which is given as often as it is asked for.
  EDGELM_CHECK_FEATURE("amx-tile");
  EDGELM_CHECK_FEATURE("amx-int8");
  EDGELM_CHECK_FEATURE("gfni");
  EDGELM_CHECK_FEATURE("vaes");
}

TEST(Cpu, SaysTheFirstOfAListThatIsMissing) {
  static const char features[] = "sse3\0warp\0avx2\0";
  EXPECT_STREQ(edgelm_rt_missing_feature(features), "warp");
  static const char prefix[] = "sse\0"; // no name of the table
  EXPECT_STREQ(edgelm_rt_missing_feature(prefix), "sse");
}
#endif

static int32_t mustNotRun(struct edgelm_context *, uint8_t *, const uint8_t *, int32_t, int32_t, void *) {
  ADD_FAILURE() << "code of an unsupported processor ran";
  return EDGELM_OK;
}

static void keepMessage(void *user, const char *message) {
  *static_cast<std::string *>(user) = message;
}

TEST(Cpu, OpenRefusesBeforeAnythingRuns) {
  edgelm_descriptor model = fake_decoder;
  model.cpu_features = "warp-drive\0";
  model.decode = reinterpret_cast<const void *>(mustNotRun);
  std::string message;
  edgelm_options options = {};
  options.user = &message;
  options.log = keepMessage;
  fake_arena arena;
  edgelm_session *session = nullptr;
  EXPECT_EQ(edgelm_open(modelOf(model), &arena, sizeof arena, &options, &session), EDGELM_UNSUPPORTED_CPU);
  EXPECT_EQ(session, nullptr);
  EXPECT_EQ(message, "warp-drive");
}
