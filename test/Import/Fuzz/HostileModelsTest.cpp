// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Imports what import-fuzz found, and models of which any part is missing.
#include "FuzzedImport.h"

#include <filesystem>
#include <fstream>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <sstream>

using namespace edgelm;

static std::string readText(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Bytes of the models in `Found`: protobuf's text format where a finding is a message.
static std::string bytesOf(const std::filesystem::path &path) {
  if (path.extension() != ".txtpb")
    return readText(path);
  onnx::ModelProto model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(readText(path), &model)) << path;
  return model.SerializeAsString();
}

TEST(HostileModels, that_were_found_give_one_error) {
  size_t models = 0;
  for (const auto &entry : std::filesystem::directory_iterator(EDGELM_SOURCE_DIR "/test/Import/Fuzz/Found")) {
    EXPECT_EQ(brokenPromise(bytesOf(entry.path())), "") << entry.path();
    ++models;
  }
  EXPECT_GT(models, 0u);
}

// Every prefix, and every byte changed.
TEST(HostileModels, that_are_damaged_anywhere_give_one_error) {
  std::string whole = bytesOf(EDGELM_SOURCE_DIR "/test/Import/Fuzz/Found/attention-of-a-vector.txtpb");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(brokenPromise(whole.substr(0, size)), "") << "cut after " << size << " bytes";
  for (size_t at = 0; at < whole.size(); ++at)
    for (char change : {1, 8, 127, -128}) {
      std::string damaged = whole;
      damaged[at] = char(damaged[at] ^ change);
      EXPECT_EQ(brokenPromise(damaged), "") << "byte " << at << " xor " << int(change);
    }
}
