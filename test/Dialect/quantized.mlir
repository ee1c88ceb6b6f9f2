// RUN: edgelm-opt %s | edgelm-opt | FileCheck %s
// RUN: edgelm-opt %s --edgelm-plan-memory | FileCheck %s --check-prefix=PLAN

#w = #edgelm.weight<"m", 0, 36864, "01">

// A matrix of any format keeps its shape; the axis says which dimension is K.
// CHECK-LABEL: func.func private @matrices
// CHECK: edgelm.quantize_weight %{{.*}} along 1 : tensor<96x96xf32> to tensor<96x96x!edgelm.q<"int4_g32">>
// CHECK: edgelm.quantize_weight %{{.*}} along 0 error 1.250000e-02 : tensor<96x96xf32> to tensor<96x96x!edgelm.q<"nf4_g64_dq">>
// CHECK: edgelm.quantize_weight %{{.*}} along 1 : tensor<96x96xf32> to tensor<96x96xbf16>
// CHECK: edgelm.embed %{{.*}}, %{{.*}} : (tensor<1xi32>, tensor<96x96x!edgelm.q<"int4_g32">>) -> tensor<1x96xf32>
func.func private @matrices(%tokens: tensor<1xi32>) -> tensor<1x96xf32> {
  %w = edgelm.weight #w : tensor<96x96xf32>
  %0 = edgelm.quantize_weight %w along 1 : tensor<96x96xf32> to tensor<96x96x!edgelm.q<"int4_g32">>
  %1 = edgelm.quantize_weight %w along 0 error 1.250000e-02 : tensor<96x96xf32> to tensor<96x96x!edgelm.q<"nf4_g64_dq">>
  %2 = edgelm.quantize_weight %w along 1 : tensor<96x96xf32> to tensor<96x96xbf16>
  %3 = edgelm.embed %tokens, %0 : (tensor<1xi32>, tensor<96x96x!edgelm.q<"int4_g32">>) -> tensor<1x96xf32>
  return %3 : tensor<1x96xf32>
}

// Two rows of 96 columns in groups of 32: 96 codes, 3 scales and 3 sums, each part padded to 16 bytes: 96 + 16 + 16.
// CHECK-LABEL: func.func @activations
// CHECK: edgelm.rms_norm {{.*}} -> tensor<2x96x!edgelm.int8_rows<32>>
// CHECK: edgelm.linear {{.*}} (tensor<2x96x!edgelm.int8_rows<32>>, tensor<32x96x!edgelm.q<"int4_g32">>) -> tensor<2x32xf32>
// CHECK: edgelm.quantize_rows %{{.*}} : tensor<2x32xf32> to tensor<2x32x!edgelm.int8_rows<0>>
// CHECK: edgelm.linear {{.*}} (tensor<2x32x!edgelm.int8_rows<0>>, tensor<96x32x!edgelm.q<"int8">>) -> tensor<2x96xf32>
// PLAN: edgelm.regions = {{.*}}shared = array<i64: 1536, 960>
// PLAN: edgelm.rms_norm {{.*}}edgelm.offset = [[#%d,AREA:1536]]
// PLAN: edgelm.linear {{.*}}edgelm.offset = [[#AREA + 256]]
func.func @activations(%x: tensor<2x96xf32>) -> tensor<2x96xf32> {
  %norm = edgelm.constant dense<1.0> : tensor<96xf32>
  %a = edgelm.packed_weight [#w] stored_as [f32] panel 32 at 0 {transposed = array<i1: false>} : tensor<32x96x!edgelm.q<"int4_g32">>
  %b = edgelm.packed_weight [#w] stored_as [f32] panel 32 at 4096 {transposed = array<i1: false>} : tensor<96x32x!edgelm.q<"int8">>
  %0 = edgelm.rms_norm %x, %norm {epsilon = 1.0e-05 : f64} : (tensor<2x96xf32>, tensor<96xf32>) -> tensor<2x96x!edgelm.int8_rows<32>>
  %1 = edgelm.linear %0 weights(%a) {transposed = array<i1: false>} : (tensor<2x96x!edgelm.int8_rows<32>>, tensor<32x96x!edgelm.q<"int4_g32">>) -> tensor<2x32xf32>
  %2 = edgelm.quantize_rows %1 : tensor<2x32xf32> to tensor<2x32x!edgelm.int8_rows<0>>
  %3 = edgelm.linear %2 weights(%b) {transposed = array<i1: false>} : (tensor<2x32x!edgelm.int8_rows<0>>, tensor<96x32x!edgelm.q<"int8">>) -> tensor<2x96xf32>
  return %3 : tensor<2x96xf32>
}

// Zero points take a part of their own, 16 bytes: codes, scales, sums and zeros of a row are 32 + 16 + 16 + 16; the
// shared region ends with two of them, 160 bytes that are rounded up to 192.
// CHECK-LABEL: func.func @activations_with_zero_points
// CHECK: edgelm.quantize_rows %{{.*}} : tensor<2x32xf32> to tensor<2x32x!edgelm.int8_rows<0 zeros = true>>
// PLAN-LABEL: func.func @activations_with_zero_points
// PLAN: edgelm.quantize_rows {{.*}}edgelm.offset = 2304
// PLAN: edgelm.linear {{.*}}edgelm.offset = 1536
func.func @activations_with_zero_points(%x: tensor<2x32xf32>) -> tensor<2x96xf32> {
  %a = edgelm.packed_weight [#w] stored_as [f32] panel 32 at 0 {transposed = array<i1: false>} : tensor<96x32x!edgelm.q<"int8_sums">>
  %0 = edgelm.quantize_rows %x : tensor<2x32xf32> to tensor<2x32x!edgelm.int8_rows<0 zeros = true>>
  %1 = edgelm.linear %0 weights(%a) {transposed = array<i1: false>} : (tensor<2x32x!edgelm.int8_rows<0 zeros = true>>, tensor<96x32x!edgelm.q<"int8_sums">>) -> tensor<2x96xf32>
  %2 = edgelm.unary "tanh" %1 : (tensor<2x96xf32>) -> tensor<2x96xf32>
  return %2 : tensor<2x96xf32>
}
