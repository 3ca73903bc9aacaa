"""Train the relighting network on what lamps.py rendered.

  python setup/base/light.py LAMPS --steps 6000 --out faceswap_lib/base

Every step draws triples anew: somebody in one light, somebody else in another, and the answer: the second face in the
first one's light and complexion. Lights are random sums of lamps, cameras random curves. The last groups are held out.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
from keras import ops  # noqa: E402

from faceswap_lib import relight  # noqa: E402
from faceswap_lib.mesh import canvas  # noqa: E402
from faceswap_lib.model import dssim  # noqa: E402

S, WORLD, RIM, HELD_OUT = relight.SIZE, 8, 7, 4  # the last so many groups
RATE = 1.5e-3


@dataclass
class Group:
    """lamps float16 (people, complexions, deeds, 3, lamps, 64, 64) linear, weights (people, deeds, 64, 64, 1)."""

    lamps: np.ndarray
    weights: np.ndarray
    normals: np.ndarray  # float32 (people, deeds, 64, 64, 3)


def load(folder: Path) -> list[Group]:
    """The groups that lamps.py made, those with two people and more."""
    on, names = canvas("mesh", S), {}
    for path in sorted(folder.glob("*_?.npz")):
        names.setdefault(path.stem[:3], []).append(path)
    groups = []
    for paths in names.values():
        lamps, weights, normals = [], [], []
        for path in paths:
            with np.load(path) as found:
                lamps.append(_small(found["textures"]))
                normals.append([on.normals(solid) for solid in found["solid"]])
                weights.append([on.visibility(solid) * (on.inside + 0.02) for solid in found["solid"]])
        if len(paths) > 1:
            groups.append(Group(np.array(lamps), np.array(weights, "f4")[..., None], np.array(normals, "f4")))
    return groups


def _small(textures: np.ndarray) -> np.ndarray:
    """(…, lamps, 128, 128, 3) -> (…, 3, lamps, 64, 64): colours first, so that a light is a matrix product."""
    *first, lamps, size, _, _ = textures.shape
    cells = textures.astype("f4").reshape(*first, lamps, S, size // S, S, size // S, 3).mean((-4, -2))
    return np.ascontiguousarray(np.moveaxis(cells, -1, -4), "f2")


def light(random: np.random.Generator) -> np.ndarray:
    """What each lamp gives: (lamps, 3). A key from one side or between two lamps, a fill, the world, a rim."""
    out = np.zeros((WORLD + 1, 3))

    def tint(much: float) -> np.ndarray:
        warm = random.uniform(-1, 1) * much
        return np.array([1 + 0.18 * warm, 1.0, 1 - 0.24 * warm]) * (1 + 0.04 * random.standard_normal(3))

    one, two = random.choice(6, 2, replace=False, p=[0.22, 0.22, 0.14, 0.18, 0.18, 0.06])
    share, key = random.uniform(0.5, 1), tint(1)
    out[one] += share * key
    out[two] += (1 - share) * key
    out[random.integers(WORLD - 1)] += random.uniform(0, 0.6) * tint(1)
    out[WORLD] += random.uniform(0.15, 0.9) * tint(0.7)
    out[RIM] += random.uniform(0, 1.5) * tint(0.7)
    return out


def camera(random: np.random.Generator) -> tuple:
    """Whether film's curve, its steepness, what brightness skin comes out at, gamma, saturation, each at random."""
    film = random.random() < 0.6
    return (film, random.uniform(0.75, 1.15) if film else random.uniform(0, 1),
            random.uniform(0.4, 0.75), random.uniform(1 / 2.5, 1 / 1.9), random.uniform(0.75, 1.2))  # fmt: skip


def develop(linear: np.ndarray, skin: float, film: bool, steep: float, bright: float, gamma: float,
            saturation: float) -> np.ndarray:  # fmt: skip
    """Linear light -> picture in [0, 1]; skin: the linear light that comes out near `bright`.

    Film's curve has a toe and a shoulder: the logistic function of the logarithm (Hill 1910), as in AgX.
    The other one rolls off towards white alone.
    """
    if film:
        x = (linear / skin).clip(0) ** steep
        x = x / (x + (1 - bright) / bright)
    else:
        x = linear / skin * bright ** (1 / gamma) * (1 + steep / 4)
        x = (x * (1 + steep * x / 4) / (1 + steep * x)).clip(0, 1) ** gamma
    grey = x.mean(-1, keepdims=True)
    return (grey + saturation * (x - grey)).clip(0, 1)


