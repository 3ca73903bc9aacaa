"""Lab 6: how good is the swap? Figures with intervals, beside references that need no training, in report.json.

A figure is a mean over frames. Lengths on a face are percent of the distance between its irises.
"""

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

FIGURES = {  # name: (which way is better, digits shown)
    "ssim": ("higher", 3),  # structure like the ideal swap's, inside the mask
    "psnr": ("higher", 2),  # pixels like the ideal swap's, inside the mask, dB
    "parts": ("higher", 3),  # ssim over eyes and mouth alone
    "placement": ("lower", 2),  # how far the face was moved onto the ideal's before these three, % of iris distance
    "expression": ("lower", 2),  # how far its landmarks still are from the ideal's after that, % of iris distance
    "to_ideal": ("lower", 3),  # recogniser's distance to the ideal swap's face
    "identity": ("higher", 3),  # -1 is A's face, 1 is B's
    "share_nearer_b": ("higher", 2),  # share of A's frames whose face is nearer to B's mean than to A's
    "sharpness": ("higher", 2),  # fine detail; 1 is the ideal swap's, or without one the source's
    "coverage": ("higher", 2),  # share of A's frames in which the face has become another
}
MARGIN = 0.12  # iris distances: how wide eyes and mouth grow, and what sharpness leaves out at the mask's edge
CHANGED = 5  # grey levels: coding a face again costs 2 to 4, another face in the same skin 16 and more
BLOCK = 32  # frames: neighbouring frames score alike, and forget one another after 5 to 28 (measured)
DRAWS = 2000
FACES_OF_B = 60  # evenly over the faceset: enough for a steady mean
EXACT = 100.0  # dB: stands for an exact copy's infinite PSNR, which JSON cannot hold
PACKAGES = ("av", "dlib-bin", "mediapipe", "numpy", "opencv-python-headless", "scikit-image")


def evaluate(swapped: str | Path, source: str | Path, faces_b: str | Path, report: str | Path,
             truth: str | Path | None = None, truth_mask: str | Path | None = None,
             rows: dict[str, str | Path] | None = None, seed: int = 0, every: int = 4, profile: str | None = None,
             progress: Progress | None = None) -> dict:  # fmt: skip
    """Score a swapped video and write `report`/report.json; returns what it holds.

    truth: the ideal swap, frame by frame; truth_mask: where it counts (grey video, above half). rows: label -> video
    of further references; source and ideal are always among them. every: score each n-th frame (coverage: all).
    Raises UserError: sizes or lengths differ, no face, no faceset, a report that cannot be written.
    """
    clips = {**(rows or {}), "swap": swapped, "source": source} | ({"ideal": truth} if truth else {})
    masks = {"mask": truth_mask} if truth and truth_mask else {}
    total = _check(clips | masks, every)
    _save(report)
    mean_b = mean_likeness(faces_b)
    table = _tabulate(_watch(clips, masks, every, total, progress), clips, mean_b, faces_b)
    figures = {name: _figure(name, table, seed) for name in FIGURES if name in table["swap"]}
    files = clips | masks | {"faces_b": Path(faces_b) / "faces.json"}
    run = {"versions": {"faceswap_lib": __version__, "python": platform.python_version()},
           "profile": profile, "seed": seed, "every": every,
           "data": {label: video.sha256(path) for label, path in files.items()},
           "machine": {"system": platform.platform(), "cores": os.cpu_count()}}  # fmt: skip
    run["versions"] |= {package: version(package) for package in PACKAGES}
    verdicts = [_verdict(name, figure, table, seed) for name, figure in figures.items()]
    return _save(report, {"figures": figures, "run": run, "verdicts": verdicts})


