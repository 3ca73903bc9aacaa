"""detect.py: a run's swap is told on moments that were not learned from; a run without one is refused."""

import json

import numpy as np
import pytest

from faceswap_lib import UserError, detect
from faceswap_lib.detection import scores
from faceswap_lib.detection.scores import Auc, Scored


@pytest.fixture(scope="module")
def seen(swapped_run, short, tmp_path_factory) -> detect.Seen:
    run = tmp_path_factory.mktemp("lab7") / "run"
    run.mkdir()
    for path in swapped_run.iterdir():
        (run / path.name).symlink_to(path)
    return detect.gather(run, short["a"], short["b"], profile="smoke")


@pytest.fixture(scope="module")
def own(seen):
    seen.steps = 16
    return detect.own_detector(seen)


def test_twenty_faces_to_guess_are_half_real_and_held_out(seen, own):
    shown = detect.quiz(seen, most=6, judge=own)
    assert len(shown) == 6 and sum(piece.real for piece in shown) == 3
    held = {faces.pictures.tobytes() for part in (seen.real.held, seen.swap.held) for faces in [part]}
    everything = np.concatenate([seen.real.held.pictures, seen.swap.held.pictures])
    for piece in shown:
        assert (everything == piece.picture).all((1, 2, 3)).any() and held
    assert detect.quiz(seen, most=6)[0].picture.tobytes() == shown[0].picture.tobytes(), "the same ones before training"


def test_the_detector_tells_its_own_swap_and_what_it_says_is_kept(seen, own):
    pair = (seen.real.held, seen.swap.held)
    rows = detect.trial({detect.OWN: pair, "nothing": (pair[0], pair[0])}, {"own": own})
    assert rows[0]["own"]["auc"]["value"] > 0.8 and rows[1]["own"]["auc"]["value"] == 0.5
    told = detect.save(seen, rows, Auc(0.5, 0.4, 0.6), {"own": 0.25})
    kept = json.loads((seen.run / detect.NAME).read_text())
    assert kept["cases"] == told["cases"] and kept["shuffled"]["value"] == 0.5 and kept["alarms_on_b"]["own"] == 0.25


def test_b_himself_is_asked_for(seen, own):
    share = detect.alarms_on_b(seen, {"own": own})["own"]
    assert share == pytest.approx((own.scores(seen.other.held) >= scores.ASKED).mean())


def test_cues_stand_beside_blinks_that_lab_6_has_counted(seen, tmp_path, monkeypatch):
    rows = detect.measured_cues(seen)
    assert [row["cue"] for row in rows] == ["spectrum", "border", "colour", "flicker", "teeth"], "there is no report"
    own = {"eyes": [0.3, 0.3, 0.1, 0.3]}
    report = {"frames": {"index": [0, 4, 8, 12], "source": own, "swap": {"eyes": [0.3] * 4}}}
    (seen.run / "report.json").write_text("{}")
    monkeypatch.setattr(detect.report, "read", lambda folder: report)
    assert detect.measured_cues(seen)[-1] == {"cue": "blinks (1 in the recording)", "swap": 0}
    (seen.run / "report.json").unlink()


def test_a_run_without_a_swap_is_refused(swapped_run, short, tmp_path):
    (tmp_path / "faces").symlink_to(swapped_run / "faces")
    with pytest.raises(UserError, match="no swapped video yet; run lab 5"):
        detect.gather(tmp_path, short["a"], short["b"])
    with pytest.raises(UserError, match="no profile"):
        detect.gather(tmp_path, short["a"], short["b"], profile="huge")
    with pytest.raises(UserError, match="faces/a was taken from a.mp4, not from"):
        detect.gather(tmp_path, short["b"], short["a"])


def test_too_few_frames_are_refused(swapped_run, short, monkeypatch):
    monkeypatch.setattr(detect, "FEW", 100)
    with pytest.raises(UserError, match="too few frames to learn from some and judge by others"):
        detect.gather(swapped_run, short["a"], short["b"])


def test_a_judgement_knows_its_blocks(seen, own):
    said = detect.judged(own, (seen.real.held, seen.swap.held))
    assert isinstance(said, Scored) and said.fake.sum() == len(seen.swap.held) and set(said.block % 2) == {1}


def test_a_direction_that_nobody_has_agreed_to_is_not_drawn(seen, monkeypatch):
    asked = []

    class Painter:
        def __init__(self, model):
            pass

        def pair(self, clip, *args, to="b", match="relit"):
            asked.append((clip, to, match))

    monkeypatch.setattr(detect.cases, "Painter", Painter)
    for name in ("states", "pasted"):
        monkeypatch.setattr(detect.cases, name, lambda *args: {})
    monkeypatch.setattr(detect.cases, "blended", lambda *args, **how: None)
    a, b = seen.clips.values()
    assert not [case for case in detect.all_cases(seen) if case.startswith("another pair")]
    assert asked == [(a, "b", "none")]
    both = {found.source.sha256 for found in seen.sets.values()}
    monkeypatch.setattr(detect.consent, "built_in", lambda: frozenset(both))
    assert [case for case in detect.all_cases(seen) if case.startswith("another pair")]
    assert (b, "a", "relit") in asked
