#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs the Debian packages that building and most tests need, and those that are named; does nothing when all are there.
# usage: install.sh [package ...]
set -eu

packages="
  cmake ninja-build ccache git python3 python3-jinja2 gcc g++
  clang-22 lld-22 liblld-22-dev llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools clang-format-22 libclang-rt-22-dev
  libonnx-dev libonnx-testdata libprotobuf-dev protobuf-compiler
  libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-riscv64-cross
  libcli11-dev nlohmann-json3-dev libutf8proc-dev libflatbuffers-dev flatbuffers-compiler libssl-dev libgtest-dev
  $*
"

missing=""
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "install.sh: these packages are missing, and neither root nor sudo is at hand:$missing" >&2
    exit 1
  }
  as_root=sudo
fi
echo "install.sh: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# $as_root and $missing are lists of words.
$as_root apt-get update -q
$as_root apt-get install -q -y --no-install-recommends $missing
