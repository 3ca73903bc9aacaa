"""A decoded frame of which only what is asked for is turned into RGB: of a large one a face is a small part."""

import av
import numpy as np
from av.filter import Graph

from faceswap_lib.media.picture import Picture, bytes_of

EDGE, GRAIN = 8, 64  # pixels: what colour needs beyond a piece's edge, and steps in which pieces grow
# of which pieces can be cut out at every second pixel
KNOWN = {f"yuv{j}{form}p" for j in ("", "j") for form in (420, 422, 444)} | {"yuv420p10le", "yuv422p10le", "nv12"}


class Late:
    """One frame, upright: `shape` (H, W, 3); pieces are uint8 RGB, pixel by pixel as `Picture.pixels` has the whole.

    For one thread at a time.
    """

    def __init__(self, picture: Picture, frame: av.VideoFrame):
        self.shape = (picture.height, picture.width, 3)
        self._picture, self._frame = picture, frame
        self._whole: np.ndarray | None = None
        self._piece, self._at = np.zeros((0, 0, 3), "u1"), (0, 0)
        odd = picture.stored[0] % 2 or picture.stored[1] % 2
        same = picture.stored == (frame.width, frame.height)
        self._cuts = same and not odd and frame.format.name in KNOWN

    def whole(self) -> np.ndarray:
        """All of it, (H, W, 3)."""
        if self._whole is None:
            self._whole = self._picture.pixels(self._frame)
        return self._whole

    def piece(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """At least the part between two corners x, y, as far as it is in the frame, and x, y of where it begins."""
        low = np.clip(np.floor(low), 0, [self.shape[1] - 1, self.shape[0] - 1]).astype(int)
        high = np.clip(np.ceil(high), low + 1, self.shape[1::-1]).astype(int)
        if self._whole is not None or not self._cuts:
            return self.whole()[low[1] : high[1], low[0] : high[0]], (int(low[0]), int(low[1]))
        begins, (tall, wide) = np.array(self._at), self._piece.shape[:2]
        if (low < begins).any() or (high > begins + [wide, tall]).any():
            self._cut(low, high)
        return self._piece, self._at

    def small(self) -> np.ndarray:
        """How bright every eighth pixel of every eighth row is, uint8 (H / 8, W / 8)."""
        if self._cuts and self._whole is None and "10" not in self._frame.format.name:
            return self._picture.upright(bytes_of(self._frame.planes[0]))[::8, ::8]
        return self.whole()[::8, ::8, 1]

    def _cut(self, low: np.ndarray, high: np.ndarray) -> None:
        """Turn a part into RGB, with some more so that its sizes are few: swscale prepares itself anew for each."""
        lows, highs = low // 2 * 2 - EDGE, high + EDGE
        highs = lows + -(-(highs - lows) // GRAIN) * GRAIN
        lows, highs = np.maximum(lows, 0), np.minimum(highs, self.shape[1::-1])
        where = self._picture.stored_part(*lows.tolist(), *highs.tolist())
        rgb = self._picture.upright(self._picture.exact(_part(self._frame, *where), where[2], where[3]))
        # what is at the piece's edge and not at the frame's has lacked its neighbours
        inner = [np.where(lows > 0, EDGE, 0), np.where(highs < self.shape[1::-1], EDGE, 0)]
        (left, top), (right, bottom) = inner[0].tolist(), (highs - lows - inner[1]).tolist()
        self._piece = np.ascontiguousarray(rgb[top:bottom, left:right])
        self._at = (int(lows[0] + left), int(lows[1] + top))


def _part(frame: av.VideoFrame, x: int, y: int, width: int, height: int) -> av.VideoFrame:
    """A part of a frame, not copied, by FFmpeg: it keeps what PyAV does not show, as where between pixels colour is."""
    graph = Graph()
    part = graph.add("crop", f"{width}:{height}:{x}:{y}:exact=1")
    graph.link_nodes(graph.add_buffer(frame), part, graph.add("buffersink")).configure()
    graph.push(frame)
    return graph.pull()
