// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// @context has as many tokens as the model was made for, at most 2048, unless the option says another number.
// RUN: edgelm-opt %s --split-input-file --edgelm-bind | FileCheck %s
// RUN: edgelm-opt %s --split-input-file --edgelm-bind=context=33 | FileCheck %s --check-prefix=OPTION
// OPTION-COUNT-3: @context({{.*}}tensor<1x33xi64>

// CHECK: @context({{.*}}tensor<1x100xi64>
module attributes {edgelm.context = 100 : i64} {
  func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> tensor<?x?xi64> {
    return %ids : tensor<?x?xi64>
  }
}

// -----

// CHECK: @context({{.*}}tensor<1x2048xi64>
module attributes {edgelm.context = 131072 : i64} {
  func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> tensor<?x?xi64> {
    return %ids : tensor<?x?xi64>
  }
}

// -----

// CHECK: @context({{.*}}tensor<1x2048xi64>
func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> tensor<?x?xi64> {
  return %ids : tensor<?x?xi64>
}
