// RUN: edgelm-opt %s --split-input-file --verify-diagnostics

func.func @matrices_that_do_not_fit(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) -> tensor<2x5xf32> {
  // expected-error @below {{matrices do not fit: 'tensor<2x3xf32>' has 3 columns, but 'tensor<4x5xf32>' has 4 rows}}
  // expected-error @below {{failed to infer returned types}}
  %0 = edgelm.matmul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// -----

func.func @result_contradicts_the_operands(%a: tensor<2x3xf32>) -> tensor<3x3xf32> {
  // expected-error @below {{has the result type 'tensor<3x3xf32>', but its operands give 'tensor<3x2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = edgelm.transpose %a {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

func.func @shape_operand_counts_when_constant(%a: tensor<2x3xf32>) -> tensor<?x?xf32> {
  %0 = edgelm.constant dense<[4, 2]> : tensor<2xi64>
  // expected-error @below {{expected a shape of 6 elements for 'tensor<2x3xf32>', found [4, 2]}}
  // expected-error @below {{failed to infer returned types}}
  %1 = edgelm.reshape %a shape(%0) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

func.func @shape_arithmetic_is_followed(%a: tensor<2x?x12xf32>) -> tensor<2x?x4x4xf32> {
  %heads = edgelm.constant dense<4> : tensor<2xi64>
  %head = edgelm.shape %a {start = 0 : i64, end = 2 : i64} : (tensor<2x?x12xf32>) -> tensor<2xi64>
  %shape = edgelm.concat %head, %heads {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %0 = edgelm.reshape %a shape(%shape) : (tensor<2x?x12xf32>, tensor<4xi64>) -> tensor<2x?x4x4xf32>
  // expected-error @below {{has the result type 'tensor<3x?x4x4xf32>', but its operands give 'tensor<2x?x4x4xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %1 = edgelm.reshape %a shape(%shape) : (tensor<2x?x12xf32>, tensor<4xi64>) -> tensor<3x?x4x4xf32>
  return %0 : tensor<2x?x4x4xf32>
}

// -----

func.func @unknown_rank(%a: tensor<6xf32>, %shape: tensor<?xi64>) -> tensor<?x?xf32> {
  // expected-error @below {{the rank of the result is unknown: found shape of type 'tensor<?xi64>', expected a vector of a known length}}
  // expected-error @below {{failed to infer returned types}}
  %0 = edgelm.reshape %a shape(%shape) : (tensor<6xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @reshape_without_shape_keeps_the_elements(%a: tensor<2x3xf32>) -> tensor<5xf32> {
  // expected-error @below {{expects a shape of 6 elements for 'tensor<2x3xf32>', found 'tensor<5xf32>'}}
  %0 = edgelm.reshape %a : (tensor<2x3xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

func.func @pads_are_known_or_computed(%x: tensor<3xf32>, %by: tensor<2xi64>) {
  // expected-error @below {{expects either an operand of pads or the attribute pads}}
  %0 = edgelm.pad %x by(%by) {mode = "edge", pads = array<i64: 1, 1>} : (tensor<3xf32>, tensor<2xi64>) -> tensor<5xf32>
  return
}

// -----

func.func @pads_have_a_mode(%x: tensor<3xf32>) {
  // expected-error @below {{has the unknown mode "mirror"; known modes: constant, reflect, edge, wrap}}
  %0 = edgelm.pad %x {mode = "mirror", pads = array<i64: 1, 1>} : (tensor<3xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @scattering_has_a_reduction(%x: tensor<3xf32>, %i: tensor<2x1xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{has the unknown reduction "mean"; known: add, mul, min, max}}
  %0 = edgelm.scatter_nd %x, %i, %u {reduction = "mean"} : (tensor<3xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @a_codebook_is_for_four_bits(%c: tensor<1x1x16xui8>, %s: tensor<1xf32>) {
  // expected-error @below {{expected a codebook of 16 numbers for 4 bits without zero points, found 2 numbers for 4 bits}}
  // expected-error @below {{failed to infer returned types}}
  %0 = edgelm.dequantize_blocks %c, %s {bits = 4 : i64, block_size = 32 : i64, k = 32 : i64, codebook = array<f32: 0.0, 1.0>} : (tensor<1x1x16xui8>, tensor<1xf32>) -> tensor<1x32xf32>
  return
}
