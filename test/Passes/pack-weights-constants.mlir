// RUN: edgelm-opt %s --edgelm-pack-weights=panel=8 | FileCheck %s

// Kernels are compiled for what is padded.
// CHECK-LABEL: func.func @notes_pads
// CHECK: edgelm.pad {{.*}} {edgelm.pads = array<i64: 0, 1, 2, -1>, mode = "edge"}
func.func @notes_pads(%x: tensor<3x4xf32>) -> tensor<5x4xf32> {
  %pads = edgelm.constant dense<[0, 1, 2, -1]> : tensor<4xi64>
  %0 = edgelm.pad %x, %pads {mode = "edge"} : (tensor<3x4xf32>, tensor<4xi64>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @copies_constant_results
// CHECK: %[[ONE:.*]] = edgelm.constant dense<7> : tensor<2xi32>
// CHECK: %[[W:.*]] = edgelm.packed_weight {{.*}} : tensor<3xi64>
// CHECK: %[[COPY:.*]] = edgelm.broadcast %[[W]] : (tensor<3xi64>) -> tensor<3xi64>
// CHECK: %[[ONES:.*]] = edgelm.broadcast %[[ONE]] : (tensor<2xi32>) -> tensor<2xi32>
// CHECK: return %{{.*}}, %[[COPY]], %[[ONES]]
func.func @copies_constant_results(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi64>, tensor<2xi32>) {
  %0 = edgelm.unary "neg" %x : (tensor<3xf32>) -> tensor<3xf32>
  %1 = edgelm.constant dense<[1, 2, 3]> : tensor<3xi64>
  %2 = edgelm.constant dense<7> : tensor<2xi32>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xi64>, tensor<2xi32>
}
