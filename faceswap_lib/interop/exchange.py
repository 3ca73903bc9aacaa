"""A faceset taken to deepfakes/faceswap, and what was sorted out there taken back.

Out goes every face of the chosen person, for conversion needs them all; training there goes by the face pictures, so
those that this kit leaves out are named in a list. Back comes which faces are kept: a face that was deleted there is
left out here by hand (face/by_hand.py), and nothing is ever lost. Twice the same, out and back, changes nothing.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.face import by_hand, faceset
from faceswap_lib.face.by_hand import SAME_FACE
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.face.geometry import overlap
from faceswap_lib.face.records import Record
from faceswap_lib.interop import alignments, face_pictures
from faceswap_lib.interop.alignments import Face
from faceswap_lib.media import video

LEFT_OUT = "left_out.txt"
NO_NAME = set('/\\:*?"<>|')  # what a file's name may not hold everywhere


@dataclass(frozen=True)
class Exported:
    """What lies in a folder for Faceswap: alignments, the video, how many faces, pictures it should not train on."""

    folder: Path
    alignments: Path
    video: Path
    faces: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """What came back: faces kept, those left out by it now, those that this kit has not found.

    distance: pixels between the 68 landmarks there and here, median over the faces that both have.
    """

    folder: Path
    kept: int
    left_out: int
    unknown: int
    distance: float


def export(faces: str | Path, video_path: str | Path, out: str | Path) -> Exported:
    """Write what Faceswap reads into a folder: alignments, and the video beside them under its name.

    UserError: the faces are another video's, it is turned, there are too many, the folder holds another such video.
    """
    found, info, out = faceset.load(faces), video.probe(video_path), files.check_name(out)
    if found.source.sha256 != video.sha256(video_path):
        raise UserError(
            f"The faces in {faces} were taken from another video ({found.source.name}) than {video_path}; "
            f"run `extract {video_path} --faces DIR` and export that folder."
        )
    _check(info, found)
    try:
        out.mkdir(parents=True, exist_ok=True)
        beside = _beside(info.path, out, found.source.sha256)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); choose another folder.") from error
    path = out / f"{beside.stem}{alignments.SUFFIX}"
    alignments.write(path, beside.name, info.frames, map(_face, found.records))
    there = set(found.usable.tolist())
    left_out = tuple(f"{beside.stem}_{r.frame + 1:06d}_0.png" for i, r in enumerate(found.records) if i not in there)
    with files.whole(out / LEFT_OUT) as part:
        part.write_text("".join(f"{name}\n" for name in left_out), encoding="utf-8")
    return Exported(out, path, beside, len(found.records), left_out)


def bring_back(
    faces: str | Path, fsa: str | Path, pictures: str | Path | None = None, video_path: str | Path | None = None
) -> Imported:
    """Leave out of a faceset what is no longer among Faceswap's faces.

    pictures: its folder of face pictures; where it is given it says which faces are kept, else the alignments do.
    video_path: the video, where it should be made sure of. UserError: a file that is not as it should be, of another
    video, or with none of these faces; then nothing was changed.
    """
    found, there = faceset.load(faces), alignments.read(fsa)
    if video_path and video.sha256(video_path) != found.source.sha256:
        raise UserError(f"The faces in {faces} are of another video ({found.source.name}) than {video_path}.")
    kept = face_pictures.read(pictures) if pictures else there.faces
    if max((one.frame for one in kept), default=0) >= found.source.frames or there.frames > found.source.frames:
        raise UserError(f"{fsa} is of a video with more frames than {found.source.name}; give the faces of that video.")
    pairs = _pairs(found.records, kept)
    usable = [found.records[i] for i in found.usable]
    gone = [r for r in usable if id(r) not in pairs]
    if len(gone) == len(usable):
        raise UserError(f"None of the faces in {faces} is among those of {pictures or fsa}; nothing was changed.")
    for record in gone:
        by_hand.leave_out(faces, record.file)
    apart = [
        np.linalg.norm(alignments.from_mesh(r.landmarks) - pairs[id(r)].landmarks, axis=1).mean()
        for r in usable
        if id(r) in pairs
    ]
    return Imported(Path(faces), len(usable) - len(gone), len(gone), len(kept) - len(pairs), float(np.median(apart)))


def whose(faces: str | Path, fsa: str | Path, pictures: str | Path | None = None) -> int:
    """The person of a faceset, by number, who has most of Faceswap's faces; UserError where nobody has one."""
    contents = faceset.load(faces).contents
    kept = face_pictures.read(pictures) if pictures else alignments.read(fsa).faces
    counts = {r.person: 0 for r in contents.faces if r.person >= 0}
    for person in counts:
        counts[person] = len(_pairs([r for r in contents.faces if r.person == person], kept))
    best = max(counts, key=counts.get)
    if not counts[best]:
        raise UserError(f"None of the faces of {contents.source.name} is among those of {pictures or fsa}.")
    return best


def _check(info: video.VideoInfo, found: Faceset) -> None:
    if info.rotation:
        raise UserError(
            f"{info.path} is stored turned by {info.rotation}°, which Faceswap does not see; store it upright."
        )
    if len(found.records) > alignments.MOST:
        raise UserError(f"{found.folder} has more than {alignments.MOST} faces; cut the video into parts.")
    if NO_NAME & set(info.path.name):
        raise UserError(f"{info.path.name} is no name for a file everywhere; rename the video and extract it again.")


def _beside(clip: Path, out: Path, sha256: str) -> Path:
    """The video in the folder, linked where the disk can, else copied."""
    path = out / clip.name
    if path.exists():
        if files.sha256(path) != sha256:
            raise UserError(f"{path} is there already, and another video; choose another folder.")
        return path
    try:
        os.link(clip, path)
    except OSError:  # another disk, or one without links
        with files.whole(path) as part:
            shutil.copyfile(clip, part)
    return path


def _face(r: Record) -> Face:
    x, y, w, h = r.box
    left, top, right, bottom = (round(edge) for edge in (x, y, x + w, y + h))
    return Face(r.frame, (left, top, right - left, bottom - top), alignments.from_mesh(r.landmarks))


def _pairs(records: list[Record], kept: list[Face]) -> dict[int, Face]:
    """Records, by id, and the face of Faceswap's that each one is: of the same frame and place."""
    by_frame: dict[int, list[Face]] = {}
    for one in kept:
        by_frame.setdefault(one.frame, []).append(one)
    found = {}
    for r in records:
        mine = _face(r).extent
        near = max(by_frame.get(r.frame, []), key=lambda one: overlap(mine, one.extent), default=None)
        if near and overlap(mine, near.extent) > SAME_FACE:
            found[id(r)] = near
    return found
