"""Frames in, frames out; sound and time stamps stay what they were. The only module that touches PyAV."""

import errno
import hashlib
import io
import math
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
# One packet, one picture: counted without decoding. Others, VP8 and MPEG-4 for two, store packets that are never shown.
ONE_TO_ONE = {"h264", "hevc", "av1", "vp9", "mjpeg", "prores", "ffv1"}
# swscale's BICUBIC, FULL_CHR_H_INT, FULL_CHR_H_INP, ACCURATE_RND; its faster default shifts a picture by a grey level.
EXACT = 1 << 2 | 1 << 13 | 1 << 14 | 1 << 18
# Colour codes of ITU-T H.273, which FFmpeg uses too.
BT709, UNSPECIFIED, BT601, YUV_MATRICES = 1, 2, 6, {1, 4, 5, 6, 7, 9, 10}
LIMITED, FULL = 1, 2
ATTACHED_PICTURE = 1 << 10
BROKEN = "is damaged or cut off and cannot be read to its end; copy or export it again."
UNWRITABLE = "cannot be written; choose another place or name."


@dataclass(frozen=True)
class VideoInfo:
    """A video as displayed: pixels, frames per second on average, frames counted, seconds, degrees clockwise."""

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
    picture, times = _look(path), _promised(path)
    if picture.interlaced or not times:
        times = [stamp for stamp, _ in _decode(path)]
    with _open(path) as stream:
        rate, tick, has_audio = stream.average_rate, float(stream.time_base), bool(stream.container.streams.audio)
    gaps = np.diff(times) * tick
    # A steady rate is stored in whole ticks, 1 ms in .mkv, so its gaps differ by one.
    variable = len(gaps) > 1 and float(np.ptp(gaps)) > max(1.5 * tick, 0.002)
    measured = len(gaps) / float(gaps.sum()) if len(gaps) else float(rate or 25)
    fps = float(rate) if rate and not variable and abs(rate / measured - 1) < 0.01 else measured
    return VideoInfo(Path(path), picture.width, picture.height, fps, len(times), float(gaps.sum()) + 1 / fps,
                     picture.rotation, has_audio, variable)


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file in hexadecimal; UserError when it cannot be read."""
    digest = hashlib.sha256()
    with _blame(path, BROKEN), open(_file(path), "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def frames(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a video in order, upright: RGB uint8 (H, W, 3); UserError when it is cut off or damaged."""
    info, picture, count = probe(path), _look(path), 0
    for count, (_, frame) in enumerate(_decode(path), 1):
        yield picture.pixels(frame)
    if count < info.frames:
        raise UserError(f"'{path}' {BROKEN}")


def rewrite(source: str | Path, out: str | Path, stream: Callable[[Iterator[tuple[int, np.ndarray]]], Iterable],
            crf: int = 16, progress: Callable[[int, int | None, str], None] | None = None) -> int:
    """Write `out`: what `stream` makes of the source's frames, with its sound and time stamps; returns their number.

    `stream` is a generator function: it takes an iterator of (index, frame) and yields one changed frame for each, in
    order; it may read ahead to work in batches. Frames are upright, RGB uint8 (H, W, 3), and keep their size.
    .mp4 and .mov keep time stamps exactly, .mkv in whole milliseconds. `crf` is H.264's, 0 (lossless) to 51 (worst).
    UserError: the source is not a whole video; the output cannot be written there or cannot hold the sound.
    """
    out, info, picture = _check_out(out, source), probe(source), _look(source)
    stamps: deque[tuple[int, int]] = deque()
    done = 0

    def pull() -> Iterator[tuple[int, np.ndarray]]:
        for index, (stamp, frame) in enumerate(_decode(source, writer.sound)):
            stamps.append((stamp, frame.duration))
            yield index, picture.pixels(frame)

    with _open(source) as video:
        sounds = _check_sound(out, video.container.streams.audio)
        rate = video.average_rate or Fraction(info.fps).limit_denominator(1001)
        with _writing(out, picture, video.time_base, rate, crf, sounds) as writer:
            pulled = pull()
            for pixels in stream(pulled):
                if not stamps:
                    raise ValueError(f"stream gave a frame {done} before it took one")
                writer.frame(pixels, *stamps.popleft())
                done += 1
                if progress:
                    progress(done, info.frames, "frames written")
            # Sound that outlasts the picture comes by here.
            if next(pulled, None) or stamps:
                raise ValueError(f"stream gave {done} frames for the {info.frames} of '{source}'")
            if done < info.frames:
                raise UserError(f"'{source}' {BROKEN}")
    return done


