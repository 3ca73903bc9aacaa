"""Inputs so small that a run takes seconds: the first frames of the built-in clips, with A's sound, and what they give.

python -m tests.endurance.clips FOLDER FRAMES
"""

import shutil
import sys
from itertools import islice
from pathlib import Path

import av

from faceswap_lib import extract, samples, train, workshop
from faceswap_lib.media import video
from faceswap_lib.trust import consent

FRAMES = 24


def clip(name: str, path: Path, frames: int = FRAMES) -> Path:
    """The first frames of a built-in clip, e.g. "person_a", with as much of its sound."""
    source, silent = samples.path(name), path.with_name(f"silent_{path.name}")
    video.write(silent, islice(video.frames(source), frames), 24, crf=8)
    with av.open(str(silent)) as pictures, av.open(str(source)) as sounds, av.open(str(path), "w") as out:
        streams = (pictures.streams.video[0], *sounds.streams.audio)
        to = {stream: out.add_stream_from_template(stream) for stream in streams}
        for stream, container in zip(streams, (pictures, sounds), strict=False):
            for packet in container.demux(stream):
                if packet.size and float(packet.pts * packet.time_base) < frames / 24:
                    packet.stream = to[stream]
                    out.mux(packet)
    silent.unlink()
    return path


def prepare(folder: Path, frames: int = FRAMES) -> Path:
    """a.mp4 and b.mp4, their consent, their facesets and a model of three steps in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in "ab":
        clip(f"person_{name}", folder / f"{name}.mp4", frames)
        extract.extract(folder / f"{name}.mp4", folder / name, profile="smoke")
    agreed(folder)
    train.train(folder / "a", folder / "b", folder / "model", profile="smoke", iterations=3)
    return folder


def agreed(folder: Path) -> Path:
    """The record of consent for a.mp4 and b.mp4 of a folder, in it."""
    a, b = (consent.person("Nobody, rendered", folder / f"{name}.mp4") for name in "ab")
    consent.new(path := folder / consent.NAME, a, b, agreed="swaps in tests", means="they do not exist")
    return path


def lessons(folder: Path, numbers: str) -> Path:
    """Some of the notebooks with all that lies beside them, in a folder; numbers: of the labs, e.g. "3456"."""
    shutil.copytree(workshop.NOTEBOOKS, folder, dirs_exist_ok=True)
    for path in folder.glob("0*.ipynb"):
        if path.stem[1] not in numbers:
            path.unlink()
    return folder


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
