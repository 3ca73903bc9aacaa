"""Under video.py: the file that frames are written into, and which sound it can hold."""

import errno
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError, __version__
from faceswap_lib.files import alone, check_name, whole
from faceswap_lib.media.picture import Picture

# What is written, and the sound it can hold. FFmpeg also puts Vorbis and PCM into .mp4, where most players stay silent.
COMMON = {"aac", "ac3", "alac", "dts", "eac3", "mp2", "mp3"}
PCM = {f"pcm_{form}" for form in "u8 s16be s16le s24be s24le s32be s32le f32le f64le".split()}
OF_MOV = {"adpcm_ima_qt", "pcm_alaw", "pcm_f32be", "pcm_f64be", "pcm_mulaw", "pcm_s8"}
FORMATS = {
    ".mp4": ("mp4", COMMON | {"flac", "opus"}),
    ".mov": ("mov", COMMON | PCM | OF_MOV),
    ".mkv": ("matroska", COMMON | PCM | {"flac", "opus", "tta", "vorbis"}),
}
UNKNOWN = "unknown"
TO_AAC = "convert its sound to AAC first (ffmpeg -i SOURCE -c:v libx264 -crf 16 -c:a aac NEW.mp4)"
# FFmpeg's AV_CODEC_FLAG_FRAME_DURATION.
FRAME_DURATION = 1 << 8
MADE = "written by faceswap_lib"
UNWRITABLE = "cannot be written; choose another place or name."


class Writer:
    """H.264 frames and copied sound packets into one file."""

    def __init__(
        self,
        out: Path,
        part: Path,
        picture: Picture,
        base: Fraction,
        rate: Fraction,
        crf: int,
        sounds: Sequence[av.AudioStream] = (),
        *,
        tags: Mapping[str, str] | None = None,
    ):
        self.out, self.picture, self.base, kind = out, picture, base, FORMATS[out.suffix.lower()][0]
        # Where a stream starts is stored in movie ticks, 1 ms unless told otherwise: take one that divides them all.
        ticks = math.lcm(base.denominator, *(sound.codec_context.sample_rate for sound in sounds))
        options = {"movflags": "+faststart", "movie_timescale": str(ticks if ticks < 1 << 31 else base.denominator)}
        if kind == "matroska":
            # Or everything moves, by the few ms that AAC starts before 0.
            options = {"avoid_negative_ts": "disabled"}
        self.container = av.open(str(part.absolute()), "w", kind, container_options=options)
        self.container.metadata.update({**(tags or {}), "comment": f"{MADE} {__version__}"})
        # With its macroblock tree x264 writes other bits in every run; figures could not be compared (10 % more bytes).
        coding = {"crf": str(crf), "x264-params": "mbtree=0"}
        self.video = self.container.add_stream("libx264", rate, coding, time_base=base)
        # PyAV's default would cut each frame into one slice per core, at a loss.
        self.video.thread_type = "AUTO"
        codec, odd = self.video.codec_context, picture.width % 2 or picture.height % 2
        # 4:2:0 stores one colour for 2 x 2 pixels and H.264 crops in those units, so an odd size needs 4:4:4.
        codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv444p" if odd else "yuv420p"
        codec.colorspace, codec.color_range, codec.color_primaries, codec.color_trc = picture.tags
        codec.sample_aspect_ratio, codec.flags = picture.aspect, codec.flags | FRAME_DURATION
        self.sounds = {sound.index: self.container.add_stream_from_template(sound) for sound in sounds}
        for sound in sounds:
            self.sounds[sound.index].metadata.update(sound.metadata)
            self.sounds[sound.index].disposition = sound.disposition
        self.container.start_encoding()

    def frame(self, rgb: np.ndarray, stamp: int, duration: int) -> None:
        frame = self.picture.frame(rgb, self.video.codec_context.pix_fmt)
        frame.pts, frame.duration, frame.time_base = stamp, duration, self.base
        with blame(self.out, UNWRITABLE):
            self.container.mux(self.video.encode(frame))

    def sound(self, index: int, packet: av.Packet) -> None:
        packet.stream = self.sounds[index]
        with blame(self.out, UNWRITABLE):
            self.container.mux(packet)


