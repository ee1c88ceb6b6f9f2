// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-raise-activation recognises functions by value, edgelm-raise-glu their products.
// RUN: edgelm-opt %s --edgelm-raise-activation --edgelm-raise-glu | FileCheck %s

// CHECK-LABEL: @gelu_with_erf
// CHECK-NEXT: edgelm.unary "gelu" %arg0
// CHECK-NEXT: return
func.func @gelu_with_erf(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %root = edgelm.constant dense<1.41421354> : tensor<f32>
  %one = edgelm.constant dense<1.0> : tensor<f32>
  %half = edgelm.constant dense<0.5> : tensor<f32>
  %0 = edgelm.binary "div" %x, %root : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %1 = edgelm.unary "erf" %0 : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %2 = edgelm.binary "add" %1, %one : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %3 = edgelm.binary "mul" %x, %2 : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %4 = edgelm.binary "mul" %3, %half : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  return %4 : tensor<5x8xf32>
}

// CHECK-LABEL: @gelu_tanh_with_pow
// CHECK-NEXT: edgelm.unary "gelu_tanh" %arg0
// CHECK-NEXT: return
func.func @gelu_tanh_with_pow(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %three = edgelm.constant dense<3.0> : tensor<f32>
  %a = edgelm.constant dense<0.044715> : tensor<f32>
  %b = edgelm.constant dense<0.797884583> : tensor<f32>
  %one = edgelm.constant dense<1.0> : tensor<f32>
  %half = edgelm.constant dense<0.5> : tensor<f32>
  %h = edgelm.binary "mul" %x, %half : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %0 = edgelm.binary "pow" %x, %three : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %1 = edgelm.binary "mul" %0, %a : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %2 = edgelm.binary "add" %x, %1 : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %3 = edgelm.binary "mul" %2, %b : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %4 = edgelm.unary "tanh" %3 : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %5 = edgelm.binary "add" %one, %4 : (tensor<f32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %6 = edgelm.binary "mul" %h, %5 : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  return %6 : tensor<5x8xf32>
}

// CHECK-LABEL: @silu_from_exp_becomes_a_gate
// CHECK-NEXT: edgelm.glu "silu" %arg0, %arg1
// CHECK-NEXT: return
func.func @silu_from_exp_becomes_a_gate(%gate: tensor<5x8xf32>, %up: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %one = edgelm.constant dense<1.0> : tensor<f32>
  %0 = edgelm.unary "neg" %gate : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %1 = edgelm.unary "exp" %0 : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %2 = edgelm.binary "add" %1, %one : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %3 = edgelm.binary "div" %gate, %2 : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  %4 = edgelm.binary "mul" %up, %3 : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  return %4 : tensor<5x8xf32>
}

// The argument is x + 1, not x.
// CHECK-LABEL: @relu_from_select_of_a_sum
// CHECK: %[[SUM:.*]] = edgelm.binary "add" %arg0
// CHECK-NEXT: edgelm.unary "relu" %[[SUM]]
// CHECK-NEXT: return
func.func @relu_from_select_of_a_sum(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %one = edgelm.constant dense<1.0> : tensor<f32>
  %zero = edgelm.constant dense<0.0> : tensor<f32>
  %0 = edgelm.binary "add" %x, %one : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %1 = edgelm.compare "lt" %0, %zero : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xi1>
  %2 = edgelm.select %1, %zero, %0 : (tensor<5x8xi1>, tensor<f32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  return %2 : tensor<5x8xf32>
}

// Nearly gelu_quick: 1.6 in place of 1.702.
// CHECK-LABEL: @negative_another_slope
// CHECK: %[[SCALED:.*]] = edgelm.binary "mul" %arg0
// CHECK: edgelm.glu "sigmoid" %[[SCALED]], %arg0
func.func @negative_another_slope(%x: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %slope = edgelm.constant dense<1.6> : tensor<f32>
  %0 = edgelm.binary "mul" %x, %slope : (tensor<5x8xf32>, tensor<f32>) -> tensor<5x8xf32>
  %1 = edgelm.unary "sigmoid" %0 : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %2 = edgelm.binary "mul" %1, %x : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  return %2 : tensor<5x8xf32>
}
