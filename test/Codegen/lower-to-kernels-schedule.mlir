// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s --edgelm-lower-to-kernels="isa=x86-avx512-vnni" | FileCheck %s --check-prefixes=CHECK,ROW
// RUN: edgelm-opt %s --edgelm-lower-to-kernels="isa=x86-avx512-vnni schedule=%S/Inputs/schedule.txt" | FileCheck %s --check-prefixes=CHECK,FILE
// RUN: echo "quantized.tile-rows = 1, 2" > %t.rising
// RUN: not edgelm-opt %s --edgelm-lower-to-kernels="schedule=%t.rising" 2>&1 | FileCheck %s --check-prefix=RISING
// RUN: not edgelm-opt %s --edgelm-lower-to-kernels="schedule=%t.absent" 2>&1 | FileCheck %s --check-prefix=ABSENT
// RISING: .rising:1: expected 'nest.setting = number', found 'quantized.tile-rows = 1, 2'
// ABSENT: cannot read schedule file '{{.*}}.absent': No such file or directory

module attributes {edgelm.arena_bytes = 65536 : i64, edgelm.weight_bytes = 65536 : i64} {

// Seven rows in tiles of the schedule, first over the rows that fill whole tiles.
// CHECK-LABEL: func.func private @kernel_linear_7x64x96_int4_g32_int8(
// ROW: %[[C6:.*]] = arith.constant 6 : index
// ROW: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %[[C6]]
// FILE: %[[C3:.*]] = arith.constant 3 : index
// FILE: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %[[C3]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func @invoke(%x: tensor<7x64x!edgelm.int8_rows<32>> {edgelm.offset = 0 : i64, edgelm.role = "input"}) -> tensor<7x96xf32> {
  %w = edgelm.packed_weight [#edgelm.weight<"m", 0, 24576, "">] stored_as [f32] panel 32 at 128 {transposed = array<i1: false>} : tensor<96x64x!edgelm.q<"int4_g32">>
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>, edgelm.offset = 2048 : i64} : (tensor<7x64x!edgelm.int8_rows<32>>, tensor<96x64x!edgelm.q<"int4_g32">>) -> tensor<7x96xf32>
  return %0 : tensor<7x96xf32>
}

}
