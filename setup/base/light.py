"""Train the relighting network on what lamps.py rendered.

  python setup/base/light.py LAMPS --steps 6000 --out faceswap_lib/base

Every step draws examples anew (mixtures.py): somebody in one light, somebody else in another, and the answer: the
second face in the first one's light and complexion. The last groups are held out. Keras on JAX draws and trains.
"""

import argparse
import math
import os
import sys
import time
from functools import partial
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is loaded
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import jax
import jax.numpy as np
import keras
import mixtures
import numpy

from faceswap_lib.compose import relight
from faceswap_lib.network.losses import dssim

HELD_OUT = 4  # the last so many groups
RATE, AVERAGE = 1.5e-3, 0.998
LOOK = 200  # steps from one look at people held out to the next


def loss(net: keras.Model, weights: list, x: list) -> object:
    """L1 in the picture and in the logarithm, and DSSIM, where both faces are seen."""
    drawn, answer, seen = x[4:]
    gain, _ = net.stateless_call(weights, [], x[:4])
    made = np.clip(drawn * np.exp(gain), 0.0, 1.2)
    apart = np.abs(made - answer) + 0.1 * np.abs(np.log(made + 0.03) - np.log(answer + 0.03))
    return np.sum(seen * (3 * apart + dssim(made, answer))) / (3 * np.sum(seen))


def step(
    net: keras.Model,
    optimizer: keras.Optimizer,
    count: int,
    state: tuple,
    lamps: mixtures.Lamps,
    rate: float,
    key: object,
) -> tuple:
    """One step on `count` new examples: the state after it, and the loss.

    state: the weights, the optimizer's numbers, and the weights' running average, which errs less.
    """
    weights, numbers, mean = state
    value, slope = jax.value_and_grad(partial(loss, net))(weights, mixtures.batch(lamps, key, count))
    numbers = [
        np.asarray(rate) if v is optimizer._learning_rate else n
        for v, n in zip(optimizer.variables, numbers, strict=True)
    ]
    weights, numbers = optimizer.stateless_apply(numbers, slope, weights)
    mean = [m + (1 - AVERAGE) * (w - m) for m, w in zip(mean, weights, strict=True)]
    return (weights, numbers, mean), value


def main(argv: list[str] | None = None) -> int:
    """Train, say how it goes on the held-out groups, write light.npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lamps", type=Path)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, help="so long, instead of --steps")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=RATE, help="learning rate after the warm-up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    keras.utils.set_random_seed(args.seed)
    lamps = mixtures.load(args.lamps)
    learn, held = (
        jax.device_put(mixtures.Lamps(*(x[part] for x in lamps))) for part in (slice(-HELD_OUT), slice(-HELD_OUT, None))
    )
    print(f"{len(learn.lamps)} groups, {len(held.lamps)} held out", flush=True)
    net, optimizer = relight.network(), keras.optimizers.Adam(args.rate, beta_2=0.99)
    optimizer.build(net.trainable_variables)
    weights = [v.value for v in net.trainable_variables]
    state = (weights, [v.value for v in optimizer.variables], [w + 0 for w in weights])
    test = jax.jit(mixtures.batch, static_argnums=2)(held, jax.random.key(99), 64)
    judge = jax.jit(partial(loss, net))
    learner = jax.jit(partial(step, net, optimizer, args.batch), donate_argnums=0)
    start, key, n, share, seen = time.monotonic(), jax.random.key(args.seed), 0, 0.0, []
    while share < 1:
        rate = args.rate * min(1, (n + 1) / 200) * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
        state, value = learner(state, learn, rate, jax.random.fold_in(key, n))
        seen.append(value)
        n, spent = n + 1, time.monotonic() - start
        share = spent / 60 / args.minutes if args.minutes else n / args.steps
        if n % LOOK == 0 or share >= 1:
            unseen = float(judge(state[2], test))
            print(f"{n:6d} loss {np.mean(np.array(seen)):.4f} held out {unseen:.4f} {spent:.0f} s", flush=True)
            save(state[2], args.out)
            seen.clear()
    return 0


def save(weights: list, folder: Path) -> None:
    """Half precision is enough, and half the size."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "light.part.npz"
    numpy.savez_compressed(part, **{f"{k:03d}": numpy.asarray(w, "f2") for k, w in enumerate(weights)})
    os.replace(part, folder / "light.npz")


if __name__ == "__main__":
    sys.exit(main())
