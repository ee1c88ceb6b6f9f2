// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-raise-attention: queries, keys and values are found in their sources by following elements.
// RUN: edgelm-opt %s --edgelm-raise-attention --split-input-file --verify-diagnostics | FileCheck %s

// One projection holds queries, keys and values one after the other; the scores are divided, then masked.
// CHECK-LABEL: @split_projection
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x24xf32>)
func.func @split_projection(%x: tensor<1x3x24xf32>) -> tensor<1x3x8xf32> {
  // CHECK: %[[FLAT:.*]] = edgelm.reshape %[[X]] : (tensor<1x3x24xf32>) -> tensor<3x24xf32>
  // CHECK-DAG: %[[Q:.*]] = edgelm.slice %[[FLAT]] {sizes = array<i64: 3, 8>, starts = array<i64: 0, 0>
  // CHECK-DAG: %[[K:.*]] = edgelm.slice {{.*}} {sizes = array<i64: 3, 8>, starts = array<i64: 0, 8>
  // CHECK-DAG: %[[V:.*]] = edgelm.slice {{.*}} {sizes = array<i64: 3, 8>, starts = array<i64: 0, 16>
  // CHECK: %[[Y:.*]] = edgelm.attention %{{.*}}, %{{.*}}, %{{.*}}, <causal> {scale = 5.000000e-01 : f64} : (tensor<3x2x4xf32>, tensor<3x2x4xf32>, tensor<3x2x4xf32>) -> tensor<3x2x4xf32>
  // CHECK-NEXT: %[[R:.*]] = edgelm.reshape %[[Y]] : (tensor<3x2x4xf32>) -> tensor<1x3x8xf32>
  // CHECK-NEXT: return %[[R]]
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %mask = edgelm.mask <causal> : () -> tensor<1x1x3x3xf32>
  %q0 = edgelm.slice %x {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 3, 8>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x24xf32>) -> tensor<1x3x8xf32>
  %k0 = edgelm.slice %x {starts = array<i64: 0, 0, 8>, sizes = array<i64: 1, 3, 8>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x24xf32>) -> tensor<1x3x8xf32>
  %v0 = edgelm.slice %x {starts = array<i64: 0, 0, 16>, sizes = array<i64: 1, 3, 8>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x24xf32>) -> tensor<1x3x8xf32>
  %q1 = edgelm.reshape %q0 : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %k1 = edgelm.reshape %k0 : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %v1 = edgelm.reshape %v0 : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %q = edgelm.transpose %q1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k = edgelm.transpose %k1 {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x4x3xf32>
  %v = edgelm.transpose %v1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %s0 = edgelm.matmul %q, %k : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s1 = edgelm.binary "div" %s0, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %s2 = edgelm.binary "add" %mask, %s1 : (tensor<1x1x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p = edgelm.softmax %s2 {axis = 3 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %o = edgelm.matmul %p, %v : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %t = edgelm.transpose %o {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = edgelm.reshape %t : (tensor<1x3x2x4xf32>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// Two key heads serve four query heads; a scale stands on queries and on keys, and the mask selects.
// CHECK-LABEL: @repeated_heads_are_grouped
func.func @repeated_heads_are_grouped(%q0: tensor<3x16xf32>, %k0: tensor<3x8xf32>, %v0: tensor<3x8xf32>) -> tensor<1x4x3x4xf32> {
  // CHECK: edgelm.attention %{{.*}}, %{{.*}}, %{{.*}}, <sliding_window window = 2> {scale = 2.500000e-01 : f64} : (tensor<3x4x4xf32>, tensor<3x2x4xf32>, tensor<3x2x4xf32>) -> tensor<3x4x4xf32>
  // CHECK-NOT: edgelm.broadcast
  %half = edgelm.constant dense<0.5> : tensor<f32>
  %low = edgelm.constant dense<-3.40282347E+38> : tensor<f32>
  %mask = edgelm.mask <sliding_window window = 2> : () -> tensor<1x1x3x3xi1>
  %q1 = edgelm.binary "mul" %q0, %half : (tensor<3x16xf32>, tensor<f32>) -> tensor<3x16xf32>
  %q2 = edgelm.reshape %q1 : (tensor<3x16xf32>) -> tensor<1x3x4x4xf32>
  %q = edgelm.transpose %q2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x4x4xf32>) -> tensor<1x4x3x4xf32>
  %k1 = edgelm.reshape %k0 : (tensor<3x8xf32>) -> tensor<3x2x1x4xf32>
  %k2 = edgelm.transpose %k1 {perm = array<i64: 1, 2, 0, 3>} : (tensor<3x2x1x4xf32>) -> tensor<2x1x3x4xf32>
  %k3 = edgelm.broadcast %k2 : (tensor<2x1x3x4xf32>) -> tensor<2x2x3x4xf32>
  %k4 = edgelm.reshape %k3 : (tensor<2x2x3x4xf32>) -> tensor<1x4x3x4xf32>
  %k5 = edgelm.binary "mul" %half, %k4 : (tensor<f32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %k = edgelm.transpose %k5 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x3x4xf32>) -> tensor<1x4x4x3xf32>
  %v1 = edgelm.reshape %v0 : (tensor<3x8xf32>) -> tensor<3x2x1x4xf32>
  %v2 = edgelm.transpose %v1 {perm = array<i64: 1, 2, 0, 3>} : (tensor<3x2x1x4xf32>) -> tensor<2x1x3x4xf32>
  %v3 = edgelm.broadcast %v2 : (tensor<2x1x3x4xf32>) -> tensor<2x2x3x4xf32>
  %v = edgelm.reshape %v3 : (tensor<2x2x3x4xf32>) -> tensor<1x4x3x4xf32>
  %s0 = edgelm.matmul %q, %k : (tensor<1x4x3x4xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x3x3xf32>
  %s1 = edgelm.select %mask, %s0, %low : (tensor<1x1x3x3xi1>, tensor<1x4x3x3xf32>, tensor<f32>) -> tensor<1x4x3x3xf32>
  %p = edgelm.softmax %s1 {axis = 3 : i64} : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<1x4x3x3xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %y : tensor<1x4x3x4xf32>
}

// -----

// Each head has its query, key and value together; the products are of three dimensions and bounded from below; padding is hidden.
// CHECK-LABEL: @heads_of_three_parts
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x24xf32>, %[[MASK:.*]]: tensor<1x3xi64>)
func.func @heads_of_three_parts(%x: tensor<1x3x24xf32>, %key_mask: tensor<1x3xi64>) -> tensor<2x3x4xf32> {
  // CHECK: %[[HEADS:.*]] = edgelm.reshape %[[X]] : (tensor<1x3x24xf32>) -> tensor<3x2x12xf32>
  // CHECK: %[[Q:.*]] = edgelm.slice %[[HEADS]] {sizes = array<i64: 3, 2, 4>, starts = array<i64: 0, 0, 0>
  // CHECK: edgelm.attention %[[Q]], %{{.*}}, %{{.*}} masked_by %[[MASK]], <bidirectional> {scale = 1.000000e+00 : f64}
  %low = edgelm.constant dense<-3.40282347E+38> : tensor<f32>
  %mask = edgelm.mask %key_mask <bidirectional> : (tensor<1x3xi64>) -> tensor<1x1x3x3xf32>
  %0 = edgelm.reshape %x : (tensor<1x3x24xf32>) -> tensor<3x2x12xf32>
  %h = edgelm.transpose %0 {perm = array<i64: 1, 0, 2>} : (tensor<3x2x12xf32>) -> tensor<2x3x12xf32>
  %q = edgelm.slice %h {starts = array<i64: 0, 0, 0>, sizes = array<i64: 2, 3, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x12xf32>) -> tensor<2x3x4xf32>
  %k0 = edgelm.slice %h {starts = array<i64: 0, 0, 4>, sizes = array<i64: 2, 3, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x12xf32>) -> tensor<2x3x4xf32>
  %v = edgelm.slice %h {starts = array<i64: 0, 0, 8>, sizes = array<i64: 2, 3, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x12xf32>) -> tensor<2x3x4xf32>
  %k = edgelm.transpose %k0 {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %s0 = edgelm.matmul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  %s1 = edgelm.reshape %s0 : (tensor<2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = edgelm.binary "add" %s1, %mask : (tensor<1x2x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s3 = edgelm.binary "max" %low, %s2 : (tensor<f32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s4 = edgelm.reshape %s3 : (tensor<1x2x3x3xf32>) -> tensor<2x3x3xf32>
  %p = edgelm.softmax %s4 {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// The keys of a head are reversed, as no grouping has them.
// CHECK-LABEL: @negative_keys_of_other_heads
// CHECK-NOT: edgelm.attention
func.func @negative_keys_of_other_heads(%q: tensor<2x3x4xf32>, %k0: tensor<3x2x4xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %k1 = edgelm.transpose %k0 {perm = array<i64: 1, 2, 0>} : (tensor<3x2x4xf32>) -> tensor<2x4x3xf32>
  %first = edgelm.slice %k1 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 4, 3>, steps = array<i64: 1, 1, 1>} : (tensor<2x4x3xf32>) -> tensor<1x4x3xf32>
  %second = edgelm.slice %k1 {starts = array<i64: 1, 0, 0>, sizes = array<i64: 1, 4, 3>, steps = array<i64: 1, 1, 1>} : (tensor<2x4x3xf32>) -> tensor<1x4x3xf32>
  %k = edgelm.concat %second, %first {axis = 0 : i64} : (tensor<1x4x3xf32>, tensor<1x4x3xf32>) -> tensor<2x4x3xf32>
  %s = edgelm.matmul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  // expected-remark@+1 {{is not raised to attention: has heads that do not lie at equal distances}}
  %p = edgelm.softmax %s {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// A bias of the scores that is no mask.
// CHECK-LABEL: @negative_unknown_bias
// CHECK-NOT: edgelm.attention
func.func @negative_unknown_bias(%q: tensor<2x3x4xf32>, %k: tensor<2x4x3xf32>, %v: tensor<2x3x4xf32>, %bias: tensor<3x3xf32>) -> tensor<2x3x4xf32> {
  %s = edgelm.matmul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  %b = edgelm.binary "add" %s, %bias : (tensor<2x3x3xf32>, tensor<3x3xf32>) -> tensor<2x3x3xf32>
  // expected-remark@+1 {{is not raised to attention: its operand is not a masked, scaled product of queries and keys}}
  %p = edgelm.softmax %b {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// Scores are capped in front of the mask: 8 * tanh(s / 8), where s = 0.5 * q · k.
// CHECK-LABEL: @capped
func.func @capped(%q: tensor<2x3x4xf32>, %k: tensor<2x4x3xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: edgelm.attention %{{.*}}, %{{.*}}, %{{.*}}, <causal> {scale = 5.000000e-01 : f64, softcap = 8.000000e+00 : f64}
  %half = edgelm.constant dense<0.5> : tensor<f32>
  %cap = edgelm.constant dense<8.0> : tensor<f32>
  %mask = edgelm.mask <causal> : () -> tensor<1x3x3xf32>
  %s0 = edgelm.matmul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  %s1 = edgelm.binary "mul" %s0, %half : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %s2 = edgelm.binary "div" %s1, %cap : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %s3 = edgelm.unary "tanh" %s2 : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %s4 = edgelm.binary "mul" %s3, %cap : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %s5 = edgelm.binary "add" %s4, %mask : (tensor<2x3x3xf32>, tensor<1x3x3xf32>) -> tensor<2x3x3xf32>
  %p = edgelm.softmax %s5 {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// A cap behind the mask makes hidden keys -8, which are not hidden any more.
// CHECK-LABEL: @negative_capped_mask
// CHECK-NOT: edgelm.attention
func.func @negative_capped_mask(%q: tensor<2x3x4xf32>, %k: tensor<2x4x3xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %cap = edgelm.constant dense<8.0> : tensor<f32>
  %mask = edgelm.mask <causal> : () -> tensor<1x3x3xf32>
  %s0 = edgelm.matmul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  %s1 = edgelm.binary "add" %s0, %mask : (tensor<2x3x3xf32>, tensor<1x3x3xf32>) -> tensor<2x3x3xf32>
  %s2 = edgelm.unary "tanh" %s1 : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %s3 = edgelm.binary "mul" %s2, %cap : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  // expected-remark@+1 {{is not raised to attention: its operand is not a masked, scaled product of queries and keys}}
  %p = edgelm.softmax %s3 {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = edgelm.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
