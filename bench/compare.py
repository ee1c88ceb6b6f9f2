# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs EdgeLM and ONNX Runtime in alternation on models with random weights and prints their ratios.

Every number is the median of several rounds; in each round every program runs once, so that a slow minute of a
shared machine hits all of them. A ratio above 1 always means that EdgeLM is better. The roof is measured in the
same run: read bandwidth for decode, multiply-accumulates for prefill, weights + arena for memory.
"""
import argparse
import json
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

import make_models

PREFILL, DECODE, CONTEXT, REPEAT = 128, 32, 512, 3
# Both sum in f32 in another order; the logits of these models are of the order of 1.
LOGIT_TOLERANCE = 1e-3
KEYS = ("case", "metric", "threads", "edgelm", "edgelm_format", "peer", "peer_version", "peer_format", "peer_value",
        "ratio", "bytes_per_token", "roofline_fraction")


class Failure(Exception):
    """A measurement that could not be made."""


def say(text):
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def run_json(command, threads, exclusive):
    """Runs `command` on the first `threads` CPUs and returns the JSON object that it prints."""
    prefix = ["taskset", "-c", f"0-{threads - 1}"] if threads > 1 else ["taskset", "-c", "0"]
    if exclusive:
        prefix = ["chrt", "-f", "10", *prefix]
    command = prefix + [str(word) for word in command]
    say(" ".join(command))
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(str(error)) from error
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no message"]
        raise Failure(f"{pathlib.Path(command[len(prefix)]).name} ended with {result.returncode}: {lines[-1]}")
    try:
        return json.loads(result.stdout)
    except ValueError as error:
        raise Failure(f"{command[len(prefix)]} printed no JSON object") from error


class Case:
    """One model: its shape, folder, product, and what a token costs at least."""

    def __init__(self, name, arguments):
        self.name, self.arguments = name, arguments
        self.folder = arguments.work / "models" / f"llama_{name.lower()}"
        self.product = arguments.work / "products" / self.folder.name
        self.compile_seconds, self.compile_rss = None, None
        shape = make_models.SHAPES[name]
        self.layers, self.kv_heads = shape["num_hidden_layers"], shape["num_key_value_heads"]
        self.head_dim = shape["hidden_size"] // shape["num_attention_heads"]
        self.vocab, size = shape["vocab_size"], shape["hidden_size"]
        state = self.kv_heads * self.head_dim
        self.body_macs = self.layers * (2 * size * size + 2 * size * state + 3 * size * shape["intermediate_size"])
        self.head_macs = size * self.vocab
        # f32 weights once, and both states of every layer at the middle of the decode.
        self.weight_bytes = 4 * (self.body_macs + self.head_macs)
        self.decode_bytes = self.weight_bytes + 4 * 2 * self.layers * state * (PREFILL + DECODE // 2)

    def prepare(self):
        # In a process of its own: the memory that this one ever used would count as its children's.
        subprocess.run([sys.executable, make_models.__file__, self.folder.parent, "--models", self.name], check=True)
        compiler = self.arguments.build / "bin" / "edgelm-compile"
        start = time.monotonic()
        try:
            result = subprocess.run([compiler, self.folder, "-o", self.product, "--context", str(CONTEXT)],
                                    capture_output=True, text=True)
        except OSError as error:
            raise Failure(str(error)) from error
        self.compile_seconds = time.monotonic() - start
        self.compile_rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        if result.returncode:
            raise Failure("edgelm-compile: " + (result.stderr.strip().splitlines() or ["no message"])[0])

    def edgelm(self, threads, all_logits, logits=None):
        command = [self.arguments.build / "bin" / "edgelm-run", self.product / "host", "--bench", "--json",
                   "--prefill", PREFILL, "--decode", DECODE, "--repeat", REPEAT, "--threads", threads]
        command += ["--all-logits"] if all_logits else []
        command += ["--dump-logits", logits] if logits else []
        return run_json(command, threads, self.arguments.exclusive)

    def onnxruntime(self, threads, logits=None):
        library = next(iter(sorted(self.arguments.peers.glob(
            f"onnxruntime-node/bin/napi-v*/linux/{machine()}/libonnxruntime.so*"))), None)
        if library is None:
            raise Failure("onnxruntime-node is not installed")
        command = [self.arguments.work / "ort_bench", library, self.folder / "model.onnx", self.layers,
                   self.kv_heads, self.head_dim, self.vocab, threads, PREFILL, DECODE, REPEAT]
        command += [logits] if logits else []
        return run_json(command, threads, self.arguments.exclusive)

    def check_outputs(self):
        """Same prompt, same logits: fails when the two disagree."""
        ours, theirs = self.arguments.work / "edgelm.f32", self.arguments.work / "peer.f32"
        self.edgelm(1, True, ours)
        self.onnxruntime(1, theirs)
        a, b = np.fromfile(ours, np.float32), np.fromfile(theirs, np.float32)
        ours.unlink()
        theirs.unlink()
        if a.shape != b.shape or a.size != PREFILL * self.vocab:
            raise Failure(f"{a.size} logits of EdgeLM, {b.size} of the peer, expected {PREFILL * self.vocab}")
        difference = float(np.abs(a - b).max())
        if not difference <= LOGIT_TOLERANCE:
            raise Failure(f"logits differ by {difference:.3g}, more than {LOGIT_TOLERANCE}")
        return difference


def machine():
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def measure(case, threads, rounds):
    """Medians of every quantity over the rounds, and the roof."""
    runs = {"default": [], "all": [], "peer": [], "roof": []}
    for _ in range(rounds):
        runs["default"].append(case.edgelm(threads, False))
        runs["peer"].append(case.onnxruntime(threads))
        runs["all"].append(case.edgelm(threads, True))
        runs["roof"].append(run_json([case.arguments.work / "roofline", threads, case.weight_bytes], threads,
                                     case.arguments.exclusive))

    def median(kind, key):
        return statistics.median(run[key] for run in runs[kind])

    read, macs = median("roof", "read_bytes_per_second"), median("roof", "macs_per_second")
    version = runs["peer"][0]["version"]
    last_row = (PREFILL * case.body_macs + case.head_macs) / PREFILL
    every_row = case.body_macs + case.head_macs

    def row(metric, ours, theirs, higher_is_better=True, bytes_per_token=None, fraction=None):
        ratio = ours / theirs if higher_is_better else theirs / ours
        values = (case.name, metric, threads, ours, "f32", "onnxruntime", version, "f32", theirs, ratio,
                  bytes_per_token, fraction)
        return dict(zip(KEYS, values))

    rate, peer_prefill = "prefill_tokens_per_second", median("peer", "prefill_tokens_per_second")
    decode = median("default", "decode_tokens_per_second")
    everything, default = median("all", rate), median("default", rate)
    rss = median("default", "peak_rss_bytes")
    least = runs["default"][0]["weight_bytes"] + runs["default"][0]["arena_bytes"]
    return [
        row(f"decode tokens/s at {PREFILL}", decode, median("peer", "decode_tokens_per_second"), True,
            case.decode_bytes, decode * case.decode_bytes / read),
        row(f"prefill {PREFILL} tokens/s, all logits", everything, peer_prefill, True, None,
            everything * every_row / macs),
        row(f"prefill {PREFILL} tokens/s, last logits", default, peer_prefill, True, None, default * last_row / macs),
        row("peak memory, bytes", rss, median("peer", "peak_rss_bytes"), False, None, least / rss),
        row("open, seconds", median("default", "open_seconds"), median("peer", "open_seconds"), False),
    ]


def error_row(case, threads, message):
    return {**dict.fromkeys(KEYS), "case": case, "threads": threads, "peer": "onnxruntime", "error": message}


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
    elif "error" in row:
        print(f"| {row['case']} | error: {row['error']} | {row['threads'] or '-'} | | | | |", flush=True)
    else:
        cells = [row["case"], row["metric"], row["threads"], short(row["edgelm"]), short(row["peer_value"]),
                 f"{row['ratio']:.2f}", short(row["roofline_fraction"])]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON row a line instead of the table")
    parser.add_argument("--models", default="15M,110M", help="comma-separated, of: " + ", ".join(make_models.SHAPES))
    parser.add_argument("--threads", default="1,2", help="comma-separated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--exclusive", action="store_true", help="real-time priority for each measurement (root)")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="EdgeLM's build folder")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="models, products and helper programs")
    arguments = parser.parse_args()
    arguments.peers = pathlib.Path(__file__).resolve().parent / "node_modules"
    unknown = set(arguments.models.split(",")) - set(make_models.SHAPES)
    if unknown:
        parser.error(f"unknown model {sorted(unknown)[0]}; known models: {', '.join(make_models.SHAPES)}")
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {arguments.rounds}")

    if not arguments.json:
        print(f"{cpu_name()}; EdgeLM and ONNX Runtime, f32, medians of {arguments.rounds} alternating rounds\n")
        print("| model | metric | threads | EdgeLM | ONNX Runtime | ratio | of the roof |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    failed = False
    for name in arguments.models.split(","):
        case = Case(name, arguments)
        threads = None
        try:
            case.prepare()
            difference = case.check_outputs()
            for threads in map(int, arguments.threads.split(",")):
                for row in measure(case, threads, arguments.rounds):
                    print_row(row, arguments.json)
        except Failure as failure:
            failed = True
            print_row(error_row(name, threads, str(failure)), arguments.json)
            continue
        print(f"{name}: compiled in {case.compile_seconds:.1f} s with at most {case.compile_rss / 1e6:.0f} MB; "
              f"logits differ by at most {difference:.2g}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
