"""Pictures for what moves: a plane with dots, lines over time, in milliseconds, by OpenCV and not by matplotlib.

Pictures are uint8 RGB (H, W, 3); dots float (N, 2), y growing upwards.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from ipywidgets import Image
from traitlets import Unicode

WHITE, INK, PALE = (255, 255, 255), (40, 44, 52), (214, 218, 226)
TOP, LEFT = 26, 40  # pixels of a chart above and left of its lines


def rgb(colour: str) -> tuple[int, int, int]:
    """A theme's colour "#2a6f97" as numbers."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def plane(field: np.ndarray, low: str, high: str, size: int, depth: float = 0.55) -> np.ndarray:
    """A field (S, S) from 0 to 1 as colours, white at 0.5, `size` pixels wide; its first line is the top."""
    much = cv2.resize(field.astype("f4"), (size, size), interpolation=cv2.INTER_LINEAR)[..., None] * 2 - 1
    side = np.where(much > 0, np.float32(rgb(high)), np.float32(rgb(low)))
    return (255 + np.abs(much) * depth * (side - 255)).astype("u1")


def dots(picture: np.ndarray, at: np.ndarray, edge: float, colour: str, hollow: bool = False) -> None:
    """Draw dots into a plane from -edge to edge: filled, or as rings, so that they differ without colour too."""
    size = picture.shape[0]
    places = np.round((at * [1, -1] / edge + 1) / 2 * (size - 1) * 16).clip(-16e3, 16e3).astype(int)
    for x, y in places:
        if hollow:
            cv2.circle(picture, (int(x), int(y)), 4 * 16, rgb(colour), 1, cv2.LINE_AA, 4)
        else:
            cv2.circle(picture, (int(x), int(y)), 3 * 16, rgb(colour), -1, cv2.LINE_AA, 4)


def boundary(picture: np.ndarray, field: np.ndarray) -> None:
    """Draw the line at which a field crosses 0.5."""
    size = picture.shape[0]
    above = (cv2.resize(field.astype("f4"), (size, size), interpolation=cv2.INTER_LINEAR) > 0.5).astype("u1")
    found = cv2.findContours(above, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
    for line in found:  # not where the picture itself ends
        inner = [p for p in line[:, 0] if 0 < p[0] < size - 1 and 0 < p[1] < size - 1]
        for x, y in inner:
            cv2.circle(picture, (int(x), int(y)), 1, INK, -1)


def chart(lines: Mapping[str, tuple[Sequence[float], str]], top: float, width: int, height: int) -> np.ndarray:
    """Lines over time, name -> (values, colour), from 0 to `top`; the newest value stands beside its name."""
    picture = np.full((height, width, 3), 255, "u1")
    low, across = height - 10, width - LEFT - 12
    for share in (0, 0.5, 1):
        y = round(low - share * (low - TOP - 8))
        cv2.line(picture, (LEFT, y), (width - 12, y), PALE, 1)
        text(picture, f"{share * top:g}", (4, y + 5))
    x = LEFT
    for name, (values, colour) in lines.items():
        shown = f"{name} {values[-1]:.2g}" if len(values) else name
        cv2.line(picture, (x, 12), (x + 16, 12), rgb(colour), 3, cv2.LINE_AA)
        text(picture, shown, (x + 22, 17))
        x += 40 + 8 * len(shown)
        if len(values) > 1:
            at = LEFT + np.linspace(0, across, len(values))
            ys = low - np.clip(np.asarray(values, float) / top, 0, 1) * (low - TOP - 8)
            cv2.polylines(picture, [np.c_[at, ys].astype("i4")], False, rgb(colour), 2, cv2.LINE_AA)
    return picture


def text(picture: np.ndarray, words: str, at: tuple[int, int], size: float = 0.45) -> None:
    """Words (ASCII) with their lower left corner at a place."""
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)


def beside(*pictures: np.ndarray, gap: int = 12) -> np.ndarray:
    """Pictures of one height side by side, white between them."""
    white = np.full((pictures[0].shape[0], gap, 3), 255, "u1")
    return np.hstack([part for picture in pictures for part in (picture, white)][:-1])


def below(*pictures: np.ndarray) -> np.ndarray:
    """Pictures of one width one under the other."""
    return np.vstack(pictures)


class Described(Image):
    """An image whose tooltip names it to those who do not see it; ipywidgets' own page asks for a description first."""

    description = Unicode("").tag(sync=True)


def image(alt: str, width: int) -> Described:
    """An empty image widget; alt: what it shows, in one sentence."""
    shown = Described(format="jpeg", tooltip=alt)
    shown.layout.max_width, shown.layout.width = "100%", f"{width}px"
    return shown