def write(path: str | Path, frames: Iterable[np.ndarray], fps: float | Fraction, crf: int = 16) -> int:
    """Write RGB uint8 (H, W, 3) frames of one size as a silent clip of a steady rate; returns their number."""
    out, rest, done = _check_out(path), iter(frames), 1
    if (first := next(rest, None)) is None:
        raise UserError(f"There are no frames to write into '{path}'.")
    picture, rate = _Picture(first.shape[1], first.shape[0]), Fraction(fps).limit_denominator(1001)
    with _writing(out, picture, 1 / rate, rate, crf) as writer:
        writer.frame(first, 0, 1)
        for done, pixels in enumerate(rest, 2):
            writer.frame(pixels, done - 1, 1)
    return done


@dataclass(frozen=True)
class _Picture:
    """How frames become upright RGB and back: size as displayed, display matrix, colour as meant and as tagged."""

    width: int
    height: int
    turn: tuple[int, int, int, int] = (1, 0, 0, 1)
    matrix: int = BT709
    range: int = LIMITED
    tags: tuple[int, int, int, int] = (BT709, LIMITED, BT709, BT709)
    aspect: Fraction | None = None
    interlaced: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame, aspect: Fraction | None) -> "_Picture":
        data = frame.side_data.get("DISPLAYMATRIX")
        a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20]) if data else (1, 0, 0, 0, 1)
        width, height, aspect = frame.width, frame.height, aspect or None
        if abs(b) > abs(a):
            width, height, aspect = height, width, aspect and 1 / aspect
        tag = frame.colorspace if frame.colorspace in YUV_MATRICES else UNSPECIFIED
        # What players do with untagged video: BT.709 when it is larger than a DVD's, else BT.601.
        matrix = tag if tag != UNSPECIFIED else BT709 if min(width, height) > 576 else BT601
        full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
        tags = (tag, FULL if full else frame.color_range, frame.color_primaries, frame.color_trc)
        return cls(width, height, (a, b, c, d), matrix, FULL if full else LIMITED, tags, aspect, frame.interlaced_frame)

    @property
    def rotation(self) -> int:
        return round(math.degrees(math.atan2(self.turn[1], self.turn[0])) / 90) * 90 % 360

    def pixels(self, frame: av.VideoFrame) -> np.ndarray:
        """Upright RGB; the display matrix shows a stored pixel (x, y) at (a x + c y, b x + d y)."""
        frame.colorspace, frame.color_range = self.matrix, self.range
        rgb = frame.to_ndarray(format="rgb24", interpolation=EXACT)
        a, b, c, d = self.turn
        if abs(b) > abs(a):
            rgb, a, d = rgb.swapaxes(0, 1), c, b
        if rgb.shape != (self.height, self.width, 3):
            raise UserError(f"The picture changes from {self.width} x {self.height} to {rgb.shape[1]} x {rgb.shape[0]} "
                            "pixels within the video; export it at one size first.")
        return np.ascontiguousarray(rgb[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])

    def frame(self, rgb: np.ndarray, pixel_format: str) -> av.VideoFrame:
        """The YUV frame of upright RGB; ValueError for another size or type."""
        if rgb.shape != (self.height, self.width, 3) or rgb.dtype != np.uint8:
            raise ValueError(f"a frame must be uint8 {(self.height, self.width, 3)}, not {rgb.dtype} {rgb.shape}")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame.colorspace, frame.color_range = self.matrix, FULL
        return frame.reformat(format=pixel_format, dst_color_range=self.range, interpolation=EXACT)


