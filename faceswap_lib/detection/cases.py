"""What a detector meets that it did not learn from: recordings and fakes of one performance, in other states and kinds.

Each case is a pair of the same faces, which both went the same way. What is drawn here is kept in memory, and wears
label and mark like every swap.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib.compose import model_swap, render
from faceswap_lib.detection import blends, crops
from faceswap_lib.detection.crops import Dress, Faces, Frames
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.measure import references
from faceswap_lib.network import record

BLENDS = 2  # of each frame that is learned from
Pair = tuple[Faces, Faces]


def blocks_of(found: Faceset, odd: int, every: int) -> list[int]:
    """One in `every` frames of the blocks that are learned from, 0, or kept from learning, 1."""
    return [frame for frame, block in crops.blocks(found).items() if block % 2 == odd][::every]


def states(clip: str | Path, swapped: str | Path, found: Faceset, number: int, every: int) -> dict[str, Pair]:
    """The run's own swap beside its recording, both encoded again as a platform might do it."""
    only = blocks_of(found, 1, every)
    before = list(crops.encoded(Dress(found, number).on(_only(clip, only)))), list(_only(swapped, only))

    def pair(**how) -> Pair:
        return tuple(crops.cut(crops.encoded(frames, **how), found) for frames in before)

    return {"encoded at CRF 28": pair(crf=28), "encoded at CRF 35": pair(crf=35), "half the size": pair(scale=0.5)}


def pasted(clip: str | Path, folder: Path, found: Faceset) -> dict[str, Faces]:
    """Lab 6's references that are there, as it wrote them: label -> held-out faces."""
    there = {label: path for label, path in references.files(folder, clip).items() if path.is_file()}
    return {label: crops.cut(crops.frames_of(path), found).held for label, path in there.items()}


class Painter:
    """A run's model, to draw more fakes with; it is loaded once."""

    def __init__(self, model: Path):
        self.model, self.about = model, record.read_about(model)
        self.net = model_swap.network(model, self.about)

    def pair(
        self, clip: str | Path, found: Faceset, number: int, every: int, *, to: str = "b", match: str = "relit"
    ) -> Pair:
        """Held-out faces of a clip, and how the model draws person `to` over them with a colour method."""
        at = model_swap.scene(found, self.about, to)
        draw = model_swap.drawer(self.net, self.model, model_swap.side_of(found, self.about, to), to)
        light = model_swap.match(match, at, self.model, to)

        def swapped(frames: Frames) -> Iterator[tuple[int, np.ndarray]]:
            frames = iter(frames)
            while chunk := dict(islice(frames, render.BATCH)):
                made = render.faces_drawn(chunk, at, draw, light)
                yield from ((index, made.get(index, frame)) for index, frame in chunk.items())

        return _pair(clip, found, number, every, swapped)


def blended(clip: str | Path, found: Faceset, number: int, every: int, seed: int = 0) -> Pair:
    """Held-out faces of a clip, and the same blended onto themselves."""
    return _pair(clip, found, number, every, lambda frames: selfblended(frames, found, seed))


def lessons(clips: Sequence[tuple[str | Path, Faceset]], number: int, every: int, seed: int = 0) -> Pair:
    """What the second detector learns from: faces of recordings, and BLENDS times the same blended onto themselves."""
    reals, made = [], [[] for _ in range(BLENDS)]
    for clip, found in clips:
        dress, frames = Dress(found, number), list(_only(clip, blocks_of(found, 0, every)))
        reals.append(crops.cut(crops.encoded(dress.on(frames)), found))
        for k, row in enumerate(made):
            changed = selfblended(frames, found, seed * BLENDS + k)
            row.append(crops.cut(crops.encoded(dress.on(changed)), found))
    return crops.joined(reals), crops.joined([faces for row in made for faces in row])


def selfblended(frames: Frames, found: Faceset, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Frames of a faceset's video with each face blended onto itself."""
    at, rng = {int(f): i for i, f in enumerate(found.frames)}, np.random.default_rng(seed)
    solid = found.solid[..., :2]
    return ((index, blends.blend(frame, solid[at[index]], rng)) for index, frame in frames)


def _pair(clip: str | Path, found: Faceset, number: int, every: int, change: Callable[[Frames], Frames]) -> Pair:
    dress, frames = Dress(found, number), list(_only(clip, blocks_of(found, 1, every)))
    return tuple(crops.cut(crops.encoded(dress.on(way)), found) for way in (frames, change(frames)))


def _only(clip: str | Path, frames: Collection[int]) -> Frames:
    wanted = set(frames)
    return ((index, frame) for index, frame in crops.frames_of(clip) if index in wanted)
