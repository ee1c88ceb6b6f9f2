// RUN: edgelm-opt %s --edgelm-quantize-activations | FileCheck %s
// RUN: edgelm-opt %s --edgelm-quantize-activations=paired=true | FileCheck %s --check-prefix=PAIRED
// RUN: edgelm-opt %s --edgelm-quantize-activations --edgelm-fuse-epilogues --edgelm-fuse-projections=panel=16 --edgelm-fuse-norm-quantize | FileCheck %s --check-prefix=FUSED

// Two formats with groups of 32 share one operation; one with a scale for the whole row has its own.
// CHECK-LABEL: func.func @groups
// CHECK: %[[BY32:.*]] = edgelm.quantize_rows %{{.*}} : tensor<1x64xf32> to tensor<1x64x!edgelm.int8_rows<32>>
// CHECK: edgelm.linear %[[BY32]]
// CHECK: edgelm.linear %[[BY32]]
// CHECK: %[[ROW:.*]] = edgelm.quantize_rows %{{.*}} : tensor<1x64xf32> to tensor<1x64x!edgelm.int8_rows<0>>
// CHECK: edgelm.linear %[[ROW]]
// CHECK: edgelm.linear %arg0
// Linears of two formats are not merged, and a norm whose result is quantized twice stays.
// FUSED-LABEL: func.func @groups
// FUSED-COUNT-2: edgelm.quantize_rows
// FUSED-COUNT-2: edgelm.linear
func.func @groups(%x: tensor<1x64xf32>, %f: tensor<32x64xf32>) -> (tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>) {
  %w = edgelm.constant dense<1.0> : tensor<32x64xf32>
  %a = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4_g32">>
  %b = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int8_g32">>
  %c = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4p_g64">>
  %0 = edgelm.linear %x weights(%a) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g32">>) -> tensor<1x32xf32>
  %1 = edgelm.linear %x weights(%b) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int8_g32">>) -> tensor<1x32xf32>
  %2 = edgelm.linear %x weights(%c) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4p_g64">>) -> tensor<1x32xf32>
  %3 = edgelm.linear %x weights(%f) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64xf32>) -> tensor<1x32xf32>
  return %0, %1, %2, %3 : tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>
}

// A layer: the norm writes codes, projections of one format become one linear, the gated unit's two linears too.
// FUSED-LABEL: func.func @layer
// FUSED: %[[A:.*]] = edgelm.rms_norm {{.*}} -> tensor<1x64x!edgelm.int8_rows<32>>
// FUSED-NOT: edgelm.quantize_rows
// FUSED: edgelm.linear %[[A]] weights(%{{.*}}, %{{.*}}) {{.*}} -> tensor<1x64xf32>
// FUSED: %[[B:.*]] = edgelm.layer_norm {{.*}} -> tensor<1x64x!edgelm.int8_rows<32>>
// FUSED: edgelm.linear %[[B]] weights(%{{.*}}, %{{.*}}) {activation = "silu", glu, {{.*}} -> tensor<1x32xf32>
func.func @layer(%x: tensor<1x64xf32>) -> (tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>) {
  %norm = edgelm.constant dense<1.0> : tensor<64xf32>
  %w = edgelm.constant dense<1.0> : tensor<32x64xf32>
  %q = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4_g32">>
  %0 = edgelm.rms_norm %x, %norm {epsilon = 1.0e-05 : f64} : (tensor<1x64xf32>, tensor<64xf32>) -> tensor<1x64xf32>
  %1 = edgelm.linear %0 weights(%q) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g32">>) -> tensor<1x32xf32>
  %k = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4_g32">>
  %2 = edgelm.linear %0 weights(%k) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g32">>) -> tensor<1x32xf32>
  %3 = edgelm.layer_norm %x, %norm {epsilon = 1.0e-05 : f64} : (tensor<1x64xf32>, tensor<64xf32>) -> tensor<1x64xf32>
  %4 = edgelm.linear %3 weights(%q) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g32">>) -> tensor<1x32xf32>
  %5 = edgelm.linear %3 weights(%k) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g32">>) -> tensor<1x32xf32>
  %6 = edgelm.glu "silu" %4, %5 : (tensor<1x32xf32>, tensor<1x32xf32>) -> tensor<1x32xf32>
  return %1, %2, %6 : tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>
}

