"""What a face does, whoever it belongs to: points over time, freed of pose, as shape and motion.

A person's shape is their mean face in three dimensions; motion is what a frame adds to it. B's shape + A's motion, put
back into A's pose, is where B's texture is drawn. Points are (N, 478, 3): pixels of the frame, depth in the unit of x.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from faceswap_lib.face.anatomy import ANCHOR, EYES, LID_PAIRS, LIP_PAIRS, OVAL, POINTS, canonical
from faceswap_lib.face.faceset import Faceset, evenly
from faceswap_lib.face.geometry import rigid, similarity, transform

# What hardly moves when a face talks: the rigid fit stands on these (eye corners and rims, nose, temples)
STABLE = [*ANCHOR[:14], 6, 195, 1, 2, 98, 327, 127, 356, 234, 454, 93, 323]
SMOOTHING = 0.7  # frames: landmark jitter is texture jitter; a Gaussian has no lag
REACH = int(4 * SMOOTHING + 0.5)  # frames to either side that it looks at: SciPy's
MOST = 1000  # faces tell a person's shape: more take time and memory, and tell the same
LEFT = (0.012, 0.024)  # eye distances between a face's middle and where it was found: jitter is below, haste above
PARTED = 0.5  # of the difference is made good; landmarks tell thick lips from parted ones only so well
STILL = 0.01  # eye distances: lips that part by less tell nothing of how they do
AROUND = 0.1  # eye distances from the lids to where their motion ends


@dataclass
class Person:
    """One person's frames freed of pose: mean shape (478, 3), motion (N, 478, 3), and how each frame was laid."""

    mean: np.ndarray
    motion: np.ndarray
    fits: list[tuple[float, np.ndarray, np.ndarray]]


def smooth(points: np.ndarray, frames: np.ndarray, sigma: float = SMOOTHING) -> np.ndarray:
    """Points (N, K, D) of frames (N,) smoothed over time by a Gaussian, never across a gap or a cut.

    A cut is where the face's middle jumps by more than half its eye distance, or a frame is missing. Where a head turns
    so quickly that the Gaussian would leave it behind (LEFT), the points stay where they were found.
    """
    out = np.array(points, "f8")
    for part in segments(points, frames):
        if part.stop - part.start > 1 and sigma > 0:
            out[part] = gaussian_filter1d(out[part], sigma, axis=0, mode="nearest")
    if len(out):
        behind = np.linalg.norm((points - out)[:, ANCHOR, :2].mean(1), axis=1) / _eyes(points)
        out += np.interp(behind, LEFT, (0, 1))[:, None, None] * (points - out)
    return out


def smoothed(found: Faceset, indices: Sequence[int]) -> np.ndarray:
    """Points (len(indices), 478, 3) of some faces, in ascending order, as `smooth` gives them among all others."""
    pick, out = np.asarray(indices), []
    for run in np.split(pick, np.flatnonzero(np.diff(pick) > 2 * REACH) + 1):
        first = max(0, run[0] - REACH)
        near = found.some(range(first, min(run[-1] + REACH + 1, len(found.records))))
        out.append(smooth(near.solid, near.frames)[run - first])
    return np.concatenate(out)


