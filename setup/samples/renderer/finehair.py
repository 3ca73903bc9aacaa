"""Eyebrows and eyelashes: short strands that follow the skin through every expression."""

from dataclasses import dataclass

import numpy as np

from renderer.actor import Actor, along_brow, brow_density, brow_height
from renderer.geometry import scatter, thin, unit

LASH_RADIUS = 0.0026
LASH_ROWS = {"1": (55, 0.8, 0.006), "2": (90, 1.0, -0.008)}  # lower and upper lid: strands, length, sag


class Brows:
    """The hairs of both brows, kept as directions in the skin's own frame."""

    def __init__(self, actor: Actor, rng: np.random.Generator):
        self.brows, canon = actor.person.brows, actor.head.canon
        faces = [f for f in actor.head.body.base_faces if canon[f, 2].mean() > 0.8 and 8.2 < canon[f, 1].mean() < 8.9]
        tried = scatter(rng, faces, actor.vertices, 26000)
        self.roots = thin(rng, tried, lambda: self.chance(tried.at(canon)))
        self.local = self.comb(actor, rng)
        self.length = self.brows.hair_length * rng.uniform(0.6, 1.15, len(self.local))
        self.radius = np.full(len(self.local), self.brows.hair_radius)

    def chance(self, points: np.ndarray) -> np.ndarray:
        """How likely a hair grows at canonical points (n, 3): thinner towards the outer end."""
        density = np.clip(brow_density(points, self.brows), 0, 1) ** 1.6
        return density * self.brows.density * (1.25 - 0.75 * np.clip(along_brow(points), 0, 1))

    def comb(self, actor: Actor, rng: np.random.Generator) -> np.ndarray:
        """Directions (n, 3) as shares of tangent, bitangent and normal: up at the inner end, outwards at the outer."""
        _, normal, tangent, bitangent = self.roots.frames(actor.vertices)
        canon = self.roots.at(actor.head.canon)
        t = np.clip(along_brow(canon), 0, 1)
        up = (1 - t) * 0.55 + (brow_height(t, self.brows) - canon[:, 1]) / self.brows.width * 0.25
        direction = np.stack([np.sign(canon[:, 0]) * (0.35 + t), up - 0.25 * t, -0.25 - 0.5 * t], 1)
        direction = unit(direction + normal * 0.22 + rng.normal(0, 0.12, direction.shape))
        return np.stack([(direction * axis).sum(1) for axis in (tangent, bitangent, normal)], 1)

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """The hairs (n, 4, 3) on the head's vertices (19158, 3) as they stand."""
        root, normal, tangent, bitangent = self.roots.frames(vertices)
        direction = self.local[:, :1] * tangent + self.local[:, 1:2] * bitangent + self.local[:, 2:] * normal
        k, length = np.linspace(0, 1, 4)[None, :, None], self.length[:, None, None]
        bend = normal[:, None] * (length * 0.18 * k**2)
        return root[:, None] - normal[:, None] * 0.004 + direction[:, None] * length * k - bend


@dataclass
class LashRow:
    """The lashes of one lid: between which root and tip vertices each stands, and its own small differences."""

    roots: tuple[np.ndarray, np.ndarray]
    tips: tuple[np.ndarray, np.ndarray]
    between: np.ndarray
    length: np.ndarray
    jitter: np.ndarray
    sag: float

    def points(self, vertices: np.ndarray, longer: float) -> np.ndarray:
        """The lashes (n, 4, 3)."""
        root, tip = (vertices[a] * (1 - self.between) + vertices[b] * self.between for a, b in (self.roots, self.tips))
        tip = root + (tip - root) * self.length * longer + self.jitter
        middle = (root + tip) / 2 + np.array([0, self.sag, 0.004])
        low = (root + middle) / 2 + (middle - (root + tip) / 2) * 0.4
        return np.stack([root, low, middle, tip], 1)


class Lashes:
    """The lashes of all four lids, along MakeHuman's lash strips."""

    def __init__(self, actor: Actor, rng: np.random.Generator):
        self.longer = actor.person.lashes.length
        self.rows = [lash_row(actor, side, kind, rng) for side in "lr" for kind in "12"]
        self.radius = np.full(sum(len(row.between) for row in self.rows), LASH_RADIUS)

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """The lashes (n, 4, 3) on the head's vertices (19158, 3) as they stand."""
        return np.concatenate([row.points(vertices, self.longer) for row in self.rows])


def lash_columns(actor: Actor, side: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertex ids of a strip's roots and tips, column by column along the lid; roots are nearest to the eyeball."""
    head = actor.head
    uv = {
        i: head.data.uv[t]
        for ids, uvs in head.data.faces[f"helper-{side}-eyelashes-{kind}"]
        for i, t in zip(ids, uvs, strict=True)
    }
    ids, along = np.array(list(uv)), np.array(list(uv.values()))[:, 0]
    along = (along - along.min()) / np.ptp(along)
    eye = "l" if head.canon[ids, 0].mean() > 0 else "r"
    far = np.linalg.norm(head.canon[ids] - head.canon[head.data.groups[f"helper-{eye}-eye"]].mean(0), axis=1)
    columns = [np.where(np.abs(along - at) < 0.055)[0] for at in np.linspace(0, 1, 13)]
    columns = [c for c in columns if len(c) >= 2]
    return (
        np.array([ids[c[np.argmin(far[c])]] for c in columns]),
        np.array([ids[c[np.argmax(far[c])]] for c in columns]),
    )


def lash_row(actor: Actor, side: str, kind: str, rng: np.random.Generator) -> LashRow:
    """Lashes at random places along one lid."""
    roots, tips = lash_columns(actor, side, kind)
    strands, length, sag = LASH_ROWS[kind]
    count = int(strands * actor.person.lashes.density)
    place = np.sort(rng.random(count)) * (len(roots) - 1.001)
    k = place.astype(int)
    return LashRow(
        (roots[k], roots[k + 1]),
        (tips[k], tips[k + 1]),
        (place - k)[:, None],
        rng.uniform(0.75, 1.1, count)[:, None] * length,
        rng.normal(0, 0.01, (count, 3)),
        sag,
    )
