"""Files that a stranger may have made: read only when their size is known, and only within their own folder."""

import ast
import json
import struct
from pathlib import Path

from pydantic import ValidationError

PIXELS = 1 << 26  # of a picture or frame: 8192 × 8192; a small file can say of itself that it is larger than all memory
PICTURE = 1 << 28  # bytes of its file
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's markers that a picture's size follows


def parsed(path: Path, most: int) -> object:
    """What a JSON file of at most so many bytes holds; ValueError: too large, too deeply nested, no JSON."""
    if not path.is_file():
        raise ValueError("it is no file")
    if path.stat().st_size > most:
        raise ValueError(f"it has {path.stat().st_size / 1e6:.0f} MB, more than {most / 1e6:.0f}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def why(error: Exception) -> str:
    """What is wrong with a file, in a few words that are fit for a terminal, whatever is written in the file."""
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        told = f"{'.'.join(map(str, first['loc']))[:60]}: {first['msg']}"
    return printable(told)[:160]


def printable(text: str) -> str:
    """A text without what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def leads_out(path: Path) -> bool:
    """Whether a file lies, once all links are followed, elsewhere than in the folder it is named in."""
    return path.resolve().parent != path.parent.resolve()


def picture(path: Path) -> tuple[bytes, int, int]:
    """A PNG or JPEG file's bytes, width and height, undecoded; ValueError says why it should not be decoded."""
    if leads_out(path):
        raise ValueError("it is a link to another folder")
    if not path.is_file():  # a pipe, for one, that would be waited for
        raise ValueError("it is no file" if path.exists() else "it is not there")
    if path.stat().st_size > PICTURE:
        raise ValueError(f"it has {path.stat().st_size / 1e6:.0f} MB")
    data = path.read_bytes()
    width, height = _size(data)
    if not 0 < width * height <= PIXELS:
        raise ValueError(f"it has {width} × {height} pixels" if width * height else "it is no PNG or JPEG")
    return data, width, height


def other_kind(value: object, usual: str) -> str:
    """What a setting's value should be, as its usual value is in Python's words; "" where it is of that kind."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and -1e15 < value < 1e15
    try:
        kind = type(ast.literal_eval(usual))
    except (ValueError, SyntaxError):  # no plain value: nobody knows
        return ""
    fits, needed = {
        bool: (isinstance(value, bool), "True or False"),
        int: (number and isinstance(value, int), "a whole number"),
        float: (number, "a number"),
        type(None): (number or value is None or isinstance(value, bool), "a number, True, False or None"),
        str: (isinstance(value, str), "a text"),
    }.get(kind, (True, ""))
    return "" if fits else needed if usual == "None" else f"{needed}, as {usual}"


def _chunks_fit(data: bytes) -> bool:
    """Whether a PNG has all the bytes that its chunks say they have: OpenCV takes memory for them beforehand."""
    at = 8
    while at + 12 <= len(data) and data[at + 4 : at + 8] != b"IEND":
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return at + 12 <= len(data)


def _size(data: bytes) -> tuple[int, int]:
    """Width and height as a PNG's or JPEG's head says them; 0, 0 for anything else."""
    if data[:16] == b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" and _chunks_fit(data):
        return struct.unpack(">II", data[16:24])
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in FRAMES:
            return struct.unpack(">HH", data[at + 5 : at + 9])[::-1]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0
