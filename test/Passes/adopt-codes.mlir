// RUN: not edgelm-opt %s --split-input-file --edgelm-adopt-codes 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=SAID < %t

// Int8 for each output: the matrix lies as [K, N] in the model, its codes become [N, K]. One scale for a table is one for
// each of its rows.
// CHECK-LABEL: func.func @rows
// CHECK: edgelm.coded_weight <[dense<3> : tensor<96x64xi8>, dense<5.000000e-01> : tensor<f32>], [tensor<96x64xi8>, tensor<f32>] axis 0 block 0> : tensor<96x64x!edgelm.q<"int8">>
// CHECK: edgelm.coded_weight <[dense<-128> : tensor<64x32xi8>, dense<2.500000e-01> : tensor<32xf32>, dense<0> : tensor<32xi8>], [tensor<64x32xi8>, tensor<32xf32>, tensor<32xi8>] axis 1 block 0 transposed = true> : tensor<32x64x!edgelm.q<"int8">>
// CHECK: edgelm.linear %{{.*}} weights(%{{.*}}) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64x!edgelm.q<"int8">>) -> tensor<1x32xf32>
func.func @rows(%tokens: tensor<1xi32>) -> tensor<1x32xf32> {
  %codes = edgelm.constant dense<3> : tensor<96x64xi8>
  %scale = edgelm.constant dense<0.5> : tensor<f32>
  %table = edgelm.dequantize %codes, %scale {axis = 0 : i64, block_size = 0 : i64} : (tensor<96x64xi8>, tensor<f32>) -> tensor<96x64xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<96x64xf32>) -> tensor<1x64xf32>
  %c = edgelm.constant dense<-128> : tensor<64x32xi8>
  %s = edgelm.constant dense<0.25> : tensor<32xf32>
  %z = edgelm.constant dense<0> : tensor<32xi8>
  %w = edgelm.dequantize %c, %s, %z {axis = 1 : i64, block_size = 0 : i64} : (tensor<64x32xi8>, tensor<32xf32>, tensor<32xi8>) -> tensor<64x32xf32>
  %y = edgelm.linear %x weights(%w) {transposed = array<i1: true>} : (tensor<1x64xf32>, tensor<64x32xf32>) -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// -----

