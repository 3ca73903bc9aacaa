"""Meshes and hair curves as Blender objects, and how their points move."""

from typing import Any

import bpy
import numpy as np


def to_blender(points: np.ndarray) -> np.ndarray:
    """Points (..., 3) from MakeHuman's axes (y up, z to the front) to Blender's (z up, y to the back)."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)


def flat(values: np.ndarray) -> np.ndarray:
    """Values as the one row of float32 that Blender wants."""
    return np.ascontiguousarray(values, np.float32).ravel()


def add(name: str, data: Any, material: Any) -> Any:
    """A new object in the scene with one material."""
    item = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(item)
    data.materials.append(material)
    return item


def add_mesh(
    name: str,
    points: np.ndarray,
    faces: list,
    material: Any,
    values: dict[str, np.ndarray] | None = None,
    rest: np.ndarray | None = None,
    smooth: int = 0,
) -> Any:
    """A mesh of points (n, 3) and faces; `values` (n,) and resting places `rest` (n, 3) are for its material.

    `smooth` is the number of subdivisions.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(points).tolist(), [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    if rest is not None:
        mesh.attributes.new("rest", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", flat(rest))
    for key, value in (values or {}).items():
        mesh.attributes.new(key, "FLOAT", "POINT").data.foreach_set("value", flat(value))
    item = add(name, mesh, material)
    if smooth:
        modifier = item.modifiers.new("smooth", "SUBSURF")
        modifier.levels = modifier.render_levels = smooth
        modifier.boundary_smooth = "ALL"
    return item


def move_mesh(item: Any, points: np.ndarray) -> None:
    """Put a mesh's vertices at points (n, 3)."""
    item.data.vertices.foreach_set("co", flat(to_blender(points)))
    item.data.update()


def add_curves(name: str, points: np.ndarray, radius: np.ndarray, material: Any) -> Any:
    """Strands with points (n, k, 3) and a root radius (n,) that thins to a quarter at the tip."""
    curves, (count, length, _) = bpy.data.hair_curves.new(name), points.shape
    curves.add_curves([length] * count)
    taper = np.repeat(radius[:, None], length, 1) * np.linspace(1, 0.25, length)[None]
    stored = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    stored.data.foreach_set("value", flat(taper))
    item = add(name, curves, material)
    move_curves(item, points)
    return item


def move_curves(item: Any, points: np.ndarray) -> None:
    """Put the strands at points (n, k, 3)."""
    item.data.attributes["position"].data.foreach_set("vector", flat(to_blender(points)))
    item.data.update_tag()
