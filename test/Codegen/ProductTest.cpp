// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes objects, archives and shared libraries of a toy module, and loads what this machine can run.
#include "Codegen/Archive.h"
#include "Codegen/CompileError.h"
#include "Codegen/Object.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace edgelm;

/// The descriptor of the toy is a pointer to its weights and a function over them.
static const char *toyText = R"(
@toy_weights = external hidden constant i8, align 64
@toy = constant { ptr, ptr } { ptr @toy_weights, ptr @third }
define internal i32 @third() nounwind {
  %p = getelementptr i32, ptr @toy_weights, i32 3
  %v = load i32, ptr %p
  ret i32 %v
}
)";

namespace {
/// A new folder that goes away with the test.
struct Folder {
  Folder() {
    llvm::SmallString<128> unique;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("edgelm-product", unique));
    path = unique.str().str();
  }
  ~Folder() { llvm::sys::fs::remove_directories(path); }
  std::string path;
};
} // namespace

static std::string messageOf(llvm::Error error) {
  std::string message;
  explain(std::move(error), message);
  return message;
}

/// The toy's objects for one machine, with `count` weights 0, 7, 14, ...
static llvm::Expected<ProductObjects> makeToy(const std::string &directory, const Machine &machine, unsigned count) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(toyText, diagnostic, context);
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> targetMachine = createTargetMachine(machine);
  if (!targetMachine)
    return targetMachine.takeError();
  setTarget(*module, machine, **targetMachine);
  optimize(*module, **targetMachine);
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream os(code);
  if (llvm::Error error = emitCode(*module, **targetMachine, CodeForm::Object, os))
    return std::move(error);

  ProductObjects objects;
  objects.code = directory + "/toy.o";
  objects.weights = directory + "/toy_weights.o";
  objects.section.symbol = "toy_weights";
  objects.section.bytes = 4ull * count;
  std::error_code reason;
  llvm::raw_fd_ostream(objects.code, reason) << os.str();
  llvm::raw_fd_ostream weights(objects.weights, reason);
  llvm::Error error = writeWeightObject(weights, os.str(), objects.section, [&](llvm::raw_ostream &payload) {
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t value = 7 * i;
      payload.write(reinterpret_cast<const char *>(&value), sizeof value);
    }
    return llvm::Error::success();
  });
  if (error)
    return std::move(error);
  return objects;
}

static std::unique_ptr<llvm::MemoryBuffer> read(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return buffer ? std::move(*buffer) : nullptr;
}

static const Machine host = {"x86_64-unknown-linux-gnu", "x86-64-v2", "", "", false, true};

TEST(Product, shared_library_exports_one_symbol_and_finds_its_weights) {
  Folder folder;
  const std::string &directory = folder.path;
  llvm::Expected<ProductObjects> objects = makeToy(directory, host, 1 << 20);
  ASSERT_TRUE(bool(objects)) << messageOf(objects.takeError());
  std::string path = directory + "/libtoy.so";
  ASSERT_EQ(messageOf(writeSharedLibrary(path, "toy", *objects)), "");

  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  struct Toy {
    const uint32_t *weights;
    int32_t (*third)();
  };
  const Toy *toy = static_cast<const Toy *>(dlsym(library, "toy"));
  ASSERT_NE(toy, nullptr);
  EXPECT_EQ(toy->third(), 21);
  for (uint32_t i = 0; i < 1 << 20; ++i)
    ASSERT_EQ(toy->weights[i], 7 * i);
  EXPECT_EQ(dlsym(library, "toy_weights"), nullptr);
  dlclose(library);
}

TEST(Product, linking_a_second_time_in_one_process_gives_the_same_bytes) {
  Folder first, second;
  for (const std::string &directory : {first.path, second.path}) {
    llvm::Expected<ProductObjects> objects = makeToy(directory, host, 100);
    ASSERT_TRUE(bool(objects));
    ASSERT_EQ(messageOf(writeStaticLibrary(directory + "/libtoy.a", "toy", *objects)), "");
    ASSERT_EQ(messageOf(writeSharedLibrary(directory + "/libtoy.so", "toy", *objects)), "");
  }
  EXPECT_EQ(read(first.path + "/libtoy.a")->getBuffer(), read(second.path + "/libtoy.a")->getBuffer());
  EXPECT_EQ(read(first.path + "/libtoy.so")->getBuffer(), read(second.path + "/libtoy.so")->getBuffer());
}

class EveryMachine : public testing::TestWithParam<Machine> {};

