// RUN: edgelm-opt %s --edgelm-bind="tokens=3 probe-tokens=5 context=8" | FileCheck %s

// With a past: it is empty, the mask all ones, positions count from 0, and the state's successors are no results.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IDS:.*]]: tensor<1x3xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> (tensor<1x3x4xf32> {edgelm.role = "logits"})
// CHECK: %[[PAST:.*]] = edgelm.constant {{.*}}dense<> : tensor<1x2x0x2xf32>
// CHECK: edgelm.constant {edgelm.id = [[SHAPE:.*]] : i64} dense<[1, 3, 2, 2]> : tensor<4xi64>
// CHECK: edgelm.reshape %{{.*}} shape(%{{.*}}) {edgelm.id = [[ID:.*]] : i64} : {{.*}} -> tensor<1x3x2x2xf32>
// CHECK: edgelm.concat %[[PAST]], %{{.*}} -> tensor<1x2x3x2xf32>
// CHECK: dense<{{\[}}{{\[}}[1.000000e+00], [2.000000e+00], [3.000000e+00]]]> : tensor<1x3x1xf32>
// CHECK: return %{{.*}} : tensor<1x3x4xf32>

// Same as above, but at other lengths; operations that correspond have one number.
// CHECK-LABEL: func.func private @probe
// CHECK-SAME: tensor<1x5xi64>
// CHECK: edgelm.constant {edgelm.id = [[SHAPE]] : i64} dense<[1, 5, 2, 2]> : tensor<4xi64>
// CHECK: {edgelm.id = [[ID]] : i64} : {{.*}} -> tensor<1x5x2x2xf32>
// CHECK-LABEL: func.func private @context
// CHECK-SAME: tensor<1x8xi64>
// CHECK: {edgelm.id = [[ID]] : i64} : {{.*}} -> tensor<1x8x2x2xf32>
func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<?x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"},
                %mask: tensor<?x?xi64> {edgelm.name = "mask", edgelm.role = "attention_mask"},
                %past: tensor<?x2x?x2xf32> {edgelm.name = "past", edgelm.role = "past_key"})
    -> (tensor<?x?x4xf32> {edgelm.role = "logits"}, tensor<?x2x?x2xf32> {edgelm.role = "present_key"}) {
  %table = edgelm.constant dense<1.0> : tensor<10x4xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<10x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %sizes = edgelm.shape %x {start = 0 : i64, end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<2xi64>
  %heads = edgelm.constant dense<2> : tensor<2xi64>
  %shape = edgelm.concat %sizes, %heads {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %split = edgelm.reshape %x shape(%shape) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x?x?xf32>
  %k = edgelm.transpose %split {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %all = edgelm.concat %past, %k {axis = 2 : i64} : (tensor<?x2x?x2xf32>, tensor<?x?x?x?xf32>) -> tensor<?x2x?x2xf32>
  %back = edgelm.transpose %all {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x2xf32>) -> tensor<?x?x2x2xf32>
  %flat = edgelm.constant dense<[0, 0, 4]> : tensor<3xi64>
  %y = edgelm.reshape %back shape(%flat) : (tensor<?x?x2x2xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %sum = edgelm.binary "add" %positions, %mask : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %scale = edgelm.cast %sum to f32 : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %column = edgelm.unsqueeze %scale {axes = array<i64: 2>} : (tensor<?x?xf32>) -> tensor<?x?x1xf32>
  %z = edgelm.binary "mul" %y, %column : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  return %z, %all : tensor<?x?x4xf32>, tensor<?x2x?x2xf32>
}
