"""Grow the hair of the head: every strand falls step by step over the skull and keeps out of it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from renderer.actor import Actor
from renderer.geometry import Bound, scatter, smoothstep, thin, unit, vertex_normals
from renderer.head import hair_height
from renderer.settings import LongHair, ShortHair

CLING = 0.6
GRAVITY = {"short": 0.15, "long": 0.42}


class Skull:
    """The surface that hair lies on: points of head and neck, each with its normal."""

    def __init__(self, actor: Actor):
        head = actor.head
        self.vertex_normals = vertex_normals(actor.own, head.body.base_faces)
        faces = head.skin_between(6.9, np.inf) + head.skin_between(6, 6.9)
        rng = np.random.default_rng(1)
        spread = thin(rng, scatter(rng, faces, actor.own, 30000), lambda: np.ones(30000))
        self.points = spread.at(actor.own)
        self.normals = self.smooth_normals(spread)
        self.tree = cKDTree(self.points)

    def smooth_normals(self, points: Bound) -> np.ndarray:
        """Unit normals (n, 3) interpolated from the vertices."""
        return unit(points.at(self.vertex_normals))

    def push(self, tips: np.ndarray, layer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Move points (n, 3) to their layer's height (n,) above the skull: (points, normals there, pushed out or not).

        Hair on top clings to the skull; below the ears it hangs free.
        """
        _, nearest = self.tree.query(tips)
        normal, point = self.normals[nearest], self.points[nearest]
        height = ((tips - point) * normal).sum(1)
        out = np.clip(layer - height, 0, 0.3)
        cling = -np.clip(height - layer, 0, 0.4) * CLING * smoothstep(normal[:, 1], -0.25, 0.35) * (point[:, 1] > 7.6)
        return tips + normal * (out + cling)[:, None], normal, out > 0


@dataclass
class Comb:
    """How strands (n) start out: direction (n, 3), segments, step (n,), layer above the skull (n,), pull and wave."""

    direction: np.ndarray
    segments: int
    step: np.ndarray
    layer: np.ndarray
    gravity: float
    wave: float


def roots(actor: Actor, rng: np.random.Generator) -> Bound:
    """Where strands grow: above the hairline, which is a little ragged, and not on the ears."""
    head, canon = actor.head, actor.head.canon
    tried = scatter(rng, head.skin_between(6.9, np.inf), actor.own, actor.person.hair.strands)

    def chance() -> np.ndarray:
        points = tried.at(canon)
        line = actor.person.hairline + rng.normal(0, 0.025, len(points))
        return smoothstep(hair_height(points, line), -0.01, 0.08)

    grown = thin(rng, tried, chance)
    ears = np.zeros((len(canon), 1))
    ears[head.body.ids, 0] = actor.regions["ears"]
    return grown.keep(grown.at(ears)[:, 0] < 0.2)


def comb_short(hair: ShortHair, rng, canon: np.ndarray, normal: np.ndarray, clump: np.ndarray) -> Comb:
    """Short hair stands up from the skull and is combed to the side of its parting."""
    top = smoothstep(canon[:, 1], 8.75, 9.1)
    length = hair.side + (hair.top - hair.side) * top
    length *= rng.uniform(0.75, 1.1, len(canon)) * (1 + 0.15 * clump)
    side = np.where(canon[:, 0] < hair.part, -1, 1.0)[:, None] * np.array([[1, 0, 0]])
    down = np.array([[0, -0.25, -0.35]]) * (1 - top[:, None])
    combed = side * hair.sidecomb + np.array([[0, 0, hair.forward]]) + down
    tuft = 0.25 * clump[:, None] * np.array([[0.4, 0.2, 1]])
    direction = normal * hair.lift + combed + rng.normal(0, 0.12, canon.shape) + tuft
    layer = rng.uniform(0.02, 0.05 + 0.16 * top, len(canon))
    return Comb(unit(direction), hair.segments, length / hair.segments, layer, GRAVITY["short"], 0.0)


def comb_long(hair: LongHair, rng, canon: np.ndarray, normal: np.ndarray, clump: np.ndarray) -> Comb:
    """Long hair leaves its parting sideways, then falls to the cut."""
    side = np.where(canon[:, 0] < hair.part, -1.0, 1.0)
    back = np.where(canon[:, 2] > 0.6, -0.45, -0.1)
    away = np.stack([side, np.zeros(len(canon)), back], 1)
    direction = away + normal * 0.22 + rng.normal(0, 0.05, canon.shape) + 0.10 * clump[:, None]
    layer = rng.uniform(0.03, hair.volume, len(canon))
    cut = hair.cut + rng.normal(0, 0.05, len(canon)) + 0.12 * np.abs(clump)
    top = smoothstep(canon[:, 1], 8.7, 9.1)
    step = np.clip((canon[:, 1] - cut) * 1.12 + 0.55 * top + 0.1, 0.05, 3.2) / hair.segments
    return Comb(unit(direction), hair.segments, step, layer, GRAVITY["long"], hair.wave)


def fall(start: np.ndarray, comb: Comb, skull: Skull, clump: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The strands (n, segments + 1, 3) from their roots (n, 3); `clump` and `across` (n, 1) set their waves apart."""
    points, direction = [start], comb.direction
    for k in range(1, comb.segments + 1):
        wave = comb.wave * np.sin(k * 0.9 + clump * 5 + across * 9) * np.array([[0.25, 0, 0.25]])
        direction = unit(direction + comb.gravity * np.array([0, -1, 0]) + wave)
        tips = points[-1] + direction * comb.step[:, None]
        for _ in range(2):
            tips, normal, hit = skull.push(tips, comb.layer * min(1, k / 3))
        inward = (direction * normal).sum(1, keepdims=True)
        direction = unit(np.where(hit[:, None] & (inward < 0), direction - inward * normal, direction))
        points.append(tips)
    return np.stack(points, 1)


def grow_hair(actor: Actor, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The strands of a head at rest: points (n, segments + 1, 3) and radii at the root (n,), in decimetres."""
    hair, skull, rooted = actor.person.hair, Skull(actor), roots(actor, rng)
    canon, normal = rooted.at(actor.head.canon), skull.smooth_normals(rooted)
    skin, facing, _, _ = rooted.frames(actor.own)
    clump = np.sin(canon[:, 0] * 23) * np.sin(canon[:, 2] * 19 + 1) * np.sin(canon[:, 1] * 17 + 2)
    style = comb_long if isinstance(hair, LongHair) else comb_short
    comb = style(hair, rng, canon, normal, clump)
    strands = fall(skin - normal * 0.01, comb, skull, clump[:, None], canon[:, :1])
    return strands, hair.radius * rng.uniform(0.7, 1.2, len(skin))
