"""exported.py: the page of an executed notebook shows all that the notebook does and fetches nothing to do so."""

from pathlib import Path

import nbformat
import numpy as np
import page_loads
import pytest
from nbformat import v4

from faceswap_lib import samples, workshop
from faceswap_lib.display import exported, pages

LESSONS = sorted(workshop.NOTEBOOKS.rglob("*.ipynb"))


def shown(*things: pages.Page) -> list:
    """Outputs as a kernel sends what a cell shows."""
    return [v4.new_output("display_data", {"text/html": str(thing), "text/plain": "page"}) for thing in things]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The page of a notebook with each kind of output that the lessons have, and some that a learner's own may have."""
    folder = tmp_path_factory.mktemp("book")
    pages.cv2.imwrite(str(folder / "face.png"), np.full((8, 8, 3), 99, "u1"))
    clip = samples.path("truth_mask")
    outputs = shown(
        pages.table([{"figure": "ssim", "value": 0.5}]),
        pages.picture(folder / "face.png"),
        pages.play(clip),
        pages.slider({"mask": clip}, 2),
    )
    plot = v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    widget = v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}})
    diagram = v4.new_output("display_data", {"text/vnd.mermaid": "graph LR; a-->b"})
    cells = [v4.new_markdown_cell("# Title\n[a link](https://example.org) and a formula $x^2$")]
    cells += [v4.new_code_cell("show()", outputs=[*outputs, plot, widget, diagram], execution_count=1)]
    book = v4.new_notebook(cells=cells)
    state = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}}
    book.metadata["widgets"] = state
    nbformat.write(book, folder / "book.ipynb")
    return exported.page(folder / "book.ipynb")


def test_a_page_fetches_nothing(page):
    assert page_loads.loads(page) == []
    for part in ("Title", "ssim", "data:image/png;base64", "data:video/mp4;base64", 'type="range"', "example.org"):
        assert part in page


def test_a_browser_is_told_to_fetch_nothing_whatever_a_cell_shows(page):
    told = dict(rule.strip().split(None, 1) for rule in page_loads.policy(page).split(";") if rule.strip())
    assert told["default-src"] == "'none'" and not any("http" in rule or "*" in rule for rule in told.values())
    assert page.index("Content-Security-Policy") < page.index("<style"), "before anything could be fetched"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lessons_page_fetches_nothing(path: Path):
    assert page_loads.loads(exported.page(path)) == []


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://example.org/a.png">',
        '<video poster="https://example.org/a.png"></video>',
        "<style>@import 'https://example.org/a.css'</style>",
        '<p style="background: url(https://example.org/a.png)">',
        "<script>import('https://example.org/a.js')</script>",
        "<script>const a = 'https://example.org/a.js'</script>",
        '<meta http-equiv="refresh" content="1; url=https://example.org">',
        "<b onclick=\"fetch('/x')\">",
        '<svg><image href="https://example.org/a.png"/></svg>',
    ],
)
def test_the_oracle_sees_what_fetches(text: str):
    assert page_loads.loads(text)


def exported_text(folder: Path, *sources: str) -> str:
    """The page of a notebook with these cells of text."""
    book = v4.new_notebook(cells=[v4.new_markdown_cell(source) for source in sources])
    nbformat.write(book, folder / "book.ipynb")
    return exported.page(folder / "book.ipynb")


def test_a_page_is_called_what_its_first_line_says(tmp_path):
    assert "<title>Lab 9 · All &amp; nothing</title>" in exported_text(tmp_path, "# Lab 9 · All & nothing\ntext")
    assert '<html lang="en">' in exported_text(tmp_path, "no heading")


def test_words_that_link_to_the_glossary_are_explained_on_the_page(tmp_path):
    text = exported_text(tmp_path, "# T\nA [patch](glossary.md#patch) has an [SSIM](../glossary.md#ssim).")
    for word, told in (("ssim", "how alike two pictures are"), ("patch", "A small piece of a picture")):
        assert f'href="#word-{word}"' in text and f'id="word-{word}"' in text and told in text
    assert "glossary.md" not in text and 'id="word-gan"' not in text
    assert "<h2>Words</h2>" not in exported_text(tmp_path, "# T\nno words")


def test_folded_text_stays_folded(tmp_path):
    text = exported_text(
        tmp_path, "# T\n\n<details><summary>More: why</summary>\n\n**Because.**\n\n</details>\n\nafter"
    )
    inside = text[text.index("<details>") : text.index("</details>")]
    assert "<strong>Because.</strong>" in inside and "after" not in inside


def test_what_may_scroll_is_reached_by_keyboard(page):
    for start in (
        '<div tabindex="0" role="group" aria-label="output" class="jp-RenderedHTMLCommon',
        '<pre tabindex="0">',
    ):
        assert start in page


def test_the_oracle_lets_links_and_data_be():
    assert (
        page_loads.loads('<a href="https://example.org">x</a><img src="data:image/png;base64,AA"><p>https://a.b</p>')
        == []
    )