// Four bits: zero points of 8 are none; scales that f16 has are f16; a block of 64 is two groups of 32 where that is the
// smallest format.
// CHECK-LABEL: func.func @blocks
// CHECK: edgelm.coded_weight {{.*}} packed 4 axis 1 block 32> : tensor<2x64x!edgelm.q<"int4_g32">>
// CHECK: edgelm.coded_weight {{.*}} packed 4 axis 1 block 32> : tensor<2x64x!edgelm.q<"int4_g32_f32">>
// CHECK: edgelm.coded_weight {{.*}} packed 4 axis 1 block 32> : tensor<2x64x!edgelm.q<"int4a_g32_f32">>
// CHECK: edgelm.coded_weight {{.*}} packed 4 axis 1 block 64> : tensor<2x64x!edgelm.q<"int4_g64">>
// CHECK: edgelm.coded_weight {{.*}} packed 4 axis 1 block 64> : tensor<2x64x!edgelm.q<"int4_g32_f32">>
// CHECK: edgelm.coded_weight {{.*}} packed 8 axis 1 block 32> : tensor<2x64x!edgelm.q<"int8_g32_f32">>
// CHECK: edgelm.coded_weight {{.*}} packed 2 axis 1 block 64> : tensor<2x64x!edgelm.q<"int2_g64">>
func.func @blocks(%x: tensor<1x64xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>) {
  %four = edgelm.constant dense<17> : tensor<2x2x16xui8>
  %half = edgelm.constant dense<0.5> : tensor<4xf32>
  %tenth = edgelm.constant dense<0.1> : tensor<4xf32>
  %eights = edgelm.constant dense<136> : tensor<2x1xui8>
  %others = edgelm.constant dense<[[136], [135]]> : tensor<2x1xui8>
  %0 = edgelm.dequantize_blocks %four, %half, %eights {bits = 4 : i64, block_size = 32 : i64, k = 64 : i64} : (tensor<2x2x16xui8>, tensor<4xf32>, tensor<2x1xui8>) -> tensor<2x64xf32>
  %1 = edgelm.dequantize_blocks %four, %tenth {bits = 4 : i64, block_size = 32 : i64, k = 64 : i64} : (tensor<2x2x16xui8>, tensor<4xf32>) -> tensor<2x64xf32>
  %2 = edgelm.dequantize_blocks %four, %tenth, %others {bits = 4 : i64, block_size = 32 : i64, k = 64 : i64} : (tensor<2x2x16xui8>, tensor<4xf32>, tensor<2x1xui8>) -> tensor<2x64xf32>
  %long = edgelm.constant dense<17> : tensor<2x1x32xui8>
  %halves = edgelm.constant dense<0.5> : tensor<2xf32>
  %tenths = edgelm.constant dense<0.1> : tensor<2xf32>
  %3 = edgelm.dequantize_blocks %long, %halves {bits = 4 : i64, block_size = 64 : i64, k = 64 : i64} : (tensor<2x1x32xui8>, tensor<2xf32>) -> tensor<2x64xf32>
  %4 = edgelm.dequantize_blocks %long, %tenths {bits = 4 : i64, block_size = 64 : i64, k = 64 : i64} : (tensor<2x1x32xui8>, tensor<2xf32>) -> tensor<2x64xf32>
  %bytes = edgelm.constant dense<17> : tensor<2x2x32xui8>
  %5 = edgelm.dequantize_blocks %bytes, %tenth {bits = 8 : i64, block_size = 32 : i64, k = 64 : i64} : (tensor<2x2x32xui8>, tensor<4xf32>) -> tensor<2x64xf32>
  %two = edgelm.constant dense<17> : tensor<2x1x16xui8>
  %6 = edgelm.dequantize_blocks %two, %halves {bits = 2 : i64, block_size = 64 : i64, k = 64 : i64} : (tensor<2x1x16xui8>, tensor<2xf32>) -> tensor<2x64xf32>
  %y0 = edgelm.linear %x weights(%0) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y1 = edgelm.linear %x weights(%1) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y2 = edgelm.linear %x weights(%2) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y3 = edgelm.linear %x weights(%3) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y4 = edgelm.linear %x weights(%4) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y5 = edgelm.linear %x weights(%5) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  %y6 = edgelm.linear %x weights(%6) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  return %y0, %y1, %y2, %y3, %y4, %y5, %y6 : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

// What no format has becomes f32, and the compiler says so: zero points of 8 bits, blocks of 16.
// SAID: remark: no number format has the codes and scales of this matrix; it is stored as f32, which is exact
// SAID: remark: no number format has the codes and scales of this matrix; it is stored as f32, which is exact
// CHECK-LABEL: func.func @widened
// CHECK: edgelm.coded_weight {{.*}} : tensor<32x64xf32>
// CHECK: edgelm.coded_weight {{.*}} : tensor<2x64xf32>
func.func @widened(%x: tensor<1x64xf32>) -> (tensor<1x32xf32>, tensor<1x2xf32>) {
  %c = edgelm.constant dense<17> : tensor<32x64xui8>
  %s = edgelm.constant dense<0.25> : tensor<32xf32>
  %z = edgelm.constant dense<130> : tensor<32xui8>
  %w = edgelm.dequantize %c, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<32x64xui8>, tensor<32xf32>, tensor<32xui8>) -> tensor<32x64xf32>
  %y = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<32x64xf32>) -> tensor<1x32xf32>
  %four = edgelm.constant dense<17> : tensor<2x4x8xui8>
  %half = edgelm.constant dense<0.5> : tensor<8xf32>
  %v = edgelm.dequantize_blocks %four, %half {bits = 4 : i64, block_size = 16 : i64, k = 64 : i64} : (tensor<2x4x8xui8>, tensor<8xf32>) -> tensor<2x64xf32>
  %u = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  return %y, %u : tensor<1x32xf32>, tensor<1x2xf32>
}

// -----

// SAID: error: expected a zero point for each of 2 scales, found 'tensor<3xi8>'
func.func @zero_points_do_not_fit(%x: tensor<1x64xf32>) -> tensor<1x2xf32> {
  %c = edgelm.constant dense<17> : tensor<2x64xi8>
  %s = edgelm.constant dense<0.5> : tensor<2xf32>
  %z = edgelm.constant dense<0> : tensor<3xi8>
  %w = edgelm.dequantize %c, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x64xi8>, tensor<2xf32>, tensor<3xi8>) -> tensor<2x64xf32>
  %y = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<2x64xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
