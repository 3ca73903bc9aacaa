"""A small network of dense layers with its own backward pass, and Adam: all that the toys need, nothing hidden."""

from collections.abc import Sequence

import numpy as np

SLOPE = 0.2  # of the leaky ReLU, where a unit's sum is negative
BLOCK = 64  # rows multiplied at once: so small a product stays on one core; sharing it out would cost more


class Mlp:
    """Dense layers, between them leaky ReLU or tanh; the last one is linear.

    sizes: how many numbers go in, how many units each hidden layer has, how many come out. weights (in, out) and
    biases (out,): a layer each.
    """

    def __init__(self, sizes: Sequence[int], rng: np.random.Generator, tanh: bool = False):
        self.tanh = tanh
        gain = 1.0 if tanh else 2 / (1 + SLOPE**2)  # He et al. 2015
        pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
        self.weights = [rng.normal(0, np.sqrt(gain / i), (i, o)).astype("f4") for i, o in pairs]
        self.biases = [np.zeros(o, "f4") for _, o in pairs]

    @property
    def parameters(self) -> list[np.ndarray]:
        """All numbers that training changes, in place."""
        return [*self.weights, *self.biases]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Answers (N, out) to inputs (N, in)."""
        return self.forward(x)[-1]

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """What goes into each layer, and last the answer (N, out): what `backward` needs."""
        values = [x]
        for number, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = _times(values[-1], w) + b
            if number < len(self.weights) - 1:
                x = np.tanh(x) if self.tanh else np.maximum(x, SLOPE * x)
            values.append(x)
        return values

    def backward(self, values: list[np.ndarray], slope: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """From how the loss changes with each answer (N, out): how it changes with each parameter, and each input."""
        weights, biases = [], []
        for number in reversed(range(len(self.weights))):
            if number < len(self.weights) - 1:
                y = values[number + 1]
                slope = slope * (1 - y * y if self.tanh else np.where(y > 0, np.float32(1), np.float32(SLOPE)))
            weights.append(_summed(values[number], slope))
            biases.append(slope.sum(0))
            slope = _times(slope, self.weights[number].T)
        return [*weights[::-1], *biases[::-1]], slope


def _times(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x @ w, BLOCK rows at a time."""
    if len(x) % BLOCK:
        return x @ w
    return (x.reshape(-1, BLOCK, x.shape[1]) @ w).reshape(len(x), -1)


def _summed(x: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """x.T @ slope, BLOCK rows at a time."""
    if len(x) % BLOCK:
        return x.T @ slope
    return (x.reshape(-1, BLOCK, x.shape[1]).transpose(0, 2, 1) @ slope.reshape(-1, BLOCK, slope.shape[1])).sum(0)


class Adam:
    """Steps as large as each parameter's gradients have been steady (Kingma & Ba 2015); it changes them in place."""

    def __init__(self, parameters: list[np.ndarray], beta1: float = 0.9, beta2: float = 0.999):
        self.parameters, self.beta1, self.beta2, self.count = parameters, beta1, beta2, 0
        self.mean = [np.zeros_like(p) for p in parameters]
        self.square = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[np.ndarray], rate: float) -> None:
        """One step down; rate: the learning rate."""
        self.count += 1
        size = rate * np.sqrt(1 - self.beta2**self.count) / (1 - self.beta1**self.count)
        for p, g, m, s in zip(self.parameters, gradients, self.mean, self.square, strict=True):
            m += (1 - self.beta1) * (g - m)
            s += (1 - self.beta2) * (g * g - s)
            p -= size * m / (np.sqrt(s) + 1e-8)
