// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// edgelm-add-cache: the whole-sequence function becomes entry points on tokens without batch, over caches.
// RUN: edgelm-opt %s --edgelm-add-cache=prefill-chunk=4 --split-input-file | FileCheck %s
// RUN: edgelm-opt %s --edgelm-add-cache="prefill-chunk=4 kv=f16" --split-input-file | FileCheck %s --check-prefix=HALF
// RUN: edgelm-opt %s --edgelm-add-cache=prefill-chunk=1 --split-input-file | FileCheck %s --check-prefix=ONE --implicit-check-not=@prefill --implicit-check-not=@score

#table = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0], [11.0, 12.0], [13.0, 14.0]]> : tensor<7x2xf32>

// CHECK: module
// CHECK-NOT: @main
module {
  // CHECK-LABEL: func.func @decode(
  // CHECK-SAME: %[[TOKENS:.*]]: tensor<1xi32> {edgelm.name = "input_ids", edgelm.role = "tokens"}, %[[POS:.*]]: tensor<i32> {edgelm.role = "pos"}, %[[N:.*]]: tensor<i32> {edgelm.role = "n"},
  // CHECK-SAME: %[[KEYS:.*]]: tensor<1x6x2xf32> {edgelm.name = "key.0", edgelm.role = "key_cache"}, %[[VALUES:.*]]: tensor<1x6x2xf32> {edgelm.name = "value.0", edgelm.role = "value_cache"})
  // CHECK-SAME: -> (tensor<1x7xf32> {edgelm.name = "logits", edgelm.role = "logits"}, tensor<1x6x2xf32>
  // CHECK: %[[X:.*]] = edgelm.embed %[[TOKENS]], %{{.*}} : (tensor<1xi32>, tensor<7x2xf32>) -> tensor<1x2xf32>
  // CHECK: %[[P:.*]] = edgelm.position_rows %{{.*}} at %[[POS]] {axis = 0 : i64} : (tensor<6x2xf32>, tensor<i32>) -> tensor<1x2xf32>
  // CHECK: %[[H:.*]] = edgelm.binary "add" %[[X]], %[[P]]
  // CHECK: %[[HEADS:.*]] = edgelm.reshape %[[H]] : (tensor<1x2xf32>) -> tensor<1x1x2xf32>
  // CHECK: %[[Q:.*]] = edgelm.rope %[[HEADS]], %{{.*}}, %{{.*}} at %[[POS]]
  // CHECK: %[[K:.*]] = edgelm.cache_append %[[KEYS]], %[[Q]] at %[[POS]] count %[[N]] : (tensor<1x6x2xf32>, tensor<1x1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<1x6x2xf32>
  // CHECK: %[[V:.*]] = edgelm.cache_append %[[VALUES]], %[[HEADS]]
  // CHECK: edgelm.cached_attention %[[Q]], %[[K]], %[[V]] at %[[POS]] count %[[N]], <causal> {scale = 5.000000e-01 : f64}
  // CHECK: %[[LOGITS:.*]] = edgelm.linear {{.*}} -> tensor<1x7xf32>
  // CHECK: return %[[LOGITS]], %[[K]], %[[V]]

  // Prompts of one token at a time are decoded.
  // ONE-LABEL: func.func @decode(

  // HALF-LABEL: func.func @decode(
  // HALF-SAME: %[[KEYS:[a-z0-9]+]]: tensor<1x6x2xf16> {edgelm.name = "key.0", edgelm.role = "key_cache"}
  // HALF: edgelm.cache_append %[[KEYS]], {{.*}} : (tensor<1x6x2xf16>, tensor<1x1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<1x6x2xf16>
  // HALF: edgelm.cached_attention {{.*}} : (tensor<1x1x2xf32>, tensor<1x6x2xf16>, tensor<1x6x2xf16>, tensor<i32>, tensor<i32>) -> tensor<1x1x2xf32>

  // The last row is selected behind the attention: the residual and everything after it are for one token.
  // CHECK-LABEL: func.func @prefill(
  // CHECK-SAME: %{{.*}}: tensor<4xi32>
  // CHECK: %[[ATTENDED:.*]] = edgelm.cached_attention
  // CHECK-DAG: edgelm.select_row %{{.*}}, %{{.*}} : (tensor<4x2xf32>, tensor<i32>) -> tensor<1x2xf32>
  // CHECK-DAG: %[[FLAT:.*]] = edgelm.reshape %[[ATTENDED]] : (tensor<4x1x2xf32>) -> tensor<4x2xf32>
  // CHECK-DAG: edgelm.select_row %[[FLAT]]
  // CHECK: edgelm.binary "add" {{.*}} -> tensor<1x2xf32>
  // CHECK: edgelm.linear {{.*}} -> tensor<1x7xf32>

  // CHECK-LABEL: func.func @score(
  // CHECK-NOT: edgelm.select_row
  // CHECK: edgelm.linear {{.*}} -> tensor<4x7xf32>
  func.func @main(%tokens: tensor<1x3xi64> {edgelm.name = "input_ids", edgelm.role = "tokens"}) -> (tensor<1x3x7xf32> {edgelm.name = "logits", edgelm.role = "logits"}) {
    %table = edgelm.constant #table
    %positions = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]> : tensor<6x2xf32>
    %cos = edgelm.constant dense<[[1.0], [0.9], [0.8], [0.7], [0.6], [0.5]]> : tensor<6x1xf32>
    %sin = edgelm.constant dense<[[0.0], [0.1], [0.2], [0.3], [0.4], [0.5]]> : tensor<6x1xf32>
    %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<7x2xf32>) -> tensor<1x3x2xf32>
    %p = edgelm.position_rows %positions {axis = 1 : i64} : (tensor<6x2xf32>) -> tensor<1x3x2xf32>
    %h = edgelm.binary "add" %x, %p : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
    %heads = edgelm.reshape %h : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
    %q = edgelm.rope %heads, %cos, %sin : (tensor<3x1x2xf32>, tensor<6x1xf32>, tensor<6x1xf32>) -> tensor<3x1x2xf32>
    %a = edgelm.attention %q, %q, %heads, <causal> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
    %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
    %y = edgelm.binary "add" %h, %r : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
    %logits = edgelm.linear %y weights(%table) {transposed = array<i1: false>} : (tensor<1x3x2xf32>, tensor<7x2xf32>) -> tensor<1x3x7xf32>
    return %logits : tensor<1x3x7xf32>
  }
}

