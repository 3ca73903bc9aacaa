"""What the notebooks show as HTML, read back: pictures and clips out of the page, text as a reader would see it."""

import base64
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.display import pages
from faceswap_lib.media import video
from faceswap_lib.network import previews


@dataclass
class Thing:
    """A row of a table."""

    verdict: str
    what: str
    value: float | None = None


def embedded(page: str) -> list[bytes]:
    """The files that a page carries."""
    return [base64.b64decode(data) for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)]


def seen(page: str) -> list[list[str]]:
    """A table's cells as text."""
    lines = re.findall(r"<tr>(.*?)</tr>", page)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line) for line in lines]


def test_a_page_is_html_to_a_notebook_and_short_as_text():
    page = pages.Page("<b>" + "x" * 1000 + "</b>")
    assert page._repr_html_() == "<b>" + "x" * 1000 + "</b>"
    assert len(repr(page)) < 40


@pytest.mark.parametrize(
    ("there", "asked", "lab"),
    [
        ((), ("faces/a", "faces/b"), "03_extract"),
        (("faces/a/faces.json",), ("faces/a", "faces/b"), "03_extract"),
        (("faces/a/faces.json", "faces/b/faces.json"), ("faces/a", "faces/b", "model"), "04_train"),
        (("model/model.json",), ("model", "swapped.mp4"), "05_convert"),
        (("model/model.json", "swapped.mp4"), ("model", "swapped.mov"), "05_convert"),
    ],
)
def test_a_missing_folder_names_the_lab_that_makes_it(tmp_path, there, asked, lab):
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=f"run {lab}.ipynb first"):
        pages.needs(tmp_path, *asked)


def test_what_is_there_or_not_asked_for_is_not_missed(tmp_path, facesets, trained):
    assert pages.needs(tmp_path) == tmp_path
    (tmp_path / "faces").symlink_to(facesets["a"].parent)
    (tmp_path / "model").symlink_to(trained.model)
    assert pages.needs(str(tmp_path), "faces/a", "faces/b", "model") == tmp_path


def test_the_self_check_says_pass_or_what_to_do(capsys):
    pages.check({"first": (True, "never shown"), "second": (True, "")})
    assert capsys.readouterr().out.splitlines()[-1] == "Self-check: pass"
    pages.check({"first": (True, "never shown"), "second": (False, "do this")})
    out = capsys.readouterr().out
    assert "TO DO  second: do this" in out and "never shown" not in out and "Self-check: pass" not in out


def test_a_table_shows_dataclasses_and_dicts_and_escapes_what_is_in_them():
    page = pages.table([Thing("OK", "a <b>", 0.123456), Thing("FAIL", "", None)])
    assert seen(page) == [["verdict", "what", "value"], ["OK", "a &lt;b&gt;", "0.1235"], ["FAIL", "", ""]]
    assert pages.COLOURS["FAIL"] in page and pages.COLOURS["WARN"] not in page
    page = pages.table([{"x": 1}, {"x": {"blurred": 2, "far": 1}}, {"x": {}}])
    assert seen(page) == [["x"], ["1"], ["blurred: 2, far: 1"], ["none"]]


def test_two_prices_in_a_cell_are_no_formula():
    page = pages.table([{"price": "$ 2 an hour, $ 6 a month"}])
    assert re.findall(r"[^>]\$|\$[^<]", page) == [] and page.count("<span>$</span>") == 2


def test_a_clip_is_part_of_the_page_unless_it_is_large(short, monkeypatch):
    page = pages.play(short["a"])
    assert embedded(page) == [short["a"].read_bytes()] and "controls" in page
    monkeypatch.setattr(pages, "EMBED", 1000)
    assert not embedded(pages.play(short["a"])) and short["a"].resolve().as_uri() in pages.play(short["a"])


def test_a_picture_is_shown_as_it_is(facesets):
    path = facesets["a"] / "contact_sheet.jpg"
    assert embedded(pages.picture(path)) == [path.read_bytes()]


