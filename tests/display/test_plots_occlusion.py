"""plots_occlusion.py: what passes in front of a face stays in the picture, and so does what lies between the lips."""

import cv2
import numpy as np
import pytest

from faceswap_lib.display import plots_occlusion
from faceswap_lib.face import anatomy, faceset
from faceswap_lib.media import video


def test_a_microphone_stays_in_front_of_the_mouth(short, facesets, trained):
    shown = plots_occlusion.in_front(short["a"], facesets["a"], trained.model)
    before, over, kept = (picture.astype(int) for picture in shown.values())
    ball = cv2.erode((before.max(-1) < 95).astype("u1"), np.ones((5, 5)))
    _, areas, stats, _ = cv2.connectedComponentsWithStats(ball[60:, 60:240])
    inside = areas == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    lost, left = (np.abs(picture - before).mean(-1)[60:, 60:240][inside].mean() for picture in (over, kept))
    assert left < 3 and lost > 3 * left
    assert np.abs(kept - before)[100:140, 100:200].mean() > 3, "and the face is still another one"


def test_a_microphone_is_dark_and_lies_over_the_mouth_alone(clip_a):
    points, white = clip_a.solid[0], np.full((640, 640, 3), 255, "u1")
    drawn = plots_occlusion.microphone(white, points)
    x, y = np.round(points[anatomy.MOUTH, :2].mean(0)).astype(int)
    assert drawn[y, x].max() < 100 and (white == 255).all(), "the frame it is drawn on stays as it was"
    x, y = np.round(points[[468, 473, 10], :2]).astype(int).T  # irises and forehead
    assert (drawn[y, x] == 255).all()
    small = plots_occlusion.microphone(white, points * 0.5)
    assert (small < 200).sum() == pytest.approx((drawn < 200).sum() / 4, rel=0.15)


def test_the_mouth_that_is_widest_open_is_shown_and_its_inside_is_kept_or_drawn(short, facesets, trained):
    shown = plots_occlusion.between_lips(short["a"], facesets["a"], trained.model)
    assert list(shown) == ["source", "drawn", "kept"] and {p.shape for p in shown.values()} == {(210, 300, 3)}
    solid = faceset.load(facesets["a"]).solid
    gaps = np.linalg.norm(solid[:, 13, :2] - solid[:, 14, :2], axis=1) / np.linalg.norm(
        np.ptp(solid[..., :2], 1), axis=1
    )
    widest = video.frame(short["a"], int(np.argmax(gaps)))
    lips = solid[np.argmax(gaps)][anatomy.LIPS, :2]
    x, y = (lips.min(0) + lips.max(0)) / 2
    assert np.abs(shown["source"][105, 150].astype(int) - widest[round(y), round(x)]).max() < 40
    drawn, kept = (shown[name].astype(int) for name in ("drawn", "kept"))
    area = np.abs(kept - drawn).mean(-1) > 12
    y, x = np.argwhere(area).mean(0)
    assert area.sum() > 1000 and abs(y - 105) < 25 and abs(x - 150) < 25, "in the mouth"
    assert kept[area].std() > 1.4 * drawn[area].std(), "teeth are white and what is behind them black"
    far = cv2.dilate(area.astype("u1"), np.ones((41, 41))) == 0
    assert np.abs(kept - drawn)[far].mean() < 0.5 < np.abs(kept - shown["source"])[far].mean()
