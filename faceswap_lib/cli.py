"""The verbs of the command line, each the library's function of the same name with its options."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib import UserError, __version__
from faceswap_lib.progress import print_rows, print_table, progress_bar, say

ABOUT = """A face-swap workshop: make a deepfake, measure it, label it.

Exit status: 0 success, 2 a user's error with one sentence on stderr, 1 our bug, 130 interrupted.
"""
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=ABOUT)
Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]


@app.command()
def extract(
    video: Annotated[Path, typer.Argument(help="The video to take faces from.")],
    faces: Annotated[Path, typer.Option(help="Folder for the faceset; made, or replaced when complete.")],
    profile: Profile = "demo",
    person: Annotated[
        int | None, typer.Option(help="Which person, by number in people.jpg; 0 moves and is seen most.")
    ] = None,
    min_sharpness: Annotated[float, typer.Option(help="Leave out below this share of the median.")] = 0.25,
    min_size: Annotated[float, typer.Option(help="Leave out eyes fewer pixels apart.")] = 24,
    max_yaw: Annotated[float, typer.Option(help="Leave out faces turned further, degrees.")] = 60,
) -> None:
    """Take the faces out of a video. Example: extract clip_a.mp4 --faces faces/a"""
    from faceswap_lib import extract as lab

    with progress_bar(f"Extracting from {video.name}") as progress:
        limits = {"min_sharpness": min_sharpness, "min_size": min_size, "max_yaw": max_yaw}
        r = lab.extract(video, faces, profile=profile, person=person, **limits, progress=progress)
    rest = ", ".join(f"{n} {reason}" for reason, n in r.left_out.items())
    left_out = f"; left out: {rest}" if rest else ""
    print(
        f"{r.faces} faces in {r.frames} frames, {r.kept} to train on, {r.people} people seen{left_out}. "
        f"Look at {r.folder / 'contact_sheet.jpg'}."
    )
    for sentence in filter(None, (r.who, r.advice)):
        print(sentence)


@app.command()
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


@app.command()
def convert(
    video: Annotated[Path, typer.Argument(help="The video whose face is replaced.")],
    faces: Annotated[Path, typer.Option(help="The faceset of this video.")],
    model: Annotated[Path, typer.Option(help="The trained model's folder.")],
    out: Annotated[Path, typer.Option(help="The new video: .mp4, .mkv or .mov.")],
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
) -> None:
    """Swap the face in a video and label it. Example: convert a.mp4 --faces faces/a --model model --out s.mp4"""
    from faceswap_lib import convert as lab

    with progress_bar(f"Converting {video.name}") as progress:
        what = {"to": to, "untrained": untrained, "pull": pull, "keep_front": keep_front, "keep_mouth": keep_mouth}
        r = lab.convert(video, faces, model, out, color_match=color, **what, overwrite=overwrite, progress=progress)
    print(f"{r.out}: {r.frames} frames, a face swapped in {r.swapped}, labelled and signed as synthetic.")
    if r.remarks:
        print(r.remarks)


@app.command()
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
) -> None:
    """Measure a swap. Example: evaluate s.mp4 --source a.mp4 --faces-a faces/a --faces-b faces/b --report ."""
    from faceswap_lib import evaluate as lab
    from faceswap_lib.measure import report as told

    other = told.read(against) if against else None
    with progress_bar("Measuring") as progress:
        known = {"truth": truth, "truth_mask": truth_mask, "faces_a": faces_a, "model": model}
        r = lab.evaluate(swapped, source, faces_b, report, **known, seed=seed, every=every, progress=progress)
    print(told.table(r))
    print(*(line for line in r["verdicts"] if line.startswith(("Poses", "Training"))), told.summarise(r), sep="\n")
    if other:
        print(f"\nAgainst {against}:\n{told.compared(r, other)}")
    print(f"To read and to send around: {report / 'report.html'}")


@app.command()
def inspect(file: Annotated[Path, typer.Argument(help="A video, or a picture out of one.")]) -> None:
    """What says that a file is synthetic, and whether it is intact. Example: inspect swapped.mp4"""
    from faceswap_lib.trust import inspection

    print_table(list(map(vars, layers := inspection.inspect(file))))
    print(inspection.told(layers))


@app.command()
def check() -> None:
    """What this machine can do: OK, WARN or FAIL, each with its remedy."""
    from faceswap_lib import gpu

    rows = gpu.check()
    print_rows(rows)
    raise typer.Exit(2 if any(row.verdict == "FAIL" for row in rows) else 0)


@app.command()
def provision(
    shape: Annotated[str, typer.Option(help="Which VM; see lab 1 for the six that are known.")] = "VM.GPU.A10.1",
    learners: Annotated[int, typer.Option(help="How many VMs, one per learner.")] = 1,
    hours: Annotated[float, typer.Option(help="How long the class takes.")] = 2.0,
    ssh_key: Annotated[str, typer.Option(help="Your public key.")] = "~/.ssh/id_ed25519.pub",
    config: Annotated[Path | None, typer.Option(help="The OCI config file; default: ~/.oci/config.")] = None,
) -> None:
    """Whether your Oracle Cloud account can give a class its VMs, and at what price. Nothing is created."""
    from faceswap_lib import provision as lab
    from faceswap_lib.cloud import bill

    plan = lab.provision(shape, learners, hours, ssh_key, config)
    print_rows(plan.rows)
    print_table(bill.shown(plan.costs, learners))
    print("\nReady to copy:\n" + "\n".join(lab.commands(plan)))
    raise typer.Exit(2 if any(row.verdict == "FAIL" for row in plan.rows) else 0)


@app.command()
def workshop(
    workdir: Annotated[Path, typer.Option(help="Folder for everything the run makes.")] = Path("workdir"),
    profile: Annotated[str | None, typer.Option(help="Size of the run; default: what this machine can do.")] = None,
    video_a: Annotated[Path | None, typer.Option(help="Whose face is replaced; default: the built-in A.")] = None,
    video_b: Annotated[Path | None, typer.Option(help="Whose face is put in; default: the built-in B.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A notebook's parameter NAME=VALUE.")] = None,
) -> None:
    """Run all notebooks in order, or go on with a run that was cut off. Example: workshop --profile demo --workdir w"""
    from faceswap_lib import workshop as lab

    if profile is None:
        from faceswap_lib import gpu

        if failed := [row for row in gpu.check() if row.verdict == "FAIL"]:
            raise UserError(f"This machine fails the check of {failed[0].what} ({failed[0].found}). {failed[0].remedy}")
        profile = gpu.suggest_profile()
        print(f"Profile {profile}: what this machine can do; --profile chooses another.", file=sys.stderr)
    extra = lab.parse_settings(set_ or [])
    r = lab.workshop(workdir, profile, video_a, video_b, seed, say=lambda line: print(line, flush=True), **extra)
    print(f"\n{lab.closing(r)}")


@app.command()
def bench(
    workdir: Annotated[Path, typer.Option(help="Folder for all models, videos and reports.")] = Path("bench"),
    profile: Profile = "demo",
    seconds: Annotated[str, typer.Option(help="Moments of the training to score.")] = "0,15,30,60,120,300",
    seeds: Annotated[int, typer.Option(help="How many trainings; figures are their medians.", min=1)] = 1,
    every: Annotated[int, typer.Option(help="Score every n-th frame.", min=1)] = 4,
    start: Annotated[str, typer.Option(help="base, mean or noise, as in train.")] = "base",
    ablate: Annotated[bool, typer.Option("--ablate", help="Variants of the training instead of moments.")] = False,
    minutes: Annotated[float, typer.Option(help="With --ablate: how long each is trained.")] = 1.0,
    noise: Annotated[bool, typer.Option("--noise", help="Lab 4's face out of noise, after 0 to 90 s.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="What one step costs, with a profiler's trace.")] = False,
) -> None:
    """How good the swap of the built-in pair is after so many seconds of training. Takes 10 minutes a seed."""
    from faceswap_lib import bench as lab
    from faceswap_lib.measure import medians

    if trace:
        from faceswap_lib.measure import step_cost

        print(step_cost.table(step_cost.trace(workdir, profile)))
        return print(f"The trace is in {workdir}; TensorBoard and Perfetto show it.")
    moments = medians.moments(seconds)
    with progress_bar("Bench") as progress:
        how = {"profile": profile, "seeds": range(seeds), "every": every, "say": say, "progress": progress}
        if noise:
            held = lab.emerge(workdir, seeds=range(seeds), say=say, progress=progress)["held_out"]
            return print(*held.items(), sep="\n")
        if ablate:
            made = lab.ablate(workdir, minutes=minutes, **how)
        else:
            made = lab.bench(workdir, seconds=moments, start=start, **how)
    print(medians.table(made))
    for work in made["about"].get("work", ()):
        print(", ".join(f"{name} {value}" for name, value in work.items()))


@app.command("class")
def class_(
    folder: Annotated[Path, typer.Argument(help="The folder that the learners share their progress in.")],
    out: Annotated[Path, typer.Option(help="The page; open it in a browser, it renews itself.")] = Path("class.html"),
    once: Annotated[bool, typer.Option("--once", help="Look once instead of every five seconds.")] = False,
) -> None:
    """Watch a class: who is at which lab, who may be stuck. Example: class /var/lib/faceswap-class"""
    from faceswap_lib.display import class_page

    print(f"The page: {out.absolute()}" + ("" if once else "; stop with Ctrl-C."))
    class_page.watch(folder, out, lambda line: print(line, flush=True) or not once)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit()
