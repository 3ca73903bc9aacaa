"""described.py: what a notebook shows of a figure is one image with its alt text, in JupyterLab and on its page."""

import base64
import re
from html.parser import HTMLParser

import cv2
import matplotlib
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from faceswap_lib.display import described, exported, show, theme  # noqa: E402


class Images(HTMLParser):
    """The attributes of every image and video."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[dict] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "video"):
            self.found.append(dict(attrs))


def pixels(page: str) -> np.ndarray:
    """The picture within a page, RGB."""
    data = base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])
    return cv2.imdecode(np.frombuffer(data, "u1"), cv2.IMREAD_UNCHANGED)


def test_a_figure_becomes_an_image_with_its_sentence_and_a_white_ground():
    fig = show.row({"red": np.full((8, 8, 3), (255, 0, 0), "u1")})
    page = described.described(fig, 'a "red" picture <of nothing>')
    (image,) = Images(page).found
    assert image["alt"] == 'a "red" picture <of nothing>' and "max-width:100%" in image["style"]
    shown = pixels(page)
    assert (shown[0, 0] == 255).all() and (shown[..., :3] == (0, 0, 255)).all(-1).mean() > 0.3
    assert show.described is described.described


def test_without_a_sentence_a_figure_says_what_stands_on_it():
    fig, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], label="A")
    left.legend()
    theme.tidy(left, "iteration", "loss")
    right.set_title("second\nplot")
    assert theme.finished(fig, "How it went").alt == "How it went; loss over iteration: A; second plot"
    assert theme.finished(plt.figure(), "").alt == "A picture."
    assert theme.finished(plt.figure(), "title", "A curve that falls.").alt == "A curve that falls."


@pytest.mark.parametrize("path", ["train", "swap"])
def test_the_networks_drawing_is_told_in_words(path):
    assert "decoder B" in show.network(path).alt and "shared encoder" in show.network(path).alt


def test_bars_say_their_values():
    assert show.bars({"one": 1.5, "two": 20}, "dollars").alt == "Bars, dollars. one: 1.5; two: 20."


def test_a_notebook_stores_one_image_with_its_alt_and_its_page_shows_it(tmp_path):
    code = "from faceswap_lib.display import show\nshow.bars({'one': 1.0}, 'dollars')"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(book, kernel_name="python3").execute()
    (output,) = book.cells[0].outputs
    assert "image/png" not in output.data, "or every picture would be stored twice"
    nbformat.write(book, tmp_path / "book.ipynb")
    images = Images(exported.page(tmp_path / "book.ipynb")).found
    assert [image["alt"] for image in images] == ["Bars, dollars. one: 1."]
