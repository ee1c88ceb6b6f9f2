// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Links a toy decoder with the runtime into a product and uses it through edgelm.h.
#include "Codegen/RuntimeLink.h"
#include "Codegen/Abi.h"
#include "Codegen/Archive.h"
#include "Codegen/CompileError.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/Object.h"
#include "Codegen/OutputFile.h"
#include "edgelm.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace edgelm;

/// logits[i] = weights[i] when i is the token plus the position, else 0; the vocabulary has 8 ids.
static const char *toyText = R"(
define i32 @decode(ptr %context, ptr %arena, ptr %weights, i32 %pos, i32 %n, ptr %out) {
entry:
  %tokens = getelementptr i8, ptr %arena, i64 1024
  %logits = getelementptr i8, ptr %arena, i64 2048
  call void @llvm.memset.p0.i64(ptr %logits, i8 0, i64 32, i1 false)
  %last = sub i32 %n, 1
  %at = getelementptr i32, ptr %tokens, i32 %last
  %token = load i32, ptr %at
  %end = add i32 %pos, %last
  %sum = add i32 %token, %end
  %index = and i32 %sum, 7
  %from = getelementptr float, ptr %weights, i32 %index
  %weight = load float, ptr %from
  %to = getelementptr float, ptr %logits, i32 %index
  store float %weight, ptr %to
  %status = call i32 @edgelm_rt_poll(ptr %context)
  ret i32 %status
}
define i32 @prefill(ptr %context, ptr %arena, ptr %weights, i32 %pos, i32 %n, ptr %out) {
  %status = call i32 @decode(ptr %context, ptr %arena, ptr %weights, i32 %pos, i32 %n, ptr %out)
  ret i32 %status
}
declare i32 @edgelm_rt_poll(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
)";

static ModelInfo toyInfo() {
  ModelInfo info;
  info.name = "toy";
  info.fingerprint = std::string(62, '0') + "2a";
  info.entries = {{"decode", 1}, {"prefill", 4}};
  info.states = {{"keys", 4096, 2, 16, 8, "f32"}};
  info.regions = {{"sampler", 8192, samplerBytes(8, 16)}};
  info.weightBytes = 32;
  info.arenaBytes = 16384;
  info.context = 16;
  info.vocab = 8;
  info.maxThreads = 4;
  info.tokensOffset = 1024;
  info.logitsOffset = 2048;
  info.stopIds = {5, 6};
  info.requiredFeatures = "sse4.2,popcnt";
  return info;
}

namespace {

/// The toy for one target, in a folder of its own.
class Toy {
public:
  Toy(const TargetSpec &target, const ModelInfo &info, bool freestanding) {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("edgelm-toy", folder));
    message = make(target, info, freestanding);
  }
  ~Toy() { llvm::sys::fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const { return (folder + "/" + name).str(); }

  std::string message; ///< what went wrong
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module; ///< after optimisation

private:
  std::string make(const TargetSpec &target, const ModelInfo &info, bool freestanding) {
    std::string text;
    llvm::SMDiagnostic diagnostic;
    module = llvm::parseAssemblyString(toyText, diagnostic, context);
    Machine machine = {target.triple, target.cpu, target.features};
    auto targetMachine = createTargetMachine(machine);
    if (!targetMachine)
      return toString(targetMachine.takeError());
    setTarget(*module, machine, **targetMachine);
    setTargetAttributes(*module, target);
    auto runtime = loadRuntime(target, freestanding, context);
    if (!runtime)
      return toString(runtime.takeError());
    llvm::Expected<uint64_t> session = runtimeConstant(**runtime, "edgelm_rt_session_bytes");
    if (!session || *session > 1024)
      return "the session does not fit before the tokens";
    if (llvm::Error error = linkRuntime(*module, std::move(*runtime), target))
      return toString(std::move(error));
    if (llvm::Error error = addDescriptor(*module, info, {}))
      return toString(std::move(error));
    keepOnly(*module, info.name);
    optimize(*module, **targetMachine);

    ProductObjects objects = {.code = path("toy.o"),
                              .weights = path("toy_weights.o"),
                              .helpers = "",
                              .section = {.symbol = weightSymbol("toy"), .bytes = info.weightBytes}};
    llvm::SmallVector<char, 0> code;
    llvm::raw_svector_ostream os(code);
    if (llvm::Error error = emitCode(*llvm::CloneModule(*module), **targetMachine, CodeForm::Object, os))
      return toString(std::move(error));
    llvm::Error error = writeFile(objects.code, [&](llvm::raw_fd_ostream &file) {
      file << os.str();
      return llvm::Error::success();
    });
    if (!error)
      error = writeFile(objects.weights, [&](llvm::raw_fd_ostream &file) {
        return writeWeightObject(file, os.str(), objects.section, [](llvm::raw_ostream &payload) {
          float weights[8] = {1, 2, 3, 4, 5, 6, 7, 8};
          payload.write(reinterpret_cast<const char *>(weights), sizeof weights);
          return llvm::Error::success();
        });
      });
    if (!error)
      error = writeStaticLibrary(path("libtoy.a"), "toy", objects);
    if (!error)
      error = writeSharedLibrary(path("libtoy.so"), "toy", objects);
    return error ? toString(std::move(error)) : "";
  }

  llvm::SmallString<128> folder;
};

} // namespace

