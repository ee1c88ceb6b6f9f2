// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s --edgelm-lower-to-kernels --split-input-file | FileCheck %s

module attributes {edgelm.arena_bytes = 4096 : i64, edgelm.weight_bytes = 65536 : i64} {

// The signature of an entry point; row 0 of the arena, weights at their offset, 70 columns are three panels.
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: %{{.*}}: !llvm.ptr, %[[ARENA:.*]]: memref<4096xi8>, %[[WEIGHTS:.*]]: memref<65536xi8>, %[[POS:.*]]: i32, %{{.*}}: i32, %{{.*}}: memref<1xi8>) -> i32
// CHECK-DAG: %[[X:.*]] = memref.view %[[ARENA]]{{.*}} to memref<1x37xf32>
// CHECK-DAG: %[[W:.*]] = memref.view %[[WEIGHTS]]{{.*}} to memref<3x37x32xf32>
// Little work stays on the calling thread.
// CHECK: call @kernel_linear_1x37x70_f32(%[[X]], %[[W]], %{{.*}}, %[[POS]],
// CHECK: return %{{.*}} : i32
func.func @decode(%x: tensor<1x37xf32> {edgelm.offset = 64 : i64, edgelm.role = "input"}, %pos: tensor<i32> {edgelm.role = "pos"}) -> tensor<1x70xf32> {
  %w = edgelm.packed_weight [#edgelm.weight<"m", 0, 10360, "">] panel 32 at 128 {transposed = array<i1: false>} : tensor<70x37xf32>
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>, edgelm.offset = 512 : i64} : (tensor<1x37xf32>, tensor<70x37xf32>) -> tensor<1x70xf32>
  return %0 : tensor<1x70xf32>
}

// Two equal operations share one kernel; a reshape that only renames costs nothing, one that moves is a copy.
// CHECK-LABEL: func.func @invoke
// CHECK: call @[[ADD:kernel_binary_add_4x16_m_m]]
// CHECK-NEXT: arith.constant
// CHECK: call @[[ADD]]
// CHECK: call @kernel_generic_reshape
// CHECK-NOT: call
// CHECK: return
func.func @invoke(%x: tensor<4x16xf32> {edgelm.offset = 0 : i64}, %y: tensor<4x16xf32> {edgelm.offset = 256 : i64}) -> tensor<64xf32> {
  %0 = edgelm.binary "add" %x, %y {edgelm.offset = 512 : i64} : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x16xf32>
  %1 = edgelm.binary "add" %0, %y {edgelm.offset = 768 : i64} : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x16xf32>
  %2 = edgelm.reshape %1 {edgelm.offset = 768 : i64} : (tensor<4x16xf32>) -> tensor<8x8xf32>
  %3 = edgelm.reshape %2 {edgelm.offset = 1024 : i64} : (tensor<8x8xf32>) -> tensor<64xf32>
  return %3 : tensor<64xf32>
}

// Work for more than one thread is launched; the runtime may end the call before an attention.
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[CONTEXT:.*]]: !llvm.ptr
// CHECK: %[[STATUS:.*]] = edgelm.poll %[[CONTEXT]]
// CHECK: %[[STOP:.*]] = arith.cmpi ne, %[[STATUS]]
// CHECK: cf.cond_br %[[STOP]], ^[[LEAVE:.*]], ^[[NEXT:.*]]
// CHECK: ^[[LEAVE]]:
// CHECK-NEXT: return %[[STATUS]]
// CHECK: ^[[NEXT]]:
// CHECK: edgelm.launch @kernel_attention_4x8x16_64x2x16_cached_causal_{{.*}}({{.*}}) at %{{.*}} count %{{.*}} items 8 in %[[CONTEXT]]
func.func @prefill(%q: tensor<4x8x16xf32> {edgelm.offset = 0 : i64, edgelm.role = "tokens"}, %pos: tensor<i32> {edgelm.role = "pos"}, %n: tensor<i32> {edgelm.role = "n"},
                   %k: tensor<2x64x16xf32> {edgelm.offset = 0 : i64}, %v: tensor<2x64x16xf32> {edgelm.offset = 0 : i64}) -> tensor<4x8x16xf32> {
  %0 = edgelm.cached_attention %q, %k, %v at %pos count %n, <causal> {scale = 0.25 : f64, edgelm.offset = 0 : i64}
    : (tensor<4x8x16xf32>, tensor<2x64x16xf32>, tensor<2x64x16xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8x16xf32>
  return %0 : tensor<4x8x16xf32>
}

}

// One kernel for both additions.
// CHECK: func.func private @kernel_binary_add_4x16_m_m
// CHECK-NOT: func.func private @kernel_binary_add_4x16_m_m
