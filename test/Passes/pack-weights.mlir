// RUN: edgelm-opt %s --edgelm-pack-weights=panel=8 | FileCheck %s

#q = #edgelm.weight<"m.onnx", 0, 576, "01">
#k = #edgelm.weight<"m.onnx", 1152, 144, "02">
#bq = #edgelm.weight<"m.onnx", 4096, 12, "03">
#bk = #edgelm.weight<"m.onnx", 8192, 12, "04">
#table = #edgelm.weight<"m.onnx", 9000, 960, "05">
#norm = #edgelm.weight<"m.onnx", 9990, 48, "06">

// CHECK: module attributes {edgelm.weight_bytes = 3072 : i64}

// 9 columns are 2 panels of 8 with 24 rows: 1536 bytes.
// CHECK-LABEL: func.func @concatenates_projections_and_biases
// CHECK-DAG: %[[W:.*]] = edgelm.packed_weight [[S:\[.*\]]] stored_as [f16, f32] panel 8 at 0 {transposed = array<i1: false, true>} : tensor<9x24xf32>
// CHECK-DAG: %[[B:.*]] = edgelm.packed_weight [#{{.*}}, #{{.*}}] stored_as [f32, f16] panel 0 at 1536 {transposed = array<i1: false, false>} : tensor<9xf32>
// CHECK: edgelm.linear %{{.*}} weights(%[[W]]) biases(%[[B]]) {transposed = array<i1: false>}
func.func @concatenates_projections_and_biases(%x: tensor<1x24xf32>) -> tensor<1x9xf32> {
  %k = edgelm.weight #k : tensor<3x24xf16>
  %q = edgelm.weight #q : tensor<24x6xf32>
  %bk = edgelm.weight #bk : tensor<3xf32>
  %bq = edgelm.weight #bq : tensor<6xf16>
  %0 = edgelm.linear %x weights(%k, %q) biases(%bk, %bq) {transposed = array<i1: false, true>}
    : (tensor<1x24xf32>, tensor<3x24xf16>, tensor<24x6xf32>, tensor<3xf32>, tensor<6xf16>) -> tensor<1x9xf32>
  return %0 : tensor<1x9xf32>
}

// Same as above, but from another entry: the same places.
// CHECK-LABEL: func.func @reads_the_same_place_from_two_entries
// CHECK: edgelm.packed_weight [[S]] stored_as [f16, f32] panel 8 at 0 {
// CHECK: edgelm.packed_weight {{.*}} panel 0 at 1536 {
func.func @reads_the_same_place_from_two_entries(%x: tensor<4x24xf32>) -> tensor<4x9xf32> {
  %k = edgelm.weight #k : tensor<3x24xf16>
  %q = edgelm.weight #q : tensor<24x6xf32>
  %bk = edgelm.weight #bk : tensor<3xf32>
  %bq = edgelm.weight #bq : tensor<6xf16>
  %0 = edgelm.linear %x weights(%k, %q) biases(%bk, %bq) {transposed = array<i1: false, true>}
    : (tensor<4x24xf32>, tensor<3x24xf16>, tensor<24x6xf32>, tensor<3xf32>, tensor<6xf16>) -> tensor<4x9xf32>
  return %0 : tensor<4x9xf32>
}

// CHECK-LABEL: func.func @shares_a_tied_embedding_in_f16
// CHECK: %[[T:.*]] = edgelm.packed_weight {{.*}} panel 8 at [[AT:[0-9]+]] {{.*}} : tensor<20x24xf16>
// CHECK: edgelm.embed %{{.*}}, %[[T]]
// CHECK: %[[T2:.*]] = edgelm.packed_weight {{.*}} panel 8 at [[AT]] {{.*}} : tensor<20x24xf16>
// CHECK: edgelm.linear %{{.*}} weights(%[[T2]])
func.func @shares_a_tied_embedding_in_f16(%tokens: tensor<1xi32>) -> tensor<1x20xf32> {
  %table = edgelm.weight #table : tensor<20x24xf16>
  %0 = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<20x24xf16>) -> tensor<1x24xf32>
  %t = edgelm.transpose %table {perm = array<i64: 1, 0>} : (tensor<20x24xf16>) -> tensor<24x20xf16>
  %1 = edgelm.linear %0 weights(%t) {transposed = array<i1: true>} : (tensor<1x24xf32>, tensor<24x20xf16>) -> tensor<1x20xf32>
  return %1 : tensor<1x20xf32>
}

// CHECK-LABEL: func.func @widens_vectors_keeps_tables_and_single_values
// CHECK: edgelm.constant dense<2.0
// CHECK: %[[N:.*]] = edgelm.packed_weight {{.*}} panel 0 at {{[0-9]+}} {{.*}} : tensor<24xf32>
// CHECK: edgelm.rms_norm %{{.*}}, %[[N]]
// CHECK: %[[C:.*]] = edgelm.packed_weight [dense<{{.*}}> : tensor<2x24xf32>] panel 0 at 2880
// CHECK: edgelm.binary "add" %{{.*}}, %[[C]]
// CHECK-NOT: edgelm.weight #
func.func @widens_vectors_keeps_tables_and_single_values(%x: tensor<2x24xf32>) -> tensor<2x24xf32> {
  %norm = edgelm.weight #norm : tensor<24xf16>
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %table = edgelm.constant dense<"0x000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040000000000000803F0000004000004040"> : tensor<2x24xf32>
  %0 = edgelm.rms_norm %x, %norm {epsilon = 1.0e-5 : f64} : (tensor<2x24xf32>, tensor<24xf16>) -> tensor<2x24xf32>
  %1 = edgelm.binary "mul" %0, %two : (tensor<2x24xf32>, tensor<f32>) -> tensor<2x24xf32>
  %2 = edgelm.binary "add" %1, %table : (tensor<2x24xf32>, tensor<2x24xf32>) -> tensor<2x24xf32>
  return %2 : tensor<2x24xf32>
}
