// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang and lld for the program; the C library of a hosted target and the compiler's helpers of a bare one are Debian's.
#include "Product/GuestProgram.h"
#include "Product/CommandLine.h"
#include "Product/Embedded.h"
#include "Product/Failure.h"
#include "Product/GuestMachine.h"

#include <algorithm>
#include <fstream>

using namespace edgelm::tools;
namespace fs = std::filesystem;

namespace {
/// How programs for the triples that begin with `prefix` are made here.
struct Toolchain {
  std::string_view prefix;
  /// clang's flags, for the least processor of the architecture that EdgeLM knows.
  const char *flags;
  /// A file that shows that the C library is there, and the packages that have it; bare machines need none.
  const char *library, *packages;
  /// The GCC that knows where its libraries for a processor are, and the folder of picolibc's; products that bring
  /// their own helpers do without both.
  const char *gcc, *picolibc;
};
} // namespace

static constexpr Toolchain kToolchains[] = {
    {"x86_64", "--target=x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu/libc.a", "libc6-dev libgcc-12-dev", nullptr,
     nullptr},
    {"aarch64", "--target=aarch64-linux-gnu", "/usr/aarch64-linux-gnu/lib/libc.a",
     "libc6-dev-arm64-cross libgcc-12-dev-arm64-cross", nullptr, nullptr},
    {"armv7", "--target=arm-linux-gnueabihf -march=armv7-a -mfpu=neon -marm", "/usr/arm-linux-gnueabihf/lib/libc.a",
     "libc6-dev-armhf-cross libgcc-12-dev-armhf-cross", nullptr, nullptr},
    {"riscv64", "--target=riscv64-linux-gnu -march=rv64gc -mabi=lp64d", "/usr/riscv64-linux-gnu/lib/libc.a",
     "libc6-dev-riscv64-cross libgcc-12-dev-riscv64-cross", nullptr, nullptr},
    {"thumb", "", nullptr, "gcc-arm-none-eabi picolibc-arm-none-eabi", "arm-none-eabi-gcc -mthumb",
     "/usr/lib/picolibc/arm-none-eabi/lib"},
    {"riscv32", "--target=riscv32-unknown-elf -march=rv32imc -mabi=ilp32", nullptr,
     "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf", "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32",
     "/usr/lib/picolibc/riscv64-unknown-elf/lib"},
};

/// Programs that this needs, and Debian's packages that have them.
static constexpr std::pair<std::string_view, const char *> kPackages[] = {
    {"clang-22", "clang-22"},
    {"ld.lld-22", "lld-22"},
    {"qemu-system-arm", "qemu-system-arm"},
    {"qemu-system-riscv32", "qemu-system-misc"},
};

static Failure cannotRun(const ProductReport &report, const std::string &why) {
  return Failure(DeviceFailure, "cannot run a product for " + report.target + " here: " + why);
}

static void needProgram(const ProductReport &report, const std::string &program) {
  if (!findProgram(program).empty())
    return;
  std::string package = "qemu-user"; // has an emulator for each architecture
  for (const auto &[name, owner] : kPackages)
    if (name == program)
      package = owner;
  throw cannotRun(report, program + " is not installed; it is in Debian's package " + package);
}

static const Toolchain &findToolchain(const ProductReport &report) {
  for (const Toolchain &row : kToolchains)
    if (report.triple.starts_with(row.prefix))
      return row;
  throw cannotRun(report, "no toolchain is known for " + report.triple);
}

ProductReport ProductReport::read(const fs::path &folder, const std::string &name) {
  const fs::path path = folder / (name + ".json");
  ProductReport report;
  try {
    const nlohmann::json json = nlohmann::json::parse(readFile(path));
    const nlohmann::json &target = json.at("target");
    report.folder = fs::absolute(folder);
    report.name = name;
    report.target = target.at("name");
    report.triple = target.at("triple");
    report.cpu = target.at("cpu");
    report.emulator = target.at("emulator");
    report.hosted = target.at("hosted");
    report.hardFloat = target.at("float_abi") == "hard";
    report.codeBytes = json.at("code_bytes");
    report.weightBytes = json.at("weight_bytes");
    report.arenaBytes = json.at("arena_bytes");
  } catch (const nlohmann::json::exception &error) {
    throw Failure(WrongInput, path.string() + " is not the report of a product: " + error.what());
  }
  return report;
}

static void writeFile(const fs::path &path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), std::streamsize(bytes.size()));
  if (!file.flush())
    throw Failure(DeviceFailure, "cannot write " + path.string());
}

/// What GCC answers to a question about its folders; empty when it does not know.
static std::string ask(Words command, const std::string &question) {
  command.push_back(question);
  Finished asked = runToEnd(command);
  asked.output.erase(asked.output.find_last_not_of('\n') + 1);
  return asked.succeeded ? asked.output : "";
}

