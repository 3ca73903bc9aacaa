"""A disk that fills up, that cannot be written, a folder that goes, a bit that flips: each its sentence, nothing lost.

Needs Linux and root, for it mounts small file systems in memory. Takes some 15 minutes:

    .venv/bin/python -m tests.endurance.faults
"""

import argparse
import contextlib
import io
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from faceswap_lib import UserError, progress, samples
from faceswap_lib.compose import model_swap
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import report
from faceswap_lib.media import video
from faceswap_lib.network import batches, record
from tests.endurance import clips

MB = 1_000_000
FREE = (0, 100_000, 1 * MB, 13 * MB, 25 * MB)  # bytes left on the disk
DISK = 80 * MB
FRAMES = 24
UNNOTICED = "read as if nothing were"


def verbs(inputs: Path, out: Path) -> dict[str, list[object]]:
    """Each verb's words: from the inputs of a small run, into a folder."""
    a, faces_a, faces_b, model = inputs / "a.mp4", inputs / "faces" / "a", inputs / "faces" / "b", inputs / "model"
    consent = ["--consent", inputs / "consent.json"]
    return {
        "extract": ["extract", a, "--faces", out / "faces", "--profile", "smoke"],
        "train": ["train", faces_a, faces_b, "--model", out / "model", "--profile", "smoke", "--iterations", 24],
        "convert": ["convert", a, "--faces", faces_a, "--model", model, "--out", out / "swapped.mp4", *consent],
        "evaluate": [
            *("evaluate", inputs / "swapped.mp4", "--source", a, "--faces-a", faces_a, "--faces-b", faces_b),
            *("--model", model, "--report", out / "report", *consent),
        ],
    }


