// RUN: edgelm-opt %s --edgelm-assign-formats=format=int4 | FileCheck %s
// RUN: edgelm-opt %s --pass-pipeline='builtin.module(edgelm-assign-formats{format=int4_g32 embedding=int8_g32 head=int8})' | FileCheck %s --check-prefix=TIED
// RUN: edgelm-opt %s --pass-pipeline='builtin.module(edgelm-assign-formats{format=q4_0 head=int8 map=.*=int6,q_proj$=f16,^weight.k$=bf16})' --mlir-print-debuginfo | FileCheck %s --check-prefix=MAP
// RUN: edgelm-opt %s --pass-pipeline='builtin.module(edgelm-assign-formats{head=int8})' | FileCheck %s --check-prefix=HEAD
// RUN: edgelm-opt %s --edgelm-assign-formats | FileCheck %s --check-prefix=NONE

#table = #edgelm.weight<"m", 0, 24576, "01">
#q = #edgelm.weight<"m", 24576, 16384, "02">
#k = #edgelm.weight<"m", 40960, 8192, "03">

// Matrices of linears and tables of embeddings, not the weights of norms. The groups of a transposed matrix lie along its
// first dimension; what two functions read has one format in both.
// CHECK-LABEL: func.func @decode
// CHECK: %[[TABLE:.*]] = edgelm.quantize_weight %{{.*}} along 1 : tensor<96x64xf32> to tensor<96x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.embed %{{.*}}, %[[TABLE]]
// CHECK: edgelm.rms_norm {{.*}}tensor<64xf32>) -> tensor<1x64xf32>
// CHECK: edgelm.quantize_weight %{{.*}} along 0 : tensor<64x64xf32> to tensor<64x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.quantize_weight %{{.*}} along 1 : tensor<64x64xf16> to tensor<64x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.linear %{{.*}} weights(%[[TABLE]])
// CHECK-LABEL: func.func @score
// CHECK: edgelm.quantize_weight %{{.*}} along 1 : tensor<96x64xf32> to tensor<96x64x!edgelm.q<"int4_g32">>

// A tied table has one format, that of the head.
// TIED: %[[TABLE:.*]] = edgelm.quantize_weight {{.*}}tensor<96x64x!edgelm.q<"int8">>
// TIED: edgelm.embed %{{.*}}, %[[TABLE]]
// TIED: edgelm.linear %{{.*}} weights(%[[TABLE]])
// TIED-NOT: int8_g32

// The last rule counts, also over the option for the head; a rule finds names of weights and of nodes.
// MAP: edgelm.quantize_weight {{.*}} to tensor<96x64x!edgelm.q<"int6_g64">>
// MAP: edgelm.quantize_weight {{.*}} to tensor<64x64xf16>
// MAP: edgelm.quantize_weight {{.*}} to tensor<64x64xbf16>

// HEAD: edgelm.quantize_weight {{.*}} to tensor<96x64x!edgelm.q<"int8">>
// HEAD-NOT: edgelm.quantize_weight {{.*}} to tensor<64x64

// NONE-NOT: edgelm.quantize_weight
func.func @decode(%tokens: tensor<1xi32>) -> (tensor<1x96xf32> {edgelm.role = "logits"}, tensor<1x64xf32>) {
  %table = edgelm.weight #table : tensor<96x64xf32> loc("embed_tokens.weight")
  %0 = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<96x64xf32>) -> tensor<1x64xf32> loc("/model/embed")
  %norm = edgelm.constant dense<1.0> : tensor<64xf32>
  %1 = edgelm.rms_norm %0, %norm {epsilon = 1.0e-05 : f64} : (tensor<1x64xf32>, tensor<64xf32>) -> tensor<1x64xf32>
  %q = edgelm.weight #q : tensor<64x64xf32> loc("onnx::MatMul_17")
  %2 = edgelm.linear %1 weights(%q) {transposed = array<i1: true>} : (tensor<1x64xf32>, tensor<64x64xf32>) -> tensor<1x64xf32> loc("/model/layers.0/q_proj")
  %k = edgelm.weight #k : tensor<64x64xf16> loc("weight.k")
  %3 = edgelm.linear %1 weights(%k) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<64x64xf16>) -> tensor<1x64xf32> loc("/model/layers.0/k_proj")
  %4 = edgelm.binary "add" %2, %3 : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
  %5 = edgelm.linear %4 weights(%table) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<96x64xf32>) -> tensor<1x96xf32> loc("/lm_head")
  %6 = edgelm.reshape %5 : (tensor<1x96xf32>) -> tensor<1x96xf32>
  return %6, %4 : tensor<1x96xf32>, tensor<1x64xf32>
}

func.func @score(%x: tensor<2x64xf32>) -> (tensor<2x96xf32> {edgelm.role = "logits"}) {
  %table = edgelm.weight #table : tensor<96x64xf32> loc("embed_tokens.weight")
  %0 = edgelm.linear %x weights(%table) {transposed = array<i1: false>} : (tensor<2x64xf32>, tensor<96x64xf32>) -> tensor<2x96xf32>
  return %0 : tensor<2x96xf32>
}
