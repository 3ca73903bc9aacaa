"""Lab 5's pictures of what stays the video's own: what passes in front of a face, and what shows between its lips."""

from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.compose.stills import Stills
from faceswap_lib.face import anatomy, faceset, geometry
from faceswap_lib.measure import metrics
from faceswap_lib.media import video


def microphone(frame: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A frame (H, W, 3) uint8 with a dark ball on a stick before the mouth of a face with points (478, ≥ 2)."""
    eyes, mouth, fine = geometry.eye_distance(points[:, :2]), points[anatomy.MOUTH, :2].mean(0), 16
    ball, foot, radius = mouth + eyes * np.array([0.1, 0.25]), mouth + eyes * np.array([0.9, 2.6]), 0.4 * eyes
    out = frame.copy()
    spots = [np.round(x * fine).astype(int).tolist() for x in (ball, foot, ball - 0.35 * radius)]  # 16ths of a pixel
    cv2.line(out, spots[0], spots[1], (66, 66, 72), round(0.7 * radius), cv2.LINE_AA, 4)
    for share in np.linspace(1, 0.1, 12):
        middle = np.round(np.average(spots[::2], 0, [share, 1 - share])).astype(int).tolist()
        shade = 30 + 55 * (1 - share) ** 2
        cv2.circle(out, middle, round(share * radius * fine), (shade, shade, shade * 1.08), -1, cv2.LINE_AA, 4)
    return out


def in_front(clip: str | Path, faces_a: str | Path, model: str | Path, moment: float = 0.5) -> dict[str, np.ndarray]:
    """A clip's face with a microphone before its mouth, and two swaps of it; moment: 0 the first face, 1 the last."""
    found = faceset.load(faces_a)
    face = round(moment * (len(found.frames) - 1))
    index, here = int(found.frames[face]), found.solid[face]
    frame = microphone(video.frame(clip, index), here)
    one = Stills(frame, index, faces_a, model)
    made = {"something in front": frame}
    for name, keep in (("painted over", False), ("kept in front", True)):
        made[name] = one.swapped(Settings(keep_front=keep))
    return {name: geometry.close_up(picture, here, 300) for name, picture in made.items()}


def between_lips(clip: str | Path, faces_a: str | Path, model: str | Path) -> dict[str, np.ndarray]:
    """A clip's mouth where it is widest open, and two swaps of it: its inside drawn, and the clip's own."""
    found = faceset.load(faces_a)
    face = int(np.argmax([metrics.openings(points[:, :2])[1] for points in found.solid]))
    index, here = int(found.frames[face]), found.solid[face]
    frame = video.frame(clip, index)
    one = Stills(frame, index, faces_a, model)
    made = {"source": frame}
    for name, keep in (("drawn", False), ("kept", True)):
        made[name] = one.swapped(Settings(keep_mouth=keep))
    low, high = (end(here[anatomy.LIPS, :2], 0) for end in (np.min, np.max))
    middle, half = (low + high) / 2, 0.7 * (high - low).max()
    m = np.array([[1, 0, half - middle[0]], [0, 1, 0.7 * half - middle[1]]]) * 150 / half
    return {name: cv2.warpAffine(p, m, (300, 210), flags=cv2.INTER_CUBIC) for name, p in made.items()}
