"""Give a built-in clip a sound track made from its performance: a voice without words over a quiet melody.

The voice opens with the jaw, so that mouth and sound go together. The video's packets are copied, never encoded again.
"""

import argparse
import json
import os
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from renderer import FPS, SampleError

HERE = Path(__file__).resolve().parent
RATE = 48_000
BIT_RATE = 96_000
SCALE = (0, 2, 4, 7, 9)  # major pentatonic: any two of its notes sound well together


def curve(performance: list[dict], name: str, times: np.ndarray, fps: float) -> np.ndarray:
    """One performance value at `times` (s, float (N,)), linear between frames and held after the last."""
    values = [frame[name] for frame in performance]
    return np.interp(times, np.arange(len(values)) / fps, values)


def formants(jaw: np.ndarray, pucker: np.ndarray, smile: np.ndarray) -> list[tuple[np.ndarray, float, float]]:
    """(centre Hz, bandwidth Hz, gain) of three resonances of the mouth, between the vowels i, a and u.

    An open jaw raises the first, rounded lips lower the second, spread lips raise it (Peterson & Barney 1952 has
    300-850 Hz and 900-2800 Hz for a woman's vowels).
    """
    first = 330 + 620 * np.clip(jaw / 0.45, 0, 1)
    second = 1750 + 650 * smile - 1400 * pucker - 450 * np.clip(jaw / 0.45, 0, 1)
    return [(first, 90.0, 1.0), (second, 130.0, 0.5), (2900 - 400 * pucker, 200.0, 0.22)]


def voice(performance: list[dict], times: np.ndarray, fps: float, rng: np.random.Generator) -> np.ndarray:
    """A sung hum shaped into vowels (float (N,)): harmonics of one pitch, each as loud as the mouth lets it.

    Loudness is the jaw's opening, pitch rises with the brows.
    """
    jaw, pucker, smile, brow = (
        curve(performance, name, times, fps) for name in ("jawOpen", "mouthPucker", "mouthSmileLeft", "browInnerUp")
    )
    pitch = 196 * 2 ** ((2.5 * brow - 1.0 + 0.25 * np.sin(2 * np.pi * 5.2 * times)) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    resonances = formants(jaw, pucker, smile)
    tone = np.zeros_like(times)
    for harmonic in range(1, 25):
        frequency = harmonic * pitch
        gain = sum(k / (1 + ((frequency - centre) / width) ** 2) for centre, width, k in resonances)
        tone += (gain + 0.02) / harmonic**0.6 * np.sin(harmonic * phase)
    breath = 0.02 * rng.standard_normal(len(times))
    return (tone + breath) * np.clip((jaw - 0.015) / 0.35, 0, 1) ** 0.8


def melody(times: np.ndarray, rng: np.random.Generator, beat: float = 0.5) -> np.ndarray:
    """Plucked notes of a pentatonic scale (float (N,)), one a beat (s), each dying away over the next two."""
    out, step = np.zeros_like(times), 5
    for start in np.arange(0, times[-1], beat):
        step = int(np.clip(step + rng.integers(-2, 3), 0, 9))
        pitch = 261.63 * 2 ** ((SCALE[step % 5] + 12 * (step // 5)) / 12)
        age = np.clip(times - start, 0, None)
        shape = np.clip(age / 0.008, 0, 1) * np.exp(-age / 0.45)
        out += shape * (np.sin(2 * np.pi * pitch * age) + 0.3 * np.sin(4 * np.pi * pitch * age))
    return out


def track(performance: list[dict], fps: float = FPS, seed: int = 11) -> np.ndarray:
    """The whole sound track: mono float32 (N,) in -1..1 at RATE, exactly as long as the performance."""
    times = np.arange(round(len(performance) / fps * RATE)) / RATE
    rng = np.random.default_rng(seed)
    voiced, played = voice(performance, times, fps, rng), melody(times, rng)
    mix = voiced / np.abs(voiced).max() + 0.16 * played / np.abs(played).max()
    ends = np.clip(np.minimum(times, times[-1] - times) / 0.02, 0, 1)  # no click at either end
    return (0.7 * ends * mix / np.abs(mix).max()).astype(np.float32)


def encode(samples: np.ndarray, stream: av.AudioStream) -> list[av.Packet]:
    """AAC packets of mono samples (float32 (N,))."""
    packets = []
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def mux(clip: Path, samples: np.ndarray, out: Path) -> None:
    """Write `out` (MP4): the clip's video packets as they are, beside `samples` as AAC. Sound it had is left behind."""
    with av.open(str(clip)) as source, av.open(str(out), "w", format="mp4", options={"fflags": "+bitexact"}) as sink:
        picture = source.streams.video[0]
        copied = sink.add_stream_from_template(picture)
        sound = sink.add_stream("aac", rate=RATE, layout="mono", bit_rate=BIT_RATE, options={"flags": "+bitexact"})
        packets = encode(samples, sound)
        for packet in source.demux(picture):
            if packet.dts is not None:
                packet.stream = copied
                packets.append(packet)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            sink.mux(packet)


def fingerprint(clip: Path) -> list[tuple[Fraction, int]]:
    """(time stamp in s, hash of the decoded picture) of every frame."""
    with av.open(str(clip)) as container:
        return [(f.pts * f.time_base, hash(f.to_ndarray().tobytes())) for f in container.decode(video=0)]


def add_sound(clip: Path, performance: Path, out: Path) -> int:
    """Give `clip` the sound of `performance`; returns the number of frames, all checked to be unchanged."""
    frames = json.loads(performance.read_text())
    before = fingerprint(clip)
    if len(before) != len(frames):
        raise SampleError(f"{clip} has {len(before)} frames but {performance} has {len(frames)}: give the clip's own.")
    part = out.with_name(out.name + ".part")
    mux(clip, track(frames), part)
    if fingerprint(part) != before:
        raise SampleError(f"{part} shows other pictures or times than {clip}; it was not moved to {out}.")
    os.replace(part, out)
    return len(before)


def main() -> int:
    """Read the command line, add the sound; 0 on success, 2 on a user's error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, help="the rendered clip without sound")
    parser.add_argument("--performance", type=Path, default=HERE / "performance_a.json")
    parser.add_argument("--out", type=Path, required=True, help="the clip with sound; may be the same file")
    args = parser.parse_args()
    try:
        count = add_sound(args.clip, args.performance, args.out)
    except (SampleError, OSError, ValueError, av.FFmpegError) as error:
        print(f"sound.py: {error}", file=sys.stderr)
        return 2
    print(f"{args.out}: {count} frames unchanged, {count / FPS:.3f} s of sound added")
    return 0


if __name__ == "__main__":
    sys.exit(main())
