// RUN: edgelm-opt %s --edgelm-pack-weights --verify-diagnostics

func.func @a_computed_matrix_is_refused(%x: tensor<1x24xf32>, %w: tensor<6x24xf32>) -> tensor<1x6xf32> {
  %v = edgelm.unary "neg" %w : (tensor<6x24xf32>) -> tensor<6x24xf32>
  // expected-error @below {{the weight matrix is computed at run time, found 'tensor<6x24xf32>'; only trained matrices are supported}}
  %0 = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x24xf32>, tensor<6x24xf32>) -> tensor<1x6xf32>
  return %0 : tensor<1x6xf32>
}
