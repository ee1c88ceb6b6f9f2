# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says what becomes of each exported model: docs/exports.md.

usage: export_table.py SHARED FOLDER [--check PAGE] [NAME...]

SHARED  the folder with models/ and exports/
FOLDER  for the products
NAME    exports in place of all

Prints the page. With --check, fails where PAGE says anything else about these exports; differences may be up to
ten times those of the page, since they depend on the processor.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

HEADER = """# What becomes of each export

Every folder of `shared/models` (made for this project) and `shared/exports` (files made by others), compiled with no option but a context that its data
sets fit, for the machine itself, and compared with its recorded outputs; `test/Models/export-table.test` makes this table and fails when
the project does anything else:

```
python3 test/Models/Inputs/export_table.py ../shared /tmp/exports > docs/exports.md
```

*product* is a library whose outputs were compared; *evaluated* an import that the reference evaluates, and the
reason why there is no product; *refused* an import that fails. The number is the largest difference, relative to the largest recorded value.

| export | becomes | difference | reason |
| --- | --- | --- | --- |
"""
# Above this a result is wrong: the fused float16 graphs round every product, and static quantization moves whole steps.
WRONG = 0.05


def run(*arguments):
    done = subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def reason_of(errors):
    """The first error without the tool's name, in a table's cell."""
    line = next((line for line in errors.splitlines() if "error:" in line), errors.strip() or "no message")
    line = re.sub(r"^.*?error: ", "", line)
    return line.replace("|", "\\|")


def evaluated(model, folder):
    """The largest relative difference of the reference evaluator, or None and why."""
    module = folder / "import.mlir"
    code, text, errors = run("edgelm-opt", f"--import-onnx={model}")
    if code:
        return None, reason_of(errors)
    module.write_text(text, encoding="utf-8")
    code, text, errors = run("edgelm-reference", module, "--data", model)
    found = [float(number) for number in re.findall(r"max_rel_diff ([-+.e0-9naif]+)", text)]
    if code or not found:
        return None, reason_of(errors or text)
    return max(found), ""


def product(model, folder):
    """The same of the product."""
    code, _, errors = run("edgelm-compile", model, "--name=model", "-o", folder)
    if code:
        return None, reason_of(errors)
    code, text, errors = run("edgelm-run", folder / "host", "--verify-data", model, "--json")
    rows = json.loads(text) if code == 0 and text.strip() else {}
    found = [row["max_rel_diff"] for row in rows.values() if "max_rel_diff" in row]
    if not found:
        return None, "no data set fits the product: " + reason_of(errors)
    return max(found), ""


def outcome(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    difference, reason = product(model, folder)
    if difference is not None:
        if not difference <= WRONG:
            sys.exit(f"export_table: {model.name}: the product differs by {difference}")
        return "product", difference, ""
    difference, why = evaluated(model, folder)
    if difference is None:
        return "refused", None, why
    if not difference <= WRONG:
        sys.exit(f"export_table: {model.name}: the import differs by {difference}")
    return "evaluated", difference, reason


def row(name, found):
    state, difference, reason = found
    return f"| {name} | {state} | {'' if difference is None else f'{difference:.1e}'} | {reason} |"


def check(page, name, found):
    lines = [line for line in page.splitlines() if line.startswith(f"| {name} |")]
    if len(lines) != 1:
        sys.exit(f"export_table: expected one line for {name} in the page, found {len(lines)}")
    state, difference, reason = (cell.strip() for cell in re.split(r"(?<!\\)\|", lines[0])[2:5])
    near = found[1] is None or found[1] <= 10 * float(difference or 0) + 1e-6
    if (state, reason) != (found[0], found[2]) or not near:
        sys.exit(f"export_table: the page says\n{lines[0]}\nbut it is\n{row(name, found)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    models = [path.parent for kind in ("models", "exports")
              for path in sorted((arguments.shared / kind).glob("*/test_data_set_0"))]
    if arguments.names:
        models = [model for model in models if model.name in arguments.names]
    if not models:
        sys.exit("export_table: expected exported models in " + str(arguments.shared))
    if not arguments.check:
        sys.stdout.write(HEADER)
    page = arguments.check.read_text(encoding="utf-8") if arguments.check else ""
    for model in models:
        found = outcome(model, arguments.folder / model.name)
        if arguments.check:
            check(page, model.name, found)
        else:
            print(row(model.name, found), flush=True)


if __name__ == "__main__":
    main()
