"""damage.py: a break does what it says and nothing else, and is held against what was predicted."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.face import faceset, geometry
from faceswap_lib.measure import damage, metrics
from faceswap_lib.media import video
from faceswap_lib.trust import credentials, marked
from faceswap_lib.trust.statement import Statement


@pytest.fixture(scope="module")
def swapped(short, tmp_path_factory) -> Path:
    """The short clip of A, marked as a swap is."""
    out, facts = tmp_path_factory.mktemp("marked") / "a.mp4", Statement("test", "0" * 64, consent="ab" * 32)
    marked.rewrite(short["a"], out, lambda numbered: (frame for _, frame in numbered), facts)
    return out


@pytest.fixture(scope="module")
def broken(facesets, swapped, tmp_path_factory) -> dict[str, list[np.ndarray]]:
    """The short clip of A, broken in three ways, and as it was."""
    folder = tmp_path_factory.mktemp("broken")
    damage.blur(swapped, folder / "blur.mp4", facesets["a"])
    damage.tint(swapped, folder / "tint.mp4", facesets["a"])
    damage.delay(swapped, folder / "delay.mp4", 3)
    clips = {"whole": swapped} | {name: folder / f"{name}.mp4" for name in ("blur", "tint", "delay")}
    return {name: [*video.frames(path)] for name, path in clips.items()}


def test_a_break_changes_what_it_says_and_nothing_else(broken, facesets):
    solid = faceset.load(facesets["a"]).solid
    inside = geometry.mask(solid[5, :, :2], (320, 320))
    core, outside = cv2.erode(inside, np.ones((21, 21))) > 0, cv2.dilate(inside, np.ones((41, 41))) == 0
    whole = broken["whole"][5]
    for name in ("blur", "tint"):
        assert np.abs(broken[name][5].astype(int) - whole)[outside].mean() < 1.5, "but for the codec"
    assert metrics.sharpness(broken["blur"][5], core) < 0.4 * metrics.sharpness(whole, core)
    assert np.abs(broken["blur"][5][core].mean(0) - whole[core].mean(0)).max() < 2
    pixels = [picture[core][None].astype("f4") / 255 for picture in (broken["tint"][5], whole)]
    lab = [cv2.cvtColor(p, cv2.COLOR_RGB2LAB)[0].mean(0) for p in pixels]
    assert lab[0] - lab[1] == pytest.approx(damage.TINT, abs=1.5)
    assert metrics.sharpness(broken["tint"][5], core) > 0.9 * metrics.sharpness(whole, core)


def test_a_delayed_picture_is_the_one_three_frames_ago(broken):
    whole, late = broken["whole"], broken["delay"]
    assert len(late) == len(whole)
    for i in (0, 2, 3, 20, 29):
        gaps = [np.abs(late[i].astype(int) - frame).mean() for frame in whole]
        assert abs(int(np.argmin(gaps)) - max(0, i - 3)) <= (i < 4) and gaps[max(0, i - 3)] < 2


def test_what_was_predicted_is_held_against_what_was_measured():
    figures = {
        name: {"low": 0.4, "high": 0.6, "better": "higher", "reference": {"tint": 0.1}} for name in damage.FALLS["tint"]
    }
    assert damage.misses({"figures": figures}) == {}
    figures["border"]["reference"]["tint"] = 0.5
    figures["identity"] = {"low": 0.4, "high": 0.6, "better": "higher", "reference": {"tint": 0.1}}
    assert damage.misses({"figures": figures}) == {"tint": ["border", "identity"]}


def test_a_break_leaves_the_time_stamps_alone(short, swapped, facesets, tmp_path):
    damage.delay(swapped, tmp_path / "late.mp4", 2)
    damage.tint(swapped, tmp_path / "tinted.mp4", facesets["a"])
    stamps = [video.timeline(path)[0] for path in (short["a"], tmp_path / "late.mp4", tmp_path / "tinted.mp4")]
    assert stamps[0] == stamps[1] == stamps[2] and len(stamps[0]) == 30


def test_what_is_broken_keeps_the_consent_and_nothing_else_is_broken(short, swapped, facesets, tmp_path):
    damage.delay(swapped, tmp_path / "late.mp4")
    assert credentials.read(tmp_path / "late.mp4").facts["consent"] == "ab" * 32
    for clip in (short["a"], tmp_path / "copied.mp4"):
        if clip != short["a"]:
            clip.write_bytes(swapped.read_bytes()[:-1] + b"x")  # changed since it was signed
        with pytest.raises(UserError, match="no swap of this kit's"):
            damage.tint(clip, tmp_path / "no.mp4", facesets["a"])
    assert not (tmp_path / "no.mp4").exists()
