// RUN: edgelm-opt %s --edgelm-adopt-products | FileCheck %s
// RUN: edgelm-opt %s --edgelm-adopt-products --edgelm-assign-formats="format=int4_g32 requantize" --edgelm-quantize-activations | FileCheck %s --check-prefix=FORCED

// Two products of the same tokens: one scale for the whole matrix and a zero point of 0, and scales by column with zero points
// of 128, which are signed codes. The rows are quantized once, and a bias joins its product.
// CHECK-LABEL: func.func @tokens
// CHECK: %[[ROWS:.*]] = edgelm.quantize_rows %{{.*}} : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<0 zeros = true>>
// CHECK-NOT: edgelm.quantize_rows
// CHECK-NOT: edgelm.matmul_integer
// CHECK: %[[A:.*]] = edgelm.coded_weight <[dense<3> : tensor<64x32xi8>, dense<5.000000e-01> : tensor<f32>, dense<0> : tensor<i8>], {{.*}} axis 1 block 0 transposed = true> : tensor<32x64x!edgelm.q<"int8_sums">>
// CHECK: edgelm.linear %[[ROWS]] weights(%[[A]]) {transposed = array<i1: false>}
// CHECK: %[[B:.*]] = edgelm.coded_weight <[dense<131> : tensor<64x16xui8>, dense<2.500000e-01> : tensor<16xf32>, dense<128> : tensor<16xui8>]{{.*}} : tensor<16x64x!edgelm.q<"int8_sums">>
// CHECK: edgelm.linear %[[ROWS]] weights(%[[B]]) biases(%{{.*}})
// CHECK-NOT: edgelm.binary
// A second quantization is of the numbers, and of activations that are rounded for it.
// FORCED-LABEL: func.func @tokens
// FORCED-NOT: zeros = true
// FORCED: edgelm.quantize_rows %{{.*}} : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<32>>
// FORCED-NOT: zeros = true
// FORCED: edgelm.linear {{.*}}tensor<32x64x!edgelm.q<"int4_g32">>
func.func @tokens(%x: tensor<2x64xf32>) -> (tensor<2x32xf32>, tensor<2x16xf32>) {
  %q, %s, %z = edgelm.dynamic_quantize %x {per_token} : (tensor<2x64xf32>) -> (tensor<2x64xui8>, tensor<2x1xf32>, tensor<2x1xui8>)
  %zr = edgelm.reshape %z : (tensor<2x1xui8>) -> tensor<2xui8>
  %w = edgelm.constant dense<3> : tensor<64x32xi8>
  %ws = edgelm.constant dense<0.5> : tensor<f32>
  %wz = edgelm.constant dense<0> : tensor<i8>
  %0 = edgelm.matmul_integer %q, %w lhs_zero(%zr) rhs_zero(%wz) : (tensor<2x64xui8>, tensor<64x32xi8>, tensor<2xui8>, tensor<i8>) -> tensor<2x32xi32>
  %1 = edgelm.cast %0 to f32 : (tensor<2x32xi32>) -> tensor<2x32xf32>
  %2 = edgelm.binary "mul" %s, %ws : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = edgelm.binary "mul" %1, %2 : (tensor<2x32xf32>, tensor<2x1xf32>) -> tensor<2x32xf32>
  %v = edgelm.constant dense<131> : tensor<64x16xui8>
  %vs = edgelm.constant dense<0.25> : tensor<16xf32>
  %vz = edgelm.constant dense<128> : tensor<ui8>
  %4 = edgelm.matmul_integer %q, %v lhs_zero(%zr) rhs_zero(%vz) : (tensor<2x64xui8>, tensor<64x16xui8>, tensor<2xui8>, tensor<ui8>) -> tensor<2x16xi32>
  %5 = edgelm.cast %4 to f32 : (tensor<2x16xi32>) -> tensor<2x16xf32>
  %6 = edgelm.binary "mul" %vs, %s : (tensor<16xf32>, tensor<2x1xf32>) -> tensor<2x16xf32>
  %7 = edgelm.binary "mul" %6, %5 : (tensor<2x16xf32>, tensor<2x16xf32>) -> tensor<2x16xf32>
  %b = edgelm.constant dense<7.0> : tensor<16xf32>
  %8 = edgelm.binary "add" %b, %7 : (tensor<16xf32>, tensor<2x16xf32>) -> tensor<2x16xf32>
  return %3, %8 : tensor<2x32xf32>, tensor<2x16xf32>
}

