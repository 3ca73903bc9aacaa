"""deepfakes/faceswap's face pictures: PNGs that say themselves which face of which frame they are.

It stands in a text chunk (iTXt, keyword "faceswap") as a Python literal, which is read as such and never evaluated.
Its format: lib/image.py of deepfakes/faceswap.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from faceswap_lib import UserError, strangers
from faceswap_lib.interop import alignments
from faceswap_lib.interop.alignments import FRAME, Face

TEXT = 1 << 18  # bytes of the text; one with a mask and a likeness has some 20,000
KEYWORD = b"faceswap\x00\x00\x00\x00\x00"  # and: not compressed, no language, not translated


def read(folder: str | Path) -> list[Face]:
    """The faces whose pictures lie in a folder, in frame order; UserError: no folder, none in it, or one damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give the one with Faceswap's face pictures.")
    found = []
    for path in sorted(folder.glob("*.png")):
        try:
            found.append(_face(path))
        except (OSError, ValueError) as error:
            told = error.strerror if isinstance(error, OSError) else strangers.why(error)
            raise UserError(f"{path} is no face picture of Faceswap's ({told}); take it away.") from error
        if len(found) > alignments.MOST:
            raise UserError(f"{folder} holds more than {alignments.MOST} pictures; cut the video into parts.")
    if not found:
        raise UserError(f"{folder} holds no PNG; give the folder with Faceswap's face pictures.")
    return sorted(found, key=lambda face: face.frame)


def told(path: Path) -> dict:
    """What a face picture says of itself, in Faceswap's own words; ValueError: nothing, too much, or no literal."""
    data, _, _ = strangers.picture(path)
    text = next((body[len(KEYWORD) :] for body in _texts(data) if body.startswith(KEYWORD)), None)
    if text is None:
        raise ValueError("it does not say which face it shows")
    if len(text) > TEXT:
        raise ValueError(f"its text has {len(text)} bytes")
    try:
        found = ast.literal_eval(text.decode())
    except (SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise ValueError("its text is no plain data") from error
    if not isinstance(found, dict):
        raise ValueError("its text is of another kind")
    return found


def _face(path: Path) -> Face:
    about = told(path)
    source, face = about.get("source"), about.get("alignments")
    name = source.get("source_filename") if isinstance(source, dict) else None
    known = FRAME.fullmatch(name) if isinstance(name, str) else None
    if not known or not int(known["number"]) or not isinstance(face, dict):
        raise ValueError("it does not say of which frame of a video it is")
    return alignments.face(int(known["number"]) - 1, face)


def _texts(png: bytes) -> Iterator[bytes]:
    """The bodies of a PNG's iTXt chunks before its pixels."""
    at = 8
    while at + 12 <= len(png) and (kind := png[at + 4 : at + 8]) not in (b"IDAT", b"IEND"):
        size = int.from_bytes(png[at : at + 4], "big")
        if kind == b"iTXt":
            yield png[at + 8 : at + 8 + size]
        at += 12 + size
