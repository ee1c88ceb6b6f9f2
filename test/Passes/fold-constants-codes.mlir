// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: %python -c "open('w.bin', 'wb').write(bytes(176))"
// RUN: edgelm-opt %s --edgelm-fold-constants | FileCheck %s

#codes = #edgelm.weight<"w.bin", 0, 128, "38723a2e5e8a17aa7950dc008209944e898f69a7bd10a23c839d341e935fd5ca">
#rows = #edgelm.weight<"w.bin", 128, 32, "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925">
#others = #edgelm.weight<"w.bin", 160, 16, "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb">

// The weights of a convolution become a matrix, whose rows keep their scales; with scales of another axis they are
// dequantized first.
// CHECK-LABEL: func.func @views_codes_before_they_are_dequantized
// CHECK: %[[CODES:.*]] = edgelm.weight {{.*}} : tensor<8x16xi8>
// CHECK: edgelm.dequantize %[[CODES]], %{{.*}} {axis = 0 : i64, block_size = 0 : i64} : (tensor<8x16xi8>, tensor<8xf32>) -> tensor<8x16xf32>
// CHECK: %[[FLOATS:.*]] = edgelm.dequantize {{.*}} -> tensor<8x4x4xf32>
// CHECK: edgelm.reshape %[[FLOATS]]
func.func @views_codes_before_they_are_dequantized(%x: tensor<2x16xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %codes = edgelm.weight #codes : tensor<8x4x4xi8>
  %rows = edgelm.weight #rows : tensor<8xf32>
  %others = edgelm.weight #others : tensor<4xf32>
  %shape = edgelm.constant dense<[8, 16]> : tensor<2xi64>
  %a = edgelm.dequantize %codes, %rows {axis = 0 : i64, block_size = 0 : i64} : (tensor<8x4x4xi8>, tensor<8xf32>) -> tensor<8x4x4xf32>
  %b = edgelm.reshape %a shape(%shape) : (tensor<8x4x4xf32>, tensor<2xi64>) -> tensor<8x16xf32>
  %c = edgelm.dequantize %codes, %others {axis = 1 : i64, block_size = 0 : i64} : (tensor<8x4x4xi8>, tensor<4xf32>) -> tensor<8x4x4xf32>
  %d = edgelm.reshape %c shape(%shape) : (tensor<8x4x4xf32>, tensor<2xi64>) -> tensor<8x16xf32>
  %bt = edgelm.transpose %b {perm = array<i64: 1, 0>} : (tensor<8x16xf32>) -> tensor<16x8xf32>
  %dt = edgelm.transpose %d {perm = array<i64: 1, 0>} : (tensor<8x16xf32>) -> tensor<16x8xf32>
  %0 = edgelm.matmul %x, %bt : (tensor<2x16xf32>, tensor<16x8xf32>) -> tensor<2x8xf32>
  %1 = edgelm.matmul %x, %dt : (tensor<2x16xf32>, tensor<16x8xf32>) -> tensor<2x8xf32>
  return %0, %1 : tensor<2x8xf32>, tensor<2x8xf32>
}
