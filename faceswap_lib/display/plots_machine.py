"""The pictures of lab 2: what was measured here is solid and coloured, what a data sheet promises is pale and says so.

Rates are in GFLOP/s: billions of multiplications and additions a second, each counted.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from faceswap_lib.display import theme
from faceswap_lib.machine import cards
from faceswap_lib.machine.speed import Load, Roof
from faceswap_lib.machine.worker import Timing

COLOURS = (theme.A, theme.B, theme.GAME, theme.IDEAL)  # the processor, then each card
ONE, SHEET, OURS = "#7fb2d0", "#d5d9df", "#8d99ae"
KINDS = {
    "add": ("^", "add two arrays"),
    "dense": ("o", "dense layer"),
    "convolution": ("s", "3 × 3 convolution"),
    "product": ("D", "matrix product"),
}
PLACES = {
    "add": ((8, -3), "left"),
    "dense": ((5, -13), "left"),
    "convolution": ((0, -15), "center"),
    "product": ((0, 8), "center"),
}
PROMISED, MEASURED = "data sheet, not measured here", "measured here, now"
ALT = {
    "rates": "Bars on a logarithmic axis: how fast the same matrix product is on this machine, measured now, and on"
    " graphics cards, by their data sheets and as measured earlier.",
    "batches": "Three plots over the pictures in a batch: ms for one training step, pictures a second, memory.",
    "roofline": "Roofline of this machine on logarithmic axes: a slope where it waits for memory, a level roof where it"
    " waits for arithmetic, and where the measured operations stand below it.",
    "load": "How busy each core is over time; while the training step runs, it is shaded.",
}
MICRO = 1.0  # GB of the free machine's memory


def sheet_rows() -> list[dict]:
    """The cards as lines of a table; ridge: FLOP per byte from which on arithmetic is the limit, in 32 bits."""
    rows = []
    for name, card in cards.data_sheets().items():
        ours = card.get("measured", {})
        rows.append(
            {
                "card": name,
                "memory, GB": card["memory_gb"],
                "32 bits, TFLOP/s": card["tflops"]["fp32"],
                "16 bits, TFLOP/s": card["tflops"]["fp16"],
                "memory, GB/s": card["gb_s"],
                "ridge, FLOP/byte": round(1000 * card["tflops"]["fp32"] / card["gb_s"]),
                "measured by us, 16 bits": f"{ours['product_tflops']} TFLOP/s, {ours['copy_gb_s']} GB/s, {ours['date']}"
                if ours
                else "not measured",
            }
        )
    return rows


def sheet_roofs() -> list[Roof]:
    """The cards' roofs in 32 bits, as their makers state them."""
    return [Roof(name, 1000 * card["tflops"]["fp32"], card["gb_s"]) for name, card in cards.data_sheets().items()]


