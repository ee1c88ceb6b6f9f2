// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: edgelm-opt %s --edgelm-split-attention | FileCheck %s
// RUN: edgelm-opt %s --edgelm-split-attention=threads=1 | FileCheck %s --check-prefix=EVEN
// RUN: edgelm-opt %s --edgelm-split-attention=min-context=1025 | FileCheck %s --check-prefix=EVEN
// RUN: edgelm-opt %s --edgelm-split-attention="span=512 min-context=512" | FileCheck %s --check-prefix=WIDE

// EVEN-NOT: edgelm.span

// Nine heads are not shared evenly: 9 x 4 records of 64 + 16 numbers.
// CHECK-LABEL: @decode
// CHECK: edgelm.cached_attention {{.*}}edgelm.scratch_bytes = 11520 : i64, edgelm.span = 256 : i64
// WIDE: edgelm.cached_attention {{.*}}edgelm.scratch_bytes = 5760 : i64, edgelm.span = 512 : i64
func.func @decode(%q: tensor<1x9x64xf32>, %k: tensor<3x1024x64xf16>, %v: tensor<3x1024x64xf16>, %pos: tensor<i32>, %n: tensor<i32>) -> tensor<1x9x64xf32> {
  %r = edgelm.cached_attention %q, %k, %v at %pos count %n, <causal> {scale = 1.250000e-01 : f64}
    : (tensor<1x9x64xf32>, tensor<3x1024x64xf16>, tensor<3x1024x64xf16>, tensor<i32>, tensor<i32>) -> tensor<1x9x64xf32>
  return %r : tensor<1x9x64xf32>
}

// A chunk has rows enough for the threads; it merges as decode does.
// CHECK-LABEL: @prefill
// CHECK-NOT: scratch_bytes
// CHECK: edgelm.cached_attention {{.*}}edgelm.span = 256 : i64
func.func @prefill(%q: tensor<8x9x64xf32>, %k: tensor<3x1024x64xf16>, %v: tensor<3x1024x64xf16>, %pos: tensor<i32>, %n: tensor<i32>) -> tensor<8x9x64xf32> {
  %r = edgelm.cached_attention %q, %k, %v at %pos count %n, <causal> {scale = 1.250000e-01 : f64}
    : (tensor<8x9x64xf32>, tensor<3x1024x64xf16>, tensor<3x1024x64xf16>, tensor<i32>, tensor<i32>) -> tensor<8x9x64xf32>
  return %r : tensor<8x9x64xf32>
}

// Eight heads are.
// CHECK-LABEL: @eight
// CHECK-NOT: edgelm.span
func.func @eight(%q: tensor<1x8x64xf32>, %k: tensor<8x1024x64xf16>, %v: tensor<8x1024x64xf16>, %pos: tensor<i32>, %n: tensor<i32>) -> tensor<1x8x64xf32> {
  %r = edgelm.cached_attention %q, %k, %v at %pos count %n, <causal> {scale = 1.250000e-01 : f64}
    : (tensor<1x8x64xf32>, tensor<8x1024x64xf16>, tensor<8x1024x64xf16>, tensor<i32>, tensor<i32>) -> tensor<1x8x64xf32>
  return %r : tensor<1x8x64xf32>
}
