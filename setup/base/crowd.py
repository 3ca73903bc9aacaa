"""The cast as arrays, and augmented batches of it: what `network.batches` is for two people, for two hundred."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.face import motion
from faceswap_lib.face.mesh import Mesh, canvas
from faceswap_lib.network import augment, batches
from faceswap_lib.network.batches import FLOOR, halve

HELD = 10  # every tenth person is held out
FEWEST = 8  # faces of a person, below which there is no mean to speak of
SIGNS = np.array([-1, 1, -1, 1], "f4")  # a mirrored face moves the other way across


@dataclass
class Crowd:
    """N faces of P people at S pixels: targets uint8 (N, S, S, 3), weights uint8 (N, S, S) in 1/40 of the loss's unit,
    motions float16 (N, S/2, S/2, 4), person (N,), means uint8 (P, S, S, 3), who: P attributes.
    """

    targets: np.ndarray
    weights: np.ndarray
    motions: np.ndarray
    person: np.ndarray
    means: np.ndarray
    who: list[dict]

    @property
    def held(self) -> np.ndarray:
        """Which faces (N,) belong to held-out people."""
        return self.person % HELD == HELD - 1


UNIT = 40.0


def load(folder: Path, size: int, most: int | None = None) -> Crowd:
    """The cast in a folder, at a texture size up to 128; `most`: the first people only."""
    on, parts, who = canvas("mesh", size), [], []
    for path in sorted(folder.glob("????.npz"))[:most]:
        with np.load(path) as found:
            if len(found["solid"]) >= FEWEST:
                parts.append(_prepare(found["textures"], found["solid"].astype("f8"), on))
                who.append({**json.loads(str(found["who"])), "file": path.stem})
    targets, weights, motions, means = zip(*parts, strict=True)
    person = np.repeat(np.arange(len(parts)), [len(t) for t in targets])
    joined = (np.concatenate(x) for x in (targets, weights, motions))
    return Crowd(*joined, person, np.stack(means), who)


def _prepare(textures: np.ndarray, solid: np.ndarray, on: Mesh) -> tuple[np.ndarray, ...]:
    """One person as `batches.load_side` has them; frames are no neighbours, so nothing is smoothed over time."""
    size, person = on.size, motion.person(solid)
    if size != textures.shape[1]:
        textures = np.stack([cv2.resize(t, (size, size), interpolation=cv2.INTER_AREA) for t in textures])
    weights = np.stack([on.visibility(s) * on.importance for s in solid])
    motions = np.stack([on.motion_picture(m) for m in person.motion]).astype("f2")
    mean = batches._mean(list(textures), weights[..., None].astype("f2"))
    return textures, np.round(weights * UNIT).astype("u1"), motions, np.round(mean * 255).astype("u1")


def plain(crowd: Crowd, indices: np.ndarray) -> dict[str, np.ndarray]:
    """These faces as they are, float32: picture, motion, mean, target, weight."""
    means = crowd.means[crowd.person[indices]]
    return _batch(crowd.targets[indices], means, crowd.motions[indices], crowd.weights[indices])


def draw(crowd: Crowd, among: np.ndarray, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """A batch of `count` faces among these indices: mirrored, in other complexions, warped and lit as in training."""
    i = among[random.integers(0, len(among), count)]
    targets, means, weights = crowd.targets[i], crowd.means[crowd.person[i]], crowd.weights[i]
    motions = crowd.motions[i].astype("f4")
    flip = random.random(count) < 0.5
    for x in (targets, means, weights, motions):
        x[flip] = x[flip, :, ::-1]
    motions[flip] *= SIGNS
    targets, means = _complexion(targets, means, random)
    batch = _batch(targets, means, motions, weights)
    bends, lights = augment.bend_numbers(random, count, True), augment.light_numbers(random, count)
    return batch | {"picture": augment.lit(augment.bend(batch["picture"], *bends), lights)}


def _complexion(targets: np.ndarray, means: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Each person's colours through a curve of their own, the same one for mean and target."""
    ramp = np.arange(256) / 255
    gamma = np.exp(random.normal(0, 0.15, (len(targets), 1, 1)) + random.normal(0, 0.06, (len(targets), 1, 3)))
    gain = random.uniform(0.85, 1.0, (len(targets), 1, 3))
    curves = np.round(255 * gain * ramp[None, :, None] ** gamma).astype("u1")
    both = [(cv2.LUT(t, c[None]), cv2.LUT(m, c[None])) for t, m, c in zip(targets, means, curves, strict=True)]
    return np.stack([t for t, _ in both]), np.stack([m for _, m in both])


def _batch(targets: np.ndarray, means: np.ndarray, motions: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    logs = [np.log(halve(x) / 255 + FLOOR) for x in (targets, means)]
    return {
        "picture": (logs[0] - logs[1]).clip(-2, 2),
        "motion": motions.astype("f4"),
        "mean": means.astype("f4") / 255,
        "target": targets.astype("f4") / 255,
        "weight": weights[..., None].astype("f4") / UNIT,
    }
