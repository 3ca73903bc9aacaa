"""Pickles out of strangers' hands: plain things are read as Python's own reader does, nothing that is said is run."""

import io
import os
import pickle
import pickletools
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap_lib.interop import plain_pickle

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**2000), 2**2000) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@settings(max_examples=60, deadline=None)
@given(plain, st.sampled_from([3, 4, 5]))
def test_plain_things_are_read_as_python_reads_them(thing, protocol):
    assert plain_pickle.read(pickle.dumps(thing, protocol)) == thing


class Calls:
    """What a pickle calls when Python's own reader reads it."""

    def __init__(self, function, *given):
        self.what = function, given

    def __reduce__(self):
        return self.what


class Filled:
    """An object of a class of its own."""

    def __init__(self):
        self.x = 1


def bombs(note) -> dict[str, bytes]:
    """Pickles that do harm; each would make the file `note` if it ran."""
    shell, code = f"touch {note}", f"open({str(note)!r}, 'w')"
    return {
        "os.system": pickle.dumps(Calls(os.system, shell)),
        "os.system, old": pickle.dumps(Calls(os.system, shell), 0),
        "builtins.eval": pickle.dumps(Calls(eval, code)),
        "in the middle": pickle.dumps({"__data__": {"a_000001.mp4": {"faces": [Calls(exec, code)]}}}),
        "by hand": b"cos\nsystem\n(S'" + shell.encode() + b"'\ntR.",
        "stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + bytes([len(shell)]) + shell.encode() + b"\x85R.",
        "inst": b"(S'" + shell.encode() + b"'\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nS'" + shell.encode() + b"'\no.",
        "newobj": pickle.dumps(Filled()),
        "extension": b"\x80\x02\x82\x01.",
        "persistent": b"\x80\x04\x8c\x01aQ.",
        "set": pickle.dumps({1, 2}),
        "bytearray of 2^62 bytes": b"\x80\x05\x96" + (2**62).to_bytes(8, "little") + b".",
        "text of 2^62 bytes": b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b".",
        "text of 2^31 bytes": b"\x80\x04X\xff\xff\xff\x7f.",
        "memo far out": b"\x80\x04]r\xff\xff\xff\xff0.",
        "memo that nobody wrote": b"\x80\x04h\x07.",
        "list in itself": b"\x80\x04]\x94h\x00a.",
        "doubling": b"\x80\x04]\x94" + b"".join(b"]\x94(h%ch%ce" % (i, i) for i in range(60)) + b".",
        "mark in a list": b"\x80\x04](ae.",
        "mark at the end": b"\x80\x04(.",
        "two things": b"\x80\x04NN.",
        "no end": b"\x80\x04" + b"]" * 1000,
        "too little": b"\x80\x04G\x00\x00.",
        "key that is a list": b"\x80\x04}]Ns.",
        "key that is a number": pickle.dumps({1: 2}),
        "odd dict": b"\x80\x04}(Nu.",
        "into a number": b"\x80\x04K\x01Na.",
        "empty": b"",
        "digits without end": b"I" + b"9" * 100_000 + b"\n.",
    }


@pytest.mark.parametrize("name", bombs(""))
def test_what_acts_is_refused_and_nothing_is_run(name, tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        plain_pickle.read(bombs(tmp_path / "note")[name])
    assert not (tmp_path / "note").exists()


class Unguarded(pickle.Unpickler):
    """Python's own reader, which calls what it is told; here only what the bombs above are made of."""

    def find_class(self, module, name):
        assert name in ("system", "eval"), f"{module}.{name} is none of ours"
        return super().find_class(module, name)


def test_the_bombs_are_live(tmp_path):
    for name in ("os.system", "builtins.eval", "by hand", "stack global", "inst", "obj"):
        note = tmp_path / name.replace(" ", "_")
        Unguarded(io.BytesIO(bombs(note)[name])).load()
        assert note.exists(), name


PIECES = [b"]", b"]\x94", b"}", b"(", b"\x8c\x01a\x94", b"h\x00", b"\x94", b"))\x86", b"G\0\0\0\0\0\0\0\0", b"]K\x00"]


@pytest.mark.parametrize("piece", PIECES)
def test_many_small_things_stay_in_bounds(piece, monkeypatch):
    monkeypatch.setattr(plain_pickle, "STEPS", 20_000)
    data = b"\x80\x04\x8c\x01a\x94" + piece * 20_000 + b"."
    tracemalloc.start()
    with pytest.raises(ValueError, match="pickle"):
        plain_pickle.read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 110 * 20_000, "bytes for each instruction: 0.9 GB at the most"


def test_a_run_of_small_numbers_is_one_instruction(monkeypatch):
    monkeypatch.setattr(plain_pickle, "STEPS", 60)
    thumb = [*range(256)] * 8 + [75] * 50
    assert plain_pickle.read(pickle.dumps({"thumb": thumb})) == {"thumb": thumb}
    with pytest.raises(ValueError, match="part of it is missing"):
        plain_pickle.read(b"\x80\x04K")


def test_nested_deeper_than_python_can_call():
    deep = plain_pickle.read(b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".")
    for _ in range(99_999):
        (deep,) = deep
    assert deep == []


def test_its_instructions_are_pythons():
    known = {code.code.encode("latin-1"): code.name for code in pickletools.opcodes}
    acting = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "PERSID", "BINPERSID"}
    acting |= {"EXT1", "EXT2", "EXT4", "BYTEARRAY8", "NEXT_BUFFER", "READONLY_BUFFER"}
    mine = {known[bytes([code])] for code in plain_pickle.DO}
    assert acting <= set(known.values()) and not mine & acting
