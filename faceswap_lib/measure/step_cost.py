"""What one step of training costs: its arithmetic, the machine's peak, every layer alone, and a profiler's trace.

Rates are GFLOP/s, a multiplication and an addition counted as two.
"""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from faceswap_lib import profiles
from faceswap_lib.measure.report import aligned
from faceswap_lib.network import checkpoint
from faceswap_lib.network.augment import compiled
from faceswap_lib.network.model import FaceSwap
from faceswap_lib.network.schedule import GAN
from faceswap_lib.profiles import Profile

LARGE, LARGEST = 2048, 16384  # rows and columns of the matrices whose product is taken for the machine's peak
LONG = 0.02  # seconds; what takes less is repeated, or the way to a graphics card would be timed
TIMES = 9
KINDS = layers.Conv2D | layers.Dense


def flops(net: FaceSwap, batch: int) -> float:
    """FLOP of one step of encoder and decoders, batch faces of each side: forward, and backward twice as much."""
    parts = ((net.encoder, 2), (net.decoder_a, 1), (net.decoder_b, 1))
    return 3.0 * batch * sum(faces * _flop(layer) for part, faces in parts for layer in _heavy(part))


def peak() -> float:
    """The most FLOP/s that this machine reached in a product of two large matrices, in this process.

    Their numbers are as those of the step, 32 or 16 bits; they are doubled until a product takes a while.
    """
    dtype, rows = keras.mixed_precision.dtype_policy().compute_dtype, LARGE
    while True:
        a = ops.cast(np.random.default_rng(0).random((rows, rows), "f4"), dtype)
        seconds = min(_seconds(lambda a=a: ops.matmul(a, a)[0, 0], 5))
        if seconds > LONG / 4 or rows >= LARGEST:
            return 2 * rows**3 / seconds
        rows *= 2


def trace(folder: str | Path, profile: str = "demo") -> dict:
    """Time whole steps and every layer alone, and write a profiler's trace of one step with the game into a folder.

    Returns what is written to folder/step.json: {"step_ms": {"without the game", "with the game"}, "peak_gflops",
    "layers": [{"part", "layer", "out", "gflop", "ms", "gflops"}]}, forward and backward, medians. The trace opens in
    TensorBoard or Perfetto.
    """
    size, folder = profiles.get(profile), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plain, net, batch = checkpoint.build(size, 0), checkpoint.build(size, 0), _batch(size)
    net.gan = GAN
    runs = {"without the game": plain.train_on_batch, "with the game": net.train_on_batch}
    # in turns, so that a machine that slows down slows both; the first turn compiles
    turns = [[_spent(run, batch) for run in runs.values()] for _ in range(TIMES + 1)]
    found = {name: round(1e3 * float(t), 1) for name, t in zip(runs, np.median(turns[1:], 0), strict=True)}
    with _profiler(folder):
        net.train_on_batch(batch)
    faces = {net.encoder: 2, net.decoder_a: 1, net.decoder_b: 1, net.discriminator: 3}  # a half of each side, thrice
    rows = [_alone(part.name, layer, size.batch * n) for part, n in faces.items() for layer in _heavy(part)]
    made = {"step_ms": found, "peak_gflops": round(peak() / 1e9, 1), "layers": rows}
    (folder / "step.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    return made


def table(made: dict) -> str:
    """What `trace` returned as plain text: a line per layer, then what they leave over of a step."""
    lines = [["part", "layer", "out", "GFLOP", "ms", "GFLOP/s", "of peak"]]
    for row in made["layers"]:
        share, out = f"{row['gflops'] / made['peak_gflops']:.0%}", "×".join(map(str, row["out"]))
        lines.append([row["part"], row["layer"], out, *(str(row[k]) for k in ("gflop", "ms", "gflops")), share])
    told = [
        f"A step {name}: {ms} ms; the same layers alone: {_sum(made, 'ms', name):.0f} ms, "
        f"{_sum(made, 'gflop', name):.1f} GFLOP."
        for name, ms in made["step_ms"].items()
    ]
    told.append(f"Peak, a product of two large matrices: {made['peak_gflops']} GFLOP/s.")
    return "\n".join([aligned(lines), "", *told])


def _sum(made: dict, what: str, step: str) -> float:
    return sum(row[what] for row in made["layers"] if row["part"] != "discriminator" or step == "with the game")


def _heavy(part: keras.Model) -> list:
    return [layer for layer in part.layers if isinstance(layer, KINDS)]


def _flop(layer: layers.Layer) -> float:
    """Forward, for one face: 2 · pixels written · kernel² · channels in · channels out; dense: 2 · in · out."""
    written = np.prod(layer.output.shape[1:-1], initial=1)
    return float(2 * written * np.prod(layer.kernel.shape))


def _alone(part: str, layer: layers.Layer, faces: int) -> dict:
    """One layer forward and backward on random numbers, as the step runs it."""
    x = np.random.default_rng(0).random((faces, *layer.input.shape[1:]), "f4")
    run, flop = _gradient(layer, x), 3 * faces * _flop(layer)
    seconds = float(np.median(_seconds(run, TIMES)))
    return {
        "part": part,
        "layer": layer.name,
        "out": list(layer.output.shape[1:]),
        "gflop": round(flop / 1e9, 2),
        "ms": round(1e3 * seconds, 2),
        "gflops": round(flop / seconds / 1e9, 1),
    }


def _gradient(layer: layers.Layer, x: np.ndarray) -> Callable[[], object]:
    """A compiled call of a layer and of its gradient in input and weights; it returns one number, maybe not ready yet.

    One number: to fetch a whole gradient from a graphics card takes longer than to compute it.
    """
    corner, values = (0,) * x.ndim, [ops.convert_to_tensor(v) for v in (x, *layer.trainable_variables)]

    def loss(x: object, *weights: object) -> object:
        drawn, _ = layer.stateless_call(list(weights), [], x)
        return ops.sum(ops.square(ops.cast(drawn, "float32")))

    if keras.backend.backend() == "jax":
        import jax

        graded = compiled(jax.grad(loss, range(len(values))))
        return lambda: graded(*values)[0][corner]
    import tensorflow as tf

    def gradient(*values: object) -> list:
        with tf.GradientTape() as tape:
            tape.watch(values)
            found = loss(*values)
        return tape.gradient(found, values)

    graded = compiled(gradient)
    return lambda: graded(*values)[0][corner]


def _profiler(folder: Path) -> AbstractContextManager:
    if keras.backend.backend() == "jax":
        import jax

        return jax.profiler.trace(str(folder))
    import tensorflow as tf

    return tf.profiler.experimental.Profile(str(folder))


def _seconds(run: Callable[[], object], times: int) -> list[float]:
    """Of a call that returns a tensor, so often, once it is compiled; short ones several in a row, awaited together."""

    def row(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            last = run()
        ops.convert_to_numpy(last)
        return (time.perf_counter() - start) / count

    row(1)
    count = min(50, 1 + int(LONG / row(1)))
    return [row(count) for _ in range(times)]


def _spent(run: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    run(*given)
    return time.perf_counter() - start


def _batch(size: Profile) -> dict[str, np.ndarray]:
    """A batch of random numbers in the shapes of a profile's."""
    random, n, s = np.random.default_rng(0), size.batch, size.texture
    shapes = {
        "picture": (n, s // 2, s // 2, 3),
        "motion": (n, s // 2, s // 2, 4),
        "target": (n, s, s, 3),
        "weight": (n, s, s, 1),
    }
    return {f"{name}_{side}": random.random(shape, "f4") for side in "ab" for name, shape in shapes.items()}
