"""Frames in, frames out; sound untouched, all at its time. What stands here is what the rest of the house knows."""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.media.ahead import ahead
from faceswap_lib.media.codec import FORMATS, blame, check_out, check_sound, ending, writing
from faceswap_lib.media.late import Late
from faceswap_lib.media.picture import Picture
from faceswap_lib.media.remarks import Remarks, whole
from faceswap_lib.media.source import check_file, opened
from faceswap_lib.media.survey import BROKEN, Survey, VideoInfo, decode, promised, survey

BEHIND = 4  # frames that wait to be encoded
LOOK = 50  # frames between looks at the room on the disk
BYTES = 0.05  # of an output for each pixel, about


def probe(path: str | Path) -> VideoInfo:
    """What a video holds, its frames counted; UserError for anything that is not a whole video."""
    return survey(path).info


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file in hexadecimal; UserError when it cannot be read."""
    with blame(path, BROKEN):
        return files.sha256(check_file(path))


def timeline(path: str | Path, stored: bool = False) -> tuple[list[float], list[tuple[float, str]]]:
    """When a video's frames come, in seconds, and its sound: each packet's time and SHA-256, undecoded.

    They are the times at which they belong, of which `rewrite` makes its output's; stored: those that the file says.
    """
    sounds: list[tuple[float, str]] = []

    def hear(packet: av.Packet) -> None:
        time = float((packet.pts or 0) * packet.time_base)
        sounds.append((time, hashlib.sha256(_bare(packet)).hexdigest()))

    if not stored:
        seen = survey(path)
        for _ in decode(path, seen.clock, seen.info.frames, hear):
            pass
        return (seen.times * float(seen.base)).tolist(), sounds
    with opened(path) as stream:
        tick = float(stream.time_base)
    found = [frame.dts if frame.pts is None else frame.pts for frame, _ in decode(path, sound=hear)]
    return [math.nan if stamp is None else stamp * tick for stamp in found], sounds


def _bare(packet: av.Packet) -> bytes:
    """A packet's sound without the header that AAC has in a transport stream alone (ISO/IEC 14496-3, 1.A.2.2)."""
    data = bytes(packet)
    adts = packet.stream.codec_context.name == "aac" and data[:1] == b"\xff" and data[1] & 0xF6 == 0xF0
    return data[7 if data[1] & 1 else 9 :] if adts else data


def fitting(source: str | Path, out: str | Path) -> Path:
    """`out` under a suffix whose container holds a video's sound: as it is, .mov or .mkv; UserError where none does."""
    clock, _ = promised(source)
    with opened(source) as video:
        sounds = [sound for sound in video.container.streams.audio if clock.counts[sound.index]]
        check_sound(out := ending(sounds, Path(out)), sounds)
    return out


def fitted(out: str | Path) -> Path | None:
    """The newest file that is there under a name that `fitting` may have given to `out`; None where there is none."""
    there = (path for suffix in FORMATS if (path := Path(out).with_suffix(suffix)).is_file())
    return max(there, key=lambda path: path.stat().st_mtime, default=None)


def frames(path: str | Path, remarks: Remarks | None = None) -> Iterator[np.ndarray]:
    """The frames of a video in order, upright: RGB uint8 (H, W, 3); UserError when it is cut off or damaged.

    remarks: gets what is odd about them.
    """
    for _, pixels, _ in _pixels(path, survey(path), remarks or Remarks()):
        yield pixels


