#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compiles the model of this example for a core and links firmware with it; needs edgelm-compile, clang and lld.
# usage: build.sh cortex-m4|cortex-m55 FOLDER
set -eu

target=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
case $target in
cortex-m4) flags="-mcpu=cortex-m4 -mfloat-abi=hard" ;;
cortex-m55) flags="-mcpu=cortex-m55 -mfloat-abi=hard" ;;
*) echo "build.sh: expected cortex-m4 or cortex-m55, not '$target'" >&2; exit 1 ;;
esac

edgelm-compile "$here/../models/shakespeare-opt" --target "$target" --quant int4 --kv int8 --context 128 \
  --prefill-chunk 8 -o "$out"
# $flags is a list of words. The headers of the compiler and the product are all that is included.
for source in main start; do
  clang-22 --target=arm-none-eabi $flags -mthumb -Os -ffreestanding -fshort-enums -Wall -Wextra -I"$out/$target" \
    -c "$here/$source.c" -o "$out/$target/$source.o"
done
ld.lld-22 --gc-sections --fatal-warnings -L"$here" -T "$here/memory-$target.ld" \
  "$out/$target/main.o" "$out/$target/start.o" "$out/$target/libshakespeare_opt.a" -o "$out/$target/firmware.elf"
