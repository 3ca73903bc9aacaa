"""workbook.py: the learner's copy follows the kit, and nothing that a learner wrote is lost."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "setup" / "workbook.py"
spec = importlib.util.spec_from_file_location("workbook", PATH)
workbook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(workbook)


def lesson(source: str, outputs: tuple = ()) -> str:
    """A notebook of one cell."""
    cell = {"cell_type": "code", "source": [source], "outputs": list(outputs), "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {}})


@pytest.fixture
def both(tmp_path) -> tuple[Path, Path]:
    """A kit with a lesson, a solution and a picture, and a fresh copy of it."""
    kit, copy = tmp_path / "kit", tmp_path / "copy"
    (kit / "solutions").mkdir(parents=True)
    (kit / "pictures").mkdir()
    (kit / "a.ipynb").write_text(lesson("1"))
    (kit / "solutions" / "a.ipynb").write_text(lesson("one"))
    (kit / "pictures" / "p.jpg").write_bytes(b"picture")
    assert workbook.renew(kit, copy) == []
    return kit, copy


def seen(folder: Path) -> dict[str, str]:
    """Every file of a folder that is not hidden, and what is in it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def test_a_fresh_copy_is_the_kits(both):
    kit, copy = both
    assert seen(kit) == seen(copy) and not [path for path in kit.rglob("*") if path.name.startswith(".")]


def test_what_was_only_run_follows_the_kit_and_is_kept_as_it_ran(both):
    kit, copy = both
    ran = lesson("1", ("a result",))
    (copy / "a.ipynb").write_text(ran)
    assert workbook.renew(kit, copy) == [] and (copy / "a.ipynb").read_text() == ran
    (kit / "a.ipynb").write_text(lesson("2"))
    assert "a newer one" in workbook.renew(kit, copy)[0]
    assert (copy / "a.ipynb").read_text() == lesson("2") and (copy / "earlier" / "a.ipynb").read_text() == ran
    assert workbook.renew(kit, copy) == []


def test_what_was_edited_stays_and_the_newer_one_lies_beside_it(both):
    kit, copy = both
    (copy / "a.ipynb").write_text(lesson("mine"))
    assert workbook.renew(kit, copy) == []
    (kit / "a.ipynb").write_text(lesson("2"))
    assert "edited" in workbook.renew(kit, copy)[0]
    assert (copy / "a.ipynb").read_text() == lesson("mine") and (copy / "a-new.ipynb").read_text() == lesson("2")
    (copy / "a-new.ipynb").write_text(lesson("mine, too"))
    (kit / "a.ipynb").write_text(lesson("3"))
    workbook.renew(kit, copy)
    assert (copy / "a-new.ipynb").read_text() == lesson("mine, too")
    assert (copy / "a-new1.ipynb").read_text() == lesson("3")
    (copy / "a-new.ipynb").unlink()
    assert workbook.renew(kit, copy) == [] and not (copy / "a-new.ipynb").exists(), "once for each change of the kit"


def test_deleting_one_brings_it_back_as_the_kit_has_it(both):
    kit, copy = both
    (copy / "solutions" / "a.ipynb").unlink()
    assert workbook.renew(kit, copy) == [] and seen(kit) == seen(copy)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_without_the_list_nothing_of_the_learners_is_lost(both, text):
    kit, copy = both
    (copy / workbook.LIST).write_text(text)
    (copy / "a.ipynb").write_text(lesson("mine"))
    (copy / "notes.txt").write_text("my own")
    workbook.renew(kit, copy)
    assert seen(copy) == seen(kit) | {"a.ipynb": lesson("mine"), "a-new.ipynb": lesson("1"), "notes.txt": "my own"}


def test_a_notebook_that_is_none_is_compared_as_it_is(both):
    kit, copy = both
    (copy / "a.ipynb").write_text("broken")
    (kit / "a.ipynb").write_text(lesson("2"))
    workbook.renew(kit, copy)
    assert (copy / "a.ipynb").read_text() == "broken"


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path):
    done = subprocess.run([sys.executable, PATH, tmp_path / "nowhere", tmp_path], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("Usage")
    (tmp_path / "file").write_text("")
    (tmp_path / "kit").mkdir()
    done = subprocess.run([sys.executable, PATH, tmp_path / "kit", tmp_path / "file/x"], capture_output=True, text=True)
    assert done.returncode == 2 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
