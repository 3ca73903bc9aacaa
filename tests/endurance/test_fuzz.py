"""fuzz.py in small: strangers' files, mutated, end well or with a sentence; and the judge sees what ends otherwise."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from endurance import fuzz
from faceswap_lib import UserError

KINDS = ["faces.json", "model.json", "report.json", "consent.json", "progress.json"]
KINDS += ["weights", "picture", "alignments", "face picture", "profile", "--set"]


@pytest.fixture(scope="module")
def judge(facesets, trained, tmp_path_factory):
    """One process for all kinds of files, beside a good copy of each."""
    place = tmp_path_factory.mktemp("fuzz")
    fuzz.prepare(place / "good", facesets, trained.model)
    with fuzz.judging(place / "judged", place / "good") as judge:
        yield judge


@pytest.mark.parametrize(("kind", "count"), [(kind, 20) for kind in KINDS] + [(each, 2) for each in fuzz.CONTAINERS])
def test_what_a_stranger_sends_ends_well_or_with_a_sentence(judge, kind, count):
    ended = judge.run(kind, count)
    assert len(ended) == count and not [each for each in ended if each[0] not in fuzz.GOOD]
    assert count < 20 or Counter(how for how, _ in ended)["refused"], "a mutation that changes nothing proves nothing"


def test_every_kind_is_mutated_here(judge):
    assert list(judge.kinds) == KINDS + list(fuzz.CONTAINERS)


def _ends_badly(folder: Path) -> None:
    word = (folder / "word").read_bytes()
    if word == b"traceback":
        raise KeyError("profile")
    if word == b"no sentence":
        raise UserError("two\nlines")
    if word == b"hang":
        time.sleep(60)
    if word == b"crash":
        os.abort()
    if word == b"memory":
        assert bytearray(int(3e8)).count(1) == 0
    if word == b"outside":
        (folder.parent / "beside" / "note.png").write_text("theirs")
    if word == b"ran code":
        os.system("true")


def test_the_judge_sees_how_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "LIMIT", 2)
    monkeypatch.setattr(fuzz, "GROWTH", 2e8)
    for folder in ("work", "beside"):
        (tmp_path / folder).mkdir()
    judge = fuzz.Judge(tmp_path, {"one": fuzz.Kind(fuzz.words(), "word", _ends_badly, b"good")})
    bad = ["traceback", "no sentence", "memory", "outside", "ran code", "hang", "crash"]
    for number, how in enumerate(bad, 1):
        assert judge.judge("one", how.encode())[0] == how
        assert judge.judge("one", b"good") == ("read", ""), "and goes on"
        assert (tmp_path / f"bad_{number}").read_bytes() == how.encode(), "and keeps what it found"
    judge.stop()
