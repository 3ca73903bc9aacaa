"""Where training starts from: weights pre-trained on a rendered cast (setup/base), or random numbers.

In the canonical mesh all people's textures are alike, so what an encoder and a decoder know of two hundred people who
do not exist holds for two who do. Each decoder starts from the same weights; its mean texture is its person's own.
"""

from pathlib import Path

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.profiles import Profile

FOLDER = Path(__file__).with_name("base")
MEAN = "mean_texture"  # the decoder's last layer, which belongs to one person
SCRATCH = "scratch"


def find(size: Profile, alignment: str) -> Path | None:
    """The base that fits a profile and alignment; None where there is none, and training starts from scratch."""
    path = FOLDER / f"{alignment}_{size.texture}_{size.width:g}.npz"
    return path if path.is_file() else None


def variables(part: object) -> list:
    """The weights of an encoder or decoder that belong to nobody, in the order of its layers."""
    return [variable for layer in part.layers if layer.name != MEAN for variable in layer.weights]


def fill(net: object, path: Path) -> None:
    """Put a base into a fresh network: its encoder, and its one decoder into both; UserError when it does not fit."""
    with np.load(path) as found:
        stored = {part: [found[k] for k in sorted(found) if k.startswith(part)] for part in ("encoder", "decoder")}
    for name, part in (("encoder", "encoder"), ("decoder_a", "decoder"), ("decoder_b", "decoder")):
        own = variables(getattr(net, name))
        if [tuple(v.shape) for v in own] != [v.shape for v in stored[part]]:
            raise UserError(f"The base in {path} is of another network; train from scratch, or get the file again.")
        for variable, value in zip(own, stored[part], strict=True):
            variable.assign(value.astype("f4"))
