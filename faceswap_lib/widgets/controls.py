"""What the widgets share: a picture with its words, a text that is read out, sliders and boxes with their names."""

import html

import cv2
import ipywidgets
import numpy as np

from faceswap_lib.display.pages import jpeg

WIDE = {"description_width": "initial"}


def img(picture: np.ndarray, alt: str, width: int = 0) -> str:
    """A picture (H, W, 3) as HTML, shown `width` pixels wide; alt: what it shows, in one sentence."""
    height, own = picture.shape[:2]
    wide = width or own
    size = f'width="{wide}" height="{round(height * wide / own)}"'  # known beforehand, so that nothing jumps
    return f'<img alt="{html.escape(alt)}" {size} style="max-width:100%;height:auto" src="{jpeg(picture)}">'


def figure(picture: np.ndarray, title: str, alt: str, width: int = 0) -> str:
    """A picture as HTML with its title above."""
    head = f"<figcaption><b>{html.escape(title)}</b></figcaption>"
    return f'<figure style="margin:0 12px 8px 0;display:inline-block">{head}{img(picture, alt, width)}</figure>'


def status(text: str) -> str:
    """A line of HTML that is read out when it changes; text is HTML."""
    return f'<div role="status" style="line-height:1.4;max-width:46em">{text}</div>'


def code(line: str) -> str:
    """A line of code to be taken over, as HTML."""
    return f'<pre style="margin:2px 0;white-space:pre-wrap;user-select:all"><code>{html.escape(line)}</code></pre>'


def whole(name: str, value: int, low: int, high: int, width: str = "420px") -> ipywidgets.IntSlider:
    """A slider of whole numbers, which keys move too."""
    layout = ipywidgets.Layout(width=width, max_width="100%")
    return ipywidgets.IntSlider(value, low, high, description=name, style=WIDE, layout=layout)


def number(
    name: str, value: float, low: float, high: float, step: float, width: str = "420px"
) -> ipywidgets.FloatSlider:
    """A slider of numbers, which keys move too."""
    layout = ipywidgets.Layout(width=width, max_width="100%")
    return ipywidgets.FloatSlider(value, min=low, max=high, step=step, description=name, style=WIDE, layout=layout)


def tick(name: str, value: bool) -> ipywidgets.Checkbox:
    """A box to tick."""
    return ipywidgets.Checkbox(value, description=name, indent=False, layout=ipywidgets.Layout(width="auto"))


def choice(name: str, options: list, value: object) -> ipywidgets.Dropdown:
    """One of several, from a list."""
    return ipywidgets.Dropdown(options=options, value=value, description=name, style=WIDE)


def outer(name: str, *children: ipywidgets.Widget) -> ipywidgets.VBox:
    """The outermost box of a widget, by whose class `fsw-NAME` a browser finds it."""
    return ipywidgets.VBox(children).add_class(f"fsw-{name}")


def line(*children: ipywidgets.Widget) -> ipywidgets.HBox:
    """Widgets side by side, in more lines where the window is narrow."""
    return ipywidgets.HBox(children, layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))


def small(picture: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """A picture (H, W, 3) with no side longer than `most` pixels, and its scale."""
    scale = min(1.0, most / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture), scale
