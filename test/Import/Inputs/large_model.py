# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model whose weights are external data of a given size: a chain of matrix products.

usage: large_model.py WEIGHTS MEGABYTES > model.txtpb

WEIGHTS is the file of the weights; the model, in protobuf's text format, goes to standard output.
"""
import os
import sys

MEGABYTE = 1 << 20
MATRIX = 64  # megabytes of one matrix
WIDTH = 1024
COLUMNS = MATRIX * MEGABYTE // (4 * WIDTH)


def main():
    path, count = sys.argv[1], int(sys.argv[2]) // MATRIX
    print("ir_version: 8 opset_import { version: 17 } graph { name: \"large\"")
    print(f"input {{ name: \"y0\" type {{ tensor_type {{ elem_type: 1 shape {{ dim {{ dim_value: 1 }} "
          f"dim {{ dim_value: {WIDTH} }} }} }} }} }} output {{ name: \"y{count}\" }}")
    block = os.urandom(MEGABYTE)
    with open(path, "wb") as file:
        for i in range(count):
            # [1024, n] and [n, 1024] take turns, so that each fits the one before.
            rows, columns = (WIDTH, COLUMNS) if i % 2 == 0 else (COLUMNS, WIDTH)
            entries = {"location": os.path.basename(path), "offset": file.tell(), "length": MATRIX * MEGABYTE}
            data = " ".join(f"external_data {{ key: \"{key}\" value: \"{value}\" }}" for key, value in entries.items())
            print(f"initializer {{ name: \"w{i}\" data_type: 1 dims: [{rows}, {columns}] data_location: EXTERNAL {data} }}")
            print(f"node {{ op_type: \"MatMul\" input: [\"y{i}\", \"w{i}\"] output: \"y{i + 1}\" }}")
            # All matrices differ: equal ones would be one weight.
            file.write(i.to_bytes(8, "little") + block[8:])
            for _ in range(MATRIX - 1):
                file.write(block)
    print("}")


if __name__ == "__main__":
    main()
