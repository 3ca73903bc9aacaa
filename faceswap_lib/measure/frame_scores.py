"""Clips of one performance, read side by side: what can be measured on each frame of each, as columns of numbers.

A frame at a time, so that memory does not grow with the pictures. A face is the one that is where the source's is.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.face import anatomy, detect, faceset, geometry, identity
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.machine import orphan
from faceswap_lib.measure import metrics
from faceswap_lib.media import video
from faceswap_lib.progress import Progress

CHANGED = 5  # grey levels: coding a face again costs 2 to 4, another face in the same skin 16 and more
FACES_OF_B = 60  # evenly over the faceset: all 240 of the built-in B move identity by 0.0002, 40 by 0.009
WAITING = 64  # faces on their way to the recogniser: so many pictures are held, at most


@dataclass
class Watched:
    """One clip: a dict of scores per frame, and its points (478, 3) by frame, where a frame was scored in full."""

    rows: list[dict] = field(default_factory=list)
    solid: dict[int, np.ndarray] = field(default_factory=dict)

    def column(self, name: str, empty: object = np.nan) -> np.ndarray:
        """A score over all frames, (frames, …); `empty` where it could not be measured."""
        return np.array([row.get(name, empty) for row in self.rows], float)

    def names(self) -> set[str]:
        """The scores that any frame has."""
        return set().union(*self.rows)


@dataclass
class _Eye:
    """What watches one clip: a detector, and what the next frame's scores need of the last ones."""

    detector: detect.Detector
    gone: deque = field(default_factory=lambda: deque(maxlen=3))  # points (468, 2) less the source's, iris distances
    texture: np.ndarray | None = None


def watch(
    clips: Mapping[str, str | Path],
    masks: Mapping[str, str | Path],
    every: int,
    total: int,
    progress: Progress | None = None,
    whose: Faceset | None = None,
) -> dict[str, Watched]:
    """Watch all clips, "source" and perhaps "ideal" among them; masks: {"mask": grey video} or nothing.

    Each n-th frame is scored in full, the others by what costs little. All have `total` frames of one size. whose: the
    source's faceset, which says who of several people is swapped; without it that is whoever is largest at first.
    """
    watched, last, known = {label: Watched() for label in clips}, None, _known(whose)
    with ExitStack() as stack:
        eyes = {label: _Eye(stack.enter_context(detect.Detector())) for label in clips}
        pool, ask = stack.enter_context(ThreadPoolExecutor()), stack.enter_context(recogniser())
        streams = (video.frames(path) for path in (clips | masks).values())
        for i, pictures in enumerate(zip(*streams, strict=True)):
            shown = dict(zip(clips | masks, pictures, strict=True))
            found = dict(zip(clips, pool.map(_detector(eyes, shown, last), clips), strict=True))
            whom = _swapped(found["source"], last, known, i)
            last = whom or last
            points = {label: _solid(detect.nearest(found[label], whom)) for label in clips}
            score = _scorer(eyes, shown, points, i % every == 0)
            for label, row in zip(clips, pool.map(score, clips), strict=True):
                watched[label].rows.append(row)
                if i % every == 0 and points[label] is not None:
                    watched[label].solid[i] = points[label]
                    ask(shown[label], points[label][:, :2], row)
            if progress:
                progress(i + 1, total, "frames scored")
    return watched


def _known(whose: Faceset | None) -> dict[int, detect.Face]:
    if whose is None:
        return {}
    each = zip(whose.records, whose.solid, strict=True)
    return {r.frame: detect.Face(np.array(r.box), solid[:, :2], solid[:, 2], r.score) for r, solid in each}


def _swapped(found: list[detect.Face], last: detect.Face | None, known: dict, index: int) -> detect.Face | None:
    """Whose face is swapped: who is known, else the one that is followed; over a cut, the largest from there on.

    None where nobody is: who is known is not in this frame, or there is no face.
    """
    if known:
        return detect.nearest(found, known.get(index)) or known.get(index)
    return detect.nearest(found, last) or next(iter(found), last)


def likenesses(person: Faceset) -> np.ndarray:
    """Likenesses (N, 128) of a faceset's pictures, FACES_OF_B of them evenly over time."""
    pick = person.usable[faceset.evenly(FACES_OF_B, len(person.usable))]
    rows: list[dict] = [{} for _ in pick]
    with recogniser() as ask:
        for i, row in zip(pick, rows, strict=True):
            ask(person.image(i), geometry.transform(person.transform(i), person.records[i].landmarks), row)
    return np.array([row["likeness"] for row in rows])


@contextmanager
def recogniser() -> Iterator[Callable[[np.ndarray, np.ndarray, dict], None]]:
    """A function of picture, landmarks and row that sees to it that the row has the face's likeness (128,) at the end.

    The recogniser holds Python's lock for most of an evaluation's time, so it runs in processes, one a core.
    """
    waiting: deque[tuple[dict, Future]] = deque()
    workers, inline = _workers()

    def collect(most: int) -> None:
        while len(waiting) > most:
            row, likeness = waiting.popleft()
            row["likeness"] = likeness.result()

    def ask(picture: np.ndarray, landmarks: np.ndarray, row: dict) -> None:
        waiting.append((row, workers.submit(identity.recognise, identity.chip(picture, landmarks))))
        collect(WAITING)

    try:
        yield ask
        collect(0)
    finally:
        if inline:
            workers.shutdown()


