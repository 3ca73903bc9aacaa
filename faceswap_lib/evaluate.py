"""Lab 6: how good is the swap? Figures with intervals, beside references that need no training, in one report.

In measure/, frame_scores reads the clips, metrics has the formulas, figures says what each one means and bootstrap how
sure it is; report writes report.json, and display/report_page makes report.html.
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, __version__, profiles, strangers
from faceswap_lib.display import report_page
from faceswap_lib.face import faceset, geometry, motion
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import bootstrap, metrics, references, report, verdicts
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.frame_scores import Watched, likenesses, watch
from faceswap_lib.media import video
from faceswap_lib.network import batches, record, schedule
from faceswap_lib.progress import Progress
from faceswap_lib.trust.consent import Consent

PACKAGES = ("av", "dlib-bin", "mediapipe", "numpy", "opencv-python-headless", "scikit-image")
SHUT = 0.6  # of the source's usual opening: behind lids nearer than that, landmarks guess the iris
SAME_TIME = 0.002  # seconds: .mkv stores whole milliseconds
Columns = dict[str, dict[str, np.ndarray]]  # clip -> figure -> a value per frame, NaN where there is none


def evaluate(
    swapped: str | Path,
    source: str | Path,
    faces_b: str | Path,
    folder: str | Path,
    *,
    truth: str | Path | None = None,
    truth_mask: str | Path | None = None,
    faces_a: str | Path | None = None,
    model: str | Path | None = None,
    rows: dict[str, str | Path] | None = None,
    seed: int = 0,
    every: int = 4,
    profile: str | None = None,
    consent: str | Path | Consent | None = None,
    progress: Progress | None = None,
) -> dict:
    """Score a swapped video; write report.json and report.html into a folder; returns what the former holds.

    truth: the ideal swap, frame by frame; truth_mask: where it counts (grey video, above half). faces_a: the source's
    own faceset; with it, references that need no training are made into `folder`/references, with consent as in
    convert. model: with both, faces kept from its training are drawn and judged. rows: label -> video of further
    references. every: score each n-th frame in full, n ≥ 1. UserError: sizes or lengths differ, no face, no place.
    """
    clips = {**(rows or {}), "swap": swapped, "source": source} | ({"ideal": truth} if truth else {})
    masks = {"mask": truth_mask} if truth and truth_mask else {}
    total, (a, b) = _check(clips | masks, seed), _people(faces_a, faces_b, source, consent)
    about = record.read_about(model) if model else None
    report.reserve(folder)
    if a:
        size = profiles.get(about["profile"]).texture if about else 128
        clips |= references.make(source, a, b, Path(folder) / "references", size, progress, consent=consent)
    watched, own = watch(clips, masks, every, total, progress, a), likenesses(b)
    values = _tabulate(watched, clips, own, faces_b)
    judged = _judge(values, _kept(source, swapped) | (_unseen([a, b], model, about) if a and about else {}), own, seed)
    advice = [verdicts.reach(a.poses, b.poses)] if a else []
    advice += [verdicts.stop_rule(about["history"]), *_from_the_kit(about)] if about else []
    files, profile = clips | masks | {"faces_b": b.folder / "faces.json"}, profile or (about and about["profile"])
    made = {
        "figures": {name: judged[name][0] for name in FIGURES if name in judged},
        "run": _run(files, seed, every, profile),
        "verdicts": [judged[name][1] for name in FIGURES if name in judged] + advice,
        "frames": _frames(values, every),
    }
    return report.save(folder, made, report_page.page(made, values, clips, watched["source"].solid))


def _from_the_kit(about: dict) -> list[str]:
    """A sentence where a model was not trained here (classroom/kit_model.py)."""
    return [strangers.printable(str(about["kit"]))[:300]] if about.get("kit") else []


def _check(clips: dict[str, str | Path], seed: int) -> int:
    schedule.check(None, None, None, seed)
    infos = [video.probe(path) for path in clips.values()]
    sizes = [f"{info.frames} frames of {info.width} × {info.height}" for info in infos]
    for info, size in zip(infos, sizes, strict=True):
        if size != sizes[0]:
            raise UserError(
                f"{info.path} has {size}, but {infos[0].path} has {sizes[0]}; they are compared frame by "
                "frame, so give clips of one performance."
            )
    return infos[0].frames


def _load(folder: str | Path) -> Faceset:
    person = faceset.load(folder)
    if not len(person.usable):
        raise UserError(f"The faceset {folder} has no pictures left; extract the faces again.")
    return person


def _people(faces_a: str | Path | None, faces_b: str | Path, source: str | Path, consent: object) -> tuple:
    """Both facesets, A's None where there is none; UserError where references of them need a consent and have none."""
    a, b = faces_a and _own(faces_a, source), _load(faces_b)
    if a:
        references.agreed(a, b, consent)
    return a, b


