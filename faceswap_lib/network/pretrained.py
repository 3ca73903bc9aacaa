"""Where training starts from: weights pre-trained on a rendered cast (setup/base), or random numbers.

In the canonical mesh all people's textures are alike, so what an encoder and a decoder know of four hundred people who
do not exist holds for two who do. Each decoder starts from the same weights; its mean texture is its person's own.
"""

from pathlib import Path

import numpy as np

import faceswap_lib
from faceswap_lib import UserError
from faceswap_lib.profiles import TRUNK, Profile

FOLDER = Path(faceswap_lib.__file__).with_name("base")
MEAN = "mean_texture"  # the decoder's last layer, which belongs to one person
OTHER = (MEAN, "fine")  # how the names of layers begin that a base does not have: `model.FINE` draws beyond TRUNK
STARTS = ("base", "mean", "noise")  # what `train` is asked to start from: all that is known, each one's mean, nothing
NO_BASE = ("mean", "noise", "scratch")  # what a record says of a start without a base; the last, before there was noise
NOISE = 150.0  # how much stronger than otherwise the last layer begins, so that what random weights draw is seen


def find(size: Profile, alignment: str) -> Path | None:
    """The base that fits a profile and alignment; None where there is none, and training starts from scratch."""
    path = FOLDER / f"{alignment}_{min(size.texture, TRUNK)}_{size.width:g}.npz"
    return path if path.is_file() else None


def named(start: str, size: Profile, alignment: str) -> str:
    """What a record says of a training that is to start so: a base's name, "mean" (also where none fits) or "noise".

    Raises UserError for a start that there is none of.
    """
    if start not in STARTS:
        raise UserError(f"There is no start {start!r:.60}; choose one of {', '.join(STARTS)}.")
    base = find(size, alignment) if start == "base" else None
    return base.stem if base else "mean" if start == "base" else start


def begin(net: object, name: str, means: dict[str, np.ndarray]) -> None:
    """Let a fresh network begin as its record says (`named`); means: side -> mean texture (S, S, 3) in [0, 1]."""
    if name == "noise":
        for side in means:
            for kernel in _drawn(getattr(net, f"decoder_{side}")):
                kernel.assign(NOISE * kernel)
        return
    if name not in NO_BASE:
        fill(net, FOLDER / f"{name}.npz")
    for side, mean in means.items():
        set_mean(net, side, mean)


def _drawn(decoder: object) -> list:
    """The kernels that turn features into pixels: the only ones with four values for each colour of a pixel."""
    return [layer.kernel for layer in decoder.layers if getattr(layer, "filters", 0) == 12]


def variables(part: object) -> list:
    """The weights of an encoder or decoder's trunk that belong to nobody, in the order of its layers."""
    return [v for layer in part.layers if not layer.name.startswith(OTHER) for v in layer.weights]


def fill(net: object, path: Path) -> None:
    """Put a base into a fresh network: its encoder, and its one decoder into both; UserError when it does not fit."""
    for variable, value in _pairs(net, path):
        variable.assign(value)


def set_mean(net: object, side: str, mean: np.ndarray) -> None:
    """Let a side's decoder start from this mean texture (S, S, 3) in [0, 1]."""
    getattr(net, f"decoder_{side}").get_layer(MEAN).set(mean)


def pull(net: object, name: str, share: float, means: dict[str, np.ndarray]) -> None:
    """Move a trained network's weights back towards the base called `name`, by a share from 0 to 1 of the way.

    Training on B's frames learns B, and B's own light on top, which A's video does not have; between the weights before
    and after lies a network that keeps most of the one and less of the other (Wortsman et al. 2022). means: side ->
    mean texture (S, S, 3) in [0, 1] that its decoder started from. Raises UserError when the base is not here.
    """
    for variable, value in origin(net, name, means):
        variable.assign(variable + share * (value - variable))


def origin(net: object, name: str, means: dict[str, np.ndarray]) -> list[tuple]:
    """The weights that a network started from, as (variable, value) pairs; arguments and errors as `pull`."""
    path = FOLDER / f"{name}.npz"
    if path.parent != FOLDER or not path.is_file():
        raise UserError(f"The model started from the base '{name}', which is not here; convert with --pull 0.")
    pairs = _pairs(net, path)
    for side, mean in means.items():
        layer = getattr(net, f"decoder_{side}").get_layer(MEAN)
        pairs.append((layer.mean, layer.logits(mean)))
    return pairs


def _pairs(net: object, path: Path) -> list[tuple]:
    """The network's weights that a base has, and the base's."""
    with np.load(path, allow_pickle=False) as found:
        stored = {part: [found[k] for k in sorted(found) if k.startswith(part)] for part in ("encoder", "decoder")}
    pairs = []
    for name, part in (("encoder", "encoder"), ("decoder_a", "decoder"), ("decoder_b", "decoder")):
        own = variables(getattr(net, name))
        if [tuple(v.shape) for v in own] != [v.shape for v in stored[part]]:
            raise UserError(f"The base in {path} is of another network; train from scratch, or get the file again.")
        pairs += zip(own, (value.astype("f4") for value in stored[part]), strict=True)
    return pairs
