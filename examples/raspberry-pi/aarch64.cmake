# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes 64-bit ARM programs on another machine with Debian's clang-22, lld-22, libc6-dev-arm64-cross and
# libgcc-12-dev-arm64-cross.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=lld-22)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
