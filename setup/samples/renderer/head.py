"""The base mesh cut into its parts, with the regions that are the same for everyone."""

from dataclasses import dataclass

import numpy as np

from renderer.geometry import smoothstep
from renderer.makehuman import MakeHuman
from renderer.settings import Identity

# The average man: all regions are drawn on him, then carried to everyone by vertex number.
CANONICAL = Identity(gender=1.0, age=0.0, muscle=0.5, weight=0.5, ancestry={"caucasian": 1.0}, details={})
NECK_SHARE = {"neck01": 0.2, "neck02": 0.45, "neck03": 0.75}
# The hairline: azimuth in degrees from the front, and the height below which no hair grows.
HAIRLINE_AZIMUTH = (0, 25, 40, 52, 62, 72, 80, 95, 110, 130, 180)
HAIRLINE_HEIGHT = (8.98, 8.97, 8.93, 8.72, 8.45, 8.12, 8.20, 8.42, 8.15, 7.75, 7.45)


def hair_height(points: np.ndarray, shift: float | np.ndarray = 0.0) -> np.ndarray:
    """How far canonical points (n, 3) lie above the hairline, moved up by `shift`; decimetres (n,)."""
    azimuth = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - 0.35))
    return points[:, 1] - np.interp(azimuth, HAIRLINE_AZIMUTH, HAIRLINE_HEIGHT) - shift


def blob(points: np.ndarray, centre: tuple, radius: tuple) -> np.ndarray:
    """A soft spot (n,): 1 at the centre, falling off like a bell with the radius of each axis."""
    return np.exp(-((points - np.array(centre)) ** 2 / np.array(radius) ** 2).sum(1))


def blobs(points: np.ndarray, centre: tuple, radius: tuple) -> np.ndarray:
    """The same spot on both sides of the head."""
    return blob(points, centre, radius) + blob(points, (-centre[0], *centre[1:]), radius)


@dataclass
class Part:
    """A piece of the base mesh: ids of its vertices (n,), faces by base ids, and the same faces by place in `ids`."""

    ids: np.ndarray
    base_faces: list
    faces: list


def cut(faces: list, keep) -> Part:
    """The faces (vertex ids, uv ids) for which `keep(ids)` is true."""
    kept = [ids for ids, _ in faces if keep(ids)]
    used = np.array(sorted({i for face in kept for i in face}))
    place = {vertex: n for n, vertex in enumerate(used)}
    return Part(used, kept, [[place[i] for i in face] for face in kept])


class Head:
    """What all people share: parts, regions and how far each vertex follows the head."""

    def __init__(self, data: MakeHuman):
        self.data = data
        self.canon = data.identity(CANONICAL)
        faces = data.faces
        self.body = cut(faces["body"], lambda f: self.low(f) > 5.2 and self.wide(f) < 2.6)
        self.shirt = cut(faces["helper-tights"], lambda f: self.low(f) > 4.6 and self.wide(f) < 2.9)
        self.teeth = {name: cut(faces[f"helper-{name}-teeth"], lambda f: True) for name in ("upper", "lower")}
        self.tongue = cut(faces["helper-tongue"], lambda f: True)
        self.skin_ids = np.unique(np.concatenate([np.array(ids) for ids, _ in faces["body"]]))
        self.uv = np.zeros((len(self.canon), 2))
        for ids, uv_ids in faces["body"]:
            self.uv[ids] = data.uv[uv_ids]
        self.share = self.head_share()

    def low(self, face: list) -> float:
        """The lowest corner of a face."""
        return self.canon[face, 1].min()

    def wide(self, face: list) -> float:
        """The corner of a face farthest from the middle."""
        return np.abs(self.canon[face, 0]).max()

    def inner_ids(self) -> np.ndarray:
        """Vertices of eyes, teeth, tongue and lashes: they move with the skull."""
        groups = self.data.groups
        names = [n for n in groups if n.startswith("helper-") and any(s in n for s in ("eye", "teeth", "tongue"))]
        return np.concatenate([groups[n] for n in names])

    def head_share(self) -> np.ndarray:
        """0 for a vertex that stays with the body, 1 for one that turns with the head; the neck between (19158,)."""
        bones, weights = self.data.rig()
        total = np.zeros(len(self.canon))
        for bone, entries in weights.items():
            share = NECK_SHARE.get(bone, 1.0 if under_head(bone, bones) else 0.0)
            for vertex, weight in entries if share else ():
                total[int(vertex)] += share * weight
        total[self.inner_ids()] = 1
        return total

    def region(self, name: str, ids: np.ndarray) -> np.ndarray:
        """One of MakeHuman's region masks at vertices (n,), 0..1."""
        mask, uv = self.data.texture(name), self.uv[ids]
        height, width = mask.shape
        row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
        return mask[row, np.clip((uv[:, 0] * width).astype(int), 0, width - 1)]

    def face_region(self, ids: np.ndarray) -> np.ndarray:
        """The face with lids and eye sockets, soft at its edge (n,), 0..1: what a face swap exchanges."""
        eyes = blobs(self.canon[ids], (0.30, 8.17, 1.2), (0.24, 0.15, 0.5))
        parts = [self.region("face", ids), self.region("eyelids", ids), smoothstep(eyes, 0.25, 0.55)]
        return np.clip(np.maximum.reduce(parts), 0, 1)

    def skin_between(self, low: float, high: float) -> list:
        """Faces of the body (vertex ids) whose middle lies in low < y <= high."""
        return [f for f in self.body.base_faces if low < self.canon[f, 1].mean() <= high]


def under_head(bone: str | None, bones: dict) -> bool:
    """True for the head's bone and all that hang on it."""
    while bone:
        if bone == "head":
            return True
        bone = bones.get(bone, {}).get("parent")
    return False
