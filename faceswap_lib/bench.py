"""How good the swap is per minute of training: one training, its models of several moments, one measurement of all.

The time of saving and measuring does not count. `ablate` measures variants of the training at one budget instead.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, convert, evaluate, extract, faceset, samples, train, video
from faceswap_lib.faceset import Progress
from faceswap_lib.figures import FIGURES
from faceswap_lib.report import aligned, shown

SECONDS = (0.0, 15.0, 30.0, 60.0, 120.0, 300.0)
VARIANTS = {  # what `ablate` changes in a training; the mean texture without any is the row "B's mean"
    "as it is": {},
    "similarity instead of mesh": {"alignment": "similarity"},
    "no discriminator": {"gan": False},
    "from scratch": {"from_scratch": True},
}
LARGE = 2048  # rows and columns of the matrices whose product is taken for the machine's peak
Say = Callable[[str], None]


@dataclass(frozen=True)
class Pair:
    """The clips of two people: a gets b's face; truth, mask: the ideal swap and where it counts, where there is one."""

    a: Path
    b: Path
    truth: Path | None = None
    mask: Path | None = None


BUILT_IN = Pair(*map(samples.path, ("person_a", "person_b", "truth_a_as_b", "truth_mask")))


def bench(workdir: str | Path, profile: str = "demo", seconds: Sequence[float] = SECONDS, seeds: Sequence[int] = (0,),
          pair: Pair = BUILT_IN, every: int = 4, from_scratch: bool = False, say: Say = lambda line: None,
          progress: Progress | None = None) -> dict:  # fmt: skip
    """Train on a pair, once per seed, and score the swap after so many seconds of it beside references.

    Returns what is written to workdir/bench.json: {"rows": {label: {figure: median over the seeds}}, "noise": {figure:
    half of its 95 % interval at the end, median}, "about": {…, "work": [a dict of `measure_work` per seed]}}.
    """
    if not seconds or min(seconds) < 0 or max(seconds) == 0:
        raise UserError("Give moments in seconds, not below 0, and one of them above 0.")
    reports, work = [], []
    for seed in seeds:
        folder = prepare(workdir, pair) / f"seed{seed}"
        models = {s: folder / f"model_{s:g}" for s in sorted(seconds)}
        say(f"Seed {seed}: training for {max(seconds):g} s …")
        work.append(_train(workdir, models, profile, seed, from_scratch, progress))
        named = {f"{s:g} s": model for s, model in models.items()}
        reports.append(_score(workdir, pair, named, folder, seed, every, say, progress))
    about = {"profile": profile, "from_scratch": from_scratch, "seeds": list(seeds), "work": work}
    return _save(workdir, "bench.json", reports, about)


def ablate(workdir: str | Path, profile: str = "demo", minutes: float = 1.0, seeds: Sequence[int] = (0,),
           pair: Pair = BUILT_IN, every: int = 4, variants: dict[str, dict] = VARIANTS,
           say: Say = lambda line: None, progress: Progress | None = None) -> dict:  # fmt: skip
    """Train every variant (name -> arguments of `train`) for so many minutes and score them together, as `bench`."""
    reports = []
    for seed in seeds:
        folder = prepare(workdir, pair) / f"ablation{seed}"
        models = {name: folder / f"model_{number}" for number, name in enumerate(variants)}
        for name, change in variants.items():
            say(f"Seed {seed}, {name}: training for {60 * minutes:g} s …")
            train.train(*_facesets(workdir), models[name], profile, minutes, seed=seed, progress=progress, **change)
        reports.append(_score(workdir, pair, models, folder, seed, every, say, progress))
    about = {"profile": profile, "seeds": list(seeds), "minutes": minutes}
    return _save(workdir, "ablation.json", reports, about)


def prepare(workdir: str | Path, pair: Pair = BUILT_IN) -> Path:
    """The workdir, with the pair's facesets in it; those of other clips are made anew."""
    for clip, folder in zip((pair.a, pair.b), _facesets(workdir), strict=True):
        made = (folder / "faces.json").exists()
        if not made or faceset.load(folder).source.sha256 != video.sha256(clip):
            extract.extract(clip, folder)
    return Path(workdir)


def flops(net: object, batch: int) -> float:
    """FLOP of one step of encoder and decoders, batch faces of each side: forward, and backward twice as much.

    A convolution takes 2 · pixels written · kernel² · channels in · channels out, a dense layer 2 · in · out.
    """
    from keras import layers

    total = 0
    for part, faces in ((net.encoder, 2), (net.decoder_a, 1), (net.decoder_b, 1)):
        for layer in part.layers:
            if isinstance(layer, layers.Conv2D | layers.Dense):
                written = np.prod(layer.output.shape[1:-1], initial=1)
                total += faces * 2 * written * np.prod(layer.kernel.shape)
    return float(3 * batch * total)


