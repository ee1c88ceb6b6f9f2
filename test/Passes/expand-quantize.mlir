// RUN: edgelm-opt %s --edgelm-expand-quantize | FileCheck %s

// The range includes 0, and a range of nothing has the scale 1.
// CHECK-LABEL: func.func @whole_tensor
// CHECK: %[[MIN:.*]] = edgelm.reduce "min" %{{.*}} {axes = array<i64: 0, 1>} : (tensor<2x3xf32>) -> tensor<f32>
// CHECK: %[[ZERO:.*]] = edgelm.constant dense<0.000000e+00> : tensor<f32>
// CHECK: edgelm.binary "min" %[[MIN]], %[[ZERO]]
// CHECK: edgelm.reduce "max"
// CHECK: edgelm.binary "div"
// CHECK: %[[SCALE:.*]] = edgelm.select {{.*}} -> tensor<f32>
// CHECK: edgelm.unary "round"
// CHECK: %[[ZEROPOINT:.*]] = edgelm.cast {{.*}} -> tensor<ui8>
// CHECK: edgelm.quantize %{{.*}}, %[[SCALE]], %[[ZEROPOINT]] {axis = 0 : i64, block_size = 0 : i64, to = ui8}
// CHECK-NOT: edgelm.dynamic_quantize
func.func @whole_tensor(%x: tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) {
  %q, %s, %z = edgelm.dynamic_quantize %x : (tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<f32>, tensor<ui8>)
  return %q, %s, %z : tensor<2x3xui8>, tensor<f32>, tensor<ui8>
}

// A scale of each row is one of a block as long as the row.
// CHECK-LABEL: func.func @rows
// CHECK: edgelm.reduce "min" %{{.*}} {axes = array<i64: 1>, keep_dims} : (tensor<2x3xf32>) -> tensor<2x1xf32>
// CHECK: edgelm.quantize {{.*}} {axis = 1 : i64, block_size = 3 : i64, to = ui8} : (tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x1xui8>) -> tensor<2x3xui8>
func.func @rows(%x: tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<2x1xf32>, tensor<2x1xui8>) {
  %q, %s, %z = edgelm.dynamic_quantize %x {per_token} : (tensor<2x3xf32>) -> (tensor<2x3xui8>, tensor<2x1xf32>, tensor<2x1xui8>)
  return %q, %s, %z : tensor<2x3xui8>, tensor<2x1xf32>, tensor<2x1xui8>
}
