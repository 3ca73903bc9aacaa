"""Lab 7: can it be told? A detector for this run's swap, how it fails, a better one, and what neither can say.

In detection/, crops has what a detector sees, cues what people look for, judge the network, blends what the better one
learns from, cases what both meet, scores the figures, layers the marks of trust/ beside them. What is known from the
labs before is read from the workdir; no face is looked for again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files, profiles, samples
from faceswap_lib.detection import cases, crops, cues, methods, scores
from faceswap_lib.detection.cases import Pair
from faceswap_lib.detection.crops import Faces
from faceswap_lib.detection.judge import Judge
from faceswap_lib.detection.scores import Auc, Scored
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.measure import report
from faceswap_lib.measure.blind import Piece
from faceswap_lib.media import video
from faceswap_lib.network import schedule
from faceswap_lib.trust import consent

NAME = "detection.json"
OWN = "this run's own swap"
TITLES = {"own": "trained on this swap", "blends": "trained on blends"}
SIZES = {"smoke": (60, 4)}  # steps of a training, one in so many frames; others as USUAL
USUAL = (120, 2)
LATE = {"delay": 3}  # frames by which lab 6's broken clips lag behind
FEW = 8  # faces of a clip to learn from, and as many to judge, at least


@dataclass
class Seen:
    """A run as detectors see it: the recordings of both people, the swap, and where all of it lies."""

    run: Path
    clips: dict[str, Path]
    sets: dict[str, Faceset]
    swapped: Path
    number: int
    steps: int
    every: int
    seed: int
    real: Faces
    other: Faces
    swap: Faces


def gather(
    workdir: str | Path, video_a: str | Path, video_b: str | Path, *, profile: str = "demo", seed: int = 0
) -> Seen:
    """The faces of both recordings and of lab 5's swap, all dressed and encoded alike, cut into blocks of time.

    Raises UserError: no swap in the workdir, other videos than its own, or too few frames of a person to learn from
    some and judge by others.
    """
    profiles.get(profile)
    schedule.check(None, None, None, seed)
    run, clips = Path(workdir), {"a": Path(video_a), "b": Path(video_b)}
    sets = {side: faceset.load(run / "faces" / side) for side in "ab"}
    for side, found in sets.items():
        if video.sha256(clips[side]) != found.source.sha256:
            raise UserError(f"{run / 'faces' / side} was taken from {found.source.name}, not from {clips[side]}.")
    if not (swapped := video.fitted(run / "swapped.mp4")):
        raise UserError(f"{run} has no swapped video yet; run lab 5 first, with the same workdir.")
    number, (steps, every) = crops.number_of(swapped), SIZES.get(profile, USUAL)
    real, other = (crops.real(clips[side], sets[side], number) for side in "ab")
    swap = crops.cut(crops.frames_of(swapped), sets["a"])
    for faces, side in ((real, "a"), (other, "b")):
        if min(len(faces.learned), len(faces.held)) < FEW:
            raise UserError(f"{clips[side]} shows its person in too few frames to learn from some and judge by others.")
    return Seen(run, clips, sets, swapped, number, steps, every, seed, real, other, swap)


def quiz(seen: Seen, most: int = 20, judge: Judge | None = None) -> list[Piece]:
    """Up to `most` held-out faces, half real and half swapped, no moment twice; judge: whose scores they bear."""
    rng, real, swap = np.random.default_rng(seen.seed), seen.real.held, seen.swap.held
    which = rng.permutation(len(real))[: most // 2 * 2]
    kinds = rng.permutation(np.arange(len(which)) % 2 == 0)
    scored = {kind: judge.scores(faces) if judge else np.zeros(len(faces)) for kind, faces in ((1, real), (0, swap))}
    faces = {True: real, False: swap}
    return [
        Piece(faces[bool(kind)].pictures[i], bool(kind), "face", 1 - float(scored[int(kind)][i]))
        for i, kind in zip(which, kinds, strict=True)
    ]


def measured_cues(seen: Seen) -> list[dict]:
    """Each cue's AUC on the swap, on lab 6's references and on what it broke on purpose, as far as they are there."""
    fakes = {"swap": seen.swap} | cases.pasted(seen.clips["a"], seen.run / "references", seen.sets["a"])
    for name in ("blur", "delay", "tint", "wrong"):
        if path := video.fitted(seen.run / "broken" / f"{name}.mp4"):
            fakes[name] = crops.cut(crops.frames_of(path), seen.sets["a"], LATE.get(name, 0))
    return cues.table(seen.real, fakes) + _blinks(seen.run, fakes)


def _blinks(run: Path, fakes: Mapping[str, Faces]) -> list[dict]:
    """How often eyes shut in each clip, as lab 6 has measured them."""
    counts: dict[str, int] = {}
    for folder in (run, run / "broken"):
        if (folder / "report.json").is_file():
            frames = report.read(folder)["frames"]
            counts |= {label: cues.blinks(own["eyes"]) for label, own in frames.items() if "eyes" in own}
    if "source" not in counts:
        return []
    return [{"cue": f"blinks ({counts['source']} in the recording)"} | {kind: counts.get(kind) for kind in fakes}]


def own_detector(seen: Seen) -> Judge:
    """A detector trained on this run: its recording against its swap, in the blocks that are learned from."""
    return Judge(seen.seed).learn(seen.real.learned, seen.swap.learned, seen.steps)


def blend_detector(seen: Seen) -> Judge:
    """A detector that has seen recordings alone, beside themselves blended onto themselves."""
    clips = [(seen.clips[side], seen.sets[side]) for side in "ab"]
    return Judge(seen.seed).learn(*cases.lessons(clips, seen.number, seen.every, seen.seed), seen.steps)


def shuffled(seen: Seen) -> Auc:
    """The control: half of all pairs of recording and swap exchanged, then learned and judged as before."""
    rng = np.random.default_rng(seen.seed)
    learned, held = (
        crops.exchanged(real, swap, rng)
        for real, swap in ((seen.real.learned, seen.swap.learned), (seen.real.held, seen.swap.held))
    )
    return scores.auc(judged(Judge(seen.seed).learn(*learned, seen.steps), held), seen.seed)


def covered(seen: Seen, *, dressed: bool = True) -> Auc:
    """The other control: every face painted over before it is learned and judged; what is left should be alike.

    dressed: as a detector sees it; False leaves the recording without the swap's label, mark and compression.
    """
    real = seen.real if dressed else crops.cut(crops.frames_of(seen.clips["a"]), seen.sets["a"])
    real, swap = crops.hidden(real), crops.hidden(seen.swap)
    judge = Judge(seen.seed).learn(real.learned, swap.learned, seen.steps)
    return scores.auc(judged(judge, (real.held, swap.held)), seen.seed)


def all_cases(seen: Seen) -> dict[str, Pair]:
    """Held-out faces, recorded and fake: the run's own, the same in other states, and fakes of other kinds."""
    (clip, found), (clip_b, found_b) = ((seen.clips[side], seen.sets[side]) for side in "ab")
    painter, how = cases.Painter(seen.run / "model"), (seen.number, seen.every)
    pasted, other = cases.pasted(clip, seen.run / "references", found), {}
    if {found.source.sha256, found_b.source.sha256} <= consent.built_in():  # of others nobody has agreed to this way
        other = {"another pair: A's face on B": painter.pair(clip_b, found_b, *how, to="a")}
    return {
        OWN: (seen.real.held, seen.swap.held),
        **cases.states(clip, seen.swapped, found, *how),
        "no colour match": painter.pair(clip, found, *how, match="none"),
        **other,
        **{name: (seen.real.held, faces) for name, faces in pasted.items()},
        "self-blended": cases.blended(clip, found, *how, seed=seen.seed + 1),
    }


