"""journal.py: what counts as done, and what does not any more."""

import json
import os

import pytest

from faceswap_lib.classroom import journal

SETTINGS = {"profile": "smoke", "seed": 0, "moments": (1, 2), "video_a": "", "kit": "k"}


@pytest.fixture
def workdir(tmp_path):
    """A workdir in which lab 3 is done and lab 4 was interrupted; both have written."""
    (tmp_path / "faces").mkdir()
    (tmp_path / "mine.txt").write_text("older than the run")
    os.utime(tmp_path / "mine.txt", (1e9, 1e9))
    one = journal.Journal(tmp_path, SETTINGS)
    assert not one.done and not one.begin("03_extract")
    (tmp_path / "faces" / "a.png").write_text("a face")
    (tmp_path / ".passing").write_text("in passing")
    (tmp_path / "index.html").write_text("of all labs")
    one.end("03_extract", 12.34, 0.5)
    assert not one.begin("04_train")
    (tmp_path / "model.h5").write_text("half trained")
    return tmp_path


def test_a_lab_that_ended_is_done_and_the_next_one_was_interrupted(workdir):
    again = journal.Journal(workdir, SETTINGS)
    assert list(again.done) == ["03_extract"] and again.changed is None
    assert again.done["03_extract"]["seconds"] == 12.3 and again.done["03_extract"]["peak"] == 0.5
    assert list(again.done["03_extract"]["made"]) == ["faces/a.png"], "not others' files, hidden ones, the index"
    assert again.begin("04_train")


def test_what_an_interrupted_lab_wrote_before_counts_as_made_by_it(workdir):
    again = journal.Journal(workdir, SETTINGS)
    again.begin("04_train")
    again.end("04_train", 1, 1)
    assert list(again.done["04_train"]["made"]) == ["model.h5"]
    assert list(journal.Journal(workdir, SETTINGS).done) == ["03_extract", "04_train"]


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"profile": "demo"}, {"moments": (1, 3)}, {"kit": "l"}, {"minutes": 1}]
)
def test_other_settings_begin_anew(workdir, change):
    other = journal.Journal(workdir, SETTINGS | change)
    assert not other.done and not other.begin("04_train")


@pytest.mark.parametrize("harm", ["gone", "longer", "newer"])
def test_a_lab_whose_files_are_not_as_it_left_them_is_done_again_and_so_is_what_follows(workdir, harm):
    one, path = journal.Journal(workdir, SETTINGS), workdir / "faces" / "a.png"
    one.begin("04_train")
    one.end("04_train", 1, 1)
    one.begin("05_convert")
    if harm == "gone":
        path.unlink()
    else:
        before = path.stat()
        path.write_text("a face" + "!" * (harm == "longer"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + (harm == "newer")))
    again = journal.Journal(workdir, SETTINGS)
    assert not again.done and again.changed == path
    assert not again.begin("03_extract") and not again.begin("04_train") and not again.begin("05_convert")


def test_what_two_labs_wrote_is_the_later_ones(workdir):
    one = journal.Journal(workdir, SETTINGS)
    one.begin("04_train")
    (workdir / "faces" / "a.png").write_text("a better face")
    one.end("04_train", 1, 1)
    again = journal.Journal(workdir, SETTINGS)
    assert list(again.done) == ["03_extract", "04_train"]
    assert sorted(again.done["04_train"]["made"]) == ["faces/a.png", "model.h5"]


def test_a_run_that_has_ended_leaves_no_journal(workdir):
    journal.Journal(workdir, SETTINGS).close()
    assert not (workdir / journal.NAME).exists() and not journal.Journal(workdir, SETTINGS).done


@pytest.mark.parametrize("text", ["", "{", "[]", '{"settings": {}}', '{"settings": null, "done": 3, "now": {}}'])
def test_a_damaged_journal_is_as_none(workdir, text):
    (workdir / journal.NAME).write_text(text)
    assert not journal.Journal(workdir, SETTINGS).done


def test_damage_further_in_is_no_traceback_either(workdir):
    content = json.loads((workdir / journal.NAME).read_text())
    for done in ({"03_extract": {}}, {"03_extract": {"made": {}, "seconds": "x", "peak": 0}}, ["03_extract"], 7):
        (workdir / journal.NAME).write_text(json.dumps(content | {"done": done}))
        assert not journal.Journal(workdir, SETTINGS).done


def test_another_notebook_is_another_kit(tmp_path):
    one = tmp_path / "00_a.ipynb"
    one.write_text("{}")
    before = journal.kit([one])
    assert before == journal.kit([one]) and len(before) == 64
    one.write_text("{ }")
    assert journal.kit([one]) != before
