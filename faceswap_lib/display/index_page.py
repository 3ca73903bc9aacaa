"""index.html: one page over all labs of a run."""

import html
from collections.abc import Sequence
from pathlib import Path

TITLE = "<title>Face-swap workshop</title>"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{title}<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
td {{ padding: .3rem 1.2rem .3rem 0 }} pre {{ overflow-x: auto; background: #f5f5f5; padding: 1rem; font-size: 13px }}
video {{ max-width: 100% }}
</style></head><body>
<h1>Face-swap workshop</h1>
<p>All notebooks as they ran, {minutes:.1f} minutes in all. The people in the built-in clips are rendered and do not
exist; every swapped video is labelled as synthetic.</p>
{clip}
<table>{items}</table>
{figures}
</body></html>
"""


def page(labs: Sequence, minutes: float, told: str, clip: Path | None) -> str:
    """The page; labs: with name, title, seconds, peak (GB), status; told: how good the swap is, or empty."""
    items = "".join(
        f'<tr><td><a href="notebooks/{lab.name}.html">{html.escape(lab.title)}</a></td>'
        f"<td>{lab.seconds:.0f} s</td><td>{lab.peak:.1f} GB</td><td>{lab.status}</td></tr>\n"
        for lab in labs
    )
    head = '<h2><a href="report.html">How good it is</a></h2>'
    figures = f"{head}<pre>{html.escape(told)}</pre>" if told else ""
    video = f'<video src="{clip.name}#t=1.2" controls loop width="480"></video>' if clip else ""
    return PAGE.format(title=TITLE, items=items, figures=figures, clip=video, minutes=minutes)
