"""The start page's answers: where the learner stands in each lab, what comes next, what was made, to be opened."""

import html
from pathlib import Path

from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS, Lesson
from faceswap_lib.classroom.logbook import Book, Lab
from faceswap_lib.display import index_page, served, sheet
from faceswap_lib.display.pages import Page
from faceswap_lib.media import video

LINK = 'style="text-decoration:underline"'  # not by colour alone
MADE = {
    "index.html": "all labs on one page",
    "report.html": "how good the swap is",
    "swapped": "the swapped video",
    "certificate.html": "your certificate",
}


def state(workdir: str | Path) -> Page:
    """How each lab stands, what comes next, and links to what was made."""
    book = logbook.read(workdir)
    rows = [_row(each, book.labs.get(each.number, Lab())) for each in LESSONS]
    table = sheet.table(("lab", "after it you can", "minutes", "how it stands"), rows, "The labs, and how you stand")
    said = f"<p><b>{_next(book, Path(workdir))}</b></p>"
    return Page(f'<div class="fsw-start">{said}{table}{_made(Path(workdir))}</div>')


def link(path: str | Path, what: str) -> Page:
    """A link to a file that was made, or where it lies if this notebook's server does not show it."""
    return Page(f"<p>{_link(Path(path), what)}</p>")


def _row(lesson: Lesson, entry: Lab) -> list[str]:
    link = f'<a {LINK} href="{lesson.name}.ipynb">{int(lesson.number)} · {html.escape(lesson.title)}</a>'
    rest = f"<br>then a break of {lesson.rest}" if lesson.rest else ""
    return [link, html.escape(lesson.aim), f"{lesson.minutes}{rest}", html.escape(index_page.status(entry))]


def _next(book: Book, workdir: Path) -> str:
    """What to do next: the first lab that has not passed, and what it lacks."""
    for lesson in LESSONS:
        entry = book.labs.get(lesson.number, Lab())
        if entry.passed or (entry.kits and not entry.begun):
            continue
        link = f'<a {LINK} href="{lesson.name}.ipynb">lab {int(lesson.number)}, {html.escape(lesson.title)}</a>'
        if entry.todo:
            return f"Next: back to {link}. Its self-check still asks: {html.escape(entry.todo[0])}."
        earlier = [each for each in LESSONS if each.number < lesson.number]
        lacks = [e for e in earlier if not all(_there(workdir, thing) for thing in e.makes)]
        missed = f" It needs what lab {int(lacks[0].number)} makes; if you missed that, see below." if lacks else ""
        return f"Next: {link}, {lesson.minutes} minutes.{missed}"
    return "All labs passed. Your certificate is below."


def _there(workdir: Path, thing: str) -> bool:
    return (workdir / thing).exists() or video.fitted(workdir / f"{thing}.mp4") is not None


def _made(workdir: Path) -> str:
    items = []
    for name, what in MADE.items():
        paths = [workdir / name] if "." in name else [video.fitted(workdir / f"{name}.mp4") or workdir / name]
        items += [_link(path, what) for path in paths if path.is_file()]
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<p>What you have made so far:</p><ul>{listed}</ul>" if items else "<p>Nothing was made yet.</p>"


def _link(path: Path, what: str) -> str:
    where = served.address(path)
    if not where:
        return f"{what}: {html.escape(str(path.resolve()))}"
    return f'<a {LINK} href="{html.escape(where)}" target="_blank" rel="noopener">{what} ({html.escape(path.name)})</a>'