class _Writer:
    """H.264 frames and copied sound packets into one file."""

    def __init__(self, out: Path, part: Path, picture: _Picture, base: Fraction, rate: Fraction, crf: int,
                 sounds: Sequence[av.AudioStream] = ()):
        self.out, self.picture, self.base, kind = out, picture, base, FORMATS[out.suffix.lower()]
        # Where a stream starts is stored in movie ticks, 1 ms unless told otherwise: take one that divides them all.
        ticks = math.lcm(base.denominator, *(sound.codec_context.sample_rate for sound in sounds))
        options = {"movflags": "+faststart", "movie_timescale": str(ticks if ticks < 1 << 31 else base.denominator)}
        self.container = av.open(str(part.absolute()), "w", kind, container_options={} if kind == "matroska" else options)
        self.video = self.container.add_stream("libx264", rate, {"crf": str(crf)}, time_base=base)
        codec, odd = self.video.codec_context, picture.width % 2 or picture.height % 2
        # 4:2:0 stores one colour for 2 x 2 pixels and H.264 crops in those units, so an odd size needs 4:4:4.
        codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv444p" if odd else "yuv420p"
        codec.colorspace, codec.color_range, codec.color_primaries, codec.color_trc = picture.tags
        codec.sample_aspect_ratio = picture.aspect or Fraction(0, 1)
        self.sounds = {sound.index: self._copy(sound) for sound in sounds}
        self.container.start_encoding()

    def _copy(self, sound: av.AudioStream) -> av.AudioStream:
        copy = self.container.add_stream_from_template(sound)
        copy.disposition = sound.disposition
        copy.metadata.update({key: sound.metadata[key] for key in {"language", "title"} & set(sound.metadata)})
        return copy

    def frame(self, rgb: np.ndarray, stamp: int, duration: int) -> None:
        frame = self.picture.frame(rgb, self.video.codec_context.pix_fmt)
        frame.pts, frame.duration, frame.time_base = stamp, duration, self.base
        with _blame(self.out, UNWRITABLE):
            self.container.mux(self.video.encode(frame))

    def sound(self, packet: av.Packet) -> None:
        packet.stream = self.sounds[packet.stream.index]
        with _blame(self.out, UNWRITABLE):
            self.container.mux(packet)


@contextmanager
def _writing(out: Path, *recipe) -> Iterator[_Writer]:
    """A writer whose file appears as `out` when it is complete, and leaves nothing behind otherwise."""
    part, writer = out.with_name(f"{out.stem}.part{out.suffix}"), None
    try:
        with _blame(out, UNWRITABLE):
            writer = _Writer(out, part, *recipe)
        yield writer
        with _blame(out, UNWRITABLE):
            writer.container.mux(writer.video.encode(None))
            writer.container.close()
            part.replace(out)
    finally:
        if writer:
            with suppress(av.FFmpegError, OSError):
                writer.container.close()
        part.unlink(missing_ok=True)


@contextmanager
def _blame(path: str | Path, problem: str) -> Iterator[None]:
    """Errors of FFmpeg and the system as one sentence about a file."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        known = {errno.ENOSPC: "cannot be written, the disk is full: free some space or choose another folder.",
                 errno.EACCES: "cannot be opened, you lack the permission: change it or choose another file."}
        raise UserError(f"'{path}' {known.get(error.errno, problem)}") from error


@contextmanager
def _open(path: str | Path) -> Iterator[av.VideoStream]:
    """The stream that is a file's picture; its `container` has the rest."""
    with _blame(path, "is not a video, or its beginning or end is missing; copy or export it again."):
        # Absolute, because FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(_file(path).absolute()), metadata_errors="replace")
    with container:
        stream = next((each for each in container.streams.video if not each.disposition & ATTACHED_PICTURE), None)
        if stream is None:
            raise UserError(f"'{path}' holds no moving picture; choose a video.")
        if stream.codec_context is None:
            raise UserError(f"'{path}' is encoded in a way that cannot be decoded here; export it as H.264.")
        stream.thread_type = "AUTO"
        yield stream


