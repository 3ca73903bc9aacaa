"""Lab 6: how good is the swap? Figures with intervals, beside references that need no training, in report.json.

A figure is a mean over frames. Lengths on a face are percent of the distance between its irises, so that two sizes of
one clip score alike. Definitions and the values to expect: docstrings here and the table of the lab.
"""

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count, repeat
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from faceswap_lib import UserError, __version__, faces, faceset, video
from faceswap_lib.faceset import Progress

# name: (which way is better, digits shown, what it is)
FIGURES = {
    "ssim": ("higher", 3, "likeness to the ideal swap's structure (SSIM)"),
    "psnr": ("higher", 2, "likeness to the ideal swap's pixels (PSNR, dB)"),
    "parts": ("higher", 3, "SSIM over eyes and mouth alone"),
    "placement": ("lower", 2, "how far the face had to be moved onto the ideal's, % of the iris distance"),
    "expression": ("lower", 2, "landmarks' distance to the ideal's after that, % of the iris distance"),
    "to_ideal": ("lower", 3, "recogniser's distance to the ideal swap's face"),
    "identity": ("higher", 3, "whose face it is: -1 A's, 0 between, 1 B's"),
    "share_nearer_b": ("higher", 2, "share of frames nearer to B than to A"),
    "sharpness": ("higher", 2, "sharpness, 1 = the ideal swap's, or without one the source's"),
    "coverage": ("higher", 2, "share of frames in which A's face was changed into another"),
}
MARGIN = 0.12  # iris distances: how wide eyes and mouth grow, and what the edge of the mask takes from sharpness
CHANGED = 5  # grey levels: coding again costs 2 to 4 on a face, another face in the same skin 16 and more
BLOCK = 32  # frames: neighbours are alike; per-frame figures forget one another after 5 to 28 frames (measured)
DRAWS = 2000
FACES_OF_B = 60  # evenly over B's faceset: more do not move the mean of the likenesses
EXACT = 100.0  # dB: stands for the infinite PSNR of an exact copy, which JSON cannot hold
NO_FACE = np.full((478, 2), np.nan, "f4")

Scores = dict[str, np.ndarray]


@dataclass
class Clip:
    """A video as detector and recogniser saw it; NaN where they saw no face.

    landmarks (frames, 478, 2) in pixels of every frame; likeness (scored frames, 128) of every n-th.
    """

    path: str | Path
    landmarks: np.ndarray
    likeness: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """In which frames there is a face, bool (frames,)."""
        return ~np.isnan(self.landmarks[:, 0, 0])


def evaluate(
    swapped: str | Path,
    source: str | Path,
    faces_b: str | Path,
    report: str | Path,
    truth: str | Path | None = None,
    truth_mask: str | Path | None = None,
    rows: dict[str, str | Path] | None = None,
    seed: int = 0,
    every: int = 4,
    profile: str | None = None,
    progress: Progress | None = None,
) -> dict:
    """Score a swapped video and write `report`/report.json; returns what it holds.

    truth: the ideal swap, frame by frame, truth_mask: where it counts (grey video, > half). rows: label -> video of
    further references; the source and the ideal are always among them. every: score each n-th frame (faces are
    sought in all). Raises UserError: sizes or lengths differ, no face, no faceset, a report that cannot be written.
    """
    clips = {"swap": swapped, **(rows or {}), "source": source} | ({"ideal": truth} if truth else {})
    frames = _check(clips | ({"mask": truth_mask} if truth and truth_mask else {}), rows, every)
    out, tick = _open(report), _ticker(progress, frames * 2 * len(clips) + FACES_OF_B)
    b = _mean_likeness(faces_b, tick)
    seen = {"source": _watch(source, every, None, tick)}
    for label, path in clips.items():
        seen[label] = seen.get(label) or _watch(path, every, seen["source"].landmarks, tick)
    means = np.nanmean(seen["source"].likeness, 0), b
    if np.linalg.norm(means[0] - b) < 0.1:
        raise UserError(f"The faces in {faces_b} are those of {source}; give the faceset of the other person, B.")
    ideal = seen.get("ideal") if truth else None
    scores = {label: _likenesses(clip, seen["source"], ideal, means, every)
              | _pixels(clip, seen["source"], ideal, truth_mask, every, tick) for label, clip in seen.items()}  # fmt: skip
    figures = _figures(scores, [label for label in clips if label != "swap"], seed, every)
    verdicts = [_verdict(name, figure, scores, seed, every) for name, figure in figures.items()]
    result = {"figures": figures, "run": _run(clips, truth_mask, faces_b, profile, seed, every), "verdicts": verdicts}
    _write(out, result)
    return result


