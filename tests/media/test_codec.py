"""codec.py: colour by the formulas of ITU-R, turns by hand, and errors in words."""

import errno
from fractions import Fraction

import av
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.media import codec, video

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
@pytest.mark.parametrize("matrix", [codec.BT601, codec.BT709])
def test_colours_are_stored_as_the_standard_says_and_come_back(colour, matrix):
    picture = codec.Picture(32, 16, matrix=matrix)
    frame = picture.frame(flat(colour), "yuv444p")
    stored = [np.frombuffer(plane, "u1")[0] for plane in frame.planes]
    assert stored == pytest.approx(COLOURS[colour][matrix], abs=1)
    assert np.abs(picture.pixels(frame).astype(int) - colour).max() <= 3


def test_full_range_uses_all_of_a_byte():
    picture = codec.Picture(32, 16, range=codec.FULL)
    for grey in (0, 255):
        frame = picture.frame(flat((grey,) * 3), "yuv444p")
        assert np.frombuffer(frame.planes[0], "u1")[0] == grey and (picture.pixels(frame) == grey).all()


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
    shown = codec.Picture(width, height, turn).pixels(av.VideoFrame.from_ndarray(stored))
    assert shown.shape == (height, width, 3) and shown.flags.c_contiguous
    assert np.abs(shown.astype(int) - by_hand(stored)).max() <= 3


@pytest.mark.parametrize(("size", "matrix"), [((720, 576), codec.BT601), ((1280, 720), codec.BT709)])
def test_untagged_colour_is_taken_as_players_do_by_its_size(size, matrix):
    picture = codec.Picture.of(av.VideoFrame(*size, "yuv420p"), None)
    assert (picture.width, picture.height, picture.matrix, picture.range) == (*size, matrix, codec.LIMITED)
    assert picture.tags[0] == codec.UNSPECIFIED and picture.aspect == 1


@pytest.mark.parametrize("wrong", [flat((0, 0, 0), 32, 18), flat((0, 0, 0)) / 255, flat((0, 0, 0))[..., :1]])
def test_a_frame_of_another_size_or_type_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be uint8 \(16, 32, 3\)"):
        codec.Picture(32, 16).frame(wrong, "yuv420p")


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission"), (errno.EIO, "as told")]
)
def test_an_error_of_the_system_is_one_sentence_about_its_file(number, says):
    with pytest.raises(UserError, match=f"'clip.mp4' .*{says}") as told, codec.blame("clip.mp4", "is as told."):
        raise OSError(number, "some words")
    assert "some words" not in str(told.value)
    with pytest.raises(KeyError), codec.blame("clip.mp4", "is as told."):
        raise KeyError("a mistake of ours is no fault of the file")


@pytest.mark.parametrize("suffix", codec.FORMATS)
def test_what_is_written_is_there_when_it_is_complete(tmp_path, suffix):
    out, rate = tmp_path / f"clip{suffix}", Fraction(24)
    with codec.writing(out, codec.Picture(32, 16), 1 / rate, rate, 4) as writer:
        for i in range(5):
            writer.frame(flat((200, 40 * i, 30)), 3 * i, 3)
        assert not out.exists()
    assert list(tmp_path.iterdir()) == [out]
    with av.open(str(out)) as container:
        assert container.format.name.split(",")[0] in (codec.FORMATS[suffix][0], "mov")
        frames = list(container.decode(video=0))
    assert [round(frame.pts * frame.time_base * 24) for frame in frames] == [0, 3, 6, 9, 12]
    means = [frame.to_ndarray(format="rgb24").mean((0, 1)) for frame in frames]
    assert all(np.abs(mean - (200, 40 * i, 30)).max() < 8 for i, mean in enumerate(means))


@pytest.mark.parametrize("suffix", codec.FORMATS)
def test_a_file_says_whether_this_kit_has_written_it(tmp_path, suffix):
    ours, other = tmp_path / f"ours{suffix}", tmp_path / f"other{suffix}"
    video.write(ours, [flat((9, 9, 9))] * 3, 24)
    with av.open(str(other), "w") as container:
        stream = container.add_stream("libx264", 24)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        container.metadata["comment"] = "made at home"
        container.mux(
            [*stream.encode(av.VideoFrame.from_ndarray(flat((9, 9, 9)), format="rgb24")), *stream.encode(None)]
        )
    assert codec.made_here(ours) and not codec.made_here(other)
    assert codec.check_out(ours) == ours and codec.check_out(other, overwrite=True) == other
    with pytest.raises(UserError, match="not of this kit's making"):
        codec.check_out(other)


@pytest.mark.parametrize("content", [b"", b"no video", bytes(5000)])
def test_what_is_no_video_was_not_written_here(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    assert not codec.made_here(tmp_path / "x.mp4") and not codec.made_here(tmp_path / "none.mp4")


def test_two_conversions_do_not_write_one_file(tmp_path):
    out, recipe = tmp_path / "out.mp4", (codec.Picture(64, 64), Fraction(1, 24), Fraction(24), 16)
    with codec.writing(out, *recipe) as writer:
        writer.frame(np.zeros((64, 64, 3), "u1"), 0, 1)
        with pytest.raises(UserError, match="Another conversion is at work in .*out.mp4"):
            with codec.writing(out, *recipe):
                pass
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
