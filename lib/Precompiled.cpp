// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The target that owns the precompiled header needs a source file.
