"""exercises.py: every check says right or gives a hint, and what was said is noted in the workdir."""

import re

import pytest

from faceswap_lib import UserError
from faceswap_lib.classroom import exercises, logbook


@pytest.fixture
def three(monkeypatch):
    """One exercise whose answer is 3."""
    monkeypatch.setattr(exercises, "answers", lambda: {"09-1": lambda value: "" if value + 0 == 3 else "Count again."})


def test_a_right_answer_is_told_from_a_wrong_one(three, capsys, tmp_path):
    for value, said in ((2, "09-1: not yet. Count again."), (3, "09-1: right."), (4, "09-1: not yet. Count again.")):
        exercises.check("09-1", value, tmp_path)
        assert capsys.readouterr().out.strip() == said
    noted = logbook.read(tmp_path).labs["09"].exercises["09-1"]
    assert (noted.right, noted.tries) == (True, 3), "what was right once stays right"


def test_no_answer_yet_is_no_mistake(three, capsys, tmp_path):
    exercises.check("09-1", None, tmp_path)
    assert capsys.readouterr().out == "Set your answer to 09-1 above first.\n"
    assert not logbook.read(tmp_path).labs


@pytest.mark.parametrize("value", ["three", [], {}, object()])
def test_a_value_of_another_kind_gets_a_hint_and_no_traceback(three, value, capsys, tmp_path):
    exercises.check("09-1", value, tmp_path)
    assert "no answer of the kind" in capsys.readouterr().out


def test_an_exercise_that_there_is_not_is_said(three):
    with pytest.raises(UserError, match="09-1"):
        exercises.check("09-7", 3)


def test_without_a_workdir_nothing_is_noted(three, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exercises.check("09-1", 3)
    assert not list(tmp_path.iterdir())


def test_the_checks_of_all_labs_are_found_and_named_after_their_lab():
    found = exercises.answers()
    assert found and all(re.fullmatch(r"\d\d-\w{1,20}", name) for name in found), "as the logbook wants them"


@pytest.mark.parametrize("name", exercises.answers())
def test_no_check_ends_in_a_traceback(name, capsys, tmp_path):
    for value in ("", "x", 0, -1, 10**30, float("nan"), [], [None], {"a": 1}, object(), b"", True):
        exercises.check(name, value, tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 12 and any("not yet" in line for line in said)
