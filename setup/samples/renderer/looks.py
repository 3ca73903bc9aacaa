"""Light, camera and background by name, from looks.yaml."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from renderer import SampleError
from renderer.geometry import unit
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


def view_matrix(look: Look, lens: float) -> np.ndarray:
    """Camera and lens (mm on a 36 mm sensor) as OpenGL's matrix (4, 4): from decimetres to clip coordinates."""
    eye = np.array(look.camera, float)
    ahead = unit(np.array(look.target) - eye)
    right = unit(np.cross(ahead, [0, 1, 0]))
    turn = np.eye(4)
    turn[:3, :3] = right, np.cross(right, ahead), -ahead
    turn[:3, 3] = -turn[:3, :3] @ eye
    near, far, zoom = 1.0, 60.0, lens / 18
    flat = np.array(
        [
            [zoom, 0, 0, 0],
            [0, zoom, 0, 0],
            [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
            [0, 0, -1, 0],
        ]
    )
    return flat @ turn
