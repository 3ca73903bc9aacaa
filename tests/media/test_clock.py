"""clock.py: clips spoilt in a known way come out as they were before; what cannot be mended is refused."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from odd_clips import CODECS, LEAD, PART, WRAP, clip, join, times_of

from faceswap_lib import UserError
from faceswap_lib.media import clock, video

MS = 0.0011  # what .mkv, .flv and FFmpeg's own .mp4 round to


def same(pulled):
    for _, frame in pulled:
        yield frame


def mended(source: Path, suffix: str = ".mp4"):
    """The times of what `rewrite` makes of a clip."""
    out = video.fitting(source, source.with_name(f"out{suffix}"))
    count = video.rewrite(source, out, same)
    times = times_of(out)
    assert count == len(times.pictures) == video.probe(out).frames
    return times


@pytest.mark.parametrize(
    ("name", "late", "suffix"),
    [
        ("as always.ts", LEAD, ".mp4"),
        ("as always.ts", LEAD, ".mov"),
        ("as always.ts", LEAD, ".mkv"),
        ("as always.m2ts", LEAD, ".mp4"),
        ("as always.mpg", 0, ".mp4"),
        ("ten hours.ts", 36000, ".mp4"),
        ("ten hours.mp4", 36000, ".mov"),
        ("ten hours.mkv", 36000, ".mp4"),
        ("ten hours.mpg", 36000, ".mkv"),
        ("wraps.ts", WRAP - Fraction(1, 2), ".mp4"),
        ("wraps.ts", WRAP - Fraction(1, 2), ".mkv"),
        ("wraps.m2ts", WRAP - Fraction(1, 3), ".mov"),
        ("wraps.mpg", WRAP - Fraction(1), ".mp4"),
        ("before it wraps.ts", WRAP - 100, ".mp4"),
    ],
)
def test_a_clip_that_starts_anywhere_starts_at_0(tmp_path, name, late, suffix):
    truth, source = clip(tmp_path / name, late), tmp_path / name
    assert times_of(source).start() > 0.3 or times_of(source).start() < -0.3, "or it is not late"
    found = mended(source, suffix)
    assert abs(found.start()) < MS and found.apart(truth) < MS


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4"])
def test_a_silent_clip_starts_with_its_first_picture(tmp_path, suffix):
    truth = clip(tmp_path / f"in{suffix}", 5, sound=False)
    found = mended(tmp_path / f"in{suffix}")
    assert found.start() == 0 and found.apart(truth) < MS


def test_sound_before_the_picture_stays_before_it(tmp_path):
    def early(packet, kind, number):
        packet.pts, packet.dts = (each + 90000 * 3 * (kind == "video") for each in (packet.pts, packet.dts))

    truth = clip(tmp_path / "in.mkv", 2, edit=early)
    found = mended(tmp_path / "in.mkv")
    truth.pictures = [time + 3 for time in truth.pictures]
    assert abs(found.start()) < MS and found.pictures[0] > 2.9 and found.apart(truth) < MS


@pytest.mark.parametrize("suffix", [".ts", ".m2ts", ".mpg", ".mkv", ".webm"])
def test_joined_recordings_follow_one_another(tmp_path, suffix):
    truth, parts = clip(tmp_path / f"one{suffix}"), 2 if suffix in (".mkv", ".webm") else 3  # FFmpeg reads no more
    found = mended(join(tmp_path / f"in{suffix}", *[tmp_path / f"one{suffix}"] * parts))
    assert len(found.pictures) == parts * PART
    _follow(found, truth, parts)


@pytest.mark.parametrize(("first", "then"), [(0, 36000), (36000, 0), (WRAP - 200, 0), (0, 20), (5, 5.3), (5, 5.96)])
def test_recordings_of_other_hours_follow_too(tmp_path, first, then):
    truth, _ = clip(tmp_path / "one.ts", first), clip(tmp_path / "two.ts", then)
    _follow(mended(join(tmp_path / "in.ts", tmp_path / "one.ts", tmp_path / "two.ts")), truth, 2)


def _follow(found, truth, parts):
    """Each part as it was, and the next one where the picture or the sound before it ends, whichever is later."""
    assert abs(found.start()) < 0.03, "but for what an encoder begins with"
    for number in range(parts):
        part = found.part(number, parts)
        assert part.apart(truth) < MS, number
        if number:
            before = found.part(number - 1, parts)
            gap = min(part.pictures[0] - before.pictures[-1] - 1 / 24, part.sounds[0] - before.sounds[-1] - 0.02)
            assert -2 * MS < gap < 0.012 and part.pictures[0] - before.pictures[-1] < 0.15
    for times in (found.pictures, found.sounds):
        assert (np.diff([float(time) for time in times]) > 0.01).all()


def test_joined_recordings_without_sound(tmp_path):
    truth = clip(tmp_path / "one.ts", sound=False)
    found = mended(join(tmp_path / "in.ts", *[tmp_path / "one.ts"] * 2))
    assert [round(time * 24) for time in found.pictures] == list(range(2 * PART))
    assert found.part(1, 2).apart(truth) < MS


@pytest.mark.parametrize("silent", [0, 1])
def test_one_of_two_recordings_has_no_sound(tmp_path, silent):
    truth = [clip(tmp_path / f"{number}.mpg", sound=number != silent) for number in (0, 1)]
    found = mended(join(tmp_path / "in.mpg", tmp_path / "0.mpg", tmp_path / "1.mpg"))
    parts = [found.pictures[:PART], found.pictures[PART:]]
    for times, true in zip(parts, truth, strict=True):
        assert max(abs(a - times[0] - b + true.pictures[0]) for a, b in zip(times, true.pictures, strict=True)) < MS
    sung = 1 - silent
    assert abs(found.sounds[0] - parts[sung][0] - truth[sung].sounds[0] + truth[sung].pictures[0]) < MS
    assert 0 < parts[1][0] - parts[0][-1] < 0.1


def test_sound_that_begins_late_is_found_and_one_that_cannot_be_read_is_refused(tmp_path):
    def late(packet, kind, number):
        move = 90000 * 25 * (kind == "audio" or number > 11)
        packet.pts, packet.dts = packet.pts + move, packet.dts + move

    truth = clip(tmp_path / "in.ts", edit=late)
    truth.pictures[12:] = [time + 25 for time in truth.pictures[12:]]
    truth.sounds = [time + 25 for time in truth.sounds]
    assert mended(tmp_path / "in.ts").apart(truth) < MS
    for number in (0, 1):
        clip(tmp_path / f"{number}.ts", sound=bool(number))
    source = join(tmp_path / "two.ts", tmp_path / "0.ts", tmp_path / "1.ts")
    with pytest.raises(
        UserError, match="How the source's sound is coded cannot be found out.*; convert its sound to AAC"
    ):
        video.rewrite(source, tmp_path / "no.mp4", same)
    assert not (tmp_path / "no.mp4").exists()


@pytest.mark.parametrize("suffix", [".mkv", ".flv"])
@pytest.mark.parametrize("again", [{10}, {10, 11, 12}, {5, 30}, {39}])
def test_a_sound_stamp_said_twice_ends_nothing_and_is_put_right(tmp_path, suffix, again):
    said = []

    def repeat(packet, kind, number):
        if kind == "audio":
            packet.pts = packet.dts = said[-1] if number in again else packet.pts
            said.append(packet.pts)

    truth = clip(tmp_path / f"in{suffix}", edit=repeat)
    assert min(np.diff([float(time) for time in times_of(tmp_path / f"in{suffix}").sounds])) == 0
    for out in (".mp4", ".mkv"):
        assert mended(tmp_path / f"in{suffix}", out).apart(truth) < 2 * MS


@pytest.mark.parametrize("again", [{10}, {10, 11, 12}])
def test_a_picture_stamp_said_twice_is_put_right(tmp_path, again):
    said = []

    def repeat(packet, kind, number):
        if kind == "video":
            packet.pts = packet.dts = said[-1] if number in again else packet.pts
            said.append(packet.pts)

    truth = clip(tmp_path / "in.webm", edit=repeat)
    assert min(np.diff([float(time) for time in times_of(tmp_path / "in.webm").pictures])) == 0
    assert mended(tmp_path / "in.webm").apart(truth) < 2 * MS


@pytest.mark.parametrize(("kind", "other"), [("sound", "picture"), ("picture", "sound")])
def test_a_clock_that_goes_back_for_one_of_both_is_refused(tmp_path, kind, other):
    def back(packet, stream, number):
        move = 0 if (stream == "audio") == (kind == "sound") else 90000 * 4
        packet.pts, packet.dts = packet.pts + move, packet.dts + move

    clip(tmp_path / "one.ts", 3)
    clip(tmp_path / "two.ts", edit=back)
    source = join(tmp_path / "in.ts", tmp_path / "one.ts", tmp_path / "two.ts")
    sentence = rf"'{source}' has a clock that goes back by [34]\.\d s in its {kind} and not in its {other}, [01]\.\d s "
    for use in (lambda: video.rewrite(source, tmp_path / "out.mp4", same), lambda: video.probe(source)):
        with pytest.raises(UserError, match=sentence):
            use()
    assert not (tmp_path / "out.mp4").exists()


def test_fragments_that_overlap_are_refused(tmp_path):
    with av.open(str(tmp_path / "one.mp4"), "w", options={"movflags": "frag_keyframe+empty_moov"}) as out:
        stream = out.add_stream("libx264", 24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(PART):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode(None))
    data = (tmp_path / "one.mp4").read_bytes()
    (tmp_path / "in.mp4").write_bytes(data + data[data.index(b"moof") - 4 :])
    assert video.probe(tmp_path / "one.mp4").frames == PART
    with pytest.raises(UserError, match="in.mp4' holds recordings that overlap in time, so only one is shown whole"):
        video.probe(tmp_path / "in.mp4")


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_what_ffmpeg_would_leave_out_is_refused(tmp_path, suffix):
    clip(tmp_path / f"one{suffix}")
    with pytest.raises(UserError, match="in.* holds recordings that cannot be read, behind the others; export each"):
        video.probe(join(tmp_path / f"in{suffix}", *[tmp_path / f"one{suffix}"] * 3))


def test_a_pause_is_no_join(tmp_path):
    """Where only the picture or only the sound stands still for long, or a format knows no jumps, it stays so."""

    def still(packet, kind, number):
        move = 90000 * 15 * (kind == "video" and number > 11)
        packet.pts, packet.dts = packet.pts + move, packet.dts + move

    for name in ("in.ts", "in.mkv"):
        truth = clip(tmp_path / name, edit=still)
        truth.pictures[12:] = [time + 15 for time in truth.pictures[12:]]
        assert mended(tmp_path / name).apart(truth) < MS


def test_variable_rates_are_nobodys_fault(tmp_path):
    times = np.cumsum(np.random.default_rng(3).integers(1, 400, 500))
    assert (clock.straightened(times, 200) == times).all() and (clock.rising(times, 200) == times).all()


def test_stamps_that_tell_nothing_are_spread(tmp_path):
    assert clock.rising(np.zeros(5, int), 40).tolist() == [0, 40, 80, 120, 160]
    assert clock.rising(np.array([0, 40, 999, 120, 160]), 40).tolist() == [0, 40, 80, 120, 160]
    late = clock.rising(np.array([0, 40, 80, 70, 110, 150, 190]), 40)
    assert (np.diff(late) >= 10).all() and late[-1] == 190, "it catches up"


@pytest.mark.parametrize("seed", range(5))
def test_pictures_in_the_order_of_decoding_are_sorted_within_each_recording(seed):
    random, order = np.random.default_rng(seed), []
    for start in (0, 3, 900):
        shown = start + np.arange(100 + seed)
        for first in range(1, len(shown) - 4, 4):
            shown[first : first + 4] = shown[first + 3], *random.permutation(shown[first : first + 3])
        order.append(shown)
    found = clock.in_order(np.concatenate(order) * 40)
    assert (found == np.concatenate([np.sort(part) for part in order]) * 40).all()


def test_codecs_of_the_clips_differ():
    assert len(set(CODECS.values())) > 5
