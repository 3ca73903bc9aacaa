"""The same actor drawn by a rasteriser (OpenGL without a screen): plainer than Blender, ten times as fast.

It takes the place of `scene.Scene`: pose, then render.
"""

import os
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from PIL import Image

from renderer import SampleError
from renderer.actor import Actor
from renderer.finehair import Brows, Lashes
from renderer.geometry import eyeball, triangles, unit, vertex_normals
from renderer.hair import grow_hair
from renderer.looks import Look, view_matrix
from renderer.settings import Person
from renderer.srgb import linear
from renderer.subdivide import subdivide

SHADERS = Path(__file__).with_name("shaders")
OVERSAMPLE = 2
SKIN, EYE, TOOTH, TONGUE, SHIRT = range(5)
SHIRT_GAP = 0.05


def program(context: moderngl.Context, name: str) -> moderngl.Program:
    """A shader program from shaders/NAME.vert and .frag."""
    light = (SHADERS / "light.glsl").read_text()
    fragment = (SHADERS / f"{name}.frag").read_text().replace("//light", light)
    return context.program((SHADERS / f"{name}.vert").read_text(), fragment)


class Surface:
    """A part of the mesh on the graphics side; `columns` (n, 9) are blush, regions and brow of its vertices."""

    def __init__(
        self,
        shader: moderngl.Program,
        kind: int,
        rest: np.ndarray,
        faces: list,
        steps: int = 0,
        columns: np.ndarray | None = None,
    ):
        self.shader, self.kind, self.matrices = shader, kind, []
        fixed, faces = np.c_[rest, np.zeros((len(rest), 9)) if columns is None else columns], [list(f) for f in faces]
        for _ in range(steps):
            matrix, faces = subdivide(len(fixed), faces)
            self.matrices.append(matrix)
            fixed = matrix @ fixed
        self.corners = triangles(faces).astype(np.int32)
        context = shader.ctx
        self.moving = context.buffer(reserve=len(fixed) * 24)
        self.array = context.vertex_array(
            shader,
            [
                (self.moving, "3f 3f", "position", "normal"),
                (context.buffer(fixed.astype(np.float32)), "3f 4f 4f 1f", "rest", "blush", "regions", "brow"),
            ],
            context.buffer(self.corners),
        )

    def draw(self, points: np.ndarray) -> None:
        """Draw it with its vertices at points (n, 3)."""
        for matrix in self.matrices:
            points = matrix @ points
        a, b, c = (points[self.corners[:, k]] for k in range(3))
        facing, normals = np.cross(b - a, c - a), np.zeros_like(points)
        for axis in range(3):
            for k in range(3):
                normals[:, axis] += np.bincount(self.corners[:, k], facing[:, axis], len(points))
        self.moving.write(np.c_[points, unit(normals)].astype(np.float32))
        self.shader["kind"].value = self.kind
        self.array.render()


class Strands:
    """Hair as lines of one colour (linear)."""

    def __init__(self, shader: moderngl.Program, shape: tuple, color: tuple):
        self.shader, self.color = shader, color
        count, length, _ = shape
        first = np.arange(count)[:, None] * length + np.arange(length - 1)[None]
        self.random = np.repeat(np.random.default_rng(0).random(count), length)
        self.buffer = shader.ctx.buffer(reserve=count * length * 28)
        self.array = shader.ctx.vertex_array(
            shader,
            [(self.buffer, "3f 3f 1f", "position", "tangent", "random")],
            shader.ctx.buffer(np.stack([first, first + 1], -1).astype(np.int32)),
        )

    def draw(self, points: np.ndarray) -> None:
        """Draw the strands at points (n, k, 3)."""
        tangent = np.gradient(points, axis=1)
        self.buffer.write(np.c_[points.reshape(-1, 3), tangent.reshape(-1, 3), self.random].astype(np.float32))
        self.shader["hair_color"].value = tuple(self.color)
        self.array.render(moderngl.LINES)


def colors(person: Person) -> dict[str, tuple]:
    """The skin shader's colours (linear) and strengths."""
    skin, eyes = person.skin, person.eyes
    plain = {
        "base": skin.base,
        "dark": skin.dark,
        "red": skin.red,
        "socket": skin.socket,
        "lips": skin.lips,
        "brow_color": person.brows.color,
        "scalp": person.hair.scalp,
        "beard": skin.beard_color,
    }
    return {
        **{name: linear(color) for name, color in plain.items()},
        "shirt": person.shirt,
        "inner": eyes.inner,
        "middle": eyes.middle,
        "outer": eyes.outer,
        "strength": (skin.blush, skin.beard, skin.lip_strength, person.brows.paint),
    }


