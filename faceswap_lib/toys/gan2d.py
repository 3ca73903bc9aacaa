"""A GAN small enough to watch: it has to draw dots as they come from a ring of eight Gaussians.

The ring is the test bed for mode collapse of Metz et al. (2017, unrolled GANs); what counts as a mode that is reached
follows Srivastava et al. (2017, VEEGAN). Dots are float32 (N, 2), in the plane from -EDGE to EDGE.
"""

from dataclasses import dataclass, field

import numpy as np

from faceswap_lib.toys.mlp import SLOPE, Adam, Mlp

MODES, RADIUS, SIGMA, EDGE = 8, 1.0, 0.05, 1.6
NOISE, UNITS, BATCH = 8, 64, 128  # numbers that a drawn dot starts from, units of a hidden layer, dots in a step
JUDGED, ENOUGH = 2560, 50  # dots that are counted, and how many of them a mode needs: a sixth of its fair share
ONE = np.float32(1)


@dataclass
class Settings:
    """Who trains how: steps of each player in a round, learning rates, and how flat the discriminator has to stay.

    penalty: R1 (Mescheder et al. 2018), the squared slope of the discriminator's answer at real dots.
    """

    discriminator_steps: int = 1
    generator_steps: int = 1
    discriminator_rate: float = 5e-3
    generator_rate: float = 2e-3
    penalty: float = 0.02


def fair() -> Settings:
    """Settings with which the generator reaches all eight modes."""
    return Settings()


def collapsing() -> Settings:
    """Settings with which it loses them within 50 rounds: ten large steps of the generator for one of a slow judge."""
    return Settings(1, 10, 2e-3, 2e-2, 0.0)


@dataclass(frozen=True)
class Count:
    """modes: how many of the eight are reached; share: how much of what is drawn lies within 3 sigma of a mode."""

    modes: int
    share: float


@dataclass
class Gan:
    """Generator and discriminator, and what happened so far: rows of round, both losses, modes, share."""

    seed: int = 0
    settings: Settings = field(default_factory=fair)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.generator = Mlp((NOISE, UNITS, UNITS, 2), self.rng)
        self.discriminator = Mlp((2, UNITS, UNITS, 1), self.rng)
        self.rules = [Adam(net.parameters, 0.5, 0.99) for net in (self.generator, self.discriminator)]
        self.watched = np.random.default_rng(1).standard_normal((JUDGED, NOISE), "f4")
        self.round, self.losses, self.history = 0, (0.0, 0.0), []

    def step(self) -> None:
        """One round of the game: the discriminator's steps, then the generator's."""
        of = self.settings
        judged = [self._discriminate() for _ in range(of.discriminator_steps)]
        drawn = [self._generate() for _ in range(of.generator_steps)]
        self.losses = tuple(one[-1] if one else old for one, old in zip((judged, drawn), self.losses, strict=True))
        self.round += 1

    def look(self) -> Count:
        """Count the modes, and keep it with the losses in `history`."""
        now = count(self.drawn(JUDGED))
        row = {"round": self.round, "discriminator": self.losses[0], "generator": self.losses[1]}
        self.history.append({**row, "modes": now.modes, "share": now.share})
        return now

    def drawn(self, many: int) -> np.ndarray:
        """Dots that the generator draws, always from the same noise, so that one sees them move."""
        return self.generator(self.watched[:many])

    def field(self, size: int) -> np.ndarray:
        """How real the discriminator thinks each place, 0 to 1, (size, size); y grows downwards."""
        return _sigmoid(self.discriminator(plane(size))).reshape(size, size)

    def _discriminate(self) -> float:
        """A step of the discriminator; how wrong it was (cross entropy)."""
        x = np.concatenate([ring(BATCH, self.rng), self.generator(self._noise())])
        real = np.repeat(np.array([[1], [0]], "f4"), BATCH, 0)
        values = self.discriminator.forward(x)
        p = _sigmoid(values[-1])
        gradients = self.discriminator.backward(values, (p - real) / BATCH)[0]
        if self.settings.penalty:
            steep = flatten(self.discriminator, [v[:BATCH] for v in values], self.settings.penalty)
            gradients = [g + steep[i] if i < len(steep) else g for i, g in enumerate(gradients)]
        self.rules[1].step(gradients, self.settings.discriminator_rate)
        return float(-np.log(np.where(real > 0, p, 1 - p) + 1e-7).mean())

    def _generate(self) -> float:
        """A step of the generator by what the discriminator says (Goodfellow et al. 2014, non-saturating); its loss."""
        drawn = self.generator.forward(self._noise())
        values = self.discriminator.forward(drawn[-1])
        p = _sigmoid(values[-1])
        slope = self.discriminator.backward(values, (p - 1) / BATCH)[1]
        self.rules[0].step(self.generator.backward(drawn, slope)[0], self.settings.generator_rate)
        return float(-np.log(p + 1e-7).mean())

    def _noise(self) -> np.ndarray:
        return self.rng.standard_normal((BATCH, NOISE), "f4")


def centres() -> np.ndarray:
    """The eight modes, (8, 2)."""
    turn = np.arange(MODES) * 2 * np.pi / MODES
    return (RADIUS * np.c_[np.cos(turn), np.sin(turn)]).astype("f4")


def ring(many: int, rng: np.random.Generator) -> np.ndarray:
    """Real dots."""
    return centres()[rng.integers(0, MODES, many)] + np.float32(SIGMA) * rng.standard_normal((many, 2), "f4")


def count(dots: np.ndarray) -> Count:
    """Modes reached by dots (N, 2). A dot is good within 3 sigma of its nearest mode (Srivastava et al. 2017).

    There a mode counts with its first good dot; here with ENOUGH of JUDGED, so that strays do not count.
    """
    apart = np.linalg.norm(dots[:, None] - centres(), axis=2)
    good = apart.min(1) < 3 * SIGMA
    each = np.bincount(apart.argmin(1)[good], minlength=MODES)
    return Count(int((each * JUDGED >= ENOUGH * len(dots)).sum()), float(good.mean()))


def plane(size: int) -> np.ndarray:
    """The plane's places, (size · size, 2), line by line from the top left."""
    at = np.linspace(-EDGE, EDGE, size, dtype="f4")
    return np.stack(np.meshgrid(at, at), -1).reshape(-1, 2)


def flatten(net: Mlp, values: list[np.ndarray], strength: float) -> list[np.ndarray]:
    """How each weight of a leaky-ReLU net changes strength / 2 · mean squared slope of its answer at its inputs.

    The answer's slope is a product of the weights, each layer's masked by which of its units were positive; the masks
    hold still for a small change, so the derivative goes once down through the product and once up.
    """
    masks = [np.where(v > 0, ONE, np.float32(SLOPE)) for v in values[1:-1]] + [np.ones_like(values[-1])]
    slopes = [masks[-1]]
    for w, mask in zip(net.weights[:0:-1], masks[-2::-1], strict=True):
        slopes.append((slopes[-1] @ w.T) * mask)
    slopes.reverse()
    up = (slopes[0] @ net.weights[0].T) * np.float32(strength / len(values[0]))
    found = []
    for w, slope, mask in zip(net.weights, slopes, masks, strict=True):
        found.append(up.T @ slope)
        up = (up @ w) * mask
    return found


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.clip(-30, 30)))
