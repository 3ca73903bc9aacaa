"""What is known of a video before a frame is drawn: whose faces, on which canvas, and where the new one goes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from faceswap_lib.face import geometry, motion
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.face.mesh import Crop, Mesh

BLOCK = 32  # faces that are worked out at once
KEPT = 8  # blocks that are at hand: memory does not grow with the video's length
TURNED = (42.0, 52.0)  # degrees to the side from which, and at which, no new face is seen: soon after, none is found
# textures uint8 (N, S, S, 3) and motions (N, S/2, S/2, 4) of the scene's faces N -> pictures (N, S, S, 3) in [0, 1]
Drawer = Callable[[np.ndarray, np.ndarray, list[int]], np.ndarray]
# drawn faces and textures (N, S, S, 3) in [0, 1] of whom they replace, the canvas, where the new ones go (N, 478, 3) ->
# N works that each give a face (S, S, 3) in the other's light: what is asked of all at once is done: `color.matched`
Match = Callable[[np.ndarray, np.ndarray, Mesh | Crop, np.ndarray], list[Callable[[], np.ndarray]]]
# N frames, textures uint8 (N, S, S, 3) of the scene's faces N in them -> textures without what is in front of the face,
# and N masks (S, S) 0..1 of how much of the new face it hides: `occlusion.keeper`
Keeper = Callable[[list[np.ndarray], np.ndarray, list[int]], tuple[np.ndarray, list[np.ndarray]]]


class Each:
    """An array of each of N faces, (N, …), indexed by face as NumPy's is; worked out a block at a time, when asked for.

    block: what there is of some faces in a row.
    """

    def __init__(self, count: int, block: Callable[[range], np.ndarray]):
        self._count, self._block = count, lru_cache(KEPT)(block)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, which: int | slice | list | np.ndarray) -> np.ndarray:
        pick = np.arange(self._count)[which]
        if pick.ndim == 0:
            first = int(pick) // BLOCK * BLOCK
            return self._block(range(first, min(first + BLOCK, self._count)))[pick - first]
        return np.array([self[int(i)] for i in pick])


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
    solid: Each | np.ndarray
    own: Each | np.ndarray
    moves: Each | np.ndarray
    targets: Each | np.ndarray
    mouth: bool = True
    borders: tuple[int, ...] = ()

    @cached_property
    def frames(self) -> np.ndarray:
        """Frame index of each face (N,)."""
        return self.found.frames

    @cached_property
    def at(self) -> dict[int, int]:
        """Frame -> its face among the N."""
        return {int(frame): i for i, frame in enumerate(self.frames)}

    def yaw(self, i: int) -> float:
        """How far face i's head is turned to either side, degrees."""
        points = self.solid[i]
        return abs(geometry.pose(points[:, :2], points[:, 2])[0])


def shown(yaw: float) -> float:
    """How much of a new face is seen, 1 to 0: towards profile it fades out, or it would break and jump."""
    return 1 - float(np.interp(yaw, TURNED, (0, 1)))


def scene(found: Faceset, on: Mesh | Crop, mine: np.ndarray, theirs: np.ndarray) -> Scene:
    """The scene of a faceset's video; mine, theirs: mean shapes (478, 3) of who is there and who is put in.

    On the mesh the new face has its own shape, moved as the old one moves; with similarity it takes the old one's.
    """
    count = len(found.records)

    @lru_cache(KEPT)
    def laid(faces: range) -> tuple[np.ndarray, motion.Person]:
        solid = motion.smoothed(found, faces)
        return solid, motion.person(solid, mine)

    def each(block: Callable[[range], np.ndarray]) -> Each:
        return Each(count, lambda faces: block(faces).astype("f4"))

    solid, own = Each(count, lambda faces: laid(faces)[0]), each(lambda faces: laid(faces)[1].motion)
    if not isinstance(on, Mesh):
        return Scene(found, on, solid, own, own, each(lambda faces: laid(faces)[0]))
    share = motion.carried(mine, theirs)
    more = motion.parted(mine, theirs, Each(count, lambda faces: laid(faces)[1].motion))

    def moves(faces: range) -> np.ndarray:
        return laid(faces)[1].motion * share + more

    def targets(faces: range) -> np.ndarray:
        points, person = laid(faces)
        every = zip(moves(faces), person.fits, points, strict=True)
        return np.stack([motion.target(theirs, *one) for one in every])

    return Scene(found, on, solid, own, each(moves), each(targets))
