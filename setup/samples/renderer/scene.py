"""One actor on a set in Blender: build once, then pose and render frame by frame with Cycles on the CPU."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from renderer import materials, objects
from renderer.actor import Actor
from renderer.finehair import Brows, Lashes
from renderer.geometry import eyeball, vertex_normals
from renderer.hair import grow_hair
from renderer.looks import AIM, Look
from renderer.nodes import glowing
from renderer.skin import skin_material

SHIRT_GAP = 0.05  # decimetres between skin and cloth
WALL = np.array([(-12, 0, -8), (12, 0, -8), (12, 18, -8), (-12, 18, -8)], float)


class Scene:
    """Everything of a take but the performance. `samples` per pixel, `size` pixels square, `lens` in millimetres."""

    def __init__(self, actor: Actor, look: Look, size: int = 320, samples: int = 6, lens: float = 80):
        self.actor = actor
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        rest = actor.pose({})
        self.add_body(rest.vertices)
        self.add_mouth(rest.vertices)
        self.add_eyes()
        self.add_hair(rest.vertices)
        self.set_look(look, lens)
        set_up_cycles(self.scene, size, samples)

    def add_body(self, vertices: np.ndarray) -> None:
        """Head and neck, and the shirt a little above the skin."""
        head, person = self.actor.head, self.actor.person
        body, shirt = head.body, head.shirt
        regions = {"m_" + name: mask for name, mask in self.actor.regions.items()}
        self.body = objects.add_mesh(
            "body", vertices[body.ids], body.faces, skin_material(person), regions, head.canon[body.ids], smooth=2
        )
        self.shirt_gap = vertex_normals(vertices, shirt.base_faces)[shirt.ids] * SHIRT_GAP
        self.shirt = objects.add_mesh(
            "shirt",
            vertices[shirt.ids] + self.shirt_gap,
            shirt.faces,
            materials.shirt_material(person.shirt),
            rest=head.canon[shirt.ids],
            smooth=2,
        )
        cloth = self.shirt.modifiers.new("cloth", "SOLIDIFY")
        cloth.thickness, cloth.offset = 0.04, -1

    def add_mouth(self, vertices: np.ndarray) -> None:
        """Teeth and tongue."""
        head, enamel = self.actor.head, materials.teeth_material()
        self.teeth = {
            name: objects.add_mesh(name, vertices[part.ids], part.faces, enamel, rest=head.canon[part.ids], smooth=1)
            for name, part in head.teeth.items()
        }
        self.tongue = objects.add_mesh(
            "tongue", vertices[head.tongue.ids], head.tongue.faces, materials.tongue_material(), smooth=1
        )

    def add_eyes(self) -> None:
        """Both eyeballs, at the origin until the first pose."""
        self.ball, faces, angle = eyeball()
        material = materials.eye_material(self.actor.person.eyes)
        self.eyes = {
            side: objects.add_mesh("eye" + side, self.ball, faces, material, {"angle": angle}, self.ball)
            for side in "lr"
        }

    def add_hair(self, vertices: np.ndarray) -> None:
        """Hair, brows and lashes, all strewn by one generator."""
        person, rng = self.actor.person, np.random.default_rng(self.actor.person.seed)
        self.strands, radius = grow_hair(self.actor, rng)
        self.hair = objects.add_curves("hair", self.strands, radius, materials.hair_material(person.hair))
        self.brow_hairs, self.lash_hairs = Brows(self.actor, rng), Lashes(self.actor, rng)
        self.brows = objects.add_curves(
            "brows", self.brow_hairs.points(vertices), self.brow_hairs.radius, materials.brow_material(person.brows)
        )
        self.lashes = objects.add_curves(
            "lashes", self.lash_hairs.points(vertices), self.lash_hairs.radius, materials.lash_material()
        )

    def set_look(self, look: Look, lens: float) -> None:
        """Camera, world, lamps and backdrop."""
        camera = bpy.data.cameras.new("camera")
        camera.lens, camera.sensor_width = lens, 36
        self.scene.camera = self.place("camera", camera, look.camera, look.target)
        world = self.scene.world = bpy.data.worlds.new("world")
        world.use_nodes = True
        color, strength = world.node_tree.nodes["Background"].inputs[:2]
        color.default_value, strength.default_value = (*look.world, 1), look.world_strength
        self.lamps = []
        for lamp in look.lamps:
            light = bpy.data.lights.new("lamp", "AREA")
            light.size, light.energy, light.color = lamp.size, lamp.power, lamp.color
            self.lamps.append(self.place("lamp", light, lamp.position, AIM))
        objects.add_mesh("wall", WALL, [[0, 1, 2, 3]], materials.backdrop_material(*look.backdrop))

    def place(self, name: str, data: Any, position: tuple, target: tuple) -> Any:
        """An object at `position` that points at `target`."""
        item = bpy.data.objects.new(name, data)
        self.scene.collection.objects.link(item)
        item.location = objects.to_blender(np.array(position, float))
        direction = Vector(objects.to_blender(np.array(target, float) - np.array(position, float)))
        item.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()
        return item

    def show_face_only(self) -> None:
        """Paint the face white and all else black, as it is seen: the matte of what a face swap exchanges."""
        white, black = glowing("white", (1.0, 1.0, 1.0)), glowing("black", (0.0, 0.0, 0.0), 0.0)
        inner = {*self.eyes.values(), *self.teeth.values(), self.tongue, self.brows, self.lashes}
        for item in [o for o in self.scene.objects if o.type in ("MESH", "CURVES")]:
            item.data.materials.clear()
            item.data.materials.append(white if item in inner else black)
        self.body.data.materials.clear()
        self.body.data.materials.append(glowing("face", "m_face"))
        for lamp in self.lamps:
            bpy.data.objects.remove(lamp)
        self.scene.view_settings.view_transform, self.scene.view_settings.look = "Raw", "None"
        self.scene.cycles.use_denoising, self.scene.cycles.samples = False, 4

    def pose(self, expression: dict[str, float], pose: dict[str, Any]) -> None:
        """Move everything to one frame of a performance."""
        head, posed = self.actor.head, self.actor.pose(expression, **pose)
        vertices = posed.vertices
        objects.move_mesh(self.body, vertices[head.body.ids])
        objects.move_mesh(self.shirt, vertices[head.shirt.ids] + self.shirt_gap)
        for name, part in head.teeth.items():
            objects.move_mesh(self.teeth[name], vertices[part.ids])
        objects.move_mesh(self.tongue, vertices[head.tongue.ids])
        for side, eye in self.eyes.items():
            objects.move_mesh(eye, self.actor.eyeball(side, self.ball, expression, posed))
        objects.move_curves(self.hair, posed.carry(self.strands))
        objects.move_curves(self.brows, self.brow_hairs.points(vertices))
        objects.move_curves(self.lashes, self.lash_hairs.points(vertices))

    def render(self, path: Path) -> None:
        """Write the picture as a PNG; it appears under its name only when complete."""
        part = path.with_suffix(".part.png")
        self.scene.render.filepath = str(part)
        with quiet():
            bpy.ops.render.render(write_still=True)
        os.replace(part, path)


def set_up_cycles(scene: Any, size: int, samples: int) -> None:
    """Few samples, short light paths and a denoiser: seconds a frame on a CPU, and the same picture every time."""
    render, cycles = scene.render, scene.cycles
    render.engine, render.use_persistent_data = "CYCLES", True
    render.resolution_x = render.resolution_y = size
    render.image_settings.file_format = "PNG"
    cycles.device, cycles.seed, cycles.samples, cycles.use_adaptive_sampling = "CPU", 0, samples, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.transparent_max_bounces = 3, 4
    cycles.diffuse_bounces = cycles.glossy_bounces = cycles.transmission_bounces = 1
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.cycles_curves.shape = "RIBBONS"
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Blender's log, some thirty lines a frame, off standard output. Errors still reach standard error."""
    sys.stdout.flush()
    saved, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(null)
