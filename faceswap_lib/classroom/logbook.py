"""What was done in a workdir: which labs passed their self-check and when, and which exercises are right.

`progress.json` in the workdir. It holds labs, moments, figures, and what a self-check asks for; no name, no path, and
no answer. Nothing of it leaves the workdir unless the learner says where to (`share`).
"""

import json
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, FiniteFloat

from faceswap_lib import UserError, files, strangers

NAME = "progress.json"
MOST = 1 << 20  # bytes of the file
CLASS = "class"
PATIENCE = 3.0  # seconds to wait for another notebook that writes at the same moment
Words = Annotated[str, Field(max_length=300)]
Number = Annotated[str, Field(pattern=r"^\d\d$")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Exercise(BaseModel):
    """Answers given to one exercise: how many, whether one was right, when the last one was given."""

    right: bool = False
    tries: Count = 0
    when: AwareDatetime | None = None


class Lab(BaseModel):
    """One lab: when it was begun and last checked, whether that passed, and what was still to do.

    first: when it passed for the first time; seconds, peak (GB): of a run of the whole workshop; kits: what was taken
    from the kit instead of being made here.
    """

    begun: AwareDatetime | None = None
    checked: AwareDatetime | None = None
    first: AwareDatetime | None = None
    tries: Count = 0
    passed: bool = False
    todo: Annotated[list[Words], Field(max_length=30)] = []
    figures: Annotated[dict[Annotated[str, Field(max_length=60)], FiniteFloat], Field(max_length=60)] = {}
    exercises: Annotated[dict[Annotated[str, Field(pattern=r"^\d\d-\w{1,20}$")], Exercise], Field(max_length=40)] = {}
    seconds: Annotated[float, Field(ge=0, le=1e7)] | None = None
    peak: Annotated[float, Field(ge=0, le=1e5)] | None = None
    kits: Annotated[list[Words], Field(max_length=10)] = []

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(each.right for each in self.exercises.values())


class Book(BaseModel):
    """A workdir's logbook: labs by number; id: by chance, tells one learner's from another's; seat: as was typed."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] = Field(default_factory=lambda: secrets.token_hex(4))
    seat: Annotated[str, Field(max_length=20)] = ""
    share: Annotated[str, Field(max_length=1000)] = ""
    written: AwareDatetime | None = None
    labs: Annotated[dict[Number, Lab], Field(max_length=40)] = {}

    def lab(self, number: str) -> Lab:
        """A lab's entry, made where there is none."""
        return self.labs.setdefault(number, Lab())


def read(path: str | Path) -> Book:
    """The logbook of a workdir, or of a file; an empty one where there is none or what is there cannot be read."""
    path = Path(path)
    try:
        return load(path / NAME if path.is_dir() else path)
    except (OSError, ValueError):
        return Book()


def load(path: Path) -> Book:
    """The logbook in a file that a stranger may have made; ValueError or OSError says what is wrong with it."""
    if strangers.leads_out(path):
        raise ValueError("it is a link to another folder")
    return Book.model_validate(files.unsealed(strangers.parsed(path, MOST)))


def begin(workdir: str | Path, lab: str) -> None:
    """Take note that a lab was begun; the first time counts."""

    def change(book: Book) -> None:
        entry = book.lab(lab)
        entry.begun = entry.begun or _now()

    _write(workdir, change)


def opened(names: Mapping[str, object]) -> None:
    """Take note that the lab of this notebook was begun, where its server tells its name; names: the notebook's own."""
    found = re.search(r"(\d\d)_\w+\.ipynb$", os.environ.get("JPY_SESSION_NAME", ""))
    if found and names.get("workdir"):
        begin(str(names["workdir"]), found[1])


def checked(
    workdir: str | Path, lab: str, conditions: Mapping[str, bool], figures: Mapping[str, float] | None = None
) -> None:
    """Take note of a self-check: condition -> met, and of figures to remember."""

    def change(book: Book) -> None:
        entry, now = book.lab(lab), _now()
        entry.begun, entry.checked, entry.tries = entry.begun or now, now, entry.tries + 1
        entry.todo = [what[:300] for what, met in conditions.items() if not met][:30]
        entry.passed = not entry.todo
        if entry.passed:  # by what was made here
            entry.kits.clear()
        entry.first = entry.first or (now if entry.passed else None)
        entry.figures |= {name: float(v) for name, v in (figures or {}).items() if v is not None and math.isfinite(v)}

    _write(workdir, change)


def answered(workdir: str | Path, exercise: str, right: bool) -> None:
    """Take note of an answer; one that was right once stays right."""

    def change(book: Book) -> None:
        entry = book.lab(exercise[:2]).exercises.setdefault(exercise, Exercise())
        entry.right, entry.tries, entry.when = entry.right or right, entry.tries + 1, _now()

    _write(workdir, change)


def ran(workdir: str | Path, lab: str, seconds: float, peak: float) -> None:
    """Take note of what a lab took that was run headless."""

    def change(book: Book) -> None:
        entry = book.lab(lab)
        entry.seconds, entry.peak = round(seconds, 1), round(peak, 2)

    _write(workdir, change)


def took(workdir: str | Path, lab: str, what: str) -> None:
    """Take note of what a lab has from the kit instead of having made it."""

    def change(book: Book) -> None:
        kits = book.lab(lab).kits
        kits += [what] if what not in kits else []

    _write(workdir, change)


def share(workdir: str | Path, folder: str | Path, seat: str = "") -> str:
    """Copy the logbook into a folder from now on, for the instructor to see; "" ends it. Returns a sentence.

    folder: "class" is the one that the machine's hub has; seat: as on the learner's table, no name. UserError where
    nothing can be written there.
    """
    if not re.fullmatch(r"[\w .-]{0,20}", seat):
        raise UserError(f"The seat {seat!r:.40} is no number or short word; take one of at most 20 letters and digits.")
    if str(folder) == CLASS:
        folder = os.environ.get("FACESWAP_CLASS", CLASS)
    place = files.check_name(folder).expanduser().absolute() if folder else None
    if place and not place.is_dir():
        raise UserError(f"There is no folder {place}; ask your instructor for its name.")
    if place:
        try:
            files.try_out(place)
        except OSError as error:
            raise UserError(f"{place} cannot be written to ({error.strerror}); ask your instructor.") from error
    before = read(workdir)
    if before.share and str(place or "") != before.share:
        (Path(before.share) / f"{before.id}.json").unlink(missing_ok=True)

    def change(book: Book) -> None:
        book.share, book.seat = str(place or ""), seat

    _write(workdir, change)
    if not place:
        return "Nothing is shared: your results stay in your workdir."
    return f"Shared in {place}: which labs you began and passed, when, their figures. No name, no picture, no answer."


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def _write(workdir: str | Path, change: Callable[[Book], None]) -> None:
    """Read, change and write a workdir's logbook. What cannot be written is let be: a lesson goes on without."""
    path, until = Path(workdir) / NAME, time.monotonic() + PATIENCE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    while True:
        try:
            with files.alone(path, "note"):
                book = read(path)
                change(book)
                book.written = _now()
                book = Book.model_validate(book.model_dump())  # or what cannot be read again would cost all the rest
                _put(path, book)
                if book.share:
                    _hand_over(Path(book.share) / f"{book.id}.json", book.model_copy(update={"share": ""}))
            return
        except UserError:  # another notebook is at it
            if time.monotonic() > until:
                return
            time.sleep(0.05)
        except (OSError, ValueError):
            return


def _put(path: Path, book: Book) -> None:
    with files.whole(path) as part:
        part.write_text(_text(book), encoding="utf-8")


def _hand_over(path: Path, book: Book) -> None:
    """Whole, too, but not flushed: that takes the right to look around in the folder, which learners need not have."""
    part = files.aside(path, "part")
    part.unlink(missing_ok=True)
    part.write_text(_text(book), encoding="utf-8")
    part.chmod(0o644)  # the instructor is another user
    os.replace(part, path)


def _text(book: Book) -> str:
    return json.dumps(files.sealed(book.model_dump(mode="json")), indent=1)
