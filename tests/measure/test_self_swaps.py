"""self_swaps.py: where a swap is wrong, how far it has gone, and whose detail it shows, on pictures made for it."""

import cv2
import numpy as np
import pytest

from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import self_swaps

ON = canvas("mesh", 128)
RANDOM = np.random.default_rng(0)


def rough() -> np.ndarray:
    """A person's texture (128, 128, 3), 0..255: detail of their own on smooth skin."""
    fine = RANDOM.normal(0, 12, (128, 128, 1)).astype("f4")
    return (140 + cv2.GaussianBlur(fine, (0, 0), 0.8)[..., None] * 3).repeat(3, 2).astype("f4")


def test_the_regions_part_the_face_and_lie_where_its_parts_are():
    areas = self_swaps.regions(ON)
    assert tuple(areas) == self_swaps.REGIONS
    assert np.array_equal(sum(areas[name].astype(int) for name in self_swaps.REGIONS[1:]), areas["face"].astype(int))
    for name, landmark in (("eyes", 159), ("mouth", 13), ("skin", 10 + 141), ("eyes", 386)):
        x, y = np.round(ON.points[landmark]).astype(int)
        assert areas[name][y, x], name


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_way_is_told_region_by_region(share):
    mean = np.full((128, 128), 10, "f4")
    best = np.full((128, 128), 4, "f4")
    swap = mean - share * 6 * self_swaps.regions(ON)["eyes"]
    rows = {r["region"]: r for r in self_swaps.table({"m": mean, "s": swap, "l": best}, ON, "m", "s", "l")}
    assert rows["eyes"]["gone"] == pytest.approx(share, abs=1e-6) and rows["mouth"]["gone"] == pytest.approx(
        0, abs=1e-6
    )
    assert rows["eyes"]["m"] == 10 and rows["skin"]["l"] == 4


def rows(face: tuple, eyes: tuple = (9, 9, 9), mouth: tuple = (9, 9, 9), skin: tuple = (9, 9, 9)) -> list[dict]:
    """A table's rows; errors of mean, swap and limit for each region."""
    of = dict(zip(self_swaps.REGIONS, (face, eyes, mouth, skin), strict=True))
    gone = {k: (m - s) / (m - b) if m > b else None for k, (m, s, b) in of.items()}
    return [{"region": k, "m": v[0], "s": v[1], "l": v[2], "gone": gone[k]} for k, v in of.items()]


def test_the_sentence_says_how_far_and_what_is_missing():
    told = self_swaps.sentence(rows((10, 6.2, 4), mouth=(20, 18, 12)), "m", "s", "l")
    assert told == "This clip reaches 63% of the way from m to l; what is missing most is the mouth."
    told = self_swaps.sentence(rows((10, 11, 4), eyes=(20, 19, 12)), "m", "s", "l")
    assert "no nearer to the source than m" in told and told.endswith("missing most are the eyes.")
    assert "nothing to win" in self_swaps.sentence(rows((4, 4, 4)), "m", "s", "l")


@pytest.mark.parametrize("leak", [0.0, 0.25, 1.0])
def test_what_shines_through_is_told_from_what_is_the_others_own(leak):
    own, ideal, bare = ([rough() for _ in range(3)] for _ in range(3))
    light = np.linspace(0.7, 1.2, 128, dtype="f4")[None, :, None]  # light is no detail
    made = [light * (leak * a + (1 - leak) * b) for a, b in zip(own, ideal, strict=True)]
    shares = self_swaps.shining(made, own, ideal, bare, ON)
    assert shares.shape == (3, 2) and shares.mean(0) == pytest.approx([leak, 1 - leak], abs=0.05)


def test_what_all_faces_share_is_nobodys_own():
    own, ideal, bare = [rough()], [rough()], [rough()]
    assert self_swaps.shining(bare, own, ideal, bare, ON) == pytest.approx(np.zeros((1, 2)), abs=1e-3)
