"""The detector: a small convolutional network that says of a crop how likely it is a fake, and what it looked at.

Nothing in it is pretrained: it knows the faces that it is shown, and what differed between them.
"""

from collections.abc import Iterator

import numpy as np

from faceswap_lib.detection.crops import SIZE, Faces

STEM, LAYERS = (16, 4), ((24, 2), (32, 2), (48, 1))  # channels, and by how much each makes the picture smaller
AT_ONCE = 64  # faces that are judged together
PAIRS, SHIFT = 8, 6  # recordings and fakes of a step; pixels by which a crop is moved at most
RATE, FINE = 3e-3, 6.0  # of learning; how much louder fine detail is made in a copy of the picture
Pair = tuple[Faces, Faces]


class Judge:
    """A network under training or trained; the seed decides its first weights and the order of faces."""

    def __init__(self, seed: int = 0):
        import keras

        keras.utils.set_random_seed(seed)
        self.rng, self.net = np.random.default_rng(seed), _network()

    def learn(self, real: Faces, fake: Faces, steps: int) -> "Judge":
        """Learn from recordings and fakes of the same frames, as many of the one as of the other in each step."""
        import keras

        pace = keras.optimizers.schedules.CosineDecay(RATE, steps)
        self.net.compile(keras.optimizers.Adam(pace), ["binary_crossentropy", None], jit_compile=False)
        for batch in self._batches(real.pictures, fake.pictures, steps):
            self.net.train_on_batch(_ready(batch), np.repeat([0.0, 1.0], PAIRS)[:, None])
        return self

    def scores(self, faces: Faces) -> np.ndarray:
        """How likely each of the faces is a fake, (N,) 0 to 1."""
        return self._asked(faces)[0][:, 0]

    def looked(self, faces: Faces) -> np.ndarray:
        """What speaks for a fake in each of the faces, (N, 12, 12), 0 or more.

        Grad-CAM (Selvaraju et al. 2017): the last channels, each weighed by its gradient, which behind a mean over the
        picture is the last layer's weight (CAM, Zhou et al. 2016).
        """
        return np.maximum(self._asked(faces)[1] @ np.array(self.net.get_layer("says").kernel), 0)[..., 0]

    def _asked(self, faces: Faces) -> list[np.ndarray]:
        """Answers (N, 1) and last channels (N, 12, 12, C); called as it is, for `predict` would be compiled anew."""
        from keras import ops

        some = np.array_split(_ready(faces.pictures), -(-len(faces) // AT_ONCE))
        parts = zip(*(self.net(pictures, training=False) for pictures in some), strict=True)
        return [np.concatenate([ops.convert_to_numpy(each) for each in part]) for part in parts]

    def _batches(self, real: np.ndarray, fake: np.ndarray, steps: int) -> Iterator[np.ndarray]:
        times = len(fake) // len(real)  # fakes of each recording, one whole row of them after another
        for _ in range(steps):
            which, turn = self.rng.integers(len(real), size=PAIRS), self.rng.integers(times, size=PAIRS)
            yield self._varied(np.concatenate([real[which], fake[which + turn * len(real)]]))

    def _varied(self, pictures: np.ndarray) -> np.ndarray:
        """Mirrored, moved, brighter or darker by chance."""
        out = np.empty(pictures.shape, "f4")
        for k, picture in enumerate(pictures):
            picture = np.roll(picture, self.rng.integers(-SHIFT, SHIFT + 1, 2), (0, 1))
            gain, shift = self.rng.uniform(0.85, 1.15, 3), self.rng.uniform(-12, 12)
            out[k] = picture[:, :: self.rng.choice([1, -1])] * gain + shift
        return out.clip(0, 255)


def _network() -> object:
    import keras
    from keras import layers

    x = shown = keras.Input((SIZE, SIZE, 3))
    soft = layers.AveragePooling2D(3, 1, "same")(x)
    x = layers.Concatenate()([x, layers.Rescaling(FINE)(layers.Subtract()([x, soft]))])
    for number, (width, stride) in enumerate((STEM, *LAYERS)):
        x = layers.Conv2D(width, 3 if number else 4, stride, "same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.8)(x))
    flat = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(shown, [layers.Dense(1, "sigmoid", name="says")(flat), x])


def _ready(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(pictures, "f4") / 127.5 - 1
