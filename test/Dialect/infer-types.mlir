// RUN: edgelm-opt %s | FileCheck %s

// A result may know more than what is inferred, and less.
// CHECK-LABEL: func @unknown_sizes_agree_with_any
func.func @unknown_sizes_agree_with_any(%a: tensor<?x4xf32>, %b: tensor<4x8xf32>) -> tensor<3x8xf32> {
  // CHECK: edgelm.matmul {{.*}} -> tensor<3x8xf32>
  %0 = edgelm.matmul %a, %b : (tensor<?x4xf32>, tensor<4x8xf32>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// Without a shape operand the type says the shape.
// CHECK-LABEL: func @result_type_is_the_shape
func.func @result_type_is_the_shape(%a: tensor<2x3xf32>, %b: tensor<1x3xf32>) -> (tensor<6xf32>, tensor<5x3xf32>) {
  %0 = edgelm.reshape %a : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = edgelm.broadcast %b : (tensor<1x3xf32>) -> tensor<5x3xf32>
  return %0, %1 : tensor<6xf32>, tensor<5x3xf32>
}

// CHECK-LABEL: func @split_may_end_with_a_smaller_part
func.func @split_may_end_with_a_smaller_part(%a: tensor<7xf32>) -> (tensor<4xf32>, tensor<3xf32>) {
  %0:2 = edgelm.split %a {axis = 0 : i64} : (tensor<7xf32>) -> (tensor<4xf32>, tensor<3xf32>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<3xf32>
}
