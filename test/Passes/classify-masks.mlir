// Masks written in different ways are recognised by their values.
// RUN: edgelm-opt %s --split-input-file --edgelm-bind="tokens=4 probe-tokens=7 context=16" --edgelm-fold-constants --edgelm-classify-masks | FileCheck %s

// Causal: the lowest float above the diagonal, by Trilu, added.
// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = edgelm.matmul
// CHECK: %[[M:.*]] = edgelm.mask <causal> : () -> tensor<1x4x4xf32>
// CHECK: %[[A:.*]] = edgelm.binary "add" %[[S]], %[[M]]
// CHECK: edgelm.softmax %[[A]]
// CHECK-NOT: func.func private
// CHECK-NOT: edgelm.id
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %sizes = edgelm.shape %scores {start = 1 : i64, end = 3 : i64} : (tensor<1x?x?xf32>) -> tensor<2xi64>
  %low = edgelm.fill %sizes value dense<-3.40282347E+38> : tensor<1xf32> : (tensor<2xi64>) -> tensor<?x?xf32>
  %one = edgelm.constant dense<1> : tensor<i64>
  %mask = edgelm.trilu %low, %one {upper} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %masked = edgelm.binary "add" %scores, %mask : (tensor<1x?x?xf32>, tensor<?x?xf32>) -> tensor<1x?x?xf32>
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// Same as above, but by comparing positions, selecting, scaling afterwards and clamping.
// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = edgelm.matmul
// CHECK: %[[F:.*]] = edgelm.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[SCALED:.*]] = edgelm.binary "mul" %[[S]], %[[F]]
// CHECK: %[[M:.*]] = edgelm.mask <causal> : () -> tensor<1x4x4xf32>
// CHECK: %[[A:.*]] = edgelm.binary "add" %[[SCALED]], %[[M]]
// CHECK: edgelm.softmax %[[A]]
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %past = edgelm.compare "ge" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %low = edgelm.constant dense<-1.0e9> : tensor<f32>
  %masked = edgelm.select %past, %scores, %low : (tensor<?x?xi1>, tensor<1x?x?xf32>, tensor<f32>) -> tensor<1x?x?xf32>
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %scaled = edgelm.binary "div" %masked, %two : (tensor<1x?x?xf32>, tensor<f32>) -> tensor<1x?x?xf32>
  %least = edgelm.constant dense<-3.40282347E+38> : tensor<f32>
  %bounded = edgelm.binary "max" %scaled, %least : (tensor<1x?x?xf32>, tensor<f32>) -> tensor<1x?x?xf32>
  %p = edgelm.softmax %bounded {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// A window of 5 looks causal at 4 tokens and is recognised at 7.
// CHECK-LABEL: func.func @main
// CHECK: edgelm.mask <sliding_window window = 5> : () -> tensor<1x4x4xf32>
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %past = edgelm.compare "ge" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %distance = edgelm.binary "sub" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %five = edgelm.constant dense<5> : tensor<i64>
  %near = edgelm.compare "lt" %distance, %five : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %seen = edgelm.binary "and" %past, %near : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %zero = edgelm.constant dense<0.0> : tensor<f32>
  %low = edgelm.constant dense<0xFF800000> : tensor<f32>
  %mask = edgelm.select %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %masked = edgelm.binary "add" %mask, %scores : (tensor<?x?xf32>, tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// ALiBi with one slope a head, as a function of the key alone (a softmax does not see the difference), beside a causal mask.
// CHECK-LABEL: func.func @main
// CHECK: edgelm.mask <causal slopes = [5.000000e-01, 2.500000e-01]> : () -> tensor<2x4x4xf32>
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<2x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %one = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %heads = edgelm.constant dense<[2, 1, 1]> : tensor<3xi64>
  %x = edgelm.broadcast %one shape(%heads) : (tensor<1x?x2xf32>, tensor<3xi64>) -> tensor<2x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x?x2xf32>) -> tensor<2x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<2x?x2xf32>, tensor<2x2x?xf32>) -> tensor<2x?x?xf32>
  %float = edgelm.cast %positions to f32 : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %slopes = edgelm.constant dense<[[[0.5]], [[0.25]]]> : tensor<2x1x1xf32>
  %bias = edgelm.binary "mul" %slopes, %float : (tensor<2x1x1xf32>, tensor<1x?xf32>) -> tensor<2x1x?xf32>
  %biased = edgelm.binary "add" %scores, %bias : (tensor<2x?x?xf32>, tensor<2x1x?xf32>) -> tensor<2x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %future = edgelm.compare "lt" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %low = edgelm.constant dense<-65504.0> : tensor<f32>
  %masked = edgelm.select %future, %low, %biased : (tensor<?x?xi1>, tensor<f32>, tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  return %p : tensor<2x?x?xf32>
}

// -----

// An encoder's padding: (1 - mask) * -10000 added to every row. The argument stays.
// CHECK-LABEL: func.func @main
// CHECK-SAME: , %[[MASK:arg1]]: tensor<1x4xi64> {edgelm.name = "mask", edgelm.role = "attention_mask"}
// CHECK: edgelm.mask %[[MASK]] <bidirectional> : (tensor<1x4xi64>) -> tensor<1x4x4xf32>
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %mask: tensor<1x?xi64> {edgelm.name = "mask", edgelm.role = "attention_mask"}) -> (tensor<1x?x?xf32> {edgelm.role = "output"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %float = edgelm.cast %mask to f32 : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %one = edgelm.constant dense<1.0> : tensor<f32>
  %low = edgelm.constant dense<-10000.0> : tensor<f32>
  %padding = edgelm.binary "sub" %one, %float : (tensor<f32>, tensor<1x?xf32>) -> tensor<1x?xf32>
  %bias = edgelm.binary "mul" %padding, %low : (tensor<1x?xf32>, tensor<f32>) -> tensor<1x?xf32>
  %rows = edgelm.unsqueeze %bias {axes = array<i64: 1>} : (tensor<1x?xf32>) -> tensor<1x1x?xf32>
  %masked = edgelm.binary "add" %scores, %rows : (tensor<1x?x?xf32>, tensor<1x1x?xf32>) -> tensor<1x?x?xf32>
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// A table of positions becomes rows of the table at the full context, and no attention needs no mask.
// CHECK-LABEL: func.func @main
// CHECK: %[[T:.*]] = edgelm.constant dense<[0.000000e+00, 1.000000e+00, {{.*}}, 1.500000e+01]> : tensor<16xf32>
// CHECK: edgelm.position_rows %[[T]] {axis = 1 : i64} : (tensor<16xf32>) -> tensor<1x4x1xf32>
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %float = edgelm.cast %positions to f32 : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %column = edgelm.unsqueeze %float {axes = array<i64: 2>} : (tensor<1x?xf32>) -> tensor<1x?x1xf32>
  %y = edgelm.binary "add" %x, %column : (tensor<1x?x2xf32>, tensor<1x?x1xf32>) -> tensor<1x?x2xf32>
  return %y : tensor<1x?x2xf32>
}
