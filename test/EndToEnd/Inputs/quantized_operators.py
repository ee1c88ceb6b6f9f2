# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a model of each com.microsoft operator that holds quantized weights, with what its definition gives.

usage: quantized_operators.py FOLDER

Writes FOLDER/<case>/model.onnx and FOLDER/<case>/test_data_set_0/{input,output}_0.pb. The outputs are computed here, number by number,
from the operators' documentation in ONNX Runtime's docs/ContribOperators.md.
"""
import pathlib
import random
import struct
import subprocess
import sys

FLOAT, UINT8, INT64, UINT4 = 1, 2, 7, 21
NF4 = [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
       -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
       0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0]
FP4 = [0.0, 0.005208333333, 2 / 3, 1.0, 1 / 3, 0.5, 1 / 6, 0.25]
FP4 += [-value for value in FP4]


def escaped(data):
    return "".join(f"\\{byte:03o}" for byte in data)


def tensor(name, kind, dims, data):
    dims = " ".join(f"dims: {size}" for size in dims)
    return f'name: "{name}" data_type: {kind} {dims} raw_data: "{escaped(data)}"'


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def integers(values):
    return struct.pack(f"<{len(values)}q", *values)


def packed(codes, bits):
    """Codes one after the other, the first in the low bits."""
    data = bytearray((len(codes) * bits + 7) // 8)
    for i, code in enumerate(codes):
        data[i * bits // 8] |= code << (i * bits % 8)
    return bytes(data)


def encode(message, text, path):
    with open(path, "wb") as out:
        subprocess.run(["protoc", f"--encode=onnx.{message}", "--proto_path=/usr/include/onnx", "onnx.proto"], check=True,
                       input=text.encode(), stdout=out)


def write(folder, operator, attributes, initializers, given, wanted):
    """`given`, `wanted`: (type, dimensions, bytes) of the input "a" and of the output "y"."""
    (folder / "test_data_set_0").mkdir(parents=True)
    inputs = ", ".join(f'"{name}"' for name in operator[1])
    attributes = " ".join(f'attribute {{ name: "{name}" type: INT i: {value} }}' for name, value in attributes.items())
    shape = " ".join(f"dim {{ dim_value: {size} }}" for size in given[1])
    encode("ModelProto", f"""ir_version: 8 opset_import {{ domain: "" version: 21 }}
opset_import {{ domain: "com.microsoft" version: 1 }} graph {{ name: "g"
node {{ op_type: "{operator[0]}" domain: "com.microsoft" name: "n" input: [{inputs}] output: "y" {attributes} }}
{" ".join("initializer { " + text + " }" for text in initializers)}
input {{ name: "a" type {{ tensor_type {{ elem_type: {given[0]} shape {{ {shape} }} }} }} }}
output {{ name: "y" }} }}""", folder / "model.onnx")
    encode("TensorProto", tensor("a", *given), folder / "test_data_set_0" / "input_0.pb")
    encode("TensorProto", tensor("y", *wanted), folder / "test_data_set_0" / "output_0.pb")


def matmul_bnb4(folder, book, kind):
    rows, n, k, block = 3, 5, 64, 16
    a = [random.uniform(-1, 1) for _ in range(rows * k)]
    codes = [random.randrange(16) for _ in range(n * k)]
    largest = [random.uniform(0.5, 2) for _ in range(n * k // block)]
    weights = [book[code] * largest[i // block] for i, code in enumerate(codes)]
    y = [sum(a[r * k + i] * weights[j * k + i] for i in range(k)) for r in range(rows) for j in range(n)]
    # The first of two codes is in the high bits.
    data = bytes(codes[i] << 4 | codes[i + 1] for i in range(0, n * k, 2))
    write(folder, ("MatMulBnb4", ["a", "b", "largest"]), {"K": k, "N": n, "block_size": block, "quant_type": kind},
          [tensor("b", UINT8, [len(data)], data), tensor("largest", FLOAT, [len(largest)], floats(largest))],
          (FLOAT, [rows, k], floats(a)), (FLOAT, [rows, n], floats(y)))


def gather(folder, bits, has_zeros, kind=UINT8):
    rows, k, block, ids = 11, 64, 32, [10, 0, 3, 3]
    blocks = k // block
    codes = [random.randrange(1 << bits) for _ in range(rows * k)]
    scales = [random.choice([0.25, 0.125, 0.5]) for _ in range(rows * blocks)]
    zeros = [random.randrange(1 << bits) for _ in range(rows * blocks)]
    default = 1 << (bits - 1) if kind == UINT8 else 0
    zero = zeros if has_zeros else [default] * len(zeros)
    y = [(codes[r * k + i] - zero[r * blocks + i // block]) * scales[r * blocks + i // block] for r in ids for i in range(k)]
    width = 8 // bits if kind == UINT8 else 1
    weights = [tensor("b", kind, [rows, k // width], packed(codes, bits)),
               tensor("scales", FLOAT, [rows, blocks], floats(scales))]
    if has_zeros:
        # Of bytes each row of zero points begins with one of its own.
        data = b"".join(packed(zeros[r * blocks:(r + 1) * blocks], bits) for r in range(rows))
        dims = [rows, len(data) // rows]
        if kind != UINT8:
            data, dims = packed(zeros, bits), [rows, blocks]
        weights.append(tensor("zeros", kind, dims, data))
    write(folder, ("GatherBlockQuantized", ["b", "a", "scales"] + ["zeros"] * has_zeros),
          {"bits": bits, "block_size": block, "gather_axis": 0, "quantize_axis": 1}, weights,
          (INT64, [len(ids)], integers(ids)), (FLOAT, [len(ids), k], floats(y)))


def main():
    folder = pathlib.Path(sys.argv[1])
    random.seed(7)
    matmul_bnb4(folder / "nf4", NF4, 1)
    matmul_bnb4(folder / "fp4", FP4, 0)
    for bits in (2, 4, 8):
        gather(folder / f"gather{bits}", bits, False)
        gather(folder / f"gather{bits}-zeros", bits, True)
    gather(folder / "gather-uint4", 4, False, UINT4)
    gather(folder / "gather-uint4-zeros", 4, True, UINT4)


main()
