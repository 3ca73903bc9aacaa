"""What a detector meets that it did not learn from: recordings and fakes of one performance, in other states and kinds.

Each case is a pair of the same faces, which both went the same way. What is drawn here is kept in memory, and wears
label and mark like every swap.
"""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib.compose import color, model_swap, render
from faceswap_lib.detection import blends, crops
from faceswap_lib.detection.crops import Dress, Faces, Frames
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.measure import references
from faceswap_lib.network import record

EVERY = 2  # of what has to be drawn first, each second held-out face
Pair = tuple[Faces, Faces]


def states(clip: str | Path, swapped: str | Path, found: Faceset, number: int) -> dict[str, Pair]:
    """The run's own swap beside its recording, both encoded again as a platform might do it."""

    def pair(**how) -> Pair:
        first = crops.encoded(Dress(found, number).on(crops.frames_of(clip)))
        both = (crops.encoded(frames, **how) for frames in (first, crops.frames_of(swapped)))
        return tuple(crops.cut(frames, found).held for frames in both)

    return {"encoded at CRF 28": pair(crf=28), "encoded at CRF 35": pair(crf=35), "half the size": pair(scale=0.5)}


def pasted(clip: str | Path, folder: Path, found: Faceset) -> dict[str, Faces]:
    """Lab 6's references that are there, as it wrote them: label -> held-out faces."""
    there = {label: path for label, path in references.files(folder, clip).items() if path.is_file()}
    return {label: crops.cut(crops.frames_of(path), found).held for label, path in there.items()}


def drawn(clip: str | Path, found: Faceset, model: Path, number: int, to: str, match: str) -> Pair:
    """Held-out faces of a clip, and how the model draws person `to` over them with a colour method."""
    about = record.read_about(model)
    at, net = model_swap.scene(found, about, to), model_swap.network(model, about)
    draw = model_swap.drawer(net, model, model_swap.side_of(found, about, to), to)

    def swapped(frames: Frames) -> Iterator[tuple[int, np.ndarray]]:
        frames = iter(frames)
        while chunk := dict(islice(frames, render.BATCH)):
            made = render.faces_drawn(chunk, at, draw, color.method(match))
            yield from ((index, made.get(index, frame)) for index, frame in chunk.items())

    return _pair(clip, found, number, swapped)


def blended(clip: str | Path, found: Faceset, number: int, seed: int = 0) -> Pair:
    """Held-out faces of a clip, and the same blended onto themselves."""
    return _pair(clip, found, number, lambda frames: selfblended(frames, found, seed))


def selfblended(frames: Frames, found: Faceset, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Frames of a faceset's video with each face blended onto itself."""
    at, rng = {int(f): i for i, f in enumerate(found.frames)}, np.random.default_rng(seed)
    solid = found.solid[..., :2]
    return ((index, blends.blend(frame, solid[at[index]], rng)) for index, frame in frames)


def _pair(clip: str | Path, found: Faceset, number: int, change) -> Pair:
    held = [frame for frame, block in crops.blocks(found).items() if block % 2][::EVERY]
    dress = Dress(found, number)
    both = (crops.encoded(dress.on(way(_only(clip, held)))) for way in (lambda frames: frames, change))
    return tuple(crops.cut(frames, found, held) for frames in both)


def _only(clip: str | Path, frames: Collection[int]) -> Frames:
    wanted = set(frames)
    return ((index, frame) for index, frame in crops.frames_of(clip) if index in wanted)
