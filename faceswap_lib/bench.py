"""How good the swap is per minute of training: one training, its models of several moments, one measurement of all.

The time of saving and measuring does not count. `ablate` measures variants of the training at one budget instead.
"""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap_lib import UserError, convert, evaluate, extract, files, profiles, samples, train
from faceswap_lib.face import faceset
from faceswap_lib.measure import medians, starts
from faceswap_lib.media import video
from faceswap_lib.network import saved, schedule
from faceswap_lib.network.run import Run
from faceswap_lib.progress import Progress

SECONDS = (0.0, 15.0, 30.0, 60.0, 120.0, 300.0)
VARIANTS = {  # what `ablate` changes in a training; the first one is what the others are compared with
    "as it is": {},
    "no discriminator": {"gan": False},
    "no light augmentation": {"light": False},
    "from scratch": {"start": "mean"},
    "scratch, no mean texture": {"start": "noise"},
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
    consent: Path | None = None


BUILT_IN = Pair(*map(samples.path, ("person_a", "person_b", "truth_a_as_b", "truth_mask")))


@dataclass(frozen=True)
class _Bench:
    """What all of a benchmark's measurements share."""

    workdir: Path
    pair: Pair
    every: int
    say: Say
    progress: Progress | None

    @property
    def facesets(self) -> tuple[Path, Path]:
        return self.workdir / "faces" / "a", self.workdir / "faces" / "b"


def bench(
    workdir: str | Path,
    *,
    profile: str = "demo",
    seconds: Sequence[float] = SECONDS,
    seeds: Sequence[int] = (0,),
    pair: Pair = BUILT_IN,
    every: int = 4,
    start: str = "base",
    say: Say = lambda line: None,
    progress: Progress | None = None,
) -> dict:
    """Train on a pair, once per seed, and score the swap after so many seconds of it beside references.

    Returns what is written to workdir/bench.json: {"rows": {label: {figure: median over the seeds}}, "noise": {figure:
    half of its 95 % interval at the end, median}, "against": {moment: {other row: {figure: [difference, low, high] of
    its 95 % interval, frame by frame, medians}}}, "about": {…, "work": [what the steps of each seed cost]}}.
    """
    if not seconds or not all(0 <= s < float("inf") for s in seconds) or max(seconds) == 0:
        raise UserError("Give moments in seconds, not below 0, and one of them above 0.")
    at, reports, work = _Bench(Path(workdir), pair, every, say, progress), [], []
    for seed in seeds:
        folder = prepare(workdir, pair) / f"seed{seed}"
        models = {s: folder / f"model_{s:g}" for s in sorted(seconds)}
        say(f"Seed {seed}: training for {max(seconds):g} s …")
        work.append(_train(at, models, profile, seed, start))
        named = {f"{s:g} s": model for s, model in models.items()}
        reports.append(_score(at, named, folder, seed))
    about = {
        "profile": profile,
        "batch": profiles.get(profile).batch,
        "start": start,
        "seeds": list(seeds),
        "work": work,
    }
    moments = reports[0]["order"]
    return medians.save(at.workdir / "bench.json", reports, about, moments, moments)


def ablate(
    workdir: str | Path,
    *,
    profile: str = "demo",
    minutes: float = 1.0,
    seeds: Sequence[int] = (0,),
    pair: Pair = BUILT_IN,
    every: int = 4,
    variants: dict[str, dict] = VARIANTS,
    say: Say = lambda line: None,
    progress: Progress | None = None,
) -> dict:
    """Train every variant (name -> arguments of `train`) for so many minutes; ablation.json is as `bench` has it.

    The first variant is compared with the others, and the noise is its own.
    """
    schedule.check(minutes, None, None, 0)
    at, reports = _Bench(Path(workdir), pair, every, say, progress), []
    for seed in seeds:
        folder = prepare(workdir, pair) / f"ablation{seed}"
        models = {name: folder / f"model_{number}" for number, name in enumerate(variants)}
        for name, change in variants.items():
            say(f"Seed {seed}, {name}: training for {60 * minutes:g} s …")
            how = {"profile": profile, "minutes": minutes, "seed": seed, "resume": False, "progress": progress}
            train.train(*at.facesets, models[name], **how | change)
        backwards = dict(reversed(models.items()))  # the last one scored is the one whose noise is told
        reports.append(_score(at, backwards, folder, seed))
    about = {"profile": profile, "seeds": list(seeds), "minutes": minutes, "variants": list(variants)}
    return medians.save(at.workdir / "ablation.json", reports, about, list(variants), list(variants)[:1])


def emerge(
    workdir: str | Path,
    *,
    seconds: Sequence[float] = (0.0, 15.0, 30.0, 60.0, 90.0),
    seeds: Sequence[int] = (0, 1, 2),
    profile: str = "micro",
    pair: Pair = BUILT_IN,
    every: int = 4,
    say: Say = lambda line: None,
    progress: Progress | None = None,
) -> dict:
    """How a face comes out of noise in lab 4, once per seed: the loss on held-out faces, and what each start is worth.

    Returns what is written to workdir/noise.json: {"held_out": {moment: {"a": [least, median, most] of the seeds, "b",
    "iteration"}}, "starts": {network: {figure: [least, median, most]}}, "about"}; of a swap's figures the least and the
    most are of their 95 % intervals. The last seed's pictures become noise.png.
    """
    from faceswap_lib.display import plots_train  # matplotlib

    prepare(workdir, pair)
    at, size = _Bench(Path(workdir), pair, every, say, progress), profiles.lesson(profile)["profile"]
    made = [_from_noise(at, size, max(seconds), seed) for seed in seeds]
    moments = {f"{s:g} s": [starts.at(one["history"], s) for one in made] for s in sorted(seconds)}
    steps = [each[-1]["iteration"] for each in moments.values()]
    shown = plots_train.over_time(at.workdir / f"noise{seeds[-1]}" / "model", steps=steps)
    shown.savefig(at.workdir / "noise.png", dpi=100)
    held = {moment: {key: starts.ends(row[key] for row in each) for key in each[0]} for moment, each in moments.items()}
    about = {"profile": size, "seeds": list(seeds), "egs": [one["egs"] for one in made]}
    machine = {"system": platform.platform(), "cores": os.cpu_count(), "load": [round(x, 1) for x in os.getloadavg()]}
    found = {"held_out": held, "starts": starts.gathered([one["starts"] for one in made])}
    found |= {"about": about | {"machine": machine}}
    with files.whole(at.workdir / "noise.json") as part:
        part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def _from_noise(at: _Bench, size: str, end: float, seed: int) -> dict:
    """One training from noise, and what it and each start are worth: history, egs, starts, as `starts.gathered` has."""
    folder = at.workdir / f"noise{seed}"
    models, how = {"trained": folder / "model"}, {"profile": size, "gan": False, "seed": seed, "resume": False}
    at.say(f"Seed {seed}: training from noise for {end:g} s …")
    told = train.train(*at.facesets, models["trained"], **how, start="noise", minutes=end / 60, progress=at.progress)
    judged = starts.judge(at.facesets[1], size, models, seed).rows
    if (base := f"{starts.NAMES['base']}, 0 steps") in [row["network"] for row in judged]:
        models = {base: folder / "base"} | models
        train.train(*at.facesets, models[base], **how, start="base", iterations=0)
    swaps = starts.swaps(_score(at, models, folder, seed))
    return {"history": told.history, "egs": round(told.egs, 1), "starts": starts.joined(judged, swaps)}


def prepare(workdir: str | Path, pair: Pair = BUILT_IN) -> Path:
    """The workdir, with the pair's facesets in it; those of other clips are made anew."""
    for clip, folder in ((pair.a, "a"), (pair.b, "b")):
        faces = Path(workdir) / "faces" / folder
        made = (faces / "faces.json").exists()
        if not made or faceset.load(faces).source.sha256 != video.sha256(clip):
            extract.extract(clip, faces)
    return Path(workdir)


def _train(at: _Bench, models: dict[float, Path], profile: str, seed: int, start: str) -> dict[str, float]:
    """One training that leaves a model at each moment; egs, share of the time it waited, share of the peak."""
    from faceswap_lib.measure import step_cost

    end, found, passed = max(models), {}, {}
    ahead = sorted(set(models) - {end}, reverse=True)

    def mark(run: Run) -> None:
        if not found:
            found.update(flops=step_cost.flops(run.net, run.profile.batch), peak=step_cost.peak())
        while ahead and run.seconds >= ahead[-1]:
            moment = ahead.pop()
            passed[f"{moment:g} s"] = run.iteration
            saved.move_aside(models[moment])
            train.save(run, models[moment])

    how = {"profile": profile, "minutes": end / 60, "seed": seed, "start": start, "resume": False}
    r = train.train(*at.facesets, models[end], **how, progress=at.progress, each=mark)
    reached = found["flops"] * r.iterations / r.seconds
    passed[f"{end:g} s"] = r.iterations
    return {
        "iterations": passed,
        "egs": round(r.egs, 1),
        "waited": round(r.waited, 4),
        "gflops": round(reached / 1e9, 3),
        "peak_gflops": round(found["peak"] / 1e9, 1),
        "share_of_peak": round(reached / found["peak"], 4),
    }


def _score(at: _Bench, models: dict[str, Path], folder: Path, seed: int) -> dict:
    """Convert by every model, measure all in one evaluation; the last one is its swap."""
    (a, b), pair, clips = at.facesets, at.pair, {}
    for number, (name, model) in enumerate(models.items()):
        at.say(f"Converting: {name} …")
        out, how = folder / f"swap_{number}.mp4", {"consent": pair.consent, "progress": at.progress}
        clips[name] = convert.convert(pair.a, a, model, out, **how).out
    at.say("Measuring …")
    *others, last = clips
    rows = {name: clips[name] for name in others}
    known = {"truth": pair.truth, "truth_mask": pair.mask, "faces_a": a, "model": models[last], "rows": rows}
    known |= {"consent": pair.consent}
    report = evaluate.evaluate(clips[last], pair.a, b, folder, **known, seed=seed, every=at.every, progress=at.progress)
    return report | {"order": list(clips)}
