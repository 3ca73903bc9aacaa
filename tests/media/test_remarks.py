"""remarks.py: what FFmpeg marks is counted and placed, half pictures become whole ones."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_lib.media import video
from faceswap_lib.media.remarks import Remarks

NOISE = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype("u1")


def same(pulled):
    for _, frame in pulled:
        yield frame


def clip(path: Path, codec: str = "libx264", count: int = 48, options: dict | None = None) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, 24, width=128, height=96, pix_fmt="yuv420p", options=options or {"g": "12"})
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(np.roll(NOISE, 3 * i, 1))
            frame.pts, frame.time_base = i, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def marked(path: Path, codec: str) -> set[int]:
    """Frames that FFmpeg marks, by PyAV alone: decoded with flaws, or of a packet with some."""
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
        bad = {packet.pts for packet in packets if packet.size and packet.is_corrupt and codec == "libx265"}
        frames = [frame for packet in packets for frame in packet.decode()]
    return {i for i, frame in enumerate(frames) if frame.is_corrupt or frame.pts in bad}


def spoilt(path: Path, numbers: tuple[int, ...]) -> Path:
    """Noise in the second half of some pictures' packets."""
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for at, size in (packets[number] for number in numbers):
        rest = np.random.default_rng(at).integers(0, 256, size - size // 2, "u1").tobytes()
        data[at + size // 2 : at + size] = rest
    path.write_bytes(data)
    return path


def with_losses(path: Path, every: int = 40) -> Path:
    """Some of a transport stream's packets lost on the way, none of those that begin a picture."""
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    kept = [packet for i, packet in enumerate(packets) if packet[1] & 0x40 or i % every != every - 1]
    assert len(kept) < len(packets)
    path.write_bytes(b"".join(kept))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "spoil"),
    [
        ("in.mp4", "libx264", lambda path: spoilt(path, (10, 11, 30))),
        ("in.mkv", "libx264", lambda path: spoilt(path, (3, 20, 40))),
        ("in.avi", "mpeg4", lambda path: spoilt(path, (7, 8))),
        ("lost.ts", "libx264", with_losses),
        ("lost.ts", "mpeg2video", with_losses),
        ("lost.ts", "libx265", with_losses),
    ],
)
def test_damaged_frames_are_counted_and_placed(tmp_path, name, codec, spoil):
    path = spoil(clip(tmp_path / name, codec))
    expected, remarks, again = marked(path, codec), Remarks(), Remarks()
    assert expected
    count = sum(1 for _ in video.frames(path, remarks))
    assert {number for number, _ in remarks.damaged} == expected and remarks.frames == count
    assert all(abs(second - number / 24) < 0.05 for number, second in remarks.damaged)
    assert str(remarks).startswith(f"{len(expected)} of {count} frames are damaged in the source (frame")
    assert video.rewrite(path, tmp_path / "out.mp4", same, remarks=again) == count
    assert again == remarks


def test_a_whole_clip_gets_no_remark(tmp_path):
    for name in ("in.mp4", "in.ts", "in.mkv"):
        list(video.frames(clip(tmp_path / name, count=12), remarks := Remarks()))
        assert str(remarks) == "" and remarks.frames == 12


def test_where_recordings_are_joined_nothing_is_damaged(tmp_path):
    """FFmpeg marks what comes before a join, for it counts the packets of the stream on."""
    for codec in ("libx264", "libx265", "mpeg2video"):
        one, two = clip(tmp_path / "one.ts", codec, 30), clip(tmp_path / "two.ts", codec, 17)
        (tmp_path / "in.ts").write_bytes(one.read_bytes() + two.read_bytes() + one.read_bytes())
        list(video.frames(tmp_path / "in.ts", remarks := Remarks()))
        assert remarks.frames == 77 and str(remarks) == "", codec


def test_places_are_named_shortly():
    remarks = Remarks()
    for i in range(40):
        remarks.note(i / 10, i in (2, 3, 4) or i > 10 and i % 3 == 0, False)
    assert str(remarks) == (
        "13 of 40 frames are damaged in the source (frames 2 to 4 at 0.2 to 0.4 s, frame 12 at 1.2 s, frame 15 at 1.5 "
        "s, frame 18 at 1.8 s, frame 21 at 2.1 s and 6 more places), and what builds on them may be: copy or export it "
        "again if you can."
    )


def interlaced(path: Path, codec: str, options: dict, halves: int = 2) -> Path:
    """A bar that moves on from one half picture to the next; with halves=1 they show the same."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, 25, width=96, height=64, pix_fmt="yuv420p", options=options)
        for i in range(20):
            rgb = np.full((64, 96, 3), 60, "u1")
            for half in (0, 1):
                x = 2 * (2 * i + half % halves)
                rgb[half::2, x : x + 12] = 230
            frame = av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def combed(rgb: np.ndarray) -> float:
    """How much a line differs from the two beside it, in grey levels."""
    lines = rgb.astype(int)
    return float(np.abs(2 * lines[1:-1] - lines[:-2] - lines[2:]).mean())


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("in.mp4", "libx264", {"crf": "4", "x264-params": "tff=1"}),
        ("in.mkv", "libx264", {"crf": "4", "x264-params": "tff=1"}),
        ("in.mpg", "mpeg2video", {"b": "4000000", "flags": "+ildct+ilme"}),
        ("in.ts", "mpeg2video", {"b": "4000000", "flags": "+ildct+ilme"}),
    ],
)
def test_half_pictures_become_whole_ones_at_the_same_times(tmp_path, name, codec, options):
    path, remarks = interlaced(tmp_path / name, codec, options), Remarks()
    with av.open(str(path)) as container:
        stored = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert np.mean([combed(rgb) for _, rgb in stored]) > 10
    assert video.rewrite(path, tmp_path / "out.mp4", same, remarks=remarks) == video.probe(path).frames == 20
    with av.open(str(tmp_path / "out.mp4")) as container:
        frames = list(container.decode(video=0))
    assert not any(frame.interlaced_frame for frame in frames)
    shown = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in frames]
    assert np.mean([combed(rgb) for _, rgb in shown]) < 1
    gaps = [b[0] - stored[0][0] - a[0] + shown[0][0] for a, b in zip(shown, stored, strict=True)]
    assert np.abs(gaps).max() < 1e-3
    # Each frame is its own moment: where the bar stands in the first half picture.
    for i, (_, rgb) in enumerate(shown[:-1]):
        bright = np.flatnonzero(rgb[::2, :, 0].mean(0) > 150)
        assert 4 * i - 1 <= bright[0] <= 4 * i + 3
    assert str(remarks) == "The source is interlaced: of each frame's two half pictures one whole picture was made."


def test_whole_pictures_are_left_alone(tmp_path):
    path, remarks = interlaced(tmp_path / "in.mp4", "libx264", {"crf": "1"}, halves=1), Remarks()
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for ours, theirs in zip(video.frames(path, remarks), stored, strict=True):
        assert np.abs(ours.astype(int) - theirs).mean() < 3
    assert remarks.interlaced == 0
