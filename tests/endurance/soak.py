"""Smoke workshops one after another in one process: memory, open files, threads, children and disk stay level.

python -m tests.endurance.soak --runs 20 [--frames 24] [--labs 0123456]
The first three runs fill caches; from there on a line is laid through each count (least squares). Exit status 1 when
one rises by more a run than LIMITS say. Memory is what is in use: pages that Python and glibc hold free are given back.
"""

import argparse
import ctypes
import gc
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from faceswap_lib import workshop
from tests.endurance import clips

WARM = 3
LIMITS = {"MB of memory": 3.0, "open files": 0.2, "threads": 0.2, "children": 0.2, "kB in temporary folders": 20.0}


def counts(temp: Path) -> dict[str, float]:
    """What this process and its temporary folders take now."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    here = psutil.Process()
    files = [path for path in temp.rglob("*") if path.is_file()]
    values = (
        here.memory_info().rss / 1e6,
        here.num_fds(),
        here.num_threads(),
        len(here.children(recursive=True)),
        sum(path.stat().st_size for path in files) / 1e3,
    )
    return dict(zip(LIMITS, values, strict=True))


def slopes(rows: list[dict[str, float]]) -> dict[str, float]:
    """By how much each count rises a run, the first WARM runs left out; 0 where fewer than two are left."""
    late = rows[WARM:]
    if len(late) < 2:
        return dict.fromkeys(LIMITS, 0.0)
    return {name: float(np.polyfit(range(len(late)), [row[name] for row in late], 1)[0]) for name in LIMITS}


def soak(folder: Path, runs: int, frames: int, labs: str) -> int:
    """Run so many workshops, each in a workdir of its own; returns how many counts rise."""
    temp = folder / "temp"
    temp.mkdir(parents=True)
    for name in ("TMPDIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        os.environ[name] = str(temp)
    tempfile.tempdir, os.environ["OCI_CONFIG_FILE"] = str(temp), str(temp / "none")
    videos = [clips.clip(f"person_{name}", folder / f"{name}.mp4", frames) for name in "ab"] if frames else []
    given = {"consent": str(clips.agreed(folder))} if videos else {}
    books, rows = clips.lessons(folder / "notebooks", labs), []
    for number in range(runs):
        start = time.monotonic()
        run = workshop.workshop(folder / f"w{number}", "smoke", *videos, notebooks=books, **given)
        assert [lab.status for lab in run.labs] == ["done"] * len(run.labs)
        shutil.rmtree(run.workdir)
        rows.append(counts(temp))
        told = ", ".join(f"{value:.0f} {name}" for name, value in rows[-1].items())
        print(f"run {number + 1}/{runs}, {time.monotonic() - start:.0f} s: {told}", flush=True)
    rising = {name: slope for name, slope in slopes(rows).items() if slope > LIMITS[name]}
    told = ", ".join(f"{slope:+.2f} {name}" for name, slope in slopes(rows).items())
    print(f"soak: {runs} workshops, a run after the first {WARM}: {told}; {len(rising)} rise: {', '.join(rising)}.")
    return len(rising)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--frames", type=int, default=0, help="of clips cut shorter; 0: the built-in ones, whole")
    parser.add_argument("--labs", default="0123456", help="which labs, by their numbers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return int(soak(Path(folder), given.runs, given.frames, given.labs) > 0)


if __name__ == "__main__":
    sys.exit(main())
