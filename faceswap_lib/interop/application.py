"""deepfakes/faceswap itself, a separate program under the GPL: started as a process of its own, and its log read.

Nothing of it is in this kit. setup/faceswap.sh installs it into a folder: `app` is its code at one commit, `env` its
Python, `installed` what was installed. Here are its steps as this workshop needs them, with the options of its command
line; what they print goes into a log beside their result, and what fails says so in the program's own words.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_lib import UserError, strangers
from faceswap_lib.interop.exchange import Exported
from faceswap_lib.machine import cards
from faceswap_lib.progress import Progress, Row, row

INSTALL = "bash setup/faceswap.sh"
TRAINERS = {"lightweight": 16, "original": 64}  # trainer -> faces of each person in a batch, as it is at home with
ITERATION = re.compile(r"\[#(\d{1,9})\] Loss A: (\d+\.\d+), Loss B: (\d+\.\d+)")
COUNT = re.compile(r"\b(\d{1,7})/(\d{1,7}) \[")  # of a bar of tqdm's
BAD = re.compile(r"\b(?:ERROR|CRITICAL)\s+(.{1,300})")
SPARE = 600  # seconds that a training has to save and end when it is asked to: a slow machine takes minutes
RATE = 5e-5  # Faceswap's own learning rate
HISTORY = 200  # points of a curve


@dataclass(frozen=True)
class Spent:
    """What a step took: seconds of the clock, seconds of all processors, memory of its largest process in bytes."""

    seconds: float
    work: float
    memory: int


@dataclass(frozen=True)
class Trained:
    """A training's end: steps made in it and in all, faces of both people a second, and the curve.

    egs: batch × 2 × steps over the seconds between the first and the last, as Faceswap counts them; history: [steps in
    all, seconds since the first, loss A, loss B].
    """

    trainer: str
    batch: int
    steps: int
    total: int
    egs: float
    spent: Spent
    history: list[list[float]] = field(repr=False)


@dataclass(frozen=True)
class Application:
    """Where it is installed; UserError by `found` where it is not."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "env" / "bin" / "python"

    @property
    def installed(self) -> dict[str, str]:
        """What setup/faceswap.sh has noted: commit, backend, torch."""
        text = (self.folder / "installed").read_text(encoding="utf-8")[:2000]
        return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)

    def cut(self, given: Exported, faces: Path, progress: Progress | None = None) -> Spent:
        """Cut the face pictures that it trains on, by its own tool; those that this kit leaves out are taken away."""
        if faces.is_dir() and any(faces.iterdir()):
            raise UserError(f"{faces} is not empty; delete it to have the faces cut again.")
        where = ("-a", given.alignments, "-r", given.video, "-c", faces)
        spent = self._run(
            "tools.py", "alignments", "-j", "extract", *where, log=given.folder / "cut.log", tell=progress
        )
        for name in given.left_out:
            (faces / name).unlink(missing_ok=True)
        return spent

    def train(
        self,
        faces_a: Path,
        faces_b: Path,
        model: Path,
        *,
        trainer: str = "lightweight",
        minutes: float = 10,
        batch: int | None = None,
        rate: float = RATE,
        progress: Progress | None = None,
    ) -> Trained:
        """Train for some minutes from the first step on; a model that is there goes on.

        batch: faces of each person in a step; rate: learning rate, its own 0.00005 is for days.
        """
        if trainer not in TRAINERS or not 0 < minutes < 1e5 or not 1e-6 <= rate <= 1e-2:
            raise UserError(f"trainer is one of {', '.join(TRAINERS)}, minutes more than 0, rate from 1e-6 to 0.01.")
        batch = batch or TRAINERS[trainer]
        model.mkdir(parents=True, exist_ok=True)
        seen = _Curve(minutes * 60, progress)
        own = model.with_suffix(".ini")
        own.write_text(f"[global.optimizer]\nlearning_rate = {rate}\n", encoding="utf-8")
        arguments = ("train", "-A", faces_a, "-B", faces_b, "-m", model, "-t", trainer, "-b", batch, "-C", own)
        spent = self._run("faceswap.py", *arguments, log=model.with_suffix(".log"), watch=seen.see)
        if len(seen.points) < 2:
            raise UserError(f"Faceswap has made no two steps; {model.with_suffix('.log')} has its own words.")
        (first, begun, *_), (last, ended, *_) = seen.points[0], seen.points[-1]
        egs = batch * 2 * (last - first) / max(ended - begun, 1e-9)
        thin = seen.points[:: max(1, len(seen.points) // HISTORY)]
        return Trained(trainer, batch, last - first + 1, last, egs, spent, [*thin, seen.points[-1]])

    def convert(self, given: Exported, model: Path, frames: Path, progress: Progress | None = None) -> Spent:
        """Convert the video into PNGs, one a frame: nothing is lost before this kit writes it with its marks."""
        where = ("-i", given.video, "-p", given.alignments, "-o", frames, "-m", model)
        how = ("-c", "avg-color", "-M", "extended", "-w", "opencv")
        return self._run("faceswap.py", "convert", *where, *how, log=model.with_suffix(".convert.log"), tell=progress)

    def _run(
        self, script: str, *arguments: object, log: Path, tell: Progress | None = None, watch: object = None
    ) -> Spent:
        """Run one of its scripts; `watch` sees each line and may answer True to have it save and end."""
        begun, asked, bad = time.monotonic(), None, ""
        command = [self.python, self.folder / "app" / script, *arguments]
        with log.open("wb") as file:
            file.write(f"{' '.join(map(str, command))}\n".encode())
            process = self._start(command)
            try:
                for line in _lines(process, file):
                    _count(line, tell)
                    bad = (BAD.search(line) or [None, bad])[1]
                    now = time.monotonic()
                    if watch and watch(line) and asked is None:
                        asked = now
                        process.send_signal(signal.SIGINT)
                    if asked and now - asked > SPARE:
                        bad = f"it did not end within {SPARE} s"
                        process.kill()
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            finally:
                if process.returncode is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            told = strangers.printable(bad) or f"exit status {process.returncode}"
            raise UserError(f"Faceswap has stopped ({told[:200]}); {log} has its own words.")
        return Spent(time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)

    def _start(self, command: list) -> subprocess.Popen:
        own = {"FACESWAP_BACKEND": self.installed.get("backend", "cpu"), "KERAS_BACKEND": "torch"}
        rest = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
        return subprocess.Popen(
            [*map(str, command)],
            cwd=self.folder / "app",
            env=rest | own | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # a process that was started in the background ignores what asks it to save and end, and so would its own
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


class _Curve:
    """What a training's lines say, and when its time is over."""

    def __init__(self, seconds: float, progress: Progress | None):
        self.seconds, self.progress = seconds, progress
        self.points: list[list[float]] = []
        self.begun = 0.0

    def see(self, line: str) -> bool:
        """Note a line; True when the time is over."""
        if not (found := ITERATION.search(line)):
            return False
        now = time.monotonic()
        self.begun = self.begun or now
        step, a, b = int(found[1]), float(found[2]), float(found[3])
        self.points.append([step, round(now - self.begun, 2), a, b])
        if self.progress:
            spent = min(now - self.begun, self.seconds)
            self.progress(round(spent), round(self.seconds), f"step {step}, loss A {a:.3f} B {b:.3f}")
        return now - self.begun >= self.seconds


def found(folder: str | Path) -> Application:
    """The application that is installed in a folder; UserError where it is not."""
    one = Application(Path(folder).expanduser().resolve())
    if missing := [line for line in check(folder) if line.verdict == "FAIL"]:
        raise UserError(
            f"Faceswap is not ready in {folder}: {missing[0].what}, {missing[0].found}. {missing[0].remedy}"
        )
    return one


def check(folder: str | Path) -> list[Row]:
    """What is there of the application in a folder, and what it needs: a line each, with its remedy."""
    place = Path(folder).expanduser()
    one, install = Application(place.resolve()), f"Run `{INSTALL} cpu {place}`, or with nvidia for cpu."
    code, env, done = (place / "app" / "faceswap.py").is_file(), one.python.exists(), (place / "installed").is_file()
    noted = one.installed if done else {}
    missing = "is not there"
    return [
        row(code, "its code", f"commit {noted.get('commit', 'unknown')[:8]}" if code else missing, install),
        row(env, "its Python", str(one.python) if env else missing, install),
        row(
            done, "the installation", f"complete, torch {noted.get('torch')}" if done else "was not completed", install
        ),
        _card(noted.get("backend", "cpu"), place),
    ]


def _card(backend: str, place: Path) -> Row:
    """Whether it uses the graphics card that is there."""
    idle = backend == "cpu" and cards.card_on_the_bus()
    found, remedy = (
        "there is one, and it is not used" if idle else f"as installed: {backend}",
        f"Run `{INSTALL} nvidia {place}`.",
    )
    return row(not idle, "graphics card", found, remedy, "WARN")


def _lines(process: subprocess.Popen, log: object) -> Iterator[str]:
    """What a process prints, a line or a bar's state at a time, as it comes; all of it goes into the log."""
    rest = b""
    while data := process.stdout.read1(1 << 14):
        log.write(data)
        log.flush()
        *whole, rest = re.split(rb"[\r\n]", rest + data)
        rest = rest[-(1 << 14) :]
        yield from (line.decode("utf-8", "replace") for line in whole if line.strip())
    if rest.strip():
        yield rest.decode("utf-8", "replace")


def _count(line: str, tell: Progress | None) -> None:
    if tell and (counted := COUNT.search(line)):
        tell(int(counted[1]), int(counted[2]), "frames")
