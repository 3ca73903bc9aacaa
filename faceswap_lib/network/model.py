"""The network: one encoder for both people, a decoder for each, and a discriminator that tells drawn from real.

Plain Keras 3, so that TensorFlow and JAX both run it. Pictures are float32 in [0, 1], (N, S, S, 3); the encoder sees
them at half size beside the motion picture (N, S/2, S/2, 4). One `fit` step with one backward pass trains all players:
the discriminator's gradient reaches the decoders reversed (Ganin & Lempitsky 2015).
"""

from functools import lru_cache

import keras
import numpy as np
from keras import layers, ops

from faceswap_lib.profiles import TRUNK

MOTION_CHANNELS = 4
SLOPE = 0.1
DRAWN = 16
FINE, FINE_CHANNELS = "fine", 64  # what draws more than TRUNK pixels: how the layers' names begin, channels · width
CONTRAST = 5.0  # pores and lashes are a few hundredths of full brightness: show them large


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


def reverse_gradient(x: object, strength: float) -> object:
    """x going forward; coming back, the gradient times −strength (Ganin & Lempitsky 2015)."""
    return ops.stop_gradient((1 + strength) * x) - strength * x


def _conv(x: object, channels: int, stride: int = 1, name: str | None = None) -> object:
    x = layers.Conv2D(channels, 3, stride, padding="same", kernel_initializer="he_normal", name=name)(x)
    return layers.LeakyReLU(SLOPE)(x)


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


def encoder(size: int, width: float) -> keras.Model:
    """Picture and motion at half size → what both decoders read, (N, T/32, T/32, 160 · width), T = S but at most TRUNK.

    A larger picture is looked at as large as the trunk has it: what a face does is seen there, fine detail is drawn.
    """
    half, low, less = size // 2, min(size, TRUNK) // 32, max(1, size // TRUNK)
    picture, motion = keras.Input((half, half, 3)), keras.Input((half, half, MOTION_CHANNELS))
    x = layers.Concatenate()([picture, motion])
    x = PixelUnshuffle()(layers.AveragePooling2D(less)(x) if less > 1 else x)
    for channels, stride in ((32, 1), (64, 2), (128, 2), (192, 2)):
        x = _conv(x, int(channels * width), stride)
    x = layers.Dense(int(128 * width))(layers.Flatten()(x))
    x = layers.LeakyReLU(SLOPE)(layers.Dense(low * low * int(160 * width))(x))
    return keras.Model([picture, motion], layers.Reshape((low, low, int(160 * width)))(x), name="encoder")


