"""Learning curves as a few lines of SVG: drawn in no time while a training goes on, in the page's own ink."""

import html
from collections.abc import Sequence

from faceswap_lib.display import theme

WIDE, HIGH, LEFT, LOW, TOP = 340, 216, 34, 22, 46  # pixels; TOP: what title and legend take above the curves
Line = tuple[str, str, str, Sequence[tuple[float, float]]]  # name, colour, dashes, points


def losses(history: Sequence[dict]) -> str:
    """The loss on faces it learns from (dashed) and on faces it never sees (solid), of both people."""
    lines: list[Line] = []
    for side, colour in (("a", theme.A), ("b", theme.B)):
        name = side.upper()
        lines.append((f"{name}, never seen", colour, "", [(r["iteration"], r[f"held_{side}"]) for r in history]))
        own = [(r["iteration"], r[f"loss_{side}"]) for r in history if r[f"loss_{side}"]]
        lines.append((f"{name}, learned from", colour, "4 3", own))
    return plot("loss", lines)


def game(history: Sequence[dict]) -> str:
    """The discriminator's two losses, while it played; "" where it never has."""
    played = [r for r in history if r["gan_real"] or r["gan_fake"]]
    pairs = (("gan_real", "on real", ""), ("gan_fake", "on drawn", "4 3"))
    lines = [(name, theme.GAME, dash, [(r["iteration"], r[key]) for r in played]) for key, name, dash in pairs]
    return plot("discriminator's loss", lines) if played else ""


def plot(title: str, lines: Sequence[Line]) -> str:
    """Lines over iterations, from 0; described for those who do not see them by where each one begins and ends."""
    points = [point for *_, line in lines for point in line]
    far, top = max((x for x, _ in points), default=0) or 1, max((y for _, y in points), default=0) or 1
    ends = "; ".join(f"{name} from {line[0][1]:.3f} to {line[-1][1]:.3f}" for name, *_, line in lines if line)
    told = html.escape(f"{title}: {ends or 'nothing yet'}", quote=True)
    across, up = (WIDE - LEFT - 8) / far, (HIGH - LOW - TOP - 4) / top
    body = [_text(4, 12, title), _text(LEFT, HIGH - 6, "0"), _text(WIDE - 8, HIGH - 6, f"iteration {far:g}", "end")]
    body += [_text(LEFT - 4, HIGH - LOW - top * up + 4, f"{top:.2f}", "end"), _text(LEFT - 4, HIGH - LOW, "0", "end")]
    for place, (name, colour, dash, line) in enumerate(lines):
        where = " ".join(f"{LEFT + x * across:.1f},{HIGH - LOW - y * up:.1f}" for x, y in line)
        look = f'fill="none" stroke="{colour}" stroke-width="{1.5 if dash else 2.5}" stroke-dasharray="{dash}"'
        body.append(f'<polyline points="{where}" {look}/>')
        x, y = LEFT + 130 * (place // 2), 24 + 14 * (place % 2)
        body.append(f'<line x1="{x}" x2="{x + 20}" y1="{y}" y2="{y}" {look}/>')
        body.append(_text(x + 24, y + 4, name))
    frame = f"M{LEFT} {TOP} V{HIGH - LOW} H{WIDE - 8}"
    return (
        f'<svg role="img" aria-label="{told}" '
        f'viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" style="max-width:100%" font-size="11" fill="currentColor">'
        f'<path d="{frame}" fill="none" stroke="currentColor" stroke-opacity=".5"/>{"".join(body)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{html.escape(words)}</text>'
