// Every mistake names what was asked and what to do.
// RUN: not edgelm-opt %s --edgelm-assign-formats=format=int9 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown format 'int9' in 'format'; known formats: f32, f16, bf16, int8, int8_g32,
// RUN: not edgelm-opt %s --edgelm-assign-formats=map=lm_head=int9 2>&1 | FileCheck %s --check-prefix=RULE
// RULE: error: unknown format 'int9' in 'lm_head=int9'; known formats: f32,
// RUN: not edgelm-opt %s --edgelm-assign-formats=map=lm_head 2>&1 | FileCheck %s --check-prefix=EQUALS
// EQUALS: error: expected REGEX=FORMAT as a rule for matrices by name, found 'lm_head'
// RUN: not edgelm-opt %s --edgelm-assign-formats=map='lm_(head=int8' 2>&1 | FileCheck %s --check-prefix=REGEX
// REGEX: error: 'lm_(head' is no valid POSIX extended expression:
// RUN: not edgelm-opt %s --edgelm-assign-formats=map=mlp=int8 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: no matrix or node has a name that 'mlp=int8' finds
// RUN: not edgelm-opt %s --edgelm-assign-formats=embedding=int8 2>&1 | FileCheck %s --check-prefix=TABLE
// TABLE: error: the model has no embedding table, for which the format int8 was asked
// RUN: not edgelm-opt %s --edgelm-assign-formats=head=int8 2>&1 | FileCheck %s --check-prefix=HEAD
// HEAD: error: the model has no matrix that makes logits, for which the format int8 was asked
// RUN: not edgelm-opt %s --edgelm-assign-formats=format=int4_g128 2>&1 | FileCheck %s --check-prefix=GROUP
// GROUP: error: loc("lm_head.weight"): a matrix of 96 rows of 64 columns has no group of 128 columns, as int4_g128 has them; give it another format with --quant-map 'lm_head.weight=FORMAT'
// RUN: not edgelm-opt %s --edgelm-assign-formats=format=f32 2>&1 | FileCheck %s --check-prefix=LARGER
// LARGER: error: loc("lm_head.weight"): a matrix of 96 rows of 64 columns takes 24576 bytes in f32, more than the 12288 that it takes in 'f16'; give it another format

#table = #edgelm.weight<"m", 0, 12288, "01">

func.func @main(%x: tensor<1x64xf32>) -> tensor<1x96xf32> {
  %table = edgelm.weight #table : tensor<96x64xf16> loc("lm_head.weight")
  %0 = edgelm.linear %x weights(%table) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<96x64xf16>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}

// A second quantization would round twice.
// RUN: not edgelm-opt %s --edgelm-assign-formats=map=quantized=int4_g32 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: loc("quantized.weight"): a matrix that was quantized when it was exported, now '!edgelm.q<"int8">', would be quantized a second time, to int4_g32; leave its format out, choose other matrices with --quant-map, or give --requantize
// RUN: edgelm-opt %s --pass-pipeline='builtin.module(edgelm-assign-formats{map=quantized=int4_g32 requantize=true})' | FileCheck %s --check-prefix=FORCED
// FORCED: %[[FLOATS:.*]] = edgelm.coded_weight {{.*}} : tensor<32x64xf32>
// FORCED: edgelm.quantize_weight %[[FLOATS]] along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4_g32">>
func.func @quantized(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %w = edgelm.coded_weight <[dense<3> : tensor<32x64xi8>, dense<0.5> : tensor<32xf32>], [tensor<32x64xi8>, tensor<32xf32>] axis 0 block 0> : tensor<32x64x!edgelm.q<"int8">> loc("quantized.weight")
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int8">>) -> tensor<1x32xf32>
  return %0 : tensor<1x32xf32>
}
