"""The look of the pages over a run: index, start page, certificate, class. Readable in light, in dark and on paper."""

import html

LEFT = 'style="text-align:left"'  # JupyterLab has a table's heads in the middle
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{title}<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem;
  color: light-dark(#222, #e6e6e6); background: light-dark(#fff, #16181c) }}
a {{ color: light-dark(#1d5a7d, #8ecbee) }}
.wide {{ overflow-x: auto; margin-bottom: 1rem }} table {{ border-collapse: collapse }}
th, td {{ padding: .3rem 1rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid light-dark(#ddd, #3a3d42) }}
pre {{ overflow-x: auto; background: light-dark(#f5f5f5, #22252b); padding: 1rem; font-size: 13px }}
video, img {{ max-width: 100% }} .fine {{ font-size: .85rem; color: light-dark(#555, #b5b8bd) }}
caption {{ text-align: left; padding-bottom: .3rem }}
@media (max-width: 640px) {{
  body {{ margin: .5rem auto; padding: 0 .5rem }} th, td {{ padding-right: .5rem; font-size: .9rem }}
}}
@media print {{ a {{ color: inherit }} body {{ margin: 0; max-width: none }} }}
{style}</style></head><body>
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole page; title: the text within <title>."""
    head = HEAD.format(title=f"<title>{html.escape(title)}</title>", style=style)
    return f"{head}<main>\n{body}\n</main></body></html>\n"


def table(heads: tuple[str, ...], lines: list[list[str]], caption: str = "") -> str:
    """A table of cells that are HTML already; heads are text."""
    said = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col" {LEFT}>{html.escape(each)}</th>' for each in heads)
    body = "\n".join(f"<tr>{''.join(f'<td {LEFT}>{cell}</td>' for cell in line)}</tr>" for line in lines)
    # a region that scrolls must be reached by the keyboard, too
    return f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(caption or heads[0])}">' + (
        f"<table>{said}<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )
