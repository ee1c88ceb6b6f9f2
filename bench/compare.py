# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs EdgeLM, ONNX Runtime and llama.cpp in alternation on models with random weights and prints their ratios.

Every number is the median of several rounds; in each round every program runs once, so that a slow minute of a
shared machine hits all of them. Each peer counts with the better of its settings. A ratio above 1 always means that
EdgeLM is better. The roof is measured in the same rounds: read bandwidth for decode, multiply-accumulates for prefill
(of f32, or of int8 for quantized weights), weights + arena for memory.
"""
import argparse
import dataclasses
import json
import pathlib
import platform
import statistics
import sys
import time

import make_models
import programs
import verify
from programs import Failure, Run
from shapes import SHAPES

DECODE = 32
KEYS = ("case", "metric", "threads", "edgelm", "edgelm_format", "peer", "peer_version", "peer_format", "peer_value",
        "ratio", "bytes_per_token", "roofline_fraction")
PREFILL_RATE, DECODE_RATE = "prefill_tokens_per_second", "decode_tokens_per_second"


@dataclasses.dataclass(frozen=True)
class Format:
    """How EdgeLM and the peers store the weights: those of the peers have at least as many bits."""
    name: str
    flags: tuple  # of edgelm-compile
    onnx: tuple  # kinds of onnx_model, of which the better one counts
    gguf: str  # kind of gguf_model
    integer: bool
    distance: float  # of the logits from those of f32, relative, at most; random weights add up every error


FORMATS = {kind.name: kind for kind in (
    Format("f32", (), ("f32",), "f32", False, 0.002),
    Format("int8", ("--quant", "int8"), ("int8",), "q8_0", True, 0.2),
    Format("int4_g32", ("--quant", "int4_g32"), ("int4", "int4_float"), "q4_0", True, 0.7),
)}


class Case:
    """One model in one format: everything that was measured at one number of threads, by program and setting."""

    def __init__(self, name, kind, arguments, edgelm, peers):
        self.name, self.kind, self.arguments = name, kind, arguments
        self.edgelm, self.peers = edgelm, peers
        self.shape = SHAPES[name]
        self.format = kind.name + (f", {arguments.kv} cache" if arguments.kv != "f32" else "")
        # What is left to measure; whatever fails is taken out and named.
        self.failures = {}
        self.results = {}

    def attempt(self, key, action):
        """The result of `action`, or None; a failure is remembered by program and ends its measurements."""
        if key in self.failures:
            return None
        try:
            return action()
        except Failure as failure:
            self.failures[key] = str(failure)
            print(f"{self.name} {self.kind.name}: error: {key}: {failure}", file=sys.stderr, flush=True)
            return None

    def prepare(self):
        """Makes models and product; says what the compiler took."""
        make_models.make_in_child(self.arguments.models_folder, self.name, onnx=["f32"])
        start = time.monotonic()
        memory = self.attempt("edgelm", lambda: self.edgelm.prepare(self.name, self.kind, self.arguments.context))
        if memory is not None:
            say = f"compiled in {time.monotonic() - start:.1f} s with at most {memory / 1e6:.0f} MB"
            print(f"{self.name} {self.kind.name}: {say}", file=sys.stderr, flush=True)
        for peer in self.peers:
            self.attempt(peer.name, lambda peer=peer: peer.prepare(self.name, self.kind))

    def check_outputs(self):
        """The distance of every program's logits from those of ONNX Runtime in f32."""
        for key, distance in verify.distances(self).items():
            print(f"{self.name} {self.kind.name}: logits of {key} differ from f32 by {distance:.2g}", file=sys.stderr,
                  flush=True)

    def measure(self, threads):
        self.results = {}
        for _ in range(self.arguments.rounds):
            for length in self.arguments.lengths:
                self.measure_length(threads, length)
            self.measure_roof(threads)

    def measure_length(self, threads, length):
        decode = DECODE if length in self.arguments.past else 0
        # What takes seconds is timed once a round.
        repeat = 3 if length * (self.shape.body_macs + self.shape.head_macs) < 1e11 else 1
        run = Run(threads, length, decode, repeat, context=self.arguments.context)
        self.note(("edgelm", "last", length), "edgelm", lambda: self.edgelm.run(self.name, self.kind, run))
        if length in self.arguments.prefill:
            every = dataclasses.replace(run, decode=0, all_logits=True)
            self.note(("edgelm", "all", length), "edgelm", lambda: self.edgelm.run(self.name, self.kind, every))
        for peer in self.peers:
            for setting in peer.settings(self.kind):
                self.note((peer.name, setting, length), peer.name,
                          lambda peer=peer, setting=setting: peer.run(self.name, self.kind, setting, run))

    def measure_roof(self, threads):
        size = self.weight_bytes()
        self.note(("roof",), "roof", lambda: programs.Roof(self.arguments).run(size, threads))

    def note(self, key, program, action):
        result = self.attempt(program, action)
        if result is not None:
            self.results.setdefault(key, []).append(result)

    def median(self, key, field):
        values = [result[field] for result in self.results.get(key, ()) if field in result]
        return statistics.median(values) if values else None

    def weight_bytes(self):
        """Bytes of the weights that a decoded token reads: what the product's report says, else of the peer's file."""
        product = self.edgelm.product(self.name, self.kind)
        try:
            report = json.loads((product / f"{product.parent.name}.json").read_text(encoding="utf-8"))
            return next(entry["weight_bytes"] for entry in report["entries"] if entry["name"] == "decode")
        except (OSError, ValueError, KeyError, StopIteration):
            return make_models.gguf_bytes(self.shape, self.kind.gguf)

    def state_bytes(self, past):
        """Bytes of the cache that a token reads in the middle of the decode."""
        return {"f32": 4, "f16": 2}[self.arguments.kv] * 2 * self.shape.layers * self.shape.state * (past + DECODE // 2)

    # Rows ------------------------------------------------------------------------------------------------------------

    def rows(self, threads):
        for past in self.arguments.past:
            cost = self.weight_bytes() + self.state_bytes(past)
            for peer in self.peers:
                yield self.rate_row(f"decode tokens/s at {past}", threads, ("edgelm", "last", past), peer, DECODE_RATE,
                                    past, cost, ("read_bytes_per_second", cost))
        for length in self.arguments.prefill:
            yield from self.prefill_rows(threads, length)
        for metric, field in (("peak memory, bytes", "peak_rss_bytes"), ("open, seconds", "open_seconds")):
            for peer in self.peers:
                yield self.small_row(metric, field, threads, peer)
        for peer in self.peers:
            yield self.file_row(threads, peer)

    def prefill_rows(self, threads, length):
        peak = "int8_macs_per_second" if self.kind.integer else "macs_per_second"
        body, head = self.shape.body_macs, self.shape.head_macs
        for peer in self.peers:
            if peer.all_logits:
                yield self.rate_row(f"prefill {length} tokens/s, all logits", threads, ("edgelm", "all", length), peer,
                                    PREFILL_RATE, length, None, (peak, body + head))
            yield self.rate_row(f"prefill {length} tokens/s, last logits", threads, ("edgelm", "last", length), peer,
                                PREFILL_RATE, length, None, (peak, body + head / length))

    def rate_row(self, metric, threads, ours, peer, field, length, cost, roof):
        value, roof_rate = self.median(ours, field), self.median(("roof",), roof[0])
        fraction = value * roof[1] / roof_rate if value and roof_rate else None
        return self.row(metric, threads, value, peer, field, length, max, cost, fraction)

    def small_row(self, metric, field, threads, peer):
        length = self.arguments.lengths[0]
        key = ("edgelm", "last", length)
        value, fraction = self.median(key, field), None
        if value and field == "peak_rss_bytes":
            fraction = (self.median(key, "weight_bytes") + self.median(key, "arena_bytes")) / value
        return self.row(metric, threads, value, peer, field, length, min, None, fraction)

    def row(self, metric, threads, value, peer, field, length, better, cost, fraction):
        settings = {setting: self.median((peer.name, setting, length), field) for setting in peer.settings(self.kind)}
        settings = {setting: found for setting, found in settings.items() if found is not None}
        if not settings and any((peer.name, setting, length) in self.results for setting in peer.settings(self.kind)):
            return None  # llama-bench says nothing of it
        if not settings:
            return self.error_row(metric, threads, value, peer)
        setting = better(settings, key=settings.get)
        version = self.results[(peer.name, setting, length)][0]["version"]
        return self.filled(metric, threads, value, peer, version, setting, settings[setting], better, cost, fraction)

    def file_row(self, threads, peer):
        metric = "file size, bytes"
        if peer.name in self.failures:
            return self.error_row(metric, threads, None, peer)
        ours = None if "edgelm" in self.failures else self.edgelm.file_bytes(self.name, self.kind)
        sizes = {setting: peer.file_bytes(self.name, self.kind, setting) for setting in peer.settings(self.kind)}
        setting = min(sizes, key=sizes.get)
        return self.filled(metric, threads, ours, peer, None, setting, sizes[setting], min, None, None)

    def filled(self, metric, threads, value, peer, version, setting, theirs, better, cost, fraction):
        ratio = None if not value else value / theirs if better is max else theirs / value
        row = dict(zip(KEYS, (self.name, metric, threads, value, self.format, peer.name, version,
                              peer.title(self.kind, setting), theirs, ratio, cost, fraction)))
        if value is None:
            row["error"] = f"edgelm: {self.failures.get('edgelm', 'not measured')}"
        return row

    def error_row(self, metric, threads, value, peer):
        row = dict.fromkeys(KEYS)
        row.update(case=self.name, metric=metric, threads=threads, edgelm=value, edgelm_format=self.format,
                   peer=peer.name, error=f"{peer.name}: {self.failures.get(peer.name, 'not measured')}")
        return row


def cpu_name():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def short(value):
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1e5 else f"{value / 1e6:.4g} M"


def print_row(row, as_json):
    if as_json:
        print(json.dumps(row), flush=True)
        return
    cells = [row["case"], row["edgelm_format"], row["metric"], row["threads"], short(row["edgelm"]),
             f"{row['peer']} {row['peer_format'] or ''}", short(row["peer_value"]),
             f"{row['ratio']:.2f}" if row["ratio"] else "error", short(row["roofline_fraction"])]
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def print_roof(case, threads):
    parts = [f"{case.median(('roof',), field) / 1e9:.1f} G {unit}/s" for field, unit in
             (("read_bytes_per_second", "bytes"), ("macs_per_second", "f32 multiply-accumulates"),
              ("int8_macs_per_second", "int8 multiply-accumulates"))]
    print(f"{case.name} {case.kind.name}, {threads} threads: the roof is " + ", ".join(parts), file=sys.stderr, flush=True)


def numbers(text):
    return sorted({int(word) for word in text.split(",") if word})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON row a line instead of the table")
    parser.add_argument("--models", type=make_models.choices(SHAPES), default=["15M", "110M"])
    parser.add_argument("--formats", type=make_models.choices(FORMATS), default=["f32"])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--prefill", type=numbers, default=[128, 512], help="lengths of prompts")
    parser.add_argument("--past", type=numbers, default=[128, 480, 1024], help="tokens in the cache before decode")
    parser.add_argument("--kv", choices=["f32", "f16"], default="f32", help="EdgeLM's cache; llama.cpp's is f16")
    parser.add_argument("--isa", choices=["host", "avx2"], default="host",
                        help="avx2: EdgeLM for x86-64-v3 against llama.cpp's Haswell kernels; ONNX Runtime has no such switch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--exclusive", action="store_true", help="real-time priority for each measurement (root)")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="EdgeLM's build folder")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="models, products and helper programs")
    arguments = parser.parse_args()
    arguments.lengths = sorted({*arguments.prefill, *arguments.past})
    if arguments.rounds < 1 or not arguments.lengths or not arguments.threads:
        parser.error("--rounds, --threads and the lengths of --prefill and --past must not be empty")
    # One context for all, since it decides how much memory a program takes.
    arguments.context = max(512, -(-(arguments.lengths[-1] + DECODE) // 64) * 64)
    arguments.models_folder = arguments.work / "models"
    return arguments


def main():
    arguments = parse_arguments()
    edgelm = programs.EdgeLM(arguments)
    peers = [programs.OnnxRuntime(arguments), programs.LlamaCpp(arguments)]
    if arguments.isa != "host":
        peers = peers[1:]
    if not arguments.json:
        print(f"{cpu_name()}; medians of {arguments.rounds} alternating rounds\n")
        print("| model | format | metric | threads | EdgeLM | peer | its value | ratio | of the roof |")
        print("| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: |")
    failed = False
    for name in arguments.models:
        for kind in map(FORMATS.get, arguments.formats):
            case = Case(name, kind, arguments, edgelm, peers)
            case.prepare()
            case.check_outputs()
            for threads in arguments.threads:
                case.measure(threads)
                if ("roof",) in case.results:
                    print_roof(case, threads)
                for row in filter(None, case.rows(threads)):
                    failed |= "error" in row
                    print_row(row, arguments.json)
            failed |= bool(case.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