def rates(timings: Sequence[Timing]) -> Figure:
    """Matrix products as bars on a logarithmic axis: timed here, promised by data sheets, measured earlier on cards."""
    bars = [(t.where, t.gflops, COLOURS[0], MEASURED) for t in timings if t.op.work == "product"]
    bars += [(f"{roof.name}, 32 bits", roof.gflops, SHEET, PROMISED) for roof in sheet_roofs()]
    bars += [
        (f"{name}, 16 bits", 1000 * card["measured"]["product_tflops"], OURS, "measured by this project in 2026")
        for name, card in cards.data_sheets().items()
        if "measured" in card
    ]
    fig, ax = plt.subplots(figsize=(9, 0.32 * len(bars) + 1), layout="constrained")
    for place, (_, rate, colour, label) in enumerate(bars):
        pale = {"hatch": "///", "edgecolor": "white"} if label == PROMISED else {}
        known = label in [b[3] for b in bars[:place]]
        ax.barh(place, rate, color=colour, label=None if known else label, log=True, **pale)
        ax.annotate(number(rate), (rate, place), (4, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(range(len(bars)), [b[0] for b in bars])
    ax.invert_yaxis()
    ax.set(xlim=(min(b[1] for b in bars) / 3, 1e7), xticks=10.0 ** np.arange(-2, 8))
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    return _done(
        fig, ax, "GFLOP/s (each step to the right: ten times as fast)", "", "The same matrix product", alt=ALT["rates"]
    )


def batches(timings: Sequence[Timing]) -> Figure:
    """Training steps over their batch: how long a step takes, how many pictures a second, how much memory."""
    fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
    steps = [t for t in timings if t.op.work == "step"]
    places = list(dict.fromkeys(t.where for t in steps))
    for place in places:
        mine = [t for t in steps if t.where == place]
        sizes = np.array([t.op.size["batch"] for t in mine])
        seconds = np.array([t.seconds for t in mine])
        for ax, values, up in zip(
            axes, (1000 * seconds, sizes / seconds, [t.peak for t in mine]), (7, 7, -13), strict=True
        ):
            _line(ax, sizes, values, up, _colour(places, place), place)
    axes[2].axhline(MICRO, color="#b3261e", ls="--", lw=1)
    axes[2].text(sizes[0], MICRO, "all that the free VM has", color="#b3261e", fontsize=8, va="bottom")
    axes[0].legend(frameon=False, fontsize=9, loc="upper left")
    for ax, words in zip(axes, ("ms for one step", "pictures a second", "GB of memory"), strict=True):
        ax.set_ylim(0, ax.get_ylim()[1] * 1.1)
        ax.set_title(words, fontsize=10)
        _done(fig, ax, "pictures in a batch", "", alt=ALT["batches"])
    return fig


def _line(ax: Axes, sizes: np.ndarray, values: Sequence[float], up: int, colour: str, name: str) -> None:
    ax.plot(sizes, values, "o-", color=colour, label=name)
    for x, y in zip(sizes, values, strict=True):
        if colour != ONE:
            ax.annotate(number(y), (x, y), (0, up), textcoords="offset points", ha="center", fontsize=8)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.margins(x=0.12)


def _colour(places: Sequence[str], place: str) -> str:
    if place == "1 core" and len(places) > 1:
        return ONE
    return COLOURS[[p for p in places if p != "1 core" or len(places) == 1].index(place)]


def roofline(roofs: Sequence[Roof], timings: Sequence[Timing]) -> Figure:
    """Rate over arithmetic intensity under the measured roof, on logarithmic axes (Williams, Waterman & Patterson)."""
    fig, ax = plt.subplots(figsize=(9.5, 5.6), layout="constrained")
    x = np.geomspace(0.05, 1000, 400)
    for roof in sheet_roofs():
        ax.plot(x, [roof.at(i) for i in x], color=OURS, lw=0.9, ls="--", zorder=1)
    for roof, colour in zip(roofs, COLOURS, strict=False):
        ax.plot(x, [roof.at(i) for i in x], color=colour, lw=2.5, zorder=3)
        ridge = roof.gflops / roof.gb_s
        ax.plot([ridge, ridge], [0.2, roof.gflops], color=colour, lw=1, ls=":")
        ax.text(900, roof.gflops * 2.2, f"{roof.name}: {number(roof.gflops)} GFLOP/s", color=colour, ha="right")
        ax.text(0.25, roof.at(0.25) * 1.5, f"{number(roof.gb_s)} GB/s", color=colour, ha="right")
        for t in (t for t in timings if t.where == roof.name):
            ax.plot(t.op.intensity, t.gflops, KINDS[t.op.work][0], color=colour, ms=7, mec="white", zorder=4)
            (dx, dy), ha = PLACES[t.op.work]
            ax.annotate(t.op.short, (t.op.intensity, t.gflops), (dx, dy), textcoords="offset points", ha=ha, fontsize=8)
    _sheet_names(ax)
    ax.text(0.3, 0.3, "waits for memory", color=COLOURS[0], ha="center", style="italic")
    ax.text(100, 0.3, "waits for arithmetic", color=COLOURS[0], ha="center", style="italic")
    for marker, label in KINDS.values():
        ax.plot([], [], marker, color=COLOURS[0], label=label)
    ax.plot([], [], color=OURS, ls="--", lw=0.9, label=f"32 bits, {PROMISED}")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    ax.set(xscale="log", yscale="log", xlim=(0.05, 1000), ylim=(0.2, 1e6))
    return _done(
        fig,
        ax,
        "arithmetic intensity: FLOP for each byte moved",
        "GFLOP/s",
        "The roof over this machine",
        alt=ALT["roofline"],
    )


def _sheet_names(ax: Axes) -> None:
    peaks: dict[float, list[str]] = {}
    for roof in sheet_roofs():
        peaks.setdefault(roof.gflops, []).append(roof.name)
    for gflops, names in peaks.items():
        ax.text(900, gflops * 1.12, f"{', '.join(names)}: {number(gflops)}", color="#5c677d", ha="right", fontsize=8)


def load(seen: Load) -> Figure:
    """How busy each core was over time, what the task took of all of them, and the card; the task's time is shaded."""
    rows = np.array(seen.cores).T
    fig, ax = plt.subplots(figsize=(9, 2.7), layout="constrained")
    ax.axvspan(seen.start, seen.end, color="#f3ead3", zorder=0)
    ax.text((seen.start + seen.end) / 2, 110, "the training step runs", ha="center")
    ax.fill_between(seen.times, seen.own, color=COLOURS[0], alpha=0.35, lw=0, label="the training step,\nof all cores")
    if len(rows) <= 4:
        for i, row in enumerate(rows):
            ax.plot(seen.times, row, color=COLOURS[0], ls=("-", "--", ":", "-.")[i], lw=1.4, label=f"core {i + 1}")
    else:
        ax.plot(seen.times, rows.mean(0), color=COLOURS[0], lw=1.6, label=f"mean of {len(rows)} cores")
    if seen.card:
        ax.plot(seen.times[: len(seen.card)], seen.card, color=COLOURS[1], lw=1.8, label="card")
    ax.set(ylim=(0, 128), yticks=(0, 50, 100))
    ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return _done(fig, ax, "seconds", "busy, %", alt=ALT["load"])


def number(value: float) -> str:
    """A number as a reader wants it: 0.034, 6.2, 130, 31 200."""
    return f"{value:.2g}" if value < 10 else f"{float(f'{value:.3g}'):,.0f}".replace(",", "\u202f")


def _done(fig: Figure, ax: Axes, x: str, y: str, title: str = "", alt: str = "") -> Figure:
    theme.tidy(ax, x, y)
    return theme.finished(fig, title, alt)
