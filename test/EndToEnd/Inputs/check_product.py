# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the symbols of a product and that its two libraries hold the same weights.

usage: check_product.py FOLDER NAME hosted|freestanding
"""
import pathlib
import re
import subprocess
import sys

# A freestanding product brings these.
BASICS = {"memcpy", "memmove", "memset"}
# What the thread pool of a hosted product may call.
LIBC = re.compile(r"(pthread_(create|join|mutex_\w+|cond_\w+|attr_\w+|self|setname_np)|sched_yield|sched_getaffinity|"
                  r"clock_gettime|nanosleep|sysconf|syscall|madvise|memcmp|sem_\w+|_GLOBAL_OFFSET_TABLE_)$")


def symbols(arguments):
    """(name, type) of every symbol that llvm-nm prints."""
    text = subprocess.run(["llvm-nm", *arguments], check=True, capture_output=True, text=True).stdout
    return [(line.split()[-1], line.split()[-2]) for line in text.splitlines() if len(line.split()) >= 2]


def fail(message):
    sys.exit("check_product: " + message)


def check_archive(archive, name, brings, allowed):
    found = symbols([str(archive)])
    defined = {symbol for symbol, kind in found if kind.isupper() and kind != "U"}
    undefined = {symbol for symbol, kind in found if kind == "U"} - defined
    weights = "edgelm_weights_of_" + name
    if defined - brings != {name, weights}:
        fail(f"the archive defines {sorted(defined)}, expected only {name}, {sorted(brings)} and the hidden {weights}")
    unexpected = sorted(symbol for symbol in undefined if not allowed(symbol))
    if unexpected:
        fail(f"the archive needs {unexpected}")


def check_shared(library, name, allowed):
    exported = {symbol for symbol, kind in symbols(["-D", "--defined-only", str(library)])}
    if exported != {name}:
        fail(f"the shared library exports {sorted(exported)}, expected {name}")
    needed = {symbol.split("@")[0] for symbol, kind in symbols(["-D", "--undefined-only", str(library)])}
    unexpected = sorted(symbol for symbol in needed if not allowed(symbol))
    if unexpected:
        fail(f"the shared library needs {unexpected}")


def check_weights(folder, name):
    """The payload of the archive's second member lies in the shared library as it is."""
    scratch = folder / "weights.bin"
    member = folder / f"{name}_weights.o"
    subprocess.run(["llvm-ar", "x", f"--output={folder}", str(folder / f"lib{name}.a"), member.name], check=True)
    subprocess.run(["llvm-objcopy", f"--dump-section=.rodata.edgelm={scratch}", str(member), "/dev/null"], check=True)
    header = (folder / f"{name}.h").read_text()
    size = int(re.search(r"_WEIGHT_BYTES (\d+)", header).group(1))
    payload = member.read_bytes()
    library = (folder / f"lib{name}.so").read_bytes()
    at = re.search(rb"edgelm", payload)
    sections = subprocess.run(["llvm-readelf", "-SW", str(member)], check=True, capture_output=True, text=True).stdout
    rows = re.findall(r"\.rodata\.edgelm\s+PROGBITS\s+\w+\s+(\w+)\s+(\w+)", sections)
    offset, bytes_ = next((int(o, 16), int(s, 16)) for o, s in rows if int(s, 16) > 0)
    if bytes_ != size or at is None:
        fail(f"the weight object holds {bytes_} bytes, the header says {size}")
    if payload[offset:offset + size] not in library:
        fail("the shared library has other weights than the archive")
    member.unlink()
    scratch.unlink(missing_ok=True)


def main():
    folder, name, kind = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    isFree = kind == "freestanding"
    allowed = (lambda symbol: symbol == "_GLOBAL_OFFSET_TABLE_") if isFree else (
        lambda symbol: symbol in BASICS or LIBC.match(symbol))
    check_archive(folder / f"lib{name}.a", name, BASICS if isFree else set(), allowed)
    check_shared(folder / f"lib{name}.so", name, allowed)
    check_weights(folder, name)


main()
