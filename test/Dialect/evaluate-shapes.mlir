// The reference evaluator against values computed by hand: operations that move elements.
// RUN: edgelm-opt %s --edgelm-fold-constants | FileCheck %s

// CHECK-LABEL: func.func @slices_backwards_and_clamps
// CHECK: dense<[5, 3, 1]> : tensor<3xi64>
func.func @slices_backwards_and_clamps() -> tensor<3xi64> {
  %x = edgelm.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi64>
  %from = edgelm.constant dense<100> : tensor<1xi64>
  %to = edgelm.constant dense<-100> : tensor<1xi64>
  %axes = edgelm.constant dense<0> : tensor<1xi64>
  %steps = edgelm.constant dense<-2> : tensor<1xi64>
  %y = edgelm.slice %x bounds(%from, %to, %axes, %steps)
    : (tensor<6xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// CHECK-LABEL: func.func @transposes_tiles_and_splits
// CHECK-DAG: dense<{{\[}}[0, 3, 0, 3], [1, 4, 1, 4], [2, 5, 2, 5]]> : tensor<3x4xi64>
// CHECK-DAG: dense<{{\[}}[2], [5]]> : tensor<2x1xi64>
func.func @transposes_tiles_and_splits() -> (tensor<3x4xi64>, tensor<2x1xi64>) {
  %x = edgelm.constant dense<[[0, 1, 2], [3, 4, 5]]> : tensor<2x3xi64>
  %t = edgelm.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xi64>) -> tensor<3x2xi64>
  %repeats = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  %r = edgelm.tile %t, %repeats : (tensor<3x2xi64>, tensor<2xi64>) -> tensor<3x4xi64>
  %s:2 = edgelm.split %x {axis = 1 : i64} : (tensor<2x3xi64>) -> (tensor<2x2xi64>, tensor<2x1xi64>)
  return %r, %s#1 : tensor<3x4xi64>, tensor<2x1xi64>
}

// CHECK-LABEL: func.func @gathers_and_scatters
// CHECK-DAG: dense<{{\[}}[5, 6], [1, 2]]> : tensor<2x2xi64>
// CHECK-DAG: dense<{{\[}}[2, 1], [3, 3], [6, 5]]> : tensor<3x2xi64>
// CHECK-DAG: dense<[6, 1]> : tensor<2xi64>
// CHECK-DAG: dense<{{\[}}[1, 2], [3, 4], [7, 8]]> : tensor<3x2xi64>
func.func @gathers_and_scatters() -> (tensor<2x2xi64>, tensor<3x2xi64>, tensor<2xi64>, tensor<3x2xi64>) {
  %x = edgelm.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi64>
  %rows = edgelm.constant dense<[-1, 0]> : tensor<2xi64>
  %a = edgelm.gather %x, %rows {axis = 0 : i64} : (tensor<3x2xi64>, tensor<2xi64>) -> tensor<2x2xi64>
  %columns = edgelm.constant dense<[[1, 0], [0, 0], [1, 0]]> : tensor<3x2xi64>
  %b = edgelm.gather_elements %x, %columns {axis = 1 : i64} : (tensor<3x2xi64>, tensor<3x2xi64>) -> tensor<3x2xi64>
  %tuples = edgelm.constant dense<[[2, 1], [0, 0]]> : tensor<2x2xi64>
  %c = edgelm.gather_nd %x, %tuples {batch_dims = 0 : i64} : (tensor<3x2xi64>, tensor<2x2xi64>) -> tensor<2xi64>
  %last = edgelm.constant dense<[[-1]]> : tensor<1x1xi64>
  %new = edgelm.constant dense<[[7, 8]]> : tensor<1x2xi64>
  %d = edgelm.scatter_nd %x, %last, %new : (tensor<3x2xi64>, tensor<1x1xi64>, tensor<1x2xi64>) -> tensor<3x2xi64>
  return %a, %b, %c, %d : tensor<2x2xi64>, tensor<3x2xi64>, tensor<2xi64>, tensor<3x2xi64>
}

// CHECK-LABEL: func.func @pads_counts_and_finds
// CHECK-DAG: dense<[9, 1, 2, 9, 9]> : tensor<5xi64>
// CHECK-DAG: dense<[2, 1, 2, 1]> : tensor<4xi64>
// CHECK-DAG: dense<[5, 3, 1]> : tensor<3xi64>
// CHECK-DAG: dense<{{\[}}[0, 1], [1, 0]]> : tensor<2x2xi64>
func.func @pads_counts_and_finds() -> (tensor<5xi64>, tensor<4xi64>, tensor<3xi64>, tensor<2x2xi64>) {
  %x = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  %pads = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  %ones = edgelm.constant dense<1> : tensor<2xi64>
  %nine = edgelm.constant dense<9> : tensor<i64>
  %a = edgelm.pad %x by(%pads) value(%nine) {mode = "constant"} : (tensor<2xi64>, tensor<2xi64>, tensor<i64>) -> tensor<5xi64>
  %b = edgelm.pad %x by(%ones) {mode = "reflect"} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %start = edgelm.constant dense<5> : tensor<i64>
  %limit = edgelm.constant dense<0> : tensor<i64>
  %step = edgelm.constant dense<-2> : tensor<i64>
  %c = edgelm.iota %start, %limit, %step : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<3xi64>
  %m = edgelm.constant dense<[[0.0, 3.0], [4.0, 0.0]]> : tensor<2x2xf32>
  %d = edgelm.nonzero %m : (tensor<2x2xf32>) -> tensor<2x2xi64>
  return %a, %b, %c, %d : tensor<5xi64>, tensor<4xi64>, tensor<3xi64>, tensor<2x2xi64>
}

// Of indices that are there twice the last counts, or with a reduction each of them, one after the other.
// CHECK-LABEL: func.func @scatters_with_a_reduction
// CHECK-DAG: dense<[1, 9, 3]> : tensor<3xi64>
// CHECK-DAG: dense<[1, 17, 3]> : tensor<3xi64>
// CHECK-DAG: dense<[1, 112, 3]> : tensor<3xi64>
// CHECK-DAG: dense<[1, 9, 4]> : tensor<3xi64>
// CHECK-DAG: dense<[1.000000e+00, 1.500000e+00]> : tensor<2xf32>
func.func @scatters_with_a_reduction() -> (tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<2xf32>) {
  %x = edgelm.constant dense<[1, 2, 3]> : tensor<3xi64>
  %twice = edgelm.constant dense<[[1], [-2]]> : tensor<2x1xi64>
  %u = edgelm.constant dense<[7, 8]> : tensor<2xi64>
  %v = edgelm.constant dense<[7, 9]> : tensor<2xi64>
  %a = edgelm.scatter_nd %x, %twice, %v : (tensor<3xi64>, tensor<2x1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %b = edgelm.scatter_nd %x, %twice, %u {reduction = "add"} : (tensor<3xi64>, tensor<2x1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %c = edgelm.scatter_nd %x, %twice, %u {reduction = "mul"} : (tensor<3xi64>, tensor<2x1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %y = edgelm.constant dense<[1, 2, 4]> : tensor<3xi64>
  %d = edgelm.scatter_nd %y, %twice, %v {reduction = "max"} : (tensor<3xi64>, tensor<2x1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %f = edgelm.constant dense<2.0> : tensor<2xf32>
  %which = edgelm.constant dense<[[0], [1]]> : tensor<2x1xi64>
  %g = edgelm.constant dense<[1.0, 1.5]> : tensor<2xf32>
  %e = edgelm.scatter_nd %f, %which, %g {reduction = "min"} : (tensor<2xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<2xf32>
  return %a, %b, %c, %d, %e : tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<2xf32>
}

// CHECK-LABEL: func.func @wraps_around_and_cuts
// CHECK: dense<[2, 3, 1, 2, 3, 1, 2]> : tensor<7xi64>
// CHECK: dense<[2, 0]> : tensor<2xi64>
func.func @wraps_around_and_cuts() -> (tensor<7xi64>, tensor<2xi64>) {
  %x = edgelm.constant dense<[1, 2, 3]> : tensor<3xi64>
  %a = edgelm.pad %x {mode = "wrap", pads = array<i64: 2, 2>} : (tensor<3xi64>) -> tensor<7xi64>
  %b = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  %c = edgelm.pad %b {mode = "constant", pads = array<i64: -1, 1>} : (tensor<2xi64>) -> tensor<2xi64>
  return %a, %c : tensor<7xi64>, tensor<2xi64>
}

// The first of two codes is in the high bits: 1, 0, 15, 2, then the same in the next block.
// CHECK-LABEL: func.func @dequantizes_by_a_codebook
// CHECK: dense<{{\[}}[2.000000e+00, 0.000000e+00, 3.000000e+01, 4.000000e+00, 1.000000e+00, 0.000000e+00, 1.500000e+01, 2.000000e+00]]> : tensor<1x8xf32>
func.func @dequantizes_by_a_codebook() -> tensor<1x8xf32> {
  %codes = edgelm.constant dense<[[[16, 242], [16, 242]]]> : tensor<1x2x2xui8>
  %scales = edgelm.constant dense<[2.0, 1.0]> : tensor<2xf32>
  %0 = edgelm.dequantize_blocks %codes, %scales {bits = 4 : i64, block_size = 4 : i64, k = 8 : i64, codebook = array<f32: 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0>} : (tensor<1x2x2xui8>, tensor<2xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}
