"""An executed notebook as one page that asks the network for nothing, today or when it is sent around."""

import re
from functools import cache
from html import escape
from pathlib import Path

from faceswap_lib.display.live import VIEW

GLOSSARY = Path(__file__).parents[2] / "notebooks" / "glossary.md"
# JupyterLab's look, without the scripts that it fetches from a content network: formulas, diagrams and widgets of
# ipywidgets need them, our pages do not; a widget's still picture is shown (live.py). The policy makes the browser
# refuse whatever a cell might ask for.
TEMPLATE = """{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';
 script-src 'unsafe-inline'; img-src data: file:; media-src data: file:; font-src data:">
{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}<style>STYLE</style>{%- endblock -%}
{%- block body_footer -%}{{ resources.words }}</main></body>{%- endblock -%}
"""
# Links are underlined, code and tables scroll within their own box, a telephone and a sheet of paper show all of it.
STYLE = """
.jp-RenderedHTMLCommon a { text-decoration: underline !important; color: #0b5394 !important }
.jp-RenderedHTMLCommon img, .jp-RenderedHTMLCommon video { max-width: 100%; height: auto }
.jp-RenderedHTMLCommon table { margin-left: 0 } .jp-RenderedHTMLCommon th { text-align: left }
.jp-RenderedHTML { overflow-x: auto }
.jp-InputPrompt, .jp-OutputPrompt { color: #595959 !important; opacity: 1 !important }
.highlight [class^=c] { color: #376464 !important } .highlight [class^=m] { color: #006b00 !important }
.highlight [class^=o] { color: #7b1fa2 !important }
.jp-RenderedHTMLCommon summary { cursor: pointer; font-weight: bold }
.words { padding: 0 1rem 1rem 5rem } .words dt { font-weight: bold } .words dd { margin: 0 0 .5rem }
@media (max-width: 640px) {
  .jp-InputPrompt, .jp-OutputPrompt { display: none } .words { padding-left: 1rem }
  body.jp-Notebook { padding: .5rem; min-width: 0 }
}
@media print {
  .highlight pre, .jp-RenderedText pre { white-space: pre-wrap; overflow-wrap: anywhere }
  .jp-RenderedHTMLCommon img, .jp-RenderedHTMLCommon tr { break-inside: avoid }
  .jp-RenderedHTML { overflow: visible } .jp-RenderedHTMLCommon table { font-size: 80% }
}
"""
WORD = re.compile(r'href="(?:\.\./)*glossary\.md#([\w-]+)"')
SCROLLS = re.compile(r'<div class="(jp-RenderedHTMLCommon jp-RenderedHTML|jp-RenderedText) jp-OutputArea-output')
CODE = '<div class="highlight hl-ipython3"><pre>'


def page(notebook: Path) -> str:
    """The page of a notebook with its outputs; words that link to the glossary are explained at its end."""
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab")
    exporter.config.NbConvertBase.display_data_priority = [
        kind for kind in exporter.default_config.NbConvertBase.display_data_priority if kind != VIEW
    ]
    exporter.raw_template = TEMPLATE.replace("STYLE", STYLE)
    book = nbformat.read(notebook, 4)
    book.metadata.pop("widgets", None)  # what a kernel would need to bring them back to life
    first = book.cells[0].source.splitlines() if book.cells else []
    book.metadata["title"] = first[0].lstrip("# ").strip() if first else notebook.stem
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    named = re.findall(r"glossary\.md#([\w-]+)", text)
    made = exporter.from_notebook_node(book, {"metadata": {"name": notebook.stem}, "words": _words(named)})[0]
    return _usable(WORD.sub(r'href="#word-\1"', made))


def _usable(made: str) -> str:
    """What may scroll can be reached by keyboard, and has a name."""
    made = SCROLLS.sub(
        lambda found: found[0].replace("<div ", '<div tabindex="0" role="group" aria-label="output" '), made
    )
    return made.replace(CODE, CODE.replace("<pre>", '<pre tabindex="0">'))


def _words(named: list[str]) -> str:
    """The glossary's entries of these words, as a section."""
    entries = [(name, *glossary()[name]) for name in sorted(set(named)) if name in glossary()]
    items = "".join(f'<dt id="word-{name}">{escape(title)}</dt><dd>{text}</dd>' for name, title, text in entries)
    return f'<section class="jp-RenderedHTMLCommon words"><h2>Words</h2><dl>{items}</dl></section>' if items else ""


@cache
def glossary() -> dict[str, tuple[str, str]]:
    """The words of notebooks/glossary.md: anchor -> title, and what it means as HTML without links; {} without it."""
    if not GLOSSARY.is_file():
        return {}
    entry = re.compile(r'<a id="([\w-]+)"></a>\n+### (.+)\n+((?:.+\n)+)')
    return {name: (title, _plain(text)) for name, title, text in entry.findall(GLOSSARY.read_text(encoding="utf-8"))}


def _plain(text: str) -> str:
    text = escape(" ".join(text.split()), quote=False)
    for pattern, made in (
        (r"\[([^]]+)\]\([^)]+\)", r"\1"),
        (r"`([^`]+)`", r"<code>\1</code>"),
        (r"\*([^*]+)\*", r"<i>\1</i>"),
    ):
        text = re.sub(pattern, made, text)
    return text
