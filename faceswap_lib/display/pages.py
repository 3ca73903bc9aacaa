"""What the notebooks show as HTML: player, slider, tables, progress; and the self-checks. It needs no live kernel."""

import base64
import html
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.classroom import logbook
from faceswap_lib.display import errors, index_page
from faceswap_lib.media import video
from faceswap_lib.network import previews

KEYS = 'data-lm-suppress-shortcuts="true"'  # or JupyterLab takes a slider's arrow keys for shortcuts of its own
EMBED = 20e6  # bytes: a clip up to this size becomes part of the page
MADE_BY = {
    "faces/a": ("faces.json", "03_extract"),
    "faces/b": ("faces.json", "03_extract"),
    "model": ("model.json", "04_train"),
    "swapped": ("", "05_convert"),
}
ALTS = {
    "contact_sheet.jpg": "Faces of the faceset in rows, each upright and of the same size",
    "people.jpg": "Frames of the video with a number at each person's face",
}
# Each with a ground of its own, for a page may be light or dark.
COLOURS = {"OK": "#1f7a3f", "WARN": "#8f5a05", "FAIL": "#b3261e"}


class Page(str):
    """HTML that a notebook shows as such."""

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<page of {len(self)} characters>"  # or a notebook would store the whole page twice


def quiet() -> None:
    """Keep what MediaPipe and TensorFlow print past Python, and there is no switch for, out of a notebook's cells.

    Python's own warnings and errors do not take that way and are shown as ever, but for one of Keras: that the
    discriminator has no gradient, which is so until the game begins. A user's error is shown as its sentence
    (errors.py), and the logbook gets to know that the lab was begun. Outside a notebook it does nothing.
    """
    if shell := notebook():
        errors.as_sentences(shell)
        logbook.opened(shell.user_ns)
        warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def notebook() -> object | None:
    """IPython's shell where this runs in a notebook, else None."""
    # a notebook has IPython loaded already, so it need not be imported to be asked
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def needs(workdir: str | Path, *things: str) -> Path:
    """The workdir, once it holds these things, e.g. "model"; UserError names the lab that makes what is missing."""
    for thing in things:
        inside, lab = MADE_BY[thing.partition(".")[0]]
        if not (Path(workdir) / thing / inside).exists():
            raise UserError(f"{workdir} has no {thing} yet: run {lab}.ipynb first, with the same workdir.")
    return Path(workdir)