// What the export rounded is not rounded again, also where windows of it are put together; anything else is.
// CHECK-LABEL: func.func @windows
// CHECK-NOT: edgelm.quantize_rows
// CHECK: edgelm.linear
// CHECK: edgelm.quantize_rows
// CHECK: edgelm.linear
func.func @windows(%c: tensor<1x8x4xui8>, %x: tensor<1x8x2xf32>) -> (tensor<1x2x16xf32>, tensor<1x2x16xf32>) {
  %s = edgelm.constant dense<0.5> : tensor<f32>
  %w = edgelm.constant dense<1.0> : tensor<16x16xf32>
  %q = edgelm.quantize_weight %w along 1 : tensor<16x16xf32> to tensor<16x16x!edgelm.q<"int8">>
  %0 = edgelm.dequantize %c, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<1x8x4xui8>, tensor<f32>) -> tensor<1x8x4xf32>
  %a = edgelm.slice %0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 8, 2>, steps = array<i64: 1, 1, 2>} : (tensor<1x8x4xf32>) -> tensor<1x8x2xf32>
  %b = edgelm.slice %0 {starts = array<i64: 0, 0, 1>, sizes = array<i64: 1, 8, 2>, steps = array<i64: 1, 1, 2>} : (tensor<1x8x4xf32>) -> tensor<1x8x2xf32>
  %1 = edgelm.concat %a, %b {axis = 1 : i64} : (tensor<1x8x2xf32>, tensor<1x8x2xf32>) -> tensor<1x16x2xf32>
  %2 = edgelm.transpose %1 {perm = array<i64: 0, 2, 1>} : (tensor<1x16x2xf32>) -> tensor<1x2x16xf32>
  %3 = edgelm.linear %2 weights(%q) {transposed = array<i1: false>} : (tensor<1x2x16xf32>, tensor<16x16x!edgelm.q<"int8">>) -> tensor<1x2x16xf32>
  %4 = edgelm.concat %a, %x {axis = 1 : i64} : (tensor<1x8x2xf32>, tensor<1x8x2xf32>) -> tensor<1x16x2xf32>
  %5 = edgelm.transpose %4 {perm = array<i64: 0, 2, 1>} : (tensor<1x16x2xf32>) -> tensor<1x2x16xf32>
  %6 = edgelm.linear %5 weights(%q) {transposed = array<i1: false>} : (tensor<1x2x16xf32>, tensor<16x16x!edgelm.q<"int8">>) -> tensor<1x2x16xf32>
  return %3, %6 : tensor<1x2x16xf32>, tensor<1x2x16xf32>
}

// A codebook is looked up byte by byte: its rows are not paired.
// CHECK-LABEL: func.func @codebook
// CHECK: edgelm.int8_rows<64>
// CHECK-NOT: edgelm.quantize_rows
// PAIRED-LABEL: func.func @codebook
// PAIRED: %[[PAIRS:.*]] = edgelm.quantize_rows %{{.*}} : tensor<1x64xf32> to tensor<1x64x!edgelm.int8_rows<64 paired = true>>
// PAIRED: edgelm.linear %[[PAIRS]]
// PAIRED: %[[BYTES:.*]] = edgelm.quantize_rows %{{.*}} : tensor<1x64xf32> to tensor<1x64x!edgelm.int8_rows<64>>
// PAIRED: edgelm.linear %[[BYTES]]
func.func @codebook(%x: tensor<1x64xf32>) -> (tensor<1x32xf32>, tensor<1x32xf32>) {
  %w = edgelm.constant dense<1.0> : tensor<32x64xf32>
  %a = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"int4_g64">>
  %b = edgelm.quantize_weight %w along 1 : tensor<32x64xf32> to tensor<32x64x!edgelm.q<"nf4_g64">>
  %0 = edgelm.linear %x weights(%a) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int4_g64">>) -> tensor<1x32xf32>
  %1 = edgelm.linear %x weights(%b) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"nf4_g64">>) -> tensor<1x32xf32>
  return %0, %1 : tensor<1x32xf32>, tensor<1x32xf32>
}
