"""What a figure shows, for tests that look at plots."""

import matplotlib.figure
import numpy as np


def pictures(fig: matplotlib.figure.Figure) -> list[np.ndarray]:
    """The pictures of a figure in the order of its axes."""
    return [np.asarray(ax.images[0].get_array()) for ax in fig.axes if ax.images]
