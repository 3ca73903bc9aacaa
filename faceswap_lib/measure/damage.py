"""Break a swap on purpose, one thing at a time, to see which figure notices. Sound, times, marks and consent stay."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.face import faceset, geometry
from faceswap_lib.face.geometry import iris_distance
from faceswap_lib.measure.verdicts import change
from faceswap_lib.media import video
from faceswap_lib.trust import inspection, marked
from faceswap_lib.trust.statement import Statement

REACH = 0.6  # iris distances: so far around a face its change is seen
TINT = (0, 8, -8)  # L, a, b of Lab: a pinker, colder face, as bright as before

# What each one lowers, out of the swap's own interval, and what it touches so little that it may or may not leave it.
# Of the built-in people, trained with any profile; "wrong" is the wrong decoder.
FALLS = {
    "blur": {"ssim", "ms_ssim", "parts", "expression", "to_ideal", "identity", "motion", "border", "sharpness"},
    "delay": {
        "ssim",
        "ms_ssim",
        "parts",
        "placement",
        "expression",
        "motion",
        "mouth",
        "eyes",
        "pose",
        "flicker",
        "shimmer",
        "border",
    },
    "tint": {"psnr", "delta_e", "border"},
    "wrong": {"psnr", "delta_e", "parts", "expression", "to_ideal", "identity", "share_nearer_b", "coverage"},
}
MAY = {
    "blur": {"share_nearer_b", "mouth", "eyes", "gaze", "flicker", "shimmer", "placement", "delta_e"},
    "delay": {"psnr", "delta_e", "gaze", "to_ideal"},
    "tint": {"ssim", "ms_ssim", "parts", "motion"},
    "wrong": {"ssim", "ms_ssim"},
}


def misses(report: dict) -> dict[str, list[str]]:
    """Where a report with the broken clips among its references differs from FALLS: clip -> figures; {} if nowhere.

    Figures that the report does not have, for want of an ideal, are left out.
    """
    wrong = {}
    for label, predicted in FALLS.items():
        had = {name: f for name, f in report["figures"].items() if label in f["reference"]}
        fell = {name for name, f in had.items() if change(f, f["reference"][label]) == "falls"}
        if odd := (fell ^ (predicted & had.keys())) - MAY[label]:
            wrong[label] = sorted(odd)
    return wrong


def blur(clip: str | Path, out: str | Path, faces_a: str | Path, sigma: float = 0.06) -> Path:
    """The face out of focus: a Gaussian of `sigma` iris distances, on the face alone."""

    def change(face: np.ndarray, ruler: float) -> np.ndarray:
        return cv2.GaussianBlur(face, (0, 0), sigma * ruler)

    return _on_faces(clip, out, faces_a, change, "blurred")


def tint(clip: str | Path, out: str | Path, faces_a: str | Path, by: tuple[float, float, float] = TINT) -> Path:
    """The face in another colour: shifted in Lab by (L, a, b), on the face alone."""

    def change(face: np.ndarray, ruler: float) -> np.ndarray:
        lab = cv2.cvtColor(face.astype("f4") / 255, cv2.COLOR_RGB2LAB) + np.array(by, "f4")
        return (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype("u1")

    return _on_faces(clip, out, faces_a, change, "tinted")


def delay(clip: str | Path, out: str | Path, frames: int = 3) -> Path:
    """The picture late by some frames: the first one stands still so long, the sound does not wait."""

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        late: deque = deque(maxlen=frames + 1)
        for _, frame in numbered:
            late.extend([frame] * (1 if late else frames + 1))
            yield late[0]

    return _written(clip, out, stream, "delayed")


def _on_faces(clip: str | Path, out: str | Path, faces_a: str | Path, change: Callable, name: str) -> Path:
    """The clip with its face changed; faces_a: the faceset of the video before the swap, which says where it is."""
    found = faceset.load(faces_a)
    at = dict(zip(found.frames.tolist(), found.solid[..., :2], strict=True))

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        for index, frame in numbered:
            yield _blend(frame, at[index], change) if index in at else frame

    return _written(clip, out, stream, name)


def _written(clip: str | Path, out: str | Path, stream: marked.Stream, name: str) -> Path:
    said = inspection.signed_facts(clip)
    if not said.get("consent"):
        raise UserError(f"{clip} is no swap of this kit's, as it was signed; only those are broken on purpose.")
    facts = Statement(f"a swapped video, {name} on purpose", video.sha256(clip), consent=said["consent"])
    marked.rewrite(clip, out, stream, facts, again=True)
    return Path(out)


def _blend(frame: np.ndarray, points: np.ndarray, change: Callable) -> np.ndarray:
    ruler, area = iris_distance(points), geometry.mask(points, frame.shape)
    x, y, w, h = cv2.boundingRect(area)
    more = round(REACH * ruler)
    cut = np.s_[max(0, y - more) : y + h + more, max(0, x - more) : x + w + more]
    soft = cv2.GaussianBlur(area[cut].astype("f4") / 255, (0, 0), 0.05 * ruler)[..., None]
    out = frame.copy()
    out[cut] = frame[cut] * (1 - soft) + change(frame[cut], ruler) * soft + 0.5
    return out
