"""One face out of a video and another one in: what conversion shares with the references that need no training.

Frames stream through in small batches, so memory does not grow with the video's length; sound and time stamps are the
source's own. Every video that leaves here carries a visible label that says it is synthetic.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib import color, faces, label, motion, outline, video
from faceswap_lib.faceset import Faceset, Progress
from faceswap_lib.mesh import Crop, Mesh

BATCH = 16
TURNED = (42.0, 52.0)  # degrees to the side from which, and at which, no new face is seen: soon after, none is found
# textures uint8 (N, S, S, 3) and motions (N, S/2, S/2, 4) of the scene's faces N -> pictures (N, S, S, 3) in [0, 1]
Drawer = Callable[[np.ndarray, np.ndarray, list[int]], np.ndarray]
Match = Callable[[np.ndarray, np.ndarray, Mesh | Crop, np.ndarray], np.ndarray]  # one of color.METHODS
# N frames, textures uint8 (N, S, S, 3) of the scene's faces N in them -> textures without what is in front of the face,
# and N masks (S, S) 0..1 of how much of the new face it hides: `front.keeper`
Keeper = Callable[[list[np.ndarray], np.ndarray, list[int]], tuple[np.ndarray, list[np.ndarray]]]


@dataclass
class Scene:
    """What is known of a video before its first frame: whose faces, on which canvas, and where they are drawn.

    solid (N, 478, 3) smoothed points, own (N, 478, 3) motion of who is there, moves (N, 478, 3) what the new face makes
    of it, targets N points (478, 3) where the new face goes. mouth: what is seen between the lips stays as it was, for
    few clips show the new person's teeth at every opening, and the mesh has hardly a pixel for them where they shut.
    """

    found: Faceset
    on: Mesh | Crop
    solid: np.ndarray
    own: np.ndarray
    moves: np.ndarray
    targets: np.ndarray
    mouth: bool = True

    @cached_property
    def at(self) -> dict[int, int]:
        """Frame -> its face among the N."""
        return {int(frame): i for i, frame in enumerate(self.found.frames)}

    @cached_property
    def shown(self) -> np.ndarray:
        """How much of the new face is seen, (N,) 1 to 0: towards profile it fades out, or it would break and jump."""
        return 1 - np.interp(self.yaw, TURNED, (0, 1))

    @cached_property
    def yaw(self) -> np.ndarray:
        """How far the head is turned to either side, (N,) degrees."""
        return np.abs([faces.pose(s[:, :2], s[:, 2])[0] for s in self.solid])


def scene(found: Faceset, on: Mesh | Crop, mine: np.ndarray, theirs: np.ndarray) -> Scene:
    """The scene of a faceset's video; mine, theirs: mean shapes (478, 3) of who is there and who is put in.

    On the mesh the new face has its own shape, moved as the old one moves; with similarity it takes the old one's.
    """
    solid = motion.smooth(found.solid, found.frames)
    person = motion.person(solid, mine)
    own = moves = person.motion
    targets = solid
    if isinstance(on, Mesh):
        moves = own * motion.carried(mine, theirs) + motion.parted(mine, theirs, own)
        each = zip(moves, person.fits, solid, strict=True)
        targets = np.stack([motion.target(theirs, m, fit, s) for m, fit, s in each])
    return Scene(found, on, solid, *(x.astype("f4") for x in (own, moves, targets)))


def render(clip: str | Path, out: str | Path, at: Scene, drawer: Drawer, match: Match,
           progress: Progress | None = None, keeper: Keeper | None = None) -> int:  # fmt: skip
    """Write `out`: the clip with its faces drawn anew, labelled; returns the number of frames.

    keeper: what tells what is in front of a face and stays there; without one the new face is drawn over it.
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

    return video.rewrite(clip, out, stream, progress=progress)


def faces_drawn(frames: dict[int, np.ndarray], at: Scene, drawer: Drawer, match: Match,
                keeper: Keeper | None = None) -> dict[int, np.ndarray]:  # fmt: skip
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
