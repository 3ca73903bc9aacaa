"""What a workshop has done so far, in its workdir until it ends, so that one that was interrupted goes on from there.

A lab is done when it has ended well and each file that it wrote is there as it left it: same size, same time of change.
"""

import hashlib
import json
from pathlib import Path

from faceswap_lib import files, strangers
from faceswap_lib.classroom import logbook

NAME = "unfinished.json"
LIBRARY = Path(__file__).resolve().parents[1]
PASSING = {NAME, logbook.NAME, "index.html", "certificate.html"}  # in a workdir, of no lab
MOST = 1 << 26  # bytes of the file


class Journal:
    """The labs of a run in a workdir; one with other settings than the run that is there has done nothing yet.

    done: name -> {"seconds", "peak" (GB), "made": {file: [bytes, nanoseconds]}}, in order; changed: a file of a lab
    that counts as done no more, or None.
    """

    def __init__(self, workdir: Path, settings: dict[str, object]):
        self.workdir, self.path = workdir, workdir / NAME
        self.settings = {name: repr(value) for name, value in settings.items()}
        self.done: dict[str, dict] = {}
        self.now: dict = {}
        self.changed: Path | None = None
        try:
            found = strangers.parsed(self.path, MOST)
            if found["settings"] == self.settings:
                self._recall(found["done"])
                self.now = dict(found["now"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.done, self.now = {}, {}

    def begin(self, name: str) -> bool:
        """Take note that a lab begins; whether it is one that began before and was interrupted."""
        again = self.now.get("name") == name
        if not again:
            self.now = {"name": name, "before": dict(_stamps(self.workdir))}
        self._save()
        return again

    def end(self, name: str, seconds: float, peak: float) -> None:
        """Take note that a lab is done, and of every file that it has written."""
        made = {path: stamp for path, stamp in _stamps(self.workdir) if self.now["before"].get(path) != stamp}
        for other in self.done.values():  # what two labs wrote is the later one's
            other["made"] = {path: stamp for path, stamp in other["made"].items() if path not in made}
        self.done[name] = {"seconds": round(seconds, 1), "peak": round(peak, 2), "made": made}
        self.now = {}
        self._save()

    def close(self) -> None:
        """The run has ended: the next one starts from the beginning."""
        self.path.unlink(missing_ok=True)

    def _recall(self, done: dict[str, dict]) -> None:
        there = dict(_stamps(self.workdir))
        for name, lab in done.items():
            gone = [path for path, stamp in lab["made"].items() if there.get(path) != stamp]
            if gone:
                self.changed = self.workdir / gone[0]
                return
            self.done[name] = {"seconds": float(lab["seconds"]), "peak": float(lab["peak"]), "made": lab["made"]}

    def _save(self) -> None:
        content = {"settings": self.settings, "now": self.now, "done": self.done}
        with files.whole(self.path) as part:
            part.write_text(json.dumps(content, indent=1), encoding="utf-8")


def kit(notebooks: list[Path]) -> str:
    """What tells this kit and these notebooks from any other: a SHA-256 over all their files."""
    own = (path for path in LIBRARY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    digest = hashlib.sha256()
    for path in (*sorted(own), *sorted(notebooks)):
        digest.update(files.sha256(path).encode())
    return digest.hexdigest()


def _stamps(workdir: Path) -> list[tuple[str, list[int]]]:
    """Every file in a workdir but hidden ones: its path from there, its size and its time of change."""
    found = ((path, path.relative_to(workdir)) for path in workdir.rglob("*") if path.is_file())
    return [
        (str(name), [path.stat().st_size, path.stat().st_mtime_ns])
        for path, name in found
        if str(name) not in PASSING and not any(part.startswith(".") for part in name.parts)
    ]
