// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keys and values in one tensor, as old GPT-2 exports have them: the batch is the second dimension, the tokens are none.
// RUN: edgelm-opt %s --edgelm-bind="tokens=3 probe-tokens=5 context=8" | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%{{[^:]*}}: tensor<1x3xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> (tensor<1x3xi64> {edgelm.role = "logits"})
// CHECK-NOT: present
func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %past: tensor<2x?x2x?x4xf32> {edgelm.name = "past_0", edgelm.role = "past_key_value"})
    -> (tensor<?x?xi64> {edgelm.role = "logits"}, tensor<2x?x2x?x4xf32> {edgelm.name = "present_0", edgelm.role = "present_key_value"}) {
  return %ids, %past : tensor<?x?xi64>, tensor<2x?x2x?x4xf32>
}