def structure(picture: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """SSIM at every pixel, mean over colours (H, W), of two uint8 RGB pictures, 7 × 7 windows (Wang et al. 2004)."""
    return structural_similarity(picture, ideal, win_size=7, channel_axis=2, data_range=255, full=True)[1].mean(2)


def psnr(picture: np.ndarray, ideal: np.ndarray, inside: np.ndarray) -> float:
    """Peak signal to noise in dB of two uint8 pictures over the pixels inside (H, W) bool; EXACT for a copy."""
    error = np.mean((picture[inside].astype(float) - ideal[inside]) ** 2)
    return min(EXACT, float(10 * np.log10(255**2 / error))) if error else EXACT


def iris_distance(landmarks: np.ndarray) -> float:
    """Pixels between the centres of both irises; landmarks (478, 2)."""
    left, right = (landmarks[group].mean(0) for group in faces.IRISES)
    return float(np.linalg.norm(left - right))


def parts(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Eyes and mouth: hulls of their landmarks (478, 2), grown by a square of MARGIN, bool (H, W)."""
    picture = np.zeros(shape[:2], "u1")
    for group in (*faces.EYES, faces.LIPS):
        cv2.fillConvexPoly(picture, cv2.convexHull(np.round(landmarks[group]).astype("i4")), 1)
    return cv2.dilate(picture, _square(landmarks)) > 0


def identity(likeness: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(distance to A's mean − distance to B's) / distance between the two: likeness (N, 128) -> (N,), −1 to 1."""
    to_a, to_b = (np.linalg.norm(likeness - mean, axis=1) for mean in (a, b))
    return (to_a - to_b) / np.linalg.norm(a - b)


def interval(values: np.ndarray, seed: int = 0, block: int = 1) -> tuple[float, float, float]:
    """Mean and its 95 % bootstrap interval of values (N,) in order of time; NaN are left out.

    Whole stretches of `block` neighbours are drawn (circular blocks: Politis & Romano 1992), because neighbouring
    frames are alike and drawing them one by one would promise too narrow an interval.
    """
    values = values[~np.isnan(values)]
    block = max(1, min(block, len(values) // 4))
    draw = np.random.default_rng(seed).integers(0, len(values), (DRAWS, -(-len(values) // block), 1))
    index = (draw + np.arange(block)).reshape(DRAWS, -1)[:, : len(values)] % len(values)
    low, high = np.percentile(values[index].mean(1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def table(report: dict) -> str:
    """The figures as plain text: a line for the swap, its uncertainty and every reference, a column per figure."""
    figures = report["figures"]
    labels = dict.fromkeys(label for figure in figures.values() for label in figure["reference"])
    lines = [["", *figures], ["better", *(figure["better"] for figure in figures.values())]]
    lines.append(["swap", *(_show(name, figure["value"]) for name, figure in figures.items())])
    lines.append(["  ±", *(_show(name, (f["high"] - f["low"]) / 2) for name, f in figures.items())])
    for label in labels:
        lines.append([label, *(_show(name, figure["reference"].get(label)) for name, figure in figures.items())])
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width
                     in zip(line[1:], widths[1:], strict=True))]) for line in lines)  # fmt: skip


def summarise(report: dict) -> str:
    """The main figures in a sentence or two."""
    f = report["figures"]
    text = (f"The recogniser finds the swapped face nearer to B than to A in {f['share_nearer_b']['value']:.0%} of the "
            f"frames (identity {_beside('identity', f['identity'])})")  # fmt: skip
    if "ssim" in f:
        shown = ", ".join(f"{name} {_beside(name, f[name])}" for name in ("ssim", "to_ideal", "sharpness"))
        text += f". Against the ideal swap: {shown}"
    return f"{text}. A's face was swapped in {f['coverage']['value']:.0%} of the frames that show it."


def _beside(name: str, figure: dict) -> str:
    rows = ", ".join(f"{label} {_show(name, value)}" for label, value in figure["reference"].items())
    return f"{_show(name, figure['value'])} ({rows})"


def _show(name: str, value: float | None) -> str:
    return "–" if value is None else f"{value:.{FIGURES[name][1]}f}"


def _check(clips: dict[str, str | Path], rows: dict | None, every: int) -> int:
    if every < 1:
        raise UserError(f"every = {every} scores no frame; give 1 for all frames or more for each n-th.")
    if "swap" in (rows or {}):
        raise UserError("A reference cannot be called 'swap', which is the video to be scored; give it another label.")
    first, *others = (video.probe(path) for path in clips.values())
    for info in others:
        if (info.frames, info.width, info.height) != (first.frames, first.width, first.height):
            raise UserError(f"{info.path} has {info.frames} frames of {info.width} × {info.height}, but {first.path} has "
                            f"{first.frames} of {first.width} × {first.height}; give videos made from one clip, because "
                            "they are compared frame by frame.")  # fmt: skip
    return first.frames


def _open(report: str | Path) -> Path:
    out = Path(report)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"No report can be written into {out} ({error.strerror}); give another folder.") from error
    return out / "report.json"


def _write(out: Path, result: dict) -> None:
    part = out.with_suffix(".json.part")
    try:
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        os.replace(part, out)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); give another folder.") from error


def _ticker(progress: Progress | None, total: int) -> Callable[[str], None]:
    done = count(1)
    return lambda note: progress(min(next(done), total), total, note) if progress else None


def _mean_likeness(folder: str | Path, tick: Callable[[str], None]) -> np.ndarray:
    """The mean of a faceset's likenesses (128,), from its aligned pictures."""
    person = faceset.load(folder)
    if not len(person.usable):
        raise UserError(f"The faceset {folder} has no pictures left; extract the faces again.")
    pick, landmarks = np.unique(np.linspace(0, len(person.usable) - 1, FACES_OF_B).astype(int)), person.solid[:, :, :2]
    likeness = []
    for i in person.usable[pick]:
        likeness.append(faces.embed(person.image(i), faces.transform(person.transform(i), landmarks[i])))
        tick("likeness of B")
    return np.mean(likeness, 0)


def _watch(path: str | Path, every: int, guide: np.ndarray | None, tick: Callable[[str], None]) -> Clip:
    """Find one person's face in every frame: where guide (frames, 478, 2) has it, or the largest one, followed."""
    landmarks, likeness = [], []
    with faces.Detector() as detector:
        for i, frame in enumerate(video.frames(path)):
            face = _pick(detector.detect(frame), landmarks[-1] if guide is None and landmarks else guide[i] if guide is not None else None)
            landmarks.append(face)
            if i % every == 0:
                likeness.append(np.full(128, np.nan) if np.isnan(face[0, 0]) else faces.embed(frame, face))
            tick("looking for faces")
    clip = Clip(path, np.array(landmarks), np.array(likeness))
    if not clip.found[::every].any():
        raise UserError(f"No face was found in {path}; look at the video, and give one that shows A's face.")
    return clip
