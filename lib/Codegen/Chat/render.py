# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds what a chat template writes round the texts of a conversation.

Reads {"template": text, "tokens": {"bos_token": text, ...}} from standard input and prints {"turns": {...}} or
{"refused": why}. The template is rendered as Hugging Face's library does it, but with texts of which nothing is known: each
is a slot that can be put into other text and stripped, and nothing else. So what is found holds for every text that is not
blank, and a template that looks into a text, at the date or at the number of turns is refused by what it does.
"""
import json
import random
import resource
import signal
import sys
from itertools import groupby
from typing import NamedTuple

try:
    from jinja2 import TemplateSyntaxError, nodes
    from jinja2.ext import Extension
    from jinja2.nativetypes import NativeCodeGenerator
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError:
    print(json.dumps({"missing": "jinja2"}))
    sys.exit(0)

SECONDS = 3
MEMORY = 1 << 30
LONGEST = 1 << 16
LEAK = "\ufdd0"  # what a text is to C code that asks no method: no character, so it is in no other text
FIRST_SLOT = 0x100000  # slots as characters of a private plane


class Refused(Exception):
    """The template does what cannot be compiled."""


class Raised(Exception):
    """The template's own words about a conversation that it does not take."""


class Slot(NamedTuple):
    """The text of one message; white space is cut off at its start or end."""

    role: str
    turn: int
    start: bool = False
    end: bool = False


