"""picture.py: colour by the formulas of ITU-R and as swscale has it, turns by hand."""

import av
import cv2
import numpy as np
import pytest

from faceswap_lib.media import picture

# Red, green, blue and grey as BT.601 and BT.709 store them with 16 to 235 for grey, by Kr and Kb of their matrices.
COLOURS = {
    (255, 0, 0): {6: (81, 90, 240), 1: (63, 102, 240)},
    (0, 255, 0): {6: (145, 54, 34), 1: (173, 42, 26)},
    (0, 0, 255): {6: (41, 240, 110), 1: (32, 240, 118)},
    (127, 127, 127): {6: (125, 128, 128), 1: (125, 128, 128)},
}


def flat(colour: tuple[int, int, int], width: int = 32, height: int = 16) -> np.ndarray:
    return np.full((height, width, 3), colour, "u1")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("matrix", [picture.BT601, picture.BT709])
def test_colours_are_stored_as_the_standard_says_and_come_back(colour, matrix):
    how = picture.Picture(32, 16, matrix=matrix)
    frame = how.frame(flat(colour), "yuv444p")
    stored = [np.frombuffer(plane, "u1")[0] for plane in frame.planes]
    assert stored == pytest.approx(COLOURS[colour][matrix], abs=1)
    assert np.abs(how.pixels(frame).astype(int) - colour).max() <= 3


def test_full_range_uses_all_of_a_byte():
    how = picture.Picture(32, 16, range=picture.FULL)
    for grey in (0, 255):
        frame = how.frame(flat((grey,) * 3), "yuv444p")
        assert np.frombuffer(frame.planes[0], "u1")[0] == grey and (how.pixels(frame) == grey).all()


@pytest.mark.parametrize(
    ("turn", "by_hand"),
    [
        ((1, 0, 0, 1), lambda rgb: rgb),
        ((0, 1, -1, 0), lambda rgb: np.rot90(rgb, -1)),
        ((-1, 0, 0, -1), lambda rgb: np.rot90(rgb, 2)),
        ((0, -1, 1, 0), np.rot90),
        ((-1, 0, 0, 1), lambda rgb: rgb[:, ::-1]),
    ],
)
def test_a_stored_picture_is_turned_as_its_matrix_says(turn, by_hand):
    stored = np.zeros((16, 32, 3), "u1")
    stored[:4, :12], stored[12:, 24:] = (250, 20, 20), (20, 20, 250)
    height, width = by_hand(stored).shape[:2]
    shown = picture.Picture(width, height, turn).pixels(av.VideoFrame.from_ndarray(stored))
    assert shown.shape == (height, width, 3) and shown.flags.c_contiguous
    assert np.abs(shown.astype(int) - by_hand(stored)).max() <= 3


@pytest.mark.parametrize(("size", "matrix"), [((720, 576), picture.BT601), ((1280, 720), picture.BT709)])
def test_untagged_colour_is_taken_as_players_do_by_its_size(size, matrix):
    how = picture.Picture.of(av.VideoFrame(*size, "yuv420p"), None)
    assert (how.width, how.height, how.matrix, how.range) == (*size, matrix, picture.LIMITED)
    assert how.tags[0] == picture.UNSPECIFIED and how.aspect == 1


@pytest.mark.parametrize("wrong", [flat((0, 0, 0), 32, 18), flat((0, 0, 0)) / 255, flat((0, 0, 0))[..., :1]])
def test_a_frame_of_another_size_or_type_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be uint8 \(16, 32, 3\)"):
        picture.Picture(32, 16).frame(wrong, "yuv420p")


@pytest.mark.parametrize("form", "yuv420p yuvj420p yuv422p yuv444p yuv420p10le nv12 gray rgb24 bgra yuva420p".split())
@pytest.mark.parametrize("size", [(320, 416), (321, 417)])
def test_pixels_are_those_of_swscales_exact_way(form, size):
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype("u1")
    frame = av.VideoFrame.from_ndarray(cv2.GaussianBlur(noise, (0, 0), 1.2), format="rgb24").reformat(format=form)
    how = picture.Picture(frame.width, frame.height, range=picture.FULL if "j" in form else picture.LIMITED)
    found = how.pixels(frame)
    frame.colorspace, frame.color_range = how.matrix, how.range
    assert (found == frame.to_ndarray(format="rgb24", interpolation=picture.EXACT)).all()
