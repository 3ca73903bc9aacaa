"""The geometry that every part of a head needs: rotations, normals, and points that stick to a moving surface."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def smoothstep(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) at length 1; those without length stay as they are."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def turn(points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Points (..., 3) turned about the origin by rotation vectors (..., 3) in radians (Rodrigues' formula)."""
    angle = np.linalg.norm(rotation, axis=-1, keepdims=True)
    axis = rotation / np.maximum(angle, 1e-9)
    cos, sin = np.cos(angle), np.sin(angle)
    along = axis * (axis * points).sum(-1, keepdims=True)
    return points * cos + np.cross(axis, points) * sin + along * (1 - cos)


def rotation_vector(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation vector (3,) of angles in degrees: yaw to the person's left, pitch down, roll to the side."""
    (cy, sy), (cp, sp), (cr, sr) = ((math.cos(math.radians(a)), math.sin(math.radians(a))) for a in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    m = about_y @ about_x @ about_z
    angle = math.acos(max(-1.0, min(1.0, (np.trace(m) - 1) / 2)))
    if angle < 1e-8:
        return np.zeros(3)
    return angle / (2 * math.sin(angle)) * np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])


def vertex_normals(vertices: np.ndarray, faces: list) -> np.ndarray:
    """Unit normals (n, 3) of vertices (n, 3): the sum over the faces around each; zero where there is none."""
    normals = np.zeros_like(vertices)
    for face in faces:
        a, b, c = vertices[face[0]], vertices[face[1]], vertices[face[-1]]
        normals[face] += np.cross(b - a, c - a)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def triangles(faces: list) -> np.ndarray:
    """Triangles (t, 3) of faces with three or four corners."""
    out = []
    for face in faces:
        out.append([face[0], face[1], face[2]])
        if len(face) == 4:
            out.append([face[0], face[2], face[3]])
    return np.array(out)


def fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (3,) and radius of the sphere nearest to points (n, 3), by linear least squares."""
    solution = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(1), rcond=None)[0]
    centre = solution[:3]
    return centre, math.sqrt(solution[3] + centre @ centre)


@dataclass
class Bound:
    """Points on triangles of the base mesh: `corners` (n, 3) vertex ids, `shares` (n, 3) barycentric."""

    corners: np.ndarray
    shares: np.ndarray

    def at(self, values: np.ndarray) -> np.ndarray:
        """Values given per vertex (v, k), at the points: (n, k)."""
        return sum(values[self.corners[:, j]] * self.shares[:, j : j + 1] for j in range(3))

    def frames(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(points, normals, tangents, bitangents), each (n, 3), on the mesh as it stands now."""
        a, b, c = (vertices[self.corners[:, k]] for k in range(3))
        normal = unit(np.cross(b - a, c - a))
        tangent = b - a
        tangent = unit(tangent - normal * (tangent * normal).sum(1, keepdims=True))
        return self.at(vertices), normal, tangent, np.cross(normal, tangent)

    def keep(self, chosen: np.ndarray) -> Bound:
        """Only the points where `chosen` (n,) is true."""
        return Bound(self.corners[chosen], self.shares[chosen])


def scatter(rng: np.random.Generator, faces: list, vertices: np.ndarray, count: int) -> Bound:
    """`count` points strewn evenly over the faces (lists of vertex ids)."""
    corners = triangles(faces)
    a, b, c = (vertices[corners[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = rng.choice(len(corners), count, p=area / area.sum())
    first, second = np.sqrt(rng.random(count)), rng.random(count)
    return Bound(corners[chosen], np.stack([1 - first, first * (1 - second), first * second], 1))


def thin(rng: np.random.Generator, points: Bound, chance: Callable[[], np.ndarray]) -> Bound:
    """Keep each point with its chance (n,); the dice are thrown before the chances are asked for."""
    dice = rng.random(len(points.corners))
    return points.keep(dice < chance())


def eyeball() -> tuple[np.ndarray, list, np.ndarray]:
    """A unit eyeball looking along +z: vertices (n, 3), faces, and the angle of each vertex (n,) in radians."""
    rings, segments = 40, 48
    polar = np.concatenate([np.linspace(0, 0.62, 22), np.linspace(0.68, math.pi, rings - 22)])
    around = 2 * math.pi * np.arange(segments) / segments
    angle, turn_ = (grid.ravel() for grid in np.meshgrid(polar, around, indexing="ij"))
    radius = 1 + 0.055 * np.clip(1 - (angle / 0.50) ** 2, 0, 1)  # the cornea's bulge
    vertices = np.stack(
        [radius * np.sin(angle) * np.cos(turn_), radius * np.sin(angle) * np.sin(turn_), radius * np.cos(angle)], 1
    )
    faces = [
        (i + k, i + segments + k, i + segments + (k + 1) % segments, i + (k + 1) % segments)
        for i in range(0, (rings - 1) * segments, segments)
        for k in range(segments)
    ]
    return vertices, faces, angle
