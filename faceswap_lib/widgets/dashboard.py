"""A training one can watch and touch: curves, held-out faces and a swap while it runs; the game on and off; an end.

Training goes on in the cell. What a hand does meanwhile arrives in a thread of its own (Jupyter's subshells) and only
leaves a wish in the `Run`, which is looked at before each step.
"""

import html
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from faceswap_lib.display import pages
from faceswap_lib.display.live import Live
from faceswap_lib.face.faceset import evenly
from faceswap_lib.network import previews
from faceswap_lib.widgets import svg_curves

if TYPE_CHECKING:  # or whoever shows a page would wait for ipywidgets
    from ipywidgets import Widget

    from faceswap_lib.network.run import Run

BY_HAND = "hand"  # how a training ended that was told to
FIRST, SLOWEST = 0.7, 4.0  # seconds between two looks: at first, and at last
KEPT = 14  # looks that the still picture keeps
GAME = ("gan_real", "gan_fake")
GAP = 1.0  # seconds between two lines that tell how far it is
MOVE = "this.parentNode.querySelectorAll('figure').forEach((p,i)=>p.style.display=i==this.value?'block':'none')"


@dataclass(frozen=True)
class Look:
    """What was seen at an iteration: the sheet of held-out faces, and a frame of A with B's face, as JPEG addresses."""

    iteration: int
    sheet: str
    swap: str

    @property
    def page(self) -> str:
        """The pictures with their names, as HTML."""
        names = "".join(f'<span style="flex:1">{name}</span>' for name in previews.COLUMNS)
        held = (
            f'<div style="flex:3;min-width:300px;text-align:center"><div style="display:flex">{names}</div>'
            f'<img style="width:100%" src="{self.sheet}" alt="Four held-out faces of A and of B at iteration '
            f'{self.iteration}: real, drawn as themselves, and drawn as the other person"></div>'
        )
        swap = (
            f'<div style="flex:2;min-width:200px;text-align:center">A frame of A, with B\'s face'
            f'<img style="width:100%" src="{self.swap}" alt="A frame of A\'s video with B\'s face as the network draws '
            f'it at iteration {self.iteration}, labelled as synthetic"></div>'
        )
        both = held + swap * bool(self.swap)
        return f'<div style="display:flex;flex-wrap:wrap;gap:12px;max-width:980px">{both}</div>'