def start(words: list[object]) -> subprocess.Popen:
    """`python -m faceswap_lib …`."""
    command = [sys.executable, "-m", "faceswap_lib", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def run(words: list[object]) -> tuple[int, str]:
    """Exit status, and the last line on stderr."""
    process = start(words)
    error = process.communicate(timeout=300)[1]
    return process.returncode, "TRACEBACK" if "Traceback" in error else error.strip().splitlines()[-1]


def prepare(folder: Path) -> Path:
    """A small run, whole: clips, facesets, a model, a swap and a report."""
    for name in "ab":
        video.write(folder / f"{name}.mp4", islice(video.frames(samples.path(f"person_{name}")), FRAMES), 24)
    clips.agreed(folder)
    words = verbs(folder, folder)
    for name in "ab":
        must(["extract", folder / f"{name}.mp4", "--faces", folder / "faces" / name, "--profile", "smoke"])
    for name in ("train", "convert", "evaluate"):
        must(words[name])
    return folder


def must(words: list[object]) -> None:
    status, told = run(words)
    if status:
        raise RuntimeError(f"{words[0]} ended with {status}: {told}")


def contents(folder: Path) -> dict[str, str]:
    """Every file in a folder, hidden ones too, and its checksum."""
    return {str(p.relative_to(folder)): video.sha256(p) for p in folder.rglob("*") if p.is_file() and p.stat().st_size}


@contextlib.contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes, in memory."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, leave: int) -> None:
    """Fill a disk but for so many bytes."""
    size = max(0, shutil.disk_usage(disk).free - leave)
    with open(disk / "filler", "wb") as file:
        while size > 0:
            size -= file.write(bytes(min(size, MB)))


class Judge:
    """Says each case's outcome as it comes, and counts what went wrong."""

    def __init__(self) -> None:
        self.cases = self.wrong = 0

    def __call__(self, case: str, good: bool, told: str) -> None:
        self.cases += 1
        self.wrong += not good
        print(f"{'ok   ' if good else 'WRONG'} {case}: {told}", flush=True)


def full_disks(inputs: Path, work: Path, judge: Judge) -> None:
    """Before the work begins, and (a training) while it runs: what is there stays, what is half made goes."""
    for leave in FREE:
        for name, words in verbs(inputs, work / "disk").items():
            with mounted(work / "disk", DISK) as disk:
                earlier(inputs, disk, name)
                fill(disk, leave)
                before = contents(disk)
                status, told = run(words)
                kept = {key: value for key, value in contents(disk).items() if key in before} == before
                same = kept and contents(disk).keys() == before.keys()
                judge(f"full disk, {leave / MB:g} MB left, {name}", refused(status, told, same) or not status, told)
        with mounted(work / "disk", DISK) as disk:
            fills_up(inputs, disk, leave, judge)


def refused(status: int, told: str, same: bool) -> bool:
    return status == 2 and told.startswith("Error: ") and same


def earlier(inputs: Path, disk: Path, name: str) -> None:
    """What an earlier run of a verb has left on the disk."""
    made = {"extract": "faces/a", "train": "model", "convert": "swapped.mp4", "evaluate": "report"}[name]
    there = disk / {"extract": "faces"}.get(name, made)
    if name == "evaluate":
        there.mkdir()
        for file in ("report.json", "report.html"):
            shutil.copy(inputs / "report" / file, there)
    elif (inputs / made).is_dir():
        shutil.copytree(inputs / made, there)
    else:
        shutil.copy(inputs / made, there)


def fills_up(inputs: Path, disk: Path, leave: int, judge: Judge) -> None:
    """A training whose disk fills up behind its back, after a first checkpoint."""
    words = verbs(inputs, disk)["train"]
    must([*words[:-1], 8])
    process = start([*words[:-1], 100_000, "--resume"])
    while not (disk / "model/previews/000016.jpg").exists() and process.poll() is None:
        time.sleep(0.1)
    fill(disk, leave)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.terminate()  # which saves
    error = process.communicate(timeout=120)[1].strip().splitlines()
    (disk / "filler").unlink()
    about, there = record.read_about(disk / "model"), {p.name for p in (disk / "model").iterdir()}
    hidden = [name for name in there if name.startswith(".")]
    good = (process.returncode == 2 and error[-1].startswith("Error: ")) or process.returncode == 130
    judge(
        f"disk fills up while training, {leave / MB:g} MB left",
        good and not hidden and about["iteration"] >= 8,
        f"{error[-1]} (model of iteration {about['iteration']})",
    )


def read_only(inputs: Path, work: Path, judge: Judge) -> None:
    """A file system that was mounted to be read."""
    with mounted(work / "disk", DISK) as disk:
        before = contents(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for name, words in verbs(inputs, disk).items():
            status, told = run(words)
            judge(f"read-only, {name}", refused(status, told, contents(disk) == before), told)


def vanished(inputs: Path, work: Path, judge: Judge) -> None:
    """The folder that a verb writes into is deleted while it works."""
    for name, words in verbs(inputs, work / "going").items():
        (work / "going").mkdir()
        words = [*words[:-1], 100_000] if name == "train" else words
        process = start(words)
        deadline = time.monotonic() + 60
        while not any((work / "going").iterdir()) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        shutil.rmtree(work / "going", ignore_errors=True)
        if name == "train":
            time.sleep(20)
            process.terminate()
        error = process.communicate(timeout=300)[1]
        told = "TRACEBACK" if "Traceback" in error else (error.strip().splitlines() or ["no word"])[-1]
        good = told != "TRACEBACK" and process.returncode in (0, 2, 130)
        judge(f"folder vanished, {name}", good, f"{process.returncode} {told}")
        shutil.rmtree(work / "going", ignore_errors=True)


def uses(run_folder: Path) -> dict[str, Callable[[], object]]:
    """What reads each kind of file of a run, as the labs do before they work."""
    model, a = run_folder / "model", run_folder / "faces" / "a"

    def faces() -> None:
        found = faceset.load(a)
        batches.load_side(found, canvas("mesh", 64), 60)

    def network() -> None:
        model_swap.network(model, record.read_about(model))

    def frames() -> None:
        for _ in video.frames(run_folder / "swapped.mp4"):
            pass

    return {
        "faces/a/faces.json": faces,
        "faces/a/*.png": faces,
        "model/model.json": network,
        "model/model.safetensors": network,
        "model/mean_a.png": network,
        "model/mean_b.png": network,
        "swapped.mp4": frames,
        "report/report.json": lambda: report.read(run_folder / "report"),
    }


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def another_version(path: Path, chance: random.Random) -> None:
    text = path.read_bytes()
    path.write_bytes(
        text.replace(b'"schema_version": 2', b'"schema_version": 7') if b"schema_version" in text else b"{}"
    )


def damaged(inputs: Path, work: Path, judge: Judge, each: int) -> None:
    """One bit of a file, all of it, another version: noticed, said, and nothing else changes."""
    chance = random.Random(0)
    harms = {"bit": flip, "empty": lambda path, _: path.write_bytes(b""), "version": another_version}
    for pattern, use in uses(work / "run").items():
        for harm, change in harms.items():
            if harm == "version" and not pattern.endswith(".json"):
                continue
            for _ in range(each if harm == "bit" else 1):
                shutil.rmtree(work / "run", ignore_errors=True)
                shutil.copytree(inputs, work / "run")
                path = chance.choice(sorted((work / "run").glob(pattern)))
                change(path, chance)
                before = contents(work / "run")
                told, good = outcome(use)
                good = good or (path.suffix == ".mp4" and told == UNNOTICED)  # a video has no checksum of its own
                good = good and contents(work / "run") == before
                judge(f"{harm}, {path.relative_to(work / 'run')}", good, told)


def outcome(use: Callable[[], object]) -> tuple[str, bool]:
    told = io.StringIO()
    progress._said.clear()  # a note is said once a process
    try:
        with contextlib.redirect_stderr(told):
            use()
    except UserError as error:
        return str(error), True
    except Exception as error:
        return f"{type(error).__name__}: {error}", False
    notes = [line for line in told.getvalue().splitlines() if line.startswith("Note: ")]
    return (notes[0], True) if notes else (UNNOTICED, False)


def main() -> int:
    """Run all; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, default=10, help="flipped bits for each kind of file")
    parser.add_argument("--only", choices=("full", "readonly", "vanished", "damaged"), help="one kind of fault")
    options, judge = parser.parse_args(), Judge()
    kinds = {
        "full": full_disks,
        "readonly": read_only,
        "vanished": vanished,
        "damaged": lambda inputs, work, judge: damaged(inputs, work, judge, options.bits),
    }
    with tempfile.TemporaryDirectory() as place:
        inputs, work = Path(place) / "inputs", Path(place) / "work"
        inputs.mkdir()
        work.mkdir()
        prepare(inputs)
        for name, kind in kinds.items():
            if options.only in (None, name):
                kind(inputs, work, judge)
    print(f"{judge.cases} faults, {judge.wrong} went wrong")
    return bool(judge.wrong)


if __name__ == "__main__":
    sys.exit(main())
