"""report.html: the report as one page to send around, with curves, worst frames and advice; it needs no other file."""

from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np

from faceswap_lib.display import pages, theme
from faceswap_lib.face.geometry import close_up
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.report import shown, summarise
from faceswap_lib.media import video
from faceswap_lib.trust import label

LOOKS = {"source": (theme.GREY, 1.6), "ideal": (theme.IDEAL, 1.6), "swap": (theme.B, 2.6)}  # colour, width; last on top
FAINT = ("#8fbcd4", "#c3aed6", "#dfbf5f", "#e3a8a0", "#b8b8b8")  # references, in turn
POINTS = 400  # of a curve at most, or an hour's report would be too large to send
FLAT = 5e-4  # a curve that moves less does so out of sight
JUDGES = {True: ("ssim", "expression", "to_ideal"), False: ("identity", "motion", "border")}  # with an ideal, without
COUNT, APART, SIZE = 5, 8, 256  # worst frames, how many frames from one to the next, pixels of a close-up
MISSING = 3.0  # standard deviations: a frame that could not be measured is at least so bad
Values = dict[str, dict[str, np.ndarray]]


def page(report: dict, values: Values, clips: dict[str, str | Path], places: dict[int, np.ndarray]) -> str:
    """The text of report.html.

    report: what report.json holds; values: clip -> figure -> a value per frame, NaN where there is none; clips: label
    -> video; places: frame scored in full -> points (478, 3) of the source's face.
    """
    figures, fps, said = report["figures"], video.probe(clips["source"]).fps, {}
    for name, sentence in zip(figures, report["verdicts"], strict=False):
        advice = FIGURES[name].advice if sentence.endswith(FIGURES[name].advice) else ""
        said[name] = escape(sentence.removesuffix(advice)), escape(advice)
    steps = [f"<b>{name}</b>: {advice}" for name, (_, advice) in said.items() if advice]
    steps += map(escape, report["verdicts"][len(said) :])
    items = "".join(f"<li>{step}</li>" for step in steps or ["No figure is clearly bad."])
    parts = [HEAD.format(swap=theme.B, label=label.TEXT, summary=escape(summarise(report)), steps=items)]
    for group, names in groupby(figures, lambda name: FIGURES[name].group):
        parts.append(_grid(group, [_card(name, figures[name], *said[name], values, fps) for name in names]))
    return "\n".join(
        [*parts, _worst(figures, values, clips, places, fps), _record(report["run"]), "</main></body></html>\n"]
    )


def _grid(title: str, cards: list[str], kind: str = "grid") -> str:
    inside = "\n".join(f'<article class="card">{card}</article>' for card in cards)
    return f'<h2>{escape(title)}</h2>\n<div class="{kind}">\n{inside}\n</div>'


def _card(name: str, figure: dict, verdict: str, advice: str, values: Values, fps: float) -> str:
    value, low, high = (_number(name, figure[key]) for key in ("value", "low", "high"))
    sure = f'<span class="fine">95 % interval {low} to {high}, n&nbsp;=&nbsp;{figure["n"]}</span>'
    others = [each for each in values if each not in LOOKS]
    looks = {each: (FAINT[i % len(FAINT)], 1.2) for i, each in enumerate(others)} | LOOKS
    return (
        f'<h3>{name}</h3><p><b class="value">{value}</b> {sure}</p><p>{escape(FIGURES[name].meaning)} '
        f"<b>({figure['better']} is better)</b></p>{_ranking(name, figure, looks)}"
        f'{_over_time(name, values, looks, fps)}<p class="fine">{verdict}<b>{advice}</b></p>'
    )


def _number(name: str, value: float) -> str:
    return "–" if np.isnan(value) else shown(name, value)


def _ranking(name: str, figure: dict, looks: dict[str, tuple[str, float]]) -> str:
    """The swap among its references, best first, each with a bar from zero; what was not measured comes last."""
    rows = {"swap": figure["value"], **figure["reference"]}
    sign = -1 if figure["better"] == "higher" else 1
    ends = [0, *(value for value in rows.values() if np.isfinite(value))]
    low, span, items = min(ends), (max(ends) - min(ends)) or 1, []
    for each in sorted(rows, key=lambda each: (np.isnan(rows[each]), sign * rows[each])):
        value, colour = np.nan_to_num(rows[each]), looks.get(each, ["#cccccc"])[0]
        bar = f"left:{100 * (min(value, 0) - low) / span:.1f}%;width:{100 * abs(value) / span:.1f}%;background:{colour}"
        told = escape(each) + ", the mark" * (each in FIGURES[name].marks)
        items.append(
            f'<li{" class=swap" * (each == "swap")}><span>{told}</span><span class="track">'
            f'<i style="{bar}"></i></span><span>{_number(name, rows[each])}</span></li>'
        )
    return f"<ol>{''.join(items)}</ol>"


