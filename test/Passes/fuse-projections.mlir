// RUN: edgelm-opt %s --edgelm-fuse-projections=panel=16 | FileCheck %s
// RUN: edgelm-opt %s --edgelm-fuse-projections=panel=16 --edgelm-pack-weights=panel=16 | FileCheck %s --check-prefix=PACK

#q = #edgelm.weight<"m", 0, 2048, "01">
#k = #edgelm.weight<"m", 2048, 1024, "02">
#v = #edgelm.weight<"m", 4096, 1024, "03">

// CHECK-LABEL: func.func @many_rows_stay_apart
// CHECK-COUNT-2: edgelm.linear
// The parts lie where the merged matrix of the next entry has them: after 32 and 48 columns of 16 rows.
// PACK-LABEL: func.func @many_rows_stay_apart
// PACK-DAG: edgelm.packed_weight [{{.*}}"02">] panel 16 at 2048
// PACK-DAG: edgelm.packed_weight [{{.*}}"03">] panel 16 at 3072
func.func @many_rows_stay_apart(%x: tensor<2x16xf32>) -> (tensor<2x16xf32>, tensor<2x16xf32>) {
  %k = edgelm.weight #k : tensor<16x16xf32>
  %0 = edgelm.linear %x weights(%k) {transposed = array<i1: true>} : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
  %v = edgelm.weight #v : tensor<16x16xf32>
  %1 = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
  return %0, %1 : tensor<2x16xf32>, tensor<2x16xf32>
}

// CHECK-LABEL: func.func @one_row_is_merged
// CHECK: %[[Y:.*]] = edgelm.linear %{{.*}} weights(%{{.*}}, %{{.*}}, %{{.*}}) {transposed = array<i1: false, true, false>} {{.*}} -> tensor<1x64xf32>
// CHECK: edgelm.slice %[[Y]] {sizes = array<i64: 1, 32>, starts = array<i64: 0, 0>
// CHECK: edgelm.slice %[[Y]] {sizes = array<i64: 1, 16>, starts = array<i64: 0, 32>
// CHECK: edgelm.slice %[[Y]] {sizes = array<i64: 1, 16>, starts = array<i64: 0, 48>
// PACK-LABEL: func.func @one_row_is_merged
// PACK: edgelm.packed_weight [{{.*}}"01">, {{.*}}"02">, {{.*}}"03">] panel 16 at 0
func.func @one_row_is_merged(%x: tensor<1x16xf32>) -> (tensor<1x32xf32>, tensor<1x16xf32>, tensor<1x16xf32>) {
  %q = edgelm.weight #q : tensor<32x16xf32>
  %0 = edgelm.linear %x weights(%q) {transposed = array<i1: false>} : (tensor<1x16xf32>, tensor<32x16xf32>) -> tensor<1x32xf32>
  %k = edgelm.weight #k : tensor<16x16xf32>
  %1 = edgelm.linear %x weights(%k) {transposed = array<i1: true>} : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
  %v = edgelm.weight #v : tensor<16x16xf32>
  %2 = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
  return %0, %1, %2 : tensor<1x32xf32>, tensor<1x16xf32>, tensor<1x16xf32>
}

// Eight columns are half a panel.
// CHECK-LABEL: func.func @narrow_projections_stay_apart
// CHECK-COUNT-2: edgelm.linear
// CHECK-NOT: edgelm.slice
func.func @narrow_projections_stay_apart(%x: tensor<1x16xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %k = edgelm.constant dense<1.0> : tensor<8x16xf32>
  %v = edgelm.constant dense<2.0> : tensor<8x16xf32>
  %0 = edgelm.linear %x weights(%k) {transposed = array<i1: false>} : (tensor<1x16xf32>, tensor<8x16xf32>) -> tensor<1x8xf32>
  %1 = edgelm.linear %x weights(%v) {transposed = array<i1: false>} : (tensor<1x16xf32>, tensor<8x16xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x8xf32>
}