// One scale for two rows, a matrix that is computed, and codes that are no signed bytes stay as they are.
// CHECK-LABEL: func.func @others
// CHECK-NOT: edgelm.linear
// CHECK-COUNT-3: edgelm.matmul_integer
// CHECK-NOT: edgelm.linear
// CHECK: return
func.func @others(%x: tensor<2x64xf32>, %y: tensor<1x64xf32>, %m: tensor<64x32xi8>) -> (tensor<2x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>) {
  %w = edgelm.constant dense<3> : tensor<64x32xi8>
  %u = edgelm.constant dense<3> : tensor<64x32xui8>
  %ws = edgelm.constant dense<0.5> : tensor<f32>
  %uz = edgelm.constant dense<7> : tensor<ui8>
  %q, %s, %z = edgelm.dynamic_quantize %x : (tensor<2x64xf32>) -> (tensor<2x64xui8>, tensor<f32>, tensor<ui8>)
  %0 = edgelm.matmul_integer %q, %w lhs_zero(%z) : (tensor<2x64xui8>, tensor<64x32xi8>, tensor<ui8>) -> tensor<2x32xi32>
  %1 = edgelm.cast %0 to f32 : (tensor<2x32xi32>) -> tensor<2x32xf32>
  %2 = edgelm.binary "mul" %s, %ws : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = edgelm.binary "mul" %1, %2 : (tensor<2x32xf32>, tensor<f32>) -> tensor<2x32xf32>
  %q1, %s1, %z1 = edgelm.dynamic_quantize %y : (tensor<1x64xf32>) -> (tensor<1x64xui8>, tensor<f32>, tensor<ui8>)
  %4 = edgelm.matmul_integer %q1, %m lhs_zero(%z1) : (tensor<1x64xui8>, tensor<64x32xi8>, tensor<ui8>) -> tensor<1x32xi32>
  %5 = edgelm.cast %4 to f32 : (tensor<1x32xi32>) -> tensor<1x32xf32>
  %6 = edgelm.binary "mul" %s1, %ws : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %7 = edgelm.binary "mul" %5, %6 : (tensor<1x32xf32>, tensor<f32>) -> tensor<1x32xf32>
  %8 = edgelm.matmul_integer %q1, %u lhs_zero(%z1) rhs_zero(%uz) : (tensor<1x64xui8>, tensor<64x32xui8>, tensor<ui8>, tensor<ui8>) -> tensor<1x32xi32>
  %9 = edgelm.cast %8 to f32 : (tensor<1x32xi32>) -> tensor<1x32xf32>
  %10 = edgelm.binary "mul" %9, %6 : (tensor<1x32xf32>, tensor<f32>) -> tensor<1x32xf32>
  return %3, %7, %10 : tensor<2x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>
}

// The only row has the scale of the tensor.
// CHECK-LABEL: func.func @one_row
// CHECK: edgelm.linear {{.*}}tensor<1x64x!edgelm.int8_rows<0 zeros = true>>
func.func @one_row(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %w = edgelm.constant dense<3> : tensor<64x32xi8>
  %ws = edgelm.constant dense<0.5> : tensor<f32>
  %q, %s, %z = edgelm.dynamic_quantize %x : (tensor<1x64xf32>) -> (tensor<1x64xui8>, tensor<f32>, tensor<ui8>)
  %0 = edgelm.matmul_integer %q, %w lhs_zero(%z) : (tensor<1x64xui8>, tensor<64x32xi8>, tensor<ui8>) -> tensor<1x32xi32>
  %1 = edgelm.cast %0 to f32 : (tensor<1x32xi32>) -> tensor<1x32xf32>
  %2 = edgelm.binary "mul" %s, %ws : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = edgelm.binary "mul" %1, %2 : (tensor<1x32xf32>, tensor<f32>) -> tensor<1x32xf32>
  return %3 : tensor<1x32xf32>
}
