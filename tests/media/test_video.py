"""video.py against raw packets, raw planes and arithmetic: sizes, time stamps, sound, colour, and what goes wrong."""

import hashlib
import os
import shutil
import struct
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from odd_clips import clip

from faceswap_lib import UserError, files, samples
from faceswap_lib.media import source as sources
from faceswap_lib.media import survey, video

WIDTH, HEIGHT, COUNT = 64, 48, 20
# Kr and Kb of ITU-R BT.601 and BT.709, by their H.273 code.
WEIGHTS = {6: (0.299, 0.114), 1: (0.2126, 0.0722)}


def picture(index: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth, colourful picture without any symmetry, which moves with `index`."""
    y, x = np.mgrid[:height, :width].astype(float)
    red, green = x / width + np.sin((y + index) / 9) / 4, y / height
    blue = 1 - (x + 2 * y + index) / (width + 2 * height)
    return (np.clip(np.stack([red, green, blue], -1), 0, 1) * 255).astype(np.uint8)


def to_yuv(rgb: np.ndarray, matrix: int, full: bool) -> np.ndarray:
    """Y'CbCr by the formulas of BT.601 and BT.709 (section "Signal format"), as floats."""
    kr, kb = WEIGHTS[matrix]
    r, g, b = np.moveaxis(rgb / 255.0, -1, 0)
    y = kr * r + (1 - kr - kb) * g + kb * b
    u, v = (b - y) / 2 / (1 - kb), (r - y) / 2 / (1 - kr)
    return np.stack([255 * y, 255 * u + 128, 255 * v + 128] if full else [219 * y + 16, 224 * u + 128, 224 * v + 128])


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """The stored planes of a frame, without conversion."""
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def yuv_frame(rgb: np.ndarray, matrix: int, full: bool) -> av.VideoFrame:
    """A yuv444p frame whose planes are set by to_yuv, not by FFmpeg."""
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], "yuv444p")
    stored = np.rint(to_yuv(rgb, matrix, full)).clip(0, 255).astype(np.uint8)
    for plane, values in zip(frame.planes, stored, strict=True):
        plane.update(np.pad(values, ((0, 0), (0, plane.line_size - plane.width))).tobytes())
    return frame


def add_sound(container, codec: str, language: str = "eng"):
    stream = container.add_stream(codec, rate=48000, options={"strict": "-2"})
    stream.layout = "stereo"
    stream.metadata["language"] = language
    return stream


