# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: check_code.py KIBIBYTES PRODUCT...: code of each without the tokenizer's tables is below that."""
import json
import pathlib
import sys

for folder in map(pathlib.Path, sys.argv[2:]):
    (report,) = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    code = report["code_bytes"] - report["tokenizer_bytes"]
    print(f"{folder.name}: {code} bytes of code")
    if code >= int(sys.argv[1]) * 1024:
        sys.exit(f"expected less than {sys.argv[1]} KiB")
