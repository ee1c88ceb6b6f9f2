// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams that report errors, and folders that appear whole.
#include "Codegen/OutputFile.h"
#include "Codegen/CompileError.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

static Error cannotWrite(const Twine &path, std::error_code reason) {
  return fail(ExitStatus::BadInput, "cannot write " + path + ": " + StringRef(reason.message()).lower());
}

Error writeFile(const std::string &path, function_ref<Error(raw_fd_ostream &)> write) {
  const bool isStandardOutput = path == "-";
  std::error_code reason;
  raw_fd_ostream os(path, reason);
  if (reason)
    return cannotWrite(path, reason);
  Error error = write(os);
  if (isStandardOutput)
    os.flush();
  else
    os.close();
  // The stream's own destructor would end the program.
  reason = os.error();
  os.clear_error();
  if (error)
    return error;
  return reason ? cannotWrite(isStandardOutput ? "standard output" : path, reason) : Error::success();
}

/// Makes `folder` and what is missing above it; notes what was made.
static std::error_code makeFolders(StringRef folder, std::vector<std::string> &made) {
  if (folder.empty() || sys::fs::is_directory(folder))
    return {};
  if (std::error_code reason = makeFolders(sys::path::parent_path(folder), made))
    return reason;
  if (sys::fs::exists(folder))
    return std::make_error_code(std::errc::not_a_directory);
  std::error_code reason = sys::fs::create_directory(folder, /*IgnoreExisting=*/false, sys::fs::all_all);
  // The compile for another target, which runs beside this one, may have been faster.
  if (reason == std::errc::file_exists && sys::fs::is_directory(folder))
    return {};
  if (!reason)
    made.push_back(folder.str());
  return reason;
}

Expected<StagedFolder> StagedFolder::create(const std::string &destination) {
  StagedFolder folder;
  folder.destination = destination;
  SmallString<256> absolute(destination), stage;
  std::error_code reason = makeFolders(destination, folder.made);
  // A relative prefix would be taken as relative to the system's temporary folder.
  if (!reason)
    reason = sys::fs::make_absolute(absolute);
  if (!reason)
    reason = sys::fs::createUniqueDirectory(absolute + "/.partial", stage);
  if (!reason)
    folder.stage = stage.str().str();
  if (reason)
    return cannotWrite(destination, reason);
  return folder;
}

StagedFolder::StagedFolder(StagedFolder &&other) noexcept
    : destination(std::move(other.destination)), stage(std::move(other.stage)), made(std::move(other.made)) {
  other.stage.clear();
  other.made.clear();
}

StagedFolder::~StagedFolder() {
  if (!stage.empty())
    sys::fs::remove_directories(stage);
  // Only folders that are empty go.
  for (const std::string &folder : reverse(made))
    sys::fs::remove(folder);
}

Error StagedFolder::commit() {
  std::error_code reason;
  for (sys::fs::directory_iterator file(stage, reason), end; file != end && !reason; file.increment(reason)) {
    SmallString<256> target(destination);
    sys::path::append(target, sys::path::filename(file->path()));
    if (std::error_code failed = sys::fs::rename(file->path(), target))
      return cannotWrite(target, failed);
  }
  return reason ? cannotWrite(destination, reason) : Error::success();
}

} // namespace edgelm