/// What the library may need of C (picolibc) and of the compiler, as far as it is installed.
static Words helperLibraries(const Toolchain &toolchain, const ProductReport &report) {
  Words gcc = splitWords(toolchain.gcc);
  if (findProgram(gcc[0]).empty())
    return {};
  if (toolchain.prefix == "thumb")
    gcc.insert(gcc.end(), {"-mcpu=" + report.cpu, report.hardFloat ? "-mfloat-abi=hard" : "-mfloat-abi=soft"});
  const fs::path picolibc = fs::path(toolchain.picolibc) / ask(gcc, "-print-multi-directory");
  Words libraries;
  for (const fs::path &path : {picolibc / "libc.a", fs::path(ask(gcc, "-print-libgcc-file-name"))})
    if (fs::exists(path))
      libraries.push_back(path);
  return libraries;
}

static const GuestMachine &machineOf(const ProductReport &report, const Words &emulator) {
  const auto flag = std::find(emulator.begin(), emulator.end(), "-M");
  const GuestMachine *machine = flag == emulator.end() ? nullptr : findGuestMachine(*(flag + 1));
  if (!machine)
    throw cannotRun(report, "the memory of the machine in '" + report.emulator + "' is not known");
  return *machine;
}

static void addBareMetal(Words &command, const Toolchain &toolchain, const ProductReport &report,
                         const GuestMachine &machine, const fs::path &work) {
  const std::string script = linkerScript(machine, report.codeBytes, report.weightBytes, report.arenaBytes);
  if (script.empty())
    throw cannotRun(report, "code, weights and arena do not fit the memory of " + std::string(machine.name));
  writeFile(work / "guest.ld", script);
  command.insert(command.end(), {"-ffreestanding", "-nostdlib", "-static", "-T", work / "guest.ld"});
  if (toolchain.prefix == "thumb")
    command.insert(command.end(), {"--target=" + report.triple, "-mcpu=" + report.cpu,
                                   report.hardFloat ? "-mfloat-abi=hard" : "-mfloat-abi=soft"});
}

/// The program, in `work`.
static fs::path link(const ProductReport &report, const Words &emulator, const fs::path &work) {
  const Toolchain &toolchain = findToolchain(report);
  needProgram(report, "clang-22");
  needProgram(report, "ld.lld-22");
  if (toolchain.library && !fs::exists(toolchain.library))
    throw cannotRun(report, std::string("there is no ") + toolchain.library + "; install Debian's packages " +
                                toolchain.packages);
  for (const EmbeddedFile &file : guestSources())
    writeFile(work / file.name, file.bytes);

  const fs::path program = work / "guest", weights = report.folder / ("lib" + report.name + ".weights");
  std::string macro = report.name;
  std::transform(macro.begin(), macro.end(), macro.begin(), [](unsigned char c) { return std::toupper(c); });
  Words command = {"clang-22", "-std=gnu11", "-O2", "-fuse-ld=lld-22", "-Wl,--gc-sections", "-o", program};
  command.insert(command.end(),
                 {"-I" + report.folder.string(), "-DGUEST_MODEL=" + report.name,
                  "-DGUEST_HEADER=\"" + report.name + ".h\"", "-DGUEST_ARENA_BYTES=" + macro + "_ARENA_BYTES"});
  if (fs::exists(weights))
    command.push_back("-DGUEST_WEIGHT_FILE=\"" + weights.string() + "\"");
  for (const std::string &flag : splitWords(toolchain.flags))
    command.push_back(flag);
  if (report.hosted)
    command.push_back("-static");
  else
    addBareMetal(command, toolchain, report, machineOf(report, emulator), work);
  command.insert(command.end(), {work / "guest.c", work / (report.hosted ? "linux.c" : "bare_metal.c"),
                                 report.folder / ("lib" + report.name + ".a")});
  if (report.hosted)
    command.push_back("-lpthread");
  else
    for (const std::string &library : helperLibraries(toolchain, report))
      command.push_back(library);

  const Finished linked = runToEnd(command);
  if (!linked.succeeded)
    throw cannotRun(report, "the program around it does not link; where a function of the compiler or of C is "
                            "missing, install Debian's packages " +
                                std::string(toolchain.packages) + "\n" + joinWords(command) + "\n" + linked.output);
  return program;
}

/// Puts `cpu` in the place of the processor in an emulator's command line.
static void replaceCpu(Words &emulator, const std::string &cpu) {
  const auto flag = std::find(emulator.begin(), emulator.end(), "-cpu");
  if (flag == emulator.end())
    emulator.insert(emulator.end(), {"-cpu", cpu});
  else
    *(flag + 1) = cpu;
}

fs::path edgelm::tools::countFile(const fs::path &work) {
  return work / "counts";
}

Words edgelm::tools::buildGuest(const ProductReport &report, const EmulationOptions &options, const fs::path &work) {
  Words emulator = splitWords(report.emulator);
  if (emulator.empty())
    throw cannotRun(report, "its target names no emulator");
  needProgram(report, emulator[0]);
  if (!options.cpu.empty())
    replaceCpu(emulator, options.cpu);
  const fs::path program = link(report, emulator, work);
  if (options.countInstructions) {
    writeFile(work / countPlugin().name, countPlugin().bytes);
    const std::string plugin = (work / countPlugin().name).string();
    emulator.insert(emulator.end(), {"-plugin", plugin + ",out=" + countFile(work).string()});
  }
  if (report.hosted)
    emulator.push_back(program);
  else
    emulator.insert(emulator.end(), {"-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config",
                                     "enable=on,target=native", "-kernel", program});
  return emulator;
}
