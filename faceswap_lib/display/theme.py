"""One look for all plots: the colours, the axes, the finish. Figures are returned closed, so that they show once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # or a page without a plot would wait for matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

A, B, GAME, GREY = "#2a6f97", "#c8553d", "#6a4c93", "#5c677d"  # A is blue, B is red, the GAN violet, everywhere
IDEAL = "#2d8a4e"


def tidy(ax: "Axes", x: str, y: str) -> None:
    """Name the axes and take the frame's upper and right side away."""
    ax.set(xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)


def finished(fig: "Figure", title: str, alt: str = "") -> "Figure":
    """The figure with its title, closed; alt: what it shows in a sentence, else what its axes say of themselves."""
    import matplotlib.pyplot as plt

    from faceswap_lib.display import described

    if title:
        fig.suptitle(title, fontsize=12)
    fig.set_dpi(90)
    fig.__class__, fig.alt = described.Described, alt or described.told(fig)
    plt.close(fig)  # so that a notebook shows it once, as the cell's value
    return fig
