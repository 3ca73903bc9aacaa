"""Layers that Keras does not have: channels to pixels and back, twice the size, a person's mean texture."""

import keras
import numpy as np
from keras import layers, ops


def pixel_shuffle(x: object, times: int = 2) -> object:
    """(N, H, W, C · times²) → (N, H · times, W · times, C): channels become pixels (Shi et al. 2016)."""
    _, h, w, c = x.shape
    x = ops.reshape(x, (-1, h, w, times, times, c // times**2))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, h * times, w * times, c // times**2))


def pixel_unshuffle(x: object, times: int = 2) -> object:
    """(N, H, W, C) → (N, H / times, W / times, C · times²), the way back."""
    _, h, w, c = x.shape
    x = ops.reshape(x, (-1, h // times, times, w // times, times, c))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, h // times, w // times, c * times**2))


def double(x: object) -> object:
    """(N, H, W, C) → (N, 2 H, 2 W, C), bilinear, as `layers.UpSampling2D` has it, by shifts and sums.

    XLA turns that layer's gradient into a loop over all pixels: 20 ms for 16 faces of 128 pixels, this one 0.7 ms.
    """
    for axis in (1, 2):
        first, *_, last = np.arange(x.shape[axis])
        before = ops.concatenate([ops.take(x, [first], axis), x[(slice(None),) * axis + (slice(0, last),)]], axis)
        after = ops.concatenate([x[(slice(None),) * axis + (slice(1, None),)], ops.take(x, [last], axis)], axis)
        pair = ops.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
        x = ops.reshape(pair, (-1, *x.shape[1:axis], 2 * x.shape[axis], *x.shape[axis + 1 :]))
    return x


@keras.saving.register_keras_serializable("faceswap")
class PixelShuffle(layers.Layer):
    """`pixel_shuffle` as a layer."""

    def call(self, x: object) -> object:
        """Channels to pixels."""
        return pixel_shuffle(x)


@keras.saving.register_keras_serializable("faceswap")
class PixelUnshuffle(layers.Layer):
    """`pixel_unshuffle` as a layer."""

    def call(self, x: object) -> object:
        """Pixels to channels."""
        return pixel_unshuffle(x)


@keras.saving.register_keras_serializable("faceswap")
class Double(layers.Layer):
    """`double` as a layer."""

    def call(self, x: object) -> object:
        """Twice the height, twice the width."""
        return double(x)


@keras.saving.register_keras_serializable("faceswap")
class MeanTexture(layers.Layer):
    """Adds a person's mean texture, trainable at full resolution, in logits; then a sigmoid makes it a picture."""

    def build(self, shape: tuple) -> None:
        """One picture of weights."""
        self.mean = self.add_weight(shape=(1, *shape[1:]), initializer="zeros", name="mean")

    def call(self, x: object) -> object:
        """Logits (N, S, S, 3) → picture."""
        return ops.sigmoid(ops.cast(x + self.mean, "float32"))

    def set(self, picture: np.ndarray) -> None:
        """Start from this picture (S, S, 3) in [0, 1]."""
        self.mean.assign(self.logits(picture))

    @staticmethod
    def logits(picture: np.ndarray) -> np.ndarray:
        """A picture (S, S, 3) in [0, 1] as the layer keeps it, (1, S, S, 3)."""
        p = np.clip(picture, 0.02, 0.98)
        return np.log(p / (1 - p))[None]
