// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-add-cache refuses by name what would make a cache wrong.
// RUN: edgelm-opt %s --edgelm-add-cache="prefill-chunk=4 context=6" --split-input-file --verify-diagnostics
// RUN: not edgelm-opt %s --edgelm-add-cache="kv=int7" --split-input-file 2>&1 | FileCheck %s --check-prefix=KV
// KV: error: cannot keep keys and values in 'int7'; expected f32, f16 or int8
// RUN: not edgelm-opt %s --edgelm-add-cache="prefill-chunk=65 context=64" --split-input-file 2>&1 | FileCheck %s --check-prefix=CHUNK
// CHUNK: error: cannot prefill 65 tokens at once in a context of 64; expected a number from 1 to the context

func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}) -> (tensor<1x3x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %x : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  // expected-error@+1 {{'edgelm.cumsum' may act on several tokens at once, so that no cache can stand for the tokens before it}}
  %y = edgelm.cumsum %r {axis = 1 : i64} : (tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}

// -----

func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}) -> (tensor<1x3x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %x : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  // expected-error@+1 {{'edgelm.reduce' reduces over tokens}}
  %mean = edgelm.reduce "mean" %r {axes = array<i64: 1>, keep_dims} : (tensor<1x3x2xf32>) -> tensor<1x1x2xf32>
  %y = edgelm.binary "sub" %r, %mean : (tensor<1x3x2xf32>, tensor<1x1x2xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}

// -----

func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}) -> (tensor<1x3x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %rows = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %x : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  // expected-error@+1 {{'edgelm.binary' reads a value that differs between tokens and follows no position table}}
  %y = edgelm.binary "add" %r, %rows : (tensor<1x3x2xf32>, tensor<3x2xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}

// -----

// An attention that was not raised: its mask is still there.
func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}) -> (tensor<1x3x3xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %t = edgelm.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x3x2xf32>) -> tensor<1x2x3xf32>
  // expected-error@+1 {{a causal mask is left that no attention has taken up}}
  %mask = edgelm.mask <causal> : () -> tensor<3x3xf32>
  %s = edgelm.matmul %x, %t : (tensor<1x3x2xf32>, tensor<1x2x3xf32>) -> tensor<1x3x3xf32>
  %y = edgelm.binary "add" %s, %mask : (tensor<1x3x3xf32>, tensor<3x3xf32>) -> tensor<1x3x3xf32>
  return %y : tensor<1x3x3xf32>
}

// -----

func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}, %more: tensor<1x3x2xf32> {edgelm.name = "features", edgelm.role = "input"}) -> (tensor<1x3x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  // expected-error@+1 {{reads the argument "features", which a decoder's entry points do not have}}
  %z = edgelm.binary "add" %x, %more : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %z : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  return %r : tensor<1x3x2xf32>
}

// -----

func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}) -> (tensor<1x3x2xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %positions = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  // expected-error@+1 {{has positions for 3 tokens, the context is 6}}
  %p = edgelm.position_rows %positions {axis = 1 : i64} : (tensor<3x2xf32>) -> tensor<1x3x2xf32>
  %z = edgelm.binary "add" %x, %p : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %z : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  return %r : tensor<1x3x2xf32>
}
