"""index.html: one page over all labs of a workdir, from its logbook; made after every lab, however that was run."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap_lib import UserError, files
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.classroom.logbook import Book, Lab
from faceswap_lib.display import sheet
from faceswap_lib.measure import report
from faceswap_lib.media import video

NAME = "index.html"
HEADING = "Face-swap workshop"
TITLE = f"<title>{HEADING}</title>"  # by which a run knows the page for one of its own
STYLE = "video { width: 30rem }"
RENDERED = """The people in the built-in clips are rendered and do not exist; every swapped video is labelled as
synthetic."""


@dataclass(frozen=True)
class Line:
    """One lab: name of its notebook, title, how it stands; seconds and peak (GB) where a run took them."""

    name: str
    title: str
    status: str
    seconds: float | None = None
    peak: float | None = None


def status(entry: Lab) -> str:
    """How a lab stands, in a few words."""
    done = "passed" if entry.passed else "passed before, not now" if entry.first else ""
    to_do = f"{len(entry.todo)} to do" if entry.todo else ""
    begun = "begun" if entry.begun and not entry.checked else ""
    right = f"exercises {entry.right} of {len(entry.exercises)} tried" if entry.exercises else ""
    kit = f"from the kit: {', '.join(entry.kits)}" if entry.kits else ""
    return "; ".join(filter(None, (done, to_do, begun, right, kit))) or "not begun"


def lines(book: Book) -> list[Line]:
    """All lessons as the logbook has them."""
    entries = ((each, book.labs.get(each.number, Lab())) for each in LESSONS)
    return [Line(e.name, f"Lab {int(e.number)} · {e.title}", status(lab), lab.seconds, lab.peak) for e, lab in entries]


def page(labs: Iterable[Line], there: Sequence[str] = (), minutes: float = 0.0, told: str = "", clip: str = "") -> str:
    """The page. there: names of notebooks whose page is there; told: how good the swap is; clip: the video's name."""
    rows = [
        [_linked(each, each.name in there), html.escape(each.status), _number(each.seconds, " s"), _gb(each.peak)]
        for each in labs
    ]
    table = sheet.table(("lab", "how it stands", "time", "memory"), rows, "All labs of this run")
    head = '<h2><a href="report.html">How good it is</a></h2>'
    figures = f"{head}<pre tabindex='0'>{html.escape(told)}</pre>" if told else ""
    source = f'<video src="{html.escape(clip)}#t=1.2" controls loop aria-label="the swapped video"></video>'
    took = f"All notebooks as they ran, {minutes:.1f} minutes in all. " if minutes else ""
    shown = f"{source}\n" if clip else ""
    return sheet.page(HEADING, f"<h1>{HEADING}</h1>\n<p>{took}{RENDERED}</p>\n{shown}{table}\n{figures}", STYLE)


def write(workdir: str | Path, labs: Sequence[Line] = (), minutes: float = 0.0) -> Path | None:
    """Write a workdir's page; None where a page of somebody else's has the name, or the disk refuses.

    labs: of a run; else what the logbook has.
    """
    folder = Path(workdir)
    path, shown = folder / NAME, list(labs) or lines(logbook.read(folder))
    there = [each.name for each in shown if (folder / "notebooks" / f"{each.name}.html").is_file()]
    told, clip = _told(folder), video.fitted(folder / "swapped.mp4")
    try:
        if path.exists() and TITLE not in path.read_text(encoding="utf-8", errors="replace"):
            return None
        with files.whole(path) as part:
            part.write_text(page(shown, there, minutes, told, clip.name if clip else ""), encoding="utf-8")
    except OSError:
        return None
    return path


def _told(folder: Path) -> str:
    try:
        found = report.read(folder)
        return f"{report.table(found)}\n{report.summarise(found)}"
    except (UserError, OSError):
        return ""


def _linked(line: Line, there: bool) -> str:
    title = html.escape(line.title)
    return f'<a href="notebooks/{html.escape(line.name)}.html">{title}</a>' if there else title


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.0f}{unit}"


def _gb(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} GB"
