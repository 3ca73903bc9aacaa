"""The code: what the encoder says of a face in so many numbers (128 with demo), its main directions, drawn again.

A code is float32 (N, C); a motion picture goes with it into a decoder, (N, S/2, S/2, 4). Faces are float32 in [0, 1].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import profiles
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import read_image
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, record

FACES, DIRECTIONS = 96, 5  # of each person, evenly over its clip; main directions that are kept


@dataclass
class Seen:
    """One person's faces: real uint8 (N, S, S, 3), their motion pictures, their codes (N, C)."""

    real: np.ndarray
    motions: np.ndarray
    codes: np.ndarray


class Codes:
    """A trained model opened at its code: faces of both people coded, and codes drawn by either decoder.

    directions (K, C): the main directions of both people's codes around their means, the largest first, each one
    standard deviation long; share (K,): how much of it all each one holds.
    """

    def __init__(self, model: str | Path, faces: Mapping[str, str | Path], most: int = FACES):
        from faceswap_lib.network import checkpoint  # Keras is loaded only now, when faults in the input are out

        about = record.read_about(model)
        size = profiles.get(about["profile"])
        sets = {side: faceset.load(folder) for side, folder in faces.items()}
        net = checkpoint.build(size, 0)
        checkpoint.restore(net, Path(model))
        self._encode, self._decode = _halves(net)
        on = canvas(about["alignment"], size.texture)
        self.seen = {side: self._see(batches.load_side(found, on, most), model, side) for side, found in sets.items()}
        around = np.concatenate([one.codes - one.codes.mean(0) for one in self.seen.values()])
        _, long, along = np.linalg.svd(around, full_matrices=False)
        k = min(DIRECTIONS, len(long))
        self.directions = along[:k] * long[:k, None] / np.sqrt(len(around))
        self.share = long[:k] ** 2 / (long**2).sum()

    @property
    def numbers(self) -> int:
        """How many numbers a code has."""
        return self.directions.shape[1]

    def draw(self, code: np.ndarray, motion: np.ndarray, to: str) -> np.ndarray:
        """A code (C,) and a motion picture drawn by decoder `to`: uint8 (S, S, 3)."""
        drawn = np.asarray(self._decode[to]([code[None].astype("f4"), motion[None]], training=False))[0]
        return np.round(drawn * 255).clip(0, 255).astype("u1")

    def _see(self, data: batches.Side, model: str | Path, side: str) -> Seen:
        mean = read_image(Path(model) / f"mean_{side}.png").astype("f4") / 255  # what the encoder was trained against
        motions = data.motions.astype("f4")
        codes = self._encode([batches.ratio(data.targets, mean), motions], training=False)
        return Seen(data.targets, motions, np.asarray(codes))


def _halves(net: object) -> tuple:
    """The encoder up to its code, and what comes after it with each decoder."""
    import keras

    at = [i for i, layer in enumerate(net.encoder.layers) if isinstance(layer, keras.layers.Dense)][0]
    first, rest = net.encoder.layers[at], net.encoder.layers[at + 1 :]
    half = net.encoder.inputs[1].shape[1:]
    decode = {}
    for side in "ab":
        code, motion = keras.Input((first.units,)), keras.Input(half)
        x = code
        for layer in rest:
            x = layer(x)
        decode[side] = keras.Model([code, motion], getattr(net, f"decoder_{side}")([x, motion]))
    return keras.Model(net.encoder.inputs, first.output), decode