class Raster:
    """One actor in one look, ready to be posed and drawn; pictures are `size` pixels square."""

    def __init__(self, actor: Actor, look: Look, size: int = 320, lens: float = 80):
        self.actor, self.size = actor, size
        self.context = make_context()
        side = size * OVERSAMPLE
        buffers = [self.context.renderbuffer((side, side), 4, samples=4)]
        self.canvas = self.context.framebuffer(buffers, self.context.depth_renderbuffer((side, side), samples=4))
        self.picture = self.context.framebuffer([self.context.renderbuffer((side, side), 4)])
        self.skin, self.strand = program(self.context, "surface"), program(self.context, "strand")
        self.add_surfaces()
        self.add_strands()
        self.set_look(look, lens)
        for name, color in colors(actor.person).items():
            self.skin[name].value = tuple(color)

    def add_surfaces(self) -> None:
        """Body, shirt, teeth, tongue and eyes."""
        head, regions = self.actor.head, self.actor.regions
        names = ("cheek", "nose", "ears", "socket", "lips", "scalp", "mouth", "jaw", "brow")
        columns = np.stack([regions[name] for name in names], 1)
        kinds = [(SHIRT, head.shirt, 1), *((TOOTH, part, 1) for part in head.teeth.values()), (TONGUE, head.tongue, 0)]
        self.parts = [(head.body, Surface(self.skin, SKIN, head.canon[head.body.ids], head.body.faces, 1, columns))]
        self.parts += [
            (part, Surface(self.skin, kind, head.canon[part.ids], part.faces, steps)) for kind, part, steps in kinds
        ]
        self.ball, faces, angle = eyeball()
        self.eyes = {
            side: Surface(self.skin, EYE, self.ball, faces, columns=np.repeat(angle[:, None], 9, 1)) for side in "lr"
        }
        rest = self.actor.pose({}).vertices
        self.shirt_gap = vertex_normals(rest, head.shirt.base_faces)[head.shirt.ids] * SHIRT_GAP

    def add_strands(self) -> None:
        """Hair, brows and lashes, strewn as for Blender."""
        person, rng = self.actor.person, np.random.default_rng(self.actor.person.seed)
        self.strands, _ = grow_hair(self.actor, rng)
        self.brow_hairs, self.lash_hairs = Brows(self.actor, rng), Lashes(self.actor, rng)
        rest, melanin = self.actor.pose({}).vertices, person.hair.melanin
        hair_color = np.array([0.30, 0.17, 0.09]) * (1 - melanin) ** 0.8 * 1.6 + 0.006
        self.hair = Strands(self.strand, self.strands.shape, hair_color)
        self.brows = Strands(self.strand, self.brow_hairs.points(rest).shape, linear(person.brows.color))
        self.lashes = Strands(self.strand, self.lash_hairs.points(rest).shape, (0.006, 0.005, 0.004))

    def set_look(self, look: Look, lens: float) -> None:
        """Camera, lamps and backdrop."""
        for shader in (self.skin, self.strand):
            shader["view"].write(view_matrix(look, lens).T.astype(np.float32).tobytes())  # column by column
            shader["lamp_position"].write(np.array([lamp.position for lamp in look.lamps], np.float32).tobytes())
            shader["lamp_color"].write(np.array([lamp.quick for lamp in look.lamps], np.float32).tobytes())
            shader["ambient"].value, shader["camera"].value = look.quick_world, tuple(look.camera)
        wall = program(self.context, "backdrop")
        wall["low"].value, wall["high"].value = look.backdrop
        corners = self.context.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], np.float32))
        self.wall = self.context.vertex_array(wall, [(corners, "2f", "corner")])

    def pose(self, expression: dict[str, float], pose: dict[str, Any]) -> None:
        """Draw one frame of a performance."""
        posed = self.actor.pose(expression, **pose)
        self.canvas.use()
        self.canvas.clear(0, 0, 0, 1, depth=1.0)
        self.context.disable(moderngl.DEPTH_TEST)
        self.wall.render(moderngl.TRIANGLE_STRIP)
        self.context.enable(moderngl.DEPTH_TEST)
        for part, surface in self.parts:
            gap = self.shirt_gap if surface.kind == SHIRT else 0
            surface.draw(posed.vertices[part.ids] + gap)
        for side, eye in self.eyes.items():
            eye.draw(self.actor.eyeball(side, self.ball, expression, posed))
        self.strand["middle"].value = tuple(posed.carry(np.array([[0, 8.3, 0.4]]))[0])
        self.hair.draw(posed.carry(self.strands))
        self.brows.draw(self.brow_hairs.points(posed.vertices))
        self.lashes.draw(self.lash_hairs.points(posed.vertices))

    def render(self, path: Path) -> None:
        """Write the picture as a PNG; it appears under its name only when complete."""
        self.context.copy_framebuffer(self.picture, self.canvas)
        side = self.size * OVERSAMPLE
        pixels = np.frombuffer(self.picture.read(components=3, alignment=1), np.uint8).reshape(side, side, 3)[::-1]
        part = path.with_suffix(".part.png")
        Image.fromarray(pixels).resize((self.size, self.size), Image.BOX).save(part)
        os.replace(part, path)


def make_context() -> moderngl.Context:
    """An OpenGL context without a screen; SampleError says what to install."""
    try:
        return moderngl.create_context(standalone=True, backend="egl")
    except Exception as error:  # moderngl raises bare Exception when the driver refuses
        raise SampleError(f"OpenGL does not start ({error}): apt-get install libegl1 libgl1-mesa-dri") from error
