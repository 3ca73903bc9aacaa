"""What a loss calls good and what an eye calls good: real faces, spoiled in two ways, before both judges of lab 4.

L1 and SSIM compare pixel with pixel, so the safest answer to a doubt is the mean of all answers, a blur; no measure of
distortion goes together with looking real (Blau & Michaeli 2018). The discriminator sees one picture and no answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import profiles
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import metrics
from faceswap_lib.network import batches, record

COUNT = 16  # held-out faces that are judged
BLUR = 1.25 / 128  # of the picture: the Gaussian's sigma
SHIFT = 2 / 128  # of the picture, to the right


@dataclass
class Judged:
    """pictures: name -> faces as they were judged, uint8 (N, S, S, 3); rows: what each judge says of all of them."""

    pictures: dict[str, np.ndarray]
    rows: list[dict]


class HeldOut:
    """A trained model, and faces of one of its people that were kept from its training."""

    def __init__(self, model: str | Path, folder: str | Path, side: str):
        from faceswap_lib.network import checkpoint  # Keras is loaded only now, when faults in the input are out

        about = record.read_about(model)
        size = profiles.get(about["profile"])
        self.side, self.on, self.net = side, canvas(about["alignment"], size.texture), checkpoint.build(size, 0)
        checkpoint.restore(self.net, Path(model))
        data = batches.load_side(faceset.load(folder), self.on, size.faces)
        held = faceset.evenly(COUNT, len(data.targets), data.cut)
        batch = batches.plain(data, held, side)
        names = ("picture", "motion", "target", "weight")
        self.picture, self.motion, self.real, self.weight = (batch[f"{name}_{side}"] for name in names)

    @cached_property
    def drawn(self) -> np.ndarray:
        """The faces as the network draws them, float32 (N, S, S, 3)."""
        from faceswap_lib.network.model import draw

        return draw(self.net, self.picture, self.motion, self.side)

    def scores(self, pictures: np.ndarray) -> np.ndarray:
        """How real the discriminator thinks each patch of pictures (N, S, S, 3): (N, S/8, S/8)."""
        from keras import ops

        seen = np.minimum(self.weight, 1)
        return ops.convert_to_numpy(self.net.discriminator(pictures * seen))[..., "ab".index(self.side)]

    def row(self, name: str, pictures: np.ndarray) -> dict:
        """What the loss, its two parts, an eye for detail and the discriminator say of pictures (N, S, S, 3)."""
        from keras import ops

        from faceswap_lib.network.losses import dssim, reconstruction

        inside, seen = self.on.inside > 0.5, np.minimum(self.weight, 1)
        sharp = [[metrics.sharpness(_bytes(p), inside) for p in of] for of in (pictures, self.real)]
        score = self.scores(pictures)[..., None]
        n, s = score.shape[:2]
        share = seen.reshape(n, s, seen.shape[1] // s, s, -1).mean((2, 4))[..., None]
        found = {
            "L1": _mean(np.abs(pictures - self.real), self.weight),
            "DSSIM": _mean(ops.convert_to_numpy(dssim(pictures, self.real)), self.weight),
            "loss": float(reconstruction(pictures, self.real, self.weight)),
            "sharpness": float(np.divide(*sharp).mean()),
            "discriminator": _mean(score, share),
        }
        return {"picture": name} | {judge: round(value, 4) for judge, value in found.items()}


def judge(model: str | Path, folder: str | Path, side: str = "b") -> Judged:
    """Held-out faces of a person before the loss and the discriminator: real, blurred, shifted, drawn.

    L1 and DSSIM: distance to the real face, less is better; loss: both, as training weighs them; sharpness: 1 the real
    face's; discriminator: its mean score, the higher the more real it thinks them. folder: the faceset of `side`.
    """
    at = HeldOut(model, folder, side)
    versions = {"real": at.real, "blurred": blurred(at.real), "shifted": shifted(at.real), "drawn": at.drawn}
    rows = [at.row(name, pictures) for name, pictures in versions.items()]
    return Judged({name: _bytes(pictures) for name, pictures in versions.items()}, rows)


def compare(models: Mapping[str, str | Path], folder: str | Path, side: str = "b") -> Judged:
    """The same held-out faces as several models draw them, beside the real ones; name -> model."""
    pictures, rows = {}, []
    for name, model in models.items():
        at = HeldOut(model, folder, side)
        pictures = {"real": _bytes(at.real), **pictures, name: _bytes(at.drawn)}
        rows.append(at.row(name, at.drawn))
    return Judged(pictures, rows)


def blurred(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, S, S, 3) through a Gaussian: all detail gone, nothing in the wrong place."""
    return np.stack([cv2.GaussianBlur(p, (0, 0), BLUR * p.shape[0]) for p in pictures])


def shifted(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, S, S, 3) moved to the right by a hair: all detail there, everything in the wrong place."""
    by = max(1, round(SHIFT * pictures.shape[2]))
    return np.concatenate([pictures[:, :, :1].repeat(by, 2), pictures[:, :, :-by]], 2)


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / (weight.sum() * values.shape[-1]))


def _bytes(pictures: np.ndarray) -> np.ndarray:
    return np.round(pictures * 255).clip(0, 255).astype("u1")
