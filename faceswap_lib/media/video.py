"""Frames in, frames out; sound and time stamps stay what they were. This and codec.py stand on PyAV."""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.media.codec import Picture, blame, check_out, check_sound, writing

# One packet, one picture: counted without decoding. Others, VP8 and MPEG-4 for two, store packets that are never shown.
ONE_TO_ONE = {"h264", "hevc", "av1", "vp9", "mjpeg", "prores", "ffv1"}
# FFmpeg's AV_DISPOSITION_ATTACHED_PIC: a cover picture is no video.
ATTACHED_PICTURE = 1 << 10
PIXELS = 1 << 26  # of a frame: 8192 × 8192; a small file can say of itself that it is larger than all memory
UNREADABLE = "is not a video, or its beginning or end is missing; copy or export it again."
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


def probe(path: str | Path) -> VideoInfo:
    """What a video holds, its frames counted; UserError for anything that is not a whole video."""
    return _survey(path)[0]


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file in hexadecimal; UserError when it cannot be read."""
    digest = hashlib.sha256()
    with blame(path, BROKEN), open(_file(path), "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def timeline(path: str | Path) -> tuple[list[float], list[tuple[float, str]]]:
    """When a video's frames are shown, in seconds, and its sound: each packet's time and SHA-256, undecoded."""
    sounds: list[tuple[float, str]] = []

    def hear(packet: av.Packet) -> None:
        time = float((packet.pts or 0) * packet.time_base)
        sounds.append((time, hashlib.sha256(bytes(packet)).hexdigest()))

    with _open(path) as stream:
        tick = float(stream.time_base)
    return [stamp * tick for stamp, _ in _decode(path, sound=hear)], sounds


def frames(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a video in order, upright: RGB uint8 (H, W, 3); UserError when it is cut off or damaged."""
    info, picture = _survey(path)
    with blame(path, BROKEN):
        for _, frame in _decode(path, info.frames):
            yield picture.pixels(frame)


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
) -> int:
    """Write `out`: what `stream` makes of the source's frames, all its sound, its time stamps; returns their number.

    `stream` is a generator function: it takes an iterator of (index, frame) and yields one changed frame for each, in
    order; it may read ahead to work in batches. Frames are upright, RGB uint8 (H, W, 3), and keep their size.
    .mp4 and .mov keep time stamps exactly, .mkv in whole milliseconds; subtitles and data are left out.
    `crf` is H.264's quality, 0 (lossless) to 51 (worst); `progress` is called with (done, total, note).
    overwrite: replace a file there that this kit did not write. UserError: the source is not a whole video; the output
    cannot be written there or cannot hold the sound.
    """
    (info, picture), stamps, done = _survey(source), deque(), 0
    out = check_out(out, overwrite, source)

    def pull() -> Iterator[tuple[int, np.ndarray]]:
        with blame(source, BROKEN):
            for index, (stamp, frame) in enumerate(_decode(source, info.frames, writer.sound)):
                stamps.append((stamp, frame.duration))
                yield index, picture.pixels(frame)

    with _open(source) as video:
        sounds = check_sound(out, video.container.streams.audio)
        rate = video.average_rate or Fraction(info.fps).limit_denominator(1001)
        with writing(out, picture, video.time_base, rate, crf, sounds) as writer:
            pulled = pull()
            for pixels in stream(pulled):
                if not stamps:
                    raise ValueError(f"stream gave frame {done} before it took it")
                writer.frame(pixels, *stamps.popleft())
                done += 1
                if progress:
                    progress(done, info.frames, "frames written")
            # Sound that outlasts the picture comes by here.
            if next(pulled, None) or stamps:
                raise ValueError(f"stream gave {done} frames for the {info.frames} of '{source}'")
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


@contextmanager
def _open(path: str | Path) -> Iterator[av.VideoStream]:
    """The stream that is a file's picture; its `container` has the rest."""
    with blame(path, UNREADABLE):
        # Absolute, because FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(_file(path).absolute()), metadata_errors="replace")
    with container:
        stream = next((each for each in container.streams.video if not each.disposition & ATTACHED_PICTURE), None)
        if stream is None:
            raise UserError(f"'{path}' holds no moving picture; choose a video.")
        if stream.codec_context is None:
            raise UserError(f"'{path}' is encoded in a way that cannot be decoded here; export it as H.264.")
        codec = stream.codec_context
        if codec.width * codec.height > PIXELS:
            raise UserError(f"'{path}' has {codec.width} × {codec.height} pixels, too many to swap; export it smaller.")
        codec.options = {"max_pixels": str(PIXELS)}  # nor may it grow in the middle
        stream.thread_type = "AUTO"
        yield stream


def _survey(path: str | Path) -> tuple[VideoInfo, Picture]:
    """What a video holds and how it is shown."""
    with _open(path) as stream, blame(path, BROKEN):
        first = next(stream.container.decode(stream), None)
        if first is None:
            raise UserError(f"'{path}' holds no frame that can be decoded; choose another video.")
        picture, has_audio = Picture.of(first, stream.sample_aspect_ratio), bool(stream.container.streams.audio)
        rate, tick = stream.average_rate, float(stream.time_base)
    times = _promised(path)
    # A packet of interlaced video may be half a frame.
    if first.interlaced_frame or not times:
        times = [stamp for stamp, _ in _decode(path)]
    gaps = np.diff(times) * tick
    # A steady rate is stored in whole ticks, 1 ms in .mkv, so its gaps differ by one.
    variable = len(gaps) > 1 and float(np.ptp(gaps)) > max(1.5 * tick, 0.002)
    measured = len(gaps) / float(gaps.sum()) if len(gaps) else float(rate or 25)
    fps = float(rate) if rate and not variable and abs(rate / measured - 1) < 0.01 else measured
    rotation = round(math.degrees(math.atan2(picture.turn[1], picture.turn[0])) / 90) * 90 % 360
    return VideoInfo(
        Path(path),
        picture.width,
        picture.height,
        fps,
        len(times),
        float(gaps.sum()) + 1 / fps,
        rotation,
        has_audio,
        variable,
    ), picture


def _promised(path: str | Path) -> list[int]:
    """Time stamps of a file's frames by its packets; none where only decoding tells; UserError where it is cut off."""
    with _open(path) as stream, blame(path, BROKEN):
        container, times, end, sure = stream.container, [], 0.0, None
        formats = set(container.format.name.split(","))
        for packet in container.demux():
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
    return sorted(times) if sure and times and times[0] == min(times) and len(set(times)) == len(times) else []


def _decode(
    path: str | Path, promised: int = 0, sound: Callable[[av.Packet], None] | None = None
) -> Iterator[tuple[int, av.VideoFrame]]:
    """(time stamp, frame) in the order shown; sound packets go to `sound` as they come by."""
    count, last = 0, -math.inf
    with _open(path) as stream, blame(path, BROKEN):
        step = max(1, round(1 / ((stream.average_rate or 25) * stream.time_base)))
        for packet in stream.container.demux():
            if sound and packet.size and packet.stream.type == "audio":
                sound(packet)
            for frame in packet.decode() if packet.stream is stream else ():
                stamp = frame.dts if frame.pts is None else frame.pts
                last = max(last + step if stamp is None else stamp, last + 1) if count else stamp or 0
                count += 1
                yield last, frame
    if count < promised:
        raise UserError(f"'{path}' {BROKEN}")


def _file(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f"'{path}' is not a file; name one video."
            if path.exists()
            else f"There is no file '{path}'; check the path."
        )
    if not path.stat().st_size:
        raise UserError(f"'{path}' is empty; copy or download it again.")
    return path
