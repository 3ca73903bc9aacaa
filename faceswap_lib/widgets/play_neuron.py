"""A neuron turned by hand, and a few that learn: sliders, a button, and what they say of each place in the plane."""

import numpy as np
from ipywidgets import HTML, Button, Dropdown, FloatSlider, HBox, IntSlider, Layout, VBox

from faceswap_lib.display import pages, theme
from faceswap_lib.display.live import Live
from faceswap_lib.toys import neuron
from faceswap_lib.toys.neuron import Neuron, TinyNet
from faceswap_lib.widgets import controls
from faceswap_lib.widgets import play_paint as paint
from faceswap_lib.widgets.play_loop import Loop

SIZE, WIDE, GRID = 360, 400, 60  # pixels of the plane and of the chart, places of the field
AT_ONCE, MOST = 5, 600  # steps a picture, and of a training
ALT = "Blue rings and red dots in a plane, coloured by the {} answer; a dark line where it is undecided."
WORDS = {"description_width": "110px"}


class OneNeuron(Live):
    """A neuron with a slider for each weight and the bias; `right` is the share of dots on the right side."""

    def __init__(self, name: str = "halves"):
        self.dots, self.labels = neuron.toy_set(name)
        self.picture, self.status = paint.image(ALT.format("neuron's"), SIZE), HTML()
        words = {"w1": "w1 (across)", "w2": "w2 (up)", "b": "b (bias)"}
        self.sliders = {n: FloatSlider(0, min=-6, max=6, step=0.1, description=w) for n, w in words.items()}
        self.sliders["w1"].value = 1.0
        for slider in self.sliders.values():
            slider.observe(lambda change: self.show(), "value")
        self.show()
        box = HBox([self.picture, VBox([*self.sliders.values(), self.status])], layout=Layout(flex_flow="row wrap"))
        box.add_class("fsw-neuron")
        super().__init__(box, lambda: controls.img(self.drawn(), ALT.format("neuron's")) + self.status.value)

    @property
    def neuron(self) -> Neuron:
        """The neuron as the sliders stand."""
        return Neuron(**{name: slider.value for name, slider in self.sliders.items()})

    @property
    def right(self) -> float:
        """The share of dots on the right side."""
        return neuron.right(self.neuron, self.dots, self.labels)

    def show(self) -> None:
        """Draw, and say how many dots are right."""
        one = self.neuron
        self.picture.value = pages.jpeg_file(self.drawn())
        self.status.value = (
            f"<div role='status'>output = sigmoid({one.w1:.1f} · x {one.w2:+.1f} · y {one.b:+.1f})<br>"
            f"<b>{round(self.right * len(self.dots))} of {len(self.dots)} dots right</b></div>"
        )

    def drawn(self) -> np.ndarray:
        """The picture of it."""
        return _plane(self.neuron, self.dots, self.labels)


class SmallNet(Live):
    """A few hidden neurons that learn a set while one looks; `right` is the share of dots on the right side."""

    def __init__(self, name: str = "rings", hidden: int = 1, seed: int = 0):
        self.seed, self.loop = seed, Loop(self._some, self._running)
        self.picture, self.status = paint.image(ALT.format("network's"), SIZE + WIDE + 12), HTML()
        self.set = Dropdown(options=neuron.SETS, value=name, description="dots", style=WORDS)
        self.hidden = IntSlider(hidden, 1, 8, description="hidden neurons", style=WORDS)
        for control in (self.set, self.hidden):
            control.observe(lambda change: self.reset(), "value")
        names = ("Step", "Train", "Stop", "Reset")
        self.buttons = {n: Button(description=n, layout=Layout(width="80px")) for n in names}
        doings = (self.step, self.loop.start, self.loop.stop, self.reset)
        for button, do in zip(self.buttons.values(), doings, strict=True):
            button.on_click(lambda _, do=do: do())
        rows = [HBox([self.set, self.hidden]), HBox(list(self.buttons.values()))]
        for row in rows:
            row.layout.flex_flow = "row wrap"
        box = VBox([*rows, self.picture, self.status])
        box.add_class("fsw-tiny-net")
        self._running(False)
        self.reset()
        super().__init__(box, lambda: controls.img(self.drawn(), ALT.format("network's")) + self.status.value)

    @property
    def right(self) -> float:
        """The share of dots on the right side."""
        return self.net.right

    def reset(self) -> None:
        """Random weights again."""
        self.loop.stop()
        self.net = TinyNet(self.set.value, self.hidden.value, self.seed)
        self.show()

    def step(self) -> None:
        """One step of training."""
        self.net.step()
        self.show()

    def train(self, steps: int = MOST) -> None:
        """So many steps at once, without pictures on the way."""
        for _ in range(steps):
            self.net.step()
        self.show()

    def show(self) -> None:
        """Draw, and say how far it is."""
        self.picture.value = pages.jpeg_file(self.drawn())
        right = round(self.right * len(self.net.dots))
        self.status.value = (
            f"<div role='status'>step {self.net.steps}: <b>{right} of {len(self.net.dots)} dots right</b> "
            f"with {self.hidden.value} hidden neuron{'s' * (self.hidden.value > 1)}</div>"
        )

    def drawn(self) -> np.ndarray:
        """The picture: plane and learning curve."""
        curve = paint.chart({"loss": (self.net.losses, theme.GAME)}, 1, WIDE, SIZE)
        return paint.beside(_plane(self.net, self.net.dots, self.net.labels), curve)

    def _some(self) -> None:
        for _ in range(AT_ONCE):
            self.net.step()
        self.show()
        if self.net.steps >= MOST:
            self.loop.stop()

    def _running(self, now: bool) -> None:
        self.buttons["Train"].disabled, self.buttons["Stop"].disabled = now, not now


def one() -> OneNeuron:
    """A neuron with its three sliders."""
    return OneNeuron()


def few(name: str = "rings", hidden: int = 1) -> SmallNet:
    """A network with so many hidden neurons, which learns when told to."""
    return SmallNet(name, hidden)


def _plane(answer: Neuron | TinyNet, dots: np.ndarray, labels: np.ndarray) -> np.ndarray:
    field = neuron.field(answer, GRID)
    picture = paint.plane(field, theme.A, theme.B, SIZE)
    paint.boundary(picture, field)
    kind = labels[:, 0] > 0.5
    paint.dots(picture, dots[~kind], neuron.EDGE, theme.A, hollow=True)
    paint.dots(picture, dots[kind], neuron.EDGE, theme.B)
    return picture
