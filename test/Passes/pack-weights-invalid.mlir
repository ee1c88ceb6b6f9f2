// RUN: edgelm-opt %s --split-input-file --edgelm-pack-weights --verify-diagnostics

func.func @a_computed_matrix_is_refused(%x: tensor<1x24xf32>, %w: tensor<6x24xf32>) -> tensor<1x6xf32> {
  %v = edgelm.unary "neg" %w : (tensor<6x24xf32>) -> tensor<6x24xf32>
  // expected-error @below {{the weight matrix is computed at run time, found 'tensor<6x24xf32>'; only trained matrices are supported}}
  %0 = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x24xf32>, tensor<6x24xf32>) -> tensor<1x6xf32>
  return %0 : tensor<1x6xf32>
}

// -----

func.func @groups_along_the_outputs_are_refused(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %w = edgelm.constant dense<1.0> : tensor<64x64xf32>
  %q = edgelm.quantize_weight %w along 0 : tensor<64x64xf32> to tensor<64x64x!edgelm.q<"int8">>
  // expected-error @below {{has a weight with groups along its outputs, 'tensor<64x64x!edgelm.q<"int8">>'}}
  %0 = edgelm.linear %x weights(%q) {transposed = array<i1: false>} : (tensor<1x64xf32>, tensor<64x64x!edgelm.q<"int8">>) -> tensor<1x64xf32>
  return %0 : tensor<1x64xf32>
}
