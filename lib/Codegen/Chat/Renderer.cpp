// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts Python with render.py, which this file carries, and reads its answer.
#include "Codegen/Chat/Renderer.h"
#include "Codegen/CompileError.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <nlohmann/json.hpp>

using namespace llvm;
using Json = nlohmann::json;

// The path of render.py, made a macro by CMake.
__asm__(".section .rodata\n"
        "edgelm_render_script:\n"
        ".incbin \"" EDGELM_RENDER_SCRIPT "\"\n"
        "edgelm_render_script_end:\n"
        ".previous\n");
extern "C" const char edgelm_render_script[], edgelm_render_script_end[];

namespace edgelm::chat {

/// The script limits its own time of computing; this is for a machine that is busy.
static constexpr unsigned mostSeconds = 60;

static constexpr StringLiteral pythonVariable = "EDGELM_PYTHON";

namespace {
/// A file that is removed again.
class ScratchFile {
public:
  Error create(StringRef suffix) {
    if (std::error_code code = sys::fs::createTemporaryFile("edgelm-chat", suffix, path))
      return fail(ExitStatus::BadInput, "cannot make a temporary file: " + code.message());
    remover.setFile(path);
    return Error::success();
  }
  StringRef name() const { return path; }
  std::string content() const {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

private:
  SmallString<128> path;
  FileRemover remover;
};
} // namespace

/// Debian's Python has Debian's packages; another one that is first in PATH may have its own.
static std::vector<std::string> findPythons() {
  if (const char *chosen = std::getenv(pythonVariable.data()))
    return {chosen};
  std::vector<std::string> found;
  if (sys::fs::can_execute("/usr/bin/python3"))
    found.push_back("/usr/bin/python3");
  if (ErrorOr<std::string> inPath = sys::findProgramByName("python3"); inPath && *inPath != "/usr/bin/python3")
    found.push_back(*inPath);
  return found;
}

/// What the script answers to `request`, which holds the template of `file`.
static Expected<Json> ask(const std::string &python, const Json &request, const std::string &file) {
  ScratchFile input, output, errors;
  if (Error error = joinErrors(joinErrors(input.create("in"), output.create("out")), errors.create("err")))
    return std::move(error);
  std::error_code code;
  raw_fd_ostream os(input.name(), code);
  if (!code) {
    os << request.dump();
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return fail(ExitStatus::BadInput, "cannot write " + input.name() + ": " + code.message());
  const std::string script(edgelm_render_script, edgelm_render_script_end);
  const StringRef words[] = {python, "-I", "-c", script};
  const std::optional<StringRef> files[] = {input.name(), output.name(), errors.name()};
  std::string message;
  int status = sys::ExecuteAndWait(python, words, std::nullopt, files, mostSeconds, /*MemoryLimit=*/0, &message);
  Json answer = Json::parse(output.content(), nullptr, /*allow_exceptions=*/false);
  if (status == 0 && answer.is_object())
    return answer;
  StringRef last = StringRef(errors.content()).rtrim().rsplit('\n').second;
  return fail(ExitStatus::BadInput, file + ": '" + python + "' does not render it: " +
                                        (!message.empty() ? message
                                         : last.empty()   ? "it ended with status " + std::to_string(status)
                                                          : last.str()));
}

static std::vector<Part> partsOf(const Json &turn) {
  std::vector<Part> parts;
  for (const Json &part : turn)
    if (part.is_string())
      parts.push_back({Part::Literal, part.get<std::string>()});
    else
      parts.push_back({part.at("role") == "system" ? Part::System : Part::User, "", part.at("start") == true,
                       part.at("end") == true});
  return parts;
}

static Expected<Rendered> read(const Json &answer, const std::string &file) {
  if (answer.contains("refused"))
    return fail(ExitStatus::BadInput, file + ": " + answer["refused"].get<std::string>());
  const Json &turns = answer.at("turns"), &noSystem = answer.at("no_system");
  Rendered rendered;
  rendered.first = partsOf(turns.at("first"));
  rendered.next = partsOf(turns.at("next"));
  if (turns.contains("system"))
    rendered.system = partsOf(turns["system"]);
  if (noSystem.is_string())
    rendered.noSystem = noSystem.get<std::string>();
  return rendered;
}

Expected<Rendered> render(const Template &source) {
  const Json request = {{"template", source.text}, {"tokens", source.tokens}};
  for (const std::string &python : findPythons()) {
    Expected<Json> answer = ask(python, request, source.file);
    if (!answer)
      return answer.takeError();
    if (!answer->contains("missing"))
      return read(*answer, source.file);
  }
  return fail(ExitStatus::BadInput, source.file +
                                        ": a chat template is rendered by Python's Jinja2, which is not there; install "
                                        "Debian's package python3-jinja2");
}

} // namespace edgelm::chat
