"""One face under the light of another: a small network that knows from a rendered cast how light falls on faces.

The low frequencies of a face hold its light and its features alike; no filter parts them. In the canonical mesh every
nose is where every nose is, so a network can learn it: from two textures, how bright each point of the one would be in
the scene and complexion of the other. setup/base/lamps.py renders what it learns from, light.py trains it.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.mesh import canvas

PATH = Path(__file__).with_name("base") / "light.npz"
SIZE = 64  # pixels; light is smooth
COARSE = 8 / 128  # of the picture: the low frequencies whose quotient is the first guess
FINE = 2 / 128  # of the picture: so the network sees the source, lit noses and sockets but no pores
FLOOR = 0.04  # of full brightness, so that the logarithm of black stays small
MOST = 1.6  # the gain's natural logarithm stays within: a factor of 5
JOIN = 14 / 64  # of the picture: from so far inside on the network is trusted; at the border skin joins the source's


def network() -> object:
    """Logarithms of a drawn face, of the source and of the quotient of their low frequencies, each (N, 64, 64, 3), and
    normals -> the gain's logarithm.

    That is the quotient and a correction, by a U-Net: convolutions see the features (Ronneberger et al. 2015), a dense
    layer at the bottom sees the whole face at once.
    """
    import keras
    from keras import layers

    def conv(x: object, channels: int, stride: int = 1) -> object:
        x = layers.Conv2D(channels, 3, stride, padding="same", kernel_initializer="he_normal")(x)
        return layers.LeakyReLU(0.1)(x)

    def up(x: object, beside: object) -> object:
        return layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(x), beside])

    drawn, source, quotient, normals = (keras.Input((SIZE, SIZE, 3)) for _ in range(4))
    fine = conv(layers.Concatenate()([drawn, source, quotient, normals]), 24)
    half = conv(fine, 48, 2)
    quarter = conv(half, 96, 2)
    eighth = conv(quarter, 96, 2)
    x = layers.Flatten()(conv(eighth, 16))
    x = layers.LeakyReLU(0.1)(layers.Dense(256)(x))
    x = layers.Reshape((SIZE // 8, SIZE // 8, 32))(layers.LeakyReLU(0.1)(layers.Dense(SIZE * SIZE // 2)(x)))
    x = conv(layers.Concatenate()([x, eighth]), 96)
    x = conv(up(x, quarter), 64)
    x = conv(up(x, half), 48)
    x = conv(up(x, fine), 24)
    more = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros", activation="tanh")(x)
    gain = layers.Add()([layers.Rescaling(0.75 * MOST)(more), quotient])
    return keras.Model([drawn, source, quotient, normals], gain, name="light")


def seen(drawn: np.ndarray, source: np.ndarray, normals: np.ndarray) -> list[np.ndarray]:
    """What the network sees of two faces (64, 64, 3) in [0, 1], and of the drawn one's shape in the source's pose."""
    coarse = [np.log(low(p) + FLOOR) for p in (source, drawn)]
    fine = [np.log(p + FLOOR) for p in (drawn, cv2.GaussianBlur(source, (0, 0), FINE * SIZE))]
    return [x.astype("f4") for x in (*fine, coarse[0] - coarse[1], normals)]


def low(picture: np.ndarray) -> np.ndarray:
    """The low frequencies of a face (64, 64, 3), over its skin alone; eyes and mouth get those of what is around."""
    skin = canvas("mesh", SIZE).skin
    share = cv2.GaussianBlur(skin, (0, 0), COARSE * SIZE)[..., None] + 1e-3
    return (cv2.GaussianBlur(picture * skin[..., None], (0, 0), COARSE * SIZE) + 1e-3 * picture) / share


@lru_cache(maxsize=1)
def _trained() -> object:
    net = network()
    with np.load(PATH) as found:
        net.set_weights([found[name].astype("f4") for name in sorted(found)])
    net.compile(jit_compile=False)
    return net


def gain(drawn: np.ndarray, source: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """How much brighter each point of a drawn face (S, S, 3) is in the source's light, float32 (S, S, 3), 1/5 to 5.

    Both are canonical mesh textures in [0, 1]; solid (478, 3): where the drawn face goes, in the source's pose. At the
    face's border it is the quotient of the low frequencies, so that no seam shows, and inside what the network says.
    """
    asked = seen(*(_small(p) for p in (drawn, source)), canvas("mesh", SIZE).normals(solid))
    quotient, said = asked[2], _trained().predict_on_batch([x[None] for x in asked])[0]
    found = quotient + _trust() * (said - quotient)
    return np.exp(cv2.resize(found, drawn.shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(-MOST, MOST))


@lru_cache(maxsize=1)
def _trust() -> np.ndarray:
    """How far the network is trusted, (64, 64, 1): 0 at the face's border to 1 inside."""
    far = cv2.distanceTransform((canvas("mesh", SIZE).inside > 0.5).astype("u1"), cv2.DIST_L2, 5)
    return (far / (JOIN * SIZE)).clip(0, 1)[..., None]


def _small(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture.astype("f4"), (SIZE, SIZE), interpolation=cv2.INTER_AREA).clip(0, 1)
