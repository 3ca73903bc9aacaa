"""A person's faces on disk: one aligned picture per face and `faces.json`. Plain JSON and images, never pickle.

Deleting a picture leaves that face out of training; its landmarks stay in `faces.json`, for conversion. by_hand.py
puts it aside into `left-out` instead.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError, files, strangers
from faceswap_lib.face import records
from faceswap_lib.face.records import EYES, Contents, Record, Source, lines

LEFT_OUT, BY_HAND = "left-out", "by hand"  # the folder of pictures that a person has put aside, and why they are
OWN = re.compile(
    rf"faces\.json|contact_sheet\.jpg|people\.jpg|{LEFT_OUT}|({LEFT_OUT}/)?\d{{6,}}_\d+\.png"
)  # the kit's files
NOBODYS = {".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", files.LOCK}  # desktops leave these


@dataclass
class Faceset:
    """A loaded faceset: `records` are the chosen person's faces in frame order, one a frame."""

    folder: Path
    contents: Contents
    records: list[Record]

    @property
    def source(self) -> Source:
        """The video it was taken from."""
        return self.contents.source

    @property
    def frames(self) -> np.ndarray:
        """Frame index of each face (N,)."""
        return np.array([r.frame for r in self.records], int)

    @property
    def solid(self) -> np.ndarray:
        """Landmarks with depth, (N, 478, 3), pixels of the source frame."""
        return np.array([np.c_[r.landmarks, r.depth] for r in self.records], "f4").reshape(-1, 478, 3)

    def some(self, indices: Iterable[int]) -> "Faceset":
        """These faces alone, as a faceset of the same folder: of a long video not all points at once."""
        return replace(self, records=[self.records[i] for i in indices])

    @property
    def poses(self) -> np.ndarray:
        """Yaw, pitch, roll of each face in degrees, (N, 3)."""
        return np.array([r.pose for r in self.records])

    @property
    def usable(self) -> np.ndarray:
        """Indices of the faces to train on: not left out, picture still there."""
        there = [r.file is not None and (self.folder / r.file).exists() for r in self.records]
        return np.flatnonzero(there)

    @property
    def fingerprint(self) -> str:
        """Of the faces to train on: another choice of faces has another one."""
        pick = self.usable
        digest = hashlib.sha256(self.source.sha256.encode() + self.frames[pick].tobytes())
        for i in pick:
            digest.update(self.some([i]).solid.tobytes())
        return digest.hexdigest()[:12]

    def transform(self, i: int) -> np.ndarray:
        """The similarity (2, 3) from the source frame to face i's picture."""
        return np.array(self.records[i].transform, float)

    def image(self, i: int) -> np.ndarray:
        """Face i's aligned picture, uint8 RGB (crop, crop, 3); raises UserError when it cannot be read."""
        path, crop = self.folder / str(self.records[i].file), self.contents.crop
        picture = read_image(path)
        if picture.shape != (crop, crop, 3):
            raise UserError(f"{path} is not {crop} × {crop} pixels as its faceset says; delete it, or extract again.")
        return picture

    def images(self, indices: np.ndarray) -> Iterator[np.ndarray]:
        """The pictures of these faces, one after another."""
        return (self.image(int(i)) for i in indices)


def check_person(number: object) -> None:
    """UserError for what cannot be a person's number."""
    if number is not None and (type(number) is not int or number < 0):
        raise UserError(f"person is {number!r:.20}; give a whole number from 0, as people.jpg shows it.")


def evenly(most: int, stop: int, start: int = 0, ends: bool = True) -> np.ndarray:
    """At most `most` of the numbers from start to stop - 1, evenly; ends: the first and the last are among them."""
    at = np.linspace(start, stop - 1, most if ends else most + 2).astype(int)
    return np.unique(at if ends else at[1:-1])


