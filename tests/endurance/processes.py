"""Processes that are started, killed and asked after as one: all that carry the same mark in their environment."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
MARK = "ENDURANCE_RUN"
PATIENCE = 10  # seconds within which children of a killed process must have ended


def start(arguments: list[object], mark: str, temp: Path, out: object = subprocess.DEVNULL) -> subprocess.Popen:
    """Python with these arguments, in a session of its own; mark: what it and all it starts are found by.

    temp: an empty folder for what it writes in passing, so that what it leaves there can be seen.
    """
    temp.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    mine = {MARK: mark, "TMPDIR": str(temp), "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    mine |= {"OCI_CONFIG_FILE": str(temp / "none"), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=os.environ | mine,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def living(mark: str) -> list[psutil.Process]:
    """Every process with this mark that has not ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.Error, OSError):  # another user's, or just ended
            continue
    return found


def kill(process: subprocess.Popen, mark: str, whole: bool) -> None:
    """SIGKILL to a process; whole: and to all that it has started, as when the power fails."""
    while whole and (all_of_it := living(mark)):
        for each in all_of_it:
            each.kill()
    process.kill()
    process.wait()


def left(mark: str) -> list[str]:
    """The command lines of those that live on though they had time to end; they are killed then."""
    end = time.monotonic() + PATIENCE
    while (rest := living(mark)) and time.monotonic() < end:
        time.sleep(0.2)
    told = []
    for process in rest:
        try:
            told.append(" ".join(process.cmdline())[:100])
            process.kill()
        except psutil.Error:
            continue
    return told


def hidden(folder: Path) -> list[str]:
    """Hidden files and folders anywhere in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))
