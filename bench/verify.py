# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether the programs compute the same: each one's logits against those of ONNX Runtime in f32.

Two programs round weights differently, so that their logits are no closer to each other than to f32: the bound is on
that distance, and a wrong program is at 1.4, where unrelated numbers of equal size are.
"""
import numpy as np

from programs import Failure, OnnxRuntime, Run

LENGTH = 128


def read_last_row(path, vocab):
    numbers = np.fromfile(path, np.float32)
    path.unlink()
    if numbers.size == 0 or numbers.size % vocab:
        raise Failure(f"wrote {numbers.size} logits, expected rows of {vocab}")
    return numbers[-vocab:]


def relative(logits, reference):
    return float(np.sqrt(np.mean((logits - reference) ** 2) / np.mean(reference ** 2)))


def distances(case):
    """By program; a program that is too far away, or does not run, becomes a failure of the case."""
    ort, vocab = OnnxRuntime(case.arguments), case.shape.vocab
    path = case.arguments.work / "logits.f32"
    run = Run(1, LENGTH, 0, 1, all_logits=True, logits=path, context=case.arguments.context)

    def logits_of(action):
        action()
        return read_last_row(path, vocab)

    reference = case.attempt(ort.name, lambda: logits_of(lambda: ort.run(case.name, case.kind, "f32", run)))
    if reference is None:
        return {}
    found = {}

    def check(key, title, action):
        distance = relative(logits_of(action), reference)
        found[title] = distance
        if not distance <= case.kind.distance:
            raise Failure(f"its logits ({title}) differ from f32 by {distance:.3g}, more than {case.kind.distance}")

    case.attempt("edgelm", lambda: check("edgelm", "edgelm", lambda: case.edgelm.run(case.name, case.kind, run)))
    for peer in case.peers:
        for setting in peer.settings(case.kind):
            title = f"{peer.name} {peer.title(case.kind, setting)}"
            case.attempt(peer.name, lambda peer=peer, setting=setting, title=title: check(
                peer.name, title, lambda: peer.run(case.name, case.kind, setting, run)))
    return found
