# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shows that each rule of lint.py fails on a small bad tree and passes its good twin."""
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint

SPDX = "// " + lint.LICENCE + "\n// Says what it does.\n"
HASH_SPDX = "# " + lint.LICENCE + "\n# Says what it does.\n"


def judge(files):
    """The violations of a tree that holds `files` (path -> text)."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        return list(lint.violations(root))


class LintTest(unittest.TestCase):
    def assert_found(self, files, *words):
        found = judge(files)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def assert_clean(self, files):
        self.assertEqual(judge(files), [])

    def test_layers(self):
        passes = SPDX + '#include "Passes/Passes.h"\n'
        self.assert_found({"lib/Dialect/A.cpp": passes}, "A.cpp:3", "may not include Passes")
        self.assert_found({"lib/Passes/A.cpp": SPDX + '#include "Codegen/B.h"\n'}, "may not include Codegen")
        self.assert_found({"lib/Passes/A.cpp": SPDX + '#include "../Codegen/B.h"\n'}, "may not include Codegen")
        self.assert_clean({"lib/Codegen/A.cpp": passes, "tools/t/t.cpp": passes})
        self.assert_clean({"lib/Dialect/A.cpp": SPDX + '#include "mlir/Dialect/Func/IR/Passes.h"\n'})
        self.assert_found({"lib/Passes/A.td": SPDX + 'include "Codegen/B.td"\n'}, "may not include Codegen")

    def test_runtime_is_read_by_the_abi_file_alone(self):
        runtime = {"runtime/edgelm_abi.h": SPDX}
        for include in ['"edgelm_abi.h"', '"runtime/edgelm_abi.h"', '"../../runtime/edgelm_abi.h"']:
            text = SPDX + f"#include {include}\n"
            self.assert_found({**runtime, "lib/Codegen/Emit.cpp": text}, "Emit.cpp:3", "runtime header")
            self.assert_clean({**runtime, "lib/Codegen/Abi.cpp": text, "tools/edgelm-run/run.cpp": text})

    def test_runtime_includes_only_itself(self):
        self.assert_found({"runtime/a.c": SPDX + '#include "Dialect/Formats.h"\n'}, "may not include Dialect")
        self.assert_found({"runtime/a.c": SPDX + '#include "other.h"\n'}, "only include its own")
        self.assert_clean({"runtime/a.c": SPDX + '#include "a.h"\n#include <stdint.h>\n', "runtime/a.h": SPDX})

    def test_length(self):
        self.assert_found({"lib/Dialect/A.cpp": SPDX + "\n" * 399}, "401 lines")
        self.assert_found({"scripts/a.py": HASH_SPDX + "\n" * 399}, "401 lines")
        self.assert_clean({"lib/Dialect/A.cpp": SPDX + "\n" * 398, "docs/long.md": "\n" * 999})

    def test_licence(self):
        self.assert_found({"lib/Dialect/A.cpp": "// Says what it does.\n"}, "SPDX")
        self.assert_found({"a/CMakeLists.txt": "project(a)\n"}, "SPDX")
        self.assert_found({"runtime/a.c": SPDX.splitlines()[0] + "\nint a;\n"}, "must say what the file does")
        self.assert_clean({"a.sh": "#!/bin/sh\n" + HASH_SPDX, "a/CMakeLists.txt": HASH_SPDX})

    def test_lit_without_run(self):
        self.assert_found({"test/Passes/a.mlir": "func.func @f() { return }\n"}, "without a RUN line")
        self.assert_clean({"test/Passes/Inputs/a.mlir": "func.func @f() { return }\n"})

    def test_check_without_filecheck(self):
        self.assert_found({"test/a.mlir": "// RUN: edgelm-opt %s\n// CHECK: x\n"}, "never runs FileCheck")
        self.assert_clean({"test/a.mlir": "// RUN: edgelm-opt %s | FileCheck %s\n// CHECK: x\n"})

    def test_directive_without_colon(self):
        run = "// RUN: edgelm-opt %s | FileCheck %s --check-prefixes=CHECK,FAST\n"
        for directive in ["CHECK x", "CHECK-LABEL @f", "FAST-NOT y", "FAST-COUNT-2 y"]:
            self.assert_found({"test/a.mlir": run + f"// {directive}\n"}, "a.mlir:2", "without a colon")
        self.assert_clean({"test/a.mlir": run + "// CHECK: x\n// FAST-NOT: y\n"})

    def test_expected_without_verify(self):
        text = "// expected-error @below {{no}}\n"
        self.assert_found({"test/a.mlir": "// RUN: edgelm-opt %s\n" + text}, "--verify-diagnostics")
        self.assert_clean({"test/a.mlir": "// RUN: edgelm-opt %s --verify-diagnostics\n" + text})

    def test_machine_path(self):
        for path in ["/" + "home/me/x", "/" + "work/x", "-I/" + "root/x"]:
            self.assert_found({"docs/a.md": f"see {path}\n"}, "a.md:1", "path of one machine")
        self.assert_clean({"docs/a.md": "at work/x, or /usr/lib/llvm-22, or ../shared/work/x\n"})

    def test_registry(self):
        for host in ["registry." + "example.org", "npm" + "js.com", "pypi" + ".org", "artifactory-1.corp." + "net"]:
            self.assert_found({"bench/a.json": f"https://{host}/x\n"}, "a.json:1", "package registry")
        self.assert_clean({"bench/a.json": "npm install; registry.h\n"})

    def test_newline(self):
        self.assert_found({"docs/a.md": "text"}, "newline")
        self.assert_clean({"docs/a.md": "text\n", "docs/empty": ""})

    def test_ignored_folders(self):
        self.assert_clean({"build/x.cpp": "x", "a/node_modules/b.js": "x", "build-asan/y.c": "y", "out/z.h": "z"})


if __name__ == "__main__":
    unittest.main()
