// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/WeightFile.h"
#include "Codegen/Weights_generated.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace edgelm {

/// A page, so that a mapped file has the weights at one.
static constexpr uint64_t headBytes = 4096;

static flatbuffers::Offset<flatbuffers::Vector<uint8_t>> hash(flatbuffers::FlatBufferBuilder &builder,
                                                              llvm::StringRef digits) {
  std::string bytes = llvm::fromHex(digits);
  return builder.CreateVector(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
}

void writeWeightFileHead(llvm::raw_ostream &os, const ModelInfo &info) {
  flatbuffers::FlatBufferBuilder builder;
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> fingerprint = hash(builder, info.fingerprint);
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> layout = hash(builder, info.weightLayout);
  schema::FinishWeightsBuffer(
      builder, schema::CreateWeights(builder, /*version=*/1, fingerprint, layout, headBytes, info.weightBytes));
  os.write(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  os.write_zeros(headBytes - builder.GetSize());
}

} // namespace edgelm
