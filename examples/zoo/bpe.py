# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Byte-level BPE with GPT-2 pre-tokenization, in the Hugging Face file layout.

    python3 -m zoo.bpe            train on ../text/train.txt, write work/tokenizer*.json
"""
import heapq
import json
import unicodedata
from collections import Counter, defaultdict

from zoo import data

END_OF_TEXT = "<|endoftext|>"
VOCAB_SIZE = 1024

# What `\s` means in the regular expressions of Hugging Face tokenizers: the Unicode
# property White_Space (str.isspace differs: it also takes U+001C..U+001F).
WHITE_SPACE = frozenset(
    [chr(c) for c in (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
                      0x2028, 0x2029, 0x202F, 0x205F, 0x3000)])
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def _byte_to_unicode():
    """Printable stand-ins for the 256 bytes; the others are moved to U+0100 and up."""
    keep = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {b: chr(b) for b in keep}
    moved = (b for b in range(256) if b not in table)
    table.update({b: chr(0x100 + i) for i, b in enumerate(moved)})
    return table


BYTE_TO_UNICODE = _byte_to_unicode()
UNICODE_TO_BYTE = {c: b for b, c in BYTE_TO_UNICODE.items()}

_classes = {}


def _char_class(c):
    """'S' white space, 'L' letter, 'N' number, 'O' anything else."""
    kind = _classes.get(c)
    if kind is None:
        if c in WHITE_SPACE:
            kind = "S"
        else:
            kind = unicodedata.category(c)[0]
            kind = kind if kind in "LN" else "O"
        _classes[c] = kind
    return kind


def pretokenize(text):
    """The matches of GPT-2's pattern

    's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+
    """
    i, n = 0, len(text)
    while i < n:
        j = i
        if text[i] == "'":
            j += next((len(c) for c in CONTRACTIONS if text.startswith(c, i)), 0)
        if j == i:
            if text[i] == " " and i + 1 < n and _char_class(text[i + 1]) != "S":
                j += 1
            kind = _char_class(text[j])
            while j < n and _char_class(text[j]) == kind:
                j += 1
            # a run of white space leaves its last character to the word that follows
            if kind == "S" and j < n and j - i > 1:
                j -= 1
        yield text[i:j]
        i = j


def to_symbols(piece):
    return "".join(BYTE_TO_UNICODE[b] for b in piece.encode("utf-8"))


class Tokenizer:
    def __init__(self, vocab, merges, special=(END_OF_TEXT,)):
        self.vocab = vocab
        self.merges = merges
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.tokens = {i: t for t, i in vocab.items()}
        self.special = special
        self.eot = vocab[END_OF_TEXT]
        self._cache = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            model = json.load(f)["model"]
        merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m)
                  for m in model["merges"]]
        return cls(model["vocab"], merges)

    def _bpe(self, word):
        ids = self._cache.get(word)
        if ids is not None:
            return ids
        parts = list(word)
        while len(parts) > 1:
            rank, at = min((self.ranks.get(pair, len(self.ranks)), i)
                           for i, pair in enumerate(zip(parts, parts[1:])))
            if rank == len(self.ranks):
                break
            left, right = parts[at], parts[at + 1]
            merged, i = [], 0
            while i < len(parts):
                if i + 1 < len(parts) and parts[i] == left and parts[i + 1] == right:
                    merged.append(left + right)
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            parts = merged
        ids = [self.vocab[p] for p in parts]
        self._cache[word] = ids
        return ids

    def encode_ordinary(self, text):
        return [i for piece in pretokenize(text) for i in self._bpe(to_symbols(piece))]

    def encode(self, text):
        ids = []
        for k, part in enumerate(text.split(END_OF_TEXT)):
            if k:
                ids.append(self.eot)
            ids.extend(self.encode_ordinary(part))
        return ids

    def token_bytes(self, i):
        if i == self.eot:
            return b""
        return bytes(UNICODE_TO_BYTE[c] for c in self.tokens[i])

    def decode(self, ids):
        return b"".join(self.token_bytes(i) for i in ids).decode("utf-8", "replace")

    def tokenizer_json(self, merges_as="string"):
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                      "use_regex": True}
        return {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{
                "id": self.eot, "content": END_OF_TEXT, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True}],
            "normalizer": None,
            "pre_tokenizer": byte_level,
            "post_processor": {**byte_level, "trim_offsets": False},
            "decoder": {**byte_level, "add_prefix_space": True},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None,
                "continuing_subword_prefix": None, "end_of_word_suffix": None,
                "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": self.vocab,
                # tokenizers < 0.20 wrote "a b", later ones write ["a", "b"]
                "merges": [" ".join(m) if merges_as == "string" else list(m)
                           for m in self.merges]}}

    def tokenizer_config(self, max_length):
        return {
            "add_bos_token": False, "add_prefix_space": False,
            "added_tokens_decoder": {str(self.eot): {
                "content": END_OF_TEXT, "lstrip": False, "normalized": False, "rstrip": False,
                "single_word": False, "special": True}},
            "bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "unk_token": END_OF_TEXT,
            "clean_up_tokenization_spaces": False, "model_max_length": max_length,
            "tokenizer_class": "PreTrainedTokenizerFast"}


def train(text, vocab_size=VOCAB_SIZE):
    """Ids: 0 the special token, then the 256 bytes ordered by stand-in, then the merges.

    The most frequent pair is merged first; among equals the one of the smallest ids.
    """
    vocab = {END_OF_TEXT: 0}
    for c in sorted(BYTE_TO_UNICODE.values()):
        vocab[c] = len(vocab)
    names = {i: t for t, i in vocab.items()}
    counts = Counter(to_symbols(p) for p in pretokenize(text))
    words = [[vocab[c] for c in w] for w in counts]
    freqs = list(counts.values())

    pairs = Counter()
    where = defaultdict(set)
    for k, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += freqs[k]
            where[pair].add(k)
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    merges = []
    while len(vocab) < vocab_size and heap:
        n, pair = heapq.heappop(heap)
        if pairs[pair] != -n:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        left, right = pair
        new = len(vocab)
        names[new] = names[left] + names[right]
        vocab[names[new]] = new
        merges.append((names[left], names[right]))
        changed = set()
        for k in sorted(where.pop(pair)):
            word, out, i = words[k], [], 0
            while i < len(word):
                if i + 1 < len(word) and word[i] == left and word[i + 1] == right:
                    out.append(new)
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            for p in zip(word, word[1:]):
                pairs[p] -= freqs[k]
                changed.add(p)
            for p in zip(out, out[1:]):
                pairs[p] += freqs[k]
                where[p].add(k)
                changed.add(p)
            words[k] = out
        for p in changed:
            if pairs[p] > 0:
                heapq.heappush(heap, (-pairs[p], p))
    return Tokenizer(vocab, merges)


def load_default():
    return Tokenizer.load(data.WORK / "tokenizer.json")


def main():
    data.WORK.mkdir(exist_ok=True)
    tokenizer = train(data.read("train.txt"))
    with open(data.WORK / "tokenizer.json", "w", encoding="utf-8") as f:
        json.dump(tokenizer.tokenizer_json(), f, ensure_ascii=False, indent=1)
    with open(data.WORK / "tokenizer_config.json", "w", encoding="utf-8") as f:
        json.dump(tokenizer.tokenizer_config(256), f, indent=1)
    for name in ("train.txt", "valid.txt", "valid_small.txt"):
        text = data.read(name)
        ids = tokenizer.encode_ordinary(text)
        assert tokenizer.decode(ids) == text
        print(f"{name}: {len(ids)} tokens, {len(text.encode()) / len(ids):.3f} bytes per token")


if __name__ == "__main__":
    main()
