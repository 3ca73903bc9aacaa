"""The toy GAN to play with: its dots, what its discriminator thinks of every place, the modes it reaches; run and stop.

Lab 4, before "Why a game at all?". What is drawn and counted: toys/gan2d.py.
"""

import numpy as np
from ipywidgets import HTML, Button, Checkbox, FloatLogSlider, HBox, IntSlider, Layout, VBox

from faceswap_lib.display import pages, theme
from faceswap_lib.display.live import Live
from faceswap_lib.display.pages import Page
from faceswap_lib.toys import gan2d
from faceswap_lib.toys.gan2d import Gan
from faceswap_lib.widgets import controls
from faceswap_lib.widgets import play_paint as paint
from faceswap_lib.widgets.play_loop import Loop

SIZE, WIDE, GRID, SHOWN = 400, 440, 48, 300  # pixels of the plane, of the charts; places of the field; dots of a kind
ALT = (
    "Eight groups of real dots on a ring, the dots that the generator draws, and in colour what the discriminator "
    "thinks real; beside it the number of groups reached and both losses over time."
)
SLIDERS = {
    "discriminator_steps": ("discriminator steps", 1, 10),
    "generator_steps": ("generator steps", 1, 10),
    "discriminator_rate": ("discriminator rate", -4, -1),
    "generator_rate": ("generator rate", -4, -1),
}
WORDS = {"description_width": "130px"}
STORY = ((0, False), (300, False), (900, False), (60, True))  # rounds, and whether with the collapsing settings


class ToyGan(Live):
    """The game: `gan` is its state, `modes` how many of the eight groups the generator reaches now."""

    def __init__(self, seed: int = 0):
        self.gan, self.real = Gan(seed), gan2d.ring(SHOWN, np.random.default_rng(2))
        self.loop = Loop(self._play, self._running)
        self.picture, self.status = paint.image(ALT, SIZE + WIDE + 12), HTML()
        names = ("Step", "Run", "Stop", "Reset")
        self.buttons = {name: Button(description=name, layout=Layout(width="80px")) for name in names}
        doings = (self._step, self.loop.start, self.loop.stop, self.reset)
        for button, do in zip(self.buttons.values(), doings, strict=True):
            button.on_click(lambda _, do=do: do())
        self.speed = IntSlider(10, 1, 50, description="rounds a picture", style=WORDS)
        self.collapse = Checkbox(False, description="make it collapse", indent=False)
        self.collapse.observe(lambda change: self._set(change.new), "value")
        self.sliders = {name: _slider(name) for name in SLIDERS}
        for name, slider in self.sliders.items():
            slider.observe(lambda change, name=name: setattr(self.gan.settings, name, change.new), "value")
        super().__init__(self._box(), lambda: controls.img(self.drawn(), ALT) + self.status.value)
        self._running(False)
        self.show()

    def _box(self) -> VBox:
        rows = [self.sliders[name] for name in SLIDERS]
        controls = [HBox([*self.buttons.values(), self.collapse]), self.speed, HBox(rows[:2]), HBox(rows[2:])]
        for row in (row for row in controls if row is not self.speed):
            row.layout.flex_flow = "row wrap"
        box = VBox([*controls, self.picture, self.status])
        box.add_class("fsw-gan")
        return box

    @property
    def modes(self) -> int:
        """How many of the eight groups are reached."""
        return self.gan.history[-1]["modes"]

    def reset(self) -> None:
        """Begin anew, with the settings as they are."""
        self.loop.stop()
        self.gan = Gan(self.gan.seed, self.gan.settings)
        self.show()

    def show(self) -> None:
        """Count and draw."""
        now = self.gan.look()
        self.status.value = (
            f"<div role='status'>round {self.gan.round}: <b>{now.modes} of {gan2d.MODES} groups reached</b>, "
            f"{now.share:.0%} of the drawn dots lie within 3 sigma of one</div>"
        )
        self.picture.value = pages.jpeg_file(self.drawn())

    def drawn(self) -> np.ndarray:
        """The picture: plane, modes and losses."""
        past = self.gan.history[-400:]
        modes = paint.chart({"groups reached": ([r["modes"] for r in past], theme.IDEAL)}, 8, WIDE, SIZE // 2)
        played = [r for r in past if r["round"]]
        losses = {
            "discriminator's loss": ([r["discriminator"] for r in played], theme.GAME),
            "generator's": ([r["generator"] for r in played], theme.B),
        }
        charts = paint.below(modes, paint.chart(losses, 4, WIDE, SIZE // 2))
        return paint.beside(dots(self.gan, self.real), charts)

    def _play(self) -> None:
        for _ in range(self.speed.value):
            self.gan.step()
        self.show()

    def _step(self) -> None:
        self.gan.step()
        self.show()

    def _running(self, now: bool) -> None:
        self.buttons["Run"].disabled, self.buttons["Stop"].disabled = now, not now

    def _set(self, collapsing: bool) -> None:
        self.gan.settings = gan2d.collapsing() if collapsing else gan2d.fair()
        for name, slider in self.sliders.items():
            slider.value = getattr(self.gan.settings, name)


def gan(seed: int = 0) -> ToyGan:
    """The toy GAN with its buttons and sliders."""
    return ToyGan(seed)


def story(seed: int = 0) -> Page:
    """What a game looks like that nobody touches: at the start, under way, at the end, and made to collapse."""
    game, parts = Gan(seed), []
    for rounds, collapsing in STORY:
        game.settings = gan2d.collapsing() if collapsing else gan2d.fair()
        for _ in range(rounds):
            game.step()
        now = game.look()
        words = f"round {game.round}{', made to collapse' * collapsing}: {now.modes} groups"
        picture = controls.img(dots(game, gan2d.ring(SHOWN, np.random.default_rng(2)), 280), f"Toy GAN, {words}")
        parts.append(f'<figure style="margin:0"><figcaption>{words}</figcaption>{picture}</figure>')
    return Page(f'<div style="display:flex;flex-wrap:wrap;gap:10px">{"".join(parts)}</div>')


def dots(game: Gan, real: np.ndarray, size: int = SIZE) -> np.ndarray:
    """The plane: what the discriminator thinks real in violet, real dots as blue rings, drawn dots filled and red."""
    field = game.field(GRID)[::-1]
    picture = paint.plane(0.5 + 0.5 * (field - field.min()) / np.ptp(field).clip(1e-6), theme.GREY, theme.GAME, size)
    paint.dots(picture, real, gan2d.EDGE, theme.A, hollow=True)
    paint.dots(picture, game.drawn(SHOWN), gan2d.EDGE, theme.B)
    return picture


def _slider(name: str) -> IntSlider | FloatLogSlider:
    words, low, high = SLIDERS[name]
    value, style = getattr(gan2d.fair(), name), {"description": words, "style": WORDS}
    if isinstance(value, int):
        return IntSlider(value, low, high, **style)
    return FloatLogSlider(value, min=low, max=high, step=0.1, readout_format=".4f", **style)
