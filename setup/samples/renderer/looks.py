"""Light, camera and background by name, from looks.yaml."""

from dataclasses import dataclass
from pathlib import Path

from renderer import SampleError
from renderer.settings import Color, build, read

FILE = Path(__file__).resolve().parent.parent / "looks.yaml"
AIM = (0, 7.9, 0.8)  # where the lamps point: the middle of the face


@dataclass(frozen=True)
class Lamp:
    """A square area light; `quick` is its colour and strength for fast.py."""

    position: Color
    size: float
    power: float
    color: Color
    quick: Color


@dataclass(frozen=True)
class Look:
    """One set: camera, light from everywhere (`world`), backdrop from dark to light, lamps."""

    camera: Color
    world: Color
    world_strength: float
    backdrop: tuple[Color, Color]
    quick_world: Color
    lamps: tuple[Lamp, ...]

    @property
    def target(self) -> Color:
        """The point the camera looks at."""
        return (self.camera[0] * 0.3, 7.92, 0.5)


def load(name: str) -> Look:
    """The look of that name; SampleError names the known ones."""
    looks = read(FILE)
    if name not in looks:
        raise SampleError(f"No look '{name}' in {FILE.name}; choose one of {', '.join(looks)}.")
    return build(Look, looks[name], f"{FILE.name}: {name}")
