// RUN: edgelm-opt %s --edgelm-fuse-norm-quantize | FileCheck %s

// CHECK-LABEL: func.func @fused
// CHECK: %[[Y:.*]] = edgelm.rms_norm {{.*}} -> tensor<2x64x!edgelm.int8_rows<64>>
// CHECK-NEXT: return %[[Y]]
func.func @fused(%x: tensor<2x64xf32>, %w: tensor<64xf32>) -> tensor<2x64x!edgelm.int8_rows<64>> {
  %0 = edgelm.rms_norm %x, %w {epsilon = 1.0e-05 : f64} : (tensor<2x64xf32>, tensor<64xf32>) -> tensor<2x64xf32>
  %1 = edgelm.quantize_rows %0 : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<64>>
  return %1 : tensor<2x64x!edgelm.int8_rows<64>>
}

// Same as the top example, but somebody reads the floats too.
// CHECK-LABEL: func.func @negative_two_readers
// CHECK: edgelm.rms_norm {{.*}} -> tensor<2x64xf32>
// CHECK-NEXT: edgelm.quantize_rows
func.func @negative_two_readers(%x: tensor<2x64xf32>, %w: tensor<64xf32>) -> (tensor<2x64x!edgelm.int8_rows<64>>, tensor<2x64xf32>) {
  %0 = edgelm.rms_norm %x, %w {epsilon = 1.0e-05 : f64} : (tensor<2x64xf32>, tensor<64xf32>) -> tensor<2x64xf32>
  %1 = edgelm.quantize_rows %0 : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<64>>
  return %1, %0 : tensor<2x64x!edgelm.int8_rows<64>>, tensor<2x64xf32>
}

// Same as the top example, but what is quantized is no norm.
// CHECK-LABEL: func.func @negative_no_norm
// CHECK: edgelm.unary
// CHECK-NEXT: edgelm.quantize_rows
func.func @negative_no_norm(%x: tensor<2x64xf32>) -> tensor<2x64x!edgelm.int8_rows<64>> {
  %0 = edgelm.unary "relu" %x : (tensor<2x64xf32>) -> tensor<2x64xf32>
  %1 = edgelm.quantize_rows %0 : tensor<2x64xf32> to tensor<2x64x!edgelm.int8_rows<64>>
  return %1 : tensor<2x64x!edgelm.int8_rows<64>>
}
