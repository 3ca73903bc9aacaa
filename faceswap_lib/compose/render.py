"""One face out of a video and another one in: what the trained swap shares with references that need no training.

Frames stream through in small batches, so memory does not grow with the video's length; sound is copied, and all
distances in time are the source's. Every video that leaves here says that it is synthetic: on the picture, in the
pixels, in its data and beside it (trust/).
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib.compose import color, outline
from faceswap_lib.compose.scenes import Drawer, Keeper, Match, Scene
from faceswap_lib.media import video
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
    for r in at.found.contents.faces:
        boxes.setdefault(r.frame, []).append(np.array(r.box))
    stamp = label.Label(info.width, info.height, boxes)

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        while chunk := list(islice(numbered, BATCH)):
            drawn = faces_drawn(dict(chunk), at, drawer, match, keeper)
            for index, frame in chunk:
                yield stamp.stamp(index, drawn.get(index, frame))

    return marked.rewrite(clip, out, stream, facts, overwrite=overwrite, progress=progress, remarks=remarks)


def faces_drawn(
    frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, match: Match, keeper: Keeper | None = None
) -> dict[int, np.ndarray]:
    """Those of some frames (index -> picture) that show a face, with it drawn anew; at most BATCH frames at once."""
    seen = [at.at[index] for index in frames if index in at.at]
    if not seen:
        return {}
    pictures = [frame for index, frame in frames.items() if index in at.at]
    textures = np.stack([at.on.texture(p, at.solid[i][:, :2]) for p, i in zip(pictures, seen, strict=True)])
    moves = np.stack([at.on.motion_picture(at.moves[i]) for i in seen])
    textures, hidden = keeper(pictures, textures, seen) if keeper else (textures, [0] * len(seen))
    out, drawn = {}, drawer(textures, moves, seen)
    for i, picture, texture, mask, face in zip(seen, pictures, textures, hidden, drawn, strict=True):
        lit = color.crisp(match(face, (texture / 255).astype("f4"), at.on, at.targets[i]), at.on)
        alpha = at.shown[i] * at.on.alpha(at.solid[i]) * (1 - mask)
        mouth = (picture, at.solid[i]) if at.mouth else None
        room = outline.fitted(picture, at.solid[i], at.targets[i], at.yaw[i], outline.free(mask, at.on))
        out[int(at.found.frames[i])] = at.on.draw(room, lit * 255, alpha, at.targets[i], mouth)
    return out
