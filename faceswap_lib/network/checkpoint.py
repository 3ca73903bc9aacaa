"""A model on disk: `model.weights.h5` (network and optimizer, as Keras writes them) and `model.json` (all the rest).

Each file appears under its name only when complete; a killed process leaves the last complete pair.
"""

import json
import warnings
from pathlib import Path

import keras

from faceswap_lib import UserError
from faceswap_lib.files import whole
from faceswap_lib.network.model import FaceSwap
from faceswap_lib.profiles import Profile


def build(profile: Profile, seed: int) -> FaceSwap:
    """A fresh network of a profile's size, compiled, its random numbers set by seed."""
    # expected until the discriminator joins the step
    warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
    keras.utils.set_random_seed(seed)
    if profile.mixed:
        keras.mixed_precision.set_global_policy("mixed_float16")
    net = FaceSwap(profile.texture, profile.width)
    optimizer = keras.optimizers.AdamW(1e-3, beta_1=0.9, beta_2=0.99, weight_decay=1e-4)
    net.compile(optimizer=optimizer, jit_compile=True)
    half = profile.texture // 2
    shapes = {"picture": (1, half, half, 3), "motion": (1, half, half, 4)}
    net({f"{name}_{s}": keras.ops.zeros(shape) for s in "ab" for name, shape in shapes.items()})
    net.optimizer.build(net.trainable_variables)  # with 16 bits it is one around `optimizer`, with numbers of its own
    return net


def save(net: FaceSwap, folder: Path, about: dict, history: list[dict]) -> None:
    """Write weights, optimizer and record; the record first, so that it is never behind the weights."""
    iteration = int(keras.ops.convert_to_numpy(net.optimizer.iterations))
    record = json.dumps({**about, "iteration": iteration, "history": history})
    try:
        with whole(folder / "model.json") as part:
            part.write_text(record, encoding="utf-8")
        with whole(folder / "model.weights.h5") as part:
            net.save_weights(part)
    except OSError as error:
        raise UserError(f"The model cannot be saved in {folder} ({error}); the last saved one is intact.") from error


def restore(net: FaceSwap, folder: Path) -> tuple[list[dict], int]:
    """Load weights and optimizer; returns the history up to them and the iteration. UserError if they do not fit."""
    try:
        net.load_weights(folder / "model.weights.h5")
    except (OSError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"The weights in {folder} are damaged or of another network ({first}); train again.") from error
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    iteration = int(keras.ops.convert_to_numpy(net.optimizer.iterations))
    return [row for row in record["history"] if row["iteration"] <= iteration], iteration
