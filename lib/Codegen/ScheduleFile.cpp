// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/ScheduleFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace edgelm {

namespace {

/// Where one setting of a linear nest lies.
struct LinearSetting {
  StringLiteral name;
  int64_t LinearSchedule::*number;
};

constexpr LinearSetting kLinearSettings[] = {
    {"tile-vectors", &LinearSchedule::tileVectors},
    {"min-items", &LinearSchedule::minItems},
    {"unroll-k", &LinearSchedule::unrollK},
    {"decode-panels", &LinearSchedule::decodePanels},
    {"decode-unroll-k", &LinearSchedule::decodeUnrollK},
    {"decode-prefetch-bytes", &LinearSchedule::decodePrefetchBytes},
    {"fetched-output-bytes", &LinearSchedule::fetchedOutputBytes},
    {"scratch-bytes", &LinearSchedule::scratchBytes},
    {"row-scale-tile-rows", &LinearSchedule::rowScaleTileRows},
    {"matrix-tiles", &LinearSchedule::matrixTiles},
    {"matrix-depth-bytes", &LinearSchedule::matrixDepthBytes},
};

} // namespace

/// The number of a setting, or null.
static int64_t *findSetting(Schedules &schedules, StringRef nest, StringRef name) {
  if (nest == "attention")
    return name == "query-block"     ? &schedules.attention.queryBlock
           : name == "rows-together" ? &schedules.attention.rowsTogether
                                     : nullptr;
  if (nest != "linear" && nest != "quantized")
    return nullptr;
  LinearSchedule &linear = nest == "linear" ? schedules.linear : schedules.quantized;
  for (const LinearSetting &setting : kLinearSettings)
    if (setting.name == name)
      return &(linear.*setting.number);
  return nullptr;
}

/// Positive numbers in falling order, so that a tile of one row comes last.
static bool readTileRows(StringRef text, std::array<int64_t, 4> &rows) {
  SmallVector<StringRef, 4> words;
  text.split(words, ',');
  std::array<int64_t, 4> read = {};
  if (words.size() > read.size())
    return false;
  for (auto [index, word] : enumerate(words))
    if (word.trim().getAsInteger(10, read[index]) || read[index] < 1 || (index && read[index] >= read[index - 1]))
      return false;
  if (read[words.size() - 1] != 1)
    return false;
  rows = read;
  return true;
}

/// Reads one line without comment; false when it cannot be understood.
static bool readLine(StringRef line, Schedules &schedules) {
  auto [key, value] = line.split('=');
  auto [nest, name] = key.trim().split('.');
  if (name == "tile-rows" && (nest == "linear" || nest == "quantized"))
    return readTileRows(value, nest == "linear" ? schedules.linear.tileRows : schedules.quantized.tileRows);
  int64_t *setting = findSetting(schedules, nest, name);
  // Only bytes may be none.
  int64_t least = name.ends_with("-bytes") ? 0 : 1, read;
  if (!setting || value.trim().getAsInteger(10, read) || read < least)
    return false;
  *setting = read;
  return true;
}

Error readSchedules(StringRef path, Schedules &schedules) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError("cannot read schedule file '" + path + "': " + buffer.getError().message());
  for (line_iterator line(**buffer, /*SkipBlanks=*/true, '#'); !line.is_at_eof(); ++line) {
    StringRef text = line->split('#').first.trim();
    if (text.empty() || readLine(text, schedules))
      continue;
    std::string known;
    for (const LinearSetting &setting : kLinearSettings)
      known += (", " + setting.name).str();
    return createStringError(path + ":" + Twine(line.line_number()) + ": expected 'nest.setting = number', found '" +
                             text + "'; linear and quantized have tile-rows (falling, to 1)" + known +
                             ", attention has query-block, rows-together");
  }
  return Error::success();
}

} // namespace edgelm
