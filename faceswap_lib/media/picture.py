"""How decoded frames turn into upright RGB, and back."""

import struct
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np

# swscale's BICUBIC, FULL_CHR_H_INT, FULL_CHR_H_INP, ACCURATE_RND; its faster default shifts a picture by a grey level.
EXACT = 1 << 2 | 1 << 13 | 1 << 14 | 1 << 18
# Colour codes of ITU-T H.273, which FFmpeg uses too.
BT709, UNSPECIFIED, BT601, YUV_MATRICES = 1, 2, 6, {1, 4, 5, 6, 7, 9}
LIMITED, FULL = 1, 2


@dataclass(frozen=True)
class Picture:
    """How frames become upright RGB and back: size as displayed, display matrix, colour as meant and as tagged."""

    width: int
    height: int
    turn: tuple[int, int, int, int] = (1, 0, 0, 1)
    matrix: int = BT709
    range: int = LIMITED
    tags: tuple[int, int, int, int] = (BT709, LIMITED, BT709, BT709)
    aspect: Fraction = Fraction(1)

    @classmethod
    def of(cls, frame: av.VideoFrame, aspect: Fraction | None) -> "Picture":
        data = frame.side_data.get("DISPLAYMATRIX")
        a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20]) if data else (1, 0, 0, 0, 1)
        width, height, aspect = frame.width, frame.height, aspect or Fraction(1)
        if abs(b) > abs(a):
            width, height, aspect = height, width, 1 / aspect
        tag = frame.colorspace if frame.colorspace in YUV_MATRICES else UNSPECIFIED
        # What players do with untagged video: BT.709 when it is larger than a DVD's, else BT.601.
        matrix = tag if tag != UNSPECIFIED else BT709 if min(width, height) > 576 else BT601
        full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
        tags = (tag, FULL if full else frame.color_range, frame.color_primaries, frame.color_trc)
        return cls(width, height, (a, b, c, d), matrix, FULL if full else LIMITED, tags, aspect)

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height as stored, which lie across where a picture is shown on its side."""
        return (self.height, self.width) if self._sideways else (self.width, self.height)

    def pixels(self, frame: av.VideoFrame) -> np.ndarray:
        """A frame as upright RGB uint8 (H, W, 3), a new array."""
        # Frames of another size in the middle of a video are shown at the first one's.
        return np.ascontiguousarray(self.upright(self.exact(frame, *self.stored)))

    def exact(self, frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
        """A frame, or a piece of one, as RGB (height, width, 3) the way it is stored."""
        frame.colorspace, frame.color_range = self.matrix, self.range
        size = {"width": width, "height": height, "interpolation": EXACT}
        if frame.format.is_rgb:
            return frame.to_ndarray(format="rgb24", **size)
        # Plane by plane swscale gives the same numbers in a quarter of the time: there it has vector code.
        apart = frame.reformat(format="gbrp", threads=1, **size)
        green, blue, red = (bytes_of(plane) for plane in apart.planes)
        return cv2.merge([red, green, blue])

    def upright(self, rgb: np.ndarray) -> np.ndarray:
        """A view of stored pixels (H, W, …) as displayed: the display matrix shows (x, y) at (a x + c y, b x + d y)."""
        a, b, c, d = self.turn
        if self._sideways:
            rgb, a, d = rgb.swapaxes(0, 1), c, b
        return rgb[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]

    def stored_part(self, x0: int, y0: int, x1: int, y1: int) -> tuple[int, int, int, int]:
        """Where a part of the displayed picture is stored: x, y, width, height."""
        a, b, c, d = self.turn
        a, d = (c, b) if self._sideways else (a, d)
        x, y = (self.width - x1 if a < 0 else x0), (self.height - y1 if d < 0 else y0)
        return (y, x, y1 - y0, x1 - x0) if self._sideways else (x, y, x1 - x0, y1 - y0)

    @property
    def _sideways(self) -> bool:
        return abs(self.turn[1]) > abs(self.turn[0])

    def frame(self, rgb: np.ndarray, pixel_format: str) -> av.VideoFrame:
        """The YUV frame of upright RGB; ValueError for another size or type."""
        if rgb.shape != (self.height, self.width, 3) or rgb.dtype != np.uint8:
            raise ValueError(f"a frame must be uint8 {(self.height, self.width, 3)}, not {rgb.dtype} {rgb.shape}")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame.colorspace, frame.color_range = self.matrix, FULL
        return frame.reformat(format=pixel_format, dst_color_range=self.range, interpolation=EXACT)


def bytes_of(plane: av.video.plane.VideoPlane) -> np.ndarray:
    """A plane of bytes as an array (H, W) that is the plane: what is written there is in the frame."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
