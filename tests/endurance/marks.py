"""How well the mark in the pixels survives, how often it is seen where there is none, and what it costs.

python -m tests.endurance.marks [VIDEO ...] --numbers 10 --plain 1000
Without a video the built-in clips. Prints a table; intervals are Wilson's, 95 %.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from faceswap_lib import samples
from faceswap_lib.measure.blind import wilson
from faceswap_lib.media import video
from faceswap_lib.trust import mark

SECONDS = 10
Frames = list[np.ndarray]


def half(frames: Frames) -> Frames:
    """Half as wide and high."""
    return [cv2.resize(f, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for f in frames]


def cut(frames: Frames) -> Frames:
    """A tenth of each side gone, half of it at each end."""
    h, w = (size // 20 for size in frames[0].shape[:2])
    return [np.ascontiguousarray(f[h : len(f) - h, w : f.shape[1] - w]) for f in frames]


CASES: dict[str, tuple[int, Callable[[Frames], Frames]]] = {
    "CRF 18": (18, lambda f: f),
    "CRF 23": (23, lambda f: f),
    "CRF 28": (28, lambda f: f),
    "CRF 35": (35, lambda f: f),
    "half size, CRF 23": (23, half),
    "crop of 10 %, CRF 23": (23, cut),
    "15 frames a second, CRF 23": (23, lambda f: [f[int(k * 1.6)] for k in range(int(len(f) / 1.6))]),
}


def survival(frames: Frames, numbers: int, folder: Path) -> Iterator[tuple[str, tuple, tuple]]:
    """Each case of each number: what ten seconds of it gave, and a single frame, as (found, number right)."""
    h, w = frames[0].shape[:2]
    for number in np.random.default_rng(0).integers(0, 1 << mark.BITS, numbers).tolist():
        stamp, path = mark.Mark(w, h, number).stamp, folder / "case.mp4"
        stamped = [stamp(frame) for frame in frames]
        for name, (crf, change) in CASES.items():
            video.write(path, change(stamped), 24, crf=crf, overwrite=True)
            seen = [*video.frames(path)]
            ten, one = seen[:: max(1, len(seen) // mark.MOST)], seen[len(seen) // 2 :][:1]
            read = [mark.read(some) for some in (ten, one)]
            yield name, *[(found.found, found.number == number) for found in read]


def plain(clips: list[Path], count: int) -> tuple[int, float]:
    """False alarms in single unmarked frames, each cut, scaled and lit at random; and the strongest of them."""
    random, pool = np.random.default_rng(1), [f for clip in clips for f in list(video.frames(clip))[::4]]
    strengths, alarms = [], 0
    for _ in range(count):
        frame = pool[random.integers(len(pool))]
        h, w = (int(size * random.uniform(0.6, 1)) for size in frame.shape[:2])
        y, x = (int(random.integers(0, whole - part + 1)) for whole, part in zip(frame.shape, (h, w), strict=False))
        scale = random.uniform(0.6, 1.6)
        some = cv2.resize(frame[y : y + h, x : x + w], None, fx=scale, fy=scale)
        found = mark.read([np.clip(some * random.uniform(0.6, 1.2), 0, 255).astype("u1")])
        strengths.append(found.strength)
        alarms += found.found
    return alarms, max(strengths)


def cost(frames: Frames) -> str:
    """PSNR, SSIM and milliseconds a frame of the mark."""
    one, start = mark.Mark(*frames[0].shape[1::-1], 1), time.process_time()
    stamped = [one.stamp(frame) for frame in frames]
    took = 1000 * (time.process_time() - start) / len(frames)
    pairs = list(zip(frames[::20], stamped[::20], strict=True))
    psnr = np.mean([peak_signal_noise_ratio(*pair) for pair in pairs])
    ssim = np.mean([structural_similarity(*pair, channel_axis=2) for pair in pairs])
    h, w = frames[0].shape[:2]
    return f"PSNR {psnr:.1f} dB, SSIM {ssim:.3f}, {took:.1f} ms of a processor for a frame of {w} x {h}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path, metavar="VIDEO")
    parser.add_argument("--numbers", type=int, default=10, help="marks for each case and clip")
    parser.add_argument("--plain", type=int, default=1000, help="unmarked frames")
    given = parser.parse_args()
    clips = given.clips or [samples.path("person_a"), samples.path("person_b")]
    told: dict[str, tuple[list, list]] = {name: ([], []) for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for clip in clips:
            frames = list(video.frames(clip))[: 24 * SECONDS]
            print(f"{clip.name}: {cost(frames)}", flush=True)
            for name, long, single in survival(frames, given.numbers, Path(folder)):
                told[name][0].append(long)
                told[name][1].append(single)
    print("| case | found in ten seconds | number right | found in one frame | number right |\n|---|---|---|---|---|")
    for name, kinds in told.items():
        cells = [_share([pair[k] for pair in kind]) for kind in kinds for k in (0, 1)]
        print(f"| {name} | {' | '.join(cells)} |")
    alarms, most = plain(clips, given.plain)
    print(
        f"{alarms} false alarms in {given.plain} unmarked frames; the strongest {most:g}, the threshold {mark.SURE:g}."
    )


def _share(hits: list[bool]) -> str:
    low, high = wilson(sum(hits), len(hits))
    return f"{np.mean(hits):.0%} ({low:.0%} to {high:.0%})"


if __name__ == "__main__":
    main()
