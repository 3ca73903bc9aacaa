"""Render a take: the frames of one performance into a folder, going on where an earlier run stopped."""

import dataclasses
import importlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderer import SampleError, looks
from renderer.actor import Actor
from renderer.head import Head
from renderer.makehuman import MakeHuman, find_data
from renderer.performance import performance, split
from renderer.settings import Person

BLENDER_MISSING = (
    "Blender's Python module does not load ({error}). It needs Python 3.11: "
    "pip install -r setup/samples/requirements.txt. On a machine without a desktop it also needs: "
    "apt-get install libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libgl1 libsm6 libice6 libxext6"
)
QUICK_MISSING = "moderngl does not load ({error}): pip install -r setup/samples/requirements.txt"


@dataclass(frozen=True)
class Take:
    """What to render and where: `size` pixels square, `samples` per pixel, `matte` for the face's matte alone,
    `quick` for the rasteriser in Blender's place.
    """

    person: Person
    out: Path
    size: int = 320
    samples: int = 6
    matte: bool = False
    quick: bool = False
    data: str | None = None

    def settings(self) -> dict:
        """All that decides how a frame looks, as JSON would give it back."""
        sizes = {"size": self.size, "samples": self.samples, "matte": self.matte, "quick": self.quick}
        return json.loads(json.dumps({"person": dataclasses.asdict(self.person), **sizes}))

    def frames(self) -> list[dict]:
        """The performance."""
        clip = self.person.clip
        return performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)


def check(take: Take) -> None:
    """SampleError when the folder holds frames made with other settings."""
    noted = take.out / "settings.json"
    if noted.exists() and json.loads(noted.read_text()) != take.settings():
        raise SampleError(f"{take.out} holds frames of other settings; give another --out or delete that folder.")


def note(take: Take) -> None:
    """Make the folder, with the settings and the performance beside the frames to come."""
    take.out.mkdir(parents=True, exist_ok=True)
    (take.out / "settings.json").write_text(json.dumps(take.settings(), indent=1))
    (take.out / "performance.json").write_text(json.dumps(take.frames()))


def open_scene(take: Take) -> Any:
    """The take's scene, in Blender or in the rasteriser; SampleError says what to install when something is missing."""
    data, clip, look = find_data(take.data), take.person.clip, looks.load(take.person.clip.look)
    name, missing = ("raster", QUICK_MISSING) if take.quick else ("scene", BLENDER_MISSING)
    try:
        module = importlib.import_module(f"renderer.{name}")
    except ImportError as error:
        raise SampleError(missing.format(error=error)) from error
    actor = Actor(Head(MakeHuman(data)), take.person)
    if take.quick:
        return module.Raster(actor, look, take.size, clip.lens)
    scene = module.Scene(actor, look, take.size, take.samples, clip.lens)
    if take.matte:
        scene.show_face_only()
    return scene


def as_played(person: Person, frame: dict) -> tuple[dict, dict]:
    """(expression and gaze, head pose) of a performance's frame, the lids closing as far as this person's do."""
    expression, pose = split(frame)
    for lid in ("eyeBlinkLeft", "eyeBlinkRight"):
        expression[lid] *= person.blink
    return expression, pose


def render(take: Take, only: list[int] | None = None) -> Iterator[tuple[int, int, float]]:
    """Render what is missing (of the frames `only`, if given); yields (done, to do, seconds for this frame)."""
    frames = take.frames()
    wanted = only or range(len(frames))
    outside = [i for i in wanted if not 0 <= i < len(frames)]
    if outside:
        raise SampleError(f"The take has frames 0 to {len(frames) - 1}; there is no {outside[0]}.")
    check(take)
    todo = [i for i in wanted if not (take.out / f"{i:04d}.png").exists()]
    scene = open_scene(take) if todo else None
    note(take)
    for done, index in enumerate(todo, 1):
        started = time.perf_counter()
        scene.pose(*as_played(take.person, frames[index]))
        scene.render(take.out / f"{index:04d}.png")
        yield done, len(todo), time.perf_counter() - started