def _look(path: str | Path) -> _Picture:
    with _open(path) as stream, _blame(path, BROKEN):
        for frame in stream.container.decode(stream):
            return _Picture.of(frame, stream.sample_aspect_ratio)
    raise UserError(f"'{path}' holds no frame that can be decoded; choose another video.")


def _promised(path: str | Path) -> list[int]:
    """Time stamps of a file's frames by its packets; none where only decoding tells; UserError where it is cut off."""
    with _open(path) as stream, _blame(path, BROKEN):
        container, times, end, seen = stream.container, [], 0.0, False
        formats = set(container.format.name.split(","))
        sure = stream.codec_context.codec.canonical_name in ONE_TO_ONE and bool(formats & {"mov", "matroska"})
        for packet in container.demux():
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream is stream and packet.size:
                # What comes before the first key frame is not shown.
                sure = sure and packet.pts is not None and (seen or packet.is_keyframe)
                seen = True
                if not packet.is_discard:
                    times.append(packet.pts)
        indexed = (*container.streams.video, *container.streams.audio) if "mov" in formats else ()
        cut = any(entry.pos + entry.size > container.size for each in indexed for entry in each.index_entries)
        stated = (container.duration or 0) / av.time_base if formats & {"matroska", "avi"} else 0
    if cut or stated - end > 0.5:
        raise UserError(f"'{path}' {BROKEN}")
    return sorted(times) if sure and times and min(times) == times[0] else []


def _decode(path: str | Path, sound: Callable[[av.Packet], None] | None = None) -> Iterator[tuple[int, av.VideoFrame]]:
    """(time stamp, frame) in the order shown; sound packets go to `sound` as they come by."""
    with _open(path) as stream, _blame(path, BROKEN):
        step, last = max(1, round(1 / ((stream.average_rate or 25) * stream.time_base))), None
        for packet in stream.container.demux():
            if packet.stream is not stream:
                if sound and packet.size and packet.stream.type == "audio":
                    sound(packet)
                continue
            for frame in packet.decode():
                stamp = frame.dts if frame.pts is None else frame.pts
                if last is None:
                    last = stamp or 0
                else:
                    last = last + step if stamp is None else max(stamp, last + 1)
                yield last, frame


def _file(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise UserError(f"'{path}' is not a file; name one video." if path.exists() else
                        f"There is no file '{path}'; check the path.")
    if not path.stat().st_size:
        raise UserError(f"'{path}' is empty; copy or download it again.")
    return path


def _check_out(out: str | Path, source: str | Path | None = None) -> Path:
    out = Path(out)
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"'{out}' must end in {', '.join(FORMATS)}: no other kind of video is written.")
    if not out.parent.is_dir():
        raise UserError(f"'{out}' cannot be written: there is no folder '{out.parent}'; make it first.")
    if out.is_dir():
        raise UserError(f"'{out}' cannot be written: it is a folder; name a file.")
    if source and out.exists() and out.samefile(_file(source)):
        raise UserError(f"'{out}' is the source itself; choose another name for the output.")
    return out


def _check_sound(out: Path, sounds: Sequence[av.AudioStream]) -> Sequence[av.AudioStream]:
    for sound in sounds:
        if not _holds(out.suffix.lower(), sound):
            others = [f"'{out.with_suffix(each)}'" for each in FORMATS if all(_holds(each, one) for one in sounds)]
            remedy = f"write {' or '.join(others)} instead" if others else "convert the source's sound to AAC first"
            raise UserError(f"'{out}' cannot hold the source's sound ({sound.name or 'unknown'}); {remedy}.")
    return sounds


def _holds(suffix: str, sound: av.AudioStream) -> bool:
    """Whether a container can hold a sound: by writing the beginning of such a file into memory."""
    name = sound.codec_context.codec.canonical_name if sound.codec_context else ""
    # FFmpeg puts both into .mp4, but no standard or a late one says so, and most players stay silent.
    if not name or suffix == ".mp4" and (name.startswith("pcm_") or name == "vorbis"):
        return False
    try:
        with av.open(io.BytesIO(), "w", FORMATS[suffix]) as trial:
            trial.add_stream_from_template(sound)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True
