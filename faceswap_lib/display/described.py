"""A plot and its alt text: an image that can be read out, on a white card that a dark theme leaves alone."""

import base64
import io
from html import escape

from matplotlib.figure import Figure

from faceswap_lib.display.pages import Page

CARD = "max-width:100%;height:auto;background:#fff;padding:6px;border-radius:4px;box-sizing:border-box"


class Described(Figure):
    """A figure that a notebook shows as an image with `alt`, what it shows in a sentence; else as any other."""

    alt: str

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(described(self, self.alt))


def described(fig: Figure, alt: str) -> Page:
    """A figure as an image, never wider than its cell or page; alt: what it shows, in one sentence."""
    data = io.BytesIO()
    fig.savefig(data, format="png", dpi=fig.dpi, bbox_inches="tight", facecolor="white")
    source = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
    return Page(f'<img alt="{escape(alt)}" style="{CARD}" src="{source}">')


def told(fig: Figure) -> str:
    """What a figure says of itself: its title, and of each axis the title, the names of the axes and the legend."""
    parts = [fig.get_suptitle()]
    for ax in fig.axes:
        names = [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []
        over = " over ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel())))
        parts.append(": ".join(filter(None, (ax.get_title(), over, ", ".join(names)))))
    return " ".join("; ".join(dict.fromkeys(filter(None, parts))).split()) or "A picture."