def trial(pairs: Mapping[str, Pair], judges: Mapping[str, Judge], seed: int = 0) -> list[dict]:
    """Each detector on each case: AUC with interval, false alarms and misses; a dict a case."""
    rows = []
    for case, pair in pairs.items():
        rows.append({"case": case})
        for who, judge in judges.items():
            said = judged(judge, pair)
            rows[-1][who] = {"auc": asdict(scores.auc(said, seed)), "alarms": scores.errors(said)[0]}
            rows[-1][who]["misses"] = scores.errors(said)[1]
    return rows


def judged(judge: Judge, pair: Pair) -> Scored:
    """What a detector says of recordings and fakes."""
    real, fake = pair
    told = np.repeat([False, True], [len(real), len(fake)])
    return Scored(np.r_[judge.scores(real), judge.scores(fake)], told, np.r_[real.blocks, fake.blocks])


def alarms_on_b(seen: Seen, judges: Mapping[str, Judge]) -> dict[str, float]:
    """B's own recording, which no detector but the second has seen: which share of its faces each calls fakes."""
    return {who: float((judge.scores(seen.other.held) >= scores.ASKED).mean()) for who, judge in judges.items()}


def provenance(seen: Seen, judges: Mapping[str, Judge]) -> list[dict]:
    """Marks and detectors beside one another, on the swap in three states, its recording, and a fake by others."""
    more = {"A's recording": seen.clips["a"]}
    if seen.clips["a"] == samples.path("person_a"):
        more["a fake by another tool"] = samples.path("truth_a_as_b")  # rendered, so it bears no mark
    return methods.rows(more, seen.swapped, seen.sets["a"], judges)


def detect(
    workdir: str | Path, video_a: str | Path, video_b: str | Path, *, profile: str = "demo", seed: int = 0
) -> dict:
    """All of it at once: both detectors trained on a run and tried on every case; returns what `save` keeps."""
    seen = gather(workdir, video_a, video_b, profile=profile, seed=seed)
    judges = {"own": own_detector(seen), "blends": blend_detector(seen)}
    return save(seen, trial(all_cases(seen), judges, seed), shuffled(seen), alarms_on_b(seen, judges))


def save(seen: Seen, rows: list[dict], control: Auc, alarms: Mapping[str, float]) -> dict:
    """Write the figures into the workdir's detection.json, and return them."""
    told = {"cases": rows, "shuffled": asdict(control), "alarms_on_b": dict(alarms), "seed": seen.seed}
    with files.whole(seen.run / NAME) as part:
        part.write_text(json.dumps(files.sealed(told), indent=1), encoding="utf-8")
    return told
