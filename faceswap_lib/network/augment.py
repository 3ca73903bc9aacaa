"""Batches that are never twice the same: faces bent a little and lit by random light, on the device that trains.

The random numbers are numpy's, a few for each face; what they do to the pixels is compiled, for processor or card. The
faces lie there from the start, 8 and 16 bits a number, so a step waits neither for Python nor for what travels.
"""

from collections.abc import Callable
from functools import lru_cache
from weakref import WeakKeyDictionary

import cv2
import keras
import numpy as np
from keras import ops

from faceswap_lib.network.batches import FLOOR, Side

WARP = 0.02  # standard deviation of the random warp, share of the picture
LIGHT = 0.25  # standard deviation of the random smooth light, natural logarithm: B's decoder must cope with A's light
NAMES = ("picture", "motion", "target", "weight")
_there: WeakKeyDictionary[Side, tuple] = WeakKeyDictionary()  # a side's targets, motions, weights and own, as tensors


def draw(side: Side, count: int, random: np.random.Generator, name: str, light: bool = True) -> dict:
    """An augmented batch of one side, keys with its name ("a" or "b"), as `FaceSwap` takes it; light: by light too.

    Float32 tensors: picture (N, S/2, S/2, 3), motion (N, S/2, S/2, 4), target (N, S, S, 3), weight (N, S, S, 1).
    """
    i = random.integers(0, side.cut, count)
    bends, lights = bend_numbers(random, count, side.warps), light_numbers(random, count) * light
    if side not in _there:
        _there[side] = tuple(map(ops.convert_to_tensor, (side.targets, side.motions, side.weights, side.own)))
    made = _made()(i.astype("i4"), _there[side], bends, lights)
    return {f"{k}_{name}": x for k, x in zip(NAMES, made, strict=True)}


def bend_numbers(random: np.random.Generator, n: int, small: bool) -> tuple[np.ndarray, np.ndarray]:
    """A smooth warp on a coarse grid (n, 6, 6, 2), and unless it is to stay small, (n, 2, 3): turn, zoom and shift.

    Both in shares of the picture. Rotation ±10°, zoom ±5 %, shift ±5 %: the peers' defaults.
    """
    warp = WARP * random.standard_normal((n, 6, 6, 2))
    angle, zoom = random.uniform(-0.17, 0.17, n), random.uniform(0.95, 1.05, n)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], -1), np.stack([np.sin(angle), np.cos(angle)], -1)], 1)
    turn = turn * zoom[:, None, None] - np.eye(2)
    whole = np.concatenate([turn, random.uniform(-0.05, 0.05, (n, 2, 1))], -1)
    return warp.astype("f4"), (whole * (not small)).astype("f4")


def light_numbers(random: np.random.Generator, n: int) -> np.ndarray:
    """Brightness, colour and a smooth random light on a coarse grid (n, 3, 3, 3), natural logarithm."""
    colour = 0.08 * random.standard_normal((n, 1, 1, 3)).clip(-2, 2)
    bright = 0.2 * random.standard_normal((n, 1, 1, 1)).clip(-1.5, 1.5)
    return (colour + bright + LIGHT * random.standard_normal((n, 3, 3, 1))).astype("f4")


def bend(pictures: object, warp: object, whole: object) -> object:
    """Pictures (N, S, S, 3) by these `bend_numbers`, each pixel between its four nearest."""
    n, size = pictures.shape[:2]
    along = np.arange(size, dtype="f4")
    place = np.stack(np.meshgrid(along, along), -1)
    turned = ops.einsum("hwc,ndc->nhwd", place / size - 0.5, whole[..., :2]) + whole[:, None, None, :, 2]
    where = ops.clip(place + size * (spread(warp, size) + turned), 0, size - 1)
    low = ops.minimum(ops.floor(where), size - 2)
    (right, down), at = ops.split(where - low, 2, -1), ops.cast(low, "int32")
    first = at[..., 0] + size * at[..., 1] + (size**2 * np.arange(n, dtype="i4"))[:, None, None]
    flat = ops.reshape(pictures, (-1, 3))
    corner = [[ops.take(flat, first + dx + size * dy, 0) for dx in (0, 1)] for dy in (0, 1)]
    upper, lower = (a + right * (b - a) for a, b in corner)
    return upper + down * (lower - upper)


def lit(pictures: object, lights: object) -> object:
    """Logarithms of pictures (N, S, S, 3) by these `light_numbers`: factors on the face are sums there."""
    return pictures + spread(lights, pictures.shape[1])


def spread(coarse: object, size: int) -> object:
    """A coarse grid (N, h, h, C), enlarged smoothly to (N, size, size, C) by two matrix products."""
    smooth = cv2.resize(np.eye(coarse.shape[1], dtype="f4"), (coarse.shape[1], size), interpolation=cv2.INTER_CUBIC)
    return ops.einsum("yi,nixc->nyxc", smooth, ops.einsum("xj,nijc->nixc", smooth, coarse))


def compiled(work: Callable) -> Callable:
    """A function of arrays through XLA, on whatever backend Keras has; a shape that is new is compiled once more."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(work)
    import tensorflow as tf

    return tf.function(work, jit_compile=True)


@lru_cache(maxsize=1)
def _made() -> Callable:
    return compiled(_make)


def _make(index: object, there: tuple, bends: tuple, lights: object) -> tuple:
    targets, motions, weights, own = there
    target, motion, weight = (ops.cast(ops.take(x, index, 0), "float32") for x in (targets, motions, weights))
    target = target / 255
    return lit(bend(_ratio(target, own), *bends), lights), motion, target, weight


def _ratio(target: object, own: object) -> object:
    """`batches.ratio` of pictures in [0, 1]."""
    half = (target[:, ::2, ::2] + target[:, 1::2, ::2] + target[:, ::2, 1::2] + target[:, 1::2, 1::2]) / 4
    return ops.clip(ops.log(half + FLOOR) - own, -2, 2)
