"""One face out of a video and another one in: what the trained swap shares with references that need no training.

Frames stream through in small batches, so memory does not grow with the video's length; sound is copied, and all
distances in time are the source's. Every video that leaves here says that it is synthetic: on the picture, in the
pixels, in its data and beside it (trust/).
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from faceswap_lib.compose import color, outline
from faceswap_lib.compose.scenes import Drawer, Keeper, Match, Scene, shown
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import ahead, video
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.progress import Progress
from faceswap_lib.trust import label, marked
from faceswap_lib.trust.statement import Statement

T = TypeVar("T")
Numbered = Iterator[tuple[int, np.ndarray]]  # (index, frame)
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

    def drawn(numbered: Numbered) -> Iterator[tuple[int, np.ndarray, _Drawn | None]]:
        """Read one batch ahead; while the network draws one, the faces of the one before are laid into their frames."""
        with closing(ahead.ahead(batches(numbered, at.borders), 1)) as chunks:
            for chunk in chunks:
                faces = _drawn(dict(chunk), at, drawer, match, keeper)
                yield from ((index, frame, faces.get(index)) for index, frame in chunk)

    def lay(frame: np.ndarray, face: _Drawn) -> np.ndarray:
        return _laid(face, at)

    how = {"overwrite": overwrite, "progress": progress, "remarks": remarks}
    return written(clip, out, at.found, drawn, lay, facts=facts, **how)


def written(
    clip: str | Path,
    out: str | Path,
    found: Faceset,
    drawn: Callable[[Numbered], Iterator[tuple[int, np.ndarray, T | None]]],
    lay: Callable[[np.ndarray, T], np.ndarray],
    *,
    facts: Statement,
    **how: object,
) -> int:
    """Write `out`, labelled and signed, of frames that are drawn anew: returns their number.

    found: the clip's faces, of which the label keeps clear.
    drawn: a generator function, takes (index, frame)s and gives each with what is to be laid into it, None for nothing;
    lay: does that, several at once; how: as `video.rewrite`.
    """
    info, boxes = video.probe(clip), {}
    most = ahead.depth(info.width, info.height)
    for r in found.contents.faces:
        boxes.setdefault(r.frame, []).append(np.array(r.box))
    stamp = label.Label(info.width, info.height, boxes)

    def finished(one: tuple[int, np.ndarray, T | None]) -> np.ndarray:
        index, frame, face = one
        return stamp.stamp(index, frame if face is None else lay(frame, face))

    def stream(numbered: Numbered) -> Iterator[np.ndarray]:
        return ahead.side_by_side(finished, drawn(numbered), most)

    return marked.rewrite(clip, out, stream, facts, **how)


def batches(numbered: Numbered, borders: Collection[int] = ()) -> Iterator[list[tuple[int, np.ndarray]]]:
    """Frames in batches of BATCH, but a new one from each border on: what is drawn with what is the same in pieces."""
    chunk: list[tuple[int, np.ndarray]] = []
    for index, frame in numbered:
        if chunk and index in borders:
            yield chunk
            chunk = []
        chunk.append((index, frame))
        del frame
        if len(chunk) == BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def faces_drawn(
    frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, match: Match, keeper: Keeper | None = None
) -> dict[int, np.ndarray]:
    """Those of some frames (index -> picture) that show a face, with it drawn anew; at most BATCH frames at once."""
    return {index: _laid(face, at) for index, face in _drawn(frames, at, drawer, match, keeper).items()}


@dataclass
class _Drawn:
    """What is known of one face before it is laid into its picture; lit: gives the new one as a texture, lit."""

    number: int
    picture: np.ndarray
    hidden: np.ndarray | int
    lit: Callable[[], np.ndarray]


def _drawn(
    frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, match: Match, keeper: Keeper | None
) -> dict[int, _Drawn]:
    """Frame -> its face, of those that show one."""
    seen = [at.at[index] for index in frames if index in at.at]
    if not seen:
        return {}
    pictures = [frame for index, frame in frames.items() if index in at.at]
    textures = np.stack([at.on.texture(p, at.solid[i][:, :2]) for p, i in zip(pictures, seen, strict=True)])
    moves = np.stack([at.on.motion_picture(at.moves[i]) for i in seen])
    textures, hidden = keeper(pictures, textures, seen) if keeper else (textures, [0] * len(seen))
    faces = drawer(textures, moves, seen)
    lit = match(faces, textures / np.float32(255), at.on, at.targets[seen])
    every = zip(seen, pictures, hidden, lit, strict=True)
    return {int(at.frames[one[0]]): _Drawn(*one) for one in every}


def _laid(drawn: _Drawn, at: Scene) -> np.ndarray:
    """A picture with its face drawn anew: lit, laid behind what is in front of it, in the outline of its own."""
    i, picture, yaw = drawn.number, drawn.picture, at.yaw(drawn.number)
    lit = color.crisp(drawn.lit(), at.on)
    alpha = shown(yaw) * at.on.alpha(at.solid[i]) * (1 - drawn.hidden)
    mouth = (picture, at.solid[i]) if at.mouth else None
    room = outline.fitted(picture, at.solid[i], at.targets[i], yaw, outline.free(drawn.hidden, at.on))
    return at.on.draw(room, lit * 255, alpha, at.targets[i], mouth)