@contextmanager
def renewed(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the faceset's place when the block ends; a block that fails changes nothing.

    Raises UserError: the folder holds what is no faceset's, cannot be made, or another extraction writes into it.
    """
    _check_replaceable(folder)
    with files.alone(folder, "extraction"):
        place = folder.resolve()  # of a link, what it leads to
        part, old = (files.aside(place, word) for word in ("part", "old"))
        shutil.rmtree(part, ignore_errors=True)  # a killed extraction has left it, and perhaps
        if old.exists() and not place.exists():  # was killed while the two changed places
            old.rename(place)
        shutil.rmtree(old, ignore_errors=True)
        try:
            try:
                part.mkdir()
            except OSError as error:
                raise UserError(f"{folder} cannot be replaced ({error.strerror}); give another folder.") from error
            yield part
            os.sync()  # all of it is on the disk before anything of the old one goes
            if place.exists():
                _check_replaceable(place)  # somebody may have put something there meanwhile
                place.rename(old)
            part.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            files.remove(part)


def _check_replaceable(folder: Path) -> None:
    if folder.is_file():
        raise UserError(f"{folder} is a file; give a folder for the faces.")
    if folder.resolve() == Path.cwd():
        raise UserError("The faces need a folder of their own, not the one you are in; give another with --faces.")
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if LEFT_OUT in names:
        aside = folder / LEFT_OUT
        names |= {f"{LEFT_OUT}/{path.name}" for path in aside.iterdir()} if aside.is_dir() else {f"{LEFT_OUT}/"}
    others = sorted(name for name in names if not OWN.fullmatch(name) and name not in NOBODYS)
    if others and "faces.json" not in names:
        raise UserError(f"{folder} holds other things than a faceset; give an empty or a new folder for the faces.")
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise UserError(
            f"{folder} holds {', '.join(others[:3])}{more} beside its faceset, and that would be lost; "
            "move it elsewhere, or give another folder for the faces."
        )


def load(folder: str | Path) -> Faceset:
    """Read a faceset; raises UserError when there is none, it is damaged, or of another version."""
    folder = files.check_name(folder)
    path = folder / "faces.json"
    if not path.is_file():
        raise UserError(f"{folder} is not a faceset, it has no faces.json; make one: `extract VIDEO --faces {folder}`.")
    try:
        contents = records.read(path)
        chosen = sorted((r for r in contents.faces if r.person == contents.person), key=lambda r: r.frame)
        _check(chosen, contents.source.frames)
    except records.OtherVersion as error:
        raise UserError(f"{path} has {error}; extract the faces again.") from error
    except ValueError as error:  # pydantic's errors are such
        raise UserError(f"{path} is damaged ({strangers.why(error)}); extract the faces again.") from error
    if not chosen:
        raise UserError(f"The faceset {folder} is empty: its video showed no face that passed the filters.")
    return Faceset(folder, contents, chosen)


def _check(chosen: list[Record], frames: int) -> None:
    """ValueError where faces cannot be those of one person in a video of so many frames."""
    at, names = [r.frame for r in chosen], [r.file for r in chosen if r.file]
    if at and at[-1] >= frames:
        raise ValueError(f"a face in frame {at[-1]} of {frames}")
    if len(set(at)) < len(at) or len(set(names)) < len(names):
        raise ValueError("two faces of the person in one frame or one picture")
    if flat := [r.frame for r in chosen if (r.landmarks[EYES[0]] == r.landmarks[EYES[1]]).all()]:
        raise ValueError(f"a face without size in frame {flat[0]}")


def save(folder: str | Path, contents: Contents) -> Path:
    """Write faces.json, complete or not at all."""
    path = Path(folder) / "faces.json"
    with files.whole(path) as part:
        with part.open("wb") as file:
            faces = (record.model_dump_json().encode() for record in contents.faces)
            file.writelines(lines(contents.model_dump(exclude={"faces"}), faces))
    return path


def save_image(path: Path, picture: np.ndarray) -> None:
    """Write an RGB picture as its name ends; raises UserError when the disk refuses.

    OpenCV's PNG is as quick as can be unless it is told how quick to be: then it tries five filters for each line.
    """
    _, data = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    try:
        if path.is_symlink():  # in a stranger's model, to what is not ours
            path.unlink()
        path.write_bytes(data.tobytes())
    except OSError as error:
        seen = path.with_name(path.name.removeprefix(".part."))
        raise UserError(f"{seen} cannot be written ({error.strerror}); free space or choose another folder.") from error


def read_image(path: Path) -> np.ndarray:
    """Read a picture as uint8 RGB (H, W, 3); raises UserError when it cannot be read, is huge, or lies elsewhere."""
    try:
        data, width, height = strangers.picture(path)
        picture = cv2.imdecode(np.frombuffer(data, "u1"), cv2.IMREAD_COLOR)
        if picture is None or picture.shape != (height, width, 3):
            raise ValueError("it is damaged")
    except (OSError, ValueError, cv2.error) as error:
        told = error.strerror if isinstance(error, OSError) else strangers.why(error)
        raise UserError(f"The picture {path} cannot be read ({told}); delete it, or make it again.") from error
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
