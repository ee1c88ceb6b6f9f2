// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-raise-rope: rotations are found by following elements, their tables become columns for each pair.
// RUN: edgelm-opt %s --edgelm-raise-rope | FileCheck %s

#cos = dense<[[1.0, 1.0, 1.0, 1.0], [0.5, 0.9, 0.5, 0.9], [0.2, 0.8, 0.2, 0.8], [0.1, 0.7, 0.1, 0.7], [0.0, 0.6, 0.0, 0.6]]> : tensor<5x4xf32>
#sin = dense<[[0.0, 0.0, 0.0, 0.0], [0.4, 0.1, 0.4, 0.1], [0.5, 0.2, 0.5, 0.2], [0.6, 0.3, 0.6, 0.3], [0.7, 0.4, 0.7, 0.4]]> : tensor<5x4xf32>
#cos_pairs = dense<[[1.0, 1.0], [0.5, 0.9], [0.2, 0.8], [0.1, 0.7], [0.0, 0.6]]> : tensor<5x2xf32>
#sin_pairs = dense<[[0.0, 0.0], [0.4, 0.1], [0.5, 0.2], [0.6, 0.3], [0.7, 0.4]]> : tensor<5x2xf32>

// Two heads of four, rotated by halves after the heads were moved in front of the tokens. The table for five positions has one column a pair.
// CHECK-LABEL: @halves_of_transposed_heads
func.func @halves_of_transposed_heads(%x: tensor<1x3x8xf32>) -> tensor<1x2x3x4xf32> {
  // CHECK-DAG: %[[COS:.*]] = edgelm.constant dense<{{\[}}[1.{{0*}}e+00, 1.{{0*}}e+00], [5.{{0*}}e-01, 0.{{.*}}> : tensor<5x2xf32>
  // CHECK-DAG: %[[SIN:.*]] = edgelm.constant dense<{{\[}}[0.{{0*}}e+00, 0.{{0*}}e+00], [4.{{0*}}e-01, {{.*}}> : tensor<5x2xf32>
  // CHECK-DAG: %[[HEADS:.*]] = edgelm.reshape %arg0 : (tensor<1x3x8xf32>) -> tensor<3x2x4xf32>
  // CHECK: %[[Y:.*]] = edgelm.rope %[[HEADS]], %[[COS]], %[[SIN]] : (tensor<3x2x4xf32>
  // CHECK-NOT: edgelm.binary
  // CHECK: edgelm.transpose
  // CHECK: return %{{.*}} : tensor<1x2x3x4xf32>
  %ct = edgelm.constant #cos
  %st = edgelm.constant #sin
  %c = edgelm.position_rows %ct {axis = 2 : i64} : (tensor<5x4xf32>) -> tensor<1x1x3x4xf32>
  %s = edgelm.position_rows %st {axis = 2 : i64} : (tensor<5x4xf32>) -> tensor<1x1x3x4xf32>
  %0 = edgelm.reshape %x : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %h = edgelm.transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %hc = edgelm.binary "mul" %h, %c : (tensor<1x2x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x2x3x4xf32>
  %upper = edgelm.slice %h {starts = array<i64: 0, 0, 0, 2>, sizes = array<i64: 1, 2, 3, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x2xf32>
  %lower = edgelm.slice %h {starts = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x2xf32>
  %minus = edgelm.unary "neg" %upper : (tensor<1x2x3x2xf32>) -> tensor<1x2x3x2xf32>
  %turned = edgelm.concat %minus, %lower {axis = 3 : i64} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %ts = edgelm.binary "mul" %turned, %s : (tensor<1x2x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x2x3x4xf32>
  %y = edgelm.binary "add" %hc, %ts : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %y : tensor<1x2x3x4xf32>
}

// One head of six: pairs of neighbours are rotated as complex numbers, the last two elements pass.
// CHECK-LABEL: @neighbours_of_the_first_elements
func.func @neighbours_of_the_first_elements(%x: tensor<3x6xf32>) -> tensor<3x6xf32> {
  // CHECK: %[[HEADS:.*]] = edgelm.reshape %arg0 : (tensor<3x6xf32>) -> tensor<3x1x6xf32>
  // CHECK: edgelm.rope %[[HEADS]], %{{.*}}, %{{.*}} {interleaved} : (tensor<3x1x6xf32>, tensor<5x2xf32>, tensor<5x2xf32>)
  // CHECK-NOT: edgelm.binary
  %ct = edgelm.constant #cos_pairs
  %st = edgelm.constant #sin_pairs
  %c = edgelm.position_rows %ct {axis = 0 : i64} : (tensor<5x2xf32>) -> tensor<3x2x1xf32>
  %s = edgelm.position_rows %st {axis = 0 : i64} : (tensor<5x2xf32>) -> tensor<3x2x1xf32>
  %rotated = edgelm.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 3, 4>, steps = array<i64: 1, 1>} : (tensor<3x6xf32>) -> tensor<3x4xf32>
  %pass = edgelm.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: 3, 2>, steps = array<i64: 1, 1>} : (tensor<3x6xf32>) -> tensor<3x2xf32>
  %pairs = edgelm.reshape %rotated : (tensor<3x4xf32>) -> tensor<3x2x2xf32>
  %re = edgelm.slice %pairs {starts = array<i64: 0, 0, 0>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  %im = edgelm.slice %pairs {starts = array<i64: 0, 0, 1>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  %0 = edgelm.binary "mul" %re, %c : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %1 = edgelm.binary "mul" %im, %s : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %2 = edgelm.binary "mul" %re, %s : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %3 = edgelm.binary "mul" %im, %c : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %newRe = edgelm.binary "sub" %0, %1 : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %newIm = edgelm.binary "add" %2, %3 : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x1xf32>
  %both = edgelm.concat %newRe, %newIm {axis = 2 : i64} : (tensor<3x2x1xf32>, tensor<3x2x1xf32>) -> tensor<3x2x2xf32>
  %flat = edgelm.reshape %both : (tensor<3x2x2xf32>) -> tensor<3x4xf32>
  %y = edgelm.concat %flat, %pass {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x2xf32>) -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}

// A sum with rows of a position table is a learned position and stays.
// CHECK-LABEL: @negative_learned_positions
// CHECK: edgelm.position_rows
// CHECK-NEXT: edgelm.binary "add"
func.func @negative_learned_positions(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %t = edgelm.constant #cos
  %p = edgelm.position_rows %t {axis = 0 : i64} : (tensor<5x4xf32>) -> tensor<3x4xf32>
  %y = edgelm.binary "add" %x, %p : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Both halves get the same sign: a reflection, no rotation.
// CHECK-LABEL: @negative_reflection
// CHECK-NOT: edgelm.rope
func.func @negative_reflection(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %ct = edgelm.constant #cos
  %st = edgelm.constant #sin
  %c = edgelm.position_rows %ct {axis = 0 : i64} : (tensor<5x4xf32>) -> tensor<3x4xf32>
  %s = edgelm.position_rows %st {axis = 0 : i64} : (tensor<5x4xf32>) -> tensor<3x4xf32>
  %upper = edgelm.slice %x {starts = array<i64: 0, 2>, sizes = array<i64: 3, 2>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<3x2xf32>
  %lower = edgelm.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 3, 2>, steps = array<i64: 1, 1>} : (tensor<3x4xf32>) -> tensor<3x2xf32>
  %turned = edgelm.concat %upper, %lower {axis = 1 : i64} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x4xf32>
  %0 = edgelm.binary "mul" %x, %c : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %1 = edgelm.binary "mul" %turned, %s : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = edgelm.binary "add" %0, %1 : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
