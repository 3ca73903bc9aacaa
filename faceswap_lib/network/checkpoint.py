"""A network into a model folder and back: its weights, its optimizer's numbers and the losses since the last check."""

import warnings
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as tensors

from faceswap_lib import UserError, strangers
from faceswap_lib.network import saved
from faceswap_lib.network.devices import ALONE, LossScale, Team
from faceswap_lib.network.model import FaceSwap
from faceswap_lib.profiles import Profile

HEADER = 1_000_000  # bytes, more than names and shapes in a file of weights take


def build(profile: Profile, seed: int, team: Team = ALONE) -> FaceSwap:
    """A fresh network of a profile's size, compiled, its random numbers set by seed; team: what will train it."""
    # expected until the discriminator joins the step
    warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
    keras.utils.set_random_seed(seed)
    if profile.mixed:
        keras.mixed_precision.set_global_policy("mixed_float16")
    with team.scope():
        net = FaceSwap(profile.texture, profile.width, team)
        optimizer = keras.optimizers.AdamW(1e-3, beta_1=0.9, beta_2=0.99, weight_decay=1e-4)
        optimizer = LossScale(optimizer) if profile.mixed else optimizer
        net.compile(
            optimizer=optimizer, jit_compile=(profile.compiled or keras.backend.backend() == "jax") and team.compiles
        )
        half = profile.texture // 2
        shapes = {"picture": (1, half, half, 3), "motion": (1, half, half, 4)}
        net({f"{name}_{s}": keras.ops.zeros(shape) for s in "ab" for name, shape in shapes.items()})
        net.optimizer.build(net.trainable_variables)
    return net


def save(net: FaceSwap, folder: Path, about: dict, history: list[dict]) -> None:
    """Write network, optimizer and running means, and the record; UserError where the disk refuses."""
    iteration = int(keras.ops.convert_to_numpy(net.optimizer.iterations))
    weights = tensors.save({name: keras.ops.convert_to_numpy(v) for name, v in _variables(net).items()})
    try:
        saved.write(folder, {**about, "iteration": iteration, "history": history}, weights)
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"The model cannot be saved in {folder} ({why}); the last one there is intact.") from error


def restore(net: FaceSwap, folder: Path) -> tuple[list[dict], int]:
    """Load the newest whole checkpoint; returns its history and iteration. UserError if it does not fit."""
    record, path = saved.newest(folder)
    variables = _variables(net)
    try:
        if path.stat().st_size > size(net) + HEADER:  # before any of it is taken into memory
            raise ValueError("it is too large")
        found = tensors.load(path.read_bytes())
        for name, variable in variables.items():
            if found[name].shape != tuple(variable.shape):
                raise ValueError(f"{name} has shape {found[name].shape} and not {tuple(variable.shape)}")
        if found.keys() != variables.keys():
            raise ValueError("it has other layers")
        if not all(np.isfinite(value).all() for value in found.values()):
            raise ValueError("not all its weights are numbers")
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        why = strangers.why(error)
        raise UserError(f"The weights in {folder} are of another network ({why}); train again.") from error
    for name, variable in variables.items():
        variable.assign(found[name])
    iteration = int(keras.ops.convert_to_numpy(net.optimizer.iterations))
    if iteration != record["iteration"]:
        raise UserError(
            f"Weights and record in {folder} are of two trainings; put it back from a copy, or train again."
        )
    return [row for row in record["history"] if row["iteration"] <= iteration], iteration


def size(net: FaceSwap) -> int:
    """Bytes of a network's numbers, its optimizer's included."""
    return sum(int(np.prod(v.shape)) * np.dtype(v.dtype).itemsize for v in _variables(net).values())


def finite(net: FaceSwap) -> bool:
    """Whether all its weights are numbers, none infinite and none NaN."""
    return all(bool(keras.ops.all(keras.ops.isfinite(v))) for v in net.trainable_variables)


def _variables(net: FaceSwap) -> dict:
    """All that a resumed training needs, by names that do not depend on what else was built before."""
    parts = {name: getattr(net, name).variables for name in ("encoder", "decoder_a", "decoder_b", "discriminator")}
    parts["optimizer"] = net.optimizer.variables
    parts["seen"] = [v for mean in net.parts.values() for v in mean.variables]  # the losses since the last check
    return {f"{part}.{number:02d}": v for part, variables in parts.items() for number, v in enumerate(variables)}
