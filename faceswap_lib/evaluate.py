"""Lab 6: how good is the swap? Figures with intervals, beside references that need no training, in report.json."""

import json
import os
import platform
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from faceswap_lib import UserError, __version__, faces, faceset, video
from faceswap_lib.faceset import Progress

FIGURES = {  # each a mean over frames: which way is better, how it is shown
    "ssim": ("higher", ".3f"),  # structure like the ideal swap's, inside the mask
    "psnr": ("higher", ".2f"),  # pixels like the ideal swap's, inside the mask, dB
    "parts": ("higher", ".3f"),  # ssim over eyes and mouth alone
    "placement": ("lower", ".2f"),  # how far the face was moved onto the ideal's before these three, % of iris distance
    "expression": ("lower", ".2f"),  # how far its landmarks still are from the ideal's after that, % of iris distance
    "to_ideal": ("lower", ".3f"),  # recogniser's distance to the ideal swap's face
    "identity": ("higher", ".3f"),  # -1 is A's face, 1 is B's
    "share_nearer_b": ("higher", ".0%"),  # share of A's frames whose face is nearer to B's mean than to A's
    "sharpness": ("higher", ".2f"),  # fine detail; 1 is the ideal swap's, or without one the source's
    "coverage": ("higher", ".0%"),  # share of A's frames in which the face has become another
}
MARGIN = 0.12  # iris distances: how wide eyes and mouth grow, and what sharpness leaves out at the mask's edge
CHANGED = 5  # grey levels: coding a face again costs 2 to 4, another face in the same skin 16 and more
BLOCK = 32  # frames: neighbouring frames score alike, and forget one another after 5 to 28 (measured)
FACES_OF_B = 60  # evenly over the faceset: all 240 of the built-in B move identity by 0.0002, 40 by 0.009
PACKAGES = ("av", "dlib-bin", "mediapipe", "numpy", "opencv-python-headless", "scikit-image")


def evaluate(swapped: str | Path, source: str | Path, faces_b: str | Path, report: str | Path,
             truth: str | Path | None = None, truth_mask: str | Path | None = None,
             rows: dict[str, str | Path] | None = None, seed: int = 0, every: int = 4, profile: str | None = None,
             progress: Progress | None = None) -> dict:  # fmt: skip
    """Score a swapped video and write `report`/report.json; returns what it holds.

    truth: the ideal swap, frame by frame; truth_mask: where it counts (grey video, above half). rows: label -> video
    of further references; source and ideal are always among them. every: score each n-th frame, n ≥ 1 (coverage: all).
    Raises UserError: sizes or lengths differ, no face, no faceset, a report that cannot be written.
    """
    clips = {**(rows or {}), "swap": swapped, "source": source} | ({"ideal": truth} if truth else {})
    masks = {"mask": truth_mask} if truth and truth_mask else {}
    total = _check(clips | masks)
    _save(report)
    mean_b = mean_likeness(faces_b)
    values = _tabulate(_watch(clips, masks, every, total, progress), clips, mean_b, faces_b)
    judged = {name: _judge(name, values, seed) for name in FIGURES if name in values["swap"]}
    files = clips | masks | {"faces_b": Path(faces_b) / "faces.json"}
    versions = {"faceswap_lib": __version__, "python": platform.python_version()} | {p: version(p) for p in PACKAGES}
    run = {"versions": versions, "profile": profile, "seed": seed, "every": every,
           "data": {label: video.sha256(path) for label, path in files.items()},
           "machine": {"system": platform.platform(), "cores": os.cpu_count()}}  # fmt: skip
    return _save(report, {"figures": {name: figure for name, (figure, _) in judged.items()}, "run": run,
                          "verdicts": [verdict for _, verdict in judged.values()]})  # fmt: skip


