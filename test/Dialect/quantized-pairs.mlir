// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s | edgelm-opt | FileCheck %s
// RUN: edgelm-opt %s --edgelm-plan-memory | FileCheck %s --check-prefix=PLAN

#w = #edgelm.weight<"m", 0, 36864, "01">

// Pairs take twice the bytes of codes, and the sums of even columns a part of their own: 192 + 16 + 16 + 16 a row;
// two of them, 480 bytes, are rounded up to 512, beside the linear's 768.
// CHECK-LABEL: func.func @paired
// CHECK: edgelm.packed_weight {{.*}} panel 4 paired at 0
// CHECK: edgelm.quantize_rows %{{.*}} : tensor<2x96xf32> to tensor<2x96x!edgelm.int8_rows<32 paired = true>>
// PLAN: edgelm.regions = {{.*}}shared = array<i64: 1536, 1280>
// PLAN: edgelm.quantize_rows {{.*}}edgelm.offset = 2304
// PLAN: edgelm.linear {{.*}}edgelm.offset = 1536
func.func @paired(%x: tensor<2x96xf32>) -> tensor<2x96xf32> {
  %a = edgelm.packed_weight [#w] stored_as [f32] panel 4 paired at 0 {transposed = array<i1: false>} : tensor<96x96x!edgelm.q<"int8_g32">>
  %0 = edgelm.quantize_rows %x : tensor<2x96xf32> to tensor<2x96x!edgelm.int8_rows<32 paired = true>>
  %1 = edgelm.linear %0 weights(%a) {transposed = array<i1: false>} : (tensor<2x96x!edgelm.int8_rows<32 paired = true>>, tensor<96x96x!edgelm.q<"int8_g32">>) -> tensor<2x96xf32>
  %2 = edgelm.unary "tanh" %1 : (tensor<2x96xf32>) -> tensor<2x96xf32>
  return %2 : tensor<2x96xf32>
}
