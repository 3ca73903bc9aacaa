"""One neuron, and a network of a few: what they say of each place in the plane, and how the few learn, step by step.

Dots are float32 (N, 2) in the plane from -EDGE to EDGE; labels are 0 or 1, (N, 1).
"""

from dataclasses import dataclass

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.toys.mlp import Adam, Mlp

EDGE, DOTS, RATE = 1.6, 160, 0.03
SETS = ("halves", "corners", "rings", "moons")


@dataclass
class Neuron:
    """Two weights and a bias; it answers with the sigmoid of their sum, 0.5 on a straight line."""

    w1: float = 0.0
    w2: float = 0.0
    b: float = 0.0

    def __call__(self, dots: np.ndarray) -> np.ndarray:
        """Its output for dots (N, 2): (N, 1), 0 to 1."""
        return _sigmoid(dots @ np.array([[self.w1], [self.w2]], "f4") + np.float32(self.b))


class TinyNet:
    """Two numbers in, `hidden` neurons (tanh), one answer; it learns a toy set by Adam on all dots at once."""

    def __init__(self, name: str = "rings", hidden: int = 3, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.dots, self.labels = toy_set(name)
        self.net = Mlp((2, hidden, 1), rng, tanh=True)
        self.rule, self.steps, self.losses = Adam(self.net.parameters), 0, []

    def __call__(self, dots: np.ndarray) -> np.ndarray:
        """Its output for dots (N, 2): (N, 1), 0 to 1."""
        return _sigmoid(self.net(dots))

    def step(self) -> None:
        """See all dots, compute the loss (cross entropy), nudge every weight."""
        values = self.net.forward(self.dots)
        p = _sigmoid(values[-1])
        self.losses.append(float(-np.log(np.where(self.labels > 0, p, 1 - p) + 1e-7).mean()))
        self.rule.step(self.net.backward(values, (p - self.labels) / len(p))[0], RATE)
        self.steps += 1

    @property
    def right(self) -> float:
        """The share of dots on the right side."""
        return right(self, self.dots, self.labels)


def toy_set(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Dots (DOTS, 2) of two kinds and their labels (DOTS, 1), always the same; UserError for a set there is not."""
    if name not in SETS:
        raise UserError(f"There is no toy set {name!r:.60}; choose one of {', '.join(SETS)}.")
    rng, n = np.random.default_rng(5), DOTS // 2
    label = np.repeat(np.array([[0], [1]], "f4"), n, 0)
    dots, kind = {"halves": _halves, "corners": _corners, "rings": _rings, "moons": _moons}[name](rng, label), label
    return dots.astype("f4"), kind


def right(answer: Neuron | TinyNet, dots: np.ndarray, labels: np.ndarray) -> float:
    """The share of dots that an answer above or below 0.5 puts on the right side."""
    return float(((answer(dots) > 0.5) == (labels > 0.5)).mean())


def field(answer: Neuron | TinyNet, size: int) -> np.ndarray:
    """Its output over the plane, (size, size), x to the right and y upwards: the first line is the top."""
    at = np.linspace(-EDGE, EDGE, size, dtype="f4")
    return answer(np.stack(np.meshgrid(at, at[::-1]), -1).reshape(-1, 2)).reshape(size, size)


def _halves(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """A line parts them: x + 2 y = 0.5."""
    along = np.array([2, -1]) / np.sqrt(5)
    across = np.array([1, 2]) / np.sqrt(5)
    far = (2 * label - 1) * rng.uniform(0.15, 0.9, label.shape)
    return rng.uniform(-1.1, 1.1, label.shape) * along + far * across + 0.5 * across / np.sqrt(5)


def _corners(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """Two corners each, across from one another (XOR): no line parts them."""
    side = rng.choice([-1, 1], label.shape)
    return np.c_[side, side * (2 * label - 1)] * 0.8 + rng.uniform(-0.45, 0.45, (len(label), 2))


def _rings(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """One kind in the middle, the other all around it."""
    turn = rng.uniform(0, 2 * np.pi, label.shape)
    far = np.where(label > 0, 1.0, 0.3) + rng.uniform(-0.25, 0.25, label.shape)
    return far * np.c_[np.cos(turn), np.sin(turn)]


def _moons(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """Two half circles, one hooked into the other."""
    turn = rng.uniform(0, np.pi, label.shape)
    flip = 2 * label - 1
    return np.c_[np.cos(turn) * flip + flip / 2, np.sin(turn) * flip - 0.25 * flip] * 0.8 + rng.normal(
        0, 0.07, (len(label), 2)
    )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.clip(-30, 30)))
