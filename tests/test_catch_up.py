"""catch_up.py: a missed lab's result, for the built-in pair; nothing that is there is replaced."""

import copy
import shutil
from types import SimpleNamespace

import pytest

from faceswap_lib import UserError, catch_up
from faceswap_lib.classroom import kit_model, logbook
from faceswap_lib.measure import report
from faceswap_lib.media import video
from faceswap_lib.network import record
from faceswap_lib.trust import consent, inspection


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


@pytest.mark.parametrize("lab", ["9", "x", "", "../04"])
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


def test_who_missed_labs_3_to_6_gets_video_and_report(facesets, short, short_truth, tmp_path, monkeypatch):
    """The whole way, on the first frames of the built-in pair; only the record of whose model it is stands in."""
    clips = {"person_a": short["a"], "person_b": short["b"], **short_truth}
    monkeypatch.setattr(catch_up.samples, "path", clips.__getitem__)
    monkeypatch.setattr(consent, "built_in", lambda: frozenset(map(video.sha256, short.values())))
    record_of_it = kit_model._record()
    for side, clip in short.items():
        record_of_it["data"][side]["sha256"] = video.sha256(clip)
    monkeypatch.setattr(kit_model, "_record", lambda: copy.deepcopy(record_of_it))
    for side, folder in facesets.items():
        shutil.copytree(folder, tmp_path / "faces" / side)
    shown = catch_up.catch_up("05", tmp_path).splitlines()
    assert [line.endswith("is there, and stays.") for line in shown] == [True, True, False, False]
    assert "swapped.mp4: 30 frames, labelled and signed as synthetic." in shown[-1]
    assert inspection.whole(tmp_path / "swapped.mp4") and not (tmp_path / "report.json").exists()
    before = (tmp_path / "swapped.mp4").read_bytes()
    assert "report.html" in catch_up.catch_up("6", tmp_path).splitlines()[-1]
    assert (tmp_path / "swapped.mp4").read_bytes() == before
    figures = report.read(tmp_path)["figures"]
    assert figures["identity"]["value"] > 0 > figures["identity"]["reference"]["source"]
    assert figures["ssim"]["value"] > figures["ssim"]["reference"]["source"]
    book = logbook.read(tmp_path)
    assert {number: lab.kits for number, lab in book.labs.items()} == {
        "04": ["model"],
        "05": ["swapped"],
        "06": ["report.json"],
    }
    assert all(line.endswith("is there, and stays.") for line in catch_up.catch_up("06", tmp_path).splitlines())
