"""source.py: which stream is the picture, and one sentence for what is no video."""

import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.media import source, video


def two_pictures(path: Path, sizes: list[tuple[int, int]], cover: tuple[int, int] | None = None) -> Path:
    """A clip with a picture stream of each size, all grey but for their brightness: 60, 120, …"""
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("libx264", 24, width=w, height=h, pix_fmt="yuv420p") for w, h in sizes]
        if cover:
            image = out.add_stream("mjpeg", 1, width=cover[0], height=cover[1], pix_fmt="yuvj420p")
            image.disposition = 1 << 10
            out.mux([*image.encode(av.VideoFrame(*cover, "yuvj420p")), *image.encode(None)])
        for i in range(12):
            for k, (stream, (w, h)) in enumerate(zip(streams, sizes, strict=True)):
                frame = av.VideoFrame.from_ndarray(np.full((h, w, 3), 60 * (k + 1), "u1"))
                frame.pts, frame.time_base = i, Fraction(1, 24)
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("sizes", [[(64, 48), (128, 96)], [(128, 96), (64, 48)], [(64, 48), (96, 64), (32, 32)]])
def test_of_several_pictures_the_largest_is_taken(tmp_path, suffix, sizes):
    path = two_pictures(tmp_path / f"in{suffix}", sizes)
    best = max(range(len(sizes)), key=lambda k: sizes[k][0] * sizes[k][1])
    info = video.probe(path)
    assert (info.width, info.height, info.frames) == (*sizes[best], 12)
    assert abs(float(next(video.frames(path)).mean()) - 60 * (best + 1)) < 4
    assert video.rewrite(path, tmp_path / "out.mp4", lambda pulled: (frame for _, frame in pulled)) == 12
    assert (video.probe(tmp_path / "out.mp4").width, video.probe(tmp_path / "out.mp4").frames) == (sizes[best][0], 12)


def test_a_cover_is_no_picture_however_large(tmp_path):
    info = video.probe(two_pictures(tmp_path / "in.mp4", [(64, 48)], cover=(640, 480)))
    assert (info.width, info.frames) == (64, 12)


def moving_webp(path: Path) -> Path:
    """A container of RFC 9649 with the flag for animation; its frames are not looked at."""
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes([0b10, 0, 0, 0]) + bytes([63, 0, 0, 47, 0, 0])
    body += b"ANIM" + (6).to_bytes(4, "little") + bytes(6)
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    return path


@pytest.mark.parametrize("use", [video.probe, lambda path: next(video.frames(path)), video.sha256])
def test_an_animated_webp_is_called_that(tmp_path, use):
    with pytest.raises(UserError, match="moves.webp' is an animated WebP, which cannot be read here; export it as GIF"):
        use(moving_webp(tmp_path / "moves.webp"))


def test_a_still_webp_and_an_animated_gif_are_read(tmp_path):
    cv2.imwrite(str(tmp_path / "still.webp"), np.full((48, 64, 3), 90, "u1"))
    assert video.probe(tmp_path / "still.webp").frames == 1
    with av.open(str(tmp_path / "moves.gif"), "w") as out:
        stream = out.add_stream("gif", 10, width=64, height=48, pix_fmt="rgb8")
        for i in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 50 * i, "u1"))))
        out.mux(stream.encode(None))
    assert video.probe(tmp_path / "moves.gif").frames == 5


def test_a_folder_of_pictures_is_one_sentence_with_a_way_out(tmp_path):
    (tmp_path / "shots").mkdir()
    for use in (video.probe, lambda path: video.rewrite(path, tmp_path / "out.mp4", None), video.fitting):
        arguments = (tmp_path / "shots", tmp_path / "out.mp4")[: 2 if use is video.fitting else 1]
        with pytest.raises(UserError, match="shots' is a folder; name one video.$"):
            use(*arguments)
    cv2.imwrite(str(tmp_path / "shots" / "0001.png"), np.zeros((8, 8, 3), "u1"))
    with pytest.raises(UserError, match=r"is a folder; make one video of its pictures first: ffmpeg .*/shots/\*.png' "):
        video.probe(tmp_path / "shots")


def test_a_name_that_is_no_utf8_is_refused_before_the_work(tmp_path):
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/vid\xe9o.mp4")
    good = two_pictures(tmp_path / "in.mp4", [(64, 48)])
    Path(bad).write_bytes(good.read_bytes())
    uses = [lambda: video.probe(bad), lambda: next(video.frames(Path(bad))), lambda: video.sha256(bad)]
    uses += [lambda: video.rewrite(good, Path(bad), None), lambda: video.write(bad, [], 24)]
    for use in uses:
        with pytest.raises(UserError, match="vid\ufffdo.mp4' is no name in UTF-8.*; rename it") as told:
            use()
        str(told.value).encode()


def test_an_unusual_name_in_utf8_is_a_name(tmp_path):
    path = two_pictures(tmp_path / "vidéo 🎬 日本.mp4", [(64, 48)])
    assert source.check_file(path) == path and video.probe(path).frames == 12


@pytest.mark.parametrize("name", ["n" * 300 + ".mp4", "a" * 300 + "/b.mp4"])
def test_a_name_that_is_too_long_is_one_sentence(tmp_path, name):
    with pytest.raises(UserError, match="is too long for a name; choose one of at most 255 bytes"):
        video.probe(tmp_path / name)
    with pytest.raises(UserError, match="is too long for a name"):
        video.write(tmp_path / name, [np.zeros((8, 8, 3), "u1")], 24)
