"""Frames on disk to an H.264 clip, as the built-in ones are."""

import os
from pathlib import Path

import av
import numpy as np
from PIL import Image

from renderer import FPS, SampleError


def encode(folder: Path, clip: Path, count: int, crf: int = 18) -> None:
    """Write the frames 0000.png … of a folder as an MP4; SampleError when one of `count` is missing."""
    files = [folder / f"{i:04d}.png" for i in range(count)]
    missing = [f.name for f in files if not f.exists()]
    if missing:
        raise SampleError(f"{folder} lacks {len(missing)} of {count} frames ({missing[0]} …); render them first.")
    width, height = Image.open(files[0]).size
    part = clip.with_name(clip.name + ".part")
    with av.open(str(part), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for file in files:
            picture = np.asarray(Image.open(file).convert("RGB"))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    os.replace(part, clip)
