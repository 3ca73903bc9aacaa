"""Clips with many key frames, so that they can be cut where the kit's short ones cannot."""

from itertools import islice
from pathlib import Path

import av
import numpy as np

from faceswap_lib import samples
from faceswap_lib.media import video

GAP, FRAMES = 16, 48  # frames from one key frame to the next, and of a clip


def start(name: str, first: int = 0) -> list[np.ndarray]:
    """FRAMES frames of a built-in person."""
    return list(islice(video.frames(samples.path(f"person_{name}")), first, first + FRAMES))


def keyed(path: Path, frames: list[np.ndarray]) -> Path:
    """Frames as a clip of 24 a second with a key frame every GAP frames."""
    with av.open(str(path), "w") as container:
        options = {"crf": "10", "x264-params": f"keyint={GAP}:min-keyint={GAP}:scenecut=0"}
        stream = container.add_stream("libx264", 24, options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return path