def peak(times: int = 5) -> float:
    """The most FLOP/s that this machine reached in a product of two large float32 matrices, in this process."""
    from keras import ops

    a = ops.convert_to_tensor(np.random.default_rng(0).random((LARGE, LARGE), "f4"))
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        ops.convert_to_numpy(ops.matmul(a, a)[0, 0])
        seconds.append(time.perf_counter() - start)
    return 2 * LARGE**3 / min(seconds)


def table(made: dict) -> str:
    """What `bench` or `ablate` returned as plain text: a line per figure, a column per row, and the noise."""
    rows = made["rows"]
    lines = [["", *rows, "±", "better"]]
    for name, noise in made["noise"].items():
        values = (shown(name, row.get(name)) for row in rows.values())
        lines.append([name, *values, shown(name, noise), FIGURES[name].better])
    return aligned(lines)


def _facesets(workdir: str | Path) -> tuple[Path, Path]:
    return Path(workdir) / "faces" / "a", Path(workdir) / "faces" / "b"


def _train(workdir: str | Path, models: dict[float, Path], profile: str, seed: int, from_scratch: bool,
           progress: Progress | None) -> dict[str, float]:  # fmt: skip
    """One training that leaves a model at each moment; egs, share of the time it waited, share of the peak."""
    end, found = max(models), {}
    ahead = sorted(set(models) - {end}, reverse=True)

    def mark(run: train.Run) -> None:
        if not found:
            found.update(flops=flops(run.net, run.profile.batch), peak=peak())
        while ahead and run.seconds >= ahead[-1]:
            train.save(run, models[ahead.pop()])

    r = train.train(*_facesets(workdir), models[end], profile, end / 60, seed=seed, progress=progress, each=mark,
                    from_scratch=from_scratch)  # fmt: skip
    reached = found["flops"] * r.iterations / r.seconds
    return {"iterations": r.iterations, "egs": round(r.egs, 1), "waited": round(r.waited, 4),
            "gflops": round(reached / 1e9, 1), "peak_gflops": round(found["peak"] / 1e9, 1),
            "share_of_peak": round(reached / found["peak"], 3)}  # fmt: skip


def _score(workdir: str | Path, pair: Pair, models: dict[str, Path], folder: Path, seed: int, every: int, say: Say,
           progress: Progress | None) -> dict:  # fmt: skip
    """Convert by every model, measure all in one evaluation; the last one is its swap."""
    a, b = _facesets(workdir)
    clips = {}
    for number, (name, model) in enumerate(models.items()):
        say(f"Converting: {name} …")
        clips[name] = convert.convert(pair.a, a, model, folder / f"swap_{number}.mp4", progress=progress).out
    say("Measuring …")
    *others, last = clips
    report = evaluate.evaluate(
        clips[last], pair.a, b, folder, pair.truth, pair.mask, a, models[last],
        {name: clips[name] for name in others}, seed, every, progress=progress,
    )  # fmt: skip
    return report | {"order": list(clips)}


def _save(workdir: str | Path, name: str, reports: list[dict], about: dict) -> dict:
    """Medians over the seeds, written whole or not at all."""
    first, (*others, last) = reports[0]["figures"], reports[0]["order"]
    figures = [f for f in first if all(f in r["figures"] for r in reports) and not f.startswith("unseen")]
    references = [label for label in first["identity"]["reference"] if label not in others]
    labels = [*others, last, *references]
    rows = {label: {f: _median(reports, f, None if label == last else label) for f in figures} for label in labels}
    noise = {f: float(np.median([(r["figures"][f]["high"] - r["figures"][f]["low"]) / 2 for r in reports]))
             for f in figures}  # fmt: skip
    made = {"rows": rows, "noise": noise, "about": about | {"run": reports[0]["run"]}}
    part = Path(workdir) / f"{name}.part"
    part.write_text(json.dumps(made, indent=1), encoding="utf-8")
    os.replace(part, Path(workdir) / name)
    return made


def _median(reports: list[dict], figure: str, label: str | None) -> float | None:
    """Of a figure's values for a reference (None: the swap itself); None where it has none."""
    found = [r["figures"][figure]["value"] if label is None else r["figures"][figure]["reference"].get(label)
             for r in reports]  # fmt: skip
    return None if None in found else round(float(np.median(found)), 4)