def structure(picture: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """SSIM at each pixel (H, W), mean over colours, of two uint8 RGB pictures; 7 × 7 windows (Wang et al. 2004)."""
    return structural_similarity(picture, ideal, win_size=7, channel_axis=2, data_range=255, full=True)[1].mean(2)


def psnr(picture: np.ndarray, ideal: np.ndarray, inside: np.ndarray) -> float:
    """Peak signal to noise in dB of two uint8 pictures over the pixels inside, bool (H, W); 100 for a copy."""
    error = np.mean((picture[inside].astype(float) - ideal[inside]) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else 100.0  # infinite, which JSON cannot hold


def iris_distance(landmarks: np.ndarray) -> float:
    """Pixels between the centres of both irises; landmarks (478, 2)."""
    return float(np.linalg.norm(np.subtract(*(landmarks[group].mean(0) for group in faces.IRISES))))


def parts(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Eyes and mouth, bool (H, W): hulls of their landmarks (478, 2), grown by a square MARGIN wide."""
    picture = np.zeros(shape[:2], "u1")
    for group in (*faces.EYES, faces.LIPS):
        cv2.fillConvexPoly(picture, cv2.convexHull(np.round(landmarks[group]).astype("i4")), 1)
    return cv2.dilate(picture, _square(landmarks)) > 0


def identity(likeness: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(distance to A's mean − distance to B's) / distance between the two: (N, 128) -> (N,), from −1 to 1."""
    to_a, to_b = (np.linalg.norm(likeness - mean, axis=1) for mean in (a, b))
    return (to_a - to_b) / np.linalg.norm(a - b)


def mean_likeness(folder: str | Path) -> np.ndarray:
    """The mean of a faceset's likenesses (128,), from its aligned pictures; UserError when there are none."""
    person = faceset.load(folder)
    if not len(person.usable):
        raise UserError(f"The faceset {folder} has no pictures left; extract the faces again.")
    pick = person.usable[np.unique(np.linspace(0, len(person.usable) - 1, FACES_OF_B).astype(int))]
    points = {i: faces.transform(person.transform(i), np.array(person.records[i].landmarks)) for i in pick}
    return np.mean([faces.embed(person.image(i), points[i]) for i in pick], 0)


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Mean and 95 % bootstrap interval of values (frames,), NaN where not scored; NaN when none was.

    Stretches of BLOCK frames are drawn, not single ones (circular blocks: Politis & Romano 1992): neighbours are
    alike, and drawing them one by one would promise too narrow an interval.
    """
    scored = values[np.isfinite(values)]
    if not (n := len(scored)):
        return np.nan, np.nan, np.nan
    block = max(1, min(round(BLOCK * n / len(values)), n // 4))
    starts = np.random.default_rng(seed).integers(0, n, (2000, -(-n // block), 1))
    index = (starts + np.arange(block)).reshape(len(starts), -1)[:, :n] % n
    low, high = np.percentile(scored[index].mean(1), [2.5, 97.5])
    return float(scored.mean()), float(low), float(high)


def table(report: dict) -> str:
    """The figures as plain text: a line for the swap, one for half its interval, one for each reference."""
    figures = report["figures"]
    rows = {"swap": [f["value"] for f in figures.values()], "±": [(f["high"] - f["low"]) / 2 for f in figures.values()]}
    for label in dict.fromkeys(label for f in figures.values() for label in f["reference"]):
        rows[label] = [f["reference"].get(label, np.nan) for f in figures.values()]
    formats = [FIGURES[name][1] for name in figures]
    lines = [[label, *map(format, row, formats)] for label, row in rows.items()]
    lines = [["", *figures], *lines, ["better", *(f["better"] for f in figures.values())]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)


def summarise(report: dict) -> str:
    """The main figures in a sentence."""
    shown = {name: format(figure["value"], FIGURES[name][1]) for name, figure in report["figures"].items()}
    told = ", ".join(f"{name} {shown[name]}" for name in ("identity", "to_ideal", "ssim", "sharpness") if name in shown)
    return f"{shown['coverage']} of A's frames swapped, {shown['share_nearer_b']} nearer to B than to A: {told}."


def _check(clips: dict[str, str | Path]) -> int:
    infos = [video.probe(path) for path in clips.values()]
    sizes = [f"{info.frames} frames of {info.width} × {info.height}" for info in infos]
    for info, size in zip(infos, sizes, strict=True):
        if size != sizes[0]:
            raise UserError(f"{info.path} has {size}, but {infos[0].path} has {sizes[0]}; they are compared frame by "
                            "frame, so give clips of one performance.")  # fmt: skip
    return infos[0].frames


def _save(report: str | Path, result: dict | None = None) -> dict | None:
    """Write report.json whole or not at all; without a result only see that it can be written."""
    out = Path(report) / "report.json"
    part = out.with_suffix(".json.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        part.unlink() if result is None else os.replace(part, out)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); give another folder for the report.") from error
    return result


def _watch(clips: dict, masks: dict, every: int, total: int, progress: Progress | None) -> dict[str, list[dict]]:
    """Every clip's scores, a dict per frame; all clips are read side by side, so that no pictures pile up."""
    rows, last = {label: [] for label in clips}, None
    with ExitStack() as stack:
        detectors = {label: stack.enter_context(faces.Detector()) for label in clips}
        streams = (video.frames(path) for path in (clips | masks).values())
        for i, pictures in enumerate(zip(*streams, strict=True)):
            shown = dict(zip(clips | masks, pictures, strict=True))
            found = {label: [face.landmarks for face in detectors[label].detect(shown[label])] for label in clips}
            last = _at(found["source"], last)
            if last is None and found["source"]:
                last = found["source"][0]
            points = {label: _at(found[label], last) for label in clips}
            for label in clips:
                rows[label].append(_score(label, shown, points, i % every == 0))
            if progress:
                progress(i + 1, total, "frames scored")
    return rows


def _at(found: list[np.ndarray], near: np.ndarray | None) -> np.ndarray | None:
    """The landmarks that lie where near does (478, 2): another person in the picture is not the swapped one."""
    far = [] if near is None else [np.linalg.norm(points.mean(0) - near.mean(0)) for points in found]
    return found[int(np.argmin(far))] if far and min(far) < iris_distance(near) else None


def _score(label: str, shown: dict[str, np.ndarray], points: dict[str, np.ndarray | None], full: bool) -> dict:
    """One frame's scores, from pictures and landmarks by label; what cannot be measured is missing."""
    row, picture, face, goal = {}, shown[label], points[label], "ideal" if "ideal" in points else "source"
    if points["source"] is not None:
        changed = cv2.absdiff(picture, shown["source"])[faces.mask(points["source"], picture.shape) > 0]
        row["coverage"] = float(face is not None and changed.size > 0 and changed.mean() > CHANGED)
    if not full or points[goal] is None:
        return row
    if face is not None:
        row["likeness"] = faces.embed(picture, face)
    area = (shown["mask"][..., 0] if "mask" in shown else faces.mask(points[goal], picture.shape)) > 127
    inner = cv2.erode(area.astype("u1"), _square(points[goal]))
    if inner.any():
        row["sharpness"] = faces.sharpness(picture, inner) / faces.sharpness(shown[goal], inner)
    return row if goal == "source" or not area.any() else row | _compare(picture, face, shown[goal], points[goal], area)


def _compare(picture: np.ndarray, face: np.ndarray | None, ideal: np.ndarray, target: np.ndarray, inside: np.ndarray):
    """A frame beside the ideal's, its face laid on the ideal's first: SSIM takes a good face aside for a bad one."""
    few, row, m = slice(faces.POINTS), {}, np.eye(2, 3)
    if face is not None:
        m = faces.similarity(face[few], target[few])
        moved, percent = faces.transform(m, face), 100 / iris_distance(target)
        row["placement"] = np.linalg.norm(moved - face, axis=1).mean() * percent
        row["expression"] = np.linalg.norm(moved - target, axis=1).mean() * percent
    laid = cv2.warpAffine(picture, m, inside.shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    features = parts(target, inside.shape)
    x, y, w, h = cv2.boundingRect((inside | features).astype("u1"))
    cut = np.s_[max(0, y - 7) : y + h + 7, max(0, x - 7) : x + w + 7]  # SSIM's window reaches 3 pixels out
    alike = structure(laid[cut], ideal[cut])
    row["ssim"], row["parts"] = alike[inside[cut]].mean(), alike[features[cut]].mean()
    return row | {"psnr": psnr(laid, ideal, inside)}


def _square(landmarks: np.ndarray) -> np.ndarray:
    return np.ones([2 * int(MARGIN / 2 * iris_distance(landmarks)) + 1] * 2, "u1")


def _tabulate(raw: dict[str, list[dict]], clips: dict, mean_b: np.ndarray, faces_b: str | Path) -> dict[str, dict]:
    """Clip -> figure -> a value per frame, NaN where not measured; a face that is not found is not nearer to B."""
    likeness = {label: np.array([row.get("likeness", [np.nan] * 128) for row in rows]) for label, rows in raw.items()}
    for label in reversed(clips):
        if np.isnan(likeness[label]).all():
            raise UserError(f"No face was found in {clips[label]}, so it cannot be scored; give a video with one.")
    mean_a = np.nanmean(likeness["source"], 0)
    if np.linalg.norm(mean_a - mean_b) < 0.1:
        raise UserError(f"The faces in {faces_b} are those of {clips['source']}; give the other person's faceset.")
    values = {label: {name: np.array([row.get(name, np.nan) for row in rows]) for name in FIGURES
                      if any(name in row for row in rows)} for label, rows in raw.items()}  # fmt: skip
    for label in values:
        values[label]["identity"] = whose = identity(likeness[label], mean_a, mean_b)
        values[label]["share_nearer_b"] = np.where(np.isnan(likeness["source"][:, 0]), np.nan, whose > 0)
        if "ideal" in raw:
            values[label]["to_ideal"] = np.linalg.norm(likeness[label] - likeness["ideal"], axis=1)
    return values


def _judge(name: str, values: dict[str, dict], seed: int) -> tuple[dict, str]:
    """A figure, and in words against which references the swap is better or worse, paired by frame."""
    (better, show), swap = FIGURES[name], values["swap"][name]
    value, low, high = (round(x, 4) for x in interval(swap, seed))
    rows = {label: round(float(np.nanmean(columns[name])), 4) for label, columns in values.items() if name in columns}
    del rows["swap"]
    sides: dict[str, list[str]] = {}
    for label, mean in rows.items():
        _, least, most = interval(swap - values[label][name], seed)
        side = "better than" if (least > 0) == (better == "higher") else "worse than"
        side = side if least > 0 or most < 0 else "not clearly different from"
        # Identity and sharpness can overshoot the ideal, which is no merit: it is the mark, not a rival.
        sides.setdefault("the mark to reach:" if label == "ideal" else side, []).append(f"{label} ({mean:{show}})")
    told = "; ".join(f"{side} {', '.join(labels)}" for side, labels in sides.items())
    n = int(np.isfinite(swap).sum())
    figure = {"value": value, "low": low, "high": high, "n": n, "better": better, "reference": rows}
    return figure, f"{name} {value:{show}} ({low:{show}} to {high:{show}}, n = {n}): {told}."
