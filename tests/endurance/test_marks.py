"""marks.py measures what it says, at its smallest size."""

from faceswap_lib import samples
from tests.endurance import marks


def test_a_mark_is_measured_and_nothing_is_seen_where_there_is_none(clip_a, tmp_path, monkeypatch):
    monkeypatch.setattr(marks, "CASES", {name: marks.CASES[name] for name in ("CRF 18", "crop of 10 %, CRF 23")})
    told = list(marks.survival(clip_a.frames[:24:2], 1, tmp_path))
    assert [(name, found) for name, (found, _), _ in told] == [(name, True) for name in marks.CASES]  # of twelve frames
    alarms, most = marks.plain([samples.path("person_b")], 3)
    assert alarms == 0 and 0 < most < 5.5
    assert "PSNR" in marks.cost(clip_a.frames[:6])
