#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, configures the preset (release unless named) and builds it, or only the targets given after it.
# usage: build.sh [preset [target ...]]
set -eu

cd "$(dirname "$0")/.."
scripts/install.sh
preset=${1:-release}
[ $# -eq 0 ] || shift
cmake --preset "$preset"
if [ $# -eq 0 ]; then
  cmake --build --preset "$preset"
else
  cmake --build --preset "$preset" --target "$@"
fi
