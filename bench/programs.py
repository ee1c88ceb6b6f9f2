# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The programs that are measured: each runs one model once and returns the JSON object that its program prints.

All follow one protocol: `length` prompt tokens at once, then `decode` greedy steps, `repeat` times after a round that
does not count; the medians are printed.
"""
import dataclasses
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import make_models

PEERS = pathlib.Path(__file__).resolve().parent / "node_modules"


class Failure(Exception):
    """A measurement that could not be made."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What one call of a program measures."""
    threads: int
    length: int
    decode: int
    repeat: int
    all_logits: bool = False
    logits: pathlib.Path = None
    context: int = 0


def machine():
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def say(text):
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def priority(exclusive):
    return ["chrt", "-f", "10"] if exclusive else []


def run_json(command, threads, exclusive):
    """Runs `command` on the first `threads` CPUs and returns what it prints."""
    prefix = [*priority(exclusive), "taskset", "-c", f"0-{threads - 1}" if threads > 1 else "0"]
    command = [*prefix, *map(str, command)]
    program = pathlib.Path(command[len(prefix)]).name
    say(" ".join(command))
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(str(error)) from error
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no message"]
        raise Failure(f"{program} ended with {result.returncode}: {lines[-1]}")
    try:
        return json.loads(result.stdout)
    except ValueError as error:
        raise Failure(f"{program} printed no JSON") from error


def file_bytes(*paths):
    return sum(path.stat().st_size for path in paths)


class EdgeLM:
    """`edgelm-run` on a product that `prepare` compiles."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.target = {"host": "host", "avx2": "x86-64-v3"}[arguments.isa]

    def product(self, name, kind):
        """The folder with the product's files."""
        return self.parent(name, kind) / self.target

    def parent(self, name, kind):
        return self.arguments.work / "products" / make_models.onnx_folder(pathlib.Path(), name, kind.name)

    def prepare(self, name, kind, context):
        """Compiles; returns the peak of its memory."""
        source = make_models.onnx_folder(self.arguments.models_folder, name, "f32")
        product = self.parent(name, kind)
        command = [self.arguments.build / "bin" / "edgelm-compile", source, "-o", product, "--context", context]
        command += ["--target", self.target, "--name", product.name, "--kv", self.arguments.kv, *kind.flags]
        command = priority(self.arguments.exclusive) + command
        with tempfile.TemporaryFile() as errors:
            say(" ".join(map(str, command)))
            try:
                process = subprocess.Popen([str(word) for word in command], stdout=errors, stderr=errors)
            except OSError as error:
                raise Failure(str(error)) from error
            # Of this one process; RUSAGE_CHILDREN would be that of the largest child so far.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                lines = errors.read().decode(errors="replace").strip().splitlines() or ["no message"]
                raise Failure(f"edgelm-compile ended with {process.returncode}: {lines[0]}")
        return usage.ru_maxrss * 1024

    def run(self, name, kind, run):
        command = [self.arguments.build / "bin" / "edgelm-run", self.product(name, kind), "--bench", "--json",
                   "--prefill", run.length, "--decode", run.decode, "--repeat", run.repeat, "--threads", run.threads]
        command += ["--all-logits"] if run.all_logits else []
        command += ["--dump-logits", run.logits] if run.logits else []
        return run_json(command, run.threads, self.arguments.exclusive)

    def file_bytes(self, name, kind):
        return file_bytes(*self.product(name, kind).glob("*.so"))


