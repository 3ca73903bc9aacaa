"""A person swapped with themselves: what your own footage can give, before you film for an hour.

One clip is cut in two. Its first part is A, its last part is B, and the ideal swap of the two is known: A as it was. So
every figure applies, and nobody's face is put on anybody else. It says what this footage lets through, not whether the
method swaps: not swapping at all would score best. `shining` measures that, where both people are known.
"""

import json
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError, convert, evaluate, extract, files, profiles, samples, train
from faceswap_lib.classroom import kit_model
from faceswap_lib.compose import model_swap, render
from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.compose.scenes import Scene
from faceswap_lib.face import detect, faceset, identity
from faceswap_lib.measure import references, report, self_swaps
from faceswap_lib.media import video
from faceswap_lib.network import record, schedule
from faceswap_lib.progress import Progress
from faceswap_lib.trust import consent as consents
from faceswap_lib.trust.consent import Consent
from faceswap_lib.trust.statement import Statement

FRAMES = 160  # of each part: about what a minute or two of training can use, and what two cores measure in as long
LEAST, GAP = 12, 0.5  # frames of a part; seconds between the two, so that they do not meet in one movement
SHORTER = 1080  # pixels of a part's shorter side, at most
PAGE = "self-swap.html"
MEAN, SWAP, LIMIT = "B's mean", "swap", "the limit"
SHOWN = ("ssim", "psnr", "parts", "to_ideal", "expression", "sharpness", "delta_e")
OWN = {"cut.json", "a.mp4", "b.mp4", "faces", "model", "report", "self-swap.mp4", "limit.mp4", PAGE}
PIECE = (40, 24)  # of the built-in clips: from which frame on, and how many, it is measured what shines through
STAGES = ("cutting", "extracting A", "extracting B", "training", "converting", "drawing the limit", "measuring")


@dataclass(frozen=True)
class SelfSwap:
    """What was found: the sentence, the errors by region, figures by row, what shines through, and where it lies.

    rows: `self_swaps.table`; figures: row -> figure -> value; shining: A's and B's share of the detail (means).
    """

    folder: Path
    sentence: str
    rows: list[dict]
    figures: dict[str, dict[str, float | None]]
    shining: tuple[float, float]

    @property
    def page(self) -> Path:
        """The report to look at."""
        return self.folder / PAGE


def selfswap(
    clip: str | Path,
    workdir: str | Path,
    *,
    profile: str = "demo",
    minutes: float | None = None,
    iterations: int | None = None,
    frames: int = FRAMES,
    every: int = 4,
    seed: int = 0,
    consent: str | Path | Consent | None = None,
    progress: Progress | None = None,
) -> SelfSwap:
    """Swap the person in a clip with themselves and say how near it comes; everything is written into a folder.

    frames: of each part at most; minutes, iterations, seed: as in train; every: score each n-th frame; consent: the
    person's, in whose record the clip is A's and B's. Raises UserError for a clip that is too short, whose two parts
    show two people, or a folder that holds other things.
    """
    profiles.get(profile)
    schedule.check(minutes, iterations, None, seed)
    consents.given(consent).agreed({(own := video.sha256(clip)): str(clip)}, own, own)
    run, told = _reserve(workdir), _Stages(progress)
    with files.alone(run, "self-swap"):
        halves = _cut(clip, run, frames, told.next())
        ours = consents.given(consent).covering(clip, *halves.values())
        for side, part in halves.items():
            extract.extract(part, run / "faces" / side, profile=profile, keep=True, progress=told.next())
        _one_person(clip, run)
        faces, budget = (run / "faces" / "a", run / "faces" / "b"), {"minutes": minutes, "iterations": iterations}
        train.train(*faces, run / "model", profile=profile, seed=seed, keep=True, **budget, progress=told.next())
        made = {SWAP: run / "self-swap.mp4", LIMIT: run / "limit.mp4"}
        convert.convert(halves["a"], faces[0], run / "model", made[SWAP], consent=ours, progress=told.next())
        at = _limit(halves["a"], run, made[LIMIT], ours, told.next())
        how = {"every": every, "seed": seed, "consent": ours, "progress": told.next()}
        return _judge(run, halves["a"], made, at, **how)


