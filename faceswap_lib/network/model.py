"""The network: one encoder for both people, a decoder for each, and a discriminator that tells drawn from real.

Plain Keras 3, so that TensorFlow and JAX both run it. Pictures are float32 in [0, 1], (N, S, S, 3); the encoder sees
them at half size beside the motion picture (N, S/2, S/2, 4). One `fit` step with one backward pass trains all players:
the discriminator's gradient reaches the decoders reversed (Ganin & Lempitsky 2015).
"""

from functools import lru_cache

import keras
import numpy as np
from keras import layers, ops

from faceswap_lib.network.devices import ALONE, Team, cards
from faceswap_lib.network.layers import Double, MeanTexture, PixelShuffle, PixelUnshuffle
from faceswap_lib.network.losses import game, reconstruction
from faceswap_lib.profiles import TRUNK

MOTION_CHANNELS = 4
SLOPE = 0.1
DRAWN = 16
FINE, FINE_CHANNELS = "fine", 64  # what draws more than TRUNK pixels: how the layers' names begin, channels · width
CONTRAST = 5.0  # pores and lashes are a few hundredths of full brightness: show them large


def _conv(x: object, channels: int, stride: int = 1, name: str | None = None) -> object:
    x = layers.Conv2D(channels, 3, stride, padding="same", kernel_initializer="he_normal", name=name)(x)
    return layers.LeakyReLU(SLOPE)(x)


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


class FaceSwap(keras.Model):
    """Encoder, two decoders, discriminator. `call` draws A as A and B as B; `compute_loss` adds everything up.

    Input is a dict: picture_a, motion_a, and for training target_a (N, S, S, 3), weight_a (N, S, S, 1); the same for b.
    gan: how strongly the discriminator pulls at the decoders; 0 leaves it out of the step; team: what takes its steps.
    """

    def __init__(self, size: int, width: float = 1.0, team: Team = ALONE, **kwargs: object):
        super().__init__(**kwargs)
        self.size, self.gan, self.team = size, 0.0, team
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

    def train_on_batch(self, x: dict, *args: object, **kwargs: object) -> object:
        """Keras' own; a team shares the batch."""
        with self.team.scope():
            return super().train_on_batch(*self.team.deal(x), *args, **kwargs)

    def test_on_batch(self, x: dict, *args: object, **kwargs: object) -> object:
        """Keras' own; a team shares the batch. What it found stands in `parts`."""
        with self.team.scope():
            return super().test_on_batch(*self.team.deal(x), *args, **kwargs)

    def compute_loss(
        self, x: dict, y: object = None, y_pred: dict | None = None, sample_weight: object = None, training: bool = True
    ) -> object:
        """Weighted L1 + DSSIM of both sides, and the discriminator's game when gan > 0."""
        losses = [reconstruction(y_pred[s + s], x[f"target_{s}"], x[f"weight_{s}"]) for s in "ab"]
        for side, loss in zip("ab", losses, strict=True):
            self._note(f"loss_{side}", loss)
        return losses[0] + losses[1] + (self._game(x, y_pred) if self.gan else 0.0)

    def _game(self, x: dict, drawn: dict) -> object:
        """`game` on half of the batch: with all of it the discriminator costs as much as the rest of the step."""
        half = -(-ops.shape(x["target_a"])[0] // 2)
        seen, real, fake = (
            ops.concatenate([a[:half], b[:half]])
            for a, b in ((x["weight_a"], x["weight_b"]), (x["target_a"], x["target_b"]), (drawn["aa"], drawn["bb"]))
        )
        loss, loss_real, loss_fake = game(self.discriminator, real, fake, seen, self.gan)
        self._note("gan_real", loss_real)
        self._note("gan_fake", loss_fake)
        return loss

    def _note(self, part: str, loss: object) -> None:
        """A part of the loss, or one card's share of it, among those since the last check."""
        self.parts[part].update_state(loss * cards())


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