class OnnxRuntime:
    """bench/ort/ort_bench.c; the settings are the ways to write a format as ONNX. Computes the logits of all tokens."""
    name = "onnxruntime"
    all_logits = True
    TITLES = {"f32": "f32", "int8": "dynamic int8", "int4": "MatMulNBits int4, accuracy level 4",
              "int4_float": "MatMulNBits int4, accuracy level 0"}

    def __init__(self, arguments):
        self.arguments = arguments

    def settings(self, kind):
        return kind.onnx

    def prepare(self, name, kind):
        make_models.make_in_child(self.arguments.models_folder, name, onnx=kind.onnx)

    def run(self, name, kind, setting, run):
        library = next(iter(sorted(PEERS.glob(
            f"onnxruntime-node/bin/napi-v*/linux/{machine()}/libonnxruntime.so*"))), None)
        if library is None:
            raise Failure("onnxruntime-node is not installed")
        shape = make_models.SHAPES[name]
        command = [self.arguments.work / "ort_bench", library, self.file(name, setting), shape.layers, shape.kv_heads,
                   shape.head, shape.vocab, run.threads, run.length, run.decode, run.repeat]
        command += [run.logits] if run.logits else []
        return run_json(command, run.threads, self.arguments.exclusive)

    def file(self, name, setting):
        return make_models.onnx_folder(self.arguments.models_folder, name, setting) / "model.onnx"

    def file_bytes(self, name, kind, setting):
        path = self.file(name, setting)
        return file_bytes(path, path.with_suffix(".onnx_data"))

    def title(self, kind, setting):
        return self.TITLES[setting]


class LlamaCpp:
    """bench/llama/llama_bench.c, or the program of LLAMA_BENCH; with and without flash attention. Logits of the last
    token only."""
    name = "llama.cpp"
    all_logits = False

    def __init__(self, arguments):
        self.arguments = arguments

    def settings(self, kind):
        return (0, 1) if kind.gguf else ()

    def prepare(self, name, kind):
        make_models.make_in_child(self.arguments.models_folder, name, gguf=[kind.gguf])

    def file(self, name, kind):
        return make_models.gguf_file(self.arguments.models_folder, name, kind.gguf)

    def run(self, name, kind, setting, run):
        model = self.file(name, kind)
        external = os.environ.get("LLAMA_BENCH")
        if external and not run.logits:
            return self.run_external(external, model, setting, run)
        folder = next(iter(sorted(PEERS.glob(f"@node-llama-cpp/linux-{machine()}/bins/linux-{machine()}"))), None)
        library = next(iter(sorted(folder.glob("libllama.*so*"))), None) if folder else None
        if library is None:
            raise Failure(f"@node-llama-cpp/linux-{machine()} is not installed")
        command = [self.arguments.work / "llama_bench", self.kernels(folder), library, model, run.context, setting, run.threads,
                   run.length, run.decode, run.repeat]
        command += [run.logits] if run.logits else []
        return run_json(command, run.threads, self.arguments.exclusive)

    def kernels(self, folder):
        """The folder of which ggml takes the best library for the CPU: with one in it, that one."""
        if self.arguments.isa == "host":
            return folder
        only = self.arguments.work / "llama-haswell"
        only.mkdir(exist_ok=True)
        link = only / "libggml-cpu-haswell.so"
        link.unlink(missing_ok=True)
        link.symlink_to(folder / link.name)
        return only

    def run_external(self, program, model, setting, run):
        """llama-bench: one test for the prompt and one for the steps after it; says nothing of memory and opening."""
        command = [program, "-m", model, "-t", run.threads, "-fa", setting, "-r", run.repeat, "-o", "json",
                   "-p", run.length, "-n", 0]
        tests = run_json(command, run.threads, self.arguments.exclusive)
        if run.decode:
            command = [*command[:-4], "-p", 0, "-n", run.decode, "-d", run.length]
            tests += run_json(command, run.threads, self.arguments.exclusive)
        rates = [test["avg_ts"] for test in tests]
        return {"version": tests[0].get("build_commit", "unknown"), "prefill_tokens_per_second": rates[0],
                "decode_tokens_per_second": rates[1] if run.decode else 0}

    def file_bytes(self, name, kind, setting):
        return file_bytes(self.file(name, kind))

    def title(self, kind, setting):
        return f"{kind.gguf.upper() if kind.gguf[0] == 'q' else kind.gguf}, flash attention {'on' if setting else 'off'}"


class Roof:
    """bench/roofline."""

    def __init__(self, arguments):
        self.arguments = arguments

    def run(self, size, threads):
        return run_json([self.arguments.work / "roofline", threads, int(size)], threads, self.arguments.exclusive)
