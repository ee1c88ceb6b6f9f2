#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs, builds and runs every test; ends with ctest's summary. Arguments go to ctest.
set -eu

cd "$(dirname "$0")/.."
# Emulators, and what links programs for the machines that they stand for.
scripts/install.sh qemu-user qemu-system-arm qemu-system-misc \
  libgcc-12-dev-arm64-cross libgcc-12-dev-armhf-cross libgcc-12-dev-riscv64-cross \
  gcc-arm-none-eabi picolibc-arm-none-eabi gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
scripts/build.sh release
# Two at once: the lit test and others keep both of a small machine's cores busy by themselves.
exec ctest --test-dir build --output-on-failure --parallel 2 --timeout 900 "$@"