def tone(stream, seconds: float, start: float = 0.0) -> list[av.Packet]:
    """Encoded packets of a chord, from `start` seconds on."""
    shape = stream.codec_context.format.name
    ramp = np.arange(int(seconds * 48000)) / 48000
    wave = np.stack([np.sin(2 * np.pi * 440 * ramp), np.sin(2 * np.pi * 660 * ramp)]) * 0.3
    scale, kind = {"flt": (1, np.float32), "s16": (32767, np.int16), "s32": (2**31 - 1, np.int32)}[shape[:3]]
    samples = (wave * scale).astype(kind)
    samples = samples if shape.endswith("p") else np.ascontiguousarray(samples.T).reshape(1, -1)
    packets, size, step = [], 1024, 1 if shape.endswith("p") else 2
    for at in range(0, len(ramp) - size, size):
        frame = av.AudioFrame.from_ndarray(samples[:, at * step : (at + size) * step], format=shape, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, at + round(start * 48000), Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def make(
    path: Path,
    stamps=range(COUNT),
    base: Fraction = Fraction(1, 24),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    sounds: tuple[str, ...] = (),
    seconds: float = 1.0,
    start: float = 0.0,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    tags: tuple[int, int] | None = None,
    aspect: Fraction | None = None,
    options: dict | None = None,
) -> Path:
    """A clip written with PyAV alone: picture(0), picture(1)… at `stamps` ticks of `base`, with `seconds` of sounds."""
    # Without it .mp4 rounds where a stream starts to 1 ms.
    exact = {"movie_timescale": "48000"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", container_options=exact) as out:
        stream = out.add_stream(codec, rate=24, options=options or {"crf": "4"}, time_base=base)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if tags:
            stream.codec_context.colorspace, stream.codec_context.color_range = tags
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        tracks = [add_sound(out, name, language) for name, language in zip(sounds, ("eng", "fra"), strict=False)]
        packets = []
        for index, stamp in enumerate(stamps):
            rgb = picture(index, *size)
            frame = yuv_frame(rgb, *tags_of(tags)) if tags else av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = stamp, base
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for track in tracks:
            packets += tone(track, seconds, start)
        for packet in sorted(packets, key=lambda each: each.dts * each.time_base):
            out.mux(packet)
    return path


def tags_of(tags: tuple[int, int]) -> tuple[int, bool]:
    return (6 if tags[0] == 2 else tags[0]), tags[1] == 2


def stamps_of(path: Path) -> list[Fraction]:
    """Seconds of every frame, decoded with PyAV alone."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sounds_of(path: Path) -> list[list[tuple[Fraction, bytes]]]:
    """(seconds, bytes) of every sound packet, by stream."""
    with av.open(str(path)) as container:
        found = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux():
            if packet.size and packet.stream.type == "audio":
                found[packet.stream.index].append((packet.pts * packet.time_base, bytes(packet)))
    return list(found.values())


def same(pulled):
    for _, frame in pulled:
        yield frame


def difference(path: Path, expected) -> float:
    """Mean absolute difference of a video's frames to expected RGB, in grey levels of 255."""
    return float(
        np.mean(
            [
                np.abs(frame.astype(int) - other).mean()
                for frame, other in zip(video.frames(path), expected, strict=True)
            ]
        )
    )


STEADY = (range(COUNT), Fraction(1, 24))
TIMINGS = {
    "24": STEADY,
    "30000/1001": ([1001 * index for index in range(COUNT)], Fraction(1, 30000)),
    "variable": ([index * 100 + index * index * 7 for index in range(COUNT)], Fraction(1, 12800)),
    "late start": ([31 + index for index in range(COUNT)], Fraction(1, 24)),
    "odd base": ([5 + 3 * index for index in range(COUNT)], Fraction(1, 77)),
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("timing", TIMINGS)
def test_rewrite_keeps_time_stamps_and_count(tmp_path, timing, suffix):
    source = make(tmp_path / f"in{suffix}", *TIMINGS[timing], sounds=("aac",))
    assert video.rewrite(source, tmp_path / f"out{suffix}", same) == COUNT
    stamps = stamps_of(tmp_path / f"out{suffix}")
    assert stamps == stamps_of(source) and len(stamps) == COUNT
    assert stamps == [tick * TIMINGS[timing][1] for tick in TIMINGS[timing][0]]
    assert sounds_of(tmp_path / f"out{suffix}") == sounds_of(source)


@pytest.mark.parametrize("timing", TIMINGS)
def test_milliseconds_of_mkv(tmp_path, timing):
    source = make(tmp_path / "in.mkv", *TIMINGS[timing], sounds=("libopus",))
    for name in ("out.mkv", "out.mp4"):
        video.rewrite(source, tmp_path / name, same)
        assert stamps_of(tmp_path / name) == stamps_of(source)
        assert sounds_of(tmp_path / name) == sounds_of(source)
    wanted = make(tmp_path / "in.mp4", *TIMINGS[timing], sounds=("aac",))
    video.rewrite(wanted, tmp_path / "from_mp4.mkv", same)
    apart = [abs(a - b) for a, b in zip(stamps_of(tmp_path / "from_mp4.mkv"), stamps_of(wanted), strict=True)]
    assert max(apart) <= Fraction(1, 1000)
    for new, old in zip(sounds_of(tmp_path / "from_mp4.mkv"), sounds_of(wanted), strict=True):
        assert [data for _, data in new] == [data for _, data in old]
        assert max(abs(a - b) for (a, _), (b, _) in zip(new, old, strict=True)) <= Fraction(1, 1000)


@pytest.mark.parametrize("seconds, start", [(3.0, 0.0), (0.4, 0.0), (1.0, 0.5)], ids=["longer", "shorter", "later"])
def test_all_sound_is_copied_bit_for_bit(tmp_path, seconds, start):
    source = make(tmp_path / "in.mp4", sounds=("aac", "libmp3lame"), seconds=seconds, start=start)
    video.rewrite(source, tmp_path / "out.mp4", same)
    assert sounds_of(tmp_path / "out.mp4") == sounds_of(source)
    assert [len(packets) > 10 for packets in sounds_of(source)] == [True, True]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.language for stream in container.streams.audio] == ["eng", "fra"]


def test_sound_that_mp4_cannot_hold(tmp_path):
    for codec, source, works in (
        ("pcm_s16le", "in.mov", (".mov", ".mkv")),
        ("pcm_s32be", "be.mov", (".mov", ".mkv")),
        ("vorbis", "in.mkv", (".mkv",)),
        ("libopus", "in.mkv", (".mp4", ".mkv")),
    ):
        source = make(tmp_path / source, sounds=(codec,))
        fitting = video.fitting(source, tmp_path / "swapped.mp4")
        assert fitting == tmp_path / f"swapped{works[0]}" and not fitting.exists()
        assert video.fitting(source, tmp_path / f"swapped{works[-1]}") == tmp_path / f"swapped{works[-1]}"
        for suffix in (".mp4", ".mov", ".mkv"):
            out = tmp_path / f"{codec}{suffix}"
            if suffix in works:
                video.rewrite(source, out, same)
                new, old = sounds_of(out), sounds_of(source)
                assert [b"".join(data for _, data in track) for track in new] == [
                    b"".join(data for _, data in track) for track in old
                ]
            else:
                with pytest.raises(UserError, match="cannot hold") as failure:
                    video.rewrite(source, out, same)
                assert all(f"{codec}{other}" in str(failure.value) for other in works) and not out.exists()


def test_sound_that_nothing_holds_is_told_with_a_way_out(tmp_path):
    clip(tmp_path / "in.wmv")
    for use in (
        lambda: video.fitting(tmp_path / "in.wmv", tmp_path / "out.mp4"),
        lambda: video.rewrite(tmp_path / "in.wmv", tmp_path / "out.mp4", same),
    ):
        with pytest.raises(
            UserError, match=r"cannot hold the source's sound \(wmav2\); convert .* to AAC first.*ffmpeg"
        ):
            use()


def test_silent_clip_stays_silent(tmp_path):
    source = make(tmp_path / "in.mp4")
    assert not video.probe(source).has_audio
    for name in ("out.mp4", "out.mkv"):
        video.rewrite(source, tmp_path / name, same)
        assert sounds_of(tmp_path / name) == []
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.video[0].average_rate == 24


def test_packets_lie_interleaved_and_index_first(tmp_path):
    source = make(tmp_path / "in.mp4", range(96), sounds=("aac",), seconds=4.0)
    video.rewrite(source, tmp_path / "out.mp4", same)
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "out.mp4")) as container:
        order = sorted(
            (packet.pos, packet.stream.type, float(packet.dts * packet.time_base))
            for packet in container.demux()
            if packet.size
        )
    reached = {"video": 0.0, "audio": 0.0}
    for _, kind, seconds in order:
        reached[kind] = seconds
        assert abs(reached["video"] - reached["audio"]) < 1.2


