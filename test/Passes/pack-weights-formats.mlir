// RUN: edgelm-opt %s --edgelm-pack-weights=panel=32 | FileCheck %s
// RUN: edgelm-opt %s --edgelm-pack-weights="panel=32 columns-apart" | FileCheck %s --check-prefix=APART
// RUN: edgelm-opt %s --edgelm-pack-weights="panel=32 paired=true" | FileCheck %s --check-prefixes=CHECK,PAIRED

#table = #edgelm.weight<"m", 0, 24576, "01">
#q = #edgelm.weight<"m", 24576, 16384, "02">
#k = #edgelm.weight<"m", 40960, 8192, "03">

// CHECK: edgelm.weight_bytes = [[#BYTES:]]

// A panel of 32 rows of 64 columns in int4_g32 has 2 x 32 scales of 2 bytes and 1,024 bytes of codes, 1,152. Table and head are
// one place, although the table's entry comes first; the merged projections begin behind its three panels.
// CHECK-LABEL: func.func @decode
// CHECK: %[[TABLE:.*]] = edgelm.packed_weight [#{{.*}}"01">] stored_as [f32] panel 32 at [[#PLACE:]] {transposed = array<i1: false>} : tensor<96x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.embed %{{.*}}, %[[TABLE]]
// CHECK: edgelm.packed_weight [#{{.*}}"02">, #{{.*}}"03">] stored_as [f32, f16] panel 32 at [[#QK:PLACE + 3456]] {transposed = array<i1: true, false>} : tensor<128x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.packed_weight [#{{.*}}"01">] stored_as [f32] panel 32 at [[#PLACE]]
// CHECK-NOT: edgelm.quantize_weight
// APART-COUNT-4: edgelm.packed_weight {{.*}} panel 32 columns_apart at {{.*}} : tensor<{{.*}}!edgelm.q<"int4_g32">>
func.func @decode(%tokens: tensor<1xi32>) -> (tensor<1x128xf32>, tensor<1x96xf32>) {
  %w = edgelm.weight #table : tensor<96x64xf32>
  %table = edgelm.quantize_weight %w along 1 error 1.0e-02 : tensor<96x64xf32> to tensor<96x64x!edgelm.q<"int4_g32">>
  %0 = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<96x64x!edgelm.q<"int4_g32">>) -> tensor<1x64xf32>
  %1 = edgelm.quantize_rows %0 : tensor<1x64xf32> to tensor<1x64x!edgelm.int8_rows<32>>
  %wq = edgelm.weight #q : tensor<64x64xf32>
  %q = edgelm.quantize_weight %wq along 0 error 2.0e-02 : tensor<64x64xf32> to tensor<64x64x!edgelm.q<"int4_g32">>
  %wk = edgelm.weight #k : tensor<64x64xf16>
  %k = edgelm.quantize_weight %wk along 1 error 3.0e-02 : tensor<64x64xf16> to tensor<64x64x!edgelm.q<"int4_g32">>
  %2 = edgelm.linear %1 weights(%q, %k) {transposed = array<i1: true, false>} : (tensor<1x64x!edgelm.int8_rows<32>>, tensor<64x64x!edgelm.q<"int4_g32">>, tensor<64x64x!edgelm.q<"int4_g32">>) -> tensor<1x128xf32>
  %3 = edgelm.linear %1 weights(%table) {transposed = array<i1: false>} : (tensor<1x64x!edgelm.int8_rows<32>>, tensor<96x64x!edgelm.q<"int4_g32">>) -> tensor<1x96xf32>
  return %2, %3 : tensor<1x128xf32>, tensor<1x96xf32>
}

// The second of the merged projections lies behind the two panels of the first.
// CHECK-LABEL: func.func @prefill
// CHECK: edgelm.packed_weight [#{{.*}}"03">] stored_as [f16] panel 32 at [[#QK + 2304]]
// A float format is a type that the writer rounds to.
// CHECK: edgelm.packed_weight [#{{.*}}"02">] stored_as [f32] panel 32 at {{.*}} : tensor<64x64xf16>
// APART: edgelm.packed_weight [#{{.*}}"02">] stored_as [f32] panel 32 at
func.func @prefill(%x: tensor<2x64xf32>) -> (tensor<2x64xf32>, tensor<2x64xf32>) {
  %0 = edgelm.quantize_rows %x : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<32>>
  %wk = edgelm.weight #k : tensor<64x64xf16>
  %k = edgelm.quantize_weight %wk along 1 error 3.0e-02 : tensor<64x64xf16> to tensor<64x64x!edgelm.q<"int4_g32">>
  %1 = edgelm.linear %0 weights(%k) {transposed = array<i1: false>} : (tensor<2x64x!edgelm.int8_rows<32>>, tensor<64x64x!edgelm.q<"int4_g32">>) -> tensor<2x64xf32>
  %wq = edgelm.weight #q : tensor<64x64xf32>
  %q = edgelm.quantize_weight %wq along 0 : tensor<64x64xf32> to tensor<64x64xf16>
  %2 = edgelm.linear %x weights(%q) {transposed = array<i1: true>} : (tensor<2x64xf32>, tensor<64x64xf16>) -> tensor<2x64xf32>
  return %1, %2 : tensor<2x64xf32>, tensor<2x64xf32>
}

// Codes of 8 bits are paired where the ISA wants it, others and those with sums of rows never.
// PAIRED-LABEL: func.func @paired
// PAIRED: edgelm.packed_weight {{.*}} panel 32 paired at {{.*}} : tensor<64x64x!edgelm.q<"int8">>
// PAIRED: edgelm.packed_weight {{.*}} panel 32 at {{.*}} : tensor<64x64x!edgelm.q<"int8_sums">>
func.func @paired(%x: tensor<2x64x!edgelm.int8_rows<0>>, %y: tensor<2x64x!edgelm.int8_rows<0 zeros = true>>) -> (tensor<2x64xf32>, tensor<2x64xf32>) {
  %w = edgelm.weight #q : tensor<64x64xf32>
  %a = edgelm.quantize_weight %w along 1 error 1.0e-02 : tensor<64x64xf32> to tensor<64x64x!edgelm.q<"int8">>
  %b = edgelm.quantize_weight %w along 1 error 1.0e-02 : tensor<64x64xf32> to tensor<64x64x!edgelm.q<"int8_sums">>
  %0 = edgelm.linear %x weights(%a) {transposed = array<i1: false>} : (tensor<2x64x!edgelm.int8_rows<0>>, tensor<64x64x!edgelm.q<"int8">>) -> tensor<2x64xf32>
  %1 = edgelm.linear %y weights(%b) {transposed = array<i1: false>} : (tensor<2x64x!edgelm.int8_rows<0 zeros = true>>, tensor<64x64x!edgelm.q<"int8_sums">>) -> tensor<2x64xf32>
  return %0, %1 : tensor<2x64xf32>, tensor<2x64xf32>
}
