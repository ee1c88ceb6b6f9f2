// RUN: edgelm-opt %s --edgelm-plan-memory=one-thread | FileCheck %s
// RUN: edgelm-opt %s --edgelm-plan-memory | FileCheck %s --check-prefix=THREADS

// A row of 256 columns is 1,024 bytes of f32 and 288 of int8, 256 + 16 + 16, which makes 320: on one thread the eight rows of f32
// lie 320 bytes into the buffer that the rows of int8 begin.
// CHECK-LABEL: func.func @encode
// CHECK: edgelm.unary "gelu" {{.*}} {edgelm.offset = [[#%d,AREA:]] : i64}
// CHECK: edgelm.unary "tanh" {{.*}} {edgelm.offset = [[#AREA]] : i64}
// CHECK: edgelm.quantize_rows {{.*}} {edgelm.offset = [[#AREA - 320]] : i64}
// CHECK: edgelm.quantize_rows {{.*}} {edgelm.offset = [[#OTHER:]] : i64}
// CHECK: edgelm.binary
// THREADS-LABEL: func.func @encode
// THREADS: edgelm.unary "gelu" {{.*}} {edgelm.offset = [[#%d,AREA:]] : i64}
// THREADS: edgelm.quantize_rows {{.*}} {edgelm.offset = [[#AREA + 8192]] : i64}
func.func @encode(%x: tensor<8x256xf32>) -> (tensor<8x32xf32>, tensor<8x256xf32>) {
  %w = edgelm.packed_weight [#edgelm.weight<"m", 0, 32768, "">] stored_as [f32] panel 32 at 0 {transposed = array<i1: false>} : tensor<32x256x!edgelm.q<"int8">>
  %0 = edgelm.unary "gelu" %x : (tensor<8x256xf32>) -> tensor<8x256xf32>
  %1 = edgelm.unary "tanh" %0 : (tensor<8x256xf32>) -> tensor<8x256xf32>
  %2 = edgelm.quantize_rows %1 : tensor<8x256xf32> to tensor<8x256x!edgelm.int8_rows<0>>
  %3 = edgelm.linear %2 weights(%w) {transposed = array<i1: false>} : (tensor<8x256x!edgelm.int8_rows<0>>, tensor<32x256x!edgelm.q<"int8">>) -> tensor<8x32xf32>
  // Rows of f32 that are read again stay.
  %4 = edgelm.unary "sqrt" %x : (tensor<8x256xf32>) -> tensor<8x256xf32>
  %5 = edgelm.quantize_rows %4 : tensor<8x256xf32> to tensor<8x256x!edgelm.int8_rows<0>>
  %6 = edgelm.linear %5 weights(%w) {transposed = array<i1: false>} : (tensor<8x256x!edgelm.int8_rows<0>>, tensor<32x256x!edgelm.q<"int8">>) -> tensor<8x32xf32>
  %7 = edgelm.binary "add" %4, %4 : (tensor<8x256xf32>, tensor<8x256xf32>) -> tensor<8x256xf32>
  %8 = edgelm.binary "add" %3, %6 : (tensor<8x32xf32>, tensor<8x32xf32>) -> tensor<8x32xf32>
  return %8, %7 : tensor<8x32xf32>, tensor<8x256xf32>
}
