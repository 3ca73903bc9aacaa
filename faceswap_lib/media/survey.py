"""A video gone through before work on it begins: what it holds, how it is shown, and when each frame comes."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.media.clock import Clock, rising
from faceswap_lib.media.codec import blame
from faceswap_lib.media.picture import Picture
from faceswap_lib.media.source import opened

# One packet, one picture: counted without decoding. Others, VP8 and MPEG-4 for two, store packets that are never shown.
ONE_TO_ONE = {"h264", "hevc", "av1", "vp9", "mjpeg", "prores", "ffv1"}
# Decoders of FFmpeg that mark no frame as damaged: there a packet's mark has to do, which is one off at times.
UNMARKED = {"hevc"}
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


def survey(path: str | Path) -> Survey:
    """What a video holds, how it is shown, and when."""
    with opened(path) as stream, blame(path, BROKEN):
        first = next(stream.container.decode(stream), None)
        if first is None:
            raise UserError(f"'{path}' holds no frame that can be decoded; choose another video.")
        picture, has_audio = Picture.of(first, stream.sample_aspect_ratio), bool(stream.container.streams.audio)
        rate, base = stream.average_rate, stream.time_base
    clock, times = promised(path)
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


def promised(path: str | Path) -> tuple[Clock, list[int]]:
    """A file's clock, and its frames' time stamps by its packets, or none where only decoding tells them.

    UserError: it is cut off, or its clocks cannot be set right.
    """
    with opened(path) as stream, blame(path, BROKEN):
        container, clock, times, end, read, sure = stream.container, Clock(stream), [], 0.0, 0, None
        formats = set(container.format.name.split(","))
        for packet in container.demux():
            clock.note(packet)
            read = max(read, (packet.pos or 0) + packet.size)
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
        more = "matroska" in formats and _begins_again(path, read)
    if more:
        raise UserError(f"'{path}' holds recordings that cannot be read, behind the others; export each of them.")
    if cut or stated - end > 0.5:
        raise UserError(f"'{path}' {BROKEN}")
    clock.settle(path)
    joined = bool(clock.cuts[clock.picture])
    if joined and "mov" in formats:
        # FFmpeg marks the later one's packets as not to be shown.
        raise UserError(f"'{path}' holds recordings that overlap in time, so only one is shown whole; export it again.")
    sure = sure and not joined and times and times[0] == min(times) and len(set(times)) == len(times)
    return clock, sorted(times) if sure else []


def _begins_again(path: str | Path, at: int) -> bool:
    """Whether another Matroska file (RFC 8794, section 8.1) follows on what was read: FFmpeg reads two at most."""
    with open(path, "rb") as file:
        file.seek(at)
        return b"\x1a\x45\xdf\xa3" in file.read(1 << 24)


def _stamps(path: str | Path, clock: Clock) -> list[int]:
    """Time stamps of a file's frames in the order shown, where it has none a usual step after the one before."""
    with opened(path) as stream:
        step = max(1, round(1 / ((stream.average_rate or 25) * stream.time_base)))
    found: list[int] = []
    for frame, _ in decode(path, clock):
        stamp = frame.dts if frame.pts is None else frame.pts
        found.append(stamp if stamp is not None else found[-1] + step if found else 0)
    return found


def decode(
    path: str | Path,
    clock: Clock | None = None,
    promised: int = 0,
    sound: Callable[[av.Packet], None] | None = None,
    marks: bool = False,
    since: int | None = None,
) -> Iterator[tuple[av.VideoFrame, bool]]:
    """(frame, does FFmpeg mark it as damaged) in the order shown, at a clock's times; sound packets go to `sound`.

    marks: where they matter, for they take one thread a frame; with more FFmpeg tells before it knows. since: the time
    stamp of a key frame, from which or from before which on frames are given.
    """
    count, marked = 0, set()
    with opened(path) as stream, blame(path, BROKEN):
        stream.thread_type = "SLICE" if marks else "AUTO"
        if since is not None:
            stream.container.seek(since, stream=stream)
        packets, unmarked = stream.container.demux(), stream.codec_context.codec.canonical_name in UNMARKED
        for packet in clock.told(packets) if clock else packets:
            if sound and packet.size and packet.stream.type == "audio":
                sound(packet)
            if packet.stream is stream and packet.is_corrupt and packet.size and unmarked:
                marked.add(packet.pts)
            for frame in packet.decode() if packet.stream is stream else ():
                yield frame, frame.is_corrupt or frame.pts in marked - {None}
                count += 1
    if count < promised:
        raise UserError(f"'{path}' {BROKEN}")
