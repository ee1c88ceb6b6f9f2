#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Measures EdgeLM and its peers side by side on this machine; see docs/performance.md.
# usage: run.sh [--json] [--models 15M,110M,1.1B] [--formats f32,int8,int4_g32] [--threads 1,2] [--prefill 128,512]
#               [--past 128,480,1024] [--kv f32] [--isa host] [--rounds N] [--exclusive]
#
# --json       one row a line on standard output instead of the table
# --exclusive  run each measurement with real-time priority (root), for machines shared with other work
# The peers come from npm, with install scripts off; LLAMA_BENCH=PROGRAM measures that llama-bench instead of the
# libraries from npm. Set EDGELM_BUILD=DIR to use an existing build.
set -eu

cd "$(dirname "$0")/.."
scripts/install.sh python3-onnx python3-numpy >&2
if [ -z "${EDGELM_BUILD:-}" ]; then
  scripts/build.sh release edgelm-compile edgelm-run >&2
  EDGELM_BUILD=build
fi
command -v npm >/dev/null || scripts/install.sh npm >&2

work=build/bench
mkdir -p "$work"
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread bench/roofline/roofline.c -o "$work/roofline"
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra bench/ort/ort_bench.c -o "$work/ort_bench" -ldl
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra bench/llama/llama_bench.c -o "$work/llama_bench" -ldl
# A peer that cannot be had is reported by compare.py, as an error row.
(cd bench && npm ci --ignore-scripts --no-audit --no-fund --silent >&2) || echo "run.sh: npm ci failed" >&2
exec /usr/bin/python3 bench/compare.py --build "$EDGELM_BUILD" --work "$work" "$@"
