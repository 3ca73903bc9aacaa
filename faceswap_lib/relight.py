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
COARSE = 8 / 128  # of the picture: so coarse the source is seen, or its features would come along
FLOOR = 0.04  # of full brightness, so that the logarithm of black stays small
MOST = 1.6  # the gain's natural logarithm stays within: a factor of 5
TRUST = 0.65  # share of the correction that is made: all of it is nearer in colour, less like the ideal to a recogniser


def network() -> object:
    """Logarithms of a drawn face and of its and the source's low frequencies, each (N, 64, 64, 3), -> the gain's.

    The gain is the quotient of the low frequencies and a correction, by a U-Net: convolutions see the features
    (Ronneberger et al. 2015), a dense layer at the bottom sees the whole face at once.
    """
    import keras
    from keras import layers

    def conv(x: object, channels: int, stride: int = 1) -> object:
        x = layers.Conv2D(channels, 3, stride, padding="same", kernel_initializer="he_normal")(x)
        return layers.LeakyReLU(0.1)(x)

    def up(x: object) -> object:
        return layers.UpSampling2D(interpolation="bilinear")(x)

    drawn, low, goal, normals = (keras.Input((SIZE, SIZE, 3)) for _ in range(4))
    fine = conv(layers.Concatenate()([drawn, low, goal, normals]), 16)
    half = conv(fine, 32, 2)
    quarter = conv(half, 64, 2)
    x = layers.Flatten()(conv(conv(quarter, 64, 2), 16))
    x = layers.LeakyReLU(0.1)(layers.Dense(192)(x))
    x = layers.Reshape((SIZE // 4, SIZE // 4, 16))(layers.LeakyReLU(0.1)(layers.Dense(SIZE * SIZE)(x)))
    x = conv(layers.Concatenate()([x, quarter]), 64)
    x = conv(layers.Concatenate()([up(x), half]), 32)
    x = conv(layers.Concatenate()([up(x), fine]), 16)
    more = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", activation="tanh")(x)
    gain = layers.Add()([layers.Rescaling(0.75 * MOST)(more), layers.Subtract()([goal, low])])
    return keras.Model([drawn, low, goal, normals], gain, name="light")


def seen(drawn: np.ndarray, source: np.ndarray, normals: np.ndarray) -> list[np.ndarray]:
    """What the network sees of two faces (64, 64, 3) in [0, 1], and of the drawn one's shape in the source's pose."""
    return [*(np.log(p + FLOOR).astype("f4") for p in (drawn, low(drawn), low(source))), normals]


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

    Both are canonical mesh textures in [0, 1]; solid (478, 3): where the drawn face goes, in the source's pose. To the
    quotient of the low frequencies comes TRUST of what the network says.
    """
    asked = seen(*(_small(p) for p in (drawn, source)), canvas("mesh", SIZE).normals(solid))
    quotient, said = asked[2] - asked[1], _trained().predict_on_batch([x[None].astype("f4") for x in asked])[0]
    found = quotient + TRUST * (said - quotient)
    return np.exp(cv2.resize(found, drawn.shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(-MOST, MOST))


def _small(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture.astype("f4"), (SIZE, SIZE), interpolation=cv2.INTER_AREA).clip(0, 1)
