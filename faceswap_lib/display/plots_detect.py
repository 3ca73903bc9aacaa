"""Lab 7's tables and plots: what each cue and each detector catches, ROC, calibration, and where a detector looks."""

import html
from collections.abc import Mapping, Sequence

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from faceswap_lib.detection import scores
from faceswap_lib.detection.cases import Pair
from faceswap_lib.detection.crops import Faces
from faceswap_lib.detection.judge import Judge
from faceswap_lib.detection.scores import Auc, Scored
from faceswap_lib.display import show, theme
from faceswap_lib.display.pages import Page, cell

# Each with a ground of its own, for a page may be light or dark: caught, half caught, not caught, the wrong way round.
GROUNDS = ((0.9, "#cfe8d5"), (0.7, "#f4ecc2"), (0.0, "#f6c6c0"))
COLOURS = (theme.A, theme.B, theme.GAME, theme.IDEAL)


def cue_table(rows: Sequence[dict]) -> Page:
    """Cues, a line each, on kinds of fakes, a column each: AUC with its interval, or a count; green is caught."""
    heads = ["cue", *dict.fromkeys(name for row in rows for name in row if name != "cue")]
    lines = [_line(heads, "th")]
    for row in rows:
        lines.append(cell(row["cue"]) + "".join(_auc_cell(row.get(name)) for name in heads[1:]))
    return _scrolled(lines, "What each cue catches")


def trial_table(rows: Sequence[dict], names: Mapping[str, str]) -> Page:
    """What detectors make of each case, a line each; names: detector -> what its column is called."""
    heads = ["case", *(f"{title}: {what}" for title in names.values() for what in ("AUC", "false alarms", "misses"))]
    lines = [_line(heads, "th")]
    for row in rows:
        cells = [cell(row["case"])]
        for who in names:
            cells.append(_auc_cell(Auc(**row[who]["auc"])))
            cells += [cell(f"{row[who][what]:.0%}") for what in ("alarms", "misses")]
        lines.append("".join(cells))
    return _scrolled(lines, "Detectors on each case")


def _line(words: Sequence[str], kind: str) -> str:
    return "".join(cell(word, kind) for word in words)


def _auc_cell(value: object) -> str:
    if not isinstance(value, Auc):
        return cell("" if value is None else value)
    ground = next(colour for least, colour in GROUNDS if value.value >= least)
    return cell(str(value), weight=f"background:{ground};color:#222;white-space:nowrap;")


def _scrolled(lines: Sequence[str], name: str) -> Page:
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    box = f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{html.escape(name)}">'
    return Page(f"{box}<table>{body}</table></div>")


def roc(curves: Mapping[str, Scored]) -> Figure:
    """Hits over false alarms, a curve for each; along the dotted line nothing is known."""
    fig, ax = plt.subplots(figsize=(4.6, 3.8), layout="constrained")
    told = []
    for (name, of), colour in zip(curves.items(), COLOURS, strict=False):
        told.append(f"{name}: {scores.auc(of)}")
        ax.plot(*scores.roc(of), color=colour, lw=2, label=told[-1])
    ax.plot([0, 1], [0, 1], ":", color=theme.GREY, lw=1)
    theme.tidy(ax, "false alarms: recordings called fakes", "hits: fakes called fakes")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(frameon=False, fontsize=9, loc="lower right")
    return theme.finished(fig, "", f"ROC curves, hits over false alarms; area under each: {'; '.join(told)}.")


def reliability(of: Mapping[str, Scored]) -> Figure:
    """Of faces that get a score, how many are fakes; on the dotted line a detector means what it says."""
    fig, ax = plt.subplots(figsize=(4.6, 3.8), layout="constrained")
    told = []
    for (name, one), colour in zip(of.items(), COLOURS, strict=False):
        told.append(f"{name}: Brier {scores.brier(one):.2f}")
        ax.plot(*scores.reliability(one), "o-", color=colour, lw=1.5, label=told[-1])
    ax.plot([0, 1], [0, 1], ":", color=theme.GREY, lw=1)
    theme.tidy(ax, "what the detector says", "share that are fakes")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(frameon=False, fontsize=9)
    return theme.finished(fig, "", f"Reliability curves, share of fakes over the score; {'; '.join(told)}.")


def looks(judge: Judge, faces: Mapping[str, Faces], count: int = 6) -> Figure:
    """Where a detector finds what speaks for a fake (Grad-CAM), red over the picture; name -> faces."""
    few = {name: _few(each, count) for name, each in faces.items()}
    maps = {name: judge.looked(each) for name, each in few.items()}
    most = max(1e-6, *(float(found.max()) for found in maps.values()))
    rows = {
        name: [_heated(p, m / most) for p, m in zip(each.pictures, maps[name], strict=True)]
        for name, each in few.items()
    }
    alt = f"Faces with what speaks for a fake in red, a row each: {', '.join(rows)}."
    return show.grid(rows, alt=alt)


def _few(faces: Faces, count: int) -> Faces:
    return faces.part(np.linspace(0, len(faces) - 1, count).astype(int))


def _heated(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    large = cv2.resize(heat.astype("f4"), picture.shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)[..., None]
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return (grey * (1 - 0.7 * large) + np.array([215, 40, 40]) * 0.7 * large).astype("u1")


def examples(pairs: Mapping[str, Pair], moment: float = 0.5) -> Figure:
    """One face of each case, recorded above and fake below; moment: 0 the first held-out one, 1 the last."""
    rows: dict[str, list[np.ndarray]] = {"recorded": [], "fake": []}
    for pair in pairs.values():
        for row, faces in zip(rows.values(), pair, strict=True):
            row.append(faces.pictures[round(moment * (len(faces) - 1))])
    heads = [name.replace(": ", ":\n") for name in pairs]
    alt = f"A recorded face and its fake, one below the other, in each case: {', '.join(pairs)}."
    return show.grid(rows, heads, alt=alt)
