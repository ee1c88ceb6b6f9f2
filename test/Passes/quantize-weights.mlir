// RUN: edgelm-opt %s --edgelm-quantize-weights | FileCheck %s

// Numbers that a format can hold have no error: -127 .. 127 in steps of the scale. Of 1 and 1 + 2^-10 in int8 one is
// rounded; bf16 drops 2^-10 of the second: 2^-10 / sqrt(1 + (1 + 2^-10)^2) = 6.9e-4.
// CHECK-LABEL: func.func @errors
// CHECK: edgelm.quantize_weight %{{.*}} along 1 error 0.000000e+00 : tensor<1x4xf32> to tensor<1x4x!edgelm.q<"int8">>
// CHECK: edgelm.quantize_weight %{{.*}} along 0 error 0.000000e+00 : tensor<2x2xf32> to tensor<2x2x!edgelm.q<"int8">>
// CHECK: edgelm.quantize_weight %{{.*}} along 1 error 6.90{{[0-9]+}}E-4 : tensor<1x2xf32> to tensor<1x2xbf16>
// CHECK: edgelm.quantize_weight %{{.*}} along 1 error 0.000000e+00 : tensor<2x2xf16> to tensor<2x2x!edgelm.q<"int4a_g32">>
func.func @errors(%x: tensor<1x4xf32>) {
  %exact = edgelm.constant dense<[[1.27, -0.5, 0.0, 0.01]]> : tensor<1x4xf32>
  %0 = edgelm.quantize_weight %exact along 1 : tensor<1x4xf32> to tensor<1x4x!edgelm.q<"int8">>
  // Columns are the rows here: each has its own scale.
  %columns = edgelm.constant dense<[[1.0, 1000.0], [-1.0, 1000.0]]> : tensor<2x2xf32>
  %1 = edgelm.quantize_weight %columns along 0 : tensor<2x2xf32> to tensor<2x2x!edgelm.q<"int8">>
  %rounded = edgelm.constant dense<[[1.0, 1.0009765625]]> : tensor<1x2xf32>
  %2 = edgelm.quantize_weight %rounded along 1 : tensor<1x2xf32> to tensor<1x2xbf16>
  %zeros = edgelm.constant dense<0.0> : tensor<2x2xf16>
  %3 = edgelm.quantize_weight %zeros along 1 : tensor<2x2xf16> to tensor<2x2x!edgelm.q<"int4a_g32">>
  return
}

// The same matrix in another function.
// CHECK-LABEL: func.func @again
// CHECK: error 0.000000e+00
func.func @again(%x: tensor<1x4xf32>) {
  %exact = edgelm.constant dense<[[1.27, -0.5, 0.0, 0.01]]> : tensor<1x4xf32>
  %0 = edgelm.quantize_weight %exact along 1 : tensor<1x4xf32> to tensor<1x4x!edgelm.q<"int8">>
  return
}
