"""codec.py: errors in words, and files that appear whole or not at all."""

import errno
from fractions import Fraction

import av
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.media import codec, video
from faceswap_lib.media.picture import Picture


def flat(colour: tuple[int, int, int], width: int = 32, height: int = 16) -> np.ndarray:
    return np.full((height, width, 3), colour, "u1")


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
    with codec.writing(out, Picture(32, 16), 1 / rate, rate, 4) as writer:
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
    out, recipe = tmp_path / "out.mp4", (Picture(64, 64), Fraction(1, 24), Fraction(24), 16)
    with codec.writing(out, *recipe) as writer:
        writer.frame(np.zeros((64, 64, 3), "u1"), 0, 1)
        with pytest.raises(UserError, match="Another conversion is at work in .*out.mp4"):
            with codec.writing(out, *recipe):
                pass
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