static TargetSpec level(const char *name) {
  return TargetSpec::of(*findTarget(name));
}

TEST(RuntimeLink, a_program_describes_opens_and_decodes) {
  Toy toy(level("x86-64-v2"), toyInfo(), /*freestanding=*/false);
  ASSERT_EQ(toy.message, "");
  void *library = dlopen(toy.path("libtoy.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const edgelm_model *model = static_cast<const edgelm_model *>(dlsym(library, "toy"));
  ASSERT_NE(model, nullptr);

  edgelm_info info;
  ASSERT_EQ(edgelm_describe(model, &info), EDGELM_OK);
  EXPECT_STREQ(info.name, "toy");
  EXPECT_EQ(info.context, 16u);
  EXPECT_EQ(info.vocab, 8u);
  EXPECT_EQ(info.prefill_chunk, 4u);
  EXPECT_EQ(info.bos_id, -1);
  EXPECT_EQ(info.fingerprint[31], 0x2a);
  EXPECT_EQ(info.kinds, EDGELM_DECODER | EDGELM_SCORER | EDGELM_POOL);
  ASSERT_EQ(info.stop_count, 2u);
  EXPECT_EQ(info.stop_ids[1], 6);
  EXPECT_EQ(std::string(info.cpu_features, 15), std::string("sse4.2\0popcnt\0\0", 15));

  static EDGELM_ALIGNED unsigned char arena[16384];
  edgelm_session *session = nullptr;
  ASSERT_EQ(edgelm_open(model, arena, sizeof arena, nullptr, &session), EDGELM_OK);
  int32_t ids[] = {1, 2, 3, 0, 1};
  ASSERT_EQ(edgelm_prefill(session, ids, 5), EDGELM_OK);
  EXPECT_EQ(edgelm_logits(session)[1 + 4], 6.0f) << "id 1 at position 4, weights from the other object";
  ASSERT_EQ(edgelm_decode(session, 2), EDGELM_OK);
  EXPECT_EQ(edgelm_logits(session)[7], 8.0f);
  edgelm_close(session);
  dlclose(library);
}

TEST(RuntimeLink, the_descriptor_is_the_only_symbol_and_helpers_of_the_compiler_are_not_needed) {
  for (bool freestanding : {false, true}) {
    Toy toy(level("x86-64-v3"), toyInfo(), freestanding);
    ASSERT_EQ(toy.message, "");
    for (const llvm::GlobalValue &value : toy.module->global_values()) {
      if (!value.isDeclaration() && !value.hasLocalLinkage())
        EXPECT_EQ(value.getName(), "toy");
      if (freestanding && value.isDeclaration() && !value.getName().starts_with("llvm."))
        EXPECT_TRUE(value.getName() == "edgelm_weights_of_toy" || value.getName() == "memcpy" ||
                    value.getName() == "memmove" || value.getName() == "memset")
            << value.getName().str();
    }
  }
}

TEST(RuntimeLink, what_runs_before_the_check_is_baseline_and_the_rest_is_not) {
  Toy toy(level("x86-64-v4"), toyInfo(), /*freestanding=*/false);
  ASSERT_EQ(toy.message, "");
  auto cpuOf = [&](const char *name) {
    const llvm::Function *function = toy.module->getFunction(name);
    return function ? function->getFnAttribute("target-cpu").getValueAsString().str() : "absent";
  };
  EXPECT_EQ(cpuOf("edgelm_rt_open"), "x86-64");
  EXPECT_EQ(cpuOf("edgelm_rt_describe"), "x86-64");
  EXPECT_EQ(cpuOf("edgelm_rt_pool_start"), "x86-64");
  EXPECT_EQ(cpuOf("edgelm_rt_prefill"), "x86-64-v4");
  EXPECT_EQ(cpuOf("decode"), "x86-64-v4");
  // Inlined: the model's own call of the runtime is gone.
  EXPECT_EQ(toy.module->getFunction("edgelm_rt_poll"), nullptr);
}

TEST(RuntimeLink, an_unknown_processor_feature_is_a_status) {
  ModelInfo info = toyInfo();
  info.requiredFeatures = "sse4.2,warp-drive";
  Toy toy(level("x86-64-v2"), info, /*freestanding=*/true);
  ASSERT_EQ(toy.message, "");
  void *library = dlopen(toy.path("libtoy.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const edgelm_model *model = static_cast<const edgelm_model *>(dlsym(library, "toy"));
  static EDGELM_ALIGNED unsigned char arena[16384];
  edgelm_session *session = nullptr;
  EXPECT_EQ(edgelm_open(model, arena, sizeof arena, nullptr, &session), EDGELM_UNSUPPORTED_CPU);
  EXPECT_EQ(edgelm_pool_bytes(model, 2), 0u);
  dlclose(library);
}
