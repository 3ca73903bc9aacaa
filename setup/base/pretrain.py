"""Pre-train the workshop's network on the cast: one encoder, one decoder for everybody, each person's mean an input.

  python setup/base/pretrain.py CAST --profile demo --steps 3000 --work WORK --out faceswap_lib/base

A run that was stopped goes on from WORK. The weights are written as 16-bit numbers; what was done stands beside them.
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

import crowd as crowds  # the library is found only now
from crowd import Crowd

from faceswap_lib import profiles
from faceswap_lib.network.losses import reconstruction
from faceswap_lib.network.model import decoder, encoder

RATE = 1e-3
SAVE_EVERY = 120  # seconds
MEAN = "mean_texture"


class Everybody(keras.Model):
    """Encoder and one decoder; the mean texture of who is drawn comes in with the face."""

    def __init__(self, size: int, width: float):
        super().__init__()
        self.encoder, self.decoder = encoder(size, width), decoder(size, width, "decoder")
        self.logits = keras.Model(self.decoder.inputs, self.decoder.get_layer(MEAN).input)

    def call(self, x: dict, training: bool = False) -> object:
        """The faces drawn, (N, S, S, 3)."""
        code = self.encoder([x["picture"], x["motion"]], training=training)
        mean = ops.clip(x["mean"], 0.02, 0.98)
        return ops.sigmoid(self.logits([code, x["motion"]], training=training) + ops.log(mean / (1 - mean)))

    def compute_loss(
        self, x: dict, y: object = None, y_pred: object = None, sample_weight: object = None, training: bool = True
    ) -> object:
        """L1 + DSSIM, as in training."""
        return reconstruction(y_pred, x["target"], x["weight"])


def build(size: int, width: float, seed: int) -> Everybody:
    """A fresh network, compiled as `checkpoint.build` compiles the workshop's."""
    keras.utils.set_random_seed(seed)
    net = Everybody(size, width)
    net.compile(optimizer=keras.optimizers.AdamW(RATE, beta_1=0.9, beta_2=0.99, weight_decay=1e-4), jit_compile=True)
    half = size // 2
    net(
        {
            "picture": ops.zeros((1, half, half, 3)),
            "motion": ops.zeros((1, half, half, 4)),
            "mean": ops.ones((1, size, size, 3)) / 2,
        }
    )
    net.optimizer.build(net.trainable_variables)
    return net


def weights(net: Everybody) -> dict[str, np.ndarray]:
    """What training starts from: encoder and decoder without a mean, in the order of their layers, float16."""
    out = {}
    for part in ("encoder", "decoder"):
        layers = [layer for layer in getattr(net, part).layers if layer.name != MEAN]
        variables = [ops.convert_to_numpy(v) for layer in layers for v in layer.weights]
        out |= {f"{part}_{k:02d}": v.astype("f2") for k, v in enumerate(variables)}
    return out


def error(net: Everybody, crowd: Crowd, indices: np.ndarray) -> tuple[float, float]:
    """The loss on these faces as the network draws them, and as their people's mean textures stand."""
    drawn, still, batch = [], [], 16
    for k in range(0, len(indices), batch):
        x = crowds.plain(crowd, np.resize(indices[k : k + batch], batch))
        x = {name: ops.convert_to_tensor(v) for name, v in x.items()}
        drawn.append(float(reconstruction(net(x), x["target"], x["weight"])))
        still.append(float(reconstruction(x["mean"], x["target"], x["weight"])))
    return float(np.mean(drawn)), float(np.mean(still))


def teach(net: Everybody, crowd: Crowd, args: argparse.Namespace, batch: int) -> list[dict]:
    """The steps that are left; what was seen on the way."""
    state, notes = args.work / "state.weights.h5", args.work / "notes.json"
    if state.exists():
        net.load_weights(state)
    history = json.loads(notes.read_text()) if notes.exists() else []
    among, held = np.flatnonzero(~crowd.held), np.flatnonzero(crowd.held)[::4]
    first = step = int(net.optimizer.iterations.numpy())
    before = history[-1]["seconds"] if history else 0.0
    start, saved = time.monotonic(), time.monotonic()

    def following(step: int) -> dict:
        return crowds.draw(crowd, among, batch, np.random.default_rng([args.seed, step]))

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(following, step)
        while step < args.steps:
            x, coming = coming.result(), ahead.submit(following, step + 1)
            left = 2 * (1 - step / args.steps)
            net.optimizer.learning_rate = RATE * min(1, (step + 1) / 100) * min(1.0, max(0.02, left))
            loss = float(net.train_on_batch(x))
            step += 1
            if step % 100 == 0 or step == args.steps:
                spent = time.monotonic() - start
                history.append(
                    {
                        "step": step,
                        "seconds": round(before + spent, 1),
                        "loss": loss,
                        "egs": round(batch * (step - first) / spent, 1),
                        "held": error(net, crowd, held),
                    }
                )
                print(json.dumps(history[-1]), flush=True)
                net.reset_metrics()
            if time.monotonic() - saved > SAVE_EVERY:
                save(net, state, notes, history)
                saved = time.monotonic()
    save(net, state, notes, history)
    return history


def save(net: Everybody, state: Path, notes: Path, history: list[dict]) -> None:
    """Network, optimizer and notes, each under its name only when complete."""
    part = state.with_name("part.weights.h5")
    net.save_weights(part)
    os.replace(part, state)
    notes.write_text(json.dumps(history))


def card(net: Everybody, crowd: Crowd) -> list[dict]:
    """Every held-out person: who they are, the loss as drawn and as their mean texture stands."""
    out = []
    for k in np.unique(crowd.person[crowd.held]):
        drawn, still = error(net, crowd, np.flatnonzero(crowd.person == k))
        out.append({"drawn": round(drawn, 4), "still": round(still, 4), **crowd.who[k]})
    return out


def main(argv: list[str] | None = None) -> int:
    """Train, then write the weights and what is known of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cast", type=Path)
    parser.add_argument("--profile", default="demo", help="whose size: demo (gpu starts from it too), micro or smoke")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--people", type=int, help="only the first so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    size = profiles.get(args.profile)
    crowd = crowds.load(args.cast, size.texture, args.people)
    print(f"{len(crowd.who)} people, {len(crowd.targets)} faces, {crowd.held.sum()} of them held out", flush=True)
    net = build(size.texture, size.width, args.seed)
    history = teach(net, crowd, args, 32)
    name = f"mesh_{size.texture}_{size.width:g}"
    np.savez_compressed(args.out / f"{name}.npz", **weights(net))
    record = {
        "texture": size.texture,
        "width": size.width,
        "steps": args.steps,
        "seed": args.seed,
        "batch": 32,
        "people": len(crowd.who),
        "faces": len(crowd.targets),
        "seconds": history[-1]["seconds"],
        "cast": crowd.who,
        "history": history,
        "held_out": card(net, crowd),
    }
    (args.work / f"{name}.json").write_text(json.dumps(record, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