def _over_time(name: str, values: Values, looks: dict[str, tuple[str, float]], fps: float) -> str:
    """A figure's curves as a drawing that stretches with its card; the numbers stand outside, so they do not."""
    if (own := values["swap"].get(name)) is None:
        return ""
    if not _varies(own):
        what = "The same in every frame of the swap" if np.isfinite(own).any() else "Not measured in any frame"
        return f'<p class="fine">{what}.</p>'
    clips = ("source", "swap") if FIGURES[name].correlates else looks
    # What is flat by definition, as the ideal's likeness to itself, would only squeeze the others.
    drawn = {c: values[c][name] for c in clips if name in values.get(c, ()) and _varies(values[c][name])}
    low, high = (end([end(column) for column in drawn.values()]) for end in (np.nanmin, np.nanmax))
    lines = "".join(
        f'<path stroke="{looks[each][0]}" stroke-width="{looks[each][1]}" d="{_path(column, low, high)}"/>'
        for each, column in drawn.items()
    )
    times = "".join(f"<span>{share * (len(own) - 1) / fps:.1f} s</span>" for share in (0, 0.5, 1))
    told = "<figcaption>Swap and source over time: the figure says how alike they are.</figcaption>"
    return (
        f'<figure class="curve"><div class="ends"><span>{_number(name, high)}</span><span>{_number(name, low)}'
        f'</span></div><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="{name} over '
        f'time: {escape(", ".join(drawn))}">{lines}</svg><div class="times">{times}</div>'
        f"{told * FIGURES[name].correlates}</figure>"
    )


def _varies(column: np.ndarray) -> bool:
    seen = column[np.isfinite(column)]
    return len(seen) > 0 and float(np.ptp(seen)) > FLAT


def _path(column: np.ndarray, low: float, high: float) -> str:
    """A curve as an SVG path over 1000 × 1000, broken where frames were not measured."""
    seen = np.flatnonzero(np.isfinite(column))
    gaps = np.diff(seen)
    stretch = np.r_[0, np.cumsum(gaps > 2 * np.median(gaps))]
    kept = _thin(column[seen])
    x = np.round(1000 * seen[kept] / (len(column) - 1)).astype(int)
    y = np.round(1000 * (high - column[seen[kept]]) / (high - low)).astype(int)
    begins = np.diff(stretch[kept], prepend=-1) > 0
    # h0 makes a lone point a dot.
    return "".join(f"M{a} {b}h0" if first else f"L{a} {b}" for a, b, first in zip(x, y, begins, strict=True))


def _thin(column: np.ndarray) -> np.ndarray:
    """Which POINTS of a curve at most are drawn: the ends of each stretch of it, so that no blink is lost."""
    if len(column) <= POINTS:
        return np.arange(len(column))
    stretches = np.array_split(np.arange(len(column)), POINTS // 2)
    return np.unique([part[pick(column[part])] for part in stretches for pick in (np.argmin, np.argmax)])


def _worst(
    figures: dict, values: Values, clips: dict[str, str | Path], places: dict[int, np.ndarray], fps: float
) -> str:
    """The worst frames, close to the face: as they were, as they became, as they should have become."""
    chosen = _choose(values["swap"], sorted(places), JUDGES["ideal" in clips])
    if not chosen:
        return _grid("The worst frames", ["No frame could be judged."])
    sides = {
        each: {i: close_up(frame, places[i], SIZE) for i, frame in enumerate(video.frames(clips[each])) if i in chosen}
        for each in ("source", "swap", "ideal")
        if each in clips
    }
    # A close-up cuts off the video's own label, and a picture is soon copied out of a page.
    stamp, cards = label.Label(SIZE, SIZE, {}), []
    sides["swap"] = {i: stamp.stamp(i, picture) for i, picture in sides["swap"].items()}
    for i, name in chosen.items():
        value, usual = (_number(name, each) for each in (values["swap"][name][i], figures[name]["value"]))
        told = f"worst in {name}: {value} ({usual} on average)" if value != "–" else f"{name} could not be measured"
        pictures = "".join(
            f'<figure><img src="{pages.jpeg(side[i])}" width="{SIZE}" height="{SIZE}" '
            f'alt="{each}, frame {i}, close to the face"><figcaption>{each}</figcaption></figure>'
            for each, side in sides.items()
        )
        cards.append(f'<h3>Frame {i}, {i / fps:.1f} s</h3><p>{told}</p><div class="faces">{pictures}</div>')
    return _grid("The worst five frames" if len(cards) == COUNT else "The worst frames", cards, "grid wide")


def _choose(columns: dict[str, np.ndarray], scored: list[int], judges: tuple[str, ...]) -> dict[int, str]:
    """The worst of the frames scored in full, worst first, and the figure that each is worst in."""
    names = [name for name in judges if name in columns and np.isfinite(columns[name][scored]).any()]
    bad = np.array([_badness(columns[name][scored], FIGURES[name].better) for name in names])
    chosen: dict[int, str] = {}
    for k in np.argsort(-bad.mean(0), kind="stable") if names else ():
        if len(chosen) < COUNT and all(abs(scored[k] - other) >= APART for other in chosen):
            chosen[scored[k]] = names[bad[:, k].argmax()]
    return chosen


def _badness(column: np.ndarray, better: str) -> np.ndarray:
    """By how many standard deviations each frame is worse than the mean."""
    seen = np.isfinite(column)
    away = (column - column[seen].mean()) / (column[seen].std() or 1) * (1 if better == "lower" else -1)
    return np.where(seen, away, max(MISSING, away[seen].max()))


def _record(run: dict) -> str:
    lines = {"profile": run["profile"] or "none named", "seed": run["seed"], "scored in full": f"1 in {run['every']}"}
    lines |= run["versions"] | run["machine"] | {f"{each}, SHA-256": f"{h[:12]}…" for each, h in run["data"].items()}
    rows = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(each))}</dd>" for name, each in lines.items())
    return f"<details><summary>How this report was made</summary><dl>{rows}</dl></details>"


HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>How good is the swap?</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 0 auto; padding: 1rem; color: #222;
  background: #fff; color-scheme: light; overflow-wrap: anywhere; -webkit-text-size-adjust: 100% }}
* {{ box-sizing: border-box }} h2 {{ margin: 2.2rem 0 .6rem }} h3 {{ margin: 0; font-size: 18px }}
h1 {{ line-height: 1.2 }} p {{ margin: .4rem 0 }} figure, dd {{ margin: 0 }} ul {{ padding-left: 1.4rem }}
.notice {{ border-left: .4rem solid #b5740b; background: #fdf3e1; padding: .7rem 1rem; margin: 1rem 0 }}
.grid {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)) }}
.wide {{ grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)) }}
.card {{ border: 1px solid #d5d9de; border-radius: .5rem; padding: .8rem 1rem; min-width: 0 }}
.value {{ font-size: 26px; color: {swap} }} .fine, dl, .curve {{ font-size: 14px; color: #4a4a4a }}
span.fine {{ display: inline-block }} ol {{ list-style: none; margin: .6rem 0; padding: 0; font-size: 15px }}
ol li {{ display: grid; grid-template-columns: minmax(0, 8rem) minmax(2rem, 1fr) 3.8rem; gap: .5rem; padding: 0 .3rem }}
ol span:last-child {{ text-align: right; white-space: nowrap }} .swap {{ font-weight: bold; background: #f9e9e4 }}
.track {{ position: relative }} .track i {{ position: absolute; top: .45em; height: .7em; min-width: 3px }}
.curve, dl {{ display: grid; grid-template-columns: auto minmax(0, 1fr) }} .curve figcaption {{ grid-column: 1 / 3 }}
.ends, .times {{ display: flex; justify-content: space-between }} .times {{ grid-column: 2 }} dl {{ column-gap: 1rem }}
.ends {{ flex-direction: column; padding-right: .4rem; text-align: right; line-height: 1 }}
svg {{ width: 100%; height: 130px; overflow: visible; border: solid #aab; border-width: 0 0 1px 1px }}
path {{ fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round }}
.faces {{ display: flex; gap: .4rem; text-align: center }} .faces figure {{ flex: 1 }}
img {{ width: 100%; height: auto; display: block }} summary {{ margin: 2rem 0 .6rem; cursor: pointer }}
@media print {{ .card, img {{ break-inside: avoid }} .grid {{ display: block }} .card {{ margin: 0 0 .5rem }} }}
</style></head><body><main>
<h1>How good is the swap?</h1>
<p class="notice"><b>The swapped video is synthetic.</b> Its face was put there by software: what this person seems to
do, somebody else did. The video says so itself, by its label “{label}”.</p>
<p><b>In short:</b> {summary}</p>
<h2>What to do next</h2><ul>{steps}</ul>
<h2>The figures</h2>
<p>Each has the swap's value, then the swap among its references, best first. A curve shows the swap over time in the
colour of its bar, and so for the others; one that never changes is left out.</p>"""
