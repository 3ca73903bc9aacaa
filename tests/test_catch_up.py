"""catch_up.py: a missed lab's result, for the built-in pair; nothing that is there is replaced."""

import shutil
from types import SimpleNamespace

import pytest

from faceswap_lib import UserError, catch_up
from faceswap_lib.classroom import kit_model, logbook
from faceswap_lib.network import record


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A workdir with what stands for facesets of the built-in pair."""
    for side in "ab":
        (tmp_path / "faces" / side).mkdir(parents=True)
        (tmp_path / "faces" / side / "faces.json").write_text(f"of {side}")
    monkeypatch.setattr(
        catch_up.faceset, "load", lambda f: SimpleNamespace(source=SimpleNamespace(sha256=kit_model.people()[f.name]))
    )
    return tmp_path


def test_who_missed_the_training_gets_the_kits_model(run):
    told = catch_up.catch_up("4", run).splitlines()
    assert len(told) == 3 and told[0].endswith("is there, and stays.") and "came with the kit" in told[2]
    assert "not trained here" in record.read_about(run / "model")["kit"]
    assert (run / "faces/a/faces.json").read_text() == "of a"
    book = logbook.read(run)
    assert book.labs["04"].kits == ["model"] and "03" not in book.labs
    assert "from the kit: model" in (run / "index.html").read_text()
    assert all(line.endswith("is there, and stays.") for line in catch_up.catch_up("04", run).splitlines())


def test_lab_3_is_made_here(tmp_path, monkeypatch):
    asked = []

    def found(clip, folder, **how):
        asked.append((clip.name, how["profile"]))
        return type("Result", (), {"kept": 200})

    monkeypatch.setattr(catch_up.extract, "extract", found)
    assert "200 faces" in catch_up.catch_up("03", tmp_path, profile="smoke")
    assert asked == [("person_a.mp4", "smoke"), ("person_b.mp4", "smoke")]


def test_a_lab_that_makes_nothing_needs_none(tmp_path):
    assert "leaves nothing behind" in catch_up.catch_up("02", tmp_path)


@pytest.mark.parametrize("lab", ["7", "x", "", "../04"])
def test_a_lab_that_there_is_not_is_said(tmp_path, lab):
    with pytest.raises(UserError, match="no lab"):
        catch_up.catch_up(lab, tmp_path)


def test_other_peoples_faces_have_no_model_in_the_kit(facesets, tmp_path, monkeypatch):
    (tmp_path / "faces").mkdir()
    for side, folder in facesets.items():
        shutil.copytree(folder, tmp_path / "faces" / side)
    monkeypatch.setattr(kit_model, "unpack", lambda folder: pytest.fail("it is of other people"))
    with pytest.raises(UserError, match="another video than the built-in pair"):
        catch_up.catch_up("04", tmp_path)
