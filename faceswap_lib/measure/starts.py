"""What a network knows before its first step: nothing, a person's mean texture, or other people's lids and gaze.

The same held-out faces of one person, drawn by networks that have not learned yet and by some that have.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, profiles
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import Mesh, canvas
from faceswap_lib.measure import metrics
from faceswap_lib.measure.perception import Judged
from faceswap_lib.network import batches, pretrained
from faceswap_lib.network.batches import Side

COUNT = 12  # held-out faces that are judged
EYES = 2.5  # a pixel's weight in the loss from which on it is of an eye: `Mesh.importance` has 3 there
FIGURES = ("loss", "sharpness", "eyes")
NAMES = {"noise": "noise", "mean": "mean texture", "base": "base"}


def judge(
    folder: str | Path, profile: str, models: Mapping[str, str | Path] = {}, seed: int = 0, side: str = "b"
) -> Judged:
    """Held-out faces of a faceset as each start draws them before a step, and as trained models of that profile do.

    loss: as in training, less is better; sharpness: 1 the real faces'; eyes: how what is drawn changes there from face
    to face goes with how the real faces do, 1 fully, 0 not at all (a correlation). models: name -> model folder; they
    come after the noise.
    """
    from faceswap_lib.network import checkpoint

    size = profiles.get(profile)
    on, net = canvas("mesh", size.texture), checkpoint.build(size, seed)
    data = batches.load_side(faceset.load(folder), on, size.faces)
    real, fresh, drawn = _held_out(data, side), [np.array(v) for v in net.variables], {}
    for start in reversed(pretrained.STARTS):
        if start == "base" and not pretrained.find(size, "mesh"):
            continue
        for variable, value in zip(net.variables, fresh, strict=True):
            variable.assign(value)
        pretrained.begin(net, pretrained.named(start, size, "mesh"), {s: data.mean for s in "ab"})
        drawn[f"{NAMES[start]}, 0 steps"] = _drawn(net, real, side)
        for name, model in models.items() if start == "noise" else ():
            _, steps = checkpoint.restore(net, Path(model))
            drawn[f"{name}, {steps} steps"] = _drawn(net, real, side)
    shown = {"real": real[f"target_{side}"], **drawn}
    rows = [{"network": name} | _row(faces, real, side, on) for name, faces in drawn.items()]
    return Judged({name: np.round(x * 255).clip(0, 255).astype("u1") for name, x in shown.items()}, rows)


def beside(rows: Sequence[dict], made: dict) -> list[dict]:
    """Rows of `judge` beside what `bench.emerge` measured for the kit: the least and the most of its seeds.

    A trained network stands beside the kit's of the last moment. Raises UserError where nothing like it was measured.
    """
    kit = made.get("starts", {})
    if not kit:
        raise UserError("Nothing was measured to stand beside; measure again with `bench --noise`.")
    out = []
    for row in rows:
        known = kit.get(row["network"]) or (kit["trained"] if not row["network"].endswith(", 0 steps") else {})
        ends = {f"{name}, kit": " … ".join(f"{x:.2f}" for x in known[name]) if known else "" for name in FIGURES}
        out.append(row | ends)
    return out


def follows(drawn: np.ndarray, real: np.ndarray, weight: np.ndarray) -> float:
    """The correlation of what changes from face to face, drawn and real, (N, S, S, 3); weight (N, S, S, 1): where.

    0 where nothing changes in what is drawn.
    """
    (x, y), seen = (faces - faces.mean(0) for faces in (drawn, real)), np.broadcast_to(weight, real.shape)
    spread = np.sqrt((seen * x * x).sum() * (seen * y * y).sum())
    return float((seen * x * y).sum() / spread) if spread > 1e-6 else 0.0


def _held_out(data: Side, side: str) -> dict[str, np.ndarray]:
    return batches.plain(data, faceset.evenly(COUNT, len(data.targets), data.cut), side)


def _drawn(net: object, faces: dict, side: str) -> np.ndarray:
    from keras import ops

    picture, motion = (ops.convert_to_tensor(faces[f"{name}_{side}"]) for name in ("picture", "motion"))
    decode = getattr(net, f"decoder_{side}")
    return ops.convert_to_numpy(decode([net.encoder([picture, motion]), motion]))


def _row(drawn: np.ndarray, faces: dict, side: str, on: Mesh) -> dict[str, float]:
    from keras import ops

    from faceswap_lib.network.losses import reconstruction

    real, weight = faces[f"target_{side}"], faces[f"weight_{side}"]
    inside, seen = on.inside > 0.5, [np.round(x * 255).clip(0, 255).astype("u1") for x in (drawn, real)]
    sharp = [[metrics.sharpness(one, inside) for one in of] for of in seen]
    return {
        "loss": round(float(ops.convert_to_numpy(reconstruction(drawn, real, weight))), 3),
        "sharpness": round(float(np.divide(*sharp).mean()), 2),
        "eyes": round(follows(drawn, real, weight * (weight > EYES)), 2),
    }