def _reserve(workdir: str | Path) -> Path:
    run = files.check_name(workdir)
    names = {path.name for path in run.iterdir() if not path.name.startswith("model-")} if run.is_dir() else set()
    if run.is_file() or names - OWN - faceset.NOBODYS:
        raise UserError(f"{run} holds other things than a self-swap; give an empty or a new folder with --workdir.")
    try:
        run.mkdir(parents=True, exist_ok=True)
        files.try_out(run)
    except OSError as error:
        raise UserError(f"{run} cannot be made ({error.strerror}); give another folder with --workdir.") from error
    return run


class _Stages:
    """One line of progress for all steps of the work, each with its number."""

    def __init__(self, progress: Progress | None):
        self.progress, self.number = progress, 0

    def next(self) -> Progress:
        """The progress of the step that begins now."""
        self.number += 1
        head = f"step {self.number} of {len(STAGES)}, {STAGES[self.number - 1]}"

        def tell(done: int, total: int | None, note: str = "") -> None:
            if self.progress:
                self.progress(done, total, f"{head}: {note}")

        return tell


def _cut(clip: str | Path, run: Path, frames: int, progress: Progress) -> dict[str, Path]:
    """The clip's first and last part as files of their own, those that are there if they are of this clip."""
    info, parts = video.probe(clip), {side: run / f"{side}.mp4" for side in "ab"}
    count = min(frames, (info.frames - round(GAP * info.fps)) // 2)
    if count < LEAST:
        raise UserError(
            f"{clip} has {info.frames} frames ({info.frames / info.fps:.1f} s), too few to be cut in two, or --frames "
            f"asks for too few: each part takes at least {LEAST}. Film ten seconds or more, talking and blinking."
        )
    about = {"clip": video.sha256(clip), "frames": count}
    if (run / "cut.json").is_file() and all(path.is_file() for path in parts.values()):
        if json.loads((run / "cut.json").read_text(encoding="utf-8")) == about:
            return parts
    (run / "cut.json").unlink(missing_ok=True)
    for number, (side, first) in enumerate((("a", 0), ("b", info.frames - count))):
        chosen = map(_small, islice(video.frames(clip), first, first + count))
        video.write(parts[side], chosen, info.fps, crf=14, overwrite=True)
        progress(number + 1, 2, f"{count} frames")
    with files.whole(run / "cut.json") as part:
        part.write_text(json.dumps(about), encoding="utf-8")
    return parts


def _small(frame: np.ndarray) -> np.ndarray:
    """A frame whose shorter side is SHORTER at most, even sizes."""
    height, width = frame.shape[:2]
    share = min(1, SHORTER / min(height, width))
    size = (int(width * share) // 2 * 2, int(height * share) // 2 * 2)
    return frame if size == (width, height) else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def _one_person(clip: str | Path, run: Path) -> None:
    """UserError where the two parts do not show the same person: that would be a swap of two people."""
    who = [identity.likeness(faceset.load(run / "faces" / side)) for side in "ab"]
    if not identity.alike(*who):
        raise UserError(
            f"The beginning and the end of {clip} show two people, or one who is hardly to be recognised "
            f"(look at {run / 'faces'}); give a clip of one person alone."
        )


def _limit(clip: Path, run: Path, out: Path, ours: Consent, progress: Progress) -> Scene:
    """Draw A's own texture through the mesh and the predicted shape; returns where."""
    found, about = faceset.load(run / "faces" / "a"), record.read_about(run / "model")
    at = model_swap.scene(found, about, "b")
    said = references.agreed(found, found, ours)
    facts = Statement("A's own texture, no network", found.source.sha256, person=found.fingerprint, consent=said)
    as_it_is = model_swap.match("none", at, run / "model", "b")
    render.render(clip, out, at, self_swaps.limit(), as_it_is, progress, facts=facts)
    ours.note(out)
    return at


def _judge(run: Path, clip: Path, made: dict[str, Path], at: Scene, every: int, **how) -> SelfSwap:
    from faceswap_lib.display import self_page

    known = {"truth": clip, "faces_a": run / "faces" / "a", "model": run / "model", "rows": {LIMIT: made[LIMIT]}}
    judged = evaluate.evaluate(made[SWAP], clip, run / "faces" / "b", run / "report", every=every, **known, **how)
    clips = {"source": clip, MEAN: references.files(run / "report" / "references", clip)[MEAN], **made}
    off = self_swaps.errors(clips, at, every)
    rows = self_swaps.table(off, at.on, MEAN, SWAP, LIMIT)
    told = self_swaps.sentence(rows, MEAN, SWAP, LIMIT)
    shares = tuple(np.mean(shining(), 0).round(3).tolist())
    found = SelfSwap(run, told, rows, _figures(judged), shares)
    with files.whole(found.page) as part:
        part.write_text(self_page.page(found, off, clips, run / "faces" / "a"), encoding="utf-8")
    return found


def _figures(judged: dict) -> dict[str, dict[str, float | None]]:
    """The figures that have a say here: row -> figure -> value."""
    own = {name: judged["figures"][name] for name in SHOWN if name in judged["figures"]}
    rows = {label: {name: f["reference"].get(label) for name, f in own.items()} for label in (MEAN, LIMIT)}
    return {MEAN: rows[MEAN], SWAP: {name: f["value"] for name, f in own.items()}, LIMIT: rows[LIMIT]}


def shining() -> np.ndarray:
    """How much of A's and of B's own detail is in this kit's swap of the built-in pair: (N, 2), a row a frame.

    0 is what B's mean texture has, which has never seen A. With the model that the kit brings, for the
    built-in pair is the one whose ideal swap shows another person.
    """
    first, count = PIECE
    with tempfile.TemporaryDirectory() as folder:
        place, ideal = Path(folder), islice(video.frames(samples.path("truth_a_as_b")), first, first + count)
        piece = islice(video.frames(samples.path("person_a")), first, first + count)
        video.write(place / "a.mp4", piece, 24)
        extract.extract(place / "a.mp4", place / "faces")
        kit_model.unpack(place / "model")
        return _shares(place / "a.mp4", list(ideal), place / "faces", place / "model")


def _shares(clip: Path, ideal: list[np.ndarray], faces: Path, model: Path) -> np.ndarray:
    """The same of a clip's every second frame by a model; ideal: the frames of its ideal swap."""
    found, frames = faceset.load(faces), dict(islice(list(enumerate(video.frames(clip)))[::2], render.BATCH))
    swap = model_swap.swap(found, model, Settings(keep_front=False))
    plain = model_swap.swap(found, model, Settings("none", keep_front=False), untrained=True)
    swapped, mean = (render.faces_drawn(frames, one.at, one.draw, one.match) for one in (swap, plain))
    at = swap.at
    made, own, goal, bare = [], [], [], []
    with detect.Detector() as detector:
        for index, picture in swapped.items():
            if not (there := detector.detect(ideal[index])):
                continue
            here = at.at[index]
            made.append(at.on.texture(picture, at.targets[here][:, :2]))
            own.append(at.on.texture(frames[index], at.solid[here][:, :2]))
            goal.append(at.on.texture(ideal[index], there[0].landmarks))
            bare.append(at.on.texture(mean[index], at.targets[here][:, :2]))
    return self_swaps.shining(made, own, goal, bare, at.on)


def told(found: SelfSwap) -> str:
    """What was found, as plain text: tables of figures and regions, what shines through, the sentence."""
    from faceswap_lib.display import self_page

    lines = []
    for heads, rows in (self_page.figures(found.figures), self_page.regions(found.rows)):
        lines += [report.aligned([list(heads), *rows]), ""]
    heads, rows = self_page.shining(found.shining)
    trap = " ".join(self_page.TRAP.split())
    return "\n".join([*lines, report.aligned([list(heads), *rows]), "", trap, found.sentence, f"Look at {found.page}"])
