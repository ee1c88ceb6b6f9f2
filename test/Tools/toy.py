# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The toy decoder of ToyModel.c in Python: its data sets, greedy ids and perplexity.

usage: toy.py data <folder>       write test_data_set_0 to 4, wrong/test_data_set_0 with one wrong logit, and data
                                  sets for the products of the runtime's tests in encoder/ and invoker/
       toy.py check               read edgelm-run's or edgelm-eval's JSON on standard input and check it
"""
import json
import math
import pathlib
import struct
import sys

VOCAB, HEADS, LANES = 300, 2, 3
FLOAT, INT64 = 1, 7


def key(token, position, head, lane):
    return (token * 31 + position * 7 + head * 3 + lane * 5) % 17 - 8


def value(token, head, lane):
    return (token * 11 + head + lane) % 13 - 6


def row_of(token, position):
    """(keys, values), each [head][lane], of one token."""
    return ([[key(token, position, h, l) for l in range(LANES)] for h in range(HEADS)],
            [[value(token, h, l) for l in range(LANES)] for h in range(HEADS)])


def logits(rows):
    return [sum(keys[h][l] * (i * (r + 1) * 13 % 29 - 14) / 8 + values[h][l] * ((i + r + l) % 7 - 3)
                for r, (keys, values) in enumerate(rows) for h in range(HEADS) for l in range(LANES))
            for i in range(VOCAB)]


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def tensor(name, kind, dims, numbers):
    """A serialized TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9."""
    raw = struct.pack(f"<{len(numbers)}{'f' if kind == FLOAT else 'q'}", *numbers)
    message = b"".join(b"\x08" + varint(dim) for dim in dims) + b"\x10" + varint(kind)
    for tag, data in ((8, name.encode()), (9, raw)):
        message += varint(tag << 3 | 2) + varint(len(data)) + data
    return message


def states(prefix, batch):
    """`batch` is a list of rows [(keys, values), ...], all of one length."""
    for part, name in enumerate(("key", "value")):
        numbers = [row[part][h][l] for rows in batch for h in range(HEADS) for row in rows for l in range(LANES)]
        yield tensor(f"{prefix}.0.{name}", FLOAT, [len(batch), HEADS, len(batch[0]), LANES], numbers)


def write_tensors(folder, inputs, outputs):
    folder.mkdir(parents=True)
    for kind, messages in (("input", inputs), ("output", outputs)):
        for index, message in enumerate(messages):
            (folder / f"{kind}_{index}.pb").write_bytes(message)


def write_set(folder, ids, mask, past, expected, presents, positions=None):
    inputs = [tensor("input_ids", INT64, [len(ids), len(ids[0])], sum(ids, []))]
    inputs += [tensor("attention_mask", INT64, [len(mask), len(mask[0])], sum(mask, []))] if mask else []
    inputs += [tensor("position_ids", INT64, [len(ids), len(ids[0])], sum(positions, []))] if positions else []
    inputs += states("past_key_values", past)
    numbers = [number for row in expected for token in row for number in token]
    outputs = [tensor("logits", FLOAT, [len(ids), len(ids[0]), VOCAB], numbers), *states("present", presents)]
    write_tensors(folder, inputs, outputs)


def follow(past, ids):
    """(rows, logits of each token) of `ids` after the rows `past`."""
    rows, found = list(past), []
    for token in ids:
        rows.append(row_of(token, len(rows)))
        found.append(logits(rows))
    return rows, found


def write_data(folder):
    prompt = [5, 76, 147, 218, 33]
    rows, expected = follow([], prompt)
    write_set(folder / "test_data_set_0", [prompt], [[1] * 5], [[]], [expected], [rows], [[0, 1, 2, 3, 4]])
    expected[4][7] += 0.5
    write_set(folder / "wrong" / "test_data_set_0", [prompt], None, [[]], [expected], [rows])

    after, expected = follow(rows, [99])
    write_set(folder / "test_data_set_1", [[99]], None, [rows], [expected], [after])

    # Padded on the left: what the masked places hold must not matter.
    nothing, junk = [math.nan] * VOCAB, ([[1e9] * LANES] * HEADS, [[-1e9] * LANES] * HEADS)
    padded, a = follow([], [8, 9])
    full, b = follow([], [1, 2, 3, 4])
    write_set(folder / "test_data_set_2", [[0, 0, 8, 9], [1, 2, 3, 4]], [[0, 0, 1, 1], [1] * 4], [[], []],
              [[nothing, nothing, *a], b], [[junk, junk, *padded], full])

    # A past that no tokens have made, half of it masked.
    made_up = [([[r + h - l for l in range(LANES)] for h in range(HEADS)],
                [[r * h + l for l in range(LANES)] for h in range(HEADS)]) for r in range(2)]
    rows, expected = follow(made_up, [10, 20, 30])
    write_set(folder / "test_data_set_3", [[10, 20, 30]], [[0, 1, 0, 1, 1, 1, 1]],
              [[junk, made_up[0], junk, made_up[1]]], [expected],
              [[junk, made_up[0], junk, made_up[1], *rows[2:]]])

    # The encoder and the graph of the runtime's tests (FakeModel.h says what they compute).
    ids, mask = [[3, 4, 5, 6, 7, 8, 9, 10], [9, 9, 9, 0, 0, 0, 0, 0]], [[1] * 8, [1, 1, 1, 0, 0, 0, 0, 0]]
    types = [[0] * 8, [0, 1, 1, 0, 0, 0, 0, 0]]
    sums = [[float(i * m + 1000 * t) if m else math.nan for i, m, t in zip(*row)] for row in zip(ids, mask, types)]
    named = zip(("input_ids", "attention_mask", "token_type_ids"), (ids, mask, types))
    write_tensors(folder / "encoder" / "test_data_set_0",
                  [tensor(name, INT64, [2, 8], sum(rows, [])) for name, rows in named],
                  [tensor("sums", FLOAT, [2, 8], sum(sums, []))])
    a, b = [1.0, -2.0, 0.5, 8.0], [4.0, 2.0, 0.25, -8.0]
    write_tensors(folder / "invoker" / "test_data_set_0", [tensor("a", FLOAT, [4], a), tensor("b", FLOAT, [4], b)],
                  [tensor("sums", FLOAT, [4], [x + y for x, y in zip(a, b)]),
                   tensor("products", FLOAT, [4], [x * y for x, y in zip(a, b)])])

    # Positions that a session cannot have.
    write_set(folder / "test_data_set_4", [[10]], None, [[]], [[nothing]], [[junk]], [[3]])


def check(result):
    if "ids" in result:
        ids = list(result["prompt_ids"])
        for token in result["ids"]:
            found = logits([row_of(t, p) for p, t in enumerate(ids)])
            assert token == max(range(VOCAB), key=found.__getitem__), f"{token} is not the likeliest after {ids}"
            ids.append(token)
        assert len(result["ids"]) == 8, len(result["ids"])
        return
    text, window, total = list(b"The quick brown fox jumps.\n"), 10, 0.0
    for start in range(0, len(text) - 1, window):
        _, found = follow([], text[start:start + window])
        for row, target in zip(found, text[start + 1:start + window + 1]):
            greatest = max(row)
            total += math.log(sum(math.exp(x - greatest) for x in row)) + greatest - row[target]
    assert result["tokens"] == len(text) and result["window"] == window, result
    assert math.isclose(result["negative_log_likelihood"], total, rel_tol=1e-12), (result, total)
    assert math.isclose(result["perplexity"], math.exp(total / (len(text) - 1)), rel_tol=1e-9), result
    assert math.isclose(result["bits_per_byte"], total / math.log(2) / (len(text) - 1), rel_tol=1e-9), result


if __name__ == "__main__":
    if sys.argv[1] == "data":
        write_data(pathlib.Path(sys.argv[2]))
    else:
        check(json.load(sys.stdin))