// -----

// Quantization of the whole sequence becomes one of each token; its scale has been a number and is a column.
// CHECK-LABEL: func.func @score(
// CHECK: edgelm.dynamic_quantize %{{.*}} {per_token} : (tensor<4x2xf32>) -> (tensor<4x2xui8>, tensor<4x1xf32>, tensor<4x1xui8>)
// CHECK: %[[ZERO:.*]] = edgelm.reshape %{{.*}} : (tensor<4x1xui8>) -> tensor<4xui8>
// CHECK: edgelm.matmul_integer %{{.*}}, %{{.*}} lhs_zero(%[[ZERO]]) : (tensor<4x2xui8>, tensor<2x3xi8>, tensor<4xui8>) -> tensor<4x3xi32>
// CHECK: edgelm.binary "mul" %{{.*}}, %{{.*}} : (tensor<4x1xf32>, tensor<3xf32>) -> tensor<4x3xf32>
// CHECK: edgelm.binary "mul" %{{.*}}, %{{.*}} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
func.func @main(%tokens: tensor<1x5xi64> {edgelm.role = "tokens"}) -> (tensor<1x5x3xf32> {edgelm.role = "logits"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = edgelm.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %scales = edgelm.constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32>
  %cos = edgelm.constant dense<1.0> : tensor<6x1xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x5xi64>, tensor<2x2xf32>) -> tensor<1x5x2xf32>
  %heads = edgelm.reshape %x : (tensor<1x5x2xf32>) -> tensor<5x1x2xf32>
  %q = edgelm.rope %heads, %cos, %cos : (tensor<5x1x2xf32>, tensor<6x1xf32>, tensor<6x1xf32>) -> tensor<5x1x2xf32>
  %a = edgelm.attention %q, %q, %heads, <causal> {scale = 0.5 : f64} : (tensor<5x1x2xf32>, tensor<5x1x2xf32>, tensor<5x1x2xf32>) -> tensor<5x1x2xf32>
  %r = edgelm.reshape %a : (tensor<5x1x2xf32>) -> tensor<1x5x2xf32>
  %codes, %scale, %zero = edgelm.dynamic_quantize %r : (tensor<1x5x2xf32>) -> (tensor<1x5x2xui8>, tensor<f32>, tensor<ui8>)
  %sum = edgelm.matmul_integer %codes, %w lhs_zero(%zero) : (tensor<1x5x2xui8>, tensor<2x3xi8>, tensor<ui8>) -> tensor<1x5x3xi32>
  %float = edgelm.cast %sum to f32 : (tensor<1x5x3xi32>) -> tensor<1x5x3xf32>
  %both = edgelm.binary "mul" %scale, %scales : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %y = edgelm.binary "mul" %float, %both : (tensor<1x5x3xf32>, tensor<3xf32>) -> tensor<1x5x3xf32>
  return %y : tensor<1x5x3xf32>
}

// -----

// An encoder has one entry point; pooling over its tokens is no obstacle there.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[TOKENS:.*]]: tensor<3xi32> {edgelm.role = "tokens"}, %[[MASK:.*]]: tensor<3xi32> {edgelm.role = "attention_mask"}, %{{.*}}: tensor<i32> {edgelm.role = "n"})
// CHECK: edgelm.attention %{{.*}}, %{{.*}}, %{{.*}} masked_by %[[MASK]], <bidirectional>
// CHECK: %[[WHOLE:.*]] = edgelm.reshape %{{.*}} : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
// CHECK: edgelm.reduce "mean" %[[WHOLE]]
func.func @main(%tokens: tensor<1x3xi64> {edgelm.role = "tokens"}, %mask: tensor<1x3xi64> {edgelm.role = "attention_mask"}) -> (tensor<1x2xf32> {edgelm.role = "output"}) {
  %table = edgelm.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1x3xi64>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %heads = edgelm.reshape %x : (tensor<1x3x2xf32>) -> tensor<3x1x2xf32>
  %a = edgelm.attention %heads, %heads, %heads masked_by %mask, <bidirectional> {scale = 0.5 : f64} : (tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<3x1x2xf32>, tensor<1x3xi64>) -> tensor<3x1x2xf32>
  %r = edgelm.reshape %a : (tensor<3x1x2xf32>) -> tensor<1x3x2xf32>
  %y = edgelm.reduce "mean" %r {axes = array<i64: 1>} : (tensor<1x3x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// A model without tokens keeps its form.
// CHECK-LABEL: func.func @invoke(%arg0: tensor<4x4xf32> {edgelm.role = "input"}) -> (tensor<4x4xf32> {edgelm.role = "output"})
func.func @main(%x: tensor<4x4xf32> {edgelm.role = "input"}) -> (tensor<4x4xf32> {edgelm.role = "output"}) {
  %y = edgelm.unary "relu" %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
