// RUN: edgelm-opt %s --edgelm-fold-constants | FileCheck %s

// CHECK-LABEL: func.func @evaluates_what_depends_on_no_argument
// CHECK: edgelm.constant {edgelm.id = 7 : i64} dense<{{\[}}[0.000000e+00, -1.000000e+01, -1.000000e+01], [0.000000e+00, 0.000000e+00, -1.000000e+01]]>
// CHECK-NEXT: edgelm.binary "add"
func.func @evaluates_what_depends_on_no_argument(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %shape = edgelm.shape %x {start = 0 : i64, end = 2 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  %full = edgelm.fill %shape value dense<-10.0> : tensor<1xf32> : (tensor<2xi64>) -> tensor<2x3xf32>
  %one = edgelm.constant dense<1> : tensor<i64>
  %mask = edgelm.trilu %full, %one {upper, edgelm.id = 7 : i64} : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  %y = edgelm.binary "add" %x, %mask : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @turns_views_into_reshapes
// CHECK-SAME: (%[[X:.*]]: tensor<1x6xf32>)
// CHECK-NEXT: %[[Y:.*]] = edgelm.reshape %[[X]] : (tensor<1x6xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: return %[[Y]]
func.func @turns_views_into_reshapes(%x: tensor<1x6xf32>) -> tensor<3x2xf32> {
  %shape = edgelm.constant dense<[3, -1]> : tensor<2xi64>
  %a = edgelm.squeeze %x {axes = array<i64: 0>} : (tensor<1x6xf32>) -> tensor<6xf32>
  %b = edgelm.unsqueeze %a {axes = array<i64: 1>} : (tensor<6xf32>) -> tensor<6x1xf32>
  %c = edgelm.transpose %b {perm = array<i64: 1, 0>} : (tensor<6x1xf32>) -> tensor<1x6xf32>
  %d = edgelm.reshape %c shape(%shape) : (tensor<1x6xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  return %d : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @drops_what_changes_nothing
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT: return %[[X]]
func.func @drops_what_changes_nothing(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = edgelm.constant dense<0.0> : tensor<f32>
  %one = edgelm.constant dense<1.0> : tensor<1xf32>
  %true = edgelm.constant dense<true> : tensor<i1>
  %empty = edgelm.constant dense<> : tensor<0x3xf32>
  %shape = edgelm.constant dense<[2, 1]> : tensor<2xi64>
  %a = edgelm.binary "add" %zero, %x : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = edgelm.binary "mul" %a, %one : (tensor<2x3xf32>, tensor<1xf32>) -> tensor<2x3xf32>
  %c = edgelm.select %true, %b, %zero : (tensor<i1>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %d = edgelm.concat %empty, %c {axis = 0 : i64} : (tensor<0x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %e = edgelm.broadcast %d shape(%shape) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  %f = edgelm.cast %e to f32 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %g = edgelm.transpose %f {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %h = edgelm.transpose %g {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %h : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @gives_slices_their_bounds
// CHECK-NEXT: edgelm.slice %{{.*}} {sizes = array<i64: 4, 2>, starts = array<i64: 0, 5>, steps = array<i64: 1, -2>}
// CHECK-NEXT: edgelm.slice %{{.*}} {edgelm.id = 4 : i64, sizes = array<i64: 1, 6>, starts = array<i64: 3, 0>, steps = array<i64: 1, 1>}
func.func @gives_slices_their_bounds(%x: tensor<4x6xf32>) -> (tensor<4x2xf32>, tensor<1x6xf32>) {
  %starts = edgelm.constant dense<-1> : tensor<1xi64>
  %ends = edgelm.constant dense<1> : tensor<1xi64>
  %axes = edgelm.constant dense<-1> : tensor<1xi64>
  %steps = edgelm.constant dense<-2> : tensor<1xi64>
  %0 = edgelm.slice %x bounds(%starts, %ends, %axes, %steps)
    : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x2xf32>
  %sizes = edgelm.constant dense<[3, 1]> : tensor<2xi64>
  %1:2 = edgelm.split %x sizes(%sizes) {axis = 0 : i64, edgelm.id = 3 : i64} : (tensor<4x6xf32>, tensor<2xi64>) -> (tensor<3x6xf32>, tensor<1x6xf32>)
  return %0, %1#1 : tensor<4x2xf32>, tensor<1x6xf32>
}

// Kernels are compiled for what is padded.
// CHECK-LABEL: func.func @gives_pads_their_numbers
// CHECK-SAME: (%[[X:.*]]: tensor<3x4xf32>)
// CHECK-NEXT: edgelm.pad %[[X]] {mode = "edge", pads = array<i64: 0, 1, 2, -1>} : (tensor<3x4xf32>) -> tensor<5x4xf32>
func.func @gives_pads_their_numbers(%x: tensor<3x4xf32>) -> tensor<5x4xf32> {
  %pads = edgelm.constant dense<[0, 1, 2, -1]> : tensor<4xi64>
  %0 = edgelm.pad %x by(%pads) {mode = "edge"} : (tensor<3x4xf32>, tensor<4xi64>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}