def spotted(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A picture with a few moles, strands and stains, which are not light and must not come along."""
    out = np.ascontiguousarray(picture, "f4")
    for _ in range(random.integers(0, 4)):
        axes, at = np.exp(random.uniform(-0.5, 1.8, 2)), random.uniform(0, S, 2)
        shape = cv2.ellipse(np.zeros((S, S), "f4"), (tuple(at), tuple(2 * axes), random.uniform(0, 180)), 1, -1)
        shape = cv2.GaussianBlur(shape, (0, 0), 0.6)[..., None] * random.uniform(0.3, 1)
        out = out + shape * (random.uniform(0, 1, 3) * random.uniform(0.05, 1) - out)
    return out


def triple(groups: list[Group], random: np.random.Generator) -> tuple:
    """What the network sees, and drawn, answer (64, 64, 3), weight (64, 64, 1)."""
    g = groups[random.integers(len(groups))]
    people, complexions, deeds = g.lamps.shape[:3]
    a, b = random.choice(people, 2, replace=random.random() < 0.05)
    skin, own, deed = random.integers(complexions), random.integers(complexions), random.integers(deeds)
    among = [deed] if random.random() < 0.3 else random.permutation(deeds)[: random.integers(1, deeds + 1)]
    theirs, mine, one, two = light(random), light(random), camera(random), camera(random)

    def mix(who: int, complexion: int, what: int, lit: np.ndarray) -> np.ndarray:
        each = g.lamps[who, complexion, what].astype("f4").reshape(3, len(lit), -1)
        return np.einsum("lc,clp->pc", lit.astype("f4"), each).reshape(S, S, 3)

    source, answer = mix(a, skin, deed, theirs), mix(b, skin, deed, theirs)
    drawn = np.mean([mix(b, own, d, mine) for d in among], 0)
    inside = g.weights[a, deed][..., 0] > 0.5
    one, two = ((max(np.percentile(p[inside].mean(-1), 70), 1e-6), *c) for c, p in ((one, source), (two, drawn)))
    weight = g.weights[a, deed] * g.weights[b, deed] * np.min(g.weights[b, among], 0)
    if list(among) != [deed]:
        weight = weight * CALM  # a mouth that does something else tells nothing of light
        drawn = cv2.GaussianBlur(drawn, (0, 0), random.uniform(0.3, 0.8))
    out = [develop(source, *one), develop(drawn, *two), develop(answer, *one), weight]
    normals = g.normals[b, deed]
    if random.random() < 0.5:
        out, normals = [p[:, ::-1] for p in out], normals[:, ::-1] * MIRROR
    source, drawn, answer, weight = out
    return (*relight.seen(drawn, spotted(source, random), normals), drawn, answer, weight)


MIRROR = np.array([-1, 1, 1], "f4")
_on = canvas("mesh", S)
CALM = 1 - _on.parts[2][..., None]


def batch(groups: list[Group], count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Stacked triples, float32."""
    return [np.stack(x).astype("f4") for x in zip(*(triple(groups, random) for _ in range(count)), strict=True)]


class Learner(keras.Model):
    """The network with its loss."""

    def __init__(self, net: keras.Model):
        super().__init__()
        self.net = net

    def call(self, x: list, training: bool = False) -> object:
        """The drawn face in the source's light."""
        return ops.clip(x[4] * ops.exp(self.net(x[:4])), 0.0, 1.2)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ANN001, ANN201
        """L1 in the picture and in the logarithm, and DSSIM, where both faces are seen."""
        answer, weight = x[5], x[6]
        apart = ops.abs(y_pred - answer) + 0.1 * ops.abs(ops.log(y_pred + 0.03) - ops.log(answer + 0.03))
        return ops.sum(weight * (3 * apart + 1.0 * dssim(y_pred, answer))) / (3 * ops.sum(weight))


def main(argv: list[str] | None = None) -> int:
    """Train, say how it goes on the held-out groups, write light.npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lamps", type=Path)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    keras.utils.set_random_seed(args.seed)
    groups, random = load(args.lamps), np.random.default_rng(args.seed)
    learn, held = groups[:-HELD_OUT], groups[-HELD_OUT:]
    print(f"{sum(len(g.lamps) for g in learn)} people, {sum(len(g.lamps) for g in held)} held out", flush=True)
    net = relight.network()
    learner = Learner(net)
    rate = keras.optimizers.schedules.CosineDecay(0.0, args.steps, 0.01, warmup_target=RATE, warmup_steps=200)
    learner.compile(keras.optimizers.Adam(rate, beta_2=0.99, use_ema=True, ema_momentum=0.998), jit_compile=False)
    test = batch(held, 64, np.random.default_rng(99))
    mean, start, ahead = keras.metrics.Mean(), time.monotonic(), ThreadPoolExecutor(1)
    coming = ahead.submit(batch, learn, args.batch, random)
    for step in range(args.steps + 1):
        if step % 500 == 0:
            swap(learner)
            spent, unseen = time.monotonic() - start, float(learner.test_on_batch(test))
            print(f"{step:6d} loss {float(mean.result()):.4f} held out {unseen:.4f} {spent:.0f} s", flush=True)
            mean.reset_state()
            save(net, args.out)
            swap(learner)
        now, coming = coming.result(), ahead.submit(batch, learn, args.batch, random)
        mean.update_state(learner.train_on_batch(now))
    return 0


def swap(learner: Learner) -> None:
    """Exchange the weights and their running average, which errs less; twice is nothing."""
    opt = learner.optimizer
    if opt.built and opt.iterations > 0:
        for variable, average in zip(learner.trainable_variables, opt._model_variables_moving_average, strict=True):
            now = keras.ops.copy(variable.value)
            variable.assign(average.value)
            average.assign(now)


def save(net: keras.Model, folder: Path) -> None:
    """Half precision is enough, and half the size."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "light.part.npz"
    np.savez_compressed(part, **{f"{k:03d}": w.astype("f2") for k, w in enumerate(net.get_weights())})
    os.replace(part, folder / "light.npz")


if __name__ == "__main__":
    sys.exit(main())
