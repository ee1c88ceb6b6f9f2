// RUN: edgelm-opt %s --split-input-file --edgelm-plan-memory --verify-diagnostics

func.func @dynamic_shapes_are_refused(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{has a shape that depends on the input, 'tensor<?x4xf32>'; memory is planned for static shapes only}}
  %0 = edgelm.unary "neg" %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @a_constant_result_is_refused(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = edgelm.constant dense<1.0> : tensor<4xf32>
  // expected-error @below {{result 1 does not depend on the input; remove it from the model's outputs}}
  return %x, %0 : tensor<4xf32>, tensor<4xf32>
}
