"""Pickles that hold plain things: lists, dicts, tuples, text, bytes, numbers. Nothing here can run what they say.

A pickle is a program for a small stack machine, and a part of its instructions import and call. Python's own reader
knows them all; this one knows those that plain things need, and refuses the rest before anything is looked up. No thing
but text may stand in two places, so that what is read is a tree, no larger than its file suggests.
The instructions: Lib/pickletools.py of Python, protocols 2 to 5.
"""

import struct
from collections.abc import Callable

OBJECTS = 1 << 23  # lists, tuples, texts, floats; 64 bytes each, about, and twice as much for what a dict holds
TEXT = 1 << 24  # bytes of one text
MARK = object()


def loads(data: bytes) -> object:
    """What a pickle holds; ValueError: it asks for more than plain things, or is damaged, or holds too many."""
    machine = _Machine(data)
    try:
        return machine.run()
    except (IndexError, struct.error, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError("the pickle is damaged") from error


class _Machine:
    """The stack machine: data, where it reads, its stack, what it has noted for later, and objects left to make."""

    def __init__(self, data: bytes):
        self.data, self.at, self.left = data, 0, OBJECTS
        self.stack: list = []
        self.memo: dict[int, object] = {}  # texts alone
        self.noted = 0

    def run(self) -> object:
        """Instruction after instruction, to the one that stops."""
        while (code := self.data[self.at]) != ord("."):
            self.at += 1
            do = DO.get(code)
            if not do:
                raise ValueError(
                    f"the pickle holds more than plain data: instruction {bytes([code])!r} is not carried out"
                )
            do(self)
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

    def put(self, thing: object) -> None:
        """Onto the stack, and counted."""
        self.count(1)
        self.stack.append(thing)

    def count(self, objects: int) -> None:
        """Take so many from what may still be made."""
        self.left -= objects
        if self.left < 0:
            raise ValueError(f"the pickle holds more than {OBJECTS} objects")

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
            self.count(1)
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
        self.count(len(pairs))
        top.update(zip(keys, _checked(pairs[1::2]), strict=True))

    def tuple_of(self, things: list) -> None:
        """Put a tuple of things on the stack."""
        self.put(tuple(_checked(things)))

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
    b"N": lambda m: m.put(None),
    b"\x88": lambda m: m.put(True),
    b"\x89": lambda m: m.put(False),
    b"K": lambda m: m.stack.append(m.take(1)[0]),  # BININT1: Python has these numbers already
    b"M": lambda m: m.put(m.number("<H")),  # BININT2
    b"J": lambda m: m.put(m.number("<i")),  # BININT
    b"\x8a": lambda m: m.put(_long(m)),  # LONG1
    b"G": lambda m: m.put(m.number(">d")),  # BINFLOAT
    b"\x8c": lambda m: m.put(m.take(m.number("B")).decode()),  # SHORT_BINUNICODE
    b"X": lambda m: m.put(m.take(m.number("<I")).decode()),  # BINUNICODE
    b"C": lambda m: m.put(m.take(m.number("B"))),  # SHORT_BINBYTES
    b"B": lambda m: m.put(m.take(m.number("<I"))),  # BINBYTES
    b"]": lambda m: m.put([]),
    b"}": lambda m: m.put({}),
    b")": lambda m: m.put(()),
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