class Dashboard:
    """A training's `progress`, and its `each` by `look`; to be entered with `with`, which shows it and finishes it.

    model: the folder it trains into; clip, faces_a: A's video and faceset, of which one frame is swapped all the while.
    """

    def __init__(self, model: str | Path, clip: str | Path | None = None, faces_a: str | Path | None = None):
        self.model, self._of_a, self.run, self.looks = Path(model), (clip, faces_a), None, []
        self._paint, self._told, self._seen, self._handle, self._own = None, 0.0, 0.0, None, False
        self._said, self._share = "loading faces and network", 0.0
        self.widget = self._built()

    def _built(self) -> "Widget":
        import ipywidgets as w

        self.line, self.pictures, self.curves = w.HTML(), w.HTML(), w.HTML()
        self.bar = w.FloatProgress(0.0, min=0.0, max=1.0, layout=w.Layout(width="320px"))
        self.stop = w.Button(description="Stop and save", icon="stop", tooltip="End the training as it is; it is saved")
        self.gan = w.Checkbox(False, description="discriminator plays", indent=False, layout=w.Layout(width="200px"))
        wide = {"layout": w.Layout(width="460px"), "style": {"description_width": "initial"}}
        self.when = w.IntSlider(0, min=0, max=0, description="look back", disabled=True, readout=False, **wide)
        self.play = w.Play(interval=350, disabled=True, description="time-lapse")
        w.link((self.play, "value"), (self.when, "value"))
        self.stop.on_click(self._stopped)
        self.gan.observe(self._toggled, "value")
        self.when.observe(lambda _: self._shown(), "value")
        rows = [w.HBox([self.bar, self.stop, self.gan]), self.line, self.curves, w.HBox([self.play, self.when])]
        box = w.VBox([*rows, self.pictures])
        box.add_class("fsw-dashboard")
        return box

    def __enter__(self) -> "Dashboard":
        self._tell()
        if pages.notebook():
            self._handle = sys.modules["IPython"].display.display(self.live, display_id=True)
        return self

    def __call__(self, done: int, total: int | None, note: str) -> None:
        """Take note of `done` of `total`: a training's `progress`."""
        now, share = time.monotonic(), done / total if total else 0.0
        if note.startswith("iteration") and now - self._told < GAP and share < 1:
            return
        self._told, self._said, self._share = now, note, share
        self._tell()

    def look(self, run: "Run") -> None:
        """Look at the training, if it is time for it: its `each`."""
        self.run = run
        self._agree()
        if not self.looks or time.monotonic() - self._seen > min(SLOWEST, max(FIRST, run.seconds / 8)):
            self._look()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop.disabled = self.gan.disabled = True
        if self.run and not kind:
            self._look()
            self._said = self._end()
            if not self._handle:
                print(self._said)
        elif kind:
            self._said = "ended by an error, see below"
        else:
            self._said = f"Nothing was left to train in {self.model}; resume = True goes on with it."
        self._tell()
        few = len(self.looks) < 2
        self.play.disabled = self.when.disabled = few
        if self._handle:
            self._handle.update(self.live)

    @property
    def live(self) -> Live:
        """The widget, with its still picture as it is when shown."""
        return Live(self.widget, self.still)

    def still(self) -> str:
        """The same without a kernel: the curves, and some of the looks under a slider."""
        some = [self.looks[i] for i in evenly(min(KEPT, len(self.looks)), len(self.looks))] if self.looks else []
        last = len(some) - 1
        figures = "".join(
            f'<figure style="margin:0;display:{"block" if i == last else "none"}">iteration {look.iteration}'
            f"{look.page}</figure>"
            for i, look in enumerate(some)
        )
        back = (
            f'<input {pages.KEYS} type="range" aria-label="look back through the training" min="0" max="{last}" '
            f'value="{last}" style="width:460px;max-width:100%" oninput="{MOVE}">'
        )
        return f"<div>{self.line.value}{self.curves.value}{figures}{back * (last > 0)}</div>"

    def _look(self) -> None:
        run, clip = self.run, self._of_a[0]
        if clip and not self._paint:
            from faceswap_lib.compose import live_swap

            self._paint = live_swap.painter(run, *self._of_a)
        sheets = previews.paths(self.model)
        swap = pages.jpeg(self._paint()) if self._paint else ""
        self.looks.append(Look(run.iteration, pages.address(sheets[-1]) if sheets else "", swap))
        self.curves.value = f"<div>{svg_curves.losses(run.history)}{svg_curves.game(run.history)}</div>"
        follows = self.when.value == self.when.max
        self.play.max = self.when.max = len(self.looks) - 1
        self.when.disabled = len(self.looks) < 2
        if follows:
            self.when.value = self.when.max
        self._shown()
        self._seen = time.monotonic()

    def _shown(self) -> None:
        look = self.looks[min(self.when.value, len(self.looks) - 1)]
        self.pictures.value = f"<div>iteration {look.iteration}</div>{look.page}"

    def _agree(self) -> None:
        """The box shows what the next step does, unless a hand has just said something else."""
        if self.gan.value != self.run.plays:
            self._own = True
            self.gan.value = self.run.plays
            self._own = False

    def _toggled(self, change: dict) -> None:
        if self.run and not self._own:
            self.run.play = change["new"]

    def _stopped(self, _: object) -> None:
        if self.run:
            self.run.stop = BY_HAND
            self.stop.disabled, self.stop.description = True, "Stopping …"

    def _tell(self) -> None:
        run = self.run
        left = run.left if run and self._said.startswith("iteration") and self._share < 1 else None
        words = [self._said] if left is None else [self._said, f"about {_spoken(left)} left"]
        if run and run.net.gan:
            words.append("discriminator's loss {:.2f} on real, {:.2f} on drawn".format(*_game(run)))
        self.bar.value = self._share
        self.line.value = f'<div role="status">{html.escape(" · ".join(words))}</div>'

    def _end(self) -> str:
        run = self.run
        how = {BY_HAND: "stopped by hand", "": "interrupted"}.get(run.about.get("stopped", ""), "at its end")
        return f"Saved in {self.model} at iteration {run.iteration}, {how}; resume = True goes on."


def _game(run: "Run") -> tuple[float, float]:
    """What the discriminator lost since the last look at held-out faces, or up to it: on real, on drawn pictures."""
    since = [float(run.net.parts[name].result()) for name in GAME]
    return tuple(since if any(since) or not run.history else (run.history[-1][name] for name in GAME))


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
