"""Faces that a person leaves out of training, and takes back: the picture goes into the folder `left-out` and returns.

faces.json is not touched, so that the face stays known for conversion; a new extraction of the video leaves the same
faces out again. Nothing is ever deleted.
"""

import os
from pathlib import Path

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import LEFT_OUT
from faceswap_lib.face.geometry import overlap
from faceswap_lib.face.records import Contents, Record

SAME_FACE = 0.5  # overlap of a face's box in two extractions of a video


def leave_out(folder: str | Path, name: str) -> None:
    """Put a face's picture aside, by its name in faces.json; one that is put aside already stays there."""
    if place(folder, name).parent == Path(folder):
        _move(Path(folder) / name, Path(folder) / LEFT_OUT / name)


def take_back(folder: str | Path, name: str) -> None:
    """Put the picture back among those to train on; the folder goes when it is empty."""
    aside = Path(folder) / LEFT_OUT
    if (aside / name).is_file():
        _move(aside / name, Path(folder) / name)
    if aside.is_dir() and not any(aside.iterdir()):
        aside.rmdir()


def place(folder: str | Path, name: str) -> Path:
    """Where a face's picture lies now: in the faceset, or put aside."""
    aside = Path(folder) / LEFT_OUT / name
    return aside if aside.is_file() and not (Path(folder) / name).exists() else Path(folder) / name


def names(folder: str | Path) -> set[str]:
    """The pictures that are put aside."""
    aside = Path(folder) / LEFT_OUT
    return {path.name for path in aside.iterdir()} if aside.is_dir() else set()


def remembered(folder: str | Path, sha256: str) -> list[Record]:
    """The faces that were left out by hand of the faceset there, where it is of the video with this checksum."""
    aside = names(folder)
    if not aside:
        return []
    try:
        found = faceset.load(folder)
    except UserError:
        return []
    return [r for r in found.records if r.file in aside] if found.source.sha256 == sha256 else []


def again(folder: Path, contents: Contents, before: list[Record]) -> None:
    """Leave the same faces out of a new faceset of the same video."""
    frames: dict[int, list[Record]] = {}
    for record in contents.faces:
        if record.file:
            frames.setdefault(record.frame, []).append(record)
    for old in before:
        for record in frames.get(old.frame, []):
            if overlap(np.array(old.box), np.array(record.box)) > SAME_FACE:
                leave_out(folder, record.file)


def _move(path: Path, to: Path) -> None:
    try:
        if to.parent.is_symlink():
            raise UserError(f"{to.parent} is a link to another folder; take it away.")
        to.parent.mkdir(exist_ok=True)
        if to.exists():
            raise UserError(f"{to} is there already; take one of the two away.")
        os.replace(path, to)
    except OSError as error:
        raise UserError(f"{path} cannot be moved ({error.strerror}); see who may write into its folder.") from error