def _workers() -> tuple[Executor, bool]:
    if (cores := len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) < 2:
        return ThreadPoolExecutor(1), True
    from loky import get_reusable_executor

    mortal = {"initializer": orphan.end_with, "initargs": (os.getpid(),)}
    return get_reusable_executor(max_workers=min(cores, 4), timeout=60, **mortal), False


def _detector(eyes: dict[str, _Eye], shown: dict, near: detect.Face | None) -> Callable[[str], list[detect.Face]]:
    return lambda label: eyes[label].detector.detect(shown[label], near)


def _solid(face: detect.Face | None) -> np.ndarray | None:
    return None if face is None else np.c_[face.landmarks, face.depth]


def _scorer(eyes: dict[str, _Eye], shown: dict, points: dict, full: bool) -> Callable[[str], dict]:
    """A function of a label that scores this frame of its clip; what cannot be measured is missing."""
    source, before = points["source"], eyes["source"].texture
    calm = None if source is None else metrics.calm_texture(shown["source"], source[:, :2])

    def score(label: str) -> dict:
        row, picture, face, eye = {}, shown[label], points[label], eyes[label]
        texture = None if source is None else metrics.calm_texture(picture, source[:, :2])
        if face is not None:
            row["eyes"], row["mouth"] = metrics.openings(face[:, :2])
        if source is not None:
            changed = cv2.absdiff(picture, shown["source"])[geometry.mask(source[:, :2], picture.shape) > 0]
            row["lost"] = float(face is None)
            row["coverage"] = float(face is not None and changed.size > 0 and changed.mean() > CHANGED)
            if before is not None:
                row["shimmer"] = metrics.shimmer(eye.texture, texture, before, calm)
        eye.texture = texture
        return row | _moves(eye, face, source) | (_looks(label, shown, points) if full else {})

    return score


def _moves(eye: _Eye, face: np.ndarray | None, source: np.ndarray | None) -> dict:
    """How a clip's points move beside the source's."""
    if face is None or source is None:
        eye.gone.clear()
        return {}
    few, row = slice(anatomy.POINTS), {"pose": metrics.turn(face, source)}
    eye.gone.append((face[few, :2] - source[few, :2]) / geometry.iris_distance(source))
    return row | ({"flicker": 100 * metrics.jitter(*eye.gone)} if len(eye.gone) == 3 else {})


def _looks(label: str, shown: dict[str, np.ndarray], points: dict[str, np.ndarray | None]) -> dict:
    """What the picture of a frame is worth, beside the source's and the ideal's."""
    row, picture, face, goal = {}, shown[label], points[label], "ideal" if "ideal" in points else "source"
    if points["source"] is not None:
        row["border"] = metrics.border(picture, shown["source"], points["source"][:, :2])
    if points[goal] is None:
        return row
    target = points[goal][:, :2]
    area = (shown["mask"][..., 0] if "mask" in shown else geometry.mask(target, picture.shape)) > 127
    inner = cv2.erode(area.astype("u1"), metrics.square(target))
    if inner.any():
        row["sharpness"] = metrics.sharpness(picture, inner) / metrics.sharpness(shown[goal], inner)
    return row if goal == "source" or not area.any() else row | _compare(picture, face, shown[goal], target, area)


def _compare(picture: np.ndarray, solid: np.ndarray | None, ideal: np.ndarray, target: np.ndarray, inside: np.ndarray):
    """A frame beside the ideal's, its face laid on the ideal's first: SSIM takes a good face aside for a bad one."""
    few, row, m = slice(anatomy.POINTS), {}, np.eye(2, 3)
    if solid is not None:
        face, percent = solid[:, :2], 100 / geometry.iris_distance(target)
        m = geometry.similarity(face[few], target[few])
        moved = geometry.transform(m, face)
        row["placement"] = np.linalg.norm(moved - face, axis=1).mean() * percent
        row["expression"] = np.linalg.norm(moved - target, axis=1).mean() * percent
    laid = cv2.warpAffine(picture, m, inside.shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    features = metrics.parts(target, inside.shape)
    x, y, w, h = cv2.boundingRect((inside | features).astype("u1"))
    cut, wide = (np.s_[max(0, y - r) : y + h + r, max(0, x - r) : x + w + r] for r in (7, metrics.REACH))
    alike = metrics.structure(laid[cut], ideal[cut])  # its window reaches 3 pixels out
    row["ssim"], row["parts"] = alike[inside[cut]].mean(), alike[features[cut]].mean()
    row["ms_ssim"] = metrics.ms_structure(laid[wide], ideal[wide], inside[wide])
    row["delta_e"] = metrics.delta_e(laid, ideal, inside)
    return row | {"psnr": metrics.psnr(laid, ideal, inside)}