# a, b, c, d of the matrix in a track's header (ISO/IEC 14496-12, 8.3.2), and what it does to a picture.
TURNS = {
    "phone held upright": ((0, 1, -1, 0), 90, lambda rgb: np.rot90(rgb, -1)),
    "upside down": ((-1, 0, 0, -1), 180, lambda rgb: np.rot90(rgb, 2)),
    "the other way": ((0, -1, 1, 0), 270, np.rot90),
    "mirrored": ((-1, 0, 0, 1), None, lambda rgb: rgb[:, ::-1]),
    "turned and mirrored": ((0, 1, 1, 0), None, lambda rgb: rgb.swapaxes(0, 1)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_frames_come_out_upright(tmp_path, turn):
    (a, b, c, d), degrees, turned = TURNS[turn]
    source = make(tmp_path / "in.mp4", aspect=Fraction(4, 3))
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 44
    assert struct.unpack_from(">9i", data, at) == (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, at, *(value << 16 for value in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)
    source.write_bytes(data)
    expected = [turned(picture(index)) for index in range(COUNT)]
    info = video.probe(source)
    assert (info.height, info.width) == expected[0].shape[:2] and degrees in (None, info.rotation)
    assert difference(source, expected) < 3

    video.rewrite(source, tmp_path / "out.mp4", same)
    assert difference(tmp_path / "out.mp4", expected) < 4
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame, aspect = next(container.decode(video=0)), container.streams.video[0].sample_aspect_ratio
    assert (frame.height, frame.width) == expected[0].shape[:2] and "DISPLAYMATRIX" not in frame.side_data
    assert aspect == (Fraction(4, 3) if b == 0 else Fraction(3, 4))
    assert video.probe(tmp_path / "out.mp4").rotation == 0


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (65, 49)])
def test_odd_sizes_are_kept(tmp_path, size):
    source = make(tmp_path / "in.mp4", size=size, pixels="yuv444p")
    video.rewrite(source, tmp_path / "out.mp4", same)
    info = video.probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == size and info.frames == COUNT
    assert difference(tmp_path / "out.mp4", [picture(index, *size) for index in range(COUNT)]) < 2


@pytest.mark.parametrize(
    "matrix, stated_range",
    [(6, 1), (6, 2), (1, 1), (1, 2), (2, 1)],
    ids=["601", "601 full", "709", "709 full", "untagged"],
)
def test_colour_survives_both_ways(tmp_path, matrix, stated_range):
    tags, lossless = (matrix, stated_range), {"qp": "0"}
    source = make(tmp_path / "in.mp4", tags=tags, pixels="yuv444p", options=lossless)
    originals = [picture(index) for index in range(COUNT)]
    assert difference(source, originals) < 0.8
    video.rewrite(source, tmp_path / "out.mp4", same)
    assert difference(tmp_path / "out.mp4", originals) < 2
    with av.open(str(tmp_path / "out.mp4")) as container:
        frames = list(container.decode(video=0))
    assert (frames[0].colorspace, frames[0].color_range == 2) == (matrix, stated_range == 2)
    # The stored planes, against the formulas: brightness may not shift by a grey level.
    stored = np.mean([planes(frame)[0].mean() for frame in frames])
    wanted = np.mean([to_yuv(rgb, *tags_of(tags))[0].mean() for rgb in originals])
    assert abs(stored - wanted) < 0.3
    chroma = [planes(frames[-1])[n].mean() for n in (1, 2)]
    assert np.abs(chroma - to_yuv(originals[-1], *tags_of(tags))[1:].mean(axis=(1, 2))).max() < 1


def test_frames_are_plain_writable_arrays(tmp_path):
    for frame in video.frames(make(tmp_path / "in.mp4", size=(66, 50))):
        assert frame.dtype == np.uint8 and frame.shape == (50, 66, 3)
        assert frame.flags.writeable and frame.flags.c_contiguous


def test_probe_counts_what_decoding_finds(tmp_path):
    cases = {
        "h264.mp4": {},
        "long.mkv": {"stamps": range(50)},
        "mpeg4.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
        "mjpeg.mov": {"codec": "mjpeg", "pixels": "yuvj420p"},
        "h264.ts": {"sounds": ("aac",)},
    }
    for name, recipe in cases.items():
        path = make(tmp_path / name, **recipe)
        info, decoded = video.probe(path), len(stamps_of(path))
        assert info.frames == decoded == len(list(video.frames(path))) == len(recipe.get("stamps", range(COUNT))), name
        assert (info.width, info.height, info.path) == (WIDTH, HEIGHT, path)
        assert info.fps == pytest.approx(24, abs=0.1) and info.duration == pytest.approx(decoded / 24, abs=0.05), name
        assert not info.variable and info.has_audio == ("sounds" in recipe)


@pytest.mark.parametrize("b_frames", ["0", "3"])
def test_frames_before_the_first_shown_are_not_counted(tmp_path, b_frames):
    source = make(tmp_path / "in.mp4", range(-5, 15), sounds=("aac",), options={"crf": "4", "bf": b_frames})
    assert video.probe(source).frames == len(stamps_of(source)) == 15
    assert difference(source, [picture(index) for index in range(5, COUNT)]) < 3
    assert video.rewrite(source, tmp_path / "out.mp4", same) == 15
    assert stamps_of(tmp_path / "out.mp4") == stamps_of(source) and sounds_of(tmp_path / "out.mp4") == sounds_of(source)


def test_the_last_frame_is_shown_as_long(tmp_path):
    source, lengths = make(tmp_path / "in.mp4", *TIMINGS["variable"], options={"bf": "0"}), []
    video.rewrite(source, tmp_path / "out.mp4", same)
    for path in (source, tmp_path / "out.mp4"):
        # Ticks per second of the movie header and the length in the edit list (ISO/IEC 14496-12, 8.2.2 and 8.6.6).
        data = path.read_bytes()
        (ticks,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
        (length,) = struct.unpack_from(">I", data, data.index(b"elst") + 12)
        lengths.append(Fraction(length, ticks))
    assert lengths[0] == lengths[1] > Fraction(TIMINGS["variable"][0][-1], 12800)


def test_probe_tells_variable_rates(tmp_path):
    assert [
        video.probe(make(tmp_path / f"{index}{suffix}", *timing)).variable
        for suffix in (".mp4", ".mkv")
        for index, timing in enumerate(TIMINGS.values())
    ] == [False, False, True, False, False] * 2
    info = video.probe(tmp_path / "2.mp4")
    assert info.fps == pytest.approx((COUNT - 1) / (19 * 100 + 19 * 19 * 7) * 12800)
    assert video.probe(tmp_path / "1.mp4").fps == pytest.approx(30000 / 1001, abs=1e-9)


def remux(source: Path, out: Path, kinds: tuple[str, ...] = ("video", "audio"), cover: bool = False, from_key: int = 0):
    """Copy packets of some kinds into another file, from the video's key frame number `from_key` on."""
    with av.open(str(source)) as old, av.open(str(out), "w") as new:
        kept = [stream for stream in old.streams if stream.type in kinds]
        copies = {stream.index: new.add_stream_from_template(stream, opaque=True) for stream in kept}
        if cover:
            image = new.add_stream("mjpeg", rate=1, width=32, height=32, pix_fmt="yuvj420p")
            image.disposition = 1 << 10
            new.mux(image.encode(av.VideoFrame.from_ndarray(picture(0, 32, 32))) + image.encode(None))
        keys = 0
        for packet in old.demux():
            keys += packet.is_keyframe and packet.stream.type == "video" and packet.size > 0
            if packet.size and packet.stream.index in copies and keys >= from_key:
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
    return out


def test_cover_picture_is_not_the_video(tmp_path):
    clip = make(tmp_path / "clip.mp4", sounds=("aac",))
    source = remux(clip, tmp_path / "in.mp4", cover=True)
    info = video.probe(source)
    assert (info.width, info.frames) == (WIDTH, COUNT)
    video.rewrite(source, tmp_path / "out.mp4", same)
    assert stamps_of(tmp_path / "out.mp4") == stamps_of(clip) and sounds_of(tmp_path / "out.mp4") == sounds_of(clip)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pictures_that_lost_their_key_frame_are_not_counted(tmp_path, suffix):
    groups = "open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0"
    whole = make(tmp_path / f"whole{suffix}", range(60), options={"crf": "4", "x264-params": groups})
    source = remux(whole, tmp_path / f"in{suffix}", from_key=3)
    with av.open(str(source)) as container:
        packets = sum(packet.size > 0 for packet in container.demux())
    assert video.probe(source).frames == len(stamps_of(source)) == packets - 3
    assert video.rewrite(source, tmp_path / f"out{suffix}", same) == packets - 3
    stored = stamps_of(source)
    assert stamps_of(tmp_path / f"out{suffix}") == [stamp - stored[0] for stamp in stored]


def test_missing_and_repeated_time_stamps(tmp_path):
    # A bare H.264 stream has none, and 25 frames a second are taken for granted; the other clip's are all the same.
    cases = {"in.h264": make(tmp_path / "in.h264"), "in.mkv": make(tmp_path / "in.mkv", base=Fraction(1, 50000))}
    with av.open(str(cases["in.h264"])) as container:
        assert {frame.pts for frame in container.decode(video=0)} == {None}
    assert set(stamps_of(cases["in.mkv"])) == {0}
    for source, step in zip(cases.values(), (Fraction(1, 25), Fraction(42, 1000)), strict=True):
        assert video.probe(source).frames == video.rewrite(source, tmp_path / "out.mp4", same) == COUNT
        assert stamps_of(tmp_path / "out.mp4") == [index * step for index in range(COUNT)]


def test_frames_reach_the_change_in_order_and_in_batches(tmp_path):
    source, seen, told = make(tmp_path / "in.mp4"), [], []

    def inverted(pulled):
        batch = []
        for index, frame in pulled:
            seen.append(index)
            batch.append(255 - frame)
            if len(batch) == 7:
                yield from batch
                batch = []
        yield from batch

    video.rewrite(source, tmp_path / "out.mp4", inverted, progress=lambda *said: told.append(said[:2]))
    assert seen == list(range(COUNT)) and told == [(index + 1, COUNT) for index in range(COUNT)]
    assert difference(tmp_path / "out.mp4", [255 - picture(index) for index in range(COUNT)]) < 3


def test_quality_follows_crf(tmp_path):
    source = make(tmp_path / "in.mp4")
    sizes = []
    for crf in (8, 40):
        video.rewrite(source, tmp_path / "out.mp4", same, crf=crf)
        sizes.append((tmp_path / "out.mp4").stat().st_size)
    assert sizes[0] > 1.5 * sizes[1]


def stops_early(pulled):
    for index, frame in pulled:
        if index < 15:
            yield frame


def leaves_early(pulled):
    for _ in range(15):
        yield next(pulled)[1]


def gives_twice(pulled):
    for _, frame in pulled:
        yield frame
        yield frame


def shrinks(pulled):
    for _, frame in pulled:
        yield frame[:-2]


def floats(pulled):
    for _, frame in pulled:
        yield frame / 255


def breaks(pulled):
    for index, frame in pulled:
        if index == 10:
            raise OSError("mine")
        yield frame


@pytest.mark.parametrize(
    "change, error",
    [
        (stops_early, ValueError),
        (leaves_early, ValueError),
        (shrinks, ValueError),
        (gives_twice, ValueError),
        (floats, ValueError),
        (breaks, OSError),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_failed_change_leaves_nothing_behind(tmp_path, change, error, suffix):
    source, out = make(tmp_path / "in.mp4", sounds=("aac",)), tmp_path / f"out{suffix}"
    out.write_bytes(b"precious")
    with pytest.raises(error):
        video.rewrite(source, out, change, overwrite=True)
    assert out.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", f"out{suffix}"]


def test_output_replaces_an_old_one_only_when_complete(tmp_path):
    source, out = make(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    out.write_bytes(b"old")

    def watched(pulled):
        for _, frame in pulled:
            assert out.read_bytes() == b"old" and (tmp_path / ".part.out.mp4").exists()
            yield frame

    video.rewrite(source, out, watched, overwrite=True)
    assert video.probe(out).frames == COUNT and not (tmp_path / ".part.out.mp4").exists()


def bad_inputs(folder: Path) -> dict[str, Path]:
    whole = folder / "whole.mp4"
    video.write(whole, (picture(index, 160, 120) for index in range(60)), 24, crf=4)
    data = whole.read_bytes()
    late = make(folder / "late.mp4", range(60), size=(160, 120)).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat") and late.index(b"moov") > late.index(b"mdat")
    long = make(folder / "long.mkv", range(72), sounds=("aac",), seconds=3.0).read_bytes()
    avi = make(folder / "long.avi", range(72), codec="mjpeg", pixels="yuvj420p", size=(160, 120)).read_bytes()
    contents = {
        "empty.mp4": b"",
        "text.mp4": b"This is not a video.\n" * 200,
        "noise.mp4": bytes(range(256)) * 40,
        "half.mp4": data[: len(data) // 2],
        "end_lost.mp4": data[:-200],
        "cut.avi": avi[: len(avi) // 2],
        "index_lost.mp4": late[: len(late) * 2 // 3],
        "cut.mkv": long[: len(long) * 2 // 3],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    remux(make(folder / "sung.mp4", sounds=("aac",)), folder / "song.mp4", kinds=("audio",), cover=True)
    (folder / "folder.mp4").mkdir()
    return {name: folder / name for name in (*contents, "folder.mp4", "song.mp4", "none.mp4")}


def test_bad_input_is_one_clear_sentence(tmp_path):
    words = {
        "empty.mp4": "is empty",
        "text.mp4": "is not a video",
        "noise.mp4": "is not a video",
        "half.mp4": "cut off",
        "end_lost.mp4": "cut off",
        "cut.avi": "cut off",
        "cut.mkv": "cut off",
        "index_lost.mp4": "end is missing",
        "folder.mp4": "is a folder; name one video",
        "none.mp4": "There is no file",
        "song.mp4": "no moving picture",
    }
    out = tmp_path / "out.mp4"
    for name, path in bad_inputs(tmp_path).items():
        for use in (video.probe, lambda each: list(video.frames(each)), lambda each: video.rewrite(each, out, same)):
            with pytest.raises(UserError, match=words[name]) as failure:
                use(path)
            said = str(failure.value)
            assert str(path) in said and said.endswith(".") and "\n" not in said and len(said) < 90 + len(str(path))
            assert not out.exists() and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_damage_is_told_not_passed_on(tmp_path, codec):
    path, out = make(tmp_path / "in.mp4", codec=codec, options={"lag-in-frames": "0", "crf": "9"}), tmp_path / "out.mp4"
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        at, size = [(packet.pos, packet.size) for packet in container.demux() if packet.size][-1]
    if codec == "libx264":
        data[at + 4 : at + size] = b"\xff" * (size - 4)
    else:
        # The bit show_frame of a VP9 frame: the packet decodes well, and to nothing.
        assert data[at] & 0b11111110 == 0b10000110
        data[at] -= 2
    path.write_bytes(data)
    for use in (lambda: list(video.frames(path)), lambda: video.rewrite(path, out, same)):
        with pytest.raises(UserError, match="damaged"):
            use()
    assert not out.exists()


def test_output_that_cannot_be_written(tmp_path):
    source = make(tmp_path / "in.mp4")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(source)
    before = source.read_bytes()
    for name, words in (
        ("none/out.mp4", "no folder"),
        ("folder.mp4", "it is a folder"),
        ("in.mp4", "it is the source"),
        ("link.mp4", "it is the source"),
        ("out.avi", "must end in .mp4 or .mov or .mkv"),
        ("out", "must end in"),
    ):
        uses = [lambda out: video.rewrite(source, out, same)]
        uses += [lambda out: video.write(out, [picture(0)], 24)] if "source" not in words else []
        for use in uses:
            with pytest.raises(UserError, match=words) as failure:
                use(tmp_path / name)
            assert str(tmp_path / name) in str(failure.value)
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.mp4", "in.mp4", "link.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_full_disk(tmp_path, suffix, monkeypatch):
    @contextmanager
    def full(path):  # everything written to /dev/full fails with ENOSPC, as on a full disk
        part = path.with_name(f".part.{path.name}")
        part.symlink_to("/dev/full")
        try:
            yield part
        finally:
            part.unlink()

    monkeypatch.setattr("faceswap_lib.media.codec.whole", full)
    source, out = make(tmp_path / "in.mp4", sounds=("aac",)), tmp_path / f"out{suffix}"
    out.write_bytes(b"precious")
    for use in (
        lambda: video.rewrite(source, out, same, overwrite=True),
        lambda: video.write(out, [picture(0)] * 3, 24, overwrite=True),
    ):
        with pytest.raises(UserError, match=f"'{out}' .* disk is full"):
            use()
        assert out.read_bytes() == b"precious"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", out.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_folder_or_source_that_vanishes_meanwhile_is_one_sentence(tmp_path, suffix):
    source, folder = make(tmp_path / "in.mp4", sounds=("aac",)), tmp_path / "folder"
    for gone, words in ((folder, "out.* cannot be written"), (source, "There is no file '.*in.mp4'")):
        folder.mkdir(exist_ok=True)

        def vanishing(pulled, gone=gone):
            if gone is source:
                source.unlink()
            for index, frame in pulled:
                if index == 10 and gone is folder:
                    shutil.rmtree(folder)
                yield frame

        with pytest.raises(UserError, match=words):
            video.rewrite(source, folder / f"out{suffix}", vanishing)
        assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize("fps", [24, 30000 / 1001, Fraction(25, 2), 59.94])
def test_write_makes_a_steady_clip(tmp_path, fps):
    originals = [picture(index) for index in range(COUNT)]
    assert video.write(tmp_path / "out.mp4", iter(originals), fps) == COUNT
    info = video.probe(tmp_path / "out.mp4")
    assert info.fps == pytest.approx(float(fps), rel=1e-6) and info.frames == COUNT and not info.variable
    assert difference(tmp_path / "out.mp4", originals) < 3
    with pytest.raises(UserError, match="no frames"):
        video.write(tmp_path / "none.mp4", [], fps)
    assert not (tmp_path / "none.mp4").exists()


def test_names_that_mislead_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("http:clip.mp4", "pipe:1.mp4", "100%d café.mp4", "-y.mp4", "clip.MP4"):
        video.write(name, [picture(0)] * 3, 24)
        assert video.rewrite(name, f"new {name}", same) == 3 == video.probe(f"new {name}").frames


def test_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert video.sha256(tmp_path / "file") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    with pytest.raises(UserError, match="There is no file"):
        video.sha256(tmp_path / "none")


def test_the_same_frames_give_the_same_bytes(tmp_path):
    shown = [*video.frames(samples.path("person_a"))][:60]
    for i in range(4):
        video.write(tmp_path / f"{i}.mp4", shown, 24)
    assert len({video.sha256(tmp_path / f"{i}.mp4") for i in range(4)}) == 1


def test_one_frame_is_the_one_of_that_number(tmp_path):
    video.write(tmp_path / "steps.mp4", [np.full((64, 64, 3), 40 * i, "u1") for i in range(5)], 24)
    assert [round(float(video.frame(tmp_path / "steps.mp4", i).mean()) / 40) for i in (0, 3, 4)] == [0, 3, 4]


def test_a_small_file_of_huge_frames_is_refused_before_one_is_decoded(tmp_path, monkeypatch):
    video.write(tmp_path / "a.mp4", [np.zeros((64, 96, 3), "u1")] * 3, 24)
    monkeypatch.setattr(sources, "PIXELS", 64 * 96 - 1)
    decoded = []
    monkeypatch.setattr(survey, "decode", lambda *_: decoded.append(1))
    with pytest.raises(UserError, match="a.mp4' has 96 × 64 pixels, too many to swap; export it smaller"):
        video.probe(tmp_path / "a.mp4")
    assert not decoded


def test_a_disk_too_small_is_said_before_the_work_and_one_that_fills_up_ends_it(tmp_path, monkeypatch):
    video.write(tmp_path / "a.mp4", [np.zeros((64, 64, 3), "u1")] * 60, 24)
    size = (tmp_path / "a.mp4").stat().st_size
    free = iter([size - 1, 50e6])
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: SimpleNamespace(free=next(free, 5e6)))
    for told in ("and this video needs about 1 MB", "has 5 MB free, and the rest of this video needs about 20 MB"):
        with pytest.raises(UserError, match=told):
            video.rewrite(tmp_path / "a.mp4", tmp_path / "out.mp4", lambda pulled: (frame for _, frame in pulled))
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_what_was_fitted_is_found_again_and_no_file_beside_it(tmp_path):
    assert video.fitted(tmp_path / "swapped.mp4") is None
    for age, name in enumerate(("swapped_mp4.synthetic.json", "swapped.mov", "swapped.mp4.txt", "swapped.mkv")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (100 - age, 100 - age))
    assert video.fitted(tmp_path / "swapped.mp4") == tmp_path / "swapped.mov", "the newest of the videos"
