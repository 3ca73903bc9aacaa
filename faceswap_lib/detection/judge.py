"""The detector: a small convolutional network that says of a crop how likely it is a fake, and what it looked at.

Nothing in it is pretrained: it knows the faces that it is shown, and what differed between them.
"""

from collections.abc import Sequence

import numpy as np

from faceswap_lib.detection.crops import SIZE

LAYERS = ((16, 2), (32, 2), (48, 2), (64, 1))  # channels, and by how much each makes the picture smaller
BATCH, SHIFT = 32, 4  # faces of a step; pixels by which a crop is moved at most
RATE = 2e-3


class Judge:
    """A network under training or trained; the seed decides its first weights and the order of faces."""

    def __init__(self, seed: int = 0):
        import keras

        keras.utils.set_random_seed(seed)
        self.rng, self.net = np.random.default_rng(seed), _network()

    def learn(self, reals: Sequence[np.ndarray], fakes: Sequence[np.ndarray], steps: int) -> "Judge":
        """Learn from pictures uint8 (N, SIZE, SIZE, 3) in groups, of which each is seen as often as any of its kind."""
        import keras

        how = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
        self.net.compile(how, ["binary_crossentropy", None])
        for _ in range(steps):
            pictures = np.concatenate([self._some(groups, BATCH // 2) for groups in (reals, fakes)])
            self.net.train_on_batch(_ready(self._varied(pictures)), np.repeat([0.0, 1.0], BATCH // 2))
        return self

    def scores(self, pictures: np.ndarray) -> np.ndarray:
        """How likely each of the pictures uint8 (N, SIZE, SIZE, 3) is a fake, (N,) 0 to 1."""
        return self._asked(pictures)[0][:, 0]

    def looked(self, pictures: np.ndarray) -> np.ndarray:
        """What speaks for a fake in each of the pictures, (N, 16, 16), 0 or more.

        Grad-CAM (Selvaraju et al. 2017): the last channels, each weighed by its gradient, which behind a mean over the
        picture is the last layer's weight (CAM, Zhou et al. 2016).
        """
        weights = np.array(self.net.layers[-1].kernel if hasattr(self.net.layers[-1], "kernel") else 0)
        return np.maximum(self._asked(pictures)[1] @ weights, 0)[..., 0]

    def _asked(self, pictures: np.ndarray) -> list[np.ndarray]:
        return self.net.predict(_ready(pictures), batch_size=64, verbose=0)

    def _some(self, groups: Sequence[np.ndarray], count: int) -> np.ndarray:
        return np.stack([group[self.rng.integers(len(group))] for group in (groups[i % len(groups)] for i in range(count))])

    def _varied(self, pictures: np.ndarray) -> np.ndarray:
        """Mirrored, moved, brighter or darker by chance."""
        out = np.empty(pictures.shape, "f4")
        for k, picture in enumerate(pictures):
            picture = np.roll(picture, self.rng.integers(-SHIFT, SHIFT + 1, 2), (0, 1))
            out[k] = picture[:, :: self.rng.choice([1, -1])] * self.rng.uniform(0.8, 1.2, 3) + self.rng.uniform(-15, 15)
        return out.clip(0, 255)


def _network() -> object:
    import keras
    from keras import layers

    x = shown = keras.Input((SIZE, SIZE, 3))
    for width, stride in LAYERS:
        x = layers.Conv2D(width, 3, stride, "same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    said = layers.Dense(1, "sigmoid")(layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x)))
    return keras.Model(shown, [said, x])


def _ready(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(pictures, "f4") / 127.5 - 1
