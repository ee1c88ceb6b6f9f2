# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a weight file one of another model: changes a byte of the fingerprint that the report names.

usage: other_model.py <report.json> <weight file> <changed copy>
"""
import json
import sys

report, weights, copy = sys.argv[1:]
with open(report, encoding="utf-8") as file:
    fingerprint = bytes.fromhex(json.load(file)["fingerprint"])
with open(weights, "rb") as file:
    content = bytearray(file.read())
content[content.index(fingerprint)] ^= 1
with open(copy, "wb") as file:
    file.write(content)
