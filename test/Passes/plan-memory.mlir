// RUN: edgelm-opt %s --split-input-file --edgelm-plan-memory="session-bytes=100 sampler-bytes=40" | FileCheck %s

// Session [0, 100), sampler at 128, tokens at 192, the two caches, logits, then the area that the entries share.
// CHECK: module attributes
// CHECK-SAME: edgelm.arena_bytes = 2752 : i64
// CHECK-SAME: edgelm.regions = {sampler = array<i64: 128, 40>, session = array<i64: 0, 100>, shared = array<i64: 1472, 1280>}

// CHECK-LABEL: func.func @decode
// CHECK-SAME: %{{.*}}: tensor<1xi32> {edgelm.offset = 192 : i64, edgelm.role = "tokens"}, %{{.*}}: tensor<i32>, %{{.*}}: tensor<i32>,
// CHECK-SAME: {edgelm.offset = 256 : i64, edgelm.role = "key_cache"}
// CHECK-SAME: {edgelm.offset = 768 : i64, edgelm.role = "value_cache"}
// CHECK-SAME: -> (tensor<1x40xf32> {edgelm.offset = 1280 : i64, edgelm.role = "logits"}, tensor<2x8x8xf32> {edgelm.offset = 256 : i64}, tensor<2x8x8xf32> {edgelm.offset = 768 : i64})
func.func @decode(%tokens: tensor<1xi32> {edgelm.role = "tokens"}, %pos: tensor<i32>, %n: tensor<i32>,
                  %keys: tensor<2x8x8xf32> {edgelm.role = "key_cache"}, %values: tensor<2x8x8xf32> {edgelm.role = "value_cache"})
    -> (tensor<1x40xf32> {edgelm.role = "logits"}, tensor<2x8x8xf32>, tensor<2x8x8xf32>) {
  %table = edgelm.packed_weight [#edgelm.weight<"m", 0, 2560, "">] panel 8 at 0 {transposed = array<i1: false>} : tensor<40x16xf32>
  // CHECK: edgelm.embed {{.*}} {edgelm.offset = [[X:1472]] : i64}
  %x = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<40x16xf32>) -> tensor<1x16xf32>
  // Renamed, and then another view of the same.
  // CHECK: edgelm.reshape {{.*}} {edgelm.offset = [[X]] : i64}
  %h = edgelm.reshape %x : (tensor<1x16xf32>) -> tensor<1x2x8xf32>
  // CHECK: edgelm.cache_append {{.*}} {edgelm.offset = 256 : i64}
  %k = edgelm.cache_append %keys, %h at %pos count %n : (tensor<2x8x8xf32>, tensor<1x2x8xf32>, tensor<i32>, tensor<i32>) -> tensor<2x8x8xf32>
  // CHECK: edgelm.cache_append {{.*}} {edgelm.offset = 768 : i64}
  %v = edgelm.cache_append %values, %h at %pos count %n : (tensor<2x8x8xf32>, tensor<1x2x8xf32>, tensor<i32>, tensor<i32>) -> tensor<2x8x8xf32>
  // CHECK: edgelm.cached_attention {{.*}} {edgelm.offset = [[A:1536]] : i64
  %a = edgelm.cached_attention %h, %k, %v at %pos count %n, <causal> {scale = 1.0 : f64}
    : (tensor<1x2x8xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2x8xf32>
  // CHECK: edgelm.reshape {{.*}} {edgelm.offset = [[A]] : i64}
  %r = edgelm.reshape %a : (tensor<1x2x8xf32>) -> tensor<1x16xf32>
  // Takes over the buffer of the operand that dies first in the list of operands.
  // CHECK: edgelm.binary "add" {{.*}} {edgelm.offset = [[X]] : i64}
  %y = edgelm.binary "add" %x, %r : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
  // CHECK: edgelm.linear {{.*}} {edgelm.offset = 1280 : i64
  %logits = edgelm.linear %y weights(%table) {transposed = array<i1: false>} : (tensor<1x16xf32>, tensor<40x16xf32>) -> tensor<1x40xf32>
  return %logits, %k, %v : tensor<1x40xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>
}

// The same arguments at the same places; four tokens make the tokens' buffer 16 bytes. All logits go to the caller.
// CHECK-LABEL: func.func @score
// CHECK-SAME: {edgelm.offset = 192 : i64, edgelm.role = "tokens"}
// CHECK-SAME: -> (tensor<4x40xf32> {edgelm.role = "logits"}, tensor<2x8x8xf32> {edgelm.offset = 256 : i64}
func.func @score(%tokens: tensor<4xi32> {edgelm.role = "tokens"}, %pos: tensor<i32>, %n: tensor<i32>,
                 %keys: tensor<2x8x8xf32> {edgelm.role = "key_cache"}, %values: tensor<2x8x8xf32> {edgelm.role = "value_cache"})
    -> (tensor<4x40xf32> {edgelm.role = "logits"}, tensor<2x8x8xf32>, tensor<2x8x8xf32>) {
  %table = edgelm.packed_weight [#edgelm.weight<"m", 0, 2560, "">] panel 8 at 0 {transposed = array<i1: false>} : tensor<40x16xf32>
  // CHECK: edgelm.embed {{.*}} {edgelm.offset = [[X:2496]] : i64}
  %x = edgelm.embed %tokens, %table : (tensor<4xi32>, tensor<40x16xf32>) -> tensor<4x16xf32>
  // In place, with 1024 bytes of scratch, the largest buffer, in front.
  // CHECK: edgelm.unary "neg" {{.*}} {edgelm.offset = [[X]] : i64, edgelm.scratch_bytes = 1024 : i64, edgelm.scratch_offset = 1472 : i64}
  %u = edgelm.unary "neg" %x {edgelm.scratch_bytes = 1024 : i64} : (tensor<4x16xf32>) -> tensor<4x16xf32>
  // CHECK: edgelm.linear {{.*}} {edgelm.out, transposed
  %logits = edgelm.linear %u weights(%table) {transposed = array<i1: false>} : (tensor<4x16xf32>, tensor<40x16xf32>) -> tensor<4x40xf32>
  return %logits, %keys, %values : tensor<4x40xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>
}

// -----

// A slice is only a name where its elements lie together and start at a multiple of 64 bytes.
// CHECK-LABEL: func.func @renames_contiguous_slices
func.func @renames_contiguous_slices(%x: tensor<1x48xf32>) -> tensor<1x16xf32> {
  // CHECK: edgelm.unary {{.*}} {edgelm.offset = 448 : i64}
  %q = edgelm.unary "neg" %x : (tensor<1x48xf32>) -> tensor<1x48xf32>
  // 448 + 64
  // CHECK: edgelm.slice {{.*}} {edgelm.offset = 512 : i64,
  %0 = edgelm.slice %q {starts = array<i64: 0, 16>, sizes = array<i64: 1, 16>, steps = array<i64: 1, 1>} : (tensor<1x48xf32>) -> tensor<1x16xf32>
  // CHECK: edgelm.slice {{.*}} {edgelm.offset = 640 : i64,
  %1 = edgelm.slice %q {starts = array<i64: 0, 17>, sizes = array<i64: 1, 16>, steps = array<i64: 1, 1>} : (tensor<1x48xf32>) -> tensor<1x16xf32>
  %2 = edgelm.binary "add" %0, %1 : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %2 : tensor<1x16xf32>
}

// -----

// CHECK-LABEL: func.func @does_not_rename_a_column
func.func @does_not_rename_a_column(%x: tensor<2x32xf32>) -> tensor<2x16xf32> {
  // CHECK: edgelm.unary {{.*}} {edgelm.offset = 576 : i64}
  %q = edgelm.unary "neg" %x : (tensor<2x32xf32>) -> tensor<2x32xf32>
  // CHECK: edgelm.slice {{.*}} {edgelm.offset = 832 : i64,
  %0 = edgelm.slice %q {starts = array<i64: 0, 0>, sizes = array<i64: 2, 16>, steps = array<i64: 1, 1>} : (tensor<2x32xf32>) -> tensor<2x16xf32>
  %1 = edgelm.unary "neg" %0 : (tensor<2x16xf32>) -> tensor<2x16xf32>
  return %1 : tensor<2x16xf32>
}
