// RUN: edgelm-opt %s --split-input-file --edgelm-quantize-weights --verify-diagnostics

func.func @a_nan_is_refused() {
  // expected-error @below {{has the value nan in row 1, column 2, which '!edgelm.q<"int8">' cannot hold; formats need finite weights}}
  %w = edgelm.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 0x7FC00000]]> : tensor<2x3xf32>
  %0 = edgelm.quantize_weight %w along 1 : tensor<2x3xf32> to tensor<2x3x!edgelm.q<"int8">>
  return
}

// -----

func.func @an_infinity_is_refused_in_a_transposed_matrix() {
  // expected-error @below {{has the value INF in row 2, column 1, which '!edgelm.q<"nf4_g64">' cannot hold}}
  %w = edgelm.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 0x7F800000]]> : tensor<2x3xf32>
  %0 = edgelm.quantize_weight %w along 0 : tensor<2x3xf32> to tensor<2x3x!edgelm.q<"nf4_g64">>
  return
}

// -----

func.func @what_f16_cannot_hold_is_refused() {
  // expected-error @below {{has the value 7.000000e+04 in row 0, column 1, which 'f16' cannot hold}}
  %w = edgelm.constant dense<[[1.0, 70000.0]]> : tensor<1x2xf32>
  %0 = edgelm.quantize_weight %w along 1 : tensor<1x2xf32> to tensor<1x2xf16>
  return
}

// -----

func.func @a_computed_matrix_is_refused(%w: tensor<2x3xf32>) {
  // expected-error @below {{quantizes a matrix that is computed at run time, 'tensor<2x3xf32>'}}
  %0 = edgelm.quantize_weight %w along 1 : tensor<2x3xf32> to tensor<2x3x!edgelm.q<"int8">>
  return
}