class Text(str):
    """Literal text and slots in a row."""

    def __new__(cls, parts):
        merged = []
        for literal, run in groupby(parts, lambda part: isinstance(part, str)):
            merged += [text for text in ["".join(run)] if text] if literal else run
        if not any(isinstance(part, Slot) for part in merged):
            return "".join(merged)
        text = super().__new__(cls, LEAK)
        text._parts = merged
        return text

    def __add__(self, other):
        return Text(self._parts + parts_of(other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other):
        return Text(parts_of(other) + self._parts) if isinstance(other, str) else NotImplemented

    def strip(self, chars=None):
        return self.lstrip(chars).rstrip(chars)

    def lstrip(self, chars=None):
        return Text(cut(list(self._parts), chars, 0))

    def rstrip(self, chars=None):
        return Text(cut(list(self._parts), chars, -1))

    def __bool__(self):
        return True

    def __eq__(self, other):
        if self is other:
            return True
        if isinstance(other, Text):
            raise Refused("compares the texts of messages")
        if isinstance(other, str) and other.strip():
            raise Refused(f"compares a message's text with {other!r}")
        return False

    def __ne__(self, other):
        return not self == other

    def __contains__(self, part):
        raise Refused(f"looks for {part!r} in a message's text")

    def __iter__(self):
        raise Refused("goes through the characters of a message's text")
        yield  # so that only iterating is refused, and not the question whether one could

    def __str__(self):
        raise Refused("makes other text of a message's text")

    __repr__ = __str__


def trap(name):
    def refuse(self, *arguments, **named):
        shown = ", ".join(repr(argument) for argument in arguments if isinstance(argument, (str, int)))
        raise Refused(f"calls {name.strip('_')}({shown}) on a message's text")

    return refuse


OBJECT = {*dir(object), "__getnewargs__"} - {"__format__", "__hash__", "__ge__", "__gt__", "__le__", "__lt__"}
for attribute in set(dir(str)) - OBJECT - set(vars(Text)):
    setattr(Text, attribute, trap(attribute))


def parts_of(value):
    return value._parts if isinstance(value, Text) else [str(value)]


def concat(values):
    """What the pieces of a template's output are together."""
    text = Text([part for value in values for part in parts_of(value)])
    if sum(len(part) for part in parts_of(text)) > LONGEST:
        raise Refused(f"writes more than {LONGEST} characters round the texts")
    return text


def cut(parts, chars, at):
    """Strips the first (at 0) or last (-1) of `parts`; a text is not blank, so stripping ends at a slot."""
    while True:
        part = parts[at]
        if isinstance(part, Slot):
            if chars is not None:
                raise Refused(f"strips {chars!r} from a message's text")
            parts[at] = part._replace(end=True) if at else part._replace(start=True)
            return parts
        parts[at] = part.rstrip(chars) if at else part.lstrip(chars)
        if parts[at]:
            return parts
        del parts[at]


class Generator(NativeCodeGenerator):
    """Code that joins output by `concat`."""

    def visit_Concat(self, node, frame):
        self.write("environment.concat((")
        for argument in node.nodes:
            self.visit(argument, frame)
            self.write(", ")
        self.write("))")


class Generation(Extension):
    """{% generation %}, which marks the assistant's texts for training."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_keep"), [], [], body).set_lineno(line)

    def _keep(self, caller):
        return caller()


class Symbolic(ImmutableSandboxedEnvironment):
    code_generator_class = Generator
    concat = staticmethod(concat)


def holds_text(value):
    if isinstance(value, dict):
        return any(map(holds_text, value.values()))
    return any(map(holds_text, value)) if isinstance(value, (list, tuple)) else isinstance(value, Text)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    if holds_text(value):
        raise Refused("writes a message as JSON")
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise Raised(message)


def strftime_now(form):
    raise Refused(f"asks for the date by strftime_now({form!r}); put a fixed date into a copy of it")


def make_template(environment, source):
    """As transformers makes its environment."""
    made = environment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"])
    made.filters["tojson"] = tojson
    made.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    return made.from_string(source)


class Chat:
    """A template that writes conversations of `user`, `assistant`, ..., `user`, with or without `system`."""

    def __init__(self, source, tokens):
        self.symbolic = make_template(Symbolic, source)
        self.exact = make_template(ImmutableSandboxedEnvironment, source)
        self.tokens = tokens
        self.slots = {}

    def render(self, template, messages):
        messages = [{"role": role, "content": content} for role, content in messages]
        return template.render(messages=messages, tools=None, documents=None, add_generation_prompt=True, **self.tokens)

    def write(self, turns, system=False):
        """A conversation as text in which each slot is a character."""
        slots = [Slot("system", 0)] * system
        for turn in range(turns):
            slots += [Slot("assistant", turn - 1)] * (turn > 0) + [Slot("user", turn)]
        parts = parts_of(self.render(self.symbolic, [(slot.role, Text([slot])) for slot in slots]))
        text = "".join(part if isinstance(part, str) else "" for part in parts)
        if LEAK in text or any(ord(character) >= FIRST_SLOT for character in text):
            raise Refused("hands a message's text to a function that is not known here")
        return "".join(part if isinstance(part, str) else self.character(part) for part in parts)

    def character(self, slot):
        return self.slots.setdefault(slot, chr(FIRST_SLOT + len(self.slots)))

    def slots_of(self, text):
        characters = {character: slot for slot, character in self.slots.items()}
        return [characters[character] for character in text if character in characters]

    def moved(self, text, turns):
        """`text` of a conversation that is `turns` turns later."""
        for slot in self.slots_of(text):
            later = slot._replace(turn=slot.turn + turns)
            text = text.replace(self.character(slot), self.character(later))
        return text

    def parts(self, text):
        characters = {character: slot for slot, character in self.slots.items()}
        return parts_of(Text([characters.get(character, character) for character in text]))


def shown(text):
    """An excerpt for a message."""
    text = "".join(character if ord(character) < FIRST_SLOT else "{text}" for character in text[:40])
    return repr(text)


def differing(found, expected):
    """Where two texts part, as words."""
    at = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), min(len(found), len(expected)))
    return f"{shown(found[max(0, at - 8):])} where {shown(expected[max(0, at - 8):])} is expected"


def expect_slots(chat, what, text, roles):
    """Each text of a turn once and in this order."""
    found = [slot.role for slot in chat.slots_of(text)]
    if found != roles:
        said = " and ".join(found) or "no text"
        raise Refused(f"writes {said} into {what}, where {' and '.join(roles)} is expected")


def split_second(chat, first, second):
    """What stands before a reply and what between it and the next question's answer."""
    if not second.startswith(first):
        raise Refused(f"changes the first turn when the second one comes: {differing(second, first)}")
    rest = second[len(first):]
    replies = [slot for slot in chat.slots_of(rest) if slot.role == "assistant"]
    if len(replies) != 1:
        raise Refused(f"writes the assistant's text {len(replies)} times into the second turn")
    lead, following = rest.split(chat.character(replies[0]))
    if lead.strip():
        raise Refused(f"writes {shown(lead)} before the assistant's text, but does not ask for it by the generation prompt")
    return lead + chat.character(replies[0]), following


def expect_turns(chat, first, reply, following, system):
    """Every later turn is made as the second one."""
    expected = first
    for turns in range(2, 5):
        expected += chat.moved(reply + following, turns - 2)
        found = chat.write(turns, system)
        if found != expected:
            others = "without one" if system else "turn 2"
            where = f"turn {turns} behind a system text" if system else f"turn {turns}"
            raise Refused(f"writes {where} otherwise than {others}: {differing(found, expected)}")


def find_system(chat, reply, following):
    """The first turn with a system text."""
    text = chat.write(1, system=True)
    if "system" not in [slot.role for slot in chat.slots_of(text)]:
        raise Refused("drops the system text")
    expect_slots(chat, "the first turn with a system text", text, ["system", "user"])
    expect_turns(chat, text, reply, following, system=True)
    return text


WORDS = ["Hello", " two  words ", "\nline\n", "<b>&'\"\\", "{{ x }}{% y %}", "\u00a0\u4f60\u597d\u3000", "None", "0", "\ttab\r\n", "\u00e9\U0001f600"]


def compose(chat, first, reply, following, texts):
    """A conversation from its pieces, its texts by role and turn."""
    turns = sum(role == "user" for role, turn in texts)
    whole = first + "".join(chat.moved(reply + following, turn) for turn in range(turns - 1))
    result = ""
    for part in chat.parts(whole):
        if isinstance(part, Slot):
            text = texts[part.role, part.turn]
            text = text.lstrip() if part.start else text
            part = text.rstrip() if part.end else text
        result += part
    return result


def check_composed(chat, first, reply, following, system):
    """Random conversations come out of the pieces as they come out of the template."""
    choose = random.Random(1)
    for trial in range(24):
        texts = {("system", 0): choose.choice(WORDS) + choose.choice(WORDS)} if system else {}
        for turn in range(trial % 3 + 1):
            if turn:
                texts["assistant", turn - 1] = choose.choice(WORDS)
            texts["user", turn] = choose.choice(WORDS) + choose.choice(WORDS)
        found = chat.render(chat.exact, [(role, text) for (role, turn), text in texts.items()])
        composed = compose(chat, first, reply, following, texts)
        if found != composed:
            raise Refused(f"writes some texts otherwise than others: {differing(found, composed)}")


def turns_of(chat):
    first = chat.write(1)
    expect_slots(chat, "the first turn", first, ["user"])
    reply, following = split_second(chat, first, chat.write(2))
    expect_slots(chat, "the second turn", following, ["user"])
    expect_turns(chat, first, reply, following, system=False)
    check_composed(chat, first, reply, following, system=False)
    found = {"first": first, "next": following}
    why = None
    try:
        found["system"] = find_system(chat, reply, following)
        check_composed(chat, found["system"], reply, following, system=True)
    except (Refused, Raised) as refusal:
        found.pop("system", None)
        why = words(refusal)
    turns = {name: [part if isinstance(part, str) else part._asdict() for part in chat.parts(text)] for name, text in found.items()}
    return {"turns": turns, "no_system": why}


def words(refusal):
    """What to say of an exception, with the line of the template where it is known."""
    line, trace = getattr(refusal, "lineno", None), refusal.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            line = trace.tb_lineno
        trace = trace.tb_next
    place = f"line {line}: " if line else ""
    if isinstance(refusal, Refused):
        return f"{place}the template {refusal}"
    if isinstance(refusal, Raised):
        return f"{place}the template refuses with '{refusal}'"
    if isinstance(refusal, MemoryError):
        return f"the template takes more than {MEMORY >> 20} MiB of memory"
    if isinstance(refusal, TemplateSyntaxError):
        return place + refusal.message
    return f"{place}{type(refusal).__name__}: {refusal}"


def on_time(signal_number, frame):
    raise Refused(f"takes longer than {SECONDS} s")


def main():
    request = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 2))  # for one long operation, which no signal ends
    signal.signal(signal.SIGPROF, on_time)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        answer = turns_of(Chat(request["template"], request["tokens"]))
    except Exception as refusal:  # whatever a template does is its own fault
        answer = {"refused": " ".join(words(refusal).split())}
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
