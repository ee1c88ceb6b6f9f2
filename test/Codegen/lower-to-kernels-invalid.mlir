// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s --edgelm-lower-to-kernels --split-input-file --verify-diagnostics

func.func @weights_in_panels_of_another_width(%x: tensor<1x8xf32>) -> tensor<1x16xf32> {
  %w = edgelm.packed_weight [#edgelm.weight<"m", 0, 512, "">] panel 8 at 0 {transposed = array<i1: false>} : tensor<16x8xf32>
  // expected-error @below {{needs weights packed in panels of 32; run edgelm-pack-weights=panel=32}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x8xf32>, tensor<16x8xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// -----

func.func @sixteen_bit_activations(%x: tensor<2x8xf16>) -> tensor<2x8xf16> {
  %w = edgelm.constant dense<1.0> : tensor<8xf32>
  // expected-error @below {{computes in f32, found an operand or result of type 'tensor<2x8xf16>'}}
  %0 = edgelm.rms_norm %x, %w {epsilon = 1.0e-5 : f64} : (tensor<2x8xf16>, tensor<8xf32>) -> tensor<2x8xf16>
  return %0 : tensor<2x8xf16>
}

// -----

func.func @an_operation_without_a_kernel(%x: tensor<2x8xf64>) -> tensor<2x8xf64> {
  // expected-error @below {{has no kernel for 'tensor<2x8xf64>' to 'tensor<2x8xf64>'}}
  %0 = edgelm.unary "exp" %x : (tensor<2x8xf64>) -> tensor<2x8xf64>
  return %0 : tensor<2x8xf64>
}
