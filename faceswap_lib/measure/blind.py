"""Real and drawn pieces of held-out faces, for a learner and for the discriminator to tell apart; and both scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib.face.anatomy import EYES, LIPS
from faceswap_lib.measure.perception import HeldOut

REGIONS = {"eyes": EYES[0] + EYES[1], "mouth": LIPS}
PATCH, MARGIN = 8, 0.12  # pixels that the discriminator scores at once; room around the points, of their width
Z = 1.959964  # 95 % of a normal distribution lie within so many standard deviations


@dataclass(frozen=True)
class Piece:
    """A piece of a face: uint8 (h, w, 3), whether it is real, what it shows, the discriminator's mean score of it."""

    picture: np.ndarray
    real: bool
    region: str
    score: float


def pieces(model: str | Path, folder: str | Path, side: str = "b", most: int = 20, seed: int = 0) -> list[Piece]:
    """Up to `most` pieces of a person's held-out faces, half real and half as the model draws them, in random order.

    No piece is there both real and drawn. folder: the faceset of `side`.
    """
    at = HeldOut(model, folder, side)
    rng, boxes = (
        np.random.default_rng(seed),
        {name: box(at.on.points[points], at.on.size) for name, points in REGIONS.items()},
    )
    which = [(face, region) for face in range(len(at.real)) for region in boxes]
    which = [which[i] for i in rng.permutation(len(which))][: min(most, len(which)) // 2 * 2]
    real = rng.permutation(np.arange(len(which)) % 2 == 0)
    scores = {kind: at.scores(pictures) for kind, pictures in ((True, at.real), (False, at.drawn))}
    found = []
    for (face, region), kind in zip(which, real, strict=True):
        y0, y1, x0, x1 = boxes[region]
        picture = (at.real if kind else at.drawn)[face, y0:y1, x0:x1]
        patches = scores[kind][face, y0 // PATCH : y1 // PATCH, x0 // PATCH : x1 // PATCH]
        found.append(
            Piece(np.round(picture * 255).clip(0, 255).astype("u1"), bool(kind), region, float(patches.mean()))
        )
    return found


def box(points: np.ndarray, size: int) -> tuple[int, int, int, int]:
    """What holds points (N, 2) of a picture `size` wide, with a margin, in whole patches: top, bottom, left, right."""
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    wider = MARGIN * (x1 - x0)
    low = np.floor((np.array([y0, x0]) - wider) / PATCH).astype(int).clip(0) * PATCH
    high = np.ceil((np.array([y1, x1]) + wider) / PATCH).astype(int).clip(0, size // PATCH) * PATCH
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def verdicts(shown: Sequence[Piece]) -> list[bool]:
    """What the discriminator says, as a learner is told too that half are real: real is the half it scores higher."""
    order = np.argsort([-piece.score for piece in shown], kind="stable")
    said = np.zeros(len(shown), bool)
    said[order[: len(shown) // 2]] = True
    return said.tolist()


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, right of so many (Wilson 1927); all of 0 to 1 where nothing was asked."""
    if not of:
        return 0.0, 1.0
    share, more = right / of, Z**2 / of
    middle, half = share + more / 2, Z * np.sqrt(share * (1 - share) / of + more / (4 * of))
    return float(max(0.0, (middle - half) / (1 + more))), float(min(1.0, (middle + half) / (1 + more)))
