"""Frames in, frames out; sound and time stamps stay what they were. This and codec.py stand on PyAV."""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.media.clock import Clock, rising
from faceswap_lib.media.codec import Picture, blame, check_out, check_sound, ending, writing
from faceswap_lib.media.remarks import Remarks, whole
from faceswap_lib.media.source import check_file, opened

# One packet, one picture: counted without decoding. Others, VP8 and MPEG-4 for two, store packets that are never shown.
ONE_TO_ONE = {"h264", "hevc", "av1", "vp9", "mjpeg", "prores", "ffv1"}
BROKEN = "is damaged or cut off and cannot be read to its end; copy or export it again."


@dataclass(frozen=True)
class VideoInfo:
    """A video as displayed: pixels, frames per second on average, frames counted, seconds, degrees turned clockwise."""

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    rotation: int
    has_audio: bool
    variable: bool


@dataclass(frozen=True)
class Survey:
    """What is known of a video once its packets were seen: its times (frames,) in ticks of `base`, from 0 on."""

    info: VideoInfo
    picture: Picture
    clock: Clock
    base: Fraction
    times: np.ndarray


def probe(path: str | Path) -> VideoInfo:
    """What a video holds, its frames counted; UserError for anything that is not a whole video."""
    return _survey(path).info


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file in hexadecimal; UserError when it cannot be read."""
    digest = hashlib.sha256()
    with blame(path, BROKEN), open(check_file(path), "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def timeline(path: str | Path, stored: bool = False) -> tuple[list[float], list[tuple[float, str]]]:
    """When a video's frames come, in seconds, and its sound: each packet's time and SHA-256, undecoded.

    They are the times at which they belong, of which `rewrite` makes its output's; stored: those that the file says.
    """
    sounds: list[tuple[float, str]] = []

    def hear(packet: av.Packet) -> None:
        time = float((packet.pts or 0) * packet.time_base)
        sounds.append((time, hashlib.sha256(bytes(packet)).hexdigest()))

    if not stored:
        seen = _survey(path)
        for _ in _decode(path, seen.clock, seen.info.frames, hear):
            pass
        return (seen.times * float(seen.base)).tolist(), sounds
    with opened(path) as stream:
        tick = float(stream.time_base)
    found = [frame.dts if frame.pts is None else frame.pts for _, frame in _decode(path, sound=hear)]
    return [math.nan if stamp is None else stamp * tick for stamp in found], sounds


def fitting(source: str | Path, out: str | Path) -> Path:
    """`out` under a suffix whose container holds a video's sound: as it is, .mov or .mkv; UserError where none does."""
    with opened(source) as video:
        sounds = video.container.streams.audio
        check_sound(out := ending(sounds, Path(out)), sounds)
    return out


def frames(path: str | Path, remarks: Remarks | None = None) -> Iterator[np.ndarray]:
    """The frames of a video in order, upright: RGB uint8 (H, W, 3); UserError when it is cut off or damaged.

    remarks: gets what is odd about them.
    """
    for _, pixels, _ in _pixels(path, _survey(path), remarks or Remarks()):
        yield pixels


def frame(path: str | Path, index: int) -> np.ndarray:
    """One frame of a video, as `frames` gives it, counted from 0; the video must have so many."""
    return next(islice(frames(path), index, None))


def rewrite(
    source: str | Path,
    out: str | Path,
    stream: Callable[[Iterator[tuple[int, np.ndarray]]], Iterable],
    crf: int = 16,
    overwrite: bool = False,
    progress: Callable[[int, int | None, str], None] | None = None,
    remarks: Remarks | None = None,
) -> int:
    """Write `out`: what `stream` makes of the source's frames, all its sound, its time stamps; returns their number.

    `stream` is a generator function: it takes an iterator of (index, frame) and yields one changed frame for each, in
    order; it may read ahead to work in batches. Frames are upright, RGB uint8 (H, W, 3), and keep their size.
    The output begins at 0 (see clock.py); .mp4 and .mov keep distances exactly, .mkv in whole milliseconds; subtitles
    and data are left out. `crf` is H.264's quality, 0 (lossless) to 51 (worst); `progress` is called with (done, total,
    note). overwrite: replace a file there that this kit did not write; remarks: gets what is odd about the frames.
    UserError: the source is not a whole video; the output cannot be written there or cannot hold the sound.
    """
    out, seen, lengths, done = check_out(out, overwrite, source), _survey(source), deque(), 0

    def pull() -> Iterator[tuple[int, np.ndarray]]:
        for index, pixels, length in _pixels(source, seen, remarks or Remarks(), writer.sound):
            lengths.append(length)
            yield index, pixels

    with opened(source) as video:
        sounds = check_sound(out, video.container.streams.audio)
        rate = video.average_rate or Fraction(seen.info.fps).limit_denominator(1001)
        with writing(out, seen.picture, seen.base, rate, crf, sounds) as writer:
            pulled = pull()
            for pixels in stream(pulled):
                if not lengths:
                    raise ValueError(f"stream gave frame {done} before it took it")
                writer.frame(pixels, int(seen.times[done]), lengths.popleft())
                done += 1
                if progress:
                    progress(done, seen.info.frames, "frames written")
            # Sound that outlasts the picture comes by here.
            if next(pulled, None) or lengths:
                raise ValueError(f"stream gave {done} frames for the {seen.info.frames} of '{source}'")
    return done


