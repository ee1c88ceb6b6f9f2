#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# From nothing to text: installs, builds the compiler, compiles the bundled model, links a C program against it, runs it.
# usage: demo.sh [prompt [tokens]]
set -eu

cd "$(dirname "$0")/.."
scripts/build.sh release edgelm-compile
build/bin/edgelm-compile examples/models/shakespeare-opt -o build/demo
cc -std=c99 -Wall -Wextra -Werror -pedantic -O2 -Ibuild/demo/host examples/hello/hello.c \
  build/demo/host/libshakespeare_opt.a -lm -lpthread -o build/demo/hello
exec build/demo/hello "$@"
