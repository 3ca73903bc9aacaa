"""A widget and its still picture: a notebook shows the one while a kernel answers, an exported page the other."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from faceswap_lib.display.pages import Page

if TYPE_CHECKING:  # or whoever shows a page would wait for ipywidgets
    from ipywidgets import Widget

VIEW = "application/vnd.jupyter.widget-view+json"


class Live:
    """What a cell shows: `widget` where there is a kernel, else the page that `still` gives.

    widget: of ipywidgets, to be driven by a test as a hand would; still: called once, when the cell is shown.
    """

    def __init__(self, widget: "Widget", still: Callable[[], str]):
        self.widget, self._still = widget, still

    @property
    def still(self) -> Page:
        """The picture of it, as HTML with no need of a kernel."""
        return Page(self._still())

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        _hears(self.widget)
        shown = self.widget._repr_mimebundle_(**kwargs) or {}
        return {**shown, "text/html": str(self.still), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<{type(self.widget).__name__}, alive in a notebook>"


def _hears(widget: "Widget") -> None:
    """See to it that what a hand does is heard while a cell runs: in the subshell that the page sends it to.

    ipykernel 7.4 gives it to the shell that wrote to the widget last: to the cell that trains, and waits for its end.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda data, sent_to: sent_to
    for each in getattr(widget, "children", ()):
        _hears(each)
