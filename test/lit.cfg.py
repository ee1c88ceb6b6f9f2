# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How lit finds and runs the tests of this tree."""
import os
import shutil

import lit.formats

config.name = "EdgeLM"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Lint"]
config.test_source_root = os.path.join(config.edgelm_source_dir, "test")
config.test_exec_root = os.path.join(config.edgelm_build_dir, "test")

tools = [os.path.join(config.edgelm_build_dir, "bin"), config.llvm_tools_dir, config.environment["PATH"]]
config.environment["PATH"] = os.pathsep.join(tools)

# %shared: models and vectors outside the repository; a test that uses it has `REQUIRES: shared`.
config.substitutions.append(("%shared", config.edgelm_shared_dir))
config.substitutions.append(("%examples", os.path.join(config.edgelm_source_dir, "examples")))
config.substitutions.append(("%runtime", os.path.join(config.edgelm_source_dir, "runtime")))
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%render-chat", os.path.join(config.edgelm_source_dir, "lib", "Codegen", "Chat", "render.py")))
# %encode-onnx: an ONNX model in protobuf's text format (standard input) to a file (standard output).
encode_onnx = "protoc --encode=onnx.ModelProto --proto_path=/usr/include/onnx onnx.proto"
config.substitutions.append(("%encode-onnx", encode_onnx))
# Products written by hand: %toy, %fake_encoder, %fake_invoker.
for product in ("toy", "fake_encoder", "fake_invoker"):
    config.substitutions.append(("%" + product, os.path.join(config.test_exec_root, "Tools", product)))
config.substitutions.append(("%builddir", config.edgelm_build_dir))
if os.path.isdir(os.path.join(config.edgelm_shared_dir, "models")):
    config.available_features.add("shared")
else:
    lit_config.note(f"{config.edgelm_shared_dir} is absent: tests with `REQUIRES: shared` are skipped")

# %cross-kernels: kernels of other targets with their operands. Programs for other machines need qemu, clang, lld and
# Debian's C libraries; scripts/test.sh installs them.
config.substitutions.append(("%cross-kernels", os.path.join(config.edgelm_build_dir, "bin", "edgelm-cross-kernels")))
CROSS = {"qemu-aarch64": "aarch64-linux-gnu", "qemu-arm": "arm-linux-gnueabihf", "qemu-riscv64": "riscv64-linux-gnu"}
missing = [tool for tool in [*CROSS, "clang-22", "ld.lld-22"] if not shutil.which(tool)]
missing += [f"a C library and libgcc of {triple}" for triple in CROSS.values()
            if not os.path.exists(f"/usr/{triple}/lib/libc.a") or not os.path.exists(f"/usr/lib/gcc-cross/{triple}/12/libgcc.a")]
if missing:
    lit_config.note(f"without {', '.join(missing)}, tests with `REQUIRES: cross-linux` are skipped")
else:
    config.available_features.add("cross-linux")

# Programs for microcontrollers: the same of GCC, picolibc and qemu's machines.
BARE = ["qemu-system-arm", "arm-none-eabi-gcc"]
missing = [tool for tool in BARE if not shutil.which(tool)]
missing += [] if os.path.isdir("/usr/lib/picolibc/arm-none-eabi") else ["picolibc-arm-none-eabi"]
if missing:
    lit_config.note(f"without {', '.join(missing)}, tests with `REQUIRES: cross-bare-metal` are skipped")
else:
    config.available_features.add("cross-bare-metal")

# What this machine can run, for tests that execute a product (`REQUIRES: cpu-x86-64-v4`).
CPU_LEVELS = {
    "x86-64-v2": {"sse4_2", "popcnt"},
    "x86-64-v3": {"avx2", "fma", "bmi2", "f16c"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
    "x86-64-v4-vnni": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"},
    "sapphirerapids": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "amx_tile", "amx_int8"},
}
try:
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        flags = set(next((line for line in cpuinfo if line.startswith("flags")), "").split())
except OSError:
    flags = set()
for level, needed in CPU_LEVELS.items():
    if needed <= flags:
        config.available_features.add("cpu-" + level)
