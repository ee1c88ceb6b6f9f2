# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sets one member of a JSON file. usage: set_config.py <file> <member> <value as JSON>"""
import json
import pathlib
import sys

path = pathlib.Path(sys.argv[1])
config = json.loads(path.read_text(encoding="utf-8"))
config[sys.argv[2]] = json.loads(sys.argv[3])
path.write_text(json.dumps(config), encoding="utf-8")
