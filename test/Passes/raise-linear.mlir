// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-widen-activations, edgelm-raise-linear and edgelm-raise-embed: products and rows of trained matrices.
// RUN: edgelm-opt %s --edgelm-widen-activations --edgelm-raise-linear --edgelm-raise-embed | FileCheck %s

// CHECK-LABEL: @transposed_weight_and_bias_behind_a_reshape
func.func @transposed_weight_and_bias_behind_a_reshape(%x: tensor<5x2xf32>) -> tensor<1x5x3xf32> {
  // CHECK-DAG: %[[W:.*]] = edgelm.constant dense<{{.*}}> : tensor<3x2xf32>
  // CHECK-DAG: %[[B:.*]] = edgelm.constant dense<[1.0{{.*}}]> : tensor<3xf32>
  %w = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = edgelm.constant dense<[[[1.0, 2.0, 3.0]]]> : tensor<1x1x3xf32>
  %t = edgelm.transpose %w {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %0 = edgelm.matmul %x, %t : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  %1 = edgelm.reshape %0 : (tensor<5x3xf32>) -> tensor<1x5x3xf32>
  // CHECK: %[[Y:.*]] = edgelm.linear %arg0 weights(%[[W]]) biases(%[[B]]) {transposed = array<i1: false>}
  // CHECK: edgelm.reshape %[[Y]] : (tensor<5x3xf32>) -> tensor<1x5x3xf32>
  %2 = edgelm.binary "add" %b, %1 : (tensor<1x1x3xf32>, tensor<1x5x3xf32>) -> tensor<1x5x3xf32>
  return %2 : tensor<1x5x3xf32>
}

// An f16 export is computed in f32; its weights stay f16.
// CHECK-LABEL: @f16_is_widened
// CHECK-SAME: -> tensor<1x5x3xf32>
func.func @f16_is_widened(%tokens: tensor<1x5xi64>) -> tensor<1x5x3xf16> {
  // CHECK-DAG: %[[TABLE:.*]] = edgelm.weight {{.*}} : tensor<7x2xf16>
  // CHECK-DAG: %[[W:.*]] = edgelm.weight {{.*}} : tensor<2x3xf16>
  // CHECK: %[[X:.*]] = edgelm.embed %arg0, %[[TABLE]] : (tensor<1x5xi64>, tensor<7x2xf16>) -> tensor<1x5x2xf32>
  // CHECK: edgelm.linear %[[X]] weights(%[[W]]) {transposed = array<i1: true>}
  %table = edgelm.weight <"model.bin", 0, 28, "0000000000000000000000000000000000000000000000000000000000000000"> : tensor<7x2xf16>
  %w = edgelm.weight <"model.bin", 28, 12, "0000000000000000000000000000000000000000000000000000000000000000"> : tensor<2x3xf16>
  %ids = edgelm.cast %tokens to i32 : (tensor<1x5xi64>) -> tensor<1x5xi32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<7x2xf16>, tensor<1x5xi32>) -> tensor<1x5x2xf16>
  %wide = edgelm.cast %x to f32 : (tensor<1x5x2xf16>) -> tensor<1x5x2xf32>
  %narrow = edgelm.cast %wide to f16 : (tensor<1x5x2xf32>) -> tensor<1x5x2xf16>
  %y = edgelm.matmul %narrow, %w : (tensor<1x5x2xf16>, tensor<2x3xf16>) -> tensor<1x5x3xf16>
  return %y : tensor<1x5x3xf16>
}

// CHECK-LABEL: @dequantized_weight_stays_an_operand
func.func @dequantized_weight_stays_an_operand(%x: tensor<5x2xf32>) -> tensor<5x3xf32> {
  %codes = edgelm.weight <"model.bin", 0, 6, "0000000000000000000000000000000000000000000000000000000000000000"> : tensor<2x3xi8>
  %scale = edgelm.constant dense<0.5> : tensor<f32>
  // CHECK: %[[W:.*]] = edgelm.dequantize
  // CHECK: edgelm.linear %arg0 weights(%[[W]]) {transposed = array<i1: true>}
  %w = edgelm.dequantize %codes, %scale {axis = 1 : i64, block_size = 0 : i64} : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xf32>
  %y = edgelm.matmul %x, %w : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  return %y : tensor<5x3xf32>
}

// CHECK-LABEL: @negative_product_of_two_activations
// CHECK: edgelm.matmul
func.func @negative_product_of_two_activations(%x: tensor<5x2xf32>, %z: tensor<2x3xf32>) -> tensor<5x3xf32> {
  %y = edgelm.matmul %x, %z : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  return %y : tensor<5x3xf32>
}

// The sum of two linears is no bias.
// CHECK-LABEL: @negative_residual_is_no_bias
// CHECK: edgelm.linear
// CHECK-NEXT: edgelm.binary "add"
func.func @negative_residual_is_no_bias(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %w = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = edgelm.matmul %x, %w : (tensor<5x2xf32>, tensor<2x2xf32>) -> tensor<5x2xf32>
  %1 = edgelm.binary "add" %0, %x : (tensor<5x2xf32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  return %1 : tensor<5x2xf32>
}
