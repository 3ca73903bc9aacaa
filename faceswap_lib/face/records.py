"""faces.json: what a faceset says of its faces, a line to a face, read and written a line at a time.

An hour of video is a hundred thousand faces. The last line has a checksum of all before it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, PlainSerializer, StringConstraints

from faceswap_lib import files, strangers

SCHEMA = 2  # in lines, with a checksum; 1 was neither
MOST = 1 << 31  # bytes of faces.json
LINE = 1 << 20  # bytes of one line of it
EYES = (33, 263)  # the outer corners, which nobody has in one place

T = TypeVar("T")
Number = Annotated[float, Field(ge=-1e9, le=1e9)]  # far beyond any pixel; their squares are numbers still
Side = Annotated[int, Field(ge=1, le=1 << 16)]
Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Words = Annotated[str, StringConstraints(max_length=1000)]
Picture = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^/\\.\x00-\x1f][^/\\\x00-\x1f]*$")]  # no path
Many = Annotated[list[T], FailFast()]  # a million errors would take more memory than a million faces
Four, Three = (Annotated[Many[Number], Field(min_length=n, max_length=n)] for n in (4, 3))
Two, All = (Annotated[Many[Number], Field(min_length=n, max_length=n)] for n in (2, 478))
# Arrays take a seventh of the memory of Python's own lists of numbers.
Array, Listed = AfterValidator(np.array), PlainSerializer(np.ndarray.tolist)
Points = Annotated[Many[Two], Field(min_length=478, max_length=478), Array, Listed]
Depths = Annotated[All, Array, Listed]


class OtherVersion(ValueError):
    """A faces.json of a version that this kit does not read."""

    def __init__(self, version: object):
        super().__init__(f"version {strangers.printable(repr(version))[:20]}, and this kit reads {SCHEMA} and 1")


class Source(BaseModel):
    """The video a faceset was taken from."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: Words
    sha256: Hash
    width: Side
    height: Side
    fps: Annotated[float, Field(gt=0, le=1e6)]
    frames: Annotated[int, Field(ge=1, le=10**8)]


class Record(BaseModel):
    """One face: where it was, how it lies, how good it is. Points are pixels of the source frame."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    frame: Annotated[int, Field(ge=0)]
    box: Four
    landmarks: Points
    depth: Depths
    transform: Annotated[Many[Three], Field(min_length=2, max_length=2)]
    blur: Number
    pose: Three
    score: Number
    person: Annotated[int, Field(ge=-1, le=10**6)]
    file: Picture | None
    left_out: Words | None = None


class Contents(BaseModel):
    """All of `faces.json`."""

    model_config = ConfigDict(extra="forbid")
    schema_version: int
    source: Source
    person: int
    crop: Annotated[int, Field(ge=16, le=2048)]
    made_by: dict
    faces: Many[Record]


def read(path: Path) -> Contents:
    """What a faces.json of this version or of the one before says; ValueError where it is damaged or another file."""
    if path.stat().st_size > MOST:
        raise ValueError(f"it has {path.stat().st_size / 1e6:.0f} MB, more than {MOST / 1e6:.0f}")
    with path.open("rb") as file:
        first = file.readline(LINE)
        if not first.endswith(b"[\n"):
            return _first_version(path)
        head, faces, digest = _parsed(first + b"]}"), [], hashlib.sha256(first)
        while not (line := file.readline(LINE)).startswith(b"]"):
            if not line:
                raise ValueError("its end is missing")
            digest.update(line)
            faces.append(Record.model_validate(_parsed(line.rstrip(b",\n"))))
        if line + file.read(LINE) != _last(digest):
            raise ValueError("it is not as it was written")
    if head.get("schema_version") != SCHEMA or head.get("faces") != []:
        raise OtherVersion(head.get("schema_version"))
    contents = Contents.model_validate(head)
    contents.faces = faces
    return contents


def lines(head: dict, faces: Iterable[bytes]) -> Iterator[bytes]:
    """faces.json line by line: all but the faces, a line for each face (JSON as `Record` gives it), the checksum."""
    digest = hashlib.sha256()
    for line in _without_checksum(head, iter(faces)):
        digest.update(line)
        yield line
    yield _last(digest)


def _without_checksum(head: dict, faces: Iterator[bytes]) -> Iterator[bytes]:
    rest = {key: value for key, value in head.items() if key not in ("faces", files.SEAL)}
    yield json.dumps(rest)[:-1].encode() + b', "faces": [\n'
    face = next(faces, None)
    while face is not None:
        following = next(faces, None)
        yield face + (b"\n" if following is None else b",\n")
        face = following


def _last(digest: object) -> bytes:
    return b'], "%s": "%s"}\n' % (files.SEAL.encode(), digest.hexdigest()[:16].encode())


def _first_version(path: Path) -> Contents:
    raw = strangers.parsed(path, MOST)
    if not isinstance(raw, dict) or raw.get("schema_version") != 1:
        raise OtherVersion(raw.get("schema_version")) if isinstance(raw, dict) else ValueError("it is no faceset's")
    return Contents.model_validate(raw)


def _parsed(line: bytes) -> dict:
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
