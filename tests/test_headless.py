"""headless.py: one notebook run into a copy, and surroundings that are gone afterwards."""

import os
import tempfile

import nbformat
import pytest
from small_notebooks import notebook

from faceswap_lib import headless


def test_a_notebooks_parameters_and_title(tmp_path):
    notebook(tmp_path / "00_a{1}.ipynb", "pass", parameters='speed = 1\nworkdir = ""')
    found = headless.parameters(tmp_path / "00_a{1}.ipynb")
    assert found == {"speed": "1", "workdir": '""', "video_a": '""', "video_b": '""'}
    assert headless.title(tmp_path / "00_a{1}.ipynb") == "Title of 00_a{1}"


def test_surroundings_hold_while_kernels_run_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "elsewhere")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    before, temp = dict(os.environ), tempfile.gettempdir()
    (tmp_path / ".passing.workshop").mkdir()
    (tmp_path / ".passing.workshop" / "of a run that was killed").write_text("")
    with headless.surroundings(tmp_path):
        assert list((tmp_path / ".passing.workshop").iterdir()) == []
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path / ".passing.workshop")
        assert "JUPYTER_PATH" not in os.environ and os.environ["PYTHONPATH"].startswith(str(headless.ROOT))
    assert dict(os.environ) == before and tempfile.gettempdir() == temp and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell, name", [("pass", None), ("1 / 0", "ZeroDivisionError")])
def test_a_run_leaves_a_copy_that_shows_what_happened(tmp_path, cell, name):
    notebook(tmp_path / "00_a.ipynb", "print('before')", cell)
    with headless.surroundings(tmp_path):
        error = headless.run(tmp_path / "00_a.ipynb", tmp_path / "copy.ipynb", {"seed": 3})
        headless.write_page(tmp_path / "copy.ipynb")
    assert getattr(error, "ename", None) == name
    text = (tmp_path / "copy.ipynb").read_text()
    assert "before" in str(nbformat.read(tmp_path / "copy.ipynb", 4).cells) and (name or "before") in text
    assert "Title of 00_a" in (tmp_path / "copy.html").read_text()


def test_a_notebook_sees_no_more_names_than_its_own(tmp_path):
    notebook(tmp_path / "00_a.ipynb", "assert not {'os', 'orphan', 'faceswap_lib'} & set(dir())")
    with headless.surroundings(tmp_path):
        assert headless.run(tmp_path / "00_a.ipynb", tmp_path / "copy.ipynb", {}) is None