def check(
    conditions: Mapping[str, tuple[bool, str]],
    lab: str = "",
    workdir: str | Path | None = None,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Print a lab's self-check: condition -> (met, what to do if it is not).

    lab, e.g. "04", and workdir: where the result is noted, and figures to remember with it (classroom/logbook.py).
    """
    for what, (met, remedy) in conditions.items():
        print(f"ok     {what}" if met else f"TO DO  {what}: {remedy}")
    print("Self-check: pass" if all(met for met, _ in conditions.values()) else "Self-check: not yet, see TO DO.")
    if lab and workdir:
        logbook.checked(workdir, lab, {what: bool(met) for what, (met, _) in conditions.items()}, figures)
        index_page.write(workdir)


def table(rows: Sequence[object]) -> Page:
    """Dataclasses of one kind, or dicts with the same keys, as a table, a line each; verdicts in their colour."""
    lines = [vars(row) if is_dataclass(row) else row for row in rows]
    head = "".join(cell(name, "th") for name in lines[0])
    body = "".join(f"<tr>{''.join(map(cell, line.values()))}</tr>" for line in lines)
    return Page(f"<table><tr>{head}</tr>{body}</table>")


def cell(value: object, kind: str = "td", weight: str = "") -> str:
    """A cell of a table; kind: td or th; weight: its style, unless it is a verdict, which has one of its own."""
    if isinstance(value, dict):
        value = ", ".join(f"{name}: {number}" for name, number in value.items()) or "none"
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    look = f"font-weight:bold;color:#fff;background:{COLOURS[text]}" if text in COLOURS else weight
    scope = ' scope="col"' * (kind == "th")
    # alone in an element, a dollar sign begins no formula
    told = html.escape(text).replace("$", "<span>$</span>")
    return f'<{kind}{scope} style="text-align:left;{look}">{told}</{kind}>'


def picture(path: str | Path, width: int = 900, alt: str = "") -> Page:
    """A JPEG or PNG file as it is; alt: what it shows, else its name."""
    kind = "png" if Path(path).suffix == ".png" else "jpeg"
    source = f"data:image/{kind};base64,{_base64(Path(path).read_bytes())}"
    told = html.escape(alt or ALTS.get(Path(path).name) or Path(path).stem)
    return Page(f'<img alt="{told}" style="width:{width}px;max-width:100%" src="{source}">')


def who_is_who(sets: Mapping[str, str | Path]) -> Page:
    """Where a faceset's video shows several people: frames of it with everybody's number; name -> faceset folder."""
    parts = []
    for name, folder in sets.items():
        path = Path(folder) / "people.jpg"
        body = picture(path, 640) if path.exists() else "one person, nothing to choose"
        parts.append(f"<p><b>{html.escape(name)}:</b> {body}</p>")
    return Page("".join(parts))


def play(clip: str | Path, width: int = 360, alt: str = "") -> Page:
    """A clip to be played with its sound; alt: what it shows, else its name."""
    path = Path(clip)
    small = path.stat().st_size <= EMBED
    source = f"data:video/mp4;base64,{_base64(path.read_bytes())}" if small else path.resolve().as_uri()
    named = html.escape(alt or f"Video {path.name}")
    look = f"width:{width}px;max-width:100%"
    return Page(f'<video controls loop aria-label="{named}" style="{look}" src="{source}"></video>')


def slider(clips: Mapping[str, str | Path], count: int = 16, height: int = 230) -> Page:
    """A slider over frames of clips of one performance, side by side."""
    frames = video.probe(next(iter(clips.values()))).frames
    pick = set(np.linspace(0, frames - 1, count).astype(int))
    sides = [[frame for i, frame in enumerate(video.frames(clip)) if i in pick] for clip in clips.values()]
    pages = [np.hstack([_tall(picture, height) for picture in moment]) for moment in zip(*sides, strict=True)]
    told = html.escape(", ".join(clips))
    images = "".join(
        f'<img alt="{told}, side by side, moment {i + 1} of {len(pages)}" '
        f'style="display:{"none" if i else "block"};width:100%" src="{jpeg(page)}">'
        for i, page in enumerate(pages)
    )
    names = "".join(f'<span style="flex:1">{html.escape(name)}</span>' for name in clips)
    move = "this.parentNode.querySelectorAll('img').forEach((p,i)=>p.style.display=i==this.value?'block':'none')"
    wide = f"max-width:{pages[0].shape[1]}px"
    return Page(
        f'<div class="fsw-slider" style="{wide};text-align:center"><div style="display:flex">{names}</div>{images}'
        f'<input {KEYS} type="range" aria-label="moment" min="0" max="{len(pages) - 1}" value="0" style="width:100%" '
        f'oninput="{move}"></div>'
    )


class Progress:
    """A progress callback that keeps one line up to date, with an estimate, and a training's newest preview below it.

    model: the folder whose previews are shown. Outside a notebook it prints the last line only.
    """

    every = 1.0  # seconds between two updates, so that a run stays quiet

    def __init__(self, model: str | Path | None = None):
        self.model, self.start, self.shown, self.handle = model, time.monotonic(), 0.0, None
        self.begun = self.start

    def __call__(self, done: int, total: int | None, note: str) -> None:
        """Take note of `done` of `total`; total None: how long it takes is not known."""
        now, last = time.monotonic(), total is not None and done >= total
        self.begun = self.begun if done else now  # what goes before the first bit of the work tells nothing of its pace
        if now - self.shown < self.every and not last:
            return
        self.shown = now
        share = done / total if total else 0.0
        seconds = now - self.start
        left = f", about {(now - self.begun) * (1 - share) / share:.0f} s left" if 0 < share < 1 else ""
        self._put(f"{share:.0%} · " * bool(total) + f"{note} · {seconds:.0f} s{left}", share, last)

    def _put(self, line: str, share: float, last: bool) -> None:
        if not notebook():
            if last:
                print(line)
            return
        page = Page(
            f'<div style="width:360px;background:#e5e7eb"><div style="height:8px;width:{share:.0%};'
            f'background:#2a6f97"></div></div><div>{html.escape(line)}</div>{self._picture()}'
        )
        if self.handle:
            self.handle.update(page)
        else:
            self.handle = sys.modules["IPython"].display.display(page, display_id=True)

    def _picture(self) -> str:
        sheets = previews.paths(self.model) if self.model else []
        if not sheets:
            return ""
        source = f"data:image/jpeg;base64,{_base64(sheets[-1].read_bytes())}"
        names = "".join(f'<span style="flex:1">{name}</span>' for name in previews.COLUMNS)
        return (
            f'<div style="width:600px;text-align:center"><div style="display:flex">{names}</div>'
            f'<img alt="training preview" style="width:100%" src="{source}"></div>'
        )


def _tall(picture: np.ndarray, height: int) -> np.ndarray:
    width = picture.shape[1] * height // picture.shape[0]
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def jpeg_file(picture: np.ndarray) -> bytes:
    """A picture (H, W, 3) as a JPEG file."""
    data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return data.tobytes()


def jpeg(picture: np.ndarray) -> str:
    """A picture (H, W, 3) as the address of an image within a page."""
    return f"data:image/jpeg;base64,{_base64(jpeg_file(picture))}"


def address(path: str | Path) -> str:
    """A JPEG file as the address of an image within a page."""
    return f"data:image/jpeg;base64,{_base64(Path(path).read_bytes())}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
