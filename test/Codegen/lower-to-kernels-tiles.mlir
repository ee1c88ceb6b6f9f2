// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s --edgelm-lower-to-kernels="isa=x86-amx" | FileCheck %s --check-prefixes=CHECK,ROW
// RUN: echo "quantized.matrix-tiles = 1" > %t.txt
// RUN: echo "quantized.matrix-depth-bytes = 40 # 256 / 32" >> %t.txt
// RUN: edgelm-opt %s --edgelm-lower-to-kernels="isa=x86-amx schedule=%t.txt" | FileCheck %s --check-prefixes=CHECK,FILE
// RUN: echo "quantized.matrix-depth-bytes = 0" > %t.none
// RUN: edgelm-opt %s --edgelm-lower-to-kernels="isa=x86-amx schedule=%t.none" | FileCheck %s --check-prefix=NONE
// NONE-NOT: amx.
// NONE: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// NONE-NOT: amx.

module attributes {edgelm.arena_bytes = 65536 : i64, edgelm.weight_bytes = 65536 : i64} {

// Forty rows: tiles for 32, registers for the others. Sums over a whole row stay in tiles.
// CHECK-LABEL: func.func private @kernel_linear_40x256x96_int8_int8(
// ROW-COUNT-4: amx.tile_zero : !amx.tile<16x16xi32>
// ROW: scf.for
// ROW-COUNT-4: amx.tile_muli {{.*}} zext, {{.*}} : !amx.tile<16x64xi8>, !amx.tile<16x64xi8>, !amx.tile<16x16xi32>
// ROW: scf.yield
// ROW-COUNT-4: amx.tile_store
// FILE-COUNT-2: amx.tile_zero : !amx.tile<16x16xi32>
// FILE: scf.for
// FILE-COUNT-2: amx.tile_muli {{.*}} zext, {{.*}} : !amx.tile<16x32xi8>, !amx.tile<8x64xi8>, !amx.tile<16x16xi32>
// FILE: scf.yield
// FILE-COUNT-2: amx.tile_store
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func @invoke(%x: tensor<40x256x!edgelm.int8_rows<0>> {edgelm.offset = 0 : i64, edgelm.role = "input"}) -> tensor<40x96xf32> {
  %w = edgelm.packed_weight [#edgelm.weight<"m", 0, 98304, "">] stored_as [f32] panel 32 at 128 {transposed = array<i1: false>} : tensor<96x256x!edgelm.q<"int8">>
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>, edgelm.offset = 32768 : i64} : (tensor<40x256x!edgelm.int8_rows<0>>, tensor<96x256x!edgelm.q<"int8">>) -> tensor<40x96xf32>
  return %0 : tensor<40x96xf32>
}

}
