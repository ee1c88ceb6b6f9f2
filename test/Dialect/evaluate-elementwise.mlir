// The reference evaluator against values computed by hand: elementwise operations, broadcasting, rounding.
// RUN: edgelm-opt %s --edgelm-fold-constants | FileCheck %s

// CHECK-LABEL: func.func @broadcasts_both_sides
// CHECK: dense<{{\[}}[11, 21, 31], [12, 22, 32]]> : tensor<2x3xi64>
func.func @broadcasts_both_sides() -> tensor<2x3xi64> {
  %a = edgelm.constant dense<[[1], [2]]> : tensor<2x1xi64>
  %b = edgelm.constant dense<[10, 20, 30]> : tensor<3xi64>
  %c = edgelm.binary "add" %a, %b : (tensor<2x1xi64>, tensor<3xi64>) -> tensor<2x3xi64>
  return %c : tensor<2x3xi64>
}

// To nearest even: in f16, 1 + 2^-11 is a tie that goes down, 1 + 3 * 2^-11 one that goes up, 65520 one that goes to infinity; 0.75 * 2^-24
// becomes the least subnormal.
// CHECK-LABEL: func.func @rounds_to_sixteen_bits
// CHECK-DAG: dense<[3.332520e-01, 1.000000e+00, 1.001950e+00, 0x7C00, 5.960460e-08, 0.000000e+00]> : tensor<6xf16>
// CHECK-DAG: dense<[3.339840e-01, 1.000000e+00, 1.000000e+00, 6.553600e+04, 2.235170e-08, 1.117590e-08]> : tensor<6xbf16>
func.func @rounds_to_sixteen_bits() -> (tensor<6xf16>, tensor<6xbf16>) {
  %a = edgelm.constant dense<[0.333333333333, 1.00048828125, 1.00146484375, 65536.0, 2.2351741790771484e-08, 1.1175870895385742e-08]> : tensor<6xf64>
  %b = edgelm.constant dense<[0.333333333333, 1.00048828125, 1.00146484375, 65520.0, 4.470348358154297e-08, 2.2351741790771484e-08]> : tensor<6xf64>
  %h = edgelm.cast %b to f16 : (tensor<6xf64>) -> tensor<6xf16>
  %g = edgelm.cast %a to bf16 : (tensor<6xf64>) -> tensor<6xbf16>
  return %h, %g : tensor<6xf16>, tensor<6xbf16>
}

// CHECK-LABEL: func.func @casts_truncate_and_test
// CHECK-DAG: dense<[-1, 1, 0]> : tensor<3xi32>
// CHECK-DAG: dense<[true, true, false]> : tensor<3xi1>
func.func @casts_truncate_and_test() -> (tensor<3xi32>, tensor<3xi1>) {
  %a = edgelm.constant dense<[-1.9, 1.9, 0.0]> : tensor<3xf32>
  %i = edgelm.cast %a to i32 : (tensor<3xf32>) -> tensor<3xi32>
  %b = edgelm.cast %a to i1 : (tensor<3xf32>) -> tensor<3xi1>
  return %i, %b : tensor<3xi32>, tensor<3xi1>
}

// CHECK-LABEL: func.func @compares_and_selects
// CHECK: dense<[5.000000e+00, -1.000000e+00, -1.000000e+00]> : tensor<3xf32>
func.func @compares_and_selects() -> tensor<3xf32> {
  %a = edgelm.constant dense<[1.0, 2.0, 0x7FC00000]> : tensor<3xf32>
  %two = edgelm.constant dense<2.0> : tensor<f32>
  %five = edgelm.constant dense<5.0> : tensor<f32>
  %other = edgelm.constant dense<-1.0> : tensor<f32>
  %less = edgelm.compare "lt" %a, %two : (tensor<3xf32>, tensor<f32>) -> tensor<3xi1>
  %s = edgelm.select %less, %five, %other : (tensor<3xi1>, tensor<f32>, tensor<f32>) -> tensor<3xf32>
  return %s : tensor<3xf32>
}

// CHECK-LABEL: func.func @functions_take_parameters
// CHECK: dense<[-5.000000e-01, 2.000000e+00]> : tensor<2xf32>
func.func @functions_take_parameters() -> tensor<2xf32> {
  %a = edgelm.constant dense<[-1.0, 2.0]> : tensor<2xf32>
  %b = edgelm.unary "leaky_relu" %a {params = array<f64: 0.5>} : (tensor<2xf32>) -> tensor<2xf32>
  return %b : tensor<2xf32>
}
