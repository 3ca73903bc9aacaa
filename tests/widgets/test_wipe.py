"""wipe.py: both clips' pictures at the same moments, controls with names, nothing from the network."""

import re

import numpy as np
import page_loads
import pytest
from test_browse import pictures

from faceswap_lib import UserError
from faceswap_lib.face import faceset
from faceswap_lib.face.geometry import close_up
from faceswap_lib.media import video
from faceswap_lib.widgets import wipe


def test_both_clips_are_there_at_the_same_moments(short, facesets):
    page = wipe.wipe({"source": short["a"], "B's own": short["b"]}, facesets["a"], 3)
    found, times = pictures(page), re.search(r'data-times="([^"]+)"', page)[1].split("|")
    assert len(found) == 6 and times == ["0.3 s", "0.6 s", "0.9 s"]
    solid = faceset.load(facesets["a"]).solid
    for name, shown in (("a", found[0::2]), ("b", found[1::2])):
        frames = list(video.frames(short[name]))
        for i, picture in zip((7, 14, 21), shown, strict=True):
            assert np.abs(picture.astype(int) - close_up(frames[i], solid[i], wipe.SIDE)).mean() < 4
    assert page.count('data-lm-suppress-shortcuts="true" type="range"') == 2, (
        "keys are the control's, in JupyterLab too"
    )
    assert page.count("<label>") == 2 and page.count('type="range"') == 2 and 'alt="source at 0.3 s"' in page
    assert "B&#x27;s own" in page and list(page_loads.loads(page)) == []


def test_whole_frames_without_a_faceset(short):
    found = pictures(wipe.wipe({"one": short["a"], "two": short["a"]}, count=2))
    assert len(found) == 4 and found[0].shape == (320, 320, 3) and np.array_equal(found[0], found[1])


def test_what_cannot_be_wiped(short, tmp_path):
    with pytest.raises(UserError, match="between two clips, and here are 1"):
        wipe.wipe({"one": short["a"]})
    video.write(tmp_path / "less.mp4", [np.zeros((64, 64, 3), "u1")] * 4, 24)
    with pytest.raises(UserError, match="is shorter than"):
        wipe.wipe({"one": short["a"], "two": tmp_path / "less.mp4"})


def test_how_far_clips_are_apart(short, facesets):
    assert wipe.apart(short["a"], short["a"], facesets["a"]) == 0
    assert wipe.apart(short["a"], short["b"], facesets["a"]) > 10