def write(
    path: str | Path, frames: Iterable[np.ndarray], fps: float | Fraction, crf: int = 16, overwrite: bool = False
) -> int:
    """Write RGB uint8 (H, W, 3) frames of one size as a silent clip of a steady rate; returns their number.

    overwrite: as `rewrite`. UserError: no frames, or an output that cannot be written there.
    """
    out, rest, done = check_out(path, overwrite), iter(frames), 1
    if (first := next(rest, None)) is None:
        raise UserError(f"There are no frames to write into '{path}'.")
    picture, rate = Picture(first.shape[1], first.shape[0]), Fraction(fps).limit_denominator(1001)
    with writing(out, picture, 1 / rate, rate, crf) as writer:
        writer.frame(first, 0, 1)
        for done, pixels in enumerate(rest, 2):
            writer.frame(pixels, done - 1, 1)
    return done


def _survey(path: str | Path) -> Survey:
    """What a video holds, how it is shown, and when."""
    with opened(path) as stream, blame(path, BROKEN):
        first = next(stream.container.decode(stream), None)
        if first is None:
            raise UserError(f"'{path}' holds no frame that can be decoded; choose another video.")
        picture, has_audio = Picture.of(first, stream.sample_aspect_ratio), bool(stream.container.streams.audio)
        rate, base = stream.average_rate, stream.time_base
    clock, times = _promised(path)
    # A packet of interlaced video may be half a frame.
    if first.interlaced_frame or not times:
        times = _stamps(path, clock)
    gaps = np.diff(times)
    usual = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1 / float((rate or 25) * base)
    times = rising(np.array(times, np.int64), usual)
    times += clock.begin(int(times[0])) - times[0]
    gaps, tick = np.diff(times) * float(base), float(base)
    # A steady rate is stored in whole ticks, 1 ms in .mkv, so its gaps differ by one.
    variable = len(gaps) > 1 and float(np.ptp(gaps)) > max(1.5 * tick, 0.002)
    measured = len(gaps) / float(gaps.sum()) if len(gaps) else float(rate or 25)
    fps = float(rate) if rate and not variable and abs(rate / measured - 1) < 0.01 else measured
    turned = round(math.degrees(math.atan2(picture.turn[1], picture.turn[0])) / 90) * 90 % 360
    size, duration = (picture.width, picture.height), float(gaps.sum()) + 1 / fps
    info = VideoInfo(Path(path), *size, fps, len(times), duration, turned, has_audio, variable)
    return Survey(info, picture, clock, base, times)


def _promised(path: str | Path) -> tuple[Clock, list[int]]:
    """A file's clock, and its frames' time stamps by its packets, none where only decoding tells; UserError: cut off."""
    with opened(path) as stream, blame(path, BROKEN):
        container, clock, times, end, sure = stream.container, Clock(stream), [], 0.0, None
        formats = set(container.format.name.split(","))
        for packet in container.demux():
            clock.note(packet)
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream is stream and packet.size:
                # What comes before the first key frame is not shown.
                sure = (packet.is_keyframe if sure is None else sure) and packet.pts is not None
                if not packet.is_discard:
                    times.append(packet.pts)
        indexed = (*container.streams.video, *container.streams.audio) if "mov" in formats else ()
        cut = any(entry.pos + entry.size > container.size for each in indexed for entry in each.index_entries)
        stated = (container.duration or 0) / av.time_base if formats & {"matroska", "avi"} else 0
        sure = sure and stream.codec_context.codec.canonical_name in ONE_TO_ONE and formats & {"mov", "matroska"}
    if cut or stated - end > 0.5:
        raise UserError(f"'{path}' {BROKEN}")
    clock.settle(path)
    if clock.parts and "mov" in formats:
        # FFmpeg marks the later one's packets as not to be shown.
        raise UserError(f"'{path}' holds recordings that overlap in time, and only one is shown whole; export it again.")
    sure = sure and not clock.parts and times and times[0] == min(times) and len(set(times)) == len(times)
    return clock, sorted(times) if sure else []


def _stamps(path: str | Path, clock: Clock) -> list[int]:
    """Time stamps of a file's frames in the order shown, where it has none a usual step after the one before."""
    with opened(path) as stream:
        step = max(1, round(1 / ((stream.average_rate or 25) * stream.time_base)))
    found: list[int] = []
    for _, frame in _decode(path, clock):
        stamp = frame.dts if frame.pts is None else frame.pts
        found.append(stamp if stamp is not None else found[-1] + step if found else 0)
    return found


def _pixels(
    path: str | Path, seen: Survey, remarks: Remarks, sound: Callable[[av.Packet], None] | None = None
) -> Iterator[tuple[int, np.ndarray, int]]:
    """(index, upright RGB, length in ticks) of each frame, half pictures made whole; remarks are made on the way."""
    numbered = _decode(path, seen.clock, seen.info.frames, sound)
    with blame(path, BROKEN):
        for index, (frame, interlaced) in enumerate(whole(frame for _, frame in numbered)):
            remarks.note(float(seen.times[index] * seen.base), frame.is_corrupt, interlaced)
            yield index, seen.picture.pixels(frame), frame.duration


def _decode(
    path: str | Path, clock: Clock | None = None, promised: int = 0, sound: Callable[[av.Packet], None] | None = None
) -> Iterator[tuple[int, av.VideoFrame]]:
    """(index, frame) in the order shown, at a clock's times; sound packets go to `sound` as they come by."""
    count = 0
    with opened(path) as stream, blame(path, BROKEN):
        packets = stream.container.demux()
        for packet in clock.told(packets) if clock else packets:
            if sound and packet.size and packet.stream.type == "audio":
                sound(packet)
            for frame in packet.decode() if packet.stream is stream else ():
                yield count, frame
                count += 1
    if count < promised:
        raise UserError(f"'{path}' {BROKEN}")
