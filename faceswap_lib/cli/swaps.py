"""The verbs that make a swap and measure it: extract, train, convert, evaluate, selfswap."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.cli.options import Consent, Dask, Profile, Workers
from faceswap_lib.pieces import crew as crews
from faceswap_lib.pieces import listed
from faceswap_lib.pieces.crew import Crew
from faceswap_lib.progress import Progress, progress_bar


def extract(
    video: Annotated[list[Path], typer.Argument(help="The video to take faces from; or several, or folders of them.")],
    faces: Annotated[
        Path,
        typer.Option(help="Folder for the faceset; made, or replaced when complete. Of several, for one folder each."),
    ],
    profile: Profile = "demo",
    person: Annotated[
        int | None, typer.Option(help="Which person, by number in people.jpg; 0 moves and is seen most.")
    ] = None,
    min_sharpness: Annotated[float, typer.Option(help="Leave out below this share of the median.")] = 0.25,
    min_size: Annotated[float, typer.Option(help="Leave out eyes fewer pixels apart.")] = 24,
    max_yaw: Annotated[float, typer.Option(help="Leave out faces turned further, degrees.")] = 60,
    dask: Dask = None,
    workers: Workers = None,
) -> None:
    """Take the faces out of a video. Example: extract clip_a.mp4 --faces faces/a"""
    from faceswap_lib import extract as lab

    several, how = listed.several(video), {"profile": profile, "person": person}
    how |= {"min_sharpness": min_sharpness, "min_size": min_size, "max_yaw": max_yaw}

    def one(name: str, path: Path, progress: Progress, crew: Crew) -> object:
        return lab.extract(path, faces / name if several else faces, **how, progress=progress, crew=crew)

    _each("Extracting from", one, video, (dask, workers), _told_of_faces)


def _told_of_faces(r: object) -> None:
    rest = ", ".join(f"{n} {reason}" for reason, n in r.left_out.items())
    left_out = f"; left out: {rest}" if rest else ""
    print(
        f"{r.faces} faces in {r.frames} frames, {r.kept} to train on, {r.people} people seen{left_out}. "
        f"Look at {r.folder / 'contact_sheet.jpg'}."
    )
    for sentence in filter(None, (r.who, r.advice)):
        print(sentence)


def _each(title: str, work: Callable, given: list[Path], who: tuple, tell: Callable[[object], None]) -> None:
    """Work on the one video that is given, or on each of several; then tell of it, and of those that failed."""
    if not listed.several(given):
        with crews.crew(*who) as crew, progress_bar(f"{title} {given[0].name}") as progress:
            result = work(given[0].stem, given[0], progress, crew)
        tell(result)
        return
    videos = listed.videos(given)
    with crews.crew(*who) as crew, progress_bar(f"{title} {len(videos)} videos") as progress:
        out = listed.each(partial(work, crew=crew), videos, crew, progress)
    for name in filter(out.done.get, videos):
        print(f"{name}: ", end="")
        tell(out.done[name])
    out.check()


def train(
    faces_a: Annotated[Path, typer.Argument(help="Faceset of the person who is replaced.")],
    faces_b: Annotated[Path, typer.Argument(help="Faceset of the person who is put in.")],
    model: Annotated[Path, typer.Option(help="Folder for the model.")],
    profile: Profile = "demo",
    minutes: Annotated[float | None, typer.Option(help="Stop after so many minutes.")] = None,
    iterations: Annotated[int | None, typer.Option(help="Stop at so many steps, earlier sessions included.")] = None,
    plateau: Annotated[int | None, typer.Option(help="Stop after so many checks without progress.")] = None,
    resume: Annotated[
        bool | None,
        typer.Option(help="Go on with the model that is there, or begin anew; default: go on if it was cut off."),
    ] = None,
    alignment: Annotated[str, typer.Option(help="mesh, or similarity as the known tools do.")] = "mesh",
    gan: Annotated[bool, typer.Option(help="Let the discriminator play.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    start: Annotated[str, typer.Option(help="From the kit's base, each person's mean texture, or noise.")] = "base",
) -> None:
    """Train on two facesets. Example: train faces/a faces/b --model model --minutes 10"""
    from faceswap_lib import train as lab

    with progress_bar("Training") as progress:
        budget = {"minutes": minutes, "iterations": iterations, "plateau": plateau, "resume": resume}
        how = {"alignment": alignment, "gan": gan, "seed": seed, "start": start}
        r = lab.train(faces_a, faces_b, model, profile=profile, **budget, **how, progress=progress)
    held = r.history[-1]
    print(
        f"{r.iterations} iterations, {r.egs:.0f} EGs/s, stopped by {r.stopped}; held-out loss "
        f"A {held['held_a']:.3f} B {held['held_b']:.3f}. Look at {r.model / 'previews'}."
    )


def convert(
    video: Annotated[
        list[Path], typer.Argument(help="The video whose face is replaced; or several, or folders of them.")
    ],
    faces: Annotated[Path, typer.Option(help="The faceset of this video; of several, the folder of all of them.")],
    model: Annotated[Path, typer.Option(help="The trained model's folder.")],
    out: Annotated[Path, typer.Option(help="The new video: .mp4, .mkv or .mov; of several, a folder for them.")],
    color: Annotated[str, typer.Option(help="Colour match: relit, light, mean, histogram or none.")] = "relit",
    to: Annotated[
        str | None, typer.Option(help="Whose face is put in: b (default), or a, the other direction.")
    ] = None,
    untrained: Annotated[bool, typer.Option(help="Draw the mean texture: no training.")] = False,
    pull: Annotated[float, typer.Option(help="How far back to the base: 0 as trained, 1 the base.")] = 0.5,
    keep_front: Annotated[
        bool, typer.Option("--keep-front/--paint-over", help="What passes in front of the face stays there, or not.")
    ] = True,
    keep_mouth: Annotated[
        bool, typer.Option("--keep-mouth/--draw-mouth", help="Teeth and tongue stay the video's own, or are drawn.")
    ] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that this kit did not write.")] = False,
    consent: Consent = None,
    dask: Dask = None,
    workers: Workers = None,
) -> None:
    """Swap the face in a video and label it. Example: convert a.mp4 --faces faces/a --model model --out s.mp4"""
    from faceswap_lib import convert as lab
    from faceswap_lib.media.video import fitting

    several, what = listed.several(video), {"color_match": color, "to": to, "untrained": untrained, "pull": pull}
    what |= {"keep_front": keep_front, "keep_mouth": keep_mouth, "overwrite": overwrite, "consent": consent}

    def one(name: str, path: Path, progress: Progress, crew: Crew) -> object:
        own = (faces / name, fitting(path, out / f"{name}.mp4")) if several else (faces, out)
        return lab.convert(path, own[0], model, own[1], **what, progress=progress, crew=crew)

    if several:
        listed.made(out)
    _each("Converting", one, video, (dask, workers), _told_of_swap)


def _told_of_swap(r: object) -> None:
    print(f"{r.out}: {r.frames} frames, a face swapped in {r.swapped}, labelled and signed as synthetic.")
    if r.remarks:
        print(r.remarks)


def evaluate(
    swapped: Annotated[Path, typer.Argument(help="The swapped video.")],
    source: Annotated[Path, typer.Option(help="The video before the swap.")],
    faces_b: Annotated[Path, typer.Option(help="Faceset of the person who was put in.")],
    report: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")],
    faces_a: Annotated[Path | None, typer.Option(help="The source's faceset: makes references to beat.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="The model: judges faces kept from training, says when to stop.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="The ideal swap, where there is one.")] = None,
    truth_mask: Annotated[Path | None, typer.Option(help="Where the ideal counts.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another report.json, to compare with.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 0,
    every: Annotated[int, typer.Option(help="Score every n-th frame.", min=1)] = 4,
    consent: Consent = None,
) -> None:
    """Measure a swap. Example: evaluate s.mp4 --source a.mp4 --faces-a faces/a --faces-b faces/b --report ."""
    from faceswap_lib import evaluate as lab
    from faceswap_lib.measure import report as told

    other = told.read(against) if against else None
    with progress_bar("Measuring") as progress:
        known = {"truth": truth, "truth_mask": truth_mask, "faces_a": faces_a, "model": model, "consent": consent}
        r = lab.evaluate(swapped, source, faces_b, report, **known, seed=seed, every=every, progress=progress)
    print(told.table(r))
    print(*(line for line in r["verdicts"] if line.startswith(("Poses", "Training"))), told.summarise(r), sep="\n")
    if other:
        print(f"\nAgainst {against}:\n{told.compared(r, other)}")
    print(f"To read and to send around: {report / 'report.html'}")


def selfswap(
    video: Annotated[Path, typer.Argument(help="One person alone, ten seconds or more, talking and blinking.")],
    workdir: Annotated[Path, typer.Option(help="Folder for everything that is made.")] = Path("self-swap"),
    profile: Profile = "demo",
    minutes: Annotated[float | None, typer.Option(help="Train for so many minutes.")] = None,
    iterations: Annotated[int | None, typer.Option(help="Or for so many steps.")] = None,
    frames: Annotated[int, typer.Option(help="Of the beginning, and of the end, at most.")] = 160,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    every: Annotated[int, typer.Option(help="Score every n-th frame.", min=1)] = 4,
    consent: Consent = None,
) -> None:
    """What your own footage can give: put its end on its beginning. Example: selfswap me.mp4 --workdir self-swap"""
    from faceswap_lib import selfswap as lab

    with progress_bar(f"Self-swap of {video.name}") as progress:
        budget = {"minutes": minutes, "iterations": iterations, "frames": frames, "consent": consent}
        r = lab.selfswap(video, workdir, profile=profile, **budget, seed=seed, every=every, progress=progress)
    print(lab.told(r))
