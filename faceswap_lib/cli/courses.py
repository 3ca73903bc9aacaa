"""The verbs that run labs: workshop, class, bench."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib import UserError
from faceswap_lib.cli.options import Consent, Profile
from faceswap_lib.progress import progress_bar, say


def workshop(
    workdir: Annotated[Path, typer.Option(help="Folder for everything the run makes.")] = Path("workdir"),
    profile: Annotated[str | None, typer.Option(help="Size of the run; default: what this machine can do.")] = None,
    video_a: Annotated[Path | None, typer.Option(help="Whose face is replaced; default: the built-in A.")] = None,
    video_b: Annotated[Path | None, typer.Option(help="Whose face is put in; default: the built-in B.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A notebook's parameter NAME=VALUE.")] = None,
    consent: Consent = None,
) -> None:
    """Run all notebooks in order, or go on with a run that was cut off. Example: workshop --profile demo --workdir w"""
    from faceswap_lib import workshop as lab

    if profile is None:
        from faceswap_lib import gpu

        if failed := [row for row in gpu.check() if row.verdict == "FAIL"]:
            raise UserError(f"This machine fails the check of {failed[0].what} ({failed[0].found}). {failed[0].remedy}")
        profile = gpu.suggest_profile()
        print(f"Profile {profile}: what this machine can do; --profile chooses another.", file=sys.stderr)
    extra = lab.parse_settings(set_ or []) | ({"consent": str(consent)} if consent else {})
    r = lab.workshop(workdir, profile, video_a, video_b, seed, say=lambda line: print(line, flush=True), **extra)
    print(f"\n{lab.closing(r)}")


def class_(
    folder: Annotated[Path, typer.Argument(help="The folder that the learners share their progress in.")],
    out: Annotated[Path, typer.Option(help="The page; open it in a browser, it renews itself.")] = Path("class.html"),
    once: Annotated[bool, typer.Option("--once", help="Look once instead of every five seconds.")] = False,
) -> None:
    """Watch a class: who is at which lab, who may be stuck. Example: class /var/lib/faceswap-class"""
    from faceswap_lib.display import class_page

    print(f"The page: {out.absolute()}" + ("" if once else "; stop with Ctrl-C."))
    class_page.watch(folder, out, lambda line: print(line, flush=True) or not once)


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