def decoder(size: int, width: float, name: str) -> keras.Model:
    """What the encoder wrote and the motion → the face of one person, (N, S, S, 3).

    The trunk draws up to TRUNK pixels; each doubling beyond adds what is finer to the picture enlarged, as a Laplacian
    pyramid does (Denton et al. 2015), at first nothing: so a base that knows the trunk serves larger sizes too.
    """
    low = min(size, TRUNK) // 32
    code, motion = keras.Input((low, low, int(160 * width))), keras.Input((size // 2, size // 2, MOTION_CHANNELS))
    x = code
    for channels in (128, 80, 48):
        x = _larger(x, motion, int(channels * width))
    out = _pixels(x, keras.initializers.RandomNormal(0, 0.01))
    while out.shape[1] < size:
        x = _larger(x, motion, int(FINE_CHANNELS * width), f"{FINE}_{2 * out.shape[1]}")
        out = layers.Add()([Double()(out), _pixels(x, "zeros", f"{FINE}_{2 * out.shape[1]}")])
    return keras.Model([code, motion], MeanTexture(name="mean_texture")(out), name=name)


def _larger(x: object, motion: object, channels: int, name: str | None = None) -> object:
    """Features twice as large, having seen the motion at that size."""
    x = PixelShuffle()(_conv(x, channels * 4, name=name and f"{name}_from"))
    seen = layers.AveragePooling2D(motion.shape[1] // x.shape[1])(motion)
    return _conv(layers.Concatenate()([x, seen]), channels, name=name and f"{name}_seen")


def _pixels(x: object, start: object, name: str | None = None) -> object:
    """Features → logits of a picture four times as large; start: the last kernel's initializer."""
    x = layers.Conv2D(12, 3, padding="same", kernel_initializer=start, name=name and f"{name}_drawn")(x)
    return Double()(PixelShuffle()(x))


def discriminator(size: int, width: float) -> keras.Model:
    """A picture → for each of its patches, how real it looks as A and as B: (N, S/8, S/8, 2)."""
    picture = keras.Input((size, size, 3))
    x = PixelUnshuffle()(layers.Rescaling(CONTRAST, -CONTRAST / 2)(picture))
    for channels, stride in ((32, 2), (64, 2), (96, 1)):
        x = _conv(x, int(channels * width), stride)
    x = layers.Conv2D(2, 1)(x)
    return keras.Model(picture, layers.Activation("linear", dtype="float32")(x), name="discriminator")


def dssim(x: object, y: object) -> object:
    """(1 − SSIM) / 2 per pixel, (N, S, S, 3), over 5 × 5 boxes (Wang et al. 2004, with a box for the Gaussian)."""
    c = x.shape[-1]
    stack = ops.concatenate([x, y, x * x + y * y, x * y], -1)
    mean = ops.average_pool(stack, 5, strides=1, padding="same")
    mx, my, squares, xy = (mean[..., k * c : (k + 1) * c] for k in range(4))
    luminance = (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)
    structure = (2 * (xy - mx * my) + 9e-4) / (squares - mx * mx - my * my + 9e-4)
    return (1 - luminance * structure) / 2


class FaceSwap(keras.Model):
    """Encoder, two decoders, discriminator. `call` draws A as A and B as B; `compute_loss` adds everything up.

    Input is a dict: picture_a, motion_a, and for training target_a (N, S, S, 3), weight_a (N, S, S, 1); the same for b.
    gan: how strongly the discriminator pulls at the decoders; 0 leaves it out of the step.
    """

    def __init__(self, size: int, width: float = 1.0, **kwargs: object):
        super().__init__(**kwargs)
        self.size, self.gan = size, 0.0
        self.encoder = encoder(size, width)
        self.decoder_a, self.decoder_b = decoder(size, width, "decoder_a"), decoder(size, width, "decoder_b")
        self.discriminator = discriminator(size, width)
        self.parts = {name: keras.metrics.Mean(name) for name in ("loss_a", "loss_b", "gan_real", "gan_fake")}

    def call(self, inputs: dict, training: bool = False) -> dict:
        """{"aa": A drawn by decoder A, "bb": B drawn by decoder B}."""
        n = ops.shape(inputs["picture_a"])[0]
        motion = ops.concatenate([inputs["motion_a"], inputs["motion_b"]])
        code = self.encoder([ops.concatenate([inputs["picture_a"], inputs["picture_b"]]), motion], training=training)
        return {"aa": self.decoder_a([code[:n], motion[:n]]), "bb": self.decoder_b([code[n:], motion[n:]])}

    def compute_loss(
        self, x: dict, y: object = None, y_pred: dict | None = None, sample_weight: object = None, training: bool = True
    ) -> object:
        """Weighted L1 + DSSIM of both sides, and the discriminator's game when gan > 0."""
        losses = [reconstruction(y_pred[s + s], x[f"target_{s}"], x[f"weight_{s}"]) for s in "ab"]
        for side, loss in zip("ab", losses, strict=True):
            self.parts[f"loss_{side}"].update_state(loss)
        return losses[0] + losses[1] + (self._game(x, y_pred) if self.gan else 0.0)

    def _game(self, x: dict, drawn: dict) -> object:
        """`game` on half of the batch: with all of it the discriminator costs as much as the rest of the step."""
        half = -(-ops.shape(x["target_a"])[0] // 2)
        seen, real, fake = (ops.concatenate([a[:half], b[:half]]) for a, b in (
            (x["weight_a"], x["weight_b"]), (x["target_a"], x["target_b"]), (drawn["aa"], drawn["bb"])))  # fmt: skip
        loss, loss_real, loss_fake = game(self.discriminator, real, fake, seen, self.gan)
        self.parts["gan_real"].update_state(loss_real)
        self.parts["gan_fake"].update_state(loss_fake)
        return loss


def game(judge: keras.Model, real: object, fake: object, seen: object, strength: float) -> tuple:
    """Hinge loss (Lim & Ye 2017) for the discriminator; for the decoders its score of what they drew, reversed.

    real, fake (2 N, S, S, 3): N faces of A, then N of B; seen (2 N, S, S, 1): where. The drawn faces are judged twice.
    The difference of the two scores is 0, and so is its gradient in the discriminator; in the decoders it is the
    score's own times `strength`, however sure the discriminator is. Returns the loss and its real and drawn half.
    """
    seen = ops.minimum(seen, 1.0)
    real, fake = real * seen, fake * seen
    faces = ops.concatenate([real, ops.stop_gradient(fake), reverse_gradient(fake, strength)])
    n, share = ops.shape(real)[0] // 2, ops.average_pool(seen, 8, strides=8)
    scores = ops.split(judge(faces, training=True), 3)
    real, judged, pulled = (ops.concatenate([s[:n, ..., :1], s[n:, ..., 1:]]) * share for s in scores)
    loss_real = ops.sum(ops.relu(share - real)) / ops.sum(share)
    loss_fake = ops.sum(ops.relu(share + judged)) / ops.sum(share)
    return loss_real + loss_fake + ops.sum(pulled - judged) / ops.sum(share), loss_real, loss_fake


def reconstruction(drawn: object, target: object, weight: object) -> object:
    """3 · L1 + 1.5 · DSSIM, averaged with weight (N, S, S, 1): hidden pixels count nothing, eyes and mouth more."""
    total = ops.sum(weight) * 3
    return (3 * ops.sum(weight * ops.abs(drawn - target)) + 1.5 * ops.sum(weight * dssim(drawn, target))) / total


@lru_cache(maxsize=4)
def _route(net: FaceSwap, to: str) -> keras.Model:
    half = net.size // 2
    inputs = [keras.Input((half, half, 3)), keras.Input((half, half, MOTION_CHANNELS))]
    decode = {"a": net.decoder_a, "b": net.decoder_b}[to]
    return keras.Model(inputs, decode([net.encoder(inputs), inputs[1]]))


def draw(net: FaceSwap, picture: np.ndarray, motion: np.ndarray, to: str) -> np.ndarray:
    """Faces (N, S/2, S/2, 3) and their motion (N, S/2, S/2, 4), drawn as person "a" or "b": (N, S, S, 3) in [0, 1].

    DRAWN faces at a time, the last ones repeated to fill up, so that there is one shape to compile for.
    """
    n, route = len(picture), _route(net, to)
    index = np.minimum(np.arange(-(-n // DRAWN) * DRAWN), n - 1).reshape(-1, DRAWN)
    return np.concatenate([route.predict_on_batch([picture[i], motion[i]]) for i in index])[:n]
