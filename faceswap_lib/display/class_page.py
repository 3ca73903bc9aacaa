"""class.html: who of a class is at which lab and who may be stuck, from the logbooks that they share."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path

from faceswap_lib import UserError, files
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import EXTRA, LAST, LESSONS, Lesson
from faceswap_lib.classroom.logbook import Book, Lab
from faceswap_lib.display import sheet

TITLE = "Face-swap workshop: the class"
MOST = 2000  # learners
TRIES = 3  # self-checks of one lab that said no
QUIET = 20.0  # minutes without a word from one who is not through
EVERY = 5.0  # seconds from one look to the next
STYLE = ".stuck td { background: light-dark(#fdecd2, #4a3410) }"
AGAIN = """<p><label><input type="checkbox" id="again" checked> look again every {every:.0f} seconds</label></p>
<script>
setInterval(() => {{ if (document.getElementById("again").checked) location.reload() }}, {every:.0f}000)</script>"""
SHARED = """Each learner has chosen to share this: labs begun and passed, when, exercises right, figures. Nothing
else is here: no name, no picture, no answer."""


@dataclass(frozen=True)
class Learner:
    """One line: seat or id, the lab, minutes in it, what may be wrong (or ""), each lab's sign, exercises right."""

    seat: str
    at: str
    minutes: float
    trouble: str
    labs: tuple[str, ...]
    right: int


def read(folder: str | Path) -> tuple[list[Book], int]:
    """The logbooks in a folder and each learner's part of it, how many cannot be read; UserError: no such folder."""
    place, books, bad = files.check_name(folder), [], 0
    if not place.is_dir():
        raise UserError(f"There is no folder {place}; give the one that the learners share in.")
    parts = [part for part in sorted(place.glob("[!.]*")) if part.is_dir() and not part.is_symlink()]
    found = (path for part in (place, *parts[:MOST]) for path in sorted(part.glob("[!.]*.json")))
    for path in islice(found, MOST):
        try:
            books.append(logbook.load(path))
        except (OSError, ValueError):
            bad += 1
    return books, bad


def learner(book: Book, now: datetime) -> Learner:
    """How one stands: at the last lab that was begun and has not passed, or after the last that has."""
    entries = [(each, book.labs.get(each.number, Lab())) for each in LESSONS]
    signs = tuple("✓" if lab.first else "…" if lab.begun else "–" for _, lab in entries)
    open_ = [(each, lab) for each, lab in entries if lab.begun and not lab.first]
    right = sum(lab.right for _, lab in entries)
    if not open_:
        last = max((lab.first for _, lab in entries if lab.first), default=None)
        after = [each for each, lab in entries if lab.first]
        at = (
            "through"
            if all(lab.first for each, lab in entries if each.number <= LAST)
            else f"after lab {int(after[-1].number)}"
            if after
            else "–"
        )
        idle = (now - last).total_seconds() / 60 if last else 0.0
        trouble = f"nothing begun for {idle:.0f} minutes" if at != "through" and idle > QUIET else ""
        return Learner(book.seat or book.id, at, idle, trouble, signs, right)
    lesson, lab = max(open_, key=lambda each: each[1].begun)
    minutes = max(0.0, (now - lab.begun).total_seconds() / 60)
    return Learner(
        book.seat or book.id, f"lab {int(lesson.number)}", minutes, _trouble(lesson, lab, minutes), signs, right
    )


def _trouble(lesson: Lesson, lab: Lab, minutes: float) -> str:
    asked = f"; it asks: {lab.todo[0]}" if lab.todo else ""
    if lab.tries >= TRIES:
        return f"{lab.tries} self-checks said no{asked}"
    if minutes > lesson.minutes + EXTRA:
        return f"planned were {lesson.minutes} minutes{asked}"
    return ""


def page(books: list[Book], bad: int = 0, now: datetime | None = None) -> str:
    """The page; it asks for itself again while it is open. bad: files that could not be read."""
    now = now or datetime.now(timezone.utc)
    found = sorted((learner(book, now) for book in books), key=lambda each: (not each.trouble, each.seat.zfill(20)))
    rows = [[html.escape(each) for each in cells(one)] for one in found]
    heads = ("seat", "is at", "minutes", "stuck?", *(str(int(each.number)) for each in LESSONS), "exercises right")
    table = sheet.table(heads, rows, "The class").replace("<tr><td", '<tr class="stuck"><td', _stuck(found))
    unread = f"<p>{bad} files in the folder are no logbooks, or damaged.</p>" if bad else ""
    told = f"{len(found)} learners, {_stuck(found)} of them may be stuck. {now.astimezone():%H:%M:%S}"
    signs = "✓ passed, … begun, – not begun."
    head = f"<h1>{TITLE}</h1><p>{told}</p>{AGAIN.format(every=EVERY)}"
    body = f'{head}{table}{unread}<p class="fine">{signs} {SHARED}</p>'
    return sheet.page(TITLE, body, STYLE)


def cells(one: Learner) -> list[str]:
    """One line as text."""
    return [one.seat, one.at, f"{one.minutes:.0f}", one.trouble, *one.labs, str(one.right)]


def watch(folder: str | Path, out: str | Path, look: Callable[[str], bool], pause: float = EVERY) -> None:
    """Write the page again and again; look gets a sentence after each and says whether to go on. UserError."""
    path = Path(out)
    if path.exists() and TITLE not in path.read_text(encoding="utf-8", errors="replace"):
        raise UserError(f"{path} is not of this kit's making and would be lost; give another --out.")
    while True:
        books, bad = read(folder)
        try:
            with files.whole(path) as part:
                part.write_text(page(books, bad), encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be written ({error.strerror}); give another --out.") from error
        now = datetime.now(timezone.utc)
        stuck = [one for one in (learner(book, now) for book in books) if one.trouble]
        said = "; ".join(f"{one.seat} at {one.at}: {one.trouble}" for one in stuck)
        if not look(f"{len(books)} learners. {said}".strip()):
            return
        time.sleep(pause)


def _stuck(found: list[Learner]) -> int:
    return sum(bool(each.trouble) for each in found)
