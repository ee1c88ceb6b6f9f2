// RUN: edgelm-opt %s --edgelm-pack-weights=panel=8 | FileCheck %s

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