def check_out(out: str | Path, overwrite: bool = False, source: str | Path | None = None) -> Path:
    """The path of an output, once it may be written; UserError says why it may not.

    A file that is there is replaced when this kit has written it, any other only by `overwrite`, the source never.
    """
    out = check_name(out)
    for wrong, why in (
        (out.suffix.lower() not in FORMATS, f"its name must end in {' or '.join(FORMATS)}"),
        (not out.parent.is_dir(), f"there is no folder '{out.parent}'; make it first"),
        (out.is_dir(), "it is a folder; name a file"),
        (source and out.exists() and out.samefile(source), "it is the source; choose another name"),
        (
            out.exists() and not overwrite and not made_here(out),
            "that file is not of this kit's making; choose another name, or say overwrite (--overwrite) to lose it",
        ),
    ):
        if wrong:
            raise UserError(f"'{out}' cannot be written: {why}.")
    return out


def ending(sounds: Sequence[av.AudioStream], out: Path) -> Path:
    """`out`, or beside it the first name with a suffix whose container holds these sounds."""
    holds = [suffix for suffix, (_, held) in FORMATS.items() if _names(sounds) <= held]
    fits = out.suffix.lower() in holds or not holds
    return out if fits else out.with_suffix(holds[0])


def check_sound(out: Path, sounds: Sequence[av.AudioStream]) -> Sequence[av.AudioStream]:
    """The sound of a source, once an output can hold it; UserError names a container that can."""
    names = _names(sounds)
    if UNKNOWN in names:
        raise UserError(f"How the source's sound is coded cannot be found out for '{out}'; {TO_AAC}.")
    if not names <= FORMATS[out.suffix.lower()][1]:
        others = [f"'{out.with_suffix(suffix)}'" for suffix, (_, holds) in FORMATS.items() if names <= holds]
        remedy = f"write {' or '.join(others)} instead" if others else TO_AAC
        raise UserError(f"'{out}' cannot hold the source's sound ({', '.join(sorted(names))}); {remedy}.")
    return sounds


def _names(sounds: Sequence[av.AudioStream]) -> set[str]:
    contexts = [sound.codec_context for sound in sounds]
    return {each.codec.canonical_name if each and each.sample_rate else UNKNOWN for each in contexts}


def made_here(path: str | Path) -> bool:
    """Whether this kit has written a file: it says so in its container."""
    try:
        with av.open(str(Path(path).absolute()), metadata_errors="replace") as container:
            told = {name.lower(): text for name, text in container.metadata.items()}
    except (av.FFmpegError, OSError):
        return False
    return told.get("comment", "").startswith(MADE)


@contextmanager
def writing(
    out: Path, *recipe, tags: Mapping[str, str] | None = None, finish: Callable[[Path], None] | None = None
) -> Iterator[Writer]:
    """A writer whose file appears as `out` when it is complete, and leaves nothing behind otherwise.

    finish: called with the complete file before it appears.
    """
    with ExitStack() as stack:
        stack.enter_context(alone(out, "conversion"))
        part, writer = stack.enter_context(whole(out)), None
        try:
            with blame(out, UNWRITABLE):
                writer = Writer(out, part, *recipe, tags=tags)
            yield writer
            with blame(out, UNWRITABLE):
                writer.container.mux(writer.video.encode(None))
                writer.container.close()
                if finish:
                    finish(part)
                stack.close()
        finally:
            if writer:
                with suppress(av.FFmpegError, OSError):
                    writer.container.close()


@contextmanager
def blame(path: str | Path, problem: str) -> Iterator[None]:
    """Errors of FFmpeg and the system as one sentence about a file."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        known = {
            errno.ENOSPC: "cannot be written, the disk is full: free some space or choose another folder.",
            errno.EACCES: "cannot be opened, you lack the permission: change it or choose another file.",
        }
        raise UserError(f"'{path}' {known.get(error.errno, problem)}") from error
