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
    return _save(workdir, "bench.json", reports, about, moments, moments)


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
    return _save(workdir, "ablation.json", reports, about, list(variants), list(variants)[:1])


def prepare(workdir: str | Path, pair: Pair = BUILT_IN) -> Path:
    """The workdir, with the pair's facesets in it; those of other clips are made anew."""
    for clip, folder in zip((pair.a, pair.b), _facesets(workdir), strict=True):
        made = (folder / "faces.json").exists()
        if not made or faceset.load(folder).source.sha256 != video.sha256(clip):
            extract.extract(clip, folder)
    return Path(workdir)


def table(made: dict) -> str:
    """What `bench` or `ablate` returned as plain text: a line per figure, a column per row, and the noise.

    Below it, where the compared rows are better and worse than others, frame by frame.
    """
    rows = made["rows"]
    lines = [["", *rows, "±", "better"]]
    for name, noise in made["noise"].items():
        values = (shown(name, row.get(name)) for row in rows.values())
        lines.append([name, *values, shown(name, noise), FIGURES[name].better])
    return "\n".join([aligned(lines), "", *sides(made)])


def sides(made: dict) -> list[str]:
    """A sentence for each compared row and each other one: where it is better, where worse, frame by frame."""
    out = []
    for label, others in made["against"].items():
        for other, differences in others.items():
            found = {"better": [], "worse": [], "even": []}
            for figure, difference in differences.items():
                found[verdict(figure, difference)].append(figure)
            told = "; ".join(f"{side} in {', '.join(found[side])}" for side in ("better", "worse") if found[side])
            out.append(f"{label} against {other}: {told or 'no clear difference'}")
    return out


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


def _save(workdir: str | Path, name: str, reports: list[dict], about: dict, named: list[str],
          compared: list[str]) -> dict:  # fmt: skip
    """Medians over the seeds, written whole or not at all.

    named: the trained rows as they stand in the table; compared: rows whose differences to all others are kept.
    """
    first, (*others, last) = reports[0]["figures"], reports[0]["order"]
    figures = [f for f in first if all(f in r["figures"] for r in reports) and not f.startswith("unseen")]
    references = [label for label in first["identity"]["reference"] if label not in others]
    labels = [*named, *references]
    rows = {label: {f: _median(reports, f, None if label == last else label) for f in figures} for label in labels}
    noise = {f: float(np.median([(r["figures"][f]["high"] - r["figures"][f]["low"]) / 2 for r in reports]))
             for f in figures}  # fmt: skip
    against = {label: {other: {f: d for f in figures if (d := _difference(reports, f, label, other))}
                       for other in labels if other != label} for label in compared}  # fmt: skip
    made = {"rows": rows, "noise": noise, "against": against, "about": about | {"run": reports[0]["run"]}}
    part = Path(workdir) / f"{name}.part"
    part.write_text(json.dumps(made, indent=1), encoding="utf-8")
    os.replace(part, Path(workdir) / name)
    return made


def _difference(reports: list[dict], figure: str, label: str, other: str) -> list[float] | None:
    """Of two rows, frame by frame: [difference, low, high], medians over the seeds; None where one has no frames."""
    found = []
    for report in reports:
        frames = [report["frames"].get("swap" if row == report["order"][-1] else row, {}) for row in (label, other)]
        columns = [np.array(of[figure], float) for of in frames if figure in of]
        if len(columns) < 2:
            return None
        if FIGURES[figure].correlates:
            source = np.array(report["frames"]["source"][figure], float)
            columns = [np.c_[column, source] for column in columns]
        found.append(interval(columns[0], report["run"]["seed"], columns[1]))
    return [round(float(x), 4) for x in np.median(found, 0)]


def verdict(figure: str, difference: list[float]) -> str:
    """Is a row "better" or "worse" than another in a figure, or "even": the interval of the difference has 0 in it."""
    _, low, high = difference
    if not (low > 0 or high < 0):
        return "even"
    return "better" if (low > 0) == (FIGURES[figure].better == "higher") else "worse"


def _median(reports: list[dict], figure: str, label: str | None) -> float | None:
    """Of a figure's values for a reference (None: the swap itself); None where it has none."""
    found = [r["figures"][figure]["value"] if label is None else r["figures"][figure]["reference"].get(label)
             for r in reports]  # fmt: skip
    return None if None in found else round(float(np.median(found)), 4)
