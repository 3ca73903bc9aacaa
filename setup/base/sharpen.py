"""Let the base play against a discriminator that meets many people: an experiment, its outcome is in README.md.

  python setup/base/sharpen.py CAST --steps 800 --base faceswap_lib/base/mesh_128_1.npz --out work/played

L1 and SSIM alone make a base that draws the mean of what might be there. Here it goes on training with the workshop's
own game; the discriminator starts from scratch, and is written beside encoder and decoder. Training does not read it.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
from keras import ops

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import crowd as crowds  # noqa: E402  the library is found only now
from crowd import Crowd  # noqa: E402
from pretrain import Everybody, error, weights  # noqa: E402

from faceswap_lib import faces, profiles, start  # noqa: E402
from faceswap_lib.mesh import canvas  # noqa: E402
from faceswap_lib.model import discriminator, game  # noqa: E402

RATE = 2.5e-4
ALONE = 100  # steps in which the discriminator learns before it pulls


class Players(Everybody):
    """Encoder, one decoder, and the discriminator that judges what they draw; strength: how much it pulls."""

    def __init__(self, size: int, width: float, strength: float):
        super().__init__(size, width)
        self.discriminator, self.strength = discriminator(size, width), self.add_weight(shape=(), name="strength")
        self.strength.trainable = False
        self.most = strength
        self.parts = {name: keras.metrics.Mean(name) for name in ("gan_real", "gan_fake")}

    def compute_loss(self, x: dict, y: object = None, y_pred: object = None, sample_weight: object = None,
                     training: bool = True) -> object:  # fmt: skip
        """L1 + DSSIM and the game; the batch's first half stands for A, its second for B: it knows no one by name."""
        loss, *parts = game(self.discriminator, x["target"], y_pred, x["weight"], self.strength)
        for metric, value in zip(self.parts.values(), parts, strict=True):
            metric.update_state(value)
        return super().compute_loss(x, y, y_pred, sample_weight, training) + loss


def build(size: int, width: float, base: Path, strength: float, seed: int) -> Players:
    """The base and a fresh discriminator, compiled."""
    keras.utils.set_random_seed(seed)
    net = Players(size, width, strength)
    optimizer = keras.optimizers.AdamW(RATE, beta_1=0.5, beta_2=0.99, weight_decay=1e-4)
    net.compile(optimizer=optimizer, jit_compile=True)
    half = size // 2
    net({"picture": ops.zeros((1, half, half, 3)), "motion": ops.zeros((1, half, half, 4)),
         "mean": ops.ones((1, size, size, 3)) / 2})  # fmt: skip
    with np.load(base) as found:
        for part in ("encoder", "decoder"):
            stored = [found[k] for k in sorted(found) if k.startswith(part)]
            for variable, value in zip(start.variables(getattr(net, part)), stored, strict=True):
                variable.assign(value.astype("f4"))
    return net


def sharpness(net: Players, crowd: Crowd, indices: np.ndarray) -> float:
    """How sharp these faces are drawn, 1 for as sharp as they are: `faces.sharpness` in the mesh, mean of faces."""
    inside, found = canvas("mesh", crowd.targets.shape[1]).inside > 0.5, []
    for few in np.array_split(indices, max(1, len(indices) // 16)):
        x = {k: ops.convert_to_tensor(v) for k, v in crowds.plain(crowd, np.resize(few, 16)).items()}
        drawn = np.round(ops.convert_to_numpy(net(x)) * 255).astype("u1")
        found += [faces.sharpness(d, inside) / faces.sharpness(crowd.targets[i], inside)
                  for d, i in zip(drawn, few, strict=False)]  # fmt: skip
    return float(np.mean(found))


def play(net: Players, crowd: Crowd, steps: int, seed: int, batch: int = 32) -> list[dict]:
    """The steps, and what was seen on the way."""
    among, held, history = np.flatnonzero(~crowd.held), np.flatnonzero(crowd.held)[::4], []

    def following(step: int) -> dict:
        return crowds.draw(crowd, among, batch, np.random.default_rng([seed, 1 << 20, step]))

    begun = time.monotonic()
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(following, 0)
        for step in range(steps + 1):
            if step % 100 == 0:
                judged = {name: round(float(part.result()), 3) for name, part in net.parts.items()}
                history.append({"step": step, "seconds": round(time.monotonic() - begun), **judged,
                                "held": error(net, crowd, held), "sharpness": sharpness(net, crowd, held)})  # fmt: skip
                print(json.dumps(history[-1]), flush=True)
                net.reset_metrics()
            x, coming = coming.result(), ahead.submit(following, step + 1)
            net.optimizer.learning_rate = RATE * min(1, (step + 1) / 50) * min(1.0, max(0.02, 2 * (1 - step / steps)))
            net.strength.assign(net.most * float(step >= ALONE))
            net.train_on_batch(x)
    return history


def main(argv: list[str] | None = None) -> int:
    """Play, then write encoder, decoder and discriminator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cast", type=Path)
    parser.add_argument("--profile", default="demo", help="whose size: demo, micro or smoke")
    parser.add_argument("--base", type=Path, required=True, help="what pretrain.py made")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--strength", type=float, default=0.03, help="how strongly the discriminator pulls")
    parser.add_argument("--people", type=int, help="only the first so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    size = profiles.get(args.profile)
    crowd = crowds.load(args.cast, size.texture, args.people)
    net = build(size.texture, size.width, args.base, args.strength, args.seed)
    play(net, crowd, args.steps, args.seed)
    judge = [ops.convert_to_numpy(v).astype("f2") for v in net.discriminator.weights]
    part = args.out / "base.part.npz"
    np.savez_compressed(part, **weights(net), **{f"discriminator_{k:02d}": v for k, v in enumerate(judge)})
    os.replace(part, args.out / f"mesh_{size.texture}_{size.width:g}.npz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
