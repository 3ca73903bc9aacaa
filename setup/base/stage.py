"""One OpenGL context and one mesh for the whole cast: people step onto it one after another."""

import numpy as np
from renderer import raster
from renderer.actor import Actor
from renderer.finehair import lash_columns
from renderer.head import Head
from renderer.looks import Look
from renderer.makehuman import MakeHuman, find_data
from renderer.raster import OVERSAMPLE, Raster, colors, make_context, program
from renderer.settings import Person
from renderer.subdivide import subdivide

SAMPLES = 0  # per pixel of the canvas, which is twice as fine as the picture anyway: half the time
MEETING = 1.23  # lids meet this much beyond the crossing of their cages; so A's lids, set by eye at 1, and B's at 0.8

_cut_before: dict = {}


def _subdivide_once(count: int, faces: list) -> tuple:
    """The renderer's subdivision, remembered: everybody has the same mesh, and it takes seconds in plain Python."""
    key = (count, len(faces), tuple(faces[0]), tuple(faces[-1]))
    if key not in _cut_before:
        _cut_before[key] = subdivide(count, faces)
    return _cut_before[key]


raster.subdivide = _subdivide_once


class Stage(Raster):
    """The rasteriser of setup/samples, kept open from one person to the next; pictures are `size` pixels square."""

    def __init__(self, size: int = 256, data: str | None = None):
        self.head, self.size = Head(MakeHuman(find_data(data))), size
        self.context = make_context()
        self.context.gc_mode = "auto"  # a person's buffers go when the person goes
        side = size * OVERSAMPLE
        buffers = [self.context.renderbuffer((side, side), 4, samples=SAMPLES)]
        self.canvas = self.context.framebuffer(buffers, self.context.depth_renderbuffer((side, side), samples=SAMPLES))
        self.picture = self.context.framebuffer([self.context.renderbuffer((side, side), 4)])
        self.skin, self.strand = program(self.context, "surface"), program(self.context, "strand")

    def enter(self, person: Person, look: Look) -> None:
        """This person, in this light, until the next one comes."""
        self.actor = Actor(self.head, person)
        self.lids = lid_travel(self.actor)
        self.add_surfaces()
        self.add_strands()
        self.set_look(look, person.clip.lens)
        for name, color in colors(person).items():
            self.skin[name].value = tuple(color)

    def frame(self, expression: dict, pose: dict) -> np.ndarray:
        """The picture of one deed, uint8 RGB (size, size, 3); full blinks close the lids and no further."""
        self.pose(blinking(expression, self.lids), pose)
        self.context.copy_framebuffer(self.picture, self.canvas)
        side = self.size * OVERSAMPLE
        pixels = np.frombuffer(self.picture.read(components=3, alignment=1), np.uint8).reshape(side, side, 3)[::-1]
        cells = pixels.reshape(self.size, OVERSAMPLE, self.size, OVERSAMPLE, 3)
        return np.round(cells.mean((1, 3))).astype("u1")


def blinking(expression: dict, lids: float) -> dict:
    """An expression for lids that go so far: a full blink closes them and no further."""
    return expression | {lid: expression.get(lid, 0) * lids for lid in ("eyeBlinkLeft", "eyeBlinkRight")}


def lid_travel(actor: Actor) -> float:
    """How far the lids of this eye have to go to meet: 1 for an eye that MakeHuman's own blink closes exactly."""
    blink, shut = actor.head.data.expression("eyeBlinkLeft"), []
    lower, upper = (lash_columns(actor, "l", kind)[0] for kind in "12")
    count = min(len(lower), len(upper))
    for low, high in zip(lower[2 : count - 2], upper[2 : count - 2], strict=True):
        gap, closes = (actor.vertices[high] - actor.vertices[low])[1], (blink[low] - blink[high])[1]
        shut.append(gap / max(closes, 1e-3))
    return float(np.clip(MEETING * np.median(shut), 0.7, 1.5))
