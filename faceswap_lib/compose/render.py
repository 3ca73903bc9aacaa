"""One face out of a video and another one in: what the trained swap shares with references that need no training.

Frames stream through in small batches, so memory does not grow with the video's length; sound is copied, and all
distances in time are the source's. Every video that leaves here says that it is synthetic: on the picture, in the
pixels, in its data and beside it (trust/).
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib.compose import color, outline
from faceswap_lib.compose.scenes import Drawer, Keeper, Match, Scene
from faceswap_lib.media import ahead, video
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.progress import Progress
from faceswap_lib.trust import label, marked
from faceswap_lib.trust.statement import Statement

BATCH = 16


def render(
    clip: str | Path,
    out: str | Path,
    at: Scene,
    drawer: Drawer,
    match: Match,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
    *,
    facts: Statement,
    overwrite: bool = False,
    remarks: Remarks | None = None,
) -> int:
    """Write `out`: the clip with its faces drawn anew, labelled and signed; returns the number of frames.

    facts: what its marks say of it.
    keeper: what tells what is in front of a face and stays there; without one the new face is drawn over it.
    remarks: gets what is odd about the clip's frames.
    """
    info, boxes = video.probe(clip), {}
    most = ahead.depth(info.width, info.height)
    for r in at.found.contents.faces:
        boxes.setdefault(r.frame, []).append(np.array(r.box))
    stamp = label.Label(info.width, info.height, boxes)

    def finished(drawn: tuple) -> np.ndarray:
        index, frame, face = drawn
        return stamp.stamp(index, frame if face is None else _laid(face, at, match))

    def drawn(chunks: Iterator[list[tuple[int, np.ndarray]]]) -> Iterator[tuple]:
        for chunk in chunks:
            faces = _drawn(dict(chunk), at, drawer, keeper)
            yield from ((index, frame, faces.get(index)) for index, frame in chunk)

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        """Read one batch ahead; while the network draws one, the faces of the one before are laid into their frames."""
        with closing(ahead.ahead(_batches(numbered), 1)) as chunks:
            yield from ahead.side_by_side(finished, drawn(chunks), most)

    return marked.rewrite(clip, out, stream, facts, overwrite=overwrite, progress=progress, remarks=remarks)


def _batches(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[list[tuple[int, np.ndarray]]]:
    while chunk := list(islice(numbered, BATCH)):
        yield chunk


def faces_drawn(
    frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, match: Match, keeper: Keeper | None = None
) -> dict[int, np.ndarray]:
    """Those of some frames (index -> picture) that show a face, with it drawn anew; at most BATCH frames at once."""
    return {index: _laid(face, at, match) for index, face in _drawn(frames, at, drawer, keeper).items()}


@dataclass
class _Drawn:
    """What is known of one face before it is laid into its picture: what was there and what is drawn, as textures."""

    number: int
    picture: np.ndarray
    texture: np.ndarray
    hidden: np.ndarray | int
    face: np.ndarray


def _drawn(frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, keeper: Keeper | None) -> dict[int, _Drawn]:
    """Frame -> its face, of those that show one."""
    seen = [at.at[index] for index in frames if index in at.at]
    if not seen:
        return {}
    pictures = [frame for index, frame in frames.items() if index in at.at]
    textures = np.stack([at.on.texture(p, at.solid[i][:, :2]) for p, i in zip(pictures, seen, strict=True)])
    moves = np.stack([at.on.motion_picture(at.moves[i]) for i in seen])
    textures, hidden = keeper(pictures, textures, seen) if keeper else (textures, [0] * len(seen))
    faces = drawer(textures, moves, seen)
    every = zip(seen, pictures, textures, hidden, faces, strict=True)
    return {int(at.found.frames[one[0]]): _Drawn(*one) for one in every}


def _laid(drawn: _Drawn, at: Scene, match: Match) -> np.ndarray:
    """A picture with its face drawn anew: lit, laid behind what is in front of it, in the outline of its own."""
    i, picture = drawn.number, drawn.picture
    lit = color.crisp(match(drawn.face, (drawn.texture / 255).astype("f4"), at.on, at.targets[i]), at.on)
    alpha = at.shown[i] * at.on.alpha(at.solid[i]) * (1 - drawn.hidden)
    mouth = (picture, at.solid[i]) if at.mouth else None
    room = outline.fitted(picture, at.solid[i], at.targets[i], at.yaw[i], outline.free(drawn.hidden, at.on))
    return at.on.draw(room, lit * 255, alpha, at.targets[i], mouth)
