"""How good the swap is per minute of training: one training, its models of several moments, one measurement of all.

The time of saving and measuring does not count. `ablate` measures variants of the training at one budget instead.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, convert, evaluate, extract, faceset, profiles, samples, train, video
from faceswap_lib.faceset import Progress
from faceswap_lib.figures import FIGURES, interval
from faceswap_lib.report import aligned, shown

SECONDS = (0.0, 15.0, 30.0, 60.0, 120.0, 300.0)
VARIANTS = {  # what `ablate` changes in a training; the first one is what the others are compared with
    "as it is": {},
    "no discriminator": {"gan": False},
    "no light augmentation": {"light": False},
    "from scratch": {"from_scratch": True},
    "scratch, no mean texture": {"from_scratch": True, "from_mean": False},
    "similarity, no mesh": {"alignment": "similarity"},
}
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
    half of its 95 % interval at the end, median}, "against": {moment: {other row: {figure: [difference, low, high] of
    its 95 % interval, frame by frame, medians}}}, "about": {…, "work": [what the steps of each seed cost]}}.
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
    about = {"profile": profile, "batch": profiles.get(profile).batch, "from_scratch": from_scratch,
             "seeds": list(seeds), "work": work}  # fmt: skip
    moments = reports[0]["order"]
    return medians.save(Path(workdir) / "bench.json", reports, about, moments, moments)


def ablate(workdir: str | Path, profile: str = "demo", minutes: float = 1.0, seeds: Sequence[int] = (0,),
           pair: Pair = BUILT_IN, every: int = 4, variants: dict[str, dict] = VARIANTS,
           say: Say = lambda line: None, progress: Progress | None = None) -> dict:  # fmt: skip
    """Train every variant (name -> arguments of `train`) for so many minutes; ablation.json is as `bench` has it.

    The first variant is compared with the others, and the noise is its own.
    """
    reports = []
    for seed in seeds:
        folder = prepare(workdir, pair) / f"ablation{seed}"
        models = {name: folder / f"model_{number}" for number, name in enumerate(variants)}
        for name, change in variants.items():
            say(f"Seed {seed}, {name}: training for {60 * minutes:g} s …")
            train.train(*_facesets(workdir), models[name], profile, minutes, seed=seed, progress=progress, **change)
        backwards = dict(reversed(models.items()))  # the last one scored is the one whose noise is told
        reports.append(_score(workdir, pair, backwards, folder, seed, every, say, progress))
    about = {"profile": profile, "seeds": list(seeds), "minutes": minutes, "variants": list(variants)}
    return medians.save(Path(workdir) / "ablation.json", reports, about, list(variants), list(variants)[:1])


def prepare(workdir: str | Path, pair: Pair = BUILT_IN) -> Path:
    """The workdir, with the pair's facesets in it; those of other clips are made anew."""
    for clip, folder in zip((pair.a, pair.b), _facesets(workdir), strict=True):
        made = (folder / "faces.json").exists()
        if not made or faceset.load(folder).source.sha256 != video.sha256(clip):
            extract.extract(clip, folder)
    return Path(workdir)


def _facesets(workdir: str | Path) -> tuple[Path, Path]:
    return Path(workdir) / "faces" / "a", Path(workdir) / "faces" / "b"


def _train(workdir: str | Path, models: dict[float, Path], profile: str, seed: int, from_scratch: bool,
           progress: Progress | None) -> dict[str, float]:  # fmt: skip
    """One training that leaves a model at each moment; egs, share of the time it waited, share of the peak."""
    from faceswap_lib import step

    end, found, passed = max(models), {}, {}
    ahead = sorted(set(models) - {end}, reverse=True)

    def mark(run: train.Run) -> None:
        if not found:
            found.update(flops=step.flops(run.net, run.profile.batch), peak=step.peak())
        while ahead and run.seconds >= ahead[-1]:
            moment = ahead.pop()
            passed[f"{moment:g} s"] = run.iteration
            train.save(run, models[moment])

    r = train.train(*_facesets(workdir), models[end], profile, end / 60, seed=seed, progress=progress, each=mark,
                    from_scratch=from_scratch)  # fmt: skip
    reached = found["flops"] * r.iterations / r.seconds
    passed[f"{end:g} s"] = r.iterations
    return {"iterations": passed, "egs": round(r.egs, 1), "waited": round(r.waited, 4),
            "gflops": round(reached / 1e9, 3), "peak_gflops": round(found["peak"] / 1e9, 1),
            "share_of_peak": round(reached / found["peak"], 4)}  # fmt: skip


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