def test_the_slider_holds_the_same_moments_of_all_clips_side_by_side(short):
    page = pages.slider({"one": short["a"], "<two>": short["b"]}, count=4, height=100)
    pictures = [cv2.imdecode(np.frombuffer(data, "u1"), cv2.IMREAD_COLOR) for data in embedded(page)]
    assert [p.shape for p in pictures] == [(100, 200, 3)] * 4
    assert 'max="3"' in page and "&lt;two&gt;" in page and page.count("display:block") == 1  # the first alone
    for side, name in ((np.s_[:, :100], "a"), (np.s_[:, 100:], "b")):
        last = cv2.resize(list(video.frames(short[name]))[-1], (100, 100), interpolation=cv2.INTER_AREA)
        assert np.abs(cv2.cvtColor(pictures[-1], cv2.COLOR_BGR2RGB)[side].astype(int) - last).mean() < 4


class Notebook:
    """A stand-in for IPython that remembers what was displayed."""

    def __init__(self):
        self.shown: list[str] = []
        self.display = SimpleNamespace(display=self.show)

    def get_ipython(self) -> "Notebook":
        """There is a shell."""
        return self

    def show(self, page: str, display_id: bool) -> "Notebook":
        """The first display; later ones replace it."""
        assert display_id and not self.shown
        self.update(page)
        return self

    def update(self, page: str) -> None:
        """What the cell shows now."""
        self.shown.append(page)


def test_progress_outside_a_notebook_prints_its_last_line_only(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    progress = pages.Progress()
    for i in range(1, 101):
        progress(i, 100, f"frame {i}")
    assert re.fullmatch(r"100% · frame 100 · \d+ s\n", capsys.readouterr().out)


def test_progress_in_a_notebook_is_one_display_that_is_renewed_once_a_second(monkeypatch, capsys):
    book, now = Notebook(), [100.0]
    monkeypatch.setitem(sys.modules, "IPython", book)
    monkeypatch.setattr(pages.time, "monotonic", lambda: now[0])
    progress = pages.Progress()
    for i in range(1, 101):
        now[0] += 0.1
        progress(i, 100, f"frame {i}")
    assert 10 <= len(book.shown) <= 12
    share, gone, left = map(int, re.search(r">(\d+)% · .* (\d+) s, about (\d+) s left", book.shown[3]).groups())
    assert 25 <= share <= 45 and gone + left == pytest.approx(10, abs=1)  # a frame takes a tenth of a second
    assert "100% · frame 100" in book.shown[-1] and "left" not in book.shown[-1]
    assert capsys.readouterr().out == ""


def test_progress_of_unknown_length_names_no_share(monkeypatch):
    book = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", book)
    pages.Progress()(5, None, "5 frames")
    assert "<div>5 frames · 0 s</div>" in book.shown[0]


def test_progress_of_a_training_shows_the_newest_preview(monkeypatch, trained):
    book = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", book)
    pages.Progress(trained.model)(10, 10, "done")
    newest = sorted((trained.model / "previews").iterdir())[-1]
    assert embedded(book.shown[0]) == [newest.read_bytes()]
    assert all(name in book.shown[0] for name in previews.COLUMNS)


@pytest.mark.parametrize(
    ("shell", "expected"), [("types.SimpleNamespace(set_custom_exc=print, user_ns={})", []), ("None", ["from C"])]
)
def test_quiet_drops_what_c_libraries_print_in_a_notebook_only(shell, expected):
    program = f"""
import os, sys, types, warnings
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: {shell})
from faceswap_lib.display import pages
python = os.fdopen(os.dup(1), "w")  # as in a notebook, where Python's stderr is no longer file 2
sys.stdout = open(os.devnull, "w")
pages.quiet()
os.write(2, b"from C")
with warnings.catch_warnings(record=True) as told:
    warnings.warn("something else")
print('{{"from": "Python", "warnings": %d}}' % len(told), file=python, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"from": "Python", "warnings": 1}
    assert done.stderr.split("\n", 1)[0:1] == (expected or [""])


def test_who_is_who_shows_the_picture_of_each_faceset_that_has_one(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "people.jpg").write_bytes(b"picture")
    page = pages.who_is_who({"A": tmp_path / "a", "B": tmp_path / "b"})
    assert embedded(page) == [b"picture"] and page.index("A:") < page.index("base64") < page.index("B:")
    assert page.count("one person, nothing to choose") == 1 and page.index("nothing") > page.index("B:")