def _own(folder: str | Path, source: str | Path) -> Faceset:
    found = _load(folder)
    if found.source.sha256 != video.sha256(source):
        raise UserError(
            f"The faces in {folder} were taken from another video ({found.source.name}) than {source}; "
            f"run `extract {source} --faces DIR` and evaluate with that folder."
        )
    return found


def _tabulate(watched: dict[str, Watched], clips: dict, own: np.ndarray, faces_b: str | Path) -> Columns:
    """All figures of all clips by frame, and their likeness (frames, 128); a lost face is not nearer to B."""
    values: Columns = {}
    for label, seen in watched.items():
        values[label] = {name: seen.column(name) for name in sorted(seen.names() - {"likeness"})}
    for label in reversed(clips):
        if not watched[label].solid:
            raise UserError(f"No face was found in {clips[label]}, so it cannot be scored; give a video with one.")
        values[label]["likeness"] = watched[label].column("likeness", [np.nan] * 128)
    mean_a, mean_b = np.nanmean(values["source"]["likeness"], 0), own.mean(0)
    alone = clips.get("ideal") == clips["source"]  # a person swapped with themselves
    if np.linalg.norm(mean_a - mean_b) < 0.1 and not alone:
        raise UserError(f"The faces in {faces_b} are those of {clips['source']}; give the other person's faceset.")
    people = {label: motion.person(np.stack(list(seen.solid.values()))) for label, seen in watched.items()}
    for label, columns in values.items():
        columns["identity"] = whose = metrics.identity(columns["likeness"], mean_a, mean_b)
        columns["share_nearer_b"] = np.where(np.isnan(values["source"]["likeness"][:, 0]), np.nan, whose > 0)
        columns |= _acts(label, watched, people)
        if "ideal" in values:
            columns["to_ideal"] = np.linalg.norm(columns["likeness"] - values["ideal"]["likeness"], axis=1)
    return values


def _judge(values: Columns, others: Columns, own: np.ndarray, seed: int) -> dict[str, tuple[dict, str]]:
    """Figure -> what report.json says of it, and its verdict.

    values: clip -> figure -> column; others: figure -> clip -> column; own (N, 128): likenesses of B's own faces.
    """
    measured = {name: _of(values, name) for name in FIGURES if name not in others} | others
    judged = {name: verdicts.judge(name, columns, seed) for name, columns in measured.items() if "swap" in columns}
    mean_a = np.nanmean(values["source"]["likeness"], 0)
    judged["identity"][0]["reference"]["B's own"] = round(float(metrics.identity(own, mean_a, own.mean(0)).mean()), 4)
    return judged


def _acts(label: str, watched: dict[str, Watched], people: dict[str, motion.Person]) -> dict[str, np.ndarray]:
    """Motion and gaze of a clip, both freed of pose: a turned head's eyes look aside in the picture, and do not."""
    moved, gaze = (np.full(len(watched[label].rows), np.nan) for _ in range(2))
    person, source = people[label], people["source"]
    ruler, at = geometry.iris_distance(person.mean[:, :2]), {i: k for k, i in enumerate(watched["source"].solid)}
    open_eyes = SHUT * np.nanmedian(watched["source"].column("eyes"))
    for k, i in enumerate(watched[label].solid):
        if i in at:
            apart = (person.motion[k] - source.motion[at[i]])[metrics.FEATURES, :2]
            moved[i] = 100 / ruler * np.linalg.norm(apart, axis=1).mean()
        if watched[label].rows[i]["eyes"] > open_eyes:
            gaze[i] = metrics.gaze((person.mean + person.motion[k])[:, :2])
    return {"motion": moved, "gaze": gaze}


