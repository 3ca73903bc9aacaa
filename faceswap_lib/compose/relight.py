"""One face under the light of another: a small network that knows from a rendered cast how light falls on faces.

The low frequencies of a face hold its light and its features alike; no filter parts them. In the canonical mesh every
nose is where every nose is, so a network can learn it: from two textures, how bright each point of the one would be in
the scene and complexion of the other. setup/base/lamps.py renders what it learns from, light.py trains it.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

import faceswap_lib
from faceswap_lib.compose.scenes import Scene
from faceswap_lib.face.faceset import evenly
from faceswap_lib.face.geometry import transform, upright
from faceswap_lib.face.mesh import canvas

PATH = Path(faceswap_lib.__file__).with_name("base") / "light.npz"
SIZE = 64  # pixels; light is smooth
COARSE = 8 / 128  # of the picture: the low frequencies whose quotient is the first guess
FINE = 2 / 128  # of the picture: so the network sees the source, lit noses and sockets but no pores
FLOOR = 0.04  # of full brightness, so that the logarithm of black stays small
CHANNELS = (32, 64, 128, 192)  # of the network at 64, 32, 16 and 8 pixels
MOST = 1.6  # the gain's natural logarithm stays within: a factor of 5
JOIN = 14 / 64  # of the picture: from so far inside on the network has its say; at the border skin joins the source's
TRUST = 0.9  # of the network's correction is made there
PARTS = 0.5  # and in eyes and mouth: what is drawn there does not do quite what the source does, as it did in training
OWN, POSES = 12, 4  # frames of the source, and poses of the drawn face, by which the gain is calibrated
LITTLE = 0.03  # of the gain's logarithm in a face's own light: so much is left as it is


def network() -> object:
    """Logarithms of a drawn face, of the source and of the quotient of their low frequencies, each (N, 64, 64, 3), and
    normals -> the gain's logarithm.

    That is the quotient and a correction, by a U-Net: convolutions see the features (Ronneberger et al. 2015), a dense
    layer at the bottom sees the whole face at once.
    """
    import keras
    from keras import layers

    from faceswap_lib.network.layers import Double

    def conv(x: object, channels: int, stride: int = 1) -> object:
        for step in (stride, 1):
            x = layers.Conv2D(channels, 3, step, padding="same", kernel_initializer="he_normal")(x)
            x = layers.LeakyReLU(0.1)(x)
        return x

    drawn, source, quotient, normals = (keras.Input((SIZE, SIZE, 3)) for _ in range(4))
    beside = [conv(layers.Concatenate()([drawn, source, quotient, normals]), CHANNELS[0])]
    for channels in CHANNELS[1:]:
        beside.append(conv(beside[-1], channels, 2))
    small = SIZE >> len(CHANNELS) - 1
    x = layers.LeakyReLU(0.1)(layers.Conv2D(24, 3, padding="same")(beside[-1]))
    x = layers.LeakyReLU(0.1)(layers.Dense(256)(layers.Flatten()(x)))
    x = layers.LeakyReLU(0.1)(layers.Dense(small * small * 32)(x))
    x = layers.Reshape((small, small, 32))(x)
    while beside:
        x = layers.Concatenate()([x, beside.pop()])
        x = conv(x, CHANNELS[len(beside)])
        x = Double()(x) if beside else x
    more = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros", activation="tanh")(x)
    gain = layers.Add()([layers.Rescaling(0.75 * MOST)(more), quotient])
    return keras.Model([drawn, source, quotient, normals], gain, name="light")


def seen(drawn: object, source: object, normals: object) -> list:
    """What the network sees of two faces (N, 64, 64, 3) in [0, 1], and of the drawn one's shape in the source's pose.

    Tensors of Keras, or arrays.
    """
    from keras import ops

    coarse = [ops.log(low(p) + FLOOR) for p in (source, drawn)]
    fine = [ops.log(p + FLOOR) for p in (drawn, _blurred(source, FINE))]
    return [*fine, coarse[0] - coarse[1], normals]


def low(pictures: object) -> object:
    """The low frequencies of faces (N, 64, 64, 3), of skin alone; eyes and mouth get those of what is around."""
    skin = canvas("mesh", SIZE).skin[..., None]
    share = cv2.GaussianBlur(skin, (0, 0), COARSE * SIZE)[..., None] + 1e-3
    return (_blurred(pictures * skin, COARSE) + 1e-3 * pictures) / share


def _blurred(pictures: object, sigma: float) -> object:
    """Pictures (N, 64, 64, 3) under a Gaussian, a share of their width; two products with a matrix, in Keras."""
    from keras import ops

    kernel = _kernel(sigma)
    return ops.einsum("yi,nijc->nyjc", kernel, ops.einsum("xj,nijc->nixc", kernel, pictures))


@lru_cache(maxsize=2)
def _kernel(sigma: float) -> np.ndarray:
    """A Gaussian as a matrix (64, 64): row y says of which rows y becomes the mean."""
    half = round(4 * sigma * SIZE)
    weights = cv2.getGaussianKernel(2 * half + 1, sigma * SIZE, cv2.CV_32F)
    return cv2.sepFilter2D(np.eye(SIZE, dtype="f4"), -1, np.ones(1, "f4"), weights)


@lru_cache(maxsize=1)
def _trained() -> object:
    """From two faces and normals to the logarithms of the quotient and of the gain."""
    import keras

    inputs, net = [keras.Input((SIZE, SIZE, 3)) for _ in range(3)], network()
    with np.load(PATH, allow_pickle=False) as found:
        net.set_weights([found[name].astype("f4") for name in sorted(found)])
    asked = seen(*inputs)
    whole = keras.Model(inputs, [asked[2], net(asked)])
    whole.compile(jit_compile=False)
    return whole


def gain(drawn: np.ndarray, source: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """How much brighter each point of a drawn face (S, S, 3) is in the source's light, float32 (S, S, 3), 1/5 to 5.

    Both are canonical mesh textures in [0, 1]; solid (478, 3): where the drawn face goes, in the source's pose. At the
    face's border it is the quotient of the low frequencies, so that no seam shows, and inside most of what the network
    says, which knows heads the right way up alone.
    """
    return of(logarithms([drawn], [source], [solid])[0], len(drawn))


def of(logarithm: np.ndarray, size: int) -> np.ndarray:
    """The gain, float32 (size, size, 3), of a logarithm (64, 64, 3)."""
    return np.exp(cv2.resize(logarithm, (size, size), interpolation=cv2.INTER_CUBIC).clip(-MOST, MOST))


def logarithms(drawn: Sequence[np.ndarray], source: Sequence[np.ndarray], solid: Sequence[np.ndarray]) -> np.ndarray:
    """The gains' logarithms of N faces at once, in two thirds of the time of one by one: (N, 64, 64, 3).

    Arguments as `gain` has them. What `calibration` says that they are off by is still in them.
    """
    turned = np.stack([canvas("mesh", SIZE).normals(upright(points)) for points in solid])
    given = (np.stack([_small(picture) for picture in pictures]) for pictures in (drawn, source))
    quotient, said = _trained().predict_on_batch([*given, turned])
    return quotient + _trust() * (said - quotient)


def calibration(at: Scene, mean: np.ndarray) -> np.ndarray:
    """What the gain's logarithm is off by on the skin of a scene's two people, float32 (64, 64, 3).

    Whoever is drawn as they are and relit by that same picture must come back unchanged; the network, which has seen no
    beard, takes one for a shadow. Half of it is told by A's own frames, half by B's mean texture (S, S, 3) in [0, 1] in
    A's poses. What is less than LITTLE stays, for it is noise, and what is much more goes (the garrote; Breiman 1995).
    Eyes and mouth stay as they are: there a drawn face is unlike a filmed one.
    """
    found, poses = at.found, evenly(POSES, len(at.targets))
    pick = found.usable[evenly(OWN, len(found.usable))] if len(found.usable) else poses[:0]
    each = zip(pick, found.images(pick), strict=True)
    own = [at.on.texture(picture, transform(found.transform(i), at.solid[i][:, :2])) / 255 for i, picture in each]
    faces, solid = [*own, *[mean] * len(poses)], [*at.solid[pick], *at.targets[poses]]
    each = logarithms(faces, faces, solid)
    off = np.mean([part.mean(0) for part in (each[: len(own)], each[len(own) :]) if len(part)], 0)
    skin = 1 - cv2.GaussianBlur(np.max(canvas("mesh", SIZE).parts, 0), (0, 0), SIZE / 64)
    much = 1 - (LITTLE / np.maximum(np.abs(off), LITTLE)) ** 2
    return skin[..., None] * much * off


@lru_cache(maxsize=1)
def _trust() -> np.ndarray:
    """How far the network is trusted, (64, 64, 1): on skin 0 at the face's border to TRUST inside, PARTS in parts."""
    on = canvas("mesh", SIZE)
    far = cv2.distanceTransform((on.inside > 0.5).astype("u1"), cv2.DIST_L2, 5)
    trust, parts = TRUST * (far / (JOIN * SIZE)).clip(0, 1), cv2.GaussianBlur(np.max(on.parts, 0), (0, 0), SIZE / 64)
    return (trust + parts * (PARTS - trust))[..., None]


def _small(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture.astype("f4"), (SIZE, SIZE), interpolation=cv2.INTER_AREA).clip(0, 1)
