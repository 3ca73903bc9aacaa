"""What a detector sees: crops of the same faces, real and swapped, which differ in the swap and in nothing else.

A swapped file also has a label, a mark in its pixels and a second compression. A detector that is shown it beside the
plain recording learns those. So each real frame is given the same label, the same mark and the same compression first,
and time is cut into blocks: what is learned from and what is judged are never neighbours.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.face import geometry
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import video
from faceswap_lib.trust import label, mark

SIZE = 192  # pixels of a crop
TIGHT = 1.2  # times as close as an aligned crop: the face, a little around it, and seldom a bit of the label
BLOCKS = 12  # into which a clip's time is cut: every second one is learned from, the others are judged
GAP = 0.3  # of each block, at its start, is left out, so that no two neighbours are on both sides
MOST = 12  # frames of a block, at most, one after another
REACH = 0.5  # iris distances around a face within which a swap changes the picture: the head makes room
CRF = 16  # as swaps are written (media/video.py)
Frames = Iterable[tuple[int, np.ndarray]]  # number in the clip, RGB uint8 (H, W, 3)


@dataclass(frozen=True)
class Faces:
    """Crops of one clip: pictures uint8 (N, SIZE, SIZE, 3), points (N, 478, 2) in them, frame and block (N,)."""

    pictures: np.ndarray
    points: np.ndarray
    frames: np.ndarray
    blocks: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, which: np.ndarray) -> "Faces":
        """Those of the faces that an index or mask (N,) names."""
        return replace(self, **{name: getattr(self, name)[which] for name in vars(self)})

    @property
    def learned(self) -> "Faces":
        """The faces of the blocks that are learned from."""
        return self.part(self.blocks % 2 == 0)

    @property
    def held(self) -> "Faces":
        """The faces of the blocks that are kept from learning."""
        return self.part(self.blocks % 2 == 1)


def blocks(found: Faceset) -> dict[int, int]:
    """Frame -> block of a faceset's frames that are used."""
    length, used = found.source.frames / BLOCKS, {}
    for block in range(BLOCKS):
        here = range(round((block + GAP) * length), round((block + 1) * length))
        used |= dict.fromkeys(here[:MOST], block)
    there = set(found.frames.tolist())
    return {frame: block for frame, block in used.items() if frame in there}


class Dress:
    """What a swap of a faceset's video wears on its picture: label and mark, the very same as in a swapped file."""

    def __init__(self, found: Faceset, number: int):
        boxes: dict[int, list[np.ndarray]] = {}
        for r in found.contents.faces:
            boxes.setdefault(r.frame, []).append(np.array(r.box))
        width, height = found.source.width, found.source.height
        self._label, self._mark = label.Label(width, height, boxes), mark.Mark(width, height, number)

    def on(self, frames: Frames) -> Iterator[tuple[int, np.ndarray]]:
        """The frames with label and mark."""
        return ((index, self._mark.stamp(self._label.stamp(index, frame))) for index, frame in frames)


def number_of(clip: str | Path) -> int:
    """The number that the mark in a clip's pixels carries; 0 where none can be read."""
    return mark.read(list(islice(video.frames(clip), 8))).number or 0


def frames_of(clip: str | Path) -> Iterator[tuple[int, np.ndarray]]:
    """A clip's frames with their numbers."""
    return enumerate(video.frames(clip))


def encoded(frames: Frames, crf: int = CRF, scale: float = 1.0) -> Iterator[tuple[int, np.ndarray]]:
    """The frames as they come back from H.264 (`crf` as in media/video.py), made smaller by `scale` before."""
    numbers: list[int] = []

    def shrunk() -> Iterator[np.ndarray]:
        for index, frame in frames:
            numbers.append(index)
            size = [2 * max(8, round(side * scale / 2)) for side in frame.shape[1::-1]]
            yield frame if scale == 1 else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)

    with tempfile.TemporaryDirectory() as folder:  # for the time that they are read: it is nobody's video
        video.write(path := Path(folder) / "encoded.mp4", shrunk(), 24, crf)
        yield from zip(numbers, video.frames(path), strict=True)


def cut(frames: Frames, found: Faceset, late: int = 0) -> Faces:
    """The crops of a faceset's faces out of frames of its video, or of one of the same performance in any size.

    Of the frames those are taken that `blocks` names; late: frames by which the picture lags behind.
    """
    used, at = blocks(found), {int(frame): i for i, frame in enumerate(found.frames)}
    solid, rows = found.solid[..., :2], []
    for index, frame in frames:
        if index in used and index - late in at:
            points = solid[at[index - late]] * (frame.shape[1] / found.source.width)
            m = _near(geometry.align(points, SIZE))
            rows.append((geometry.crop(frame, m, SIZE), geometry.transform(m, points), index, used[index]))
    if not rows:
        raise UserError(f"No face of {found.folder} is in the frames that are judged; extract the faces again.")
    pictures, points, numbers, at_block = zip(*rows, strict=True)
    return Faces(np.stack(pictures), np.stack(points).astype("f4"), np.array(numbers), np.array(at_block))


def real(clip: str | Path, found: Faceset, number: int) -> Faces:
    """The faces of a recording, dressed and encoded as a swap of it is."""
    return cut(encoded(Dress(found, number).on(frames_of(clip))), found)


def joined(some: Sequence[Faces]) -> Faces:
    """Faces of several, one after another."""
    return Faces(*(np.concatenate([getattr(each, name) for each in some]) for name in vars(some[0])))


def exchanged(real: Faces, fake: Faces, rng: np.random.Generator) -> tuple[Faces, Faces]:
    """Both with half of the pairs of each block, drawn by chance, exchanged: a label that means nothing."""
    turn = np.zeros(len(real), bool)
    for block in np.unique(real.blocks):
        here = rng.permutation(np.flatnonzero(real.blocks == block))
        turn[here[: (len(here) + rng.integers(2)) // 2]] = True
    mixed = np.where(turn[:, None, None, None], fake.pictures, real.pictures)
    return replace(real, pictures=mixed), replace(
        fake, pictures=np.where(turn[:, None, None, None], real.pictures, fake.pictures)
    )


def hidden(faces: Faces) -> Faces:
    """The faces painted over in grey, as far as a swap may reach."""
    out = faces.pictures.copy()
    for picture, points in zip(out, faces.points, strict=True):
        wide = np.ones([2 * round(REACH * geometry.iris_distance(points)) + 1] * 2, "u1")
        picture[cv2.dilate(geometry.mask(points, picture.shape), wide) > 0] = 128
    return replace(faces, pictures=out)


def _near(m: np.ndarray) -> np.ndarray:
    """The similarity (2, 3) into an aligned crop, TIGHT times as close around its middle."""
    return m * TIGHT + np.array([[0, 0, (1 - TIGHT) * SIZE / 2]] * 2)
