"""Does memory grow with a video's length? The built-in clip there and back again for minutes, extracted and converted.

python -m tests.endurance.length [--minutes 10]
Memory of this process is noted as frames are done; a line is laid through what it is after the first third, by when all
is warm (least squares). Exit status 1 when it rises by more a frame than LIMITS say: an extraction keeps what
`faces.json` says of each face until its end, a conversion reads that at its start.
"""

import argparse
import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from faceswap_lib import extract, samples  # noqa: E402
from faceswap_lib.classroom import kit_model  # noqa: E402
from faceswap_lib.media import video  # noqa: E402
from faceswap_lib.progress import Progress  # noqa: E402
from tests import agreed  # noqa: E402

STEP = 100  # frames from one look at the memory to the next
# kB a frame; over three minutes it was 26 and 6, what still warms up included
LIMITS = {"extract": 40.0, "convert": 20.0}


def long(folder: Path, frames: int) -> Path:
    """The built-in clip there and back again, so many frames of it: it never jumps."""
    there = list(video.frames(samples.path("person_a")))
    again = itertools.islice(itertools.cycle(there + there[::-1]), frames)
    video.write(folder / "long.mp4", again, 24)
    return folder / "long.mp4"


def watched(work: Callable[[Progress], object]) -> list[tuple[int, float]]:
    """(frames done, MB of memory) every STEP frames of a piece of work that tells its progress."""
    rows, process = [], psutil.Process()

    def tell(done: int, total: int | None, note: str) -> None:
        if done % STEP == 0 and (not rows or done > rows[-1][0]):
            rows.append((done, process.memory_info().rss / 1e6))

    work(tell)
    return rows


def slope(rows: list[tuple[int, float]]) -> float:
    """By how many kB memory rises a frame, the first third left out."""
    late = [row for row in rows if row[0] > rows[-1][0] / 3]
    return 1000 * float(np.polyfit(*zip(*late, strict=True), 1)[0])


def main(minutes: float) -> int:
    """Prints what memory does over so many minutes of video; the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, faces, model = long(folder, round(60 * 24 * minutes)), folder / "faces", folder / "model"
        kit_model.unpack(model)
        works = {
            "extract": lambda tell: extract.extract(clip, faces, progress=tell),
            "convert": lambda tell: agreed.swap(clip, faces, model, folder / "out.mp4", progress=tell),
        }
        status = 0
        for verb, work in works.items():
            rows = watched(work)
            grows = slope(rows)
            few = rows[:: max(1, len(rows) // 8)]
            print(f"{verb}: {', '.join(f'{mb:.0f} MB at frame {done}' for done, mb in few)}; {grows:+.1f} kB a frame")
            status |= grows > LIMITS[verb]
    print("memory grows" if status else f"over {minutes:g} minutes memory stays level")
    return int(status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    sys.exit(main(parser.parse_args().minutes))
