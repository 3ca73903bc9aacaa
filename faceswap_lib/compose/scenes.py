"""What is known of a video before a frame is drawn: whose faces, on which canvas, and where the new one goes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faceswap_lib.face import geometry, motion
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.face.mesh import Crop, Mesh

TURNED = (42.0, 52.0)  # degrees to the side from which, and at which, no new face is seen: soon after, none is found
# textures uint8 (N, S, S, 3) and motions (N, S/2, S/2, 4) of the scene's faces N -> pictures (N, S, S, 3) in [0, 1]
Drawer = Callable[[np.ndarray, np.ndarray, list[int]], np.ndarray]
# drawn faces and textures (N, S, S, 3) in [0, 1] of whom they replace, the canvas, where the new ones go (N, 478, 3) ->
# N works that each give a face (S, S, 3) in the other's light: what is asked of all at once is done: `color.matched`
Match = Callable[[np.ndarray, np.ndarray, Mesh | Crop, np.ndarray], list[Callable[[], np.ndarray]]]
# N frames, textures uint8 (N, S, S, 3) of the scene's faces N in them -> textures without what is in front of the face,
# and N masks (S, S) 0..1 of how much of the new face it hides: `occlusion.keeper`
Keeper = Callable[[list[np.ndarray], np.ndarray, list[int]], tuple[np.ndarray, list[np.ndarray]]]


@dataclass
class Scene:
    """What is known of a video before its first frame: whose faces, on which canvas, and where they are drawn.

    solid (N, 478, 3) smoothed points, own (N, 478, 3) motion of who is there, moves (N, 478, 3) what the new face makes
    of it, targets N points (478, 3) where the new face goes. mouth: what is seen between the lips stays as it was, for
    few clips show the new person's teeth at every opening, and the mesh has hardly a pixel for them where they shut.
    borders: frames at which something new begins (pieces of media/cuts.py), so that nothing is carried on over them.
    """

    found: Faceset
    on: Mesh | Crop
    solid: np.ndarray
    own: np.ndarray
    moves: np.ndarray
    targets: np.ndarray
    mouth: bool = True
    borders: tuple[int, ...] = ()

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
        return np.abs([geometry.pose(s[:, :2], s[:, 2])[0] for s in self.solid])


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
