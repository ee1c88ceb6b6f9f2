#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compiles the model of this example for a core and links firmware with it; needs edgelm-compile, clang and lld.
# usage: build.sh cortex-m4|cortex-m55|rv32imac FOLDER
set -eu

target=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
case $target in
cortex-m4 | cortex-m55)
  flags="--target=arm-none-eabi -mcpu=$target -mthumb -mfloat-abi=hard -fshort-enums"
  start=start-cortex-m ;;
rv32imac)
  flags="--target=riscv32-unknown-elf -march=rv32imac -mabi=ilp32 -mcmodel=medany"
  start=start-rv32 ;;
*) echo "build.sh: expected cortex-m4, cortex-m55 or rv32imac, not '$target'" >&2; exit 1 ;;
esac

edgelm-compile "$here/../models/shakespeare-opt" --target "$target" --quant int4 --kv int8 --context 128 \
  --prefill-chunk 8 -o "$out"
# $flags is a list of words. The headers of the compiler and the product are all that is included.
for source in main "$start"; do
  clang-22 $flags -Os -ffreestanding -Wall -Wextra -I"$out/$target" -c "$here/$source.c" -o "$out/$target/$source.o"
done
ld.lld-22 --gc-sections --fatal-warnings -L"$here" -T "$here/memory-$target.ld" \
  "$out/$target/main.o" "$out/$target/$start.o" "$out/$target/libshakespeare_opt.a" -o "$out/$target/firmware.elf"