def structure(picture: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """SSIM at each pixel (H, W), mean over colours, of two uint8 RGB pictures; 7 × 7 windows (Wang et al. 2004)."""
    return structural_similarity(picture, ideal, win_size=7, channel_axis=2, data_range=255, full=True)[1].mean(2)


def psnr(picture: np.ndarray, ideal: np.ndarray, inside: np.ndarray) -> float:
    """Peak signal to noise in dB of two uint8 pictures over the pixels inside, bool (H, W); EXACT for a copy."""
    error = np.mean((picture[inside].astype(float) - ideal[inside]) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else EXACT


def iris_distance(landmarks: np.ndarray) -> float:
    """Pixels between the centres of both irises; landmarks (478, 2)."""
    left, right = (landmarks[group].mean(0) for group in faces.IRISES)
    return float(np.linalg.norm(left - right))


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
    points = (faces.transform(person.transform(i), p) for i, p in zip(pick, person.solid[pick, :, :2], strict=True))
    return np.mean([faces.embed(person.image(i), p) for i, p in zip(pick, points, strict=True)], 0)


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Mean and its 95 % bootstrap interval of values (frames,), NaN where a frame was not scored.

    Stretches of BLOCK frames are drawn, not single ones (circular blocks: Politis & Romano 1992): neighbours are
    alike, and drawing them one by one would promise too narrow an interval.
    """
    scored = values[np.isfinite(values)]
    if not (n := len(scored)):
        return np.nan, np.nan, np.nan
    block = max(1, min(round(BLOCK * n / len(values)), n // 4))
    starts = np.random.default_rng(seed).integers(0, n, (DRAWS, -(-n // block), 1))
    index = (starts + np.arange(block)).reshape(DRAWS, -1)[:, :n] % n
    low, high = np.percentile(scored[index].mean(1), [2.5, 97.5])
    return float(scored.mean()), float(low), float(high)


def table(report: dict) -> str:
    """The figures as plain text: a line for the swap, one for half its interval, one for each reference."""
    figures = report["figures"]
    lines = [["", *figures], ["swap", *(_show(name, figures[name]["value"]) for name in figures)],
             ["±", *(_show(name, (figures[name]["high"] - figures[name]["low"]) / 2) for name in figures)]]  # fmt: skip
    for label in dict.fromkeys(label for figure in figures.values() for label in figure["reference"]):
        lines.append([label, *(_show(name, figures[name]["reference"].get(label)) for name in figures)])
    lines.append(["better", *(figure["better"] for figure in figures.values())])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)


def summarise(report: dict) -> str:
    """The main figures in a sentence, each beside its references."""
    figures, told = report["figures"], []
    for name in (name for name in ("identity", "to_ideal", "ssim", "sharpness") if name in figures):
        rows = ", ".join(f"{label} {_show(name, value)}" for label, value in figures[name]["reference"].items())
        told.append(f"{name} {_show(name, figures[name]['value'])} ({rows})")
    swapped, nearer = (figures[name]["value"] for name in ("coverage", "share_nearer_b"))
    return f"A's face is swapped in {swapped:.0%} of its frames, nearer to B than to A in {nearer:.0%}: {'; '.join(told)}."


def _show(name: str, value: float | None) -> str:
    return "–" if value is None else f"{value:.{FIGURES[name][1]}f}"


def _check(clips: dict[str, str | Path], every: int) -> int:
    if every < 1:
        raise UserError(f"every = {every} scores no frame; give 1 for all frames, 4 for each fourth.")
    first, *others = (video.probe(path) for path in clips.values())
    for info in others:
        if (info.frames, info.width, info.height) != (first.frames, first.width, first.height):
            raise UserError(f"{info.path} has {info.frames} frames of {info.width} × {info.height}, but {first.path} "
                            f"{first.frames} of {first.width} × {first.height}; they are compared frame by frame, so give "
                            "clips of one performance.")  # fmt: skip
    return first.frames


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
    rows: dict[str, list[dict]] = {label: [] for label in clips}
    last = None
    with ExitStack() as stack:
        detectors = {label: stack.enter_context(faces.Detector()) for label in clips}
        streams = (video.frames(path) for path in (clips | masks).values())
        for i, pictures in enumerate(zip(*streams, strict=True)):
            shown = dict(zip(clips | masks, pictures, strict=True))
            found = {label: [face.landmarks for face in detectors[label].detect(shown[label])] for label in clips}
            last = _at(found["source"], last) if last is not None else None
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
    if not found or near is None:
        return None
    far = [np.linalg.norm(points.mean(0) - near.mean(0)) for points in found]
    return found[int(np.argmin(far))] if min(far) < iris_distance(near) else None


def _score(label: str, shown: dict[str, np.ndarray], points: dict[str, np.ndarray | None], full: bool) -> dict:
    """One frame's scores, from pictures and landmarks by label; what cannot be measured is missing."""
    row, picture, face = {}, shown[label], points[label]
    goal = "ideal" if "ideal" in points else "source"
    if points["source"] is not None:
        changed = cv2.absdiff(picture, shown["source"])[_inside(points["source"], picture)]
        row["coverage"] = float(face is not None and changed.size > 0 and changed.mean() > CHANGED)
    if not full or points[goal] is None:
        return row
    theirs = shown["mask"][..., 0] > 127 if "mask" in shown else _inside(points[goal], picture)
    if face is not None:
        row["likeness"] = faces.embed(picture, face)
        ours = theirs if goal == "ideal" else _inside(face, picture)
        ours, inner = (cv2.erode(area.astype("u1"), _square(points[goal])) for area in (ours, theirs))
        if ours.any() and inner.any():
            row["sharpness"] = faces.sharpness(picture, ours) / faces.sharpness(shown[goal], inner)
    return row | (_compare(picture, face, shown[goal], points[goal], theirs) if goal == "ideal" and theirs.any() else {})


def _compare(picture: np.ndarray, face: np.ndarray | None, ideal: np.ndarray, target: np.ndarray, inside: np.ndarray) -> dict:
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


def _inside(landmarks: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return faces.mask(landmarks, picture.shape) > 0


def _square(landmarks: np.ndarray) -> np.ndarray:
    side = 2 * int(MARGIN / 2 * iris_distance(landmarks)) + 1
    return np.ones((side, side), "u1")


def _tabulate(raw: dict[str, list[dict]], clips: dict, mean_b: np.ndarray, faces_b: str | Path) -> dict[str, dict]:
    """Clip -> figure -> a value per frame, NaN where not measured; a face that is not found is not nearer to B."""
    none, table = np.full(128, np.nan), {}
    likeness = {label: np.array([row.get("likeness", none) for row in rows]) for label, rows in raw.items()}
    for label in reversed(clips):
        if np.isnan(likeness[label]).all():
            raise UserError(f"No face was found in {clips[label]}, so it cannot be scored; give a video that shows one.")
    mean_a = np.nanmean(likeness["source"], 0)
    if np.linalg.norm(mean_a - mean_b) < 0.1:
        raise UserError(f"The faces in {faces_b} are those of {clips['source']}; give the other person's faceset.")
    for label, rows in raw.items():
        names = [name for name in FIGURES if any(name in row for row in rows)]
        table[label] = {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
        table[label]["identity"] = whose = identity(likeness[label], mean_a, mean_b)
        table[label]["share_nearer_b"] = np.where(np.isnan(likeness["source"][:, 0]), np.nan, whose > 0)
        if "ideal" in raw:
            table[label]["to_ideal"] = np.linalg.norm(likeness[label] - likeness["ideal"], axis=1)
    return table


def _figure(name: str, table: dict[str, dict], seed: int) -> dict:
    value, low, high = (round(x, 4) for x in interval(table["swap"][name], seed))
    rows = {label: round(float(np.nanmean(table[label][name])), 4) for label in table if name in table[label]}
    return {"value": value, "low": low, "high": high, "n": int(np.isfinite(table["swap"][name]).sum()),
            "better": FIGURES[name][0], "reference": {label: rows[label] for label in rows if label != "swap"}}  # fmt: skip


def _verdict(name: str, figure: dict, table: dict[str, dict], seed: int) -> str:
    """Against which references the swap is better or worse, frame by frame and beyond the interval."""
    sides: dict[str, list[str]] = {}
    for label, value in figure["reference"].items():
        _, low, high = interval(table["swap"][name] - table[label][name], seed)
        side = "better than" if (low > 0) == (figure["better"] == "higher") else "worse than"
        side = side if low > 0 or high < 0 else "not clearly different from"
        # Identity and sharpness can overshoot the ideal, which is no merit: it is the mark, not a rival.
        sides.setdefault("the mark is" if label == "ideal" else side, []).append(f"{label} ({_show(name, value)})")
    shown, low, high = (_show(name, figure[key]) for key in ("value", "low", "high"))
    rows = "; ".join(f"{side} {', '.join(labels)}" for side, labels in sides.items())
    return f"{name} {shown} ({low} to {high}, n = {figure['n']}): {rows}."
