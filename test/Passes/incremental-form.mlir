// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modules that stand for the incremental form in the tests of later phases are in that form: entries over a cache, no batch.
// RUN: edgelm-opt %S/Inputs/incremental-llama.mlir | FileCheck %s --check-prefix=DECODER
// RUN: edgelm-opt %S/Inputs/incremental-opt.mlir | FileCheck %s --check-prefix=DECODER
// RUN: edgelm-opt %S/Inputs/incremental-encoder.mlir | FileCheck %s --check-prefix=ENCODER

// DECODER-LABEL: func.func @decode(%{{.*}}: tensor<1xi32>
// DECODER: edgelm.cached_attention
// DECODER-LABEL: func.func @prefill(%{{.*}}: tensor<4xi32>
// DECODER: edgelm.select_row %{{.*}} : (tensor<4x16xf32>, tensor<i32>) -> tensor<1x16xf32>
// DECODER-LABEL: func.func @score(%{{.*}}: tensor<4xi32>
// DECODER-NOT: edgelm.select_row

// ENCODER-LABEL: func.func @encode(%{{.*}}: tensor<8xi32>
// ENCODER: edgelm.attention {{.*}} masked_by
