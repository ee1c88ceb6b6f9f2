// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-raise-norm: however the arithmetic is written, it becomes rms_norm or layer_norm.
// RUN: edgelm-opt %s --edgelm-raise-norm | FileCheck %s

// CHECK-LABEL: @rms_with_pow_sqrt_reciprocal
// CHECK-SAME: (%[[X:.*]]: tensor<1x5x8xf32>)
func.func @rms_with_pow_sqrt_reciprocal(%x: tensor<1x5x8xf32>) -> tensor<1x5x8xf32> {
  // CHECK: %[[W:.*]] = edgelm.constant dense<[1.0
  %w = edgelm.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %eps = edgelm.constant dense<1.0e-5> : tensor<f32>
  %square = edgelm.binary "pow" %x, %two : (tensor<1x5x8xf32>, tensor<f32>) -> tensor<1x5x8xf32>
  %mean = edgelm.reduce "mean" %square {axes = array<i64: 2>, keep_dims} : (tensor<1x5x8xf32>) -> tensor<1x5x1xf32>
  %sum = edgelm.binary "add" %mean, %eps : (tensor<1x5x1xf32>, tensor<f32>) -> tensor<1x5x1xf32>
  %root = edgelm.unary "sqrt" %sum : (tensor<1x5x1xf32>) -> tensor<1x5x1xf32>
  %inverse = edgelm.unary "reciprocal" %root : (tensor<1x5x1xf32>) -> tensor<1x5x1xf32>
  %normal = edgelm.binary "mul" %x, %inverse : (tensor<1x5x8xf32>, tensor<1x5x1xf32>) -> tensor<1x5x8xf32>
  // CHECK-NOT: edgelm.binary
  // CHECK: edgelm.rms_norm %[[X]], %[[W]] {epsilon = 9.99{{.*}}E-6 : f64}
  %y = edgelm.binary "mul" %w, %normal : (tensor<8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  return %y : tensor<1x5x8xf32>
}

// CHECK-LABEL: @rms_with_mul_rsqrt_swapped_operands
func.func @rms_with_mul_rsqrt_swapped_operands(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %w = edgelm.weight <"model.bin", 0, 16, "0000000000000000000000000000000000000000000000000000000000000000"> : tensor<8xf16>
  %wide = edgelm.cast %w to f32 : (tensor<8xf16>) -> tensor<8xf32>
  %eps = edgelm.constant dense<1.0e-6> : tensor<1xf32>
  %square = edgelm.binary "mul" %x, %x : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %mean = edgelm.reduce "mean" %square {axes = array<i64: 1>, keep_dims} : (tensor<5x8xf32>) -> tensor<5x1xf32>
  %sum = edgelm.binary "add" %eps, %mean : (tensor<1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %inverse = edgelm.unary "rsqrt" %sum : (tensor<5x1xf32>) -> tensor<5x1xf32>
  %normal = edgelm.binary "mul" %inverse, %x : (tensor<5x1xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  // CHECK: %[[W:.*]] = edgelm.weight
  // CHECK: edgelm.rms_norm %{{.*}}, %[[W]]
  %y = edgelm.binary "mul" %normal, %wide : (tensor<5x8xf32>, tensor<8xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// CHECK-LABEL: @layer_norm_with_div_weight_and_bias
// CHECK-SAME: (%[[X:.*]]: tensor<5x4xf32>)
func.func @layer_norm_with_div_weight_and_bias(%x: tensor<5x4xf32>) -> tensor<5x4xf32> {
  %w = edgelm.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b = edgelm.constant dense<[[0.1, 0.2, 0.3, 0.4]]> : tensor<1x4xf32>
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %eps = edgelm.constant dense<1.0e-12> : tensor<f32>
  %mean = edgelm.reduce "mean" %x {axes = array<i64: 1>, keep_dims} : (tensor<5x4xf32>) -> tensor<5x1xf32>
  %centred = edgelm.binary "sub" %x, %mean : (tensor<5x4xf32>, tensor<5x1xf32>) -> tensor<5x4xf32>
  %square = edgelm.binary "pow" %centred, %two : (tensor<5x4xf32>, tensor<f32>) -> tensor<5x4xf32>
  %variance = edgelm.reduce "mean" %square {axes = array<i64: 1>, keep_dims} : (tensor<5x4xf32>) -> tensor<5x1xf32>
  %sum = edgelm.binary "add" %variance, %eps : (tensor<5x1xf32>, tensor<f32>) -> tensor<5x1xf32>
  %root = edgelm.unary "sqrt" %sum : (tensor<5x1xf32>) -> tensor<5x1xf32>
  %normal = edgelm.binary "div" %centred, %root : (tensor<5x4xf32>, tensor<5x1xf32>) -> tensor<5x4xf32>
  %scaled = edgelm.binary "mul" %normal, %w : (tensor<5x4xf32>, tensor<4xf32>) -> tensor<5x4xf32>
  // CHECK: edgelm.layer_norm %[[X]], %{{.*}}, %{{.*}} {epsilon = {{.*}}E-13 : f64} : (tensor<5x4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK-NEXT: return
  %y = edgelm.binary "add" %b, %scaled : (tensor<1x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
  return %y : tensor<5x4xf32>
}

// A mean over the tokens is no normalisation of a token.
// CHECK-LABEL: @negative_mean_over_the_first_axis
// CHECK-NOT: edgelm.rms_norm
func.func @negative_mean_over_the_first_axis(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %eps = edgelm.constant dense<1.0e-5> : tensor<f32>
  %square = edgelm.binary "mul" %x, %x : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %mean = edgelm.reduce "mean" %square {axes = array<i64: 0>, keep_dims} : (tensor<5x8xf32>) -> tensor<1x8xf32>
  %sum = edgelm.binary "add" %mean, %eps : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %inverse = edgelm.unary "rsqrt" %sum : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = edgelm.binary "mul" %x, %inverse : (tensor<5x8xf32>, tensor<1x8xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// The square of one value under the root, another one in the numerator.
// CHECK-LABEL: @negative_numerator_is_another_value
// CHECK-NOT: edgelm.rms_norm
func.func @negative_numerator_is_another_value(%x: tensor<5x8xf32>, %z: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %square = edgelm.binary "mul" %x, %x : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %mean = edgelm.reduce "mean" %square {axes = array<i64: 1>, keep_dims} : (tensor<5x8xf32>) -> tensor<5x1xf32>
  %inverse = edgelm.unary "rsqrt" %mean : (tensor<5x1xf32>) -> tensor<5x1xf32>
  %y = edgelm.binary "mul" %z, %inverse : (tensor<5x8xf32>, tensor<5x1xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}
