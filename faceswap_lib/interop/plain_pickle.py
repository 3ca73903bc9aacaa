"""Pickles that hold plain things: lists, dicts, tuples, text, bytes, numbers. Nothing here can run what they say.

A pickle is a program for a small stack machine, and a part of its instructions import and call. Python's own reader
knows them all; this one knows those that plain things need, and refuses the rest before anything is looked up. No thing
but text may stand in two places, so that what is read is a tree, no larger than its file suggests.
The instructions: Lib/pickletools.py of Python, protocols 2 to 5.
"""

import re
import struct
from collections.abc import Callable

STEPS = 1 << 23  # instructions, a run of small numbers being one; each makes a thing of some 64 bytes, or less
TEXT = 1 << 24  # bytes of one text
SMALL = re.compile(rb"(?:K[\s\S])+")  # BININT1 after BININT1, as a thumbnail is written
MARK, STOP = object(), ord(".")


def read(data: bytes) -> object:
    """What a pickle holds; ValueError: it asks for more than plain things, or is damaged, or holds too many."""
    machine = _Machine(data)
    try:
        return machine.run()
    except (IndexError, struct.error, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError("the pickle is damaged") from error


class _Machine:
    """The stack machine: data, where it reads, its stack, and texts that it has noted for later."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0
        self.stack: list = []
        self.memo: dict[int, object] = {}  # texts alone
        self.noted = 0

    def run(self) -> object:
        """Instruction after instruction, to the one that stops."""
        for _ in range(STEPS):
            code = self.data[self.at]
            if code == STOP:
                return self.result()
            self.at += 1
            do = DO.get(code)
            if not do:
                told = f"instruction {bytes([code])!r} is not carried out"
                raise ValueError(f"the pickle holds more than plain data: {told}")
            do(self)
        raise ValueError(f"the pickle has more than {STEPS} instructions")

    def result(self) -> object:
        """The one thing that is left."""
        if len(self.stack) != 1 or self.stack[0] is MARK:
            raise ValueError("the pickle is damaged: it does not end with one thing")
        return self.stack[0]

    def take(self, size: int) -> bytes:
        """The next so many bytes."""
        if size > TEXT or self.at + size > len(self.data):
            raise ValueError("the pickle is damaged: a part of it is missing")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, layout: str) -> int | float:
        """The next number, as struct calls its layout."""
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def small(self) -> None:
        """A run of numbers from 0 to 255, which Python has already."""
        run = SMALL.match(self.data, self.at - 1)
        if not run:
            raise ValueError("the pickle is damaged: a part of it is missing")
        self.at = run.end()
        self.stack.extend(run[0][1::2])

    def since_mark(self) -> list:
        """All that lies above the last mark, which goes."""
        at = len(self.stack) - 1
        while self.stack[at] is not MARK:
            at -= 1
            if at < 0:
                raise ValueError("the pickle is damaged: a mark is missing")
        things = self.stack[at + 1 :]
        del self.stack[at:]
        return things

    def note(self, number: int | None = None) -> None:
        """Keep the text on top for later, under the next number or this one; what is no text is not kept."""
        number, self.noted = self.noted if number is None else number, self.noted + 1
        if type(top := self.stack[-1]) in (str, bytes):
            self.memo[number] = top

    def again(self, number: int) -> None:
        """A text that was noted, once more."""
        if number not in self.memo:
            raise ValueError("the pickle has one list or dict in two places")
        self.stack.append(self.memo[number])

    def fill(self, things: list) -> None:
        """Put things at the end of the list on top."""
        if type(self.stack[-1]) is not list:
            raise ValueError("the pickle is damaged: a list is missing")
        self.stack[-1].extend(_checked(things))

    def enter(self, pairs: list) -> None:
        """Put keys and values into the dict on top."""
        top, keys = self.stack[-1], pairs[::2]
        if type(top) is not dict or len(pairs) % 2 or any(type(key) is not str for key in keys):
            raise ValueError("the pickle is damaged: a dict or a text as its key is missing")
        top.update(zip(keys, _checked(pairs[1::2]), strict=True))

    def tuple_of(self, things: list) -> None:
        """Put a tuple of things on the stack."""
        self.stack.append(tuple(_checked(things)))

    def last(self, count: int) -> list:
        """The topmost things, which go."""
        things = self.stack[-count:]
        del self.stack[-count:]
        return things


def _checked(things: list) -> list:
    if any(thing is MARK for thing in things):
        raise ValueError("the pickle is damaged: a mark where a value should be")
    return things


def _long(machine: _Machine) -> int:
    return int.from_bytes(machine.take(machine.number("B")), "little", signed=True)


# instruction -> what it does, in pickletools' words; those that are not here are not carried out
_NAMED: dict[bytes, Callable[[_Machine], object]] = {
    b"\x80": lambda m: m.take(1),  # PROTO
    b"\x95": lambda m: m.take(8),  # FRAME
    b"(": lambda m: m.stack.append(MARK),
    b"N": lambda m: m.stack.append(None),
    b"\x88": lambda m: m.stack.append(True),
    b"\x89": lambda m: m.stack.append(False),
    b"K": lambda m: m.small(),  # BININT1
    b"M": lambda m: m.stack.append(m.number("<H")),  # BININT2
    b"J": lambda m: m.stack.append(m.number("<i")),  # BININT
    b"\x8a": lambda m: m.stack.append(_long(m)),  # LONG1
    b"G": lambda m: m.stack.append(m.number(">d")),  # BINFLOAT
    b"\x8c": lambda m: m.stack.append(m.take(m.number("B")).decode()),  # SHORT_BINUNICODE
    b"X": lambda m: m.stack.append(m.take(m.number("<I")).decode()),  # BINUNICODE
    b"C": lambda m: m.stack.append(m.take(m.number("B"))),  # SHORT_BINBYTES
    b"B": lambda m: m.stack.append(m.take(m.number("<I"))),  # BINBYTES
    b"]": lambda m: m.stack.append([]),
    b"}": lambda m: m.stack.append({}),
    b")": lambda m: m.stack.append(()),
    b"a": lambda m: m.fill(m.last(1)),  # APPEND
    b"e": lambda m: m.fill(m.since_mark()),  # APPENDS
    b"s": lambda m: m.enter(m.last(2)),  # SETITEM
    b"u": lambda m: m.enter(m.since_mark()),  # SETITEMS
    b"t": lambda m: m.tuple_of(m.since_mark()),  # TUPLE
    b"\x85": lambda m: m.tuple_of(m.last(1)),  # TUPLE1
    b"\x86": lambda m: m.tuple_of(m.last(2)),  # TUPLE2
    b"\x87": lambda m: m.tuple_of(m.last(3)),  # TUPLE3
    b"\x94": lambda m: m.note(),  # MEMOIZE
    b"q": lambda m: m.note(m.number("B")),  # BINPUT
    b"r": lambda m: m.note(m.number("<I")),  # LONG_BINPUT
    b"h": lambda m: m.again(m.number("B")),  # BINGET
    b"j": lambda m: m.again(m.number("<I")),  # LONG_BINGET
}
DO = {code[0]: do for code, do in _NAMED.items()}
