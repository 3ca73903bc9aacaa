"""Render a take: the frames of one performance into a folder, going on where an earlier run stopped."""

import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Take:
    """What to render and where: `size` pixels square, `samples` per pixel, `matte` for the face's matte alone."""

    person: Person
    out: Path
    size: int = 320
    samples: int = 6
    matte: bool = False
    data: str | None = None

    def settings(self) -> dict:
        """All that decides how a frame looks, as JSON would give it back."""
        sizes = {"size": self.size, "samples": self.samples, "matte": self.matte}
        return json.loads(json.dumps({"person": dataclasses.asdict(self.person), **sizes}))

    def frames(self) -> list[dict]:
        """The performance."""
        clip = self.person.clip
        return performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)


def claim(take: Take) -> None:
    """Make the folder this take's own; SampleError when it holds frames made with other settings."""
    take.out.mkdir(parents=True, exist_ok=True)
    noted = take.out / "settings.json"
    if noted.exists() and json.loads(noted.read_text()) != take.settings():
        raise SampleError(f"{take.out} holds frames of other settings; give another --out or delete that folder.")
    noted.write_text(json.dumps(take.settings(), indent=1))
    (take.out / "performance.json").write_text(json.dumps(take.frames()))


def open_scene(take: Take):
    """The take's scene in Blender; SampleError says what to install when something is missing."""
    data, look = find_data(take.data), looks.load(take.person.clip.look)
    try:
        from renderer.scene import Scene
    except ImportError as error:
        raise SampleError(BLENDER_MISSING.format(error=error)) from error
    actor = Actor(Head(MakeHuman(data)), take.person)
    scene = Scene(actor, look, take.size, take.samples, take.person.clip.lens)
    if take.matte:
        scene.show_face_only()
    return scene


def render(take: Take, only: list[int] | None = None) -> Iterator[tuple[int, int, float]]:
    """Render what is missing (of the frames `only`, if given); yields (done, to do, seconds for this frame)."""
    frames = take.frames()
    wanted = only or range(len(frames))
    outside = [i for i in wanted if not 0 <= i < len(frames)]
    if outside:
        raise SampleError(f"The take has frames 0 to {len(frames) - 1}; there is no {outside[0]}.")
    claim(take)
    todo = [i for i in wanted if not (take.out / f"{i:04d}.png").exists()]
    scene = open_scene(take) if todo else None
    for done, index in enumerate(todo, 1):
        started = time.perf_counter()
        expression, pose = split(frames[index])
        for lid in ("eyeBlinkLeft", "eyeBlinkRight"):
            expression[lid] *= take.person.blink
        scene.pose(expression, pose)
        scene.render(take.out / f"{index:04d}.png")
        yield done, len(todo), time.perf_counter() - started
