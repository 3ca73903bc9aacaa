"""deepfakes/faceswap's alignments file (.fsa, version 2.4): which face is where in which frame, with 68 landmarks.

It is a compressed pickle. Written here by Python's own means; read by plain_pickle, which runs nothing. Frames are
counted from 0 here and from 1 there. Its format: lib/align/alignments.py and objects.py of deepfakes/faceswap.
"""

import pickle
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from faceswap_lib import UserError, files, strangers
from faceswap_lib.face.anatomy import IBUG
from faceswap_lib.face.records import Many, Two
from faceswap_lib.interop import plain_pickle

VERSION = 2.4
SUFFIX = "_alignments.fsa"  # after a video's name without its ending: where Faceswap looks for it
FILE, UNPACKED = 50_000_000, 50_000_000  # bytes of a file, and of what is in it
MOST = 15_000  # faces: ten minutes of video; where Faceswap has put its thumbnails in, 5 000
FRAME = re.compile(r"(?P<stem>.+)_(?P<number>[0-9]{6,9})\.\w{1,5}")
Whole = Annotated[int, Field(strict=True, ge=-(10**6), le=10**6)]


class _Face(BaseModel):
    """A face as an alignments file or a face picture has it; masks and likenesses are passed over."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    x: Whole
    y: Whole
    w: Whole
    h: Whole
    landmarks_xy: Annotated[Many[Two], Field(min_length=68, max_length=68)]


FACES = TypeAdapter(Many[_Face])


@dataclass(frozen=True, eq=False)
class Face:
    """A face: frame from 0; box x y w h, whole pixels; landmarks float32 (68, 2), iBUG's order, pixels of the frame."""

    frame: int
    box: tuple[int, int, int, int]
    landmarks: np.ndarray

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Face) and self.known == other.known

    @property
    def known(self) -> tuple:
        """All of it, comparable."""
        return self.frame, self.box, self.landmarks.tolist()

    @property
    def extent(self) -> np.ndarray:
        """The box x y w h around the landmarks: the same for a face whoever has drawn its own box."""
        low, high = self.landmarks.min(0), self.landmarks.max(0)
        return np.r_[low, high - low]


@dataclass
class Alignments:
    """What a file holds: of a video, by its name without its ending, so many frames, and faces in frame order."""

    stem: str
    frames: int
    faces: list[Face]


def from_mesh(landmarks: np.ndarray) -> np.ndarray:
    """The 68 points (68, 2) float32 of a face's 478 (478, 2)."""
    return np.asarray(landmarks)[IBUG].astype("f4")


def face(frame: int, told: dict) -> Face:
    """A face out of its dict; ValueError where it is none."""
    return _made(frame, _Face.model_validate(told))


def write(path: Path, video: str, frames: int, faces: Iterable[Face]) -> Path:
    """Write the alignments file of a video, by its name with its ending; complete or not at all."""
    name, by_frame = Path(video), {}
    for one in faces:
        by_frame.setdefault(one.frame, []).append(_told(one))
    data = {
        f"{name.stem}_{i + 1:06d}{name.suffix}": {"faces": by_frame.get(i, []), "video_meta": {}} for i in range(frames)
    }
    whole = {"__meta__": {"version": VERSION}, "__data__": data}
    with files.whole(path) as part:
        part.write_bytes(zlib.compress(pickle.dumps(whole, protocol=4)))
    return path


def read(path: str | Path) -> Alignments:
    """What an alignments file holds; UserError: there is none, it is too large, damaged, or holds other than data."""
    path = files.check_name(path)
    try:
        return _read(_unpacked(path))
    except (OSError, ValueError, zlib.error) as error:
        told = error.strerror if isinstance(error, OSError) else strangers.why(error)
        raise UserError(f"{path} cannot be read as Faceswap's alignments ({told}); nothing of it was used.") from error


def _unpacked(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError("it is no file" if path.exists() else "it is not there")
    if (size := path.stat().st_size) > FILE:
        raise ValueError(f"it has {size / 1e6:.0f} MB, more than {FILE / 1e6:.0f}")
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(path.read_bytes(), UNPACKED)
    if unpacker.unconsumed_tail:
        raise ValueError(f"unpacked it has more than {UNPACKED / 1e6:.0f} MB")
    if not unpacker.eof:
        raise ValueError("its end is missing")
    return data


def _read(data: bytes) -> Alignments:
    whole = plain_pickle.read(data)
    if not isinstance(whole, dict) or not isinstance(entries := whole.get("__data__"), dict) or not entries:
        raise ValueError("it holds no frames")
    found, stems, last = [], set(), -1
    for name, entry in entries.items():
        if not (known := FRAME.fullmatch(name)) or not int(known["number"]):
            raise ValueError(f"{name[:40]!r} is no frame of a video; pictures of a folder are not read here")
        frame = int(known["number"]) - 1
        stems.add(known["stem"])
        last = max(last, frame)
        faces = FACES.validate_python(entry.get("faces") if isinstance(entry, dict) else entry)
        found += [_made(frame, one) for one in faces]
        if len(found) > MOST:
            raise ValueError(f"it has more than {MOST} faces")
    if len(stems) > 1:
        raise ValueError("it holds frames of several videos")
    return Alignments(stems.pop(), last + 1, sorted(found, key=lambda one: one.frame))


def _made(frame: int, told: _Face) -> Face:
    return Face(frame, (told.x, told.y, told.w, told.h), np.array(told.landmarks_xy, "f4"))


def _told(one: Face) -> dict:
    x, y, w, h = map(int, one.box)
    points = [[float(px), float(py)] for px, py in np.asarray(one.landmarks, "f4")]
    return {"x": x, "y": y, "w": w, "h": h, "landmarks_xy": points, "mask": {}, "identity": {}, "thumb": None}