def late(path: str | Path, remarks: Remarks | None = None) -> Iterator[Late]:
    """The frames of a video in order, of which only what is asked for is turned into RGB; otherwise as `frames`."""
    for _, frame, picture in _decoded(path, survey(path), remarks or Remarks()):
        yield Late(picture, frame)


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
    *,
    tags: Mapping[str, str] | None = None,
    finish: Callable[[Path], None] | None = None,
) -> int:
    """Write `out`: what `stream` makes of the source's frames, all its sound, its time stamps; returns their number.

    `stream` is a generator function: it takes an iterator of (index, frame) and yields one changed frame for each, in
    order; it may read ahead, and runs in a thread of its own. Frames are upright, RGB uint8 (H, W, 3), and keep their
    size. The output begins at 0 (see clock.py); .mp4 and .mov keep distances exactly, .mkv in whole ms; subtitles and
    data are left out. `crf` is H.264's quality, 0 (lossless) to 51 (worst); `progress` is called with (done, total,
    note). overwrite: replace a file there that this kit did not write; remarks: gets what is odd about the frames;
    tags: what the container says; finish: called with the complete file before it appears.
    UserError: the source is not a whole video; the output cannot be written there or cannot hold the sound.
    """
    out, seen, beside, done = check_out(out, overwrite, source), survey(source), _Beside(), 0
    _ask_for_room(out, seen.info)
    with opened(source) as video:
        sounds = check_sound(out, [s for s in video.container.streams.audio if seen.clock.counts[s.index]])
        rate = video.average_rate or Fraction(seen.info.fps).limit_denominator(1001)
        with writing(out, seen.picture, seen.base, rate, crf, sounds, tags=tags, finish=finish) as writer:
            pulled = beside.taken(_pixels(source, seen, remarks or Remarks(), beside.hear))
            with closing(ahead(beside.given(stream(pulled)), BEHIND)) as frames:  # encoded while the next ones are made
                for pixels, length, packets in frames:
                    for packet in packets:
                        writer.sound(*packet)
                    writer.frame(pixels, int(seen.times[done]), length)
                    done += 1
                    _tell(out, done, seen.info.frames, progress)
            if next(pulled, None) or beside.waiting:  # sound that outlasts the picture comes by here
                raise ValueError(f"stream gave {done} frames for the {seen.info.frames} of '{source}'")
            for packet in beside.heard:
                writer.sound(*packet)
    return done


class _Beside:
    """What passes by frames that are being changed: the length of each, and the sound that was read before it."""

    def __init__(self):
        self.waiting, self.heard = deque(), []

    def hear(self, packet: av.Packet) -> None:
        """Keep a packet of sound; the source is closed when the last ones are written."""
        self.heard.append((packet.stream.index, packet))

    def taken(self, frames: Iterable[tuple[int, np.ndarray, int]]) -> Iterator[tuple[int, np.ndarray]]:
        """Hand on (index, pixels) of frames (index, pixels, length); the rest waits until they are changed."""
        for index, pixels, length in frames:
            self.waiting.append((length, self.heard[:]))
            self.heard.clear()
            yield index, pixels

    def given(self, changed: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, int, list]]:
        """Changed pixels, each with its length and sound again."""
        for number, pixels in enumerate(changed):
            if not self.waiting:
                raise ValueError(f"stream gave frame {number} before it took it")
            yield pixels, *self.waiting.popleft()


def _tell(out: Path, done: int, total: int, progress: Callable[[int, int | None, str], None] | None) -> None:
    """Progress; and now and then whether the disk still has room."""
    if done % LOOK == 0:
        files.room(out.parent, files.RESERVE, "the rest of this video")
    if progress:
        progress(done, total, "frames written")


def _ask_for_room(out: Path, info: VideoInfo) -> None:
    pixels = info.width * info.height * info.frames
    files.room(out.parent, max(info.path.stat().st_size, BYTES * pixels), "this video")


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


def _pixels(
    path: str | Path, seen: Survey, remarks: Remarks, sound: Callable[[av.Packet], None] | None = None
) -> Iterator[tuple[int, np.ndarray, int]]:
    """(index, upright RGB, length in ticks) of each frame."""
    for index, frame, picture in _decoded(path, seen, remarks, sound):
        with blame(path, BROKEN):
            pixels = picture.pixels(frame)
        yield index, pixels, frame.duration


def _decoded(
    path: str | Path, seen: Survey, remarks: Remarks, sound: Callable[[av.Packet], None] | None = None
) -> Iterator[tuple[int, av.VideoFrame, Picture]]:
    """(index, frame, how it is shown), half pictures made whole; remarks are made on the way."""
    decoded = decode(path, seen.clock, seen.info.frames, sound, marks=True)
    with blame(path, BROKEN):
        for index, (frame, damaged, interlaced) in enumerate(whole(decoded)):
            remarks.note(float(seen.times[index] * seen.base), damaged, interlaced)
            yield index, frame, seen.picture
