"""The visible label that every converted video carries: it says that the picture is synthetic."""

from collections.abc import Sequence

import cv2
import numpy as np

TEXT = "SYNTHETIC: FACE SWAPPED"
LOOK = 480  # pixels of a picture's smaller side in which the label is looked for
ALIKE = 0.6  # normalised correlation with the label's picture above which it is there
GAP = 0.05  # a face's box is widened by this share, so that the label keeps its distance


class Label:
    """A label for one video: drawn in the corner that no face enters, or as few as possible.

    boxes: per frame index, the boxes x y w h of all its faces. Where a face enters the video's usual corner, the label
    steps aside for that frame.
    """

    def __init__(self, width: int, height: int, boxes: dict[int, list[np.ndarray]]):
        self.boxes = boxes
        self._picture = _draw_text(width, height)
        h, w = self._picture.shape[:2]
        left, middle, right = 0, (width - w) // 2, width - w
        top, bottom = 0, height - h
        self._spots = [(right, bottom), (left, bottom), (right, top), (left, top), (middle, bottom), (middle, top)]
        covered = [sum(self._covers(spot, b) for b in boxes.values()) for spot in self._spots]
        self._usual = self._spots[int(np.argmin(covered))]

    def place(self, index: int) -> tuple[int, int, int, int]:
        """Where the label stands in a frame: x, y, width, height."""
        mine = self.boxes.get(index, [])
        spot = self._usual
        if self._covers(spot, mine) > 0:
            spot = min(self._spots, key=lambda s: self._covers(s, mine))
        return (*spot, self._picture.shape[1], self._picture.shape[0])

    def stamp(self, index: int, frame: np.ndarray) -> np.ndarray:
        """The frame with the label on it, a new array."""
        x, y, w, h = self.place(index)
        out = frame.copy()
        view = out[y : y + h, x : x + w]
        view[:] = (view * 0.25 + self._picture[: view.shape[0], : view.shape[1]] * 0.75).astype("u1")
        return out

    def _covers(self, spot: tuple[int, int], boxes: list[np.ndarray]) -> float:
        h, w = self._picture.shape[:2]
        area = 0.0
        for x, y, bw, bh in boxes:
            grow = GAP * max(bw, bh)
            across = min(spot[0] + w, x + bw + grow) - max(spot[0], x - grow)
            down = min(spot[1] + h, y + bh + grow) - max(spot[1], y - grow)
            area += max(0.0, across) * max(0.0, down)
        return area


def share_of(frames: Sequence[np.ndarray]) -> float:
    """In which share of frames of one size, RGB uint8 (H, W, 3), the label is seen, wherever it stands."""
    h, w = frames[0].shape[:2]
    scale = min(1.0, LOOK / min(h, w))
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    text = _draw_text(w, h)
    small = (max(1, min(size[0], round(text.shape[1] * scale))), max(1, min(size[1], round(text.shape[0] * scale))))
    sign = cv2.cvtColor(cv2.resize(text, small, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    grey = (cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for frame in frames)
    return float(np.mean([cv2.matchTemplate(one, sign, cv2.TM_CCOEFF_NORMED).max() > ALIKE for one in grey]))


def _draw_text(width: int, height: int) -> np.ndarray:
    """White on black, about 4 % of the picture's height, never wider than the picture."""
    tall = max(9.0, 0.028 * min(width, height))
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, tall / 22
    (w, h), base = cv2.getTextSize(TEXT, font, scale, 1)
    pad = max(2, round(h * 0.4))
    out = np.zeros((h + base + pad, w + 2 * pad, 3), "u1")
    thick = max(1, round(scale * 1.4))
    cv2.putText(out, TEXT, (pad, h + (pad + base) // 2), font, scale, (255, 255, 255), thick, cv2.LINE_AA)
    if out.shape[1] > width:
        out = cv2.resize(out, (width, max(1, out.shape[0] * width // out.shape[1])), interpolation=cv2.INTER_AREA)
    return out[:height]