def segments(points: np.ndarray, frames: np.ndarray) -> list[slice]:
    """The stretches of frames (N,) without gap or cut, from points (N, K, ≥ 2)."""
    if not len(points):
        return []
    middle = points[:, ANCHOR, :2].mean(1)
    eyes = _eyes(points)
    jump = np.linalg.norm(np.diff(middle, axis=0), axis=1) > 0.5 * np.minimum(eyes[1:], eyes[:-1])
    edges = np.r_[0, np.flatnonzero(jump | (np.diff(frames) != 1)) + 1, len(points)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _eyes(points: np.ndarray) -> np.ndarray:
    """From one eye's outer corner to the other's, (N,) pixels."""
    return np.linalg.norm(points[:, 263, :2] - points[:, 33, :2], axis=1)


def person(solid: np.ndarray, mean: np.ndarray | None = None) -> Person:
    """Shape and motion from points (N, 478, 3) in frame pixels; a known person's mean (478, 3) can be given.

    Each frame is laid on the person's own mean by a rigid fit over stable points; the mean itself lies on the
    canonical face, so that two people's motions are in the same axes (generalised Procrustes; Gower 1975).
    """
    shape = canonical().astype(float) if mean is None else mean
    for _ in range(4 if mean is None else 0):
        middle = np.median([_lay(x, rigid(x, shape, STABLE)) for x in solid], 0)
        shape = _lay(middle, rigid(middle, canonical(), STABLE))
    fits = [rigid(x, shape, STABLE) for x in solid]
    laid = np.stack([_lay(x, fit) for x, fit in zip(solid, fits, strict=True)])
    return Person(shape, laid - shape, fits)


def shape(found: Faceset) -> np.ndarray:
    """A faceset's person's mean shape (478, 3), of MOST of the faces, evenly over time."""
    return person(smoothed(found, evenly(MOST, len(found.records)))).mean


def _lay(x: np.ndarray, fit: tuple[float, np.ndarray, np.ndarray]) -> np.ndarray:
    scale, rotation, shift = fit
    return scale * x @ rotation + shift


def carried(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """How much of each point's motion a face takes over from another, (478, 1); mean shapes (478, 3) of both.

    All of it, but lids go as far as their own eye is open: narrower eyes would close beyond shut and fold over.
    """
    share, flat = np.ones((len(mine), 1)), canonical()[:, :2]
    for eye, pairs in zip(EYES, LID_PAIRS, strict=True):
        ours, own = (np.mean([abs(shape[u, 1] - shape[v, 1]) for u, v in pairs]) for shape in (mine, theirs))
        far = np.linalg.norm(flat[:, None] - flat[eye], axis=2).min(1)
        share[:POINTS, 0] += np.exp(-((far / AROUND) ** 2)) * (np.clip(own / max(ours, 1e-6), 0.5, 2) - 1)
    return share


def parted(mine: np.ndarray, theirs: np.ndarray, moves: Sequence[np.ndarray]) -> np.ndarray:
    """What to add to motion that is handed on, (478, 3), so that lips part and close as the other's: mean shapes
    (478, 3) of both, motion (N, 478, 3) of the one, gone through once.

    Motion starts at a mean face, and who talks has parted lips on average: put on somebody who does not, the same
    motion pushes lips through one another, and the other way round they never close. A face goes from one mean to the
    other as it parts its lips in those N frames (a regression); who never does keeps the difference.
    """
    open_by, total, along = np.zeros(len(moves)), np.zeros(mine.shape), np.zeros(mine.shape)
    for i in range(len(moves)):
        open_by[i] = apart(mine + moves[i], LIP_PAIRS)
        total += moves[i]
        along += open_by[i] * moves[i]
    way = (along - open_by.mean() * total) / len(moves) / (open_by.var() + STILL**2)
    return PARTED * (apart(mine, LIP_PAIRS) - apart(theirs, LIP_PAIRS)) * way


def apart(points: np.ndarray, pairs: tuple[tuple[int, int], ...]) -> np.ndarray:
    """How far upper and lower lids or lips are apart, seen from the front: (…) of points (…, 478, ≥ 2)."""
    return np.mean([np.linalg.norm(points[..., u, :2] - points[..., v, :2], axis=-1) for u, v in pairs], 0)


def target(mean: np.ndarray, motion: np.ndarray, fit: tuple, solid: np.ndarray) -> np.ndarray:
    """Where a face is drawn: mean shape (478, 3) + motion in the pose of fit, laid on the frame's points (478, 3).

    The last step is a similarity in the picture over eyes, nose bridge, mouth corners and oval: size and place are A's.
    """
    scale, rotation, shift = fit
    shape = (mean + motion - shift) @ rotation.T / scale
    keep = ANCHOR + OVAL
    m = similarity(shape[keep, :2], solid[keep, :2])
    return np.c_[transform(m, shape[:, :2]), shape[:, 2] * np.hypot(m[0, 0], m[0, 1])]
