# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An ONNX graph that is computed while it is written: every operation gives a node and its value for the inputs at hand.

Values are plain lists of Python's numbers, in double precision: a second opinion on what a graph of a few thousand
numbers means, which needs no package. Weights are multiples of 1/1024, which float32 holds exactly.
"""
import itertools
import math
import random
import struct
import subprocess

FLOAT, INT64, BOOL = 1, 7, 9
OPSET = 17


def count(shape):
    return math.prod(shape)


def indices(shape):
    return itertools.product(*map(range, shape))


def strides(shape):
    return [count(shape[i + 1:]) for i in range(len(shape))]


class Value:
    """A tensor of the graph: its name there and what it is for these inputs."""

    def __init__(self, graph, name, shape, data, kind):
        self.graph, self.name, self.shape, self.data, self.kind = graph, name, tuple(shape), list(data), kind
        assert len(self.data) == count(self.shape), (name, shape, len(self.data))

    def at(self, index):
        """The element that broadcasts to `index` of a shape with as many dimensions or more."""
        used = index[len(index) - len(self.shape):]
        return self.data[sum(i * s for i, s, n in zip(used, strides(self.shape), self.shape) if n != 1)]

    def __add__(self, other):
        return self.graph.binary("Add", self, other)

    def __sub__(self, other):
        return self.graph.binary("Sub", self, other)

    def __mul__(self, other):
        return self.graph.binary("Mul", self, other)

    def __truediv__(self, other):
        return self.graph.binary("Div", self, other)

    def __matmul__(self, other):
        return self.graph.matmul(self, other)


UNARY = {"Tanh": math.tanh, "Sqrt": math.sqrt, "Neg": lambda x: -x, "Erf": math.erf, "Cos": math.cos, "Sin": math.sin,
         "Sigmoid": lambda x: 1 / (1 + math.exp(-x)), "Relu": lambda x: max(x, 0)}
BINARY = {"Add": lambda x, y: x + y, "Sub": lambda x, y: x - y, "Mul": lambda x, y: x * y, "Div": lambda x, y: x / y,
          "Pow": lambda x, y: x ** y, "Max": max, "Greater": lambda x, y: x > y, "Less": lambda x, y: x < y,
          "Equal": lambda x, y: x == y, "Or": lambda x, y: x or y}


class Graph:
    def __init__(self, seed):
        self.lines, self.inputs, self.outputs, self.used = [], [], [], 0
        self.random = random.Random(seed)

    def fresh(self, kind):
        self.used += 1
        return f"{kind}_{self.used}"

    def node(self, op, inputs, shape, data, kind=FLOAT, **attributes):
        name = self.fresh(op)
        text = " ".join(f'input: "{value.name}"' for value in inputs)
        for key, value in attributes.items():
            form = (f"type: INTS ints: {list(value)}" if isinstance(value, (list, tuple)) else
                    f"type: FLOAT f: {value!r}" if isinstance(value, float) else f"type: INT i: {value}")
            text += f' attribute {{ name: "{key}" {form} }}'
        self.lines.append(f'node {{ op_type: "{op}" name: "{name}" {text} output: "{name}" }}')
        return Value(self, name, shape, data, kind)

    # Inputs and constants

    def input(self, name, shape, data, dims):
        """An input of int64 whose dimensions are the names `dims`."""
        sizes = " ".join(f'dim {{ dim_param: "{dim}" }}' for dim in dims)
        self.lines.append(f'input {{ name: "{name}" type {{ tensor_type {{ elem_type: {INT64} shape {{ {sizes} }} }} }} }}')
        self.inputs.append(Value(self, name, shape, data, INT64))
        return self.inputs[-1]

    def constant(self, shape, data, kind=FLOAT):
        name = self.fresh("weight")
        field = "float_data" if kind == FLOAT else "int64_data"
        self.lines.append(f'initializer {{ name: "{name}" data_type: {kind} dims: {list(shape)} '
                          f"{field}: {list(data)} }}")
        return Value(self, name, shape, data, kind)

    def weight(self, *shape, scale=0.5, offset=0.0):
        return self.constant(shape, [offset + self.random.randint(-1023, 1023) / 1024 * scale for _ in range(count(shape))])

    def number(self, value):
        return self.constant((), [value], FLOAT if isinstance(value, float) else INT64)

    def lift(self, value):
        return value if isinstance(value, Value) else self.number(value)

    # Elements

    def elementwise(self, op, function, values, kind):
        rank = max(len(value.shape) for value in values)
        padded = [(1,) * (rank - len(value.shape)) + value.shape for value in values]
        shape = [max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded)]
        return self.node(op, values, shape, [function(*(v.at(i) for v in values)) for i in indices(shape)], kind)

    def unary(self, op, x):
        return self.elementwise(op, UNARY[op], [x], FLOAT)

    def binary(self, op, x, y):
        y = self.lift(y)
        kind = BOOL if op in ("Greater", "Less", "Equal", "Or") else x.kind
        return self.elementwise(op, BINARY[op], [self.lift(x), y], kind)

    def where(self, condition, x, y):
        return self.elementwise("Where", lambda c, a, b: a if c else b, [condition, self.lift(x), self.lift(y)], FLOAT)

    def cast(self, x, kind):
        function = {FLOAT: float, INT64: int, BOOL: bool}[kind]
        return self.node("Cast", [x], x.shape, map(function, x.data), kind, to=kind)

    # Products and sums

    def matmul(self, x, y):
        batch = [max(a, b) for a, b in zip(*[(1,) * (max(len(x.shape), len(y.shape)) - len(v.shape)) + v.shape[:-2]
                                             for v in (x, y)])]
        rows, inner, columns = x.shape[-2], x.shape[-1], y.shape[-1]
        data = [sum(x.at((*i, r, k)) * y.at((*i, k, c)) for k in range(inner))
                for i in indices(batch) for r in range(rows) for c in range(columns)]
        return self.node("MatMul", [x, y], [*batch, rows, columns], data)

    def lines_of(self, x, axis):
        """The vectors along an axis, by their other indices."""
        axis %= len(x.shape)
        kept = [*x.shape[:axis], 1, *x.shape[axis + 1:]]
        return {index: [x.at((*index[:axis], k, *index[axis + 1:])) for k in range(x.shape[axis])] for index in indices(kept)}, kept

    def mean(self, x, axis=-1, op="ReduceMean"):
        lines, kept = self.lines_of(x, axis)
        data = [sum(line) / (len(line) if op == "ReduceMean" else 1) for line in lines.values()]
        if op == "ReduceSum":
            return self.node(op, [x, self.constant((1,), [axis], INT64)], kept, data, x.kind, keepdims=1)
        return self.node(op, [x], kept, data, axes=[axis], keepdims=1)

    def along_last(self, op, x, function, *more, **attributes):
        data = [number for line in self.lines_of(x, -1)[0].values() for number in function(line)]
        return self.node(op, [x, *more], x.shape, data, x.kind, **attributes)

    def softmax(self, x):
        def shares(line):
            powers = [math.exp(number - max(line)) for number in line]
            return [power / sum(powers) for power in powers]
        return self.along_last("Softmax", x, shares, axis=-1)

    def cumsum(self, x):
        return self.along_last("CumSum", x, itertools.accumulate, self.number(1))

    def layer_norm(self, x, weight, bias):
        def normal(line):
            mean = sum(line) / len(line)
            scale = 1 / math.sqrt(sum((number - mean) ** 2 for number in line) / len(line) + 1e-5)
            return [(number - mean) * scale * w + b for number, w, b in zip(line, weight.data, bias.data)]
        return self.along_last("LayerNormalization", x, normal, weight, bias, axis=-1, epsilon=1e-5)

    # Shapes

    def reshape(self, x, sizes):
        """`sizes` may hold numbers, 0 for the dimension at that place, one -1, and one-element values of the graph."""
        known = [size.data[0] if isinstance(size, Value) else x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
        shape = [count(x.shape) // -count(known) if size == -1 else size for size in known]
        if any(isinstance(size, Value) for size in sizes):
            parts = [size if isinstance(size, Value) else self.constant((1,), [size], INT64) for size in sizes]
            wanted = self.node("Concat", parts, [len(sizes)], known, INT64, axis=0)
        else:
            wanted = self.constant((len(sizes),), sizes, INT64)
        return self.node("Reshape", [x, wanted], shape, x.data, x.kind)

    def size_of(self, x, axis):
        """A dimension as a value of shape [1], as exporters compute shapes."""
        shape = self.node("Shape", [x], [len(x.shape)], x.shape, INT64)
        return self.node("Gather", [shape, self.constant((1,), [axis], INT64)], [1], [x.shape[axis]], INT64, axis=0)

    def range(self, end):
        scalar = self.node("Squeeze", [end, self.constant((1,), [0], INT64)], [], end.data, INT64)
        return self.node("Range", [self.number(0), scalar, self.number(1)], [end.data[0]], range(end.data[0]), INT64)

    def unsqueeze(self, x, axis):
        shape = list(x.shape)
        shape.insert(axis, 1)
        return self.node("Unsqueeze", [x, self.constant((1,), [axis], INT64)], shape, x.data, x.kind)

    def transpose(self, x, order):
        shape = [x.shape[axis] for axis in order]
        data = [x.at([index[order.index(axis)] for axis in range(len(order))]) for index in indices(shape)]
        return self.node("Transpose", [x], shape, data, x.kind, perm=order)

    def slice(self, x, axis, begin, end):
        axis %= len(x.shape)
        shape = [*x.shape[:axis], min(end, x.shape[axis]) - begin, *x.shape[axis + 1:]]
        data = [x.at([i + begin * (k == axis) for k, i in enumerate(index)]) for index in indices(shape)]
        bounds = [self.constant((1,), [number], INT64) for number in (begin, end, axis)]
        return self.node("Slice", [x, *bounds], shape, data, x.kind)

    def concat(self, parts, axis=-1):
        axis %= len(parts[0].shape)
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        rows = [[part.data[i:i + count(part.shape[axis:])] for i in range(0, len(part.data), count(part.shape[axis:]))]
                for part in parts]
        return self.node("Concat", parts, shape, [number for row in zip(*rows) for part in row for number in part],
                         parts[0].kind, axis=axis)

    def gather(self, table, ids):
        """Rows of a table."""
        width = table.shape[1]
        data = [number for i in ids.data for number in table.data[i * width:(i + 1) * width]]
        return self.node("Gather", [table, ids], [*ids.shape, width], data, axis=0)

    def output(self, x, name):
        self.lines.append(f'node {{ op_type: "Identity" name: "{name}" input: "{x.name}" output: "{name}" }} '
                          f'output {{ name: "{name}" type {{ tensor_type {{ elem_type: {x.kind} }} }} }}')
        self.outputs.append(Value(self, name, x.shape, x.data, x.kind))

    def write(self, folder):
        """model.onnx and a data set, as the ONNX project's backend tests have them."""
        text = f'ir_version: 8 opset_import {{ version: {OPSET} }} graph {{ name: "{folder.name}"\n' + "\n".join(self.lines) + "\n}"
        encode(text, "ModelProto", folder / "model.onnx")
        (folder / "test_data_set_0").mkdir()
        for kind, values in (("input", self.inputs), ("output", self.outputs)):
            for i, value in enumerate(values):
                raw = struct.pack(f"<{len(value.data)}{'f' if value.kind == FLOAT else 'q'}", *value.data)
                octal = "".join(f"\\{byte:03o}" for byte in raw)
                encode(f'name: "{value.name}" data_type: {value.kind} dims: {list(value.shape)} raw_data: "{octal}"',
                       "TensorProto", folder / "test_data_set_0" / f"{kind}_{i}.pb")


def encode(text, message, path):
    command = ["protoc", f"--encode=onnx.{message}", "--proto_path=/usr/include/onnx", "onnx.proto"]
    path.write_bytes(subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout)
