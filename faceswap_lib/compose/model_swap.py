"""A trained model put to work on a video: its scene, its network, what draws and what keeps things in front.

`convert` draws a whole video with these, stills.py one frame again and again.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, profiles
from faceswap_lib.compose import color, occlusion, scenes
from faceswap_lib.compose.scenes import Drawer, Keeper, Match, Scene
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.face.mesh import Mesh, canvas
from faceswap_lib.network import pretrained, record
from faceswap_lib.network.batches import other, ratio

USUAL = "relit"  # of `color.METHODS`
PULL = 0.5  # half-way back to the base: what training adds in sharpness and motion stays, B's own light less


@dataclass(frozen=True)
class Settings:
    """How a face is put in, in the words of `convert`: one thing, for a whole video or for one frame."""

    color_match: str = USUAL
    to: str = "b"
    pull: float = PULL
    keep_front: bool = True
    keep_mouth: bool = True

    def check(self) -> None:
        """UserError for a method, a person or a pull that there is not."""
        color.method(self.color_match)
        if self.to not in ("a", "b"):
            raise UserError(f"The model knows nobody called '{self.to}'; swap to a or b.")
        if not 0 <= self.pull <= 1:
            raise UserError(f"pull is {self.pull:g}; give 0 (the network as trained) to 1 (the base it started from).")

    @property
    def changed(self) -> dict[str, object]:
        """Those that are not as usual."""
        return {name: value for name, value in asdict(self).items() if value != getattr(Settings, name)}


@dataclass(frozen=True)
class Swap:
    """All that draws a video's faces anew, in the words of `render.render`."""

    at: Scene
    draw: Drawer
    match: Match
    keep: Keeper | None


def swap(
    found: Faceset, model: str | Path, settings: Settings, *, untrained: bool = False, borders: tuple[int, ...] = ()
) -> Swap:
    """A model put to work on a faceset's video; untrained: without its network; borders: as `Scene` has them."""
    about, to = record.read_about(model), settings.to
    side, at = side_of(found, about, to), scene(found, about, to)
    at.mouth, at.borders = settings.keep_mouth, borders
    net = None if untrained else network(model, about, settings.pull)
    draw, light = drawer(net, model, side, to), match(settings.color_match, at, model, to)
    return Swap(at, draw, light, keeper(net, model, about, at, side, to) if settings.keep_front else None)


def scene(found: Faceset, about: dict, to: str) -> Scene:
    """Where a model's person is drawn in a faceset's video; about: what the model says of itself."""
    on = canvas(about["alignment"], profiles.get(about["profile"]).texture)
    shapes = {side: np.array(shape) for side, shape in about["shapes"].items()}
    return scenes.scene(found, on, shapes[side_of(found, about, to)], shapes[to])


def network(model: str | Path, about: dict, pull: float = PULL) -> object:
    """The trained `FaceSwap`; pull as `convert`."""
    from faceswap_lib.network import checkpoint

    means = {side: _mean(model, side) for side in "ab"}
    net = checkpoint.build(profiles.get(about["profile"]), 0)
    checkpoint.restore(net, Path(model))
    if pull and about.get("start", "mean") not in pretrained.NO_BASE:
        pretrained.pull(net, about["start"], pull, means)
    return net


def drawer(net: object | None, model: str | Path, side: str, to: str) -> Drawer:
    """What draws person `to` over person `side`: the network, or without one the mean texture."""
    if net is None:
        mean = _mean(model, to)
        return lambda textures, moves, indices: np.repeat(mean[None], len(indices), 0)
    from faceswap_lib.network.model import draw

    own = _mean(model, side)
    return lambda textures, moves, indices: draw(net, ratio(textures, own), moves, to)


def match(name: str, at: Scene, model: str | Path, to: str) -> Match:
    """The colour method called name, `relit` calibrated on who is there and on who is put in."""
    return color.matched(name, at, _mean(model, to))


def keeper(net: object | None, model: str | Path, about: dict, at: Scene, side: str, to: str) -> Keeper | None:
    """What keeps in front what is in front of the face; None without a network and for faces not on the mesh.

    The base tells it, where there is one of the model's size, and otherwise the trained network.
    """
    if net is None or not isinstance(at.on, Mesh):
        return None
    from faceswap_lib.network.model import draw

    size, known = profiles.get(about["profile"]), _mean(model, side)
    if base := pretrained.find(size, about["alignment"]):
        net = _base(size, base)

    def own(textures: np.ndarray, seen: list[int], mean: np.ndarray) -> np.ndarray:
        if base:
            pretrained.set_mean(net, side, mean)
        moves = np.stack([at.on.motion_picture(one) for one in at.own[seen]])
        return draw(net, ratio(textures, mean if base else known), moves, side)

    return occlusion.keeper(at, own, known)


@lru_cache(maxsize=1)
def _base(size: profiles.Profile, path: Path) -> object:
    """The base as a network, kept for the next video; whoever draws with it sets the mean first. It trains no more."""
    from faceswap_lib.network.model import FaceSwap

    net = FaceSwap(size.texture, size.width)
    pretrained.fill(net, path)
    return net


def side_of(found: Faceset, about: dict, to: str) -> str:
    """Which of the model's people a video shows: by its checksum, and of a video it does not know the other one."""
    known = [side for side in "ab" if about["data"][side]["sha256"] == found.source.sha256]
    return known[0] if len(known) == 1 else other(to)


def _mean(model: str | Path, side: str) -> np.ndarray:
    return faceset.read_image(Path(model) / f"mean_{side}.png").astype("f4") / 255
