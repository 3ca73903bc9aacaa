"""A person's head: its shape, its regions, and where every vertex stands in a pose."""

from dataclasses import dataclass

import numpy as np

from renderer.geometry import fit_sphere, rotation_vector, smoothstep, turn
from renderer.head import Head, blob, blobs, hair_height
from renderer.settings import Brows, Identity, Person

SKULL_JOINT = np.array([0, 7.83, 0.47])  # where everyone's head joint is put
NECK_PIVOT = np.array([0, 7.45, 0.30])  # what the head turns about
TEETH_SHIFT = {"upper": (0, -0.055, 0.03), "lower": (0, 0.05, 0.02)}  # MakeHuman's teeth hide behind the lips
FACE_FIT = 0.97  # a little smaller than A's face: nothing of B's face may stand out of A's head
BROW_INNER, BROW_LENGTH = 0.13, 0.46


@dataclass
class Posed:
    """A head in a pose: all vertices (19158, 3), and the head's rotation vector and shift."""

    vertices: np.ndarray
    rotation: np.ndarray
    shift: np.ndarray

    def carry(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the resting head, taken along rigidly."""
        rotation = np.broadcast_to(self.rotation, points.shape)
        return NECK_PIVOT + turn(points - NECK_PIVOT, rotation) + self.shift


class Actor:
    """One person of the cast. A hybrid keeps its own head and hair and wears another's face."""

    def __init__(self, head: Head, person: Person):
        self.head, self.person = head, person
        self.own = self.shape(person.identity)  # hair grows on this one
        self.vertices = self.own if person.face is None else self.with_face(self.shape(person.face.identity))
        self.vertices = self.vertices.copy()
        for name, shift in TEETH_SHIFT.items():
            self.vertices[head.data.groups[f"helper-{name}-teeth"]] += np.array(shift)
        self.eyes = {side: fit_sphere(self.vertices[head.data.groups[f"helper-{side}-eye"]]) for side in "lr"}
        self.regions = {name: np.clip(mask, 0, 1) for name, mask in self.find_regions().items()}

    def shape(self, identity: Identity) -> np.ndarray:
        """The vertices (19158, 3) of an identity, its skull joint where everyone's is."""
        vertices = self.head.data.identity(identity)
        return vertices + (SKULL_JOINT - vertices[self.head.data.groups["joint-head"]].mean(0))

    def with_face(self, other: np.ndarray) -> np.ndarray:
        """This head with the face of `other` (19158, 3), fitted in size and place as every swap does."""
        head, skin, own = self.head, self.head.skin_ids, self.own
        share = np.zeros(len(own))
        share[skin] = head.face_region(skin) * (head.canon[skin, 1] > 6.8)
        share[head.inner_ids()] = 1
        share[skin[head.region("inside-mouth", skin) > 0.5]] = 1
        front = skin[(share[skin] > 0.5) & (head.canon[skin, 2] > 0.9)]  # what landmarks align by
        theirs, ours = other[front] - other[front].mean(0), own[front] - own[front].mean(0)
        scale = np.sqrt((ours[:, :2] ** 2).sum() / (theirs[:, :2] ** 2).sum()) * FACE_FIT
        fitted = (other - other[front].mean(0)) * scale + own[front].mean(0)
        return own + share[:, None] * (fitted - own)

    def find_regions(self) -> dict[str, np.ndarray]:
        """Soft masks over the body's vertices (n,): where skin is red, hair grows, lips are."""
        head, ids = self.head, self.head.body.ids
        points = head.canon[ids]
        masks = {"lips": "lips", "mouth": "inside-mouth", "ears": "ears"}
        out = {name: head.region(mask, ids) for name, mask in masks.items()}
        out["cheek"] = blobs(points, (0.42, 7.85, 1.35), (0.22, 0.20, 0.3))
        out["nose"] = blob(points, (0, 7.86, 1.75), (0.20, 0.16, 0.3))
        out["socket"] = blobs(points, (0.30, 8.18, 1.4), (0.24, 0.17, 0.3))
        out["jaw"] = jaw_region(points)
        height = hair_height(points, self.person.hairline)
        out["scalp"] = smoothstep(height, -0.03, 0.06) * (1 - out["ears"])
        out["brow"] = brow_density(points, self.person.brows)
        out["face"] = head.face_region(ids)
        return out

    def pose(
        self, expression: dict[str, float], yaw: float = 0, pitch: float = 0, roll: float = 0, trans: tuple = (0, 0, 0)
    ) -> Posed:
        """The head with expression weights by name, angles in degrees and a shift in decimetres."""
        vertices = self.vertices.copy()
        for name, weight in expression.items():
            if name not in ("gazex", "gazey") and abs(weight) >= 1e-4:
                vertices += weight * self.head.data.expression(name)
        share, rotation, shift = self.head.share[:, None], rotation_vector(yaw, pitch, roll), np.array(trans)
        turned = NECK_PIVOT + turn(vertices - NECK_PIVOT, share * rotation[None])
        return Posed(turned + shift * (0.25 + 0.75 * share), rotation, shift)

    def eyeball(self, side: str, ball: np.ndarray, expression: dict[str, float], posed: Posed) -> np.ndarray:
        """The unit eyeball (n, 3) in its socket, looking where the expression's gaze (degrees) says."""
        centre, radius = self.eyes[side]
        gaze = rotation_vector(expression.get("gazex", 0), expression.get("gazey", 0), 0)
        return posed.carry(centre + turn(ball * radius * 0.985, np.broadcast_to(gaze, ball.shape)))


def jaw_region(points: np.ndarray) -> np.ndarray:
    """Where a beard grows (n,): jaw, chin and upper lip."""
    jaw = smoothstep(points[:, 2], 0.2, 1.0) * (1 - smoothstep(points[:, 1], 7.50, 7.86))
    return jaw * smoothstep(points[:, 1], 6.95, 7.15) + blob(points, (0, 7.72, 1.7), (0.32, 0.07, 0.4))


def along_brow(points: np.ndarray) -> np.ndarray:
    """How far out a point (n, 3) lies on the brow: 0 at its inner end, 1 at its outer."""
    return (np.abs(points[:, 0]) - BROW_INNER) / BROW_LENGTH


def brow_height(t: np.ndarray, brows: Brows) -> np.ndarray:
    """The height of the brow's middle at `t` (n,) along it."""
    return brows.height + brows.arch * np.sin(np.pi * np.clip(t * 0.95, 0, 1) ** 1.3) + brows.slope * (t - 0.3)


def brow_density(points: np.ndarray, brows: Brows) -> np.ndarray:
    """How thick the brow is at canonical points (n, 3), 0..1."""
    t = along_brow(points)
    inside = np.clip(t, 0, 1)
    width = brows.width * (1 - 0.55 * inside**1.5)
    bell = np.exp(-(((points[:, 1] - brow_height(inside, brows)) / width) ** 2))
    return bell * smoothstep(t, -0.12, 0.05) * (1 - smoothstep(t, 0.9, 1.1)) * (points[:, 2] > 0.9)