def _of(values: Columns, name: str) -> dict[str, np.ndarray]:
    """A figure's column of every clip that has one; where it correlates, paired with the source's."""
    columns = {label: each[name] for label, each in values.items() if name in each}
    if FIGURES[name].correlates:
        columns = {label: np.c_[column, columns["source"]] for label, column in columns.items()}
    return {label: column for label, column in columns.items() if bootstrap.scored(column).any()}


def _kept(source: str | Path, swapped: str | Path) -> dict[str, dict[str, np.ndarray]]:
    """Do the source's frames and sound come when they should? 1 for each frame or packet that does, 0 for another.

    The source's times are set right first (media/clock.py), the swap's are taken as its file says them.
    """
    (stamps, sounds), (now, heard) = video.timeline(source), video.timeline(swapped, stored=True)
    found = {"timing": np.array([abs(x - y) < SAME_TIME for x, y in zip(stamps, now, strict=True)], float)}
    if sounds:
        at: dict[str, list[float]] = {}
        for time, packet in heard:
            at.setdefault(packet, []).append(time)
        there = [any(abs(time - t) < SAME_TIME for t in at.get(packet, [])) for time, packet in sounds]
        found["sound"] = np.array(there, float)
    return {name: {"swap": values, "source": np.ones(len(values))} for name, values in found.items()}


def _unseen(people: list[Faceset], model: str | Path, about: dict) -> dict[str, dict[str, np.ndarray]]:
    """SSIM of held-out faces drawn as themselves, beside the mean texture and faces it learned from.

    Only of people whose facesets the model was trained on: of other footage it has held nothing out.
    """
    from faceswap_lib.network import checkpoint
    from faceswap_lib.network.model import draw

    size = profiles.get(about["profile"])
    on, net, found = canvas(about["alignment"], size.texture), checkpoint.build(size, 0), {}
    checkpoint.restore(net, Path(model))
    for name, person in _trained_on(people, about):
        side = batches.load_side(person, on, size.faces)
        pick = np.arange(side.cut, len(side.targets))
        learned = faceset.evenly(len(pick), side.cut)
        columns = {}
        for label, chosen in (("swap", pick), ("seen", learned)):
            batch = batches.plain(side, chosen, name)
            drawn = draw(net, batch[f"picture_{name}"], batch[f"motion_{name}"], name)
            columns[label] = _alike(drawn, side, chosen, on)
        columns["mean"] = _alike(np.repeat(side.mean[None], len(pick), 0), side, pick, on)
        found[f"unseen_{name}"] = columns
    return found


def _trained_on(people: list[Faceset], about: dict) -> list[tuple[str, Faceset]]:
    """The sides of a model and whose faces each has learned from, where these are among some facesets."""
    faces = {name: about["data"][name]["fingerprint"] for name in "ab"}
    return [(name, person) for name in "ab" for person in people if person.fingerprint == faces[name]]


def _alike(drawn: np.ndarray, side: batches.Side, chosen: np.ndarray, on: object) -> np.ndarray:
    inside = [(on.inside > 0.5) & (side.weights[i, ..., 0] > 0.5) for i in chosen]
    pairs = zip(np.round(drawn * 255).clip(0, 255).astype("u1"), side.targets[chosen], inside, strict=True)
    return np.array([metrics.structure(picture, target)[area].mean() for picture, target, area in pairs])


def _frames(values: Columns, every: int) -> dict:
    """What report.json keeps by frame: the frames scored in full, each clip's figures there, null for none."""
    total = len(values["swap"]["identity"])
    rows: dict = {"index": list(range(0, total, every))}
    for label, columns in values.items():
        rows[label] = {
            name: [round(x, 4) if np.isfinite(x) else None for x in columns[name][::every].tolist()]
            for name in FIGURES
            if name in columns
        }
    return rows


def _run(files: dict[str, str | Path], seed: int, every: int, profile: str | None) -> dict:
    versions = {"faceswap_lib": __version__, "python": platform.python_version()} | {p: version(p) for p in PACKAGES}
    return {
        "versions": versions,
        "profile": profile,
        "seed": seed,
        "every": every,
        "data": {label: video.sha256(path) for label, path in files.items()},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
    }