TEST_P(EveryMachine, archive_has_both_objects_of_that_machine) {
  Folder folder;
  const std::string &directory = folder.path;
  llvm::Expected<ProductObjects> objects = makeToy(directory, GetParam(), 33);
  ASSERT_TRUE(bool(objects)) << messageOf(objects.takeError());
  ASSERT_EQ(messageOf(writeStaticLibrary(directory + "/libtoy.a", "toy", *objects)), "");

  std::unique_ptr<llvm::MemoryBuffer> bytes = read(directory + "/libtoy.a");
  auto archive = llvm::object::Archive::create(*bytes);
  ASSERT_TRUE(bool(archive));
  llvm::Error error = llvm::Error::success();
  std::vector<std::string> names;
  std::vector<unsigned> machines, abiFlags;
  for (const llvm::object::Archive::Child &child : (*archive)->children(error)) {
    names.push_back(llvm::cantFail(child.getName()).str());
    auto binary = llvm::cantFail(child.getAsBinary());
    auto *elf = llvm::cast<llvm::object::ELFObjectFileBase>(binary.get());
    machines.push_back(elf->getEMachine());
    abiFlags.push_back(elf->getPlatformFlags());
    if (names.back() == "toy.o")
      continue;
    uint64_t payload = 0;
    for (const llvm::object::ELFSectionRef section : elf->sections())
      if (llvm::StringRef(llvm::cantFail(section.getName())) == ".rodata.edgelm" && section.getSize() > 0) {
        payload = section.getSize();
        EXPECT_EQ(section.getAlignment().value(), 64u);
        EXPECT_EQ(llvm::cantFail(section.getContents())[7 * 4], char(49));
      }
    EXPECT_EQ(payload, 132u);
  }
  ASSERT_FALSE(bool(error));
  EXPECT_EQ(names, (std::vector<std::string>{"toy.o", "toy_weights.o"}));
  EXPECT_EQ(machines[0], machines[1]);
  EXPECT_EQ(abiFlags[0], abiFlags[1]);
}

INSTANTIATE_TEST_SUITE_P(Machines, EveryMachine,
                         testing::Values(host, Machine{"aarch64-unknown-linux-gnu", "cortex-a72", "", "", false, true},
                                         Machine{"armv7-unknown-linux-gnueabihf", "cortex-a9", "+neon", "", true, true},
                                         Machine{"thumbv7em-none-eabihf", "cortex-m4", "", "", true, false},
                                         Machine{"riscv64-unknown-linux-gnu", "", "+m,+a,+f,+d,+c", "lp64d", false,
                                                 true},
                                         Machine{"riscv32-unknown-none-elf", "", "+m,+a,+c", "ilp32", false, false}));

static std::string refusal(const Machine &machine) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> result = createTargetMachine(machine);
  return result ? "" : messageOf(result.takeError());
}

TEST(Product, unknown_machines_are_the_users_mistake) {
  EXPECT_EQ(refusal({"z80-none-elf"}),
            "unknown target 'z80-none-elf'; EdgeLM makes ELF code for x86-64, AArch64, ARM and RISC-V");
  EXPECT_EQ(refusal({"x86_64-linux-gnu", "pentium-nine"}), "unknown CPU 'pentium-nine' for x86_64-linux-gnu");
  EXPECT_EQ(refusal({"x86_64-linux-gnu", "", "+avx2,+avx9"}),
            "unknown CPU feature '+avx9' for x86_64-linux-gnu; write features as '+name,-name'");
}

TEST(Product, huge_weights_go_to_the_large_section_or_are_refused) {
  Folder folder;
  const std::string &directory = folder.path;
  ASSERT_TRUE(bool(makeToy(directory, host, 4)));
  std::unique_ptr<llvm::MemoryBuffer> x86 = read(directory + "/toy.o");
  EXPECT_EQ(llvm::cantFail(weightSectionName(x86->getBuffer(), 1ull << 30)), ".rodata.edgelm");
  EXPECT_EQ(llvm::cantFail(weightSectionName(x86->getBuffer(), 2ull << 30)), ".lrodata.edgelm");
  ASSERT_TRUE(bool(makeToy(directory, Machine{"aarch64-linux-gnu"}, 4)));
  std::unique_ptr<llvm::MemoryBuffer> arm = read(directory + "/toy.o");
  llvm::Expected<std::string> name = weightSectionName(arm->getBuffer(), 2ull << 30);
  ASSERT_FALSE(bool(name));
  EXPECT_EQ(messageOf(name.takeError()),
            "the weights take 2048 MiB, and only 1536 MiB can be embedded on this target; use --weights file");
}

TEST(Product, an_unwritable_folder_is_one_error) {
  Folder folder;
  const std::string &directory = folder.path;
  llvm::Expected<ProductObjects> objects = makeToy(directory, host, 4);
  ASSERT_TRUE(bool(objects));
  std::string message = messageOf(writeStaticLibrary("/nonexistent/libtoy.a", "toy", *objects));
  EXPECT_NE(message.find("cannot write /nonexistent/libtoy.a: "), std::string::npos) << message;
  message = messageOf(writeSharedLibrary("/nonexistent/libtoy.so", "toy", *objects));
  EXPECT_NE(message.find("cannot write /nonexistent/libtoy.so"), std::string::npos) << message;
}
