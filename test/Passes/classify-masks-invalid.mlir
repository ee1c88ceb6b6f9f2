// RUN: edgelm-opt %s --split-input-file --edgelm-bind="tokens=4 probe-tokens=7 context=16" --edgelm-fold-constants --edgelm-classify-masks --verify-diagnostics

// Every second key: no known kind.
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %distance = edgelm.binary "sub" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %two = edgelm.constant dense<2> : tensor<i64>
  %odd = edgelm.binary "mod" %distance, %two : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %hidden = edgelm.cast %odd to i1 : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %low = edgelm.constant dense<-1.0e9> : tensor<f32>
  %masked = edgelm.select %hidden, %low, %scores : (tensor<?x?xi1>, tensor<f32>, tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  // expected-error @below {{the attention mask is of no known kind (bidirectional, causal, sliding window, ALiBi): row 0 of the mask of head 0 sees keys 0, 2}}
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// A bias that grows with the square of the distance is no ALiBi.
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %distance = edgelm.binary "sub" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %square = edgelm.binary "mul" %distance, %distance : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %bias = edgelm.cast %square to f32 : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %masked = edgelm.binary "add" %scores, %bias : (tensor<1x?x?xf32>, tensor<?x?xf32>) -> tensor<1x?x?xf32>
  // expected-error @below {{row 3 of the mask of head 0 adds 4 at key 1, but 9 at key 0}}
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// The window is half of the tokens.
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x?xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %row = edgelm.transpose %positions {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %past = edgelm.compare "ge" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %distance = edgelm.binary "sub" %row, %positions : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi64>
  %length = edgelm.shape %ids {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
  %two = edgelm.constant dense<2> : tensor<i64>
  %window = edgelm.binary "div" %length, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
  %near = edgelm.compare "lt" %distance, %window : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?xi1>
  %seen = edgelm.binary "and" %past, %near : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %low = edgelm.constant dense<-1.0e9> : tensor<f32>
  %masked = edgelm.select %seen, %scores, %low : (tensor<?x?xi1>, tensor<1x?x?xf32>, tensor<f32>) -> tensor<1x?x?xf32>
  // expected-error @below {{the attention mask depends on the total number of tokens: it is sliding_window with a window of 2 at 4 tokens and sliding_window with a window of 3 at 7}}
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}

// -----

// Positions are divided by the number of tokens.
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %positions: tensor<1x?xi64> {edgelm.name = "positions", edgelm.role = "position_ids"}) -> (tensor<1x?x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %length = edgelm.shape %ids {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
  %total = edgelm.cast %length to f32 : (tensor<1xi64>) -> tensor<1xf32>
  %float = edgelm.cast %positions to f32 : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %relative = edgelm.binary "div" %float, %total : (tensor<1x?xf32>, tensor<1xf32>) -> tensor<1x?xf32>
  // expected-error @below {{this table of positions depends on the total number of tokens: its row 1 begins to differ between 4 tokens (0.25) and 16 (0.0625)}}
  %column = edgelm.unsqueeze %relative {axes = array<i64: 2>} : (tensor<1x?xf32>) -> tensor<1x?x1xf32>
  %y = edgelm.binary "add" %x, %column : (tensor<1x?x2xf32>, tensor<1x?x1xf32>) -> tensor<1x?x2xf32>
  return %y : tensor<1x?x2xf32>
}

// -----

// The attention mask argument hides queries, not keys.
func.func @main(%ids: tensor<1x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %mask: tensor<1x?xi64> {edgelm.name = "mask", edgelm.role = "attention_mask"}) -> (tensor<1x?x?xf32> {edgelm.role = "output"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, -1.0]]> : tensor<2x2xf32>
  %x = edgelm.gather %table, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
  %k = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x?x2xf32>) -> tensor<1x2x?xf32>
  %scores = edgelm.matmul %x, %k : (tensor<1x?x2xf32>, tensor<1x2x?xf32>) -> tensor<1x?x?xf32>
  %column = edgelm.unsqueeze %mask {axes = array<i64: 2>} : (tensor<1x?xi64>) -> tensor<1x?x1xi64>
  %seen = edgelm.cast %column to i1 : (tensor<1x?x1xi64>) -> tensor<1x?x1xi1>
  %low = edgelm.constant dense<-1.0e9> : tensor<f32>
  %masked = edgelm.select %seen, %scores, %low : (tensor<1x?x1xi1>, tensor<1x?x?xf32>, tensor<f32>) -> tensor<1x?x?xf32>
  // expected-error @below {{the attention mask argument is no padding mask of keys here: with a 0 at key 3, query 0 still sees key 3}}
  %p = edgelm.softmax %masked {axis = 2 : i64} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return %p : tensor<1x?x?xf32>
}
