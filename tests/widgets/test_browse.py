"""browse.py, driven as a hand would: what is drawn, which faces stay at other limits, what is said."""

import base64
import re
import shutil

import cv2
import numpy as np
import pytest

from faceswap_lib.face import by_hand, faceset
from faceswap_lib.widgets import browse


def pictures(page: str) -> list[np.ndarray]:
    """The JPEGs within a page, RGB."""
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", page)
    decoded = [cv2.imdecode(np.frombuffer(base64.b64decode(data), "u1"), cv2.IMREAD_COLOR) for data in found]
    return [cv2.cvtColor(each, cv2.COLOR_BGR2RGB) for each in decoded]


@pytest.fixture(scope="module")
def made(short, facesets) -> browse.Browser:
    return browse.browser(short["a"], facesets["a"])


def test_a_frame_is_shown_with_what_is_ticked(made):
    for tick in made.layers.values():
        tick.value = False
    (plain,) = pictures(made.picture.value)
    made.frame.value = 20
    (later,) = pictures(made.picture.value)
    assert "Frame 20, 0.8 s" in made.told.value and np.abs(later.astype(int) - plain).mean() > 0.5
    (x, y, w, _), points = made.mine[20].box, made.mine[20].landmarks.astype(int)
    inside = (points[4][1], points[4][0])
    for name, place in (("box", (int(y), int(x + w / 2))), ("landmarks", inside), ("mask", inside), ("mesh", None)):
        made.layers[name].value = True
        (with_it,) = pictures(made.picture.value)
        changed = np.abs(with_it.astype(int) - later).max(-1)
        assert changed[place] > 40 if place else (changed > 40).sum() > 300, name
        assert changed[: int(y) - 40].max() < 25, "far above the face nothing is drawn"
        made.layers[name].value = False
    assert 'alt="Frame 20' in made.picture.value


def test_other_limits_refilter_at_once_and_say_why(made):
    yaw = np.abs([r.pose[0] for r in made.mine])
    limit = float(np.median(yaw))
    made.limits["max_yaw"].value = limit
    left = int((yaw > made.limits["max_yaw"].value).sum())
    assert made.reasons.count("turned away") == left > 0
    assert f"{30 - left} of 30 faces stay" in made.summary.value and f"{left} turned away" in made.summary.value
    assert made.kept == {r.frame for r, y in zip(made.mine, yaw, strict=True) if y <= made.limits["max_yaw"].value}
    made.frame.value = made.mine[int(yaw.argmax())].frame
    assert "Left out: turned away." in made.told.value
    made.limits["max_yaw"].value = 90
    assert "It stays." in made.told.value and "30 of 30 faces stay" in made.summary.value
    assert "max_yaw=90" in made.summary.value and made.settings.max_yaw == 90
    assert made.stay(max_yaw=limit) == 30 - int((yaw > limit).sum())


def test_playing_moves_through_the_frames(made):
    made.play.value = 7
    assert made.frame.value == 7 and "Frame 7" in made.told.value


def test_a_face_left_out_by_hand_is_said(short, facesets, tmp_path):
    folder = shutil.copytree(facesets["a"], tmp_path / "a")
    by_hand.leave_out(folder, faceset.load(folder).records[0].file)
    assert "Left out: by hand." in browse.browser(short["a"], folder).told.value


def test_a_page_without_a_kernel_shows_the_same(made):
    assert len(pictures(made.still)) == 1 and "faces stay" in made.still and 'role="img"' in made.still
    assert "fsw-browse" in made.widget._dom_classes
