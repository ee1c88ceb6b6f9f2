// RUN: edgelm-opt %s --edgelm-fuse-epilogues | FileCheck %s

// CHECK-LABEL: func.func @activation_then_residual(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x4xf32>
// CHECK: edgelm.linear %[[X]] weights(%{{.*}}) residual(%[[X]]) {activation = "gelu", transposed = array<i1: false>}
// CHECK-NOT: edgelm.unary
// CHECK-NOT: edgelm.binary
func.func @activation_then_residual(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = edgelm.unary "gelu" %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = edgelm.binary "add" %x, %1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @gate_and_up(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x4xf32>, %[[G:[a-z0-9]+]]: tensor<8x4xf32>, %[[U:[a-z0-9]+]]: tensor<8x4xf32>
// CHECK: edgelm.linear %[[X]] weights(%[[G]], %[[U]]) {activation = "silu", glu, transposed = array<i1: false, false>}
// CHECK-NOT: edgelm.glu
func.func @gate_and_up(%x: tensor<2x4xf32>, %g: tensor<8x4xf32>, %u: tensor<8x4xf32>) -> tensor<2x8xf32> {
  %up = edgelm.linear %x weights(%u) {transposed = array<i1: false>} : (tensor<2x4xf32>, tensor<8x4xf32>) -> tensor<2x8xf32>
  %gate = edgelm.linear %x weights(%g) {transposed = array<i1: false>} : (tensor<2x4xf32>, tensor<8x4xf32>) -> tensor<2x8xf32>
  %0 = edgelm.glu "silu" %gate, %up : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// The later of two linears takes the other's result as its residual.
// CHECK-LABEL: func.func @parallel_branches
// CHECK: %[[A:.*]] = edgelm.linear
// CHECK: edgelm.linear %{{.*}} weights(%{{.*}}) residual(%[[A]])
func.func @parallel_branches(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>, %v: tensor<4x4xf32>) -> tensor<1x4xf32> {
  %a = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %b = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %0 = edgelm.binary "add" %b, %a : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// What somebody else reads is not fused away.
// CHECK-LABEL: func.func @two_readers
// CHECK: edgelm.linear
// CHECK: edgelm.unary "relu"
// CHECK: edgelm.binary "add"
func.func @two_readers(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x4xf32> {
  %a = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %b = edgelm.unary "relu" %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %0 = edgelm.binary "add" %b, %a : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
