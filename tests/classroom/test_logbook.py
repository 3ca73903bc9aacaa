"""logbook.py: what was done in a workdir, written whole, read with care, shared only where that was asked for."""

import json
import threading

import pytest

from faceswap_lib import UserError, files
from faceswap_lib.classroom import logbook


def test_a_self_check_is_noted_with_what_is_to_do(tmp_path):
    logbook.begin(tmp_path, "04")
    logbook.checked(tmp_path, "04", {"a": True, "b": False}, {"loss": 0.5})
    lab = logbook.read(tmp_path).labs["04"]
    assert (lab.passed, lab.todo, lab.figures, lab.tries, lab.first) == (False, ["b"], {"loss": 0.5}, 1, None)
    logbook.checked(tmp_path, "04", {"a": True, "b": True})
    logbook.checked(tmp_path, "04", {"a": False})
    lab = logbook.read(tmp_path).labs["04"]
    assert not lab.passed and lab.todo == ["a"] and lab.first and lab.tries == 3
    assert lab.begun <= lab.first <= lab.checked


def test_what_could_not_be_read_again_costs_nothing_that_is_there(tmp_path):
    logbook.checked(tmp_path, "04", {"a": True}, {"loss": 0.5, "nan": float("nan"), "none": None})
    logbook.answered(tmp_path, "04 is no exercise", True)
    logbook.begin(tmp_path, "four")
    assert logbook.read(tmp_path).labs["04"].figures == {"loss": 0.5} and list(logbook.read(tmp_path).labs) == ["04"]


def test_it_holds_nothing_personal(tmp_path):
    logbook.checked(tmp_path, "04", {"a": True})
    logbook.answered(tmp_path, "04-1", True)
    text = (tmp_path / logbook.NAME).read_text()
    assert str(tmp_path) not in text and "answer" not in text


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"labs": {"04": {"passed": "perhaps"}}}', "[" * 100_000, '{"labs": {"../..": {}}}', "\0"],
)
def test_a_damaged_logbook_is_as_none(tmp_path, text):
    (tmp_path / logbook.NAME).write_text(text)
    assert not logbook.read(tmp_path).labs
    logbook.checked(tmp_path, "01", {"a": True})
    assert logbook.read(tmp_path).labs["01"].passed


@pytest.mark.parametrize(
    "labs",
    [
        {"04": {"tries": -1}},
        {"4": {}},
        {"04": {"figures": {"x": float("inf")}}},
        {"04": {"todo": ["x" * 301]}},
        {"04": {"begun": "2026-01-01"}},
        {f"{n:02d}": {} for n in range(41)},
    ],
)
def test_what_a_stranger_wrote_is_bounded(tmp_path, labs):
    (tmp_path / logbook.NAME).write_text(json.dumps(files.sealed({"labs": labs})))
    with pytest.raises(ValueError):
        logbook.load(tmp_path / logbook.NAME)


def test_a_link_out_and_a_huge_file_are_not_read(tmp_path):
    logbook.checked(tmp_path / "other", "04", {"a": True})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / logbook.NAME).symlink_to(tmp_path / "other" / logbook.NAME)
    with pytest.raises(ValueError, match="link"):
        logbook.load(tmp_path / "mine" / logbook.NAME)
    (tmp_path / logbook.NAME).write_bytes(b" " * (logbook.MOST + 1))
    with pytest.raises(ValueError, match="MB"):
        logbook.load(tmp_path / logbook.NAME)


def test_two_notebooks_lose_nothing_of_one_another(tmp_path):
    both = [
        threading.Thread(target=lambda lab=lab: [logbook.checked(tmp_path, lab, {"a": True}) for _ in range(8)])
        for lab in ("03", "04")
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert {name: lab.tries for name, lab in logbook.read(tmp_path).labs.items()} == {"03": 8, "04": 8}


def test_a_lesson_goes_on_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    logbook.checked(tmp_path / "file" / "work", "04", {"a": True})


def test_nothing_is_shared_unless_it_is_said(tmp_path):
    work, room = tmp_path / "work", tmp_path / "room"
    room.mkdir()
    logbook.checked(work, "03", {"a": True})
    assert not list(room.iterdir())
    assert "No name" in logbook.share(work, room, "7")
    logbook.checked(work, "04", {"a": False})
    (copy,) = room.glob("*.json")
    assert copy.stat().st_mode & 0o777 == 0o644 and not list(room.glob(".*"))
    book = logbook.load(copy)
    assert (book.seat, book.share, list(book.labs)) == ("7", "", ["03", "04"]) and str(tmp_path) not in copy.read_text()
    assert "Nothing is shared" in logbook.share(work, "")
    assert not list(room.glob("*.json")), "who ends it takes back what was there"


@pytest.mark.parametrize(("folder", "seat"), [("nowhere", ""), (".", "a/b"), (".", "x" * 21)])
def test_what_cannot_be_shared_is_said_in_a_sentence(tmp_path, monkeypatch, folder, seat):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError):
        logbook.share(tmp_path / "work", folder, seat)


def test_a_run_and_a_result_of_the_kit_are_noted(tmp_path):
    logbook.ran(tmp_path, "04", 12.34, 1.567)
    logbook.took(tmp_path, "04", "the trained model")
    logbook.took(tmp_path, "04", "the trained model")
    lab = logbook.read(tmp_path).labs["04"]
    assert (lab.seconds, lab.peak, lab.kits) == (12.3, 1.57, ["the trained model"])
    logbook.checked(tmp_path, "04", {"a": False})
    assert logbook.read(tmp_path).labs["04"].kits
    logbook.checked(tmp_path, "04", {"a": True})
    assert not logbook.read(tmp_path).labs["04"].kits
