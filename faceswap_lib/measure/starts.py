"""What a network knows before its first step: nothing, a person's mean texture, or other people's lids and gaze.

The same held-out faces of one person, drawn by networks that have not learned yet and by some that have.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, profiles
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import Mesh, canvas
from faceswap_lib.measure import medians, metrics
from faceswap_lib.measure.perception import Judged
from faceswap_lib.network import batches, pretrained
from faceswap_lib.network.batches import Side

COUNT = 12  # held-out faces that are judged
EYES = 2.5  # a pixel's weight in the loss from which on it is of an eye: `Mesh.importance` has 3 there
FIGURES = ("loss", "sharpness", "eyes")  # of the held-out faces
SWAPS = ("parts", "gaze")  # and of the swap: report.json's
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


def swaps(report: dict) -> dict[str, dict[str, list[float]]]:
    """Figures of the swaps by untrained networks and by a trained one: network -> figure -> [value, low, high].

    report: with the trained network's clip as its swap, and the others' under their networks' names. B's mean texture,
    which the report has anyway, is what a network draws that starts from it.
    """
    clips = {"trained": "swap", f"{NAMES['mean']}, 0 steps": "B's mean"}
    clips |= {label: label for label in report["frames"] if label.endswith(", 0 steps")}
    return {name: {f: medians.of(report, f, clip) for f in SWAPS} for name, clip in clips.items()}


def joined(rows: Sequence[dict], swapped: Mapping[str, dict]) -> dict[str, dict[str, list[float]]]:
    """Rows of `judge` and what `swaps` found, by network, whose steps differ from seed to seed and are left out."""
    of = {_plain(row["network"]): {f: [row[f]] * 3 for f in FIGURES} for row in rows}
    return {name: own | swapped.get(name, {}) for name, own in of.items()}


def gathered(seeds: Sequence[Mapping[str, dict]]) -> dict[str, dict[str, list[float]]]:
    """What `joined` gave for several seeds as one table: network -> figure -> [least, median, most].

    Of figures with an interval the least and the most are those of the intervals.
    """
    return {
        name: {f: _outer([seed[name][f] for seed in seeds if f in seed[name]]) for f in found}
        for name, found in seeds[0].items()
    }


def at(history: Sequence[dict], second: float) -> dict[str, float]:
    """The losses of a training at a moment, between those of the looks at held-out faces before and after it."""
    when = [row["seconds"] for row in history]
    named = {"a": "held_a", "b": "held_b", "iteration": "iteration"}
    return {key: float(np.interp(second, when, [row[name] for row in history])) for key, name in named.items()}


def ends(values: Iterable[float]) -> list[float]:
    """Least, median, most."""
    found = sorted(values)
    return [round(float(x), 4) for x in (found[0], np.median(found), found[-1])]


def _outer(found: Sequence[Sequence[float]]) -> list[float]:
    """Least, median, most of [value, low, high] of several seeds."""
    values, lows, highs = zip(*found, strict=True)
    return [ends(lows)[0], ends(values)[1], ends(highs)[2]]


def _plain(network: str) -> str:
    return network if network.endswith(", 0 steps") else network.rpartition(",")[0]


def beside(rows: Sequence[dict], made: dict) -> list[dict]:
    """Rows of `judge` beside what `bench.emerge` measured for the kit: the least and the most of its seeds.

    A trained network stands beside the kit's of the last moment. Raises UserError where nothing like it was measured.
    """
    kit = made.get("starts", {})
    if not kit:
        raise UserError("Nothing was measured to stand beside; measure again with `bench --noise`.")
    out, figures = [], [f for f in (*FIGURES, *SWAPS) if any(f in known for known in kit.values())]
    for row in rows:
        known = kit.get(row["network"]) or (kit["trained"] if not row["network"].endswith(", 0 steps") else {})
        told = {f: f"{known[f][0]:.2f} … {known[f][-1]:.2f}" if f in known else "" for f in figures}
        out.append(row | {f"{name}, kit": ends for name, ends in told.items()})
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
