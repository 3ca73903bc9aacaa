"""report.html: the report as one page to send around, with curves, worst frames and advice; it needs no other file."""

from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np

from faceswap_lib import label, pages, show, video
from faceswap_lib.figures import FIGURES
from faceswap_lib.report import shown, summarise

LOOKS = {"source": (show.GREY, 1.6), "ideal": ("#2d8a4e", 1.6), "swap": (show.B, 2.6)}  # colour and width of a curve
FAINT = ("#8fbcd4", "#c3aed6", "#dfbf5f", "#e3a8a0", "#b8b8b8")  # references, in turn
POINTS = 400  # of a curve at most, or an hour's report would be too large to send
JUDGES = {True: ("ssim", "expression", "to_ideal"), False: ("identity", "motion", "border")}  # with an ideal, without
COUNT, APART, SIZE = 5, 8, 256  # worst frames, how many frames from one to the next, pixels of a close-up
MISSING = 3.0  # standard deviations: a frame that could not be measured is at least so bad
Values = dict[str, dict[str, np.ndarray]]


def page(report: dict, values: Values, clips: dict[str, str | Path], places: dict[int, np.ndarray]) -> str:
    """The text of report.html.

    report: what report.json holds; values: clip -> figure -> a value per frame, NaN where there is none; clips: label ->
    video; places: frame scored in full -> points (478, 3) of the source's face.
    """
    fps = video.probe(clips["source"]).fps
    parts = [f"{HEAD}<p><b>In short:</b> {escape(summarise(report))}</p>", _next_steps(report),
             _figures(report, values, fps), _worst(report, values, clips, places, fps), _record(report["run"])]  # fmt: skip
    return "\n".join([*parts, "</body></html>\n"])


def _next_steps(report: dict) -> str:
    said = dict(zip(report["figures"], report["verdicts"], strict=False))
    steps = [f"<b>{name}</b>: {escape(advice)}" for name in said if (advice := _advice(name, said[name]))]
    steps += [escape(step) for step in report["verdicts"][len(said) :]]
    items = "".join(f"<li>{step}</li>" for step in steps) or "<li>No figure is clearly bad.</li>"
    return f"<h2>What to do next</h2><ul>{items}</ul>"


def _advice(name: str, said: str) -> str:
    advice = FIGURES[name].advice
    return advice if said.endswith(advice) else ""


def _figures(report: dict, values: Values, fps: float) -> str:
    said, parts = dict(zip(report["figures"], report["verdicts"], strict=False)), [ABOUT]
    for group, names in groupby(report["figures"], lambda name: FIGURES[name].group):
        cards = "\n".join(_card(name, report["figures"][name], said[name], values, fps) for name in names)
        parts.append(f'<h2>{escape(group)}</h2>\n<div class="grid">\n{cards}\n</div>')
    return "\n".join(parts)


def _card(name: str, figure: dict, said: str, values: Values, fps: float) -> str:
    about, advice, looks = FIGURES[name], _advice(name, said), _looks(values)
    sure = f"95 % interval {_number(name, figure['low'])} to {_number(name, figure['high'])}, n = {figure['n']}"
    return (f'<article class="card"><h3>{name}</h3>'
            f'<p><b class="value">{_number(name, figure["value"])}</b> <span class="fine">{sure}</span></p>'
            f"<p>{escape(about.meaning)} <b>({about.better} is better)</b></p>"
            f"{_ranking(name, figure, looks)}{_over_time(name, values, looks, fps)}"
            f'<p class="fine">{escape(said.removesuffix(advice))}<b>{escape(advice)}</b></p></article>')  # fmt: skip


