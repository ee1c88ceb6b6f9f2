# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The house rules that a machine can check: prints a line for each violation, exits with 1 if there is any.

usage: lint.py <repository root>
"""
import pathlib
import re
import sys

MAX_LINES = 400
LICENCE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"

# The same as .gitignore, so that a tree without git is judged like a clone.
IGNORED = re.compile(r"(^|/)(examples/zoo/work|\.git|build|build-[^/]*|out|node_modules|__pycache__)(/|$)|\.pyc$")

C_LIKE = {".c", ".h", ".cpp", ".td", ".def", ".inc"}
CODE = C_LIKE | {".py", ".sh", ".cmake", ".js", ".mjs", ".fbs"}
LIT = {".mlir", ".test"}
LIMITED = CODE | LIT

# folder -> folders it may include besides itself
MAY_INCLUDE = {
    "lib/Dialect": set(),
    "lib/Passes": {"Dialect"},
    "lib/Codegen": {"Dialect", "Passes"},
    "tools": {"Dialect", "Passes", "Codegen"},
    "runtime": set(),
}
LAYERS = {"Dialect", "Passes", "Codegen"}
# The runtime's headers are known to nobody else but these.
READS_RUNTIME = re.compile(r"^(runtime/|lib/Codegen/((Abi|Runtime)\w*|Tokenizer/Layout)\.|tools/(Product|edgelm-run|edgelm-eval)/)")

INCLUDE = re.compile(r'^\s*#?\s*include\s+["<]([^">]+)[">]')
SUFFIXES = "LABEL|NEXT|SAME|NOT|DAG|EMPTY|COUNT-[0-9]+"
PREFIX_OPTION = re.compile(r"--?check-prefix(?:es)?[= ]([A-Za-z0-9_,-]+)")
MACHINE_PATH = re.compile(r"((?<![\w.~-])|(?<=-[ILD]))/(work|home|root|Users|scratch)/[\w.]")
REGISTRY = re.compile(
    r"\b(registry|artifactory|nexus|pypi|npm|proxy|mirror)[\w-]*\.[\w-]+\.[a-z]{2,}|\bpypi\.org\b|\bnpmjs\.[a-z]{2,}")


def visible_files(root):
    """Every file that a commit would hold."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not IGNORED.search(path.relative_to(root).as_posix()):
            yield path


def runtime_headers(root):
    return {path.name for path in (root / "runtime").rglob("*.h")}


def check_layers(name, lines, headers):
    folder = next((folder for folder in MAY_INCLUDE if name.startswith(folder + "/")), None)
    if folder is None:
        return
    allowed = MAY_INCLUDE[folder] | {folder.split("/")[-1]}
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        target = pathlib.PurePosixPath(found[1])
        layer = next((part for part in target.parts if part not in {"..", "lib"}), None)
        layer = layer if layer in LAYERS | {"runtime"} else None
        if target.name in headers and layer is None:
            layer = "runtime"
        if layer == "runtime":
            if not READS_RUNTIME.match(name):
                yield f"{name}:{number}: only lib/Codegen/Abi.*, lib/Codegen/Tokenizer/Layout.h and the tools that run a product may read a runtime header"
        elif layer and layer not in allowed:
            yield f"{name}:{number}: {folder} may not include {layer}"
        elif folder == "runtime" and '"' in line and target.name not in headers:
            yield f"{name}:{number}: runtime may only include its own headers and the system's"


def check_licence(name, suffix, lines):
    start = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= start or LICENCE not in lines[start]:
        yield f"{name}: the first line must be the SPDX line ({LICENCE})"
        return
    rest = lines[start + 1] if len(lines) > start + 1 else ""
    if suffix in C_LIKE | {".py", ".sh"} and not rest.startswith(("//", "/*", "#", '"""')):
        yield f"{name}: the line after the SPDX line must say what the file does"


def check_lit(name, lines):
    text = "\n".join(lines)
    runs = [line for line in lines if re.search(r"\bRUN:", line)]
    if not runs:
        yield f"{name}: a lit test without a RUN line never runs"
        return
    prefixes = {"CHECK"}
    for line in runs:
        for names in PREFIX_OPTION.findall(line):
            prefixes |= set(names.split(","))
    choice = "|".join(re.escape(prefix) for prefix in sorted(prefixes, key=len, reverse=True))
    if "FileCheck" not in text and re.search(rf"(?m)^\s*(//|#)\s*CHECK(-({SUFFIXES}))?:", text):
        yield f"{name}: has CHECK lines but never runs FileCheck"
    if re.search(r"expected-(error|warning|note|remark)", text) and "verify-diagnostics" not in text:
        yield f"{name}: has expected-* lines but never runs with --verify-diagnostics"
    dead = re.compile(rf"^\s*(//|#)\s*({choice})(-({SUFFIXES}))?\s+[^\s:]")
    for number, line in enumerate(lines, 1):
        if dead.match(line):
            yield f"{name}:{number}: a check directive without a colon is ignored"


def check_text(name, text, lines):
    if text and not text.endswith("\n"):
        yield f"{name}: does not end with a newline"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield f"{name}:{number}: names a path of one machine"
        if REGISTRY.search(line):
            yield f"{name}:{number}: names the host of a package registry"


def check_file(root, path, headers):
    name = path.relative_to(root).as_posix()
    data = path.read_bytes()
    if b"\0" in data[:8192] or path.suffix in {".onnx", ".pb", ".npy"}:
        return
    text = data.decode("utf-8", errors="replace")
    lines = text.splitlines()
    is_cmake = path.name == "CMakeLists.txt"
    if (path.suffix in LIMITED or is_cmake) and len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines, the limit is {MAX_LINES}"
    if path.suffix in CODE or is_cmake:
        yield from check_licence(name, path.suffix, lines)
    if path.suffix in C_LIKE:
        yield from check_layers(name, lines, headers)
    if path.suffix in LIT and name.startswith("test/") and "/Inputs/" not in name:
        yield from check_lit(name, lines)
    yield from check_text(name, text, lines)


def violations(root):
    headers = runtime_headers(root)
    for path in visible_files(root):
        yield from check_file(root, path, headers)


def main(root):
    found = list(violations(pathlib.Path(root)))
    print("\n".join(found + [f"{len(found)} violations"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
