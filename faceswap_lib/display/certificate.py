"""certificate.html: what a learner did in this workdir, by its logbook and report; a name only where one is typed."""

import html
from datetime import date
from pathlib import Path

from faceswap_lib import UserError, files
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.classroom.logbook import Book, Lab
from faceswap_lib.display import sheet
from faceswap_lib.measure import report
from faceswap_lib.measure.figures import FIGURES

NAME = "certificate.html"
TITLE = "Certificate of a face-swap workshop"
LONGEST = 80  # characters of a name
STYLE = """main { border: 3px double light-dark(#555, #aaa); padding: 1rem 2rem }
td:nth-child(3) { white-space: nowrap }
@media (max-width: 640px) { main { padding: .5rem } td:nth-child(3) { white-space: normal } }
@media print { main { border-color: #000 } }"""
FIRST = ("ssim", "identity", "expression", "motion", "sharpness", "lost")  # of the report, where they are in it
SYNTHETIC = """The video of this run is synthetic: a network drew the face, and a visible label says so in every frame.
The built-in people are rendered and do not exist. This page was made by the learner's own computer from its own notes;
it proves nothing to somebody who does not trust it."""


def write(workdir: str | Path, name: str = "") -> Path:
    """Write the certificate of a workdir; name: printed on it and kept nowhere else. UserError where it cannot be."""
    path = Path(workdir) / NAME
    if len(name) > LONGEST:
        raise UserError(f"The name has {len(name)} letters; {LONGEST} fit on the certificate.")
    try:
        if path.exists() and f"<title>{TITLE}</title>" not in path.read_text(encoding="utf-8", errors="replace"):
            raise UserError(f"{path} is not of this kit's making and would be lost; move it away.")
        with files.whole(path) as part:
            part.write_text(page(logbook.read(workdir), _report(Path(workdir)), name), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); free some space or its rights.") from error
    return path


def page(book: Book, found: dict | None, name: str = "", day: date | None = None) -> str:
    """The page; found: what report.json holds, or None."""
    entries = [(each, book.labs.get(each.number, Lab())) for each in LESSONS]
    passed = sum(bool(lab.first) for _, lab in entries)
    who = f"<p>for <b>{html.escape(' '.join(name.split()))}</b></p>" if name.strip() else ""
    rows = [
        [
            f"{int(each.number)} · {html.escape(each.title)}",
            html.escape(each.aim),
            f"passed on {lab.first:%Y-%m-%d}" if lab.first else "not passed",
            f"{lab.right}" if lab.exercises else "",
        ]
        for each, lab in entries
    ]
    table = sheet.table(("lab", "can", "self-check", "exercises right"), rows, "The labs")
    kits = sorted({what for _, lab in entries for what in lab.kits})
    taken = f"<p>Taken from the kit, not made here: {html.escape(', '.join(kits))}.</p>" if kits else ""
    said = f"<p>{passed} of {len(LESSONS)} labs passed their self-check.</p>"
    today = f'<p class="fine">{day or date.today():%Y-%m-%d}. {SYNTHETIC}</p>'
    return sheet.page(TITLE, f"<h1>{TITLE}</h1>{who}{said}{table}{taken}{_figures(found)}{today}", STYLE)


def _figures(found: dict | None) -> str:
    if not found:
        return "<p>The swap was not measured.</p>"
    rows = []
    for name in (name for name in FIRST if name in found["figures"]):
        f = found["figures"][name]
        value, low, high = (report.shown(name, f[key]) for key in ("value", "low", "high"))
        rows.append([name, f"<b>{value}</b>", f"{low} to {high}", html.escape(FIGURES[name].meaning)])
    return sheet.table(("figure", "this swap", "95 % interval", "what it says"), rows, "How good the swap is")


def _report(workdir: Path) -> dict | None:
    try:
        return report.read(workdir)
    except UserError:
        return None
