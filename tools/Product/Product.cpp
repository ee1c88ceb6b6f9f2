// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds lib<name>.so and in it the descriptor `name`, or hands lib<name>.a to an emulator.
#include "Product/Product.h"
#include "Product/Failure.h"
#include "hosted/edgelm_map.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <vector>

using namespace edgelm::tools;
namespace fs = std::filesystem;

static ExitStatus exitStatus(edgelm_status status) {
  switch (status) {
  case EDGELM_UNSUPPORTED_CPU:
  case EDGELM_UNSUPPORTED:
    return NotOnThisTarget;
  case EDGELM_WRONG_ABI:
  case EDGELM_CORRUPT_STATE:
  case EDGELM_WRONG_VERSION:
  case EDGELM_WRONG_MODEL:
  case EDGELM_CORRUPT_WEIGHTS:
    return Integrity;
  default:
    return WrongInput;
  }
}

void edgelm::tools::check(edgelm_status status, const std::string &what) {
  if (status != EDGELM_OK)
    throw Failure(exitStatus(status), what + ": " + edgelm_status_text(status));
}

double edgelm::tools::seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The library of the only product in a folder: shared where there is one.
static fs::path findLibrary(const fs::path &folder) {
  std::vector<fs::path> found;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
    const fs::path &path = entry.path();
    if (!path.stem().string().starts_with("lib"))
      continue;
    if (path.extension() == ".so" || (path.extension() == ".a" && !fs::exists(fs::path(path).replace_extension(".so"))))
      found.push_back(path);
  }
  if (found.empty())
    throw Failure(WrongInput, "no lib<name>.so or lib<name>.a in " + folder.string() +
                                  "; edgelm-compile -o OUT writes them to OUT/host or OUT/<target>");
  if (found.size() > 1)
    throw Failure(WrongInput, "several products in " + folder.string() + "; name one of them: " + found[0].string() +
                                  ", " + found[1].string() + (found.size() > 2 ? ", ..." : ""));
  return found[0];
}

/// The machine that an ELF file is for (e_machine); 0 when it is none.
static unsigned machineOf(const fs::path &path) {
  unsigned char header[20] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char *>(header), sizeof(header));
  return file && !std::memcmp(header,
                              "\x7f"
                              "ELF",
                              4)
             ? header[18] | unsigned(header[19]) << 8
             : 0;
}

Product::Product(const fs::path &path, const EmulationOptions &emulation) {
  if (!fs::exists(path))
    throw Failure(WrongInput, "no such file or folder: " + path.string());
  library = fs::is_directory(path) ? findLibrary(path) : path;
  const std::string stem = library.stem().string(), kind = library.extension().string();
  if ((kind != ".so" && kind != ".a") || !stem.starts_with("lib"))
    throw Failure(WrongInput, "expected a folder with a product or its lib<name>.so or .a, got " + path.string());
  // What is no ELF file at all is left to dlopen's words.
  const unsigned machine = machineOf(library);
  const bool runsHere = kind == ".so" && (machine == 0 || machine == machineOf("/proc/self/exe"));
  if (runsHere && !emulation.emulate && !emulation.countInstructions && emulation.cpu.empty()) {
    openHere();
    return;
  }
  const ProductReport report = ProductReport::read(fs::absolute(library).parent_path(), stem.substr(3));
  emulated = std::make_unique<GuestModel>(report, emulation);
  descriptor = emulated->model();
  check(edgelm_describe(descriptor, &description), "cannot use " + library.string());
}

/// The shared library in this process.
void Product::openHere() {
  // An absolute path: dlopen looks for a bare name in the system's folders.
  handle = dlopen(fs::absolute(library).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Failure(WrongInput, std::string("cannot load the product: ") + dlerror());
  const std::string name = library.stem().string().substr(3);
  descriptor = static_cast<const edgelm_model *>(dlsym(handle, name.c_str()));
  if (!descriptor || descriptor->magic != EDGELM_MAGIC) {
    dlclose(handle);
    throw Failure(WrongInput, library.string() + " has no model descriptor '" + name +
                                  "'; the library must keep the name it was compiled with");
  }
  const edgelm_status status = edgelm_describe(descriptor, &description);
  if (status != EDGELM_OK)
    dlclose(handle);
  check(status, "cannot use " + library.string());

  const fs::path weights = fs::path(library).replace_extension(".weights");
  if (fs::exists(weights) && edgelm_map_weights(weights.c_str(), &mapped) != 0) {
    const std::string reason = std::strerror(errno);
    dlclose(handle);
    throw Failure(WrongInput, "cannot map " + weights.string() + ": " + reason);
  }
}

Product::~Product() {
  edgelm_unmap_weights(&mapped);
  if (handle)
    dlclose(handle);
}