def _number(name: str, value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else shown(name, value)


def _looks(values: Values) -> dict[str, tuple[str, float]]:
    """Colour and width of each clip's curve; the later is drawn over the earlier."""
    others = [each for each in values if each not in LOOKS]
    return {each: (FAINT[i % len(FAINT)], 1.2) for i, each in enumerate(others)} | LOOKS


def _ranking(name: str, figure: dict, looks: dict[str, tuple[str, float]]) -> str:
    """The swap among its references, best first, each with a bar from zero; what was not measured comes last."""
    rows = {k: np.nan if v is None else v for k, v in {"swap": figure["value"], **figure["reference"]}.items()}
    sign = -1 if FIGURES[name].better == "higher" else 1
    ends = [0, *(value for value in rows.values() if np.isfinite(value))]
    low, span, items = min(ends), (max(ends) - min(ends)) or 1, []
    for each in sorted(rows, key=lambda each: (np.isnan(rows[each]), sign * rows[each])):
        value, colour = np.nan_to_num(rows[each]), looks.get(each, ["#cccccc"])[0]
        bar = f"left:{100 * (min(value, 0) - low) / span:.1f}%;width:{100 * abs(value) / span:.1f}%;background:{colour}"
        told = escape(each) + ", the mark" * (each in FIGURES[name].marks)
        items.append(f'<li{" class=swap" * (each == "swap")}><span>{told}</span><span class="track">'
                     f'<i style="{bar}"></i></span><span>{_number(name, rows[each])}</span></li>')  # fmt: skip
    return f"<ol>{''.join(items)}</ol>"


def _over_time(name: str, values: Values, looks: dict[str, tuple[str, float]], fps: float) -> str:
    """A figure's curves as a drawing that stretches with its card; the numbers stand outside, so they do not."""
    if (own := values["swap"].get(name)) is None:
        return ""
    if not _varies(own):
        what = "The same in every frame of the swap" if np.isfinite(own).any() else "Not measured in any frame"
        return f'<p class="fine">{what}.</p>'
    alike, clips = FIGURES[name].correlates, [each for each in looks if name in values.get(each, ())]
    # What is flat by definition, as the ideal's likeness to itself, would only squeeze the others.
    drawn = {each: values[each][name] for each in clips if _varies(values[each][name])
             and not (alike and each not in ("source", "swap"))}  # fmt: skip
    low, high = (end([end(column) for column in drawn.values()]) for end in (np.nanmin, np.nanmax))
    lines = "".join(f'<path stroke="{looks[each][0]}" stroke-width="{looks[each][1]}" d="{_path(column, low, high)}"/>'
                    for each, column in drawn.items())  # fmt: skip
    times = "".join(f"<span>{share * (len(own) - 1) / fps:.1f} s</span>" for share in (0, 0.5, 1))
    told = '<figcaption class="fine">Swap and source over time: the figure says how alike they are.</figcaption>'
    return (f'<figure class="curve"><div class="ends"><span>{_number(name, high)}</span><span>{_number(name, low)}'
            f'</span></div><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="{name} over '
            f'time: {escape(", ".join(drawn))}">{lines}</svg><div class="times">{times}</div>{told * alike}</figure>')


def _varies(column: np.ndarray) -> bool:
    seen = column[np.isfinite(column)]
    return len(seen) > 0 and float(np.ptp(seen)) > 0


def _path(column: np.ndarray, low: float, high: float) -> str:
    """A curve as an SVG path over 1000 × 1000, broken where frames were not measured."""
    seen = np.flatnonzero(np.isfinite(column))
    gaps = np.diff(seen, prepend=seen[0])
    stretch = np.cumsum(gaps > 2 * np.median(gaps[1:] if len(gaps) > 1 else gaps))
    kept = _thin(column[seen])
    x = np.round(1000 * seen[kept] / max(1, len(column) - 1)).astype(int)
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


def _worst(report: dict, values: Values, clips: dict[str, str | Path], places: dict[int, np.ndarray], fps: float) -> str:
    """The worst frames, close to the face: as they were, as they became, as they should have."""
    chosen = _choose(values["swap"], sorted(places), JUDGES["ideal" in clips])
    sides = {each: _close_ups(clips[each], {i: places[i] for i in chosen}) for each in LOOKS if each in clips}
    stamp, cards = label.Label(SIZE, SIZE, {}), []
    for i, name in chosen.items():
        value, usual = (_number(name, each) for each in (values["swap"][name][i], report["figures"][name]["value"]))
        told = f"worst in {name}: {value} ({usual} on average)" if value != "–" else f"{name} could not be measured"
        pictured = {each: side[i] for each, side in sides.items()}
        # The close-up cuts off the video's own label, and a picture is soon copied out of a page.
        pictured["swap"] = stamp.stamp(i, pictured["swap"])
        pictures = "".join(f'<figure><img src="{pages._jpeg(pictured[each])}" width="{SIZE}" height="{SIZE}" '
                           f'alt="{each}, frame {i}, close to the face"><figcaption>{each}</figcaption></figure>'
                           for each in ("source", "swap", "ideal") if each in pictured)  # fmt: skip
        cards.append(f'<article class="card"><h3>Frame {i}, {i / fps:.1f} s</h3><p>{told}</p>'
                     f'<div class="faces">{pictures}</div></article>')  # fmt: skip
    title = "The worst five frames" if len(cards) == COUNT else "The worst frames"
    return f'<h2>{title}</h2>\n<div class="grid">\n{"".join(cards) or "<p>No frame was scored in full.</p>"}\n</div>'


def _choose(columns: dict[str, np.ndarray], scored: list[int], judges: tuple[str, ...]) -> dict[int, str]:
    """The worst of the frames scored in full, worst first, and the figure that each is worst in."""
    names = [name for name in judges if name in columns and np.isfinite(columns[name][scored]).any()]
    if not names:
        return {}
    bad = np.array([_badness(columns[name][scored], FIGURES[name].better) for name in names])
    chosen: dict[int, str] = {}
    for k in np.argsort(-bad.mean(0), kind="stable"):
        if len(chosen) < COUNT and all(abs(scored[k] - other) >= APART for other in chosen):
            chosen[scored[k]] = names[bad[:, k].argmax()]
    return chosen


def _badness(column: np.ndarray, better: str) -> np.ndarray:
    """By how many standard deviations each frame is worse than the mean."""
    seen = np.isfinite(column)
    away = (column - column[seen].mean()) / (column[seen].std() or 1) * (1 if better == "lower" else -1)
    return np.where(seen, away, max(MISSING, away[seen].max()))


def _close_ups(clip: str | Path, places: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    found = enumerate(video.frames(clip)) if places else ()
    return {i: show.close_up(frame, places[i], SIZE) for i, frame in found if i in places}


def _record(run: dict) -> str:
    lines = {"profile": run["profile"] or "none named", "seed": run["seed"], "scored in full": f"each {run['every']}."}
    lines |= {f"{name} (version)": each for name, each in run["versions"].items()}
    lines |= {f"{name} (machine)": each for name, each in run["machine"].items()}
    lines |= {f"{name} (SHA-256)": f"{each[:12]}…" for name, each in run["data"].items()}
    rows = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(each))}</dd>" for name, each in lines.items())
    return f"<details><summary>How this report was made</summary><dl>{rows}</dl></details>"


HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>How good is the swap?</title><style>
* {{ box-sizing: border-box }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 0 auto; padding: 1rem; color: #222;
  background: #fff; overflow-wrap: break-word; -webkit-text-size-adjust: 100% }}
h1 {{ line-height: 1.2 }} h2 {{ margin: 2.2rem 0 .6rem }} h3 {{ margin: 0; font-size: 18px }} p {{ margin: .4rem 0 }}
.notice {{ border-left: .4rem solid #b5740b; background: #fdf3e1; padding: .7rem 1rem }}
.grid {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)) }}
.card {{ border: 1px solid #d5d9de; border-radius: .5rem; padding: .8rem 1rem; min-width: 0 }}
.value {{ font-size: 26px; color: {show.B} }} .fine {{ font-size: 14px; color: #4a4a4a }}
ol {{ list-style: none; margin: .6rem 0; padding: 0; font-size: 15px }}
li {{ overflow-wrap: anywhere }} ol span:last-child {{ text-align: right; white-space: nowrap }}
ol li {{ display: grid; grid-template-columns: minmax(0, 9rem) minmax(2rem, 1fr) 4rem; gap: .5rem; padding: 0 .3rem }}
.swap {{ font-weight: bold; background: #f9e9e4 }} .track {{ position: relative }}
.track i {{ position: absolute; top: .45em; height: .7em; min-width: 3px }}
figure {{ margin: 0 }} .curve {{ display: grid; grid-template-columns: auto minmax(0, 1fr); font-size: 14px }}
.ends {{ display: flex; flex-direction: column; justify-content: space-between; padding-right: .4rem; text-align: right;
  line-height: 1 }}
svg {{ width: 100%; height: 130px; overflow: visible; border: solid #aab; border-width: 0 0 1px 1px }}
path {{ fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round }}
.times {{ grid-column: 2; display: flex; justify-content: space-between }} .curve figcaption {{ grid-column: 1 / 3 }}
.faces {{ display: flex; gap: .4rem; text-align: center }} .faces figure {{ flex: 1 }}
img {{ width: 100%; height: auto; display: block }}
dl {{ display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .1rem 1rem; font-size: 14px }}
dd {{ margin: 0; overflow-wrap: anywhere }} summary {{ margin: 2rem 0 .6rem; cursor: pointer }}
</style></head><body>
<h1>How good is the swap?</h1>
<p class="notice"><b>The swapped video is synthetic.</b> Its face was put there by software: what this person seems to
do, somebody else did. The video says so itself, by its label “{label.TEXT}”.</p>
"""
ABOUT = """<h2>The figures</h2>
<p>Each has the swap's value, then the swap among its references, best first. A curve shows the swap over time in the
colour of its bar, and so for the others; a curve that is flat by definition is left out.</p>"""
