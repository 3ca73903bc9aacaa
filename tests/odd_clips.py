"""Small clips whose every time is known before it is spoilt: late, wrapped, joined. PyAV alone writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE, SIZE, PART = 24, (64, 48), 24
WRAP = Fraction(1 << 33, 90000)  # seconds after which the clock of a transport or program stream begins anew
LEAD = Fraction(7, 5)  # seconds by which FFmpeg's command line starts a transport stream late
CODECS = {
    ".ts": ("libx264", "aac"),
    ".m2ts": ("libx264", "ac3"),
    ".mp4": ("libx264", "aac"),
    ".mov": ("mpeg4", "pcm_s16le"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx-vp9", "libopus"),
    ".mpg": ("mpeg2video", "mp2"),
    ".flv": ("flv1", "libmp3lame"),
    ".wmv": ("wmv2", "wmav2"),
}
Edit = Callable[[av.Packet, str, int], object]


@dataclass
class Times:
    """Seconds at which a clip's pictures and sound packets come."""

    pictures: list[Fraction]
    sounds: list[Fraction]

    def apart(self, other: "Times") -> float:
        """The greatest difference to another clip's times, both counted from their first picture; seconds."""
        assert [len(self.pictures), len(self.sounds)] == [len(other.pictures), len(other.sounds)]
        mine, theirs = ([time - each.pictures[0] for time in each.pictures + each.sounds] for each in (self, other))
        return float(max(abs(a - b) for a, b in zip(mine, theirs, strict=True)))

    def start(self) -> float:
        """When it begins, seconds."""
        return float(min([self.pictures[0], *self.sounds[:1]]))

    def part(self, number: int, of: int) -> "Times":
        """One of several recordings of the same length."""
        cut = [slice(len(each) * number // of, len(each) * (number + 1) // of) for each in (self.pictures, self.sounds)]
        return Times(self.pictures[cut[0]], self.sounds[cut[1]])


def picture(index: int) -> np.ndarray:
    """A picture (48, 64, 3) that moves with its index."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    return np.stack([4 * x, 5 * y, (6 * index + 2 * x) % 256], -1).astype("u1")


def clip(path: Path, late: Fraction | float = 0, sound: bool = True, edit: Edit | None = None) -> Times:
    """Write a second of picture and sound, all of it late by some seconds; `edit` may spoil a packet (kind, number).

    Returns when each of them comes as the encoders have it, not late.
    """
    codec, voice = CODECS[path.suffix]
    options = {"mpegts_m2ts_mode": "1"} if path.suffix == ".m2ts" else {}
    with av.open(str(path), "w", container_options=options) as out:
        video = out.add_stream(codec, RATE)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        frames = [av.VideoFrame.from_ndarray(picture(index)) for index in range(PART)]
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, RATE)
        packets = [packet for frame in (*frames, None) for packet in video.encode(frame)]
        audio = out.add_stream(voice, 48000, layout="stereo", bit_rate=128000) if sound else None
        out.start_encoding()  # or WMA does not know the size of its frames
        packets += _sounds(audio) if audio else []
        times = Times([], [])
        numbers = {"video": 0, "audio": 0}
        for packet in sorted(packets, key=lambda each: each.dts * each.time_base):
            kind = packet.stream.type
            (times.pictures if kind == "video" else times.sounds).append(packet.pts * packet.time_base)
            # Finer than any codec's own, or a wrapped clock would be rounded.
            move = round(Fraction(late) * 90000)
            for name in ("pts", "dts"):
                setattr(packet, name, round(getattr(packet, name) * packet.time_base * 90000) + move)
            packet.time_base, numbers[kind] = Fraction(1, 90000), numbers[kind] + 1
            if edit:
                edit(packet, kind, numbers[kind] - 1)
            out.mux(packet)
    times.pictures.sort()
    return times


def _sounds(stream: av.AudioStream) -> list[av.Packet]:
    form = stream.codec_context.format
    wave = np.sin(np.arange(48000) * 440 * 2 * np.pi / 48000) * 0.3
    scale, kind = {"flt": (1, "f4"), "s16": (32767, "i2"), "s32": (2**31 - 1, "i4")}[form.name[:3]]
    wave, packets, size = (wave * scale).astype(kind), [], stream.codec_context.frame_size or 1024
    for at in range(0, len(wave) - size, size):
        tone = wave[at : at + size]
        both = np.stack([tone, tone]) if form.is_planar else np.repeat(tone, 2)[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(both), format=form.name, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def join(path: Path, *parts: Path) -> Path:
    """Recordings one behind the other, byte for byte, as `cat` does it."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def times_of(path: Path) -> Times:
    """When a file's pictures and sound packets come, as PyAV alone reads it."""
    with av.open(str(path)) as container:
        pictures = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sounds = [p.pts * p.time_base for p in container.demux() if p.size and p.stream.type == "audio"]
    return Times(pictures, sounds)
